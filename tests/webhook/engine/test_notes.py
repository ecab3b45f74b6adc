"""Sentences for users: however a pod is made, they are few, short and harmless."""

from collections.abc import Callable
from typing import Any

import pytest

from webhook.engine.fields import Fields, Scheduling, Taint
from webhook.engine.notes import MAX_LENGTH, MAX_SENTENCES, MAX_SHOWN
from webhook.engine.policy import Foreign, Placement, Runtime, Verdict

Make = Callable[..., Any]

MANY = 2000


def _mount(number: int) -> dict[str, Any]:
    return {"name": f"disk-{number}", "hostPath": {"path": "/"}}


@pytest.mark.parametrize("verdict", [Verdict.DENY, Verdict.WARN])
def test_a_pod_with_thousands_of_problems_gets_the_first_and_a_number(
    verdict: Verdict, admit: Make, bundle_of: Make, policy_of: Make
) -> None:
    """The answer stays small; that there is more is told."""
    policy = policy_of(placement=Placement("resourcePolicy", runtimes=(Runtime.VCI,), incompatible=verdict))
    decision = admit(bundle_of(policy), {"spec": {"volumes": [_mount(number) for number in range(MANY)]}}).decision
    told = list(decision.denied) if verdict is Verdict.DENY else decision.warnings
    assert len(told) == MAX_SENTENCES + 1
    assert told[0].startswith("overbank policy p: spec.volumes[disk-0].hostPath: ")
    assert told[-1] == f"overbank policy p: and {MANY - MAX_SENTENCES} more of this kind"


def test_as_many_problems_as_are_told_are_told(admit: Make, bundle_of: Make, policy_of: Make) -> None:
    """At the bound nothing is left out, and nothing is said to be."""
    policy = policy_of(placement=Placement("resourcePolicy", runtimes=(Runtime.VCI,)))
    denied = admit(bundle_of(policy), {"spec": {"volumes": [_mount(number) for number in range(MAX_SENTENCES)]}}).decision.denied
    assert len(denied) == MAX_SENTENCES
    assert all("hostPath" in each for each in denied)


def test_a_list_of_names_is_cut(admit: Make, bundle_of: Make, policy_of: Make) -> None:
    """One sentence about a thousand containers is still one that can be read."""
    policy = policy_of(scheduling=Scheduling(cpu_topology=True))
    containers = [{"name": f"container-{number}"} for number in range(MANY)]
    (warning,) = admit(bundle_of(policy), {"spec": {"containers": containers}}).decision.warnings
    assert len(warning) == len("overbank policy p: ") + MAX_LENGTH
    assert warning.endswith("…")


def test_a_kept_value_is_quoted_in_part(admit: Make, bundle_of: Make, policy_of: Make) -> None:
    """An annotation may be of any length, and what is lost by keeping it comes after it."""
    policy = policy_of(placement=Placement("vciEnforce", fields=Fields(annotations={"burst": "enforce"})))
    pod = {"metadata": {"annotations": {"burst": "x" * MANY}}, "spec": {}}
    (warning,) = admit(bundle_of(policy), pod).decision.warnings
    kept = "x" * MAX_SHOWN
    assert warning == f'overbank policy p: metadata.annotations[burst] is kept as "{kept}…", so the pod escapes its placement'


def test_control_characters_are_escaped(admit: Make, bundle_of: Make, policy_of: Make) -> None:
    """The API server drops a warning with control characters, and a terminal would obey them; other alphabets stay."""
    policy = policy_of(placement=Placement("resourcePolicy", foreign=Foreign(Verdict.WARN, annotations={"burst": ()})))
    pod = {"metadata": {"annotations": {"burst": "a\n\x1b[31mé\u2028中"}}, "spec": {}}
    (warning,) = admit(bundle_of(policy), pod).decision.warnings
    assert r'metadata.annotations[burst] = "a\n\x1b[31mé\u2028中" takes' in warning


def test_many_foreign_tolerations_are_stripped_in_one_pass(admit: Make, bundle_of: Make, policy_of: Make) -> None:
    """Every one of a hundred thousand goes, and the pod is not looked through again for each."""
    foreign = Foreign(Verdict.STRIP, taints=(Taint("virtual", "v", "NoSchedule"),))
    policy = policy_of(placement=Placement("resourcePolicy", foreign=foreign))
    outcome = admit(bundle_of(policy), {"spec": {"tolerations": [{"operator": "Exists"}] * 3000 + [{"key": "mine"}]}})
    assert outcome.after["spec"]["tolerations"] == [{"key": "mine"}]
