"""What is said of a cluster is the same whether others are looked at with it or not: random fleets of clusters that are more or less alike.

``OVERBANK_EXAMPLES`` multiplies the number of fleets.
"""

from collections.abc import Callable
from dataclasses import replace
from random import Random
from typing import Any

import pytest
from msgspec import structs

from compiler import rules
from compiler.assemble import build_model
from compiler.diagnostics import has_errors
from compiler.equivalence import equivalents
from compiler.lower import lower
from compiler.model import Cluster
from compiler.pipeline import Result
from compiler.reading import read
from compiler.resolve import Resolved, resolve
from tests.compiler.smallworld import Document, files, repository
from tests.examples import examples
from tests.inmemory import InMemory
from webhook.engine.bundle import encode

CHUNKS = 4
FLEETS = examples(40)
CLUSTERS = 5


def _said(resolved: Resolved, cluster: Cluster, *, known: bool) -> Any:
    """Return what is said of a cluster, and what becomes of it where nothing is wrong; with what is known of others, or without."""
    bindings = resolved.of(cluster)
    one = Resolved(
        model=structs.replace(resolved.model, clusters=(cluster,)),
        bindings=tuple(bindings if known else map(replace, bindings)),
        known=resolved.known if known else {},
    )
    found = rules.check_clusters(one)
    verdicts = [verdict for rule in rules.VERDICT_RULES for verdict in rule(one, cluster)]
    if has_errors(found):
        return found, verdicts
    (lowered,) = lower(one)
    return found, verdicts, encode(lowered.bundle), lowered.resource_policies


def _kubernetes(name: str, note: str = "p") -> Document:
    """Return a cluster whose nodes have labels, and whose pool ``b`` an annotation, of its own."""
    pools = [
        {"name": "a", "type": "ecs", "nodeSelector": {"np": f"a-{name}"}},
        {"name": "b", "type": "ecs", "nodeSelector": {"np": f"b-{name}"}, "podAnnotations": {"note": note}},
    ]
    spec = {"platform": "kubernetes", "kubernetesVersion": "1.30", "pools": pools}
    return {"kind": "Cluster", "metadata": {"name": name}, "spec": spec}


def _policy(name: str, priority: int, pods: Document, **spec: Any) -> Document:
    match = {"clusters": {"all": True}, "namespaces": {"all": True}, "pods": pods}
    return {"kind": "BurstPolicy", "metadata": {"name": name}, "spec": {"match": match, "priority": priority, **spec}}


def test_what_comes_between_two_policies_on_one_cluster_alone_is_seen(compiled: Callable[..., Result]) -> None:
    """The one placement gives what the other does, unless a policy between the two prefers nodes of the cluster otherwise."""
    preferred = {"matchExpressions": [{"key": "np", "operator": "In", "values": ["a-two"]}]}
    affinity = {"preferredDuringSchedulingIgnoredDuringExecution": [{"weight": 9, "preference": preferred}]}
    both = [{"name": "a"}, {"name": "b"}]
    policies = [
        _policy("first", 3, {"matchLabels": {"app": "a"}}, pools=both),
        _policy("between", 2, {"all": True}, inject={"nodeAffinity": affinity}),
        _policy("last", 1, {"all": True}, pools=both),
    ]

    def redundant(*clusters: str) -> bool:
        settings = {"kind": "Repository", "spec": {}}
        result = compiled(files([settings, *map(_kubernetes, clusters), *policies]))
        return "OB4203" in {each.code.id for each in result.diagnostics}

    assert redundant("one")
    assert redundant("one", "three")
    assert not redundant("two", "one")
    assert not redundant("one", "two")


def test_policies_that_contradict_each_other_on_one_cluster_alone_are_found(compiled: Callable[..., Result]) -> None:
    """An annotation of a pool that a policy of equal priority wants otherwise is a conflict wherever it is, and nowhere else."""
    policies = [
        _policy("placing", 1, {"all": True}, pools=[{"name": "a"}, {"name": "b"}]),
        _policy("injecting", 1, {"all": True}, inject={"annotations": {"note": "p"}}),
    ]
    fleet = [_kubernetes("one"), _kubernetes("three"), _kubernetes("two", note="q")]
    result = compiled(files([{"kind": "Repository", "spec": {}}, *fleet, *policies]))
    (conflict,) = [each for each in result.diagnostics if each.code.id == "OB4101"]
    assert conflict.notes[0].endswith("on cluster two")


@pytest.mark.parametrize("chunk", range(CHUNKS))
def test_the_others_of_a_fleet_do_not_matter(chunk: int) -> None:
    """Findings, verdicts and output of a cluster are those that it has alone, although clusters that are alike share answers."""
    shared, said = 0, 0
    for seed in range(chunk * FLEETS, (chunk + 1) * FLEETS):
        reading = read(InMemory(files(repository(Random(seed), CLUSTERS))))
        assert reading.repository is not None
        resolved, _ = resolve(build_model(reading.ours, reading.repository)[0])
        clusters = resolved.model.clusters
        together = [_said(resolved, cluster, known=True) for cluster in clusters]
        for cluster, found in zip(clusters, together, strict=True):
            assert found == _said(resolved, cluster, known=False), (seed, cluster.name)
        classes = {id(equivalents(resolved, cluster)) for cluster in clusters}
        shared += len(classes) < len(clusters)
        said += any(verdicts for _, verdicts, *_ in together)
    assert shared > FLEETS / 2
    assert said > FLEETS / 4
