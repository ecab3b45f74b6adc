"""Policies and clusters that contradict each other, or themselves."""

from collections.abc import Callable
from typing import Any

import pytest

from compiler.pipeline import Result
from tests.compiler.rules.documents import NOTE, cluster_of, findings, policy_named

Document = dict[str, Any]

Build = Callable[..., Result]

THREE, FIVE = ({"gang": {"nameFrom": {"label": "job"}, "minAvailable": size}} for size in (3, 5))


@pytest.mark.parametrize(
    ("one", "other", "said"),
    [
        ({"scheduling": THREE}, {"scheduling": FIVE}, "want different values for `scheduling.gang`"),
        ({"scheduling": THREE}, {"scheduling": THREE}, None),
        ({"scheduling": THREE}, {"scheduling": FIVE, "priority": 1}, None),
        (
            {"scheduling": {"gpuShare": {"memoryGiB": 4}}},
            {"scheduling": {"gpuShare": {"memoryGiB": 8}}},
            "want different values for `scheduling.gpuShare`",
        ),
        ({"inject": NOTE}, {"inject": NOTE, "merge": "override"}, "want metadata.annotations[note] with different `merge`"),
        ({"inject": NOTE}, {"inject": NOTE}, None),
        ({"inject": {"labels": {"a": "b"}}}, {"inject": {"labels": {"a": "b"}, **NOTE}, "merge": "override"}, None),
    ],
)
def test_equal_priorities_have_no_silent_winner(built: Build, one: Document, other: Document, said: str | None) -> None:
    """Two policies of equal priority cannot want different gangs, shares, or one value with and without override."""
    found = [
        message
        for code, message in findings(built(cluster_of(), policy_named("p", **one), policy_named("q", **other)))
        if code == "OB4101"
    ]
    assert found == ([f"policies `p` and `q` {said} with priority 0"] if said else [])


@pytest.mark.parametrize(
    ("documents", "code"),
    [
        ([cluster_of(pools=[{"name": "ecs", "type": "ecs", "nodes": {"min": 5, "max": 2}}]), policy_named("p", "ecs")], "OB1104"),
        (
            [cluster_of(claims=[{"namespace": "a", "name": "b", "driver": each} for each in ("x", "y")]), policy_named("p", "ecs")],
            "OB2103",
        ),
        (
            [
                cluster_of(pools=[{"name": each, "type": "ecs"} for each in ("a", "b")]),
                policy_named("p", "a", "b", mechanism="affinity"),
            ],
            "OB3110",
        ),
        (
            [
                cluster_of(),
                policy_named(
                    "p",
                    "ecs",
                    pods={
                        "owners": [{"kind": "Deployment"}],
                        "matchExpressions": [{"key": "pod-template-hash", "operator": "DoesNotExist"}],
                    },
                ),
            ],
            "OB4109",
        ),
        ([cluster_of("ack-registered", kubernetesVersion="1.18.7"), policy_named("p", scheduling={"cpuTopology": True})], "OB3102"),
        (
            [
                cluster_of("ack-registered", kubernetesVersion="1.18.7"),
                policy_named("p", scheduling={"gpuShare": {"memoryGiB": 1}}),
            ],
            "OB3102",
        ),
    ],
    ids=["fewer nodes", "two claims", "same affinity", "no such pod", "cpu topology", "gpu share"],
)
def test_what_cannot_be(built: Build, documents: list[Document], code: str) -> None:
    """Contradictions in pools, claims, matches and versions are errors."""
    result = built(*documents)
    assert result.failed
    assert code in dict(findings(result))
