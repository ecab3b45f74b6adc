"""Pods under both sides."""

from collections.abc import Mapping
from random import Random
from types import MappingProxyType
from typing import Any

import jsonpatch
import msgspec
import pytest

from compiler.diff.corpus import Pair
from compiler.diff.side import Side
from compiler.trial import send
from webhook.engine import patch
from webhook.engine.bundle import VERSION, Bundle, Cluster
from webhook.engine.fields import Fields
from webhook.engine.mutate import Engine
from webhook.engine.policy import NamespaceMatch, Placement, Policy
from webhook.engine.selector import Selector

PODS = [
    {"metadata": {"name": "p", "labels": labels}, "spec": {"containers": [{"name": "c", "image": "i"}]}}
    for labels in ({}, {"a": "x"}, {"b": "x"}, {"a": "x", "b": "x"}, {"a": "y", "overbank.dev/inject": "false"})
]


def _policy(name: str, random: Random) -> Policy:
    return Policy(
        name=name,
        priority=random.randint(1, 2),
        namespaces=NamespaceMatch(all=True),
        pods=Selector.of(dict.fromkeys(random.sample("ab", random.randint(0, 2)), "x")),
        placement=random.choice([None, Placement(mechanism="affinity")]),
        inject=Fields(annotations={"team": random.choice("xyz")}) if random.random() < 0.7 else Fields(),
        audit=random.random() < 0.2,
    )


def _bundle(policies: list[Policy]) -> Bundle:
    ordered = tuple(sorted(policies, key=lambda each: (-each.priority, each.name)))
    return Bundle(
        version=VERSION, cluster=Cluster(name="c", platform="vke"), excluded_namespaces=(), namespaces={}, policies=ordered
    )


class _Files(dict[str, bytes]):
    digests: Mapping[str, str] = MappingProxyType({})


def _side(bundle: Bundle) -> Side:
    files = _Files({"clusters/c/webhook/bundle.json": msgspec.json.encode(bundle)})
    return Side(name="s", files=files, clusters={}, hosts=(), places={})


def _seen(engine: Engine, pod: dict[str, Any]) -> tuple[Any, ...]:
    """Return what all policies make of a pod, without the mark that names them."""
    sent = send(pod)
    decision = engine.admit(sent.typed, "n", {})
    after: Any = jsonpatch.JsonPatch(msgspec.json.decode(patch.encode(decision.operations))).apply(sent.pod)
    annotations = {key: value for key, value in after["metadata"].get("annotations", {}).items() if "applied" not in key}
    return decision.owner, annotations, after["metadata"].get("labels"), decision.denied, decision.warnings


@pytest.mark.parametrize("chunk", range(4))
def test_a_pod_is_treated_otherwise_where_the_engines_say_so(chunk: int) -> None:
    """Asking only the policies that differ finds the same pods as asking all of them."""
    for seed in range(chunk * 100, chunk * 100 + 100):
        random = Random(seed)
        old = [_policy(name, random) for name in "pqr"]
        new = [each if random.random() < 0.6 else _policy(each.name, random) for each in old]
        first, second = _bundle(old), _bundle(new)
        pair = Pair(_side(first), _side(second), "c")
        for pod in PODS:
            same = _seen(Engine(first), pod) == _seen(Engine(second), pod)
            assert (pair.outcome(send(pod), "n", {}) is None) == same, (seed, pod)
