"""Explanations: everything that is wanted, stripped or written is told, with the policy that it is for."""

from typing import Any

import msgspec
from hypothesis import given
from hypothesis import strategies as st

from tests.webhook.engine.fixtures import Admit, Bundles, Requests
from tests.webhook.engine.keys import APPLIED, GPU_COUNT, GPU_MEMORY, MARKER
from tests.webhook.engine.oracles import Scan, Tolerated
from tests.webhook.engine.properties.pods import SINGLES, field_of, map_of, single_of, tolerations_of
from tests.webhook.engine.properties.sharing import PROMISED, amounts_of, feature_of, gang_of, sharing_of
from tests.webhook.engine.properties.wishes import matching, owner_of, sources_of, stripped_of, wanted_of
from webhook.engine.decision import Action
from webhook.engine.pod import PodToleration
from webhook.engine.policy import Policy
from webhook.engine.terms import describe_terms
from webhook.engine.tolerations import toleration_field


def _contributes(policy: Policy, policies: list[Policy], outcome: Any, tolerated: Tolerated) -> bool:
    """Say whether a policy owns placement or one of its values stands in a pod that is admitted already."""
    owner, after = owner_of(policies), outcome.after

    def stands(part: str, key: str | None, value: Any) -> bool:
        if part in SINGLES:
            return after["spec"].get(part) == value
        if part == "tolerations":
            found = [msgspec.convert(each, PodToleration) for each in tolerations_of(after)]
            needed = tolerated(value.key, value.operator, value.value, value.effect)
            return any(needed <= tolerated(each.key, each.operator, each.value, each.effect) for each in found)
        return map_of(after, part).get(key or "") == value

    if policy is owner or any(stands(*each) for each in wanted_of(policy, owner, outcome.sent)):
        return True
    sources = [(each, fields) for each in policies for fields in sources_of(each, owner, outcome.sent)]
    weights: dict[Any, int] = {}
    for _, fields in sources:
        for preferred in fields.preferred:
            weights.setdefault(preferred.preference, preferred.weight)
    for each, fields in sources:
        decided = any(weights[preferred.preference] == preferred.weight for preferred in fields.preferred)
        if each is policy and (fields.required or decided):
            return True
    gang, share = feature_of(policies, "gang"), feature_of(policies, "gpu_share")
    if gang and policy.scheduling and policy.scheduling.gang == gang:
        due = gang_of(gang, after)
        if any(map_of(after, "labels").get(key) == value for key, value in due.items()):
            return True
    container = sharing_of(share, outcome.sent) if share else None
    if container is None or not policy.scheduling or policy.scheduling.gpu_share != share:
        return False
    amounts = amounts_of(after["spec"]["containers"][outcome.sent["spec"]["containers"].index(container)], GPU_MEMORY)
    counted = share.gpus > 1 and map_of(after, "labels").get(GPU_COUNT) == str(share.gpus)
    return counted or str(share.memory_gib) in amounts.values()


@given(data=st.data())
def test_applied_lists_the_owner_and_the_policies_whose_values_stand(
    *, data: st.DataObject, bundles: Bundles, requests: Requests, admit: Admit, scan: Scan, tolerated: Tolerated
) -> None:
    """The annotation is sorted and names exactly the owner and the policies one of whose wanted values is in the result."""
    bundle, request = data.draw(bundles), data.draw(requests)
    outcome = admit(bundle, *request)
    if outcome.decision.denied:
        return
    policies = matching(scan, bundle, request)
    contributing = [policy for policy in policies if _contributes(policy, policies, outcome, tolerated)]
    expected = ",".join(sorted(f"{policy.name}@{policy.digest()[:12]}" for policy in contributing))
    assert outcome.decision.applied == expected
    written = map_of(outcome.after, "annotations").get(APPLIED)
    if outcome.operations:
        assert written == (expected or None)
    else:
        assert written == map_of(outcome.sent, "annotations").get(APPLIED)


@given(data=st.data())
def test_every_wanted_value_is_explained(
    *, data: st.DataObject, bundles: Bundles, requests: Requests, admit: Admit, scan: Scan, tolerated: Tolerated
) -> None:
    """Each value has an effect for the policy that decides it and for those that want what the pod ends up with, and for no other."""
    bundle, request = data.draw(bundles), data.draw(requests)
    outcome = admit(bundle, *request)
    if outcome.decision.denied:
        return
    policies = matching(scan, bundle, request)
    owner = owner_of(policies)
    stripped = stripped_of(policies, outcome.sent, tolerated)
    expected: dict[tuple[str, str], set[Action]] = {}
    decided = set()
    for policy in policies:
        for part, key, value in wanted_of(policy, owner, request.pod):
            if part == "tolerations":
                expected[policy.name, toleration_field(value)] = {Action.ADDED, Action.PRESENT}
                continue
            field = field_of(part, key)
            before, after = (
                single_of(pod, part) if part in SINGLES else map_of(pod, part).get(key) for pod in (stripped, outcome.after)
            )
            actions = expected.setdefault((policy.name, field), set()) if after == value or field not in decided else set()
            if field in decided or before == value:
                actions.add(Action.PRESENT)
            elif after == value:
                actions.add(Action.ADDED if before is None else Action.REPLACED)
            else:
                actions.add(Action.KEPT)
            decided.add(field)
    found: dict[tuple[str, str], set[Action]] = {}
    for effect in outcome.decision.effects:
        promised = any(f"[{key}]" in effect.field for key in (*PROMISED, MARKER))
        apart = effect.action is Action.REMOVED or effect.field.startswith(
            ("spec.affinity", "spec.containers", "spec.initContainers")
        )
        if not promised and not apart:
            found.setdefault((effect.policy, effect.field), set()).add(effect.action)
    assert found.keys() == expected.keys()
    for place, actions in found.items():
        assert actions <= expected[place]
        assert actions == expected[place] or "tolerations" in place[1]


@given(data=st.data())
def test_every_policy_that_wishes_for_nodes_is_explained(
    data: st.DataObject, bundles: Bundles, requests: Requests, admit: Admit, scan: Scan
) -> None:
    """There is an effect for each policy and requirement, whether it is added or held already."""
    bundle, request = data.draw(bundles), data.draw(requests)
    outcome = admit(bundle, *request)
    if outcome.decision.denied:
        return
    policies = matching(scan, bundle, request)
    sources = [(policy.name, fields) for policy in policies for fields in sources_of(policy, owner_of(policies), request.pod)]
    wanted = {(name, describe_terms(fields.required)) for name, fields in sources if fields.required}
    effects = [effect for effect in outcome.decision.effects if effect.field == "spec.affinity.nodeAffinity.required"]
    assert {(effect.policy, effect.after) for effect in effects} == wanted


@given(data=st.data())
def test_everything_that_is_stripped_is_explained(
    *, data: st.DataObject, bundles: Bundles, requests: Requests, admit: Admit, scan: Scan, tolerated: Tolerated
) -> None:
    """What the owner calls foreign and strips has an effect of its own, with the owner as policy and what was there."""
    bundle, request = data.draw(bundles), data.draw(requests)
    outcome = admit(bundle, *request)
    if outcome.decision.denied:
        return
    policies = matching(scan, bundle, request)
    owner, before = owner_of(policies), stripped_of(policies, outcome.sent, tolerated)
    expected = [
        (owner.name if owner else "", field_of(part, key), value)
        for part in ("labels", "annotations")
        for key, value in map_of(outcome.sent, part).items()
        if key not in map_of(before, part)
    ]
    found = [
        (effect.policy, effect.field, effect.before)
        for effect in outcome.decision.effects
        if effect.action is Action.REMOVED and effect.policy and not effect.field.startswith("spec.")
    ]
    assert sorted(found) == sorted(expected)
    tolerations = [each for each in outcome.decision.effects if each.action is Action.REMOVED and "spec.tolerations" in each.field]
    assert len(tolerations) == len(tolerations_of(outcome.sent)) - len(tolerations_of(before))


@given(data=st.data())
def test_every_operation_is_explained(data: st.DataObject, bundles: Bundles, requests: Requests, admit: Admit) -> None:
    """There are operations if and only if an effect says that something was added, replaced or removed, and each names its policy."""
    outcome = admit(data.draw(bundles), *data.draw(requests))
    changes = [effect for effect in outcome.decision.effects if effect.action in (Action.ADDED, Action.REPLACED, Action.REMOVED)]
    assert bool(changes) is bool(outcome.operations)
    for effect in outcome.decision.effects:
        assert effect.policy in outcome.decision.policies or (effect.policy == "" and effect.action is Action.REMOVED)
        assert effect.before != effect.after or effect.action in (Action.KEPT, Action.PRESENT)
