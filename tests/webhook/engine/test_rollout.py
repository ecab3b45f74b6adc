"""Which workloads a rollout includes: whole ones, the same ones for ever, and more of them as it grows."""

import hashlib
from typing import Any

import msgspec
import pytest

from webhook.engine.pod import Metadata
from webhook.engine.rollout import includes, position, root


def _metadata(**given: Any) -> Metadata:
    return msgspec.convert(given, Metadata)


def _owned(kind: str, name: str, **given: Any) -> Metadata:
    owners = [{"kind": "Other", "name": "other"}, {"kind": kind, "name": name, "controller": True}]
    return _metadata(name="pod-x", generateName="pod-", ownerReferences=owners, **given)


@pytest.mark.parametrize(
    ("metadata", "workload"),
    [
        (_owned("ReplicaSet", "web-5d9c8b", labels={"pod-template-hash": "5d9c8b"}), "web"),
        (_owned("ReplicaSet", "web-5d9c8b", labels={"pod-template-hash": "other"}), "web-5d9c8b"),
        (_owned("ReplicaSet", "web-5d9c8b"), "web-5d9c8b"),
        (_owned("ReplicaSet", "web-12345678"), "web-12345678"),
        (_owned("Job", "night-28812345"), "night"),
        (_owned("Job", "night-2881234"), "night-2881234"),
        (_owned("Job", "night-288123456"), "night-288123456"),
        (_owned("Job", "night-28812345-28812346"), "night-28812345"),
        (_owned("StatefulSet", "db-28812345"), "db-28812345"),
        (_owned("TFJob", "train", labels={"pod-template-hash": "x"}), "train"),
        (_metadata(generateName="web-", name="web-x1"), "web"),
        (_metadata(generateName="web--"), "web-"),
        (_metadata(name="alone-1"), "alone-1"),
        (_metadata(), ""),
    ],
)
def test_the_root_is_the_name_that_the_author_knows(metadata: Metadata, workload: str) -> None:
    """Revisions of a Deployment and runs of a CronJob have one root; whatever else looks like a suffix is part of the name."""
    assert root(metadata) == workload


def test_the_position_is_the_documented_hash() -> None:
    """The first eight bytes of SHA-256 over policy, namespace and root, with NUL between them, modulo 10,000."""
    digest = hashlib.sha256(b"gpu\x00shop\x00web").digest()
    assert position("gpu", "shop", "web") == int.from_bytes(digest[:8], "big") % 10_000
    assert position("gpu", "shop", "web") != position("gpu", "shopweb", "")


def test_a_growing_rollout_only_adds() -> None:
    """What a percentage includes every higher one includes; 0 includes nothing, 100 everything, and half is about half."""
    pods = [_metadata(name=f"pod-{number}") for number in range(400)]
    included = {
        rollout: {pod.name for pod in pods if includes(rollout, "p", "ns", pod)} for rollout in (0, 1, 2_500, 5_000, 10_000)
    }
    assert included[0] == set()
    assert included[1] <= included[2_500] <= included[5_000] <= included[10_000]
    assert len(included[10_000]) == len(pods)
    assert len(pods) * 0.4 < len(included[5_000]) < len(pods) * 0.6


def test_the_edge_is_exact() -> None:
    """A workload is included from the first hundredth of a per cent above its position."""
    pod = _metadata(name="pod")
    edge = position("p", "ns", "pod")
    assert not includes(edge, "p", "ns", pod)
    assert includes(edge + 1, "p", "ns", pod)
