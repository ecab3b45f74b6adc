"""What is said to have no effect can be removed: random small repositories, held against the engine with all pods of a small world.

``OVERBANK_EXAMPLES`` multiplies the number of repositories.
"""

from collections.abc import Callable, Iterator, Mapping
from itertools import product
from random import Random
from typing import Any

import jsonpatch
import msgspec
import pytest

from compiler.pipeline import Result
from compiler.trial import Bench, Sent, send
from tests.compiler.smallworld import Document, files, repository
from tests.examples import examples
from webhook.engine import patch

Compile = Callable[[Mapping[str, str | bytes]], Result]

IDLE = ("OB4201", "OB4203", "OB4204")
CHUNKS = 8
REPOSITORIES = examples(60)


# Namespaces with the labels that the webhook knows: two that are declared, and one that anybody may have made.
PLACES: list[tuple[str, dict[str, str] | None]] = [
    ("shop", {"tier": "web", "kubernetes.io/metadata.name": "shop"}),
    ("lab", {"kubernetes.io/metadata.name": "lab"}),
    ("wild", None),
    ("wild", {"kubernetes.io/metadata.name": "wild"}),
    ("wild", {"tier": "web", "kubernetes.io/metadata.name": "wild"}),
]


def _pods() -> Iterator[Sent]:
    worlds = product((None, "a", "b"), (None, "web"), (None, "Deployment"), (False, True), (0, 1, 2))
    for number, (app, tier, owner, gpu, own) in enumerate(worlds):
        metadata: Document = {"name": f"p{number}", "labels": {"app": app, "tier": tier}}
        spec: Document = {"containers": [{"name": "c", "image": "i"}]}
        if gpu:
            spec["containers"][0]["resources"] = {"limits": {"nvidia.com/gpu": "1"}}
        if owner:
            metadata["labels"]["pod-template-hash"] = "abc"
            reference = {"apiVersion": "apps/v1", "kind": "ReplicaSet", "name": f"w{number}-abc", "uid": "1", "controller": True}
            metadata["ownerReferences"] = [reference]
        if own:
            metadata["labels"]["job"] = "j"
        if own == 1:
            metadata["annotations"] = {"note": "own"}
            metadata["labels"]["alibabacloud.com/eci"] = "true"
            spec["tolerations"] = [{"operator": "Exists"}]
        elif own == 2:
            metadata["labels"]["cost"] = "own"
            spec |= {"priorityClassName": "own", "nodeSelector": {"disk": "own"}}
        metadata["labels"] = {key: value for key, value in metadata["labels"].items() if value}
        yield send({"apiVersion": "v1", "kind": "Pod", "metadata": metadata, "spec": spec})


SENT = list(_pods())


def _sorted(value: Any) -> Any:
    """Take the order out of every list."""
    if isinstance(value, dict):
        return {key: _sorted(each) for key, each in value.items()}
    return sorted(map(_sorted, value), key=repr) if isinstance(value, list) else value


def _outcomes(result: Result) -> list[tuple[Any, ...]]:
    """Return what becomes of every pod in every namespace, without our own marks and the order of lists."""
    (cluster,) = result.clusters
    bench = Bench(cluster)
    found = []
    for namespace, labels in PLACES:
        for sent in SENT:
            if labels is None:
                assert namespace not in cluster.bundle.namespaces
            decision = bench.decide(sent, namespace, labels)
            pod = jsonpatch.JsonPatch(msgspec.json.decode(patch.encode(decision.operations))).apply(sent.pod)
            metadata = pod["metadata"]
            for part in ("labels", "annotations"):
                kept = {key: value for key, value in (metadata.get(part) or {}).items() if not key.startswith("overbank.dev/")}
                metadata[part] = kept
            found.append((_sorted(pod), bool(decision.denied)))
    return found


@pytest.mark.parametrize("chunk", range(CHUNKS))
def test_what_has_no_effect_can_be_removed(chunk: int, compiled: Compile) -> None:
    """Without a policy that is said to do nothing, each for itself or all of them, every pod comes out as it did."""

    def run(documents: list[Document]) -> Result:
        return compiled({**dict.fromkeys((f"{index}.yaml" for index in range(1, 9)), ""), **files(documents)})

    looked = 0
    for seed in range(chunk * REPOSITORIES, (chunk + 1) * REPOSITORIES):
        documents = repository(Random(seed))
        result = run(documents)
        idle = sorted({each.message.split("`")[1] for each in result.diagnostics if each.code.id in IDLE})
        if result.failed or not idle:
            continue
        outcomes = _outcomes(result)
        for gone in [{name} for name in idle] + ([set(idle)] if len(idle) > 1 else []):
            looked += 1
            rest = run([each for each in documents if each.get("metadata", {}).get("name") not in gone])
            assert not rest.failed, (seed, gone)
            for before, after in zip(outcomes, _outcomes(rest), strict=True):
                assert before == after, (seed, gone, [each.message for each in result.diagnostics if each.code.id in IDLE])
    assert looked > 0
