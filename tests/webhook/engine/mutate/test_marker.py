"""The marker: its key is ours, whatever stands there."""

import pytest

from tests.webhook.engine.builders import bundle_of
from tests.webhook.engine.fixtures import Admit
from tests.webhook.engine.keys import MARKER
from tests.webhook.engine.mutate.given import injecting_policy, labelled, placing_policy
from webhook.engine.decision import Action, Effect
from webhook.engine.policy import Policy


def test_the_owners_marker_is_written(admit: Admit) -> None:
    """Where a ResourcePolicy selects by marker, the pod gets the owner's name as label."""
    assert admit(bundle_of(placing_policy(marker=True)), labelled(app="x")).after["metadata"]["labels"] == {"app": "x", MARKER: "p"}


def test_a_wrong_marker_is_replaced(admit: Admit) -> None:
    """The marker key is ours: a value that the author wrote gives way, although labels are kept otherwise."""
    outcome = admit(bundle_of(placing_policy(marker=True)), labelled(overbank__dev="x", **{MARKER: "theirs"}))
    assert outcome.after["metadata"]["labels"][MARKER] == "p"
    assert Effect("p", f"metadata.labels[{MARKER}]", Action.REPLACED, "theirs", "p") in outcome.decision.effects


@pytest.mark.parametrize("policies", [[], [injecting_policy()], [placing_policy("direct")]], ids=["none", "injecting", "direct"])
def test_a_marker_that_nobody_is_due_is_removed(admit: Admit, policies: list[Policy]) -> None:
    """Without a matching policy, without an owner, and under an owner that selects directly, the marker goes."""
    outcome = admit(bundle_of(*policies), labelled(app="x", **{MARKER: "direct"}))
    assert outcome.after["metadata"]["labels"] == {"app": "x"}
    assert outcome.decision.effects[0] == Effect("", f"metadata.labels[{MARKER}]", Action.REMOVED, "direct")


def test_a_marker_of_a_policy_that_does_not_own_is_removed(admit: Admit) -> None:
    """A lower policy's marker would put the pod under two ResourcePolicies."""
    bundle = bundle_of(placing_policy("owner", priority=1), placing_policy("lower", marker=True))
    assert MARKER not in admit(bundle, labelled(app="x", **{MARKER: "lower"})).after["metadata"]["labels"]


def test_an_empty_marker_is_a_marker(admit: Admit) -> None:
    """The key with an empty value is removed as well."""
    assert admit(bundle_of(), labelled(**{MARKER: ""})).after["metadata"]["labels"] == {}
