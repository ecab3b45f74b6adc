"""Tolerations: what is satisfied already, and what is appended."""

from typing import Any

import pytest

from tests.webhook.engine.builders import bundle_of
from tests.webhook.engine.fixtures import Admit
from tests.webhook.engine.mutate.given import SPOT, injecting_policy, mark_of, placing_policy, pod_of
from webhook.engine.fields import Toleration


@pytest.mark.parametrize(
    "existing",
    [
        {"key": "spot", "operator": "Equal", "value": "true", "effect": "NoSchedule"},
        {"key": "spot", "value": "true", "effect": "NoSchedule"},
        {"key": "spot", "operator": "Exists", "effect": "NoSchedule"},
        {"key": "spot", "operator": "Exists"},
        {"operator": "Exists"},
    ],
)
def test_a_satisfied_toleration_is_not_added(admit: Admit, existing: dict[str, Any]) -> None:
    """An existing toleration of the same taint is enough, also one with Exists."""
    assert admit(bundle_of(injecting_policy(tolerations=(SPOT,))), pod_of(tolerations=[existing])).operations == []


@pytest.mark.parametrize(
    "existing",
    [
        {"key": "spot", "operator": "Equal", "value": "false", "effect": "NoSchedule"},
        {"key": "spot", "operator": "Equal", "value": "true", "effect": "NoExecute"},
        {"key": "other", "operator": "Exists"},
        {"operator": "Exists", "effect": "NoExecute"},
    ],
)
def test_an_unsatisfied_toleration_is_appended(admit: Admit, existing: dict[str, Any]) -> None:
    """A toleration of another value, effect or key is not enough; the author's own stays in front."""
    outcome = admit(bundle_of(injecting_policy(tolerations=(SPOT,))), pod_of(tolerations=[existing]))
    assert outcome.after["spec"]["tolerations"] == [
        existing,
        {"key": "spot", "operator": "Equal", "value": "true", "effect": "NoSchedule"},
    ]


def test_the_authors_seconds_are_kept(admit: Admit) -> None:
    """For NoExecute any existing toleration of the taint is the author's own value, so nothing is appended."""
    wanted = Toleration(key="node.kubernetes.io/unreachable", operator="Exists", effect="NoExecute", toleration_seconds=30)
    default = {"key": "node.kubernetes.io/unreachable", "operator": "Exists", "effect": "NoExecute", "tolerationSeconds": 300}
    assert admit(bundle_of(injecting_policy(tolerations=(wanted,))), pod_of(tolerations=[default])).operations == []


def test_tolerations_of_several_policies_are_a_union(admit: Admit) -> None:
    """Each toleration is appended once, in deciding order, and one that is implied by an earlier one is not."""
    broad = Toleration(key="spot", operator="Exists")
    other = Toleration(key="gpu", operator="Exists", effect="NoSchedule")
    high, low = (
        injecting_policy("high", priority=1, tolerations=(broad,)),
        injecting_policy("low", tolerations=(SPOT, other, broad)),
    )
    outcome = admit(bundle_of(high, low), pod_of())
    assert outcome.after["spec"]["tolerations"] == [
        {"key": "spot", "operator": "Exists"},
        {"key": "gpu", "operator": "Exists", "effect": "NoSchedule"},
    ]
    assert outcome.decision.applied == mark_of(high, low)


def test_tolerations_of_a_placement_are_appended(admit: Admit) -> None:
    """Whatever fields a placement carries are written, tolerations too."""
    outcome = admit(bundle_of(placing_policy(tolerations=(SPOT,))), pod_of())
    assert outcome.after["spec"].get("tolerations") == [
        {"key": "spot", "operator": "Equal", "value": "true", "effect": "NoSchedule"},
    ]
