"""Vendors' limits: annotations of ECI, edits of a ResourcePolicy, and who is scaled in in order."""

from collections.abc import Callable

import pytest

from compiler.model import Platform
from compiler.pipeline import Result
from compiler.platforms.eci_annotations import problems
from compiler.platforms.keys import ECI_SPOT_DURATION, ECI_SPOT_FALLBACK, ECI_SPOT_PRICE, ECI_SPOT_STRATEGY, ECI_USE_SPECS
from compiler.platforms.scale_in import unordered


@pytest.mark.parametrize(
    ("specs", "wrong"),
    [
        ("2-4Gi", False),
        ("0.5-1Gi, ecs.c6.large", False),
        ("ecs.gn5i-c2g1.large,ecs.gn6i-c4g1.xlarge", False),
        ("2-4Gi,4-8Gi,8-16Gi,ecs.c6.large,ecs.g6.large", False),
        ("2-4Gi,4-8Gi,8-16Gi,ecs.c6.large,ecs.g6.large,ecs.g7.large", True),
        ("2-4G", True),
        ("c6.large", True),
        ("2-4Gi,", True),
        ("", True),
        ("ecs.gn5i-c2g1.large,ecs.c6.large", True),
    ],
)
def test_use_specs(specs: str, wrong: bool) -> None:  # noqa: FBT001
    """At most five entries of a form that ECI knows, with a GPU or without."""
    assert [each.key for each in problems({ECI_USE_SPECS: specs})] == [ECI_USE_SPECS] * wrong


@pytest.mark.parametrize(
    ("annotations", "wrong"),
    [
        ({}, []),
        ({ECI_SPOT_STRATEGY: "SpotAsPriceGo", ECI_SPOT_DURATION: "0", ECI_SPOT_FALLBACK: "true"}, []),
        ({ECI_SPOT_STRATEGY: "SpotWithPriceLimit", ECI_SPOT_PRICE: "0.125"}, []),
        ({ECI_SPOT_STRATEGY: "NoSpot"}, []),
        ({ECI_SPOT_STRATEGY: "spotAsPriceGo"}, [ECI_SPOT_STRATEGY]),
        ({ECI_SPOT_STRATEGY: "SpotWithPriceLimit"}, [ECI_SPOT_STRATEGY]),
        ({ECI_SPOT_STRATEGY: "SpotWithPriceLimit", ECI_SPOT_PRICE: "0.1255"}, [ECI_SPOT_PRICE]),
        ({ECI_SPOT_STRATEGY: "SpotWithPriceLimit", ECI_SPOT_PRICE: "0"}, [ECI_SPOT_PRICE]),
        ({ECI_SPOT_STRATEGY: "SpotAsPriceGo", ECI_SPOT_PRICE: "0.1"}, [ECI_SPOT_PRICE]),
        ({ECI_SPOT_PRICE: "0.1", ECI_SPOT_FALLBACK: "true"}, [ECI_SPOT_PRICE, ECI_SPOT_FALLBACK]),
        ({ECI_SPOT_STRATEGY: "NoSpot", ECI_SPOT_DURATION: "1"}, [ECI_SPOT_DURATION]),
    ],
)
def test_spot(annotations: dict[str, str], wrong: list[str]) -> None:
    """A price goes with one strategy and must be there for it; without a strategy nothing else counts."""
    assert [each.key for each in problems(annotations)] == wrong


@pytest.mark.parametrize(
    ("kubernetes", "scheduler", "expected"),
    [
        ("1.30", None, []),
        ("1.30", "6.1", []),
        ("1.30", "6.0.9", ["OB3127"]),
        ("1.20.11", None, ["OB3127"]),
        ("1.20.11", "6.4", ["OB3127"]),
        ("1.20.4", "6.4", ["OB3102"]),
    ],
)
def test_edits_of_a_resource_policy(
    compiled: Callable[..., Result], minimal: dict[str, str], kubernetes: str, scheduler: str | None, expected: list[str]
) -> None:
    """A version that is known to be too low is told of, unless it has no ResourcePolicy at all; an unknown one is not held against anybody."""
    version = f"  scheduler: {{version: '{scheduler}'}}\n" if scheduler else ""
    cluster = (
        "apiVersion: overbank.dev/v1alpha1\nkind: Cluster\nmetadata: {name: idc}\nspec:\n  platform: ack-pro\n"
        f"  kubernetesVersion: '{kubernetes}'\n{version}  namespaces: [{{name: kube-system, labels: {{overbank.dev/exclude: 'true'}}}}]\n"
        "  pools: [{name: cloud, type: ecs, nodeSelector: {a: b}}, {name: serverless, type: eci}]\n"
    )
    policy = minimal["burst/web.yaml"]
    policy = policy[: policy.index("  pools:")] + "  pools: [{name: cloud}, {name: serverless}]\n"
    result = compiled({**minimal, "clusters/idc.yaml": cluster, "burst/web.yaml": policy})
    found = [each.code.id for each in result.diagnostics if each.code.id in ("OB3102", "OB3127")]
    assert found == expected


@pytest.mark.parametrize(
    ("platform", "group", "kind", "controls", "ordered"),
    [
        (Platform.ACK_PRO, "apps", "Deployment", False, True),
        (Platform.ACK_PRO, "apps", "StatefulSet", False, False),
        (Platform.ACK_PRO, "apps.kruise.io", "CloneSet", False, True),
        (Platform.VKE, "apps", "Deployment", False, True),
        (Platform.VKE, "apps", "ReplicaSet", False, False),
        (Platform.VKE, "apps", "ReplicaSet", True, True),
        (Platform.VKE, "apps.kruise.io", "CloneSet", False, False),
        (Platform.VKE, "batch", "Job", False, True),
    ],
)
def test_who_is_scaled_in_in_order(platform: Platform, group: str, kind: str, controls: bool, ordered: bool) -> None:  # noqa: FBT001
    """StatefulSets never are, on VKE only Deployments are, and Jobs are not scaled in."""
    assert (unordered(platform, group, kind, controls=controls) is None) is ordered
