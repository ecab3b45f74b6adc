"""Several policies: who decides a key, who shares it, and who owns placement."""

from tests.webhook.engine.builders import bundle_of
from tests.webhook.engine.fixtures import Admit
from tests.webhook.engine.keys import APPLIED, GPU, MARKER
from tests.webhook.engine.mutate.given import SPOT, injecting_policy, mark_of, placing_policy, pod_of
from webhook.engine.fields import Fields
from webhook.engine.policy import Accelerator


def test_the_higher_priority_decides_a_key(admit: Admit) -> None:
    """Of two policies that want different values for one key, the one with the higher priority gets its own."""
    low = injecting_policy("a", priority=1, annotations={"k": "low"}, labels={"l": "low"}, scheduler_name="low")
    high = injecting_policy("z", priority=2, annotations={"k": "high"}, labels={"l": "high"}, scheduler_name="high")
    after = admit(bundle_of(low, high), pod_of()).after
    assert after["metadata"] == {"labels": {"l": "high"}, "annotations": {"k": "high", APPLIED: mark_of(high)}}
    assert after["spec"] == {"schedulerName": "high"}


def test_among_equal_priorities_the_name_decides(admit: Admit) -> None:
    """The order is total: the name that sorts first comes first."""
    outcome = admit(
        bundle_of(injecting_policy("b", annotations={"k": "b"}), injecting_policy("a", annotations={"k": "a"})), pod_of()
    )
    assert outcome.decision.policies == ("a", "b")
    assert outcome.after["metadata"]["annotations"]["k"] == "a"


def test_maps_merge_key_by_key(admit: Admit) -> None:
    """A lower policy contributes the keys that no higher one names."""
    high = injecting_policy("high", priority=2, labels={"both": "high"})
    low = injecting_policy("low", priority=1, labels={"both": "low", "own": "low"})
    outcome = admit(bundle_of(high, low), pod_of())
    assert outcome.after["metadata"]["labels"] == {"both": "high", "own": "low"}
    assert outcome.decision.applied == mark_of(high, low)


def test_a_lower_override_does_not_reach_past_a_higher_keep(admit: Admit) -> None:
    """For each key the highest policy that injects it decides alone, under its own ``merge``."""
    keeping = injecting_policy("high", priority=2, annotations={"k": "kept"}, scheduler_name="kept")
    overriding = injecting_policy("low", priority=1, override=True, annotations={"k": "forced"}, scheduler_name="forced")
    outcome = admit(bundle_of(keeping, overriding), pod_of({"annotations": {"k": "theirs"}}, schedulerName="custom"))
    assert outcome.operations == []
    assert outcome.decision.applied == ""


def test_a_higher_override_decides_over_a_lower_keep(admit: Admit) -> None:
    """The highest policy overrides the author's value although a lower one would keep it."""
    overriding = injecting_policy("high", priority=2, override=True, annotations={"k": "forced"})
    keeping = injecting_policy("low", priority=1, annotations={"k": "kept"})
    outcome = admit(bundle_of(overriding, keeping), pod_of({"annotations": {"k": "theirs"}}))
    assert outcome.after["metadata"]["annotations"] == {"k": "forced", APPLIED: mark_of(overriding)}


def test_policies_of_one_value_share_it(admit: Admit) -> None:
    """Policies that want the same value both stand in the pod, and there is one operation."""
    first, second = injecting_policy("a", annotations={"k": "same"}), injecting_policy("b", annotations={"k": "same"})
    outcome = admit(bundle_of(first, second), pod_of({"annotations": {"note": "hi"}}))
    assert [operation["path"] for operation in outcome.operations] == [
        "/metadata/annotations/k",
        "/metadata/annotations/overbank.dev~1applied",
    ]
    assert outcome.decision.applied == mark_of(first, second)


def test_the_first_policy_with_pools_owns_placement(admit: Admit) -> None:
    """Only the owner's placement is written; policies without pools do not own, and all of them inject."""
    injecting = injecting_policy("top", priority=3, labels={"i": "1"})
    owner = placing_policy("owner", priority=2, marker=True, annotations={"place": "owner"}, inject=Fields(labels={"j": "2"}))
    other = placing_policy(
        "other",
        priority=1,
        marker=True,
        labels={"else": "1"},
        annotations={"else": "2"},
        scheduler_name="else",
        tolerations=(SPOT,),
        accelerator=Accelerator(GPU, {"use-specs": "gn5i"}),
        inject=Fields(labels={"k": "3"}),
    )
    outcome = admit(bundle_of(injecting, owner, other), pod_of(containers=[{"resources": {"limits": {GPU: 1}}}]))
    assert outcome.decision.owner == "owner"
    assert outcome.after["metadata"]["labels"] == {MARKER: "owner", "i": "1", "j": "2", "k": "3"}
    assert outcome.after["metadata"]["annotations"] == {"place": "owner", APPLIED: mark_of(other, owner, injecting)}
    assert outcome.after["spec"] == outcome.sent["spec"]
    assert outcome.decision.warnings == []
