"""What is written and has no effect."""

from collections.abc import Callable
from typing import Any

import pytest

from compiler.pipeline import Result
from tests.compiler.rules.documents import AI, ECI, NOTE, VCI, cluster_of, findings, policy_named

Document = dict[str, Any]

Build = Callable[..., Result]


def _zoned(**pool: Any) -> Document:
    return {**pool, "nodeSelector": {"zone": "a"}}


@pytest.mark.parametrize(
    ("documents", "said"),
    [
        ([cluster_of(pools=[_zoned(**ECI)]), policy_named("p", "eci")], "nodeSelector of pool `eci` has no effect with `eciLabel`"),
        (
            [cluster_of("vke", pools=[_zoned(**VCI)]), policy_named("p", "vci")],
            "nodeSelector of pool `vci` has no effect with `vciEnforce`",
        ),
        (
            [cluster_of(pools=[{**AI, "podAnnotations": {"a": "b"}}]), policy_named("p", "ai")],
            "podAnnotations of pool `ai` have no effect",
        ),
        ([cluster_of(), policy_named("p", inject=NOTE, strategy="prefer")], "`strategy` of policy `p` has no effect"),
        ([cluster_of(), policy_named("p", inject=NOTE, foreignIntent="deny")], "`foreignIntent` of policy `p` has no effect"),
        ([cluster_of(), policy_named("p", "ecs", incompatible="warn")], "`incompatible` of policy `p` has no effect"),
        ([cluster_of(), policy_named("p")], "policy `p` does nothing: it has no pools"),
        (
            [cluster_of(), policy_named("p", "ecs", spaces={"selector": {"matchLabels": {"a": "b"}}})],
            "policy `p` does nothing on cluster `c`, which declares no namespace",
        ),
        (
            [
                cluster_of(),
                cluster_of(name="d", pools=[ECI]),
                policy_named("p", {"name": "ecs", "skipIfMissing": True, "overrides": [{"clusters": ["d"], "max": 1}]}, "eci"),
            ],
            "the limit for cluster `d` has no effect: it has no pool `ecs`",
        ),
    ],
)
def test_fields_that_nothing_hangs_on(built: Build, documents: list[Document], said: str) -> None:
    """What is written and has no effect is told, in one warning, and the rest is built."""
    result = built(*documents)
    assert not result.failed
    assert [code for code, message in findings(result) if message.startswith(said)] in (["OB3105"], ["OB3111"])


def test_limit_for_a_cluster_that_the_policy_does_not_match(built: Build) -> None:
    """A limit for a cluster outside of the match is told."""
    policy = policy_named("p", {"name": "ecs", "overrides": [{"clusters": ["d"], "max": 1}]}, "eci")
    policy["spec"]["match"]["clusters"] = {"names": ["c"]}
    found = findings(built(cluster_of(), cluster_of(name="d"), policy))
    assert found == [("OB3111", "the limit for cluster `d` has no effect: policy `p` does not match it")]


@pytest.mark.parametrize(
    ("first", "reported"),
    [({"name": "eci"}, True), ({"name": "eci", "max": 3}, False), ({"name": "eci", "ack": {"maxResources": {"cpu": "1"}}}, False)],
)
def test_pools_behind_one_that_is_never_full(built: Build, first: Document, reported: bool) -> None:  # noqa: FBT001 - a parameter
    """A pool behind a serverless one without a limit is told."""
    assert any(code == "OB3117" for code, _ in findings(built(cluster_of(), policy_named("p", first, "ecs")))) is reported


@pytest.mark.parametrize(("name", "reported"), [("ack-virtualnode", True), ("ack-virtual-node", False), ("csi-plugin", False)])
def test_misspelled_addons(built: Build, name: str, reported: bool) -> None:  # noqa: FBT001 - a parameter
    """An add-on whose name looks like one that matters is told; any other may be declared."""
    found = findings(built(cluster_of(addons={name: True}), policy_named("p", "ecs", "eci")))
    assert [code for code, _ in found] == (["OB3111"] if reported else [])
