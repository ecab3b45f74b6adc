"""The wanted result: whose value stands in the pod, which tolerations, gangs and shares."""

from typing import Any

import msgspec
from hypothesis import given
from hypothesis import strategies as st

from tests.webhook.engine.fixtures import Admit, Bundles, Requests
from tests.webhook.engine.keys import GPU, GPU_COUNT, GPU_MEMORY, MARKER
from tests.webhook.engine.oracles import Scan, Tolerated
from tests.webhook.engine.properties.pods import MISSING, SINGLES, map_of, single_of, tolerations_of
from tests.webhook.engine.properties.sharing import PROMISED, amounts_of, feature_of, gang_of, sharing_of
from tests.webhook.engine.properties.wishes import decided_of, matching, owner_of, stripped_of, wanted_of


@given(data=st.data())
def test_the_highest_policy_gets_its_value(
    *, data: st.DataObject, bundles: Bundles, requests: Requests, admit: Admit, scan: Scan, tolerated: Tolerated
) -> None:
    """For each key the highest policy that names it decides: its value stands, or the author's where that has to be kept."""
    bundle, request = data.draw(bundles), data.draw(requests)
    policies = matching(scan, bundle, request)
    owner = owner_of(policies)
    outcome = admit(bundle, *request)
    assert outcome.decision.policies == tuple(policy.name for policy in policies)
    assert outcome.decision.owner == (owner.name if owner else None)
    if outcome.decision.denied:
        assert outcome.operations == []
        return
    before = stripped_of(policies, outcome.sent, tolerated)
    for (part, key), (policy, value) in decided_of(policies, request.pod).items():
        if part in SINGLES:
            current = single_of(outcome.sent, part)
            kept = current not in (None, "default-scheduler") and not policy.override
            assert outcome.after["spec"][part] == (current if kept else value)
        else:
            current = map_of(before, part).get(key)
            kept = current is not None and (part == "labels" or not policy.override)
            assert map_of(outcome.after, part)[key] == (current if kept else value)
    marked = owner is not None and owner.placement is not None and owner.placement.marker
    assert map_of(outcome.after, "labels").get(MARKER) == (owner.name if owner and marked else None)


@given(data=st.data())
def test_a_changed_priority_class_leaves_no_computed_priority(
    data: st.DataObject, bundles: Bundles, requests: Requests, admit: Admit
) -> None:
    """Where the priority class changes, priority and preemption policy are gone; otherwise they are as they were."""
    outcome = admit(data.draw(bundles), *data.draw(requests))
    sent, after = outcome.sent["spec"], outcome.after["spec"]
    changed = (sent.get("priorityClassName") or None) != (after.get("priorityClassName") or None)
    for member in ("priority", "preemptionPolicy"):
        assert after.get(member, MISSING) == (MISSING if changed else sent.get(member, MISSING))


@given(data=st.data())
def test_every_wanted_toleration_is_satisfied_and_none_is_added_in_vain(
    *, data: st.DataObject, bundles: Bundles, requests: Requests, admit: Admit, scan: Scan, tolerated: Tolerated
) -> None:
    """Every taint that a matching policy wants tolerated is, by one toleration, and each appended one adds a taint to those before."""
    bundle, request = data.draw(bundles), data.draw(requests)
    outcome = admit(bundle, *request)
    if outcome.decision.denied:
        return

    def taints(toleration: dict[str, Any]) -> frozenset[Any]:
        return tolerated(*(toleration.get(field) for field in ("key", "operator", "value", "effect")))

    sets = [taints(toleration) for toleration in tolerations_of(outcome.after)]
    policies = matching(scan, bundle, request)
    for policy in policies:
        for part, _, wanted in wanted_of(policy, owner_of(policies), request.pod):
            if part == "tolerations":
                needed = taints(msgspec.to_builtins(wanted))
                assert any(needed <= found for found in sets)
    before = stripped_of(policies, outcome.sent, tolerated)
    assert tolerations_of(outcome.after)[: len(tolerations_of(before))] == tolerations_of(before)
    for index in range(len(tolerations_of(before)), len(sets)):
        assert not any(sets[index] <= earlier for earlier in sets[:index])


@given(data=st.data())
def test_gangs_and_shares_are_written_whole_or_not_at_all(
    *, data: st.DataObject, bundles: Bundles, requests: Requests, admit: Admit, scan: Scan, tolerated: Tolerated
) -> None:
    """The highest policy with a gang, or a share, decides; labels and amounts of the author stay, and amounts come in pairs."""
    bundle, request = data.draw(bundles), data.draw(requests)
    policies = matching(scan, bundle, request)
    outcome = admit(bundle, *request)
    if outcome.decision.denied:
        return
    before = stripped_of(policies, outcome.sent, tolerated)
    gang, share = feature_of(policies, "gang"), feature_of(policies, "gpu_share")
    due = gang_of(gang, outcome.after) if gang else {}
    container = sharing_of(share, outcome.sent) if share else None
    if container is not None and share.gpus > 1:
        due[GPU_COUNT] = str(share.gpus)
    own = {key: value for key, value in map_of(before, "labels").items() if key in PROMISED}
    assert {key: value for key, value in map_of(outcome.after, "labels").items() if key in PROMISED} == {**due, **own}
    if container is None:
        return
    index = outcome.sent["spec"]["containers"].index(container)
    amounts, wanted = amounts_of(outcome.after["spec"]["containers"][index], GPU_MEMORY), str(share.memory_gib)
    decider = next(policy for policy in policies if policy.scheduling and policy.scheduling.gpu_share)
    sent = amounts_of(container, GPU_MEMORY)
    kept = not decider.override and any(amount != wanted for amount in sent.values())
    assert amounts == (sent if kept else {"limits": wanted, "requests": wanted})


@given(data=st.data())
def test_mirrored_resources_stand_in_both_halves(
    *, data: st.DataObject, bundles: Bundles, requests: Requests, admit: Admit, scan: Scan
) -> None:
    """Where the owner's pools need it, whoever names a resource in one half has it in the other one too."""
    bundle, request = data.draw(bundles), data.draw(requests)
    owner = owner_of(matching(scan, bundle, request))
    outcome = admit(bundle, *request)
    mirrored = owner.placement.mirrored_resources if owner and owner.placement else ()
    for part in ("containers", "initContainers"):
        for before, after in zip(outcome.sent["spec"].get(part) or [], outcome.after["spec"].get(part) or [], strict=True):
            sent, found = amounts_of(before, GPU), amounts_of(after, GPU)
            if mirrored and sent and not outcome.decision.denied:
                assert found == {"limits": next(iter(sent.values())), "requests": next(iter(sent.values())), **sent}
            else:
                assert found == sent
