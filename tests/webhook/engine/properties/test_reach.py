"""The strategies themselves: the properties do not hold for want of cases."""

from typing import Any

from hypothesis import given, settings

from tests.webhook.engine.fixtures import Admit, Bundles, Requests
from tests.webhook.engine.keys import GANG_NAME, GPU, GPU_COUNT, GPU_MEMORY
from tests.webhook.engine.properties.sharing import PROMISED
from webhook.engine.bundle import Bundle


def test_the_cases_reach_what_they_are_meant_to_reach(bundles: Bundles, requests: Requests, admit: Admit) -> None:
    """Among the drawn cases there are enough of every kind that the properties above do not hold for want of cases."""
    seen: dict[str, int] = {}
    cases = 0

    @settings(max_examples=800, derandomize=True)
    @given(bundle=bundles, request=requests)
    def look(bundle: Bundle, request: Any) -> None:
        nonlocal cases
        cases += 1
        decision = admit(bundle, *request).decision
        kinds = {f"effect {effect.action} {effect.field.split('[')[0]}" for effect in decision.effects}
        kinds |= {f"effect {key}" for key in PROMISED for effect in decision.effects if key in effect.field}
        kinds |= {f"amount {effect.action}" for effect in decision.effects if GPU_MEMORY in effect.field}
        kinds |= {"mirrored" for effect in decision.effects if GPU in effect.field}
        kinds.add(f"policies {min(len(decision.policies), 2)}")
        kinds.add("owner" if decision.owner else "no owner")
        kinds.add("metadata" if request.pod.get("metadata") else "no metadata")
        kinds.add("denied" if decision.denied else "not denied")
        kinds.add("audit" if decision.audit else "no audit")
        for kind in kinds:
            seen[kind] = seen.get(kind, 0) + 1

    look()
    assert seen["policies 2"] > cases / 5
    assert seen["owner"] > cases / 5
    assert seen["metadata"] > cases / 2
    assert seen["no metadata"] > cases / 10
    assert seen["not denied"] > cases / 2
    for kind in ("denied", "audit"):
        assert seen.get(kind, 0) > cases / 100, (kind, seen)
    for action in ("added", "present", "kept", "replaced"):
        fields = ["metadata.annotations", "spec.schedulerName", "spec.nodeSelector", "spec.priorityClassName"]
        for field in fields if action == "replaced" else ["metadata.labels", *fields]:
            assert seen.get(f"effect {action} {field}", 0) > 0, (action, field, seen)
    for action in ("added", "present"):
        for field in ("spec.tolerations", "spec.affinity.nodeAffinity.required", "spec.affinity.nodeAffinity.preferred"):
            assert seen.get(f"effect {action} {field}", 0) > 0, (action, field, seen)
    for field in ("metadata.labels", "metadata.annotations", "spec.tolerations", "spec.priority", "spec.preemptionPolicy"):
        assert seen.get(f"effect removed {field}", 0) > 0, (field, seen)
    for kind in (f"effect {GANG_NAME}", f"effect {GPU_COUNT}", "amount added", "mirrored"):
        assert seen.get(kind, 0) > 0, (kind, seen)
