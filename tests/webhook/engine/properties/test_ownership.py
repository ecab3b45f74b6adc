"""What is not ours, or was the author's before us, stays."""

import json
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from tests.webhook.engine.fixtures import Admit, Bundles, Requests
from tests.webhook.engine.keys import APPLIED, GPU, GPU_MEMORY, MARKER
from tests.webhook.engine.oracles import Scan, Tolerated
from tests.webhook.engine.properties.pods import SINGLES, dump, map_of, single_of, tolerations_of
from tests.webhook.engine.properties.sharing import PROMISED
from tests.webhook.engine.properties.wishes import decided_of, matching, owner_of, sources_of, stripped_of
from webhook.engine.policy import Policy


def _without_owned(pod: dict[str, Any], policies: list[Policy], tolerations: int) -> str:
    """Write the pod without the fields that may be ours. Missing, null and empty parents of those are all one."""
    owned = {*decided_of(policies, pod)} | {("labels", MARKER), ("annotations", APPLIED)}
    if any(policy.scheduling for policy in policies):
        owned |= {("labels", key) for key in PROMISED}
    pod = json.loads(json.dumps(pod))
    metadata, spec = pod.pop("metadata", None) or {}, pod["spec"]
    maps = [
        {key: value for key, value in (parent.pop(part, None) or {}).items() if (part, key) not in owned}
        for parent, part in ((metadata, "labels"), (metadata, "annotations"), (spec, "nodeSelector"))
    ]
    kept = (spec.pop("tolerations", None) or [])[:tolerations]
    if ("schedulerName", None) in owned:
        spec.pop("schedulerName", None)
    if ("priorityClassName", None) in owned:
        for member in ("priorityClassName", "priority", "preemptionPolicy"):
            spec.pop(member, None)
    owner = owner_of(policies)
    if any(fields.required or fields.preferred for policy in policies for fields in sources_of(policy, owner, pod)):
        spec.pop("affinity", None)
    for container in (spec.get("containers") or []) + (spec.get("initContainers") or []):
        resources = container.pop("resources", None) or {}
        for half in ("limits", "requests"):
            amounts = {key: value for key, value in (resources.pop(half, None) or {}).items() if key not in (GPU, GPU_MEMORY)}
            container[half] = amounts
        container["others"] = resources
    return dump([pod, metadata, maps, kept])


@given(data=st.data())
def test_what_is_not_owned_stays_byte_identical(
    *, data: st.DataObject, bundles: Bundles, requests: Requests, admit: Admit, scan: Scan, tolerated: Tolerated
) -> None:
    """Outside of the keys that matching policies name, our own marks, what is stripped and appended nothing differs."""
    bundle, request = data.draw(bundles), data.draw(requests)
    policies = matching(scan, bundle, request)
    outcome = admit(bundle, *request)
    if outcome.operations == []:
        assert dump(outcome.after) == dump(outcome.sent)
        return
    before = stripped_of(policies, outcome.sent, tolerated)
    count = len(tolerations_of(before))
    assert _without_owned(outcome.after, policies, count) == _without_owned(before, policies, count)


@given(data=st.data())
def test_labels_of_the_author_never_change(
    *, data: st.DataObject, bundles: Bundles, requests: Requests, admit: Admit, scan: Scan, tolerated: Tolerated
) -> None:
    """Every label that was there is there with its value, save for the marker and what is stripped, whatever policies override."""
    bundle, request = data.draw(bundles), data.draw(requests)
    outcome = admit(bundle, *request)
    before = map_of(stripped_of(matching(scan, bundle, request), outcome.sent, tolerated), "labels")
    after = map_of(outcome.after, "labels")
    assert {key: after.get(key) for key in before if key != MARKER} == {key: before[key] for key in before if key != MARKER}


@given(data=st.data())
def test_values_of_the_author_change_only_under_override(
    *, data: st.DataObject, bundles: Bundles, requests: Requests, admit: Admit, scan: Scan, tolerated: Tolerated
) -> None:
    """A value that the author wrote changes only if the highest policy that wants it overrides, or if it is stripped."""
    bundle, request = data.draw(bundles), data.draw(requests)
    policies = matching(scan, bundle, request)
    decided = decided_of(policies, request.pod)
    outcome = admit(bundle, *request)
    before = stripped_of(policies, outcome.sent, tolerated)
    if outcome.decision.denied:
        return
    for part in ("annotations", "nodeSelector"):
        for key, value in map_of(before, part).items():
            if key != APPLIED and map_of(outcome.after, part).get(key) != value:
                assert decided[part, key][0].override
    for part in SINGLES:
        current = single_of(outcome.sent, part)
        if current not in (None, "default-scheduler") and outcome.after["spec"][part] != current:
            assert decided[part, None][0].override
