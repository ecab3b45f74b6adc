"""Accelerators: an instance is chosen for pods that ask for it, by the owner alone."""

import pytest

from tests.webhook.engine.builders import bundle_of
from tests.webhook.engine.fixtures import Admit
from tests.webhook.engine.keys import APPLIED, GPU
from tests.webhook.engine.mutate.given import injecting_policy, mark_of, placing_policy, pod_of
from webhook.engine.policy import Accelerator


def test_a_pod_that_asks_for_the_resource_gets_its_instance(admit: Admit) -> None:
    """The annotations of the accelerator class are written for pods that ask for its resource."""
    policy = placing_policy(accelerator=Accelerator(GPU, {"use-specs": "gn5i"}))
    outcome = admit(bundle_of(policy), pod_of(containers=[{"resources": {"limits": {GPU: "1"}}}]))
    assert outcome.after["metadata"]["annotations"]["use-specs"] == "gn5i"
    assert outcome.decision.warnings == []


def test_a_pod_that_does_not_ask_gets_a_warning_instead(admit: Admit) -> None:
    """A GPU instance that nobody asked for would be started and billed, so none is chosen."""
    policy = placing_policy(accelerator=Accelerator(GPU, {"use-specs": "gn5i"}))
    outcome = admit(bundle_of(policy), pod_of(containers=[{"resources": {"limits": {GPU: "0"}}}]))
    assert outcome.operations == []
    assert outcome.decision.warnings == [f"overbank policy p: no container asks for {GPU}, so no GPU instance is chosen"]


@pytest.mark.parametrize(("amount", "value"), [("1", "gn5i"), ("0", "cheap")])
def test_the_accelerator_decides_a_key_only_for_pods_that_ask(admit: Admit, amount: str, value: str) -> None:
    """Another policy's value for the same key stands, and is listed, in the pods that do not ask for the resource."""
    owner = placing_policy("owner", priority=1, accelerator=Accelerator(GPU, {"use-specs": "gn5i"}))
    other = injecting_policy("other", annotations={"use-specs": "cheap"})
    outcome = admit(bundle_of(owner, other), pod_of(containers=[{"resources": {"requests": {GPU: amount}}}]))
    applied = mark_of(owner) if value == "gn5i" else mark_of(other, owner)
    assert outcome.after["metadata"]["annotations"] == {"use-specs": value, APPLIED: applied}


def test_only_the_owners_accelerator_is_chosen(admit: Admit) -> None:
    """A policy that does not own placement chooses no instance, although the pod asks for the resource."""
    owner = placing_policy("owner", priority=1, accelerator=Accelerator(GPU, {"use-specs": "gn5i"}))
    other = placing_policy("other", accelerator=Accelerator(GPU, {"other-specs": "gn6i"}))
    outcome = admit(bundle_of(owner, other), pod_of(containers=[{"resources": {"limits": {GPU: "1"}}}]))
    assert outcome.after["metadata"]["annotations"] == {"use-specs": "gn5i", APPLIED: mark_of(owner)}
