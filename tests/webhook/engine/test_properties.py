"""What holds for every bundle and every pod. The strategies, and what they leave out, are in ``conftest.py``."""

import json
from collections.abc import Callable
from typing import Any

import msgspec
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.strategies import SearchStrategy

from webhook.engine.bundle import Bundle, Policy, decode, encode, seal
from webhook.engine.decision import Action, Decision, Exemption
from webhook.engine.fields import Toleration
from webhook.engine.mutate import Engine
from webhook.engine.pod import PodToleration
from webhook.engine.tolerations import describe, toleration_field

Admit = Callable[..., Any]
Scan = Callable[..., list[Policy]]
Requests = SearchStrategy[Any]
Bundles = SearchStrategy[Bundle]

MARKER = "overbank.dev/placement"
APPLIED = "overbank.dev/applied"
MISSING = object()


def _map(pod: dict[str, Any], part: str) -> dict[str, str]:
    return (pod.get("metadata") or {}).get(part) or {}


def _tolerations(pod: dict[str, Any]) -> list[dict[str, Any]]:
    return pod["spec"].get("tolerations") or []


def _matching(scan: Scan, bundle: Bundle, request: Any) -> list[Policy]:
    return scan(bundle, request.namespace, request.labels, _map(request.pod, "labels"))


def _owner(policies: list[Policy]) -> Policy | None:
    return next((policy for policy in policies if policy.placement), None)


def _asks(pod: dict[str, Any], resource: str) -> bool:
    """Say whether a drawn pod asks for a resource; the amounts that are drawn are plain."""
    for part in ("containers", "initContainers"):
        for container in pod["spec"].get(part) or ():
            resources = container.get("resources") or {}
            for kind in ("limits", "requests"):
                if (resources.get(kind) or {}).get(resource, 0) not in (0, "0", "0Gi"):
                    return True
    return False


def _wanted(policy: Policy, owner: Policy | None, pod: dict[str, Any]) -> list[tuple[str, Any, Any]]:
    """List what a policy wants of a pod as (part, key, value), apart from the marker."""
    found: list[tuple[str, Any, Any]] = []
    sources = [policy.inject]
    if policy is owner and policy.placement:
        sources.append(policy.placement.fields)
        accelerator = policy.placement.accelerator
        if accelerator and _asks(pod, accelerator.resource):
            found += [("annotations", key, value) for key, value in accelerator.annotations.items()]
    for fields in sources:
        found += [("labels", key, value) for key, value in fields.labels.items()]
        found += [("annotations", key, value) for key, value in fields.annotations.items()]
        found += [("tolerations", None, toleration) for toleration in fields.tolerations]
        if fields.scheduler_name:
            found.append(("schedulerName", None, fields.scheduler_name))
    return found


def _dump(value: Any) -> str:
    """Write JSON so that equal text means identical values: 1, 1.0 and True differ, and so does the order of keys."""
    return json.dumps(value)


# --- 1. The patch -------------------------------------------------------------------------------------------------------------


def _declared(decision: Decision, sent: dict[str, Any]) -> dict[str, Any]:
    """Compute the result that the effects declare, without looking at the operations."""
    values: dict[tuple[str, str], str | None] = {}
    scheduler: Any = sent["spec"].get("schedulerName", MISSING)
    for effect in decision.effects:
        part, _, key = effect.field.partition("[")
        if effect.action in (Action.ADDED, Action.REPLACED, Action.REMOVED):
            if part == "spec.schedulerName":
                scheduler = effect.after
            elif part != "spec.tolerations":
                values[part.removeprefix("metadata."), key.removesuffix("]")] = effect.after
    found: dict[str, Any] = {"schedulerName": scheduler}
    for part in ("labels", "annotations"):
        merged = {**_map(sent, part), **{key: value for (where, key), value in values.items() if where == part}}
        found[part] = {key: value for key, value in merged.items() if value is not None and key != APPLIED}
    return found


@given(data=st.data())
def test_the_patch_applies_to_what_was_sent_and_gives_what_was_declared(
    data: st.DataObject, bundles: Bundles, requests: Requests, admit: Admit
) -> None:
    """An independent implementation applies the patch to the very JSON that was sent, and the result is what the effects say."""
    request = data.draw(requests)
    outcome = admit(data.draw(bundles), *request)
    assert outcome.sent == request.pod
    declared = _declared(outcome.decision, outcome.sent)
    for part in ("labels", "annotations"):
        found = dict(_map(outcome.after, part))
        found.pop(APPLIED, None)
        assert found == declared[part]
    assert outcome.after["spec"].get("schedulerName", MISSING) == declared["schedulerName"]
    added = [
        effect.field for effect in outcome.decision.effects if effect.action is Action.ADDED and "spec.tolerations" in effect.field
    ]
    appended = _tolerations(outcome.after)[len(_tolerations(outcome.sent)) :]
    described = [describe(msgspec.convert(toleration, Toleration)) for toleration in appended]
    assert [f"spec.tolerations[{text}]" for text in described] == added


# --- 2. Idempotence -----------------------------------------------------------------------------------------------------------

SIDECAR = {"name": "proxy", "resources": {"requests": {"memory": "1Mi"}}, "restartPolicy": "Always", "~": None}


def _by_another_webhook(pod: dict[str, Any]) -> None:
    pod["spec"]["containers"] = [SIDECAR, *(pod["spec"].get("containers") or []), SIDECAR]
    pod["spec"]["initContainers"] = [*(pod["spec"].get("initContainers") or []), SIDECAR]
    pod["spec"]["volumes"] = [{"name": "certs"}]
    pod["metadata"] = pod.get("metadata") or {}
    pod["metadata"]["annotations"] = {"sidecar~/status": "injected", **(pod["metadata"].get("annotations") or {})}
    pod["metadata"]["labels"] = {**(pod["metadata"].get("labels") or {}), "sidecar/~": "yes"}


@given(data=st.data())
def test_admitting_the_result_changes_nothing(data: st.DataObject, bundles: Bundles, requests: Requests, admit: Admit) -> None:
    """The patched pod gets no operation from the same bundle, nor does it after another webhook added sidecars and notes."""
    bundle, request = data.draw(bundles), data.draw(requests)
    engine = Engine(bundle)
    first = admit(engine, *request)
    second = admit(engine, first.after, *request[1:])
    assert second.operations == []
    assert (second.decision.owner, second.decision.policies) == (first.decision.owner, first.decision.policies)
    _by_another_webhook(second.after)
    assert admit(engine, second.after, *request[1:]).operations == []


@given(data=st.data())
def test_after_a_reload_only_the_new_policy_changes_anything(
    data: st.DataObject, bundles: Bundles, requests: Requests, added_policies: SearchStrategy[Policy], admit: Admit
) -> None:
    """A pod that was admitted already gets from a bundle with one more policy, below all others, only what this one wants."""
    bundle, request, added = data.draw(bundles), data.draw(requests), data.draw(added_policies)
    first = admit(bundle, *request)
    second = admit(seal(msgspec.structs.replace(bundle, policies=(*bundle.policies, added))), first.after, *request[1:])
    fields = [added.inject] + ([added.placement.fields] if added.placement else [])
    annotations = {APPLIED}.union(*(each.annotations for each in fields))
    if added.placement and added.placement.accelerator:
        annotations |= added.placement.accelerator.annotations.keys()
    for part, owned in (("annotations", annotations), ("labels", {MARKER}.union(*(each.labels for each in fields)))):
        before, after = _map(first.after, part), _map(second.after, part)
        assert {key for key in before.keys() | after.keys() if before.get(key) != after.get(key)} <= owned
    appended = _tolerations(second.after)[len(_tolerations(first.after)) :]
    wanted = {describe(each) for source in fields for each in source.tolerations}
    assert {describe(msgspec.convert(each, Toleration)) for each in appended} <= wanted
    if all(each.scheduler_name is None for each in fields):
        assert second.after["spec"].get("schedulerName") == first.after["spec"].get("schedulerName")


# --- 3, 4. What is not ours ---------------------------------------------------------------------------------------------------


def _without_owned(pod: dict[str, Any], policies: list[Policy], tolerations: int) -> str:
    """Write the pod without the fields that may be ours. Missing, null and empty parents of those are all one."""
    owner = _owner(policies)
    owned = {(part, key) for policy in policies for part, key, _ in _wanted(policy, owner, pod)}
    owned |= {("labels", MARKER), ("annotations", APPLIED)}
    pod = json.loads(json.dumps(pod))
    metadata, spec = pod.pop("metadata", None) or {}, pod["spec"]
    maps = [
        {key: value for key, value in (metadata.pop(part, None) or {}).items() if (part, key) not in owned}
        for part in ("labels", "annotations")
    ]
    kept = (spec.pop("tolerations", None) or [])[:tolerations]
    if ("schedulerName", None) in owned:
        spec.pop("schedulerName", None)
    return _dump([pod, metadata, maps, kept])


@given(data=st.data())
def test_what_is_not_owned_stays_byte_identical(
    data: st.DataObject, bundles: Bundles, requests: Requests, admit: Admit, scan: Scan
) -> None:
    """Outside of the keys that matching policies name, our own marks, the scheduler and appended tolerations nothing differs."""
    bundle, request = data.draw(bundles), data.draw(requests)
    policies = _matching(scan, bundle, request)
    outcome = admit(bundle, *request)
    count = len(_tolerations(outcome.sent))
    assert _without_owned(outcome.after, policies, count) == _without_owned(outcome.sent, policies, count)
    if outcome.operations == []:
        assert _dump(outcome.after) == _dump(outcome.sent)


@given(data=st.data())
def test_operations_touch_only_their_own_paths(data: st.DataObject, bundles: Bundles, requests: Requests, admit: Admit) -> None:
    """No operation replaces or removes more than one member, save for parents that were missing, null or empty."""
    outcome = admit(data.draw(bundles), *data.draw(requests))
    sent = outcome.sent
    for operation in outcome.operations:
        path = operation["path"]
        if path == "/metadata":
            assert sent.get("metadata") is None
        elif path in ("/metadata/labels", "/metadata/annotations"):
            assert not _map(sent, path.rpartition("/")[2])
        elif path == "/spec/tolerations":
            assert sent["spec"].get("tolerations") is None
        else:
            parts = path.split("/")[1:]
            assert parts == ["spec", "schedulerName"] or (len(parts) == 3 and parts[1] in ("labels", "annotations", "tolerations"))
            assert operation["op"] == "add" or parts[2] in ("overbank.dev~1placement", "overbank.dev~1applied")


@given(data=st.data())
def test_labels_of_the_author_never_change(data: st.DataObject, bundles: Bundles, requests: Requests, admit: Admit) -> None:
    """Every label that was there is there with its value, save for the marker, whatever policies override."""
    outcome = admit(data.draw(bundles), *data.draw(requests))
    before, after = _map(outcome.sent, "labels"), _map(outcome.after, "labels")
    assert {key: after.get(key) for key in before if key != MARKER} == {key: before[key] for key in before if key != MARKER}


@given(data=st.data())
def test_values_of_the_author_change_only_under_override(
    data: st.DataObject, bundles: Bundles, requests: Requests, admit: Admit, scan: Scan
) -> None:
    """An annotation or a scheduler that was written changes only if the highest policy that wants it overrides."""
    bundle, request = data.draw(bundles), data.draw(requests)
    policies = _matching(scan, bundle, request)
    owner = _owner(policies)
    deciding: dict[tuple[str, Any], Policy] = {}
    for policy in policies:
        for part, key, _ in _wanted(policy, owner, request.pod):
            deciding.setdefault((part, key), policy)
    outcome = admit(bundle, *request)
    for key, value in _map(outcome.sent, "annotations").items():
        if key != APPLIED and _map(outcome.after, "annotations").get(key) != value:
            assert deciding["annotations", key].override
    scheduler = outcome.sent["spec"].get("schedulerName")
    if scheduler not in (None, "", "default-scheduler") and outcome.after["spec"]["schedulerName"] != scheduler:
        assert deciding["schedulerName", None].override


# --- The wanted result --------------------------------------------------------------------------------------------------------


@given(data=st.data())
def test_the_highest_policy_gets_its_value(
    data: st.DataObject, bundles: Bundles, requests: Requests, admit: Admit, scan: Scan
) -> None:
    """For each key the highest policy that names it decides: its value stands, or the author's where that has to be kept."""
    bundle, request = data.draw(bundles), data.draw(requests)
    policies = _matching(scan, bundle, request)
    owner = _owner(policies)
    outcome = admit(bundle, *request)
    assert outcome.decision.policies == tuple(policy.name for policy in policies)
    assert outcome.decision.owner == (owner.name if owner else None)
    decided = set()
    for policy in policies:
        for part, key, value in _wanted(policy, owner, request.pod):
            if part == "tolerations" or (part, key) in decided:
                continue
            decided.add((part, key))
            if part == "schedulerName":
                current = outcome.sent["spec"].get("schedulerName")
                kept = current not in (None, "", "default-scheduler") and not policy.override
                assert outcome.after["spec"]["schedulerName"] == (current if kept else value)
            else:
                current = _map(outcome.sent, part).get(key)
                kept = current is not None and (part == "labels" or not policy.override)
                assert _map(outcome.after, part)[key] == (current if kept else value)
    marked = owner is not None and owner.placement is not None and owner.placement.marker
    assert _map(outcome.after, "labels").get(MARKER) == (owner.name if owner and marked else None)


@given(data=st.data())
def test_every_wanted_toleration_is_satisfied_and_none_is_added_in_vain(
    *, data: st.DataObject, bundles: Bundles, requests: Requests, admit: Admit, scan: Scan, tolerated: Callable[..., frozenset[Any]]
) -> None:
    """Every taint that a matching policy wants tolerated is, by one toleration, and each appended one adds a taint to those before."""
    bundle, request = data.draw(bundles), data.draw(requests)
    outcome = admit(bundle, *request)

    def taints(toleration: dict[str, Any]) -> frozenset[Any]:
        return tolerated(*(toleration.get(field) for field in ("key", "operator", "value", "effect")))

    sets = [taints(toleration) for toleration in _tolerations(outcome.after)]
    policies = _matching(scan, bundle, request)
    for policy in policies:
        for part, _, wanted in _wanted(policy, _owner(policies), request.pod):
            if part == "tolerations":
                needed = taints(msgspec.to_builtins(wanted))
                assert any(needed <= found for found in sets)
    for index in range(len(_tolerations(outcome.sent)), len(sets)):
        assert not any(sets[index] <= earlier for earlier in sets[:index])


# --- 5. Left alone ------------------------------------------------------------------------------------------------------------


@given(data=st.data())
def test_exempt_pods_get_no_operation(
    data: st.DataObject, bundles: Bundles, exempt_requests: SearchStrategy[Any], admit: Admit
) -> None:
    """Mirror pods, bound pods, DaemonSet pods and pods in excluded namespaces are never patched."""
    request, reason = data.draw(exempt_requests)
    outcome = admit(data.draw(bundles), *request)
    assert outcome.operations == []
    assert outcome.decision.exemption == reason


@given(data=st.data())
def test_opted_out_pods_lose_a_marker_and_nothing_else(
    data: st.DataObject, bundles: Bundles, opted_out_requests: Requests, admit: Admit
) -> None:
    """An opted-out pod loses a marker and, with it, the annotation that explained the marker; every other byte stays."""
    request = data.draw(opted_out_requests)
    outcome = admit(data.draw(bundles), *request)
    assert outcome.decision.exemption is Exemption.OPTED_OUT
    expected = json.loads(json.dumps(request.pod))
    if MARKER in _map(expected, "labels"):
        del expected["metadata"]["labels"][MARKER]
        _map(expected, "annotations").pop(APPLIED, None)
    assert _dump(outcome.after) == _dump(expected)


# --- 6. Order -----------------------------------------------------------------------------------------------------------------


def _shuffled(value: Any, data: st.DataObject) -> Any:
    """Put the keys of all objects into another order."""
    if isinstance(value, dict):
        return {key: _shuffled(value[key], data) for key in data.draw(st.permutations(list(value)))}
    return [_shuffled(item, data) for item in value] if isinstance(value, list) else value


@given(data=st.data())
def test_the_order_of_keys_decides_nothing(data: st.DataObject, bundles: Bundles, requests: Requests, admit: Admit) -> None:
    """The same pod with its keys in any other order, at every level, gets the same decision and the same patch."""
    bundle, request = data.draw(bundles), data.draw(requests)
    labels = _shuffled(request.labels, data)
    outcome, again = admit(bundle, *request), admit(bundle, _shuffled(request.pod, data), request.namespace, labels)
    assert again.decision == outcome.decision
    assert again.operations == outcome.operations


@given(data=st.data())
def test_the_order_in_which_policies_were_given_decides_nothing(
    data: st.DataObject, bundles: Bundles, requests: Requests, admit: Admit
) -> None:
    """Policies in any order give, once sorted, the same bytes and the same decision, also after the bytes are read back."""
    bundle, request = data.draw(bundles), data.draw(requests)
    given_order = data.draw(st.permutations(bundle.policies))
    resorted = sorted(given_order, key=lambda policy: (-policy.priority, policy.name))
    again = msgspec.structs.replace(bundle, policies=tuple(resorted), namespaces=_shuffled(bundle.namespaces, data))
    assert encode(again) == encode(bundle)
    assert admit(decode(encode(again)), *request).decision == admit(bundle, *request).decision


@given(data=st.data())
def test_pods_that_came_before_decide_nothing(data: st.DataObject, bundles: Bundles, requests: Requests, admit: Admit) -> None:
    """One engine that admits many pods decides about each as a new one would, so its memory is not part of any decision."""
    bundle = data.draw(bundles)
    engine = Engine(bundle)
    for request in data.draw(st.lists(requests, min_size=2, max_size=5)):
        assert admit(engine, *request).decision == admit(bundle, *request).decision


# --- 7. Explanations ----------------------------------------------------------------------------------------------------------


@given(data=st.data())
def test_applied_lists_the_owner_and_the_policies_whose_values_stand(
    *, data: st.DataObject, bundles: Bundles, requests: Requests, admit: Admit, scan: Scan, tolerated: Callable[..., frozenset[Any]]
) -> None:
    """The annotation is sorted and names exactly the owner and the policies one of whose wanted values is in the result."""
    bundle, request = data.draw(bundles), data.draw(requests)
    outcome = admit(bundle, *request)
    policies = _matching(scan, bundle, request)
    owner = _owner(policies)

    def stands(part: str, key: str, value: Any) -> bool:
        if part == "schedulerName":
            return outcome.after["spec"].get(part) == value
        if part == "tolerations":
            found = [msgspec.convert(each, PodToleration) for each in _tolerations(outcome.after)]
            needed = tolerated(value.key, value.operator, value.value, value.effect)
            return any(needed <= tolerated(each.key, each.operator, each.value, each.effect) for each in found)
        return _map(outcome.after, part).get(key) == value

    contributing = [
        policy for policy in policies if policy is owner or any(stands(*each) for each in _wanted(policy, owner, request.pod))
    ]
    expected = ",".join(sorted(f"{policy.name}@{policy.digest()[:12]}" for policy in contributing))
    assert outcome.decision.applied == expected
    written = _map(outcome.after, "annotations").get(APPLIED)
    if outcome.operations:
        assert written == (expected or None)
    else:
        assert written == _map(outcome.sent, "annotations").get(APPLIED)


@given(data=st.data())
def test_every_wanted_value_is_explained(
    data: st.DataObject, bundles: Bundles, requests: Requests, admit: Admit, scan: Scan
) -> None:
    """Each value has an effect for the policy that decides it and for those that want what the pod ends up with, and for no other."""
    bundle, request = data.draw(bundles), data.draw(requests)
    outcome = admit(bundle, *request)
    policies = _matching(scan, bundle, request)
    owner = _owner(policies)
    expected: dict[tuple[str, str], set[Action]] = {}
    decided = set()
    for policy in policies:
        for part, key, value in _wanted(policy, owner, request.pod):
            if part == "tolerations":
                expected[policy.name, toleration_field(value)] = {Action.ADDED, Action.PRESENT}
                continue
            field = "spec.schedulerName" if part == "schedulerName" else f"metadata.{part}[{key}]"
            before, after = (
                (pod["spec"].get(part) or None) if part == "schedulerName" else _map(pod, part).get(key)
                for pod in (outcome.sent, outcome.after)
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
        if MARKER not in effect.field:
            found.setdefault((effect.policy, effect.field), set()).add(effect.action)
    assert found.keys() == expected.keys()
    for place, actions in found.items():
        assert actions <= expected[place]
        assert actions == expected[place] or "tolerations" in place[1]


@given(data=st.data())
def test_every_operation_is_explained(data: st.DataObject, bundles: Bundles, requests: Requests, admit: Admit) -> None:
    """There are operations if and only if an effect says that something was added, replaced or removed, and each names its policy."""
    outcome = admit(data.draw(bundles), *data.draw(requests))
    changes = [effect for effect in outcome.decision.effects if effect.action in (Action.ADDED, Action.REPLACED, Action.REMOVED)]
    assert bool(changes) is bool(outcome.operations)
    for effect in outcome.decision.effects:
        assert effect.policy in outcome.decision.policies or (effect.policy == "" and effect.action is Action.REMOVED)
        assert effect.before != effect.after or effect.action in (Action.KEPT, Action.PRESENT)


# --- The strategies themselves ------------------------------------------------------------------------------------------------


def test_the_cases_reach_what_they_are_meant_to_reach(bundles: Bundles, requests: Requests, admit: Admit) -> None:
    """Among the drawn cases there are enough of every kind that the properties above do not hold for want of cases."""
    seen: dict[str, int] = {}
    cases = 0

    @settings(max_examples=200)
    @given(bundle=bundles, request=requests)
    def look(bundle: Bundle, request: Any) -> None:
        nonlocal cases
        cases += 1
        outcome = admit(bundle, *request)
        kinds = {f"effect {effect.action} {effect.field.split('[')[0]}" for effect in outcome.decision.effects}
        kinds.add(f"policies {min(len(outcome.decision.policies), 2)}")
        kinds.add("owner" if outcome.decision.owner else "no owner")
        kinds.add("metadata" if request.pod.get("metadata") else "no metadata")
        for kind in kinds:
            seen[kind] = seen.get(kind, 0) + 1

    look()
    assert seen["policies 2"] > cases / 5
    assert seen["owner"] > cases / 5
    assert seen["metadata"] > cases / 2
    assert seen["no metadata"] > cases / 10
    for field in ("metadata.labels", "metadata.annotations", "spec.schedulerName"):
        for action in ("added", "present", "kept"):
            assert seen.get(f"effect {action} {field}", 0) > cases / 50, (field, action, seen)
    for effect in ("removed metadata.labels", "replaced metadata.annotations", "replaced spec.schedulerName"):
        assert seen.get(f"effect {effect}", 0) > cases / 50, (effect, seen)
    for action in ("added", "present"):
        assert seen.get(f"effect {action} spec.tolerations", 0) > cases / 50, (action, seen)
