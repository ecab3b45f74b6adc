"""What holds for every bundle and every pod. The strategies, and what they leave out, are in ``conftest.py``."""

import json
from collections.abc import Callable
from typing import Any

import msgspec
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.strategies import SearchStrategy

from webhook.engine.bundle import Bundle, decode, encode, seal
from webhook.engine.decision import Action, Decision, Exemption
from webhook.engine.fields import Fields, Gang, GpuShare, Toleration
from webhook.engine.mutate import Engine
from webhook.engine.pod import PodToleration
from webhook.engine.policy import NamespaceMatch, Policy
from webhook.engine.selector import Selector
from webhook.engine.terms import describe_terms
from webhook.engine.tolerations import describe, toleration_field

Admit = Callable[..., Any]
Scan = Callable[..., list[Policy]]
Tolerated = Callable[..., frozenset[Any]]
Requests = SearchStrategy[Any]
Bundles = SearchStrategy[Bundle]

MARKER = "overbank.dev/placement"
APPLIED = "overbank.dev/applied"
GANG_NAME = "pod-group.scheduling.sigs.k8s.io/name"
GANG_SIZE = "pod-group.scheduling.sigs.k8s.io/min-available"
GPU = "nvidia.com/gpu"
GPU_MEMORY = "aliyun.com/gpu-mem"
GPU_COUNT = "aliyun.com/gpu-count"
PROMISED = (GANG_NAME, GANG_SIZE, GPU_COUNT)
MAPS = ("labels", "annotations", "nodeSelector")
SINGLES = ("schedulerName", "priorityClassName")
MISSING = object()


def _map(pod: dict[str, Any], part: str) -> dict[str, str]:
    parent = pod["spec"] if part == "nodeSelector" else pod.get("metadata") or {}
    return parent.get(part) or {}


def _field(part: str, key: str | None = None) -> str:
    """Name a field as effects do."""
    where = "spec" if part in ("nodeSelector", *SINGLES) else "metadata"
    return f"{where}.{part}[{key}]" if key is not None else f"{where}.{part}"


def _single(pod: dict[str, Any], part: str) -> str | None:
    """Return a single value; the default scheduler counts as a value here."""
    return pod["spec"].get(part) or None


def _tolerations(pod: dict[str, Any]) -> list[dict[str, Any]]:
    return pod["spec"].get("tolerations") or []


def _matching(scan: Scan, bundle: Bundle, request: Any) -> list[Policy]:
    return scan(bundle, request.namespace, request.labels, _map(request.pod, "labels"), request.pod)


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


def _sources(policy: Policy, owner: Policy | None, pod: dict[str, Any]) -> list[Fields]:
    """List the fields that a policy wants of a pod."""
    found = []
    if policy is owner and policy.placement:
        found.append(policy.placement.fields)
        accelerator = policy.placement.accelerator
        if accelerator and _asks(pod, accelerator.resource):
            found.append(Fields(annotations=accelerator.annotations, required=accelerator.required))
    return [*found, *([policy.scheduling.fields] if policy.scheduling else []), policy.inject]


def _wanted(policy: Policy, owner: Policy | None, pod: dict[str, Any]) -> list[tuple[str, Any, Any]]:
    """List what a policy wants of a pod as (part, key, value), apart from the marker, affinity and what hangs on the pod."""
    found: list[tuple[str, Any, Any]] = []
    for fields in _sources(policy, owner, pod):
        found += [("labels", key, value) for key, value in fields.labels.items()]
        found += [("annotations", key, value) for key, value in fields.annotations.items()]
        found += [("nodeSelector", key, value) for key, value in fields.node_selector.items()]
        found += [("tolerations", None, toleration) for toleration in fields.tolerations]
        if fields.scheduler_name:
            found.append(("schedulerName", None, fields.scheduler_name))
        if fields.priority_class_name:
            found.append(("priorityClassName", None, fields.priority_class_name))
    return found


def _decided(policies: list[Policy], pod: dict[str, Any]) -> dict[tuple[str, Any], tuple[Policy, Any]]:
    """Return for each key the highest policy that names it, and its value."""
    found: dict[tuple[str, Any], tuple[Policy, Any]] = {}
    for policy in policies:
        for part, key, value in _wanted(policy, _owner(policies), pod):
            if part != "tolerations":
                found.setdefault((part, key), (policy, value))
    return found


def _stripped(policies: list[Policy], sent: dict[str, Any], tolerated: Tolerated) -> dict[str, Any]:
    """Return the pod without what its owner has stripped: what counts as foreign, and is not what the policies themselves want."""
    owner = _owner(policies)
    foreign = owner.placement.foreign if owner and owner.placement else None
    pod: dict[str, Any] = json.loads(json.dumps(sent))
    if foreign is None or foreign.verdict != "strip":
        return pod
    decided = _decided(policies, sent)
    for part, borders in (("labels", foreign.labels), ("annotations", foreign.annotations)):
        for key, values in borders.items():
            current = _map(sent, part).get(key)
            wanted = decided.get((part, key), (None, None))[1]
            if current is not None and current != wanted and (not values or current in values):
                del _map(pod, part)[key]
    ours = {
        (each.key, each.operator or "Equal", each.value, each.effect)
        for policy in policies
        for part, _, each in _wanted(policy, owner, sent)
        if part == "tolerations"
    }
    taints = {(taint.key, taint.value, taint.effect) for taint in foreign.taints}
    kept = []
    for each in _tolerations(sent):
        key, operator, value, effect = (each.get(field) or "" for field in ("key", "operator", "value", "effect"))
        if taints.isdisjoint(tolerated(key, operator, value, effect)) or (key, operator or "Equal", value, effect) in ours:
            kept.append(each)
    if len(kept) < len(_tolerations(sent)):
        pod["spec"]["tolerations"] = kept
    return pod


def _dump(value: Any) -> str:
    """Write JSON so that equal text means identical values: 1, 1.0 and True differ, and so does the order of keys."""
    return json.dumps(value)


# --- 1. The patch -------------------------------------------------------------------------------------------------------------


def _declared(decision: Decision, sent: dict[str, Any]) -> dict[str, Any]:
    """Compute the result that the effects declare, without looking at the operations."""
    values: dict[str, str | None] = {}
    for effect in decision.effects:
        if effect.action in (Action.ADDED, Action.REPLACED, Action.REMOVED):
            values[effect.field] = effect.after
    found: dict[str, Any] = {
        part: values.get(_field(part), sent["spec"].get(part, MISSING)) for part in (*SINGLES, "priority", "preemptionPolicy")
    }
    for part in ("priority", "preemptionPolicy"):
        found[part] = MISSING if f"spec.{part}" in values else sent["spec"].get(part, MISSING)
    for part in MAPS:
        prefix = _field(part, "").removesuffix("]")
        changed = {
            field.removeprefix(prefix).removesuffix("]"): value for field, value in values.items() if field.startswith(prefix)
        }
        merged = {**_map(sent, part), **changed}
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
    for part in MAPS:
        found = dict(_map(outcome.after, part))
        found.pop(APPLIED, None)
        assert found == declared[part]
    for part in (*SINGLES, "priority", "preemptionPolicy"):
        assert outcome.after["spec"].get(part, MISSING) == declared[part]
    fields = {action: [each.field for each in outcome.decision.effects if each.action is action] for action in Action}
    added = [field for field in fields[Action.ADDED] if field.startswith("spec.tolerations[")]
    removed = [field for field in fields[Action.REMOVED] if field.startswith("spec.tolerations[")]
    appended = _tolerations(outcome.after)[len(_tolerations(outcome.sent)) - len(removed) :]
    described = [describe(msgspec.convert(toleration, Toleration)) for toleration in appended]
    assert [f"spec.tolerations[{text}]" for text in described] == added
    grown = [field for field in fields[Action.ADDED] if field.startswith("spec.affinity.")]
    assert bool(grown) is (outcome.after["spec"].get("affinity") != outcome.sent["spec"].get("affinity"))


# --- 2. Idempotence -----------------------------------------------------------------------------------------------------------

SIDECAR = {"name": "proxy", "resources": {"requests": {"memory": "1Mi"}}, "restartPolicy": "Always", "~": None}


def _by_another_webhook(pod: dict[str, Any]) -> None:
    pod["spec"]["containers"] = [SIDECAR, *(pod["spec"].get("containers") or []), SIDECAR]
    pod["spec"]["initContainers"] = [*(pod["spec"].get("initContainers") or []), SIDECAR]
    pod["spec"]["volumes"] = [*(pod["spec"].get("volumes") or []), {"name": "certs"}]
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
    assert bool(second.decision.denied) is bool(first.decision.denied)
    if first.decision.denied:  # the other webhook may take away the reason
        return
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
    everything = [each for source in _sources(added, added, first.after) for each in _parts(source)]
    owned = {("annotations", APPLIED), ("labels", MARKER), *(("labels", key) for key in PROMISED if added.scheduling)}
    owned |= {(part, key) for part, key, _ in everything}
    if added.placement and added.placement.foreign:
        owned |= {("labels", key) for key in added.placement.foreign.labels}
        owned |= {("annotations", key) for key in added.placement.foreign.annotations}
    for part in MAPS:
        before, after = _map(first.after, part), _map(second.after, part)
        assert {(part, key) for key in before.keys() | after.keys() if before.get(key) != after.get(key)} <= owned
    wanted = {describe(value) for part, _, value in everything if part == "tolerations"}
    effects = [effect for effect in second.decision.effects if effect.action is Action.ADDED and "spec.tolerations" in effect.field]
    assert {effect.field for effect in effects} <= {f"spec.tolerations[{text}]" for text in wanted}
    for part in (*SINGLES, "affinity"):
        if (part, None) not in owned:
            assert second.after["spec"].get(part) == first.after["spec"].get(part)


def _parts(fields: Fields) -> list[tuple[str, Any, Any]]:
    found = [*_wanted(Policy("", 0, NamespaceMatch(all=True), Selector(), inject=fields), None, {})]
    return [*found, ("affinity", None, None)] if fields.required or fields.preferred else found


# --- 3, 4. What is not ours ---------------------------------------------------------------------------------------------------


def _without_owned(pod: dict[str, Any], policies: list[Policy], tolerations: int) -> str:
    """Write the pod without the fields that may be ours. Missing, null and empty parents of those are all one."""
    owned = {*_decided(policies, pod)} | {("labels", MARKER), ("annotations", APPLIED)}
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
    owner = _owner(policies)
    if any(fields.required or fields.preferred for policy in policies for fields in _sources(policy, owner, pod)):
        spec.pop("affinity", None)
    for container in (spec.get("containers") or []) + (spec.get("initContainers") or []):
        resources = container.pop("resources", None) or {}
        for half in ("limits", "requests"):
            amounts = {key: value for key, value in (resources.pop(half, None) or {}).items() if key not in (GPU, GPU_MEMORY)}
            container[half] = amounts
        container["others"] = resources
    return _dump([pod, metadata, maps, kept])


@given(data=st.data())
def test_what_is_not_owned_stays_byte_identical(
    *, data: st.DataObject, bundles: Bundles, requests: Requests, admit: Admit, scan: Scan, tolerated: Tolerated
) -> None:
    """Outside of the keys that matching policies name, our own marks, what is stripped and appended nothing differs."""
    bundle, request = data.draw(bundles), data.draw(requests)
    policies = _matching(scan, bundle, request)
    outcome = admit(bundle, *request)
    if outcome.operations == []:
        assert _dump(outcome.after) == _dump(outcome.sent)
        return
    before = _stripped(policies, outcome.sent, tolerated)
    count = len(_tolerations(before))
    assert _without_owned(outcome.after, policies, count) == _without_owned(before, policies, count)


@given(data=st.data())
def test_operations_touch_only_their_own_paths(data: st.DataObject, bundles: Bundles, requests: Requests, admit: Admit) -> None:
    """No operation replaces or removes more than one member, save for parents that were missing, null or empty."""
    outcome = admit(data.draw(bundles), *data.draw(requests))
    removed = {effect.field for effect in outcome.decision.effects if effect.action is Action.REMOVED}
    for operation in outcome.operations:
        *parents, last = [part.replace("~1", "/").replace("~0", "~") for part in operation["path"].split("/")[1:]]
        current: Any = outcome.sent
        for step in parents:
            current = (current[int(step)] if isinstance(current, list) else current.get(step)) if current else None
        if operation["op"] == "remove":
            allowed = (f"{'.'.join(parents)}[{last}]", f"{'.'.join(parents)}.{last}")
            assert removed.intersection(allowed) or last in (APPLIED, MARKER) or parents == ["spec", "tolerations"]
            continue
        value = current.get(last) if isinstance(current, dict) else None
        if isinstance(operation["value"], dict) and not (isinstance(current, list) or last == "-"):
            assert not value, operation
        assert not isinstance(value, list)
        assert parents[:1] == ["metadata"] or last == "metadata" or parents == ["spec"] or parents[1] in {
            "nodeSelector", "affinity", "tolerations", "containers", "initContainers",
        }  # fmt: skip


@given(data=st.data())
def test_labels_of_the_author_never_change(
    *, data: st.DataObject, bundles: Bundles, requests: Requests, admit: Admit, scan: Scan, tolerated: Tolerated
) -> None:
    """Every label that was there is there with its value, save for the marker and what is stripped, whatever policies override."""
    bundle, request = data.draw(bundles), data.draw(requests)
    outcome = admit(bundle, *request)
    before = _map(_stripped(_matching(scan, bundle, request), outcome.sent, tolerated), "labels")
    after = _map(outcome.after, "labels")
    assert {key: after.get(key) for key in before if key != MARKER} == {key: before[key] for key in before if key != MARKER}


@given(data=st.data())
def test_values_of_the_author_change_only_under_override(
    *, data: st.DataObject, bundles: Bundles, requests: Requests, admit: Admit, scan: Scan, tolerated: Tolerated
) -> None:
    """A value that the author wrote changes only if the highest policy that wants it overrides, or if it is stripped."""
    bundle, request = data.draw(bundles), data.draw(requests)
    policies = _matching(scan, bundle, request)
    decided = _decided(policies, request.pod)
    outcome = admit(bundle, *request)
    before = _stripped(policies, outcome.sent, tolerated)
    if outcome.decision.denied:
        return
    for part in ("annotations", "nodeSelector"):
        for key, value in _map(before, part).items():
            if key != APPLIED and _map(outcome.after, part).get(key) != value:
                assert decided[part, key][0].override
    for part in SINGLES:
        current = _single(outcome.sent, part)
        if current not in (None, "default-scheduler") and outcome.after["spec"][part] != current:
            assert decided[part, None][0].override


# --- The wanted result --------------------------------------------------------------------------------------------------------


@given(data=st.data())
def test_the_highest_policy_gets_its_value(
    *, data: st.DataObject, bundles: Bundles, requests: Requests, admit: Admit, scan: Scan, tolerated: Tolerated
) -> None:
    """For each key the highest policy that names it decides: its value stands, or the author's where that has to be kept."""
    bundle, request = data.draw(bundles), data.draw(requests)
    policies = _matching(scan, bundle, request)
    owner = _owner(policies)
    outcome = admit(bundle, *request)
    assert outcome.decision.policies == tuple(policy.name for policy in policies)
    assert outcome.decision.owner == (owner.name if owner else None)
    if outcome.decision.denied:
        assert outcome.operations == []
        return
    before = _stripped(policies, outcome.sent, tolerated)
    for (part, key), (policy, value) in _decided(policies, request.pod).items():
        if part in SINGLES:
            current = _single(outcome.sent, part)
            kept = current not in (None, "default-scheduler") and not policy.override
            assert outcome.after["spec"][part] == (current if kept else value)
        else:
            current = _map(before, part).get(key)
            kept = current is not None and (part == "labels" or not policy.override)
            assert _map(outcome.after, part)[key] == (current if kept else value)
    marked = owner is not None and owner.placement is not None and owner.placement.marker
    assert _map(outcome.after, "labels").get(MARKER) == (owner.name if owner and marked else None)


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

    sets = [taints(toleration) for toleration in _tolerations(outcome.after)]
    policies = _matching(scan, bundle, request)
    for policy in policies:
        for part, _, wanted in _wanted(policy, _owner(policies), request.pod):
            if part == "tolerations":
                needed = taints(msgspec.to_builtins(wanted))
                assert any(needed <= found for found in sets)
    before = _stripped(policies, outcome.sent, tolerated)
    assert _tolerations(outcome.after)[: len(_tolerations(before))] == _tolerations(before)
    for index in range(len(_tolerations(before)), len(sets)):
        assert not any(sets[index] <= earlier for earlier in sets[:index])


# --- Gangs and shares ---------------------------------------------------------------------------------------------------------


def _gang(gang: Gang, pod: dict[str, Any]) -> dict[str, str]:
    """Return the gang labels that are due to a pod which is admitted already; the names that are drawn are plain."""
    labels = _map(pod, "labels")
    name = labels.get(gang.name_label, "")
    size = str(gang.min_available or "") or labels.get(gang.min_available_label or "", "")
    size = size or _map(pod, "annotations").get(gang.min_available_annotation or "", "")
    valid = name not in ("", "No_Name") and size.isdigit() and int(size) > 0
    return {GANG_NAME: name, GANG_SIZE: size} if valid else {}


def _sharing(share: GpuShare, pod: dict[str, Any]) -> dict[str, Any] | None:
    """Return the container that gets a share."""
    containers = pod["spec"].get("containers") or []
    named = [each for each in containers if each["name"] == share.container] if share.container else containers
    if len(named) > 1 and not share.container:
        named = [each for each in named if _amounts(each, GPU_MEMORY)]
    if not named or (len(named) > 1 and not share.container):
        return None
    return None if _asks({"spec": {"containers": [named[0]]}}, GPU) else named[0]


def _amounts(container: dict[str, Any], resource: str) -> dict[str, str]:
    resources = container.get("resources") or {}
    return {half: str(resources[half][resource]) for half in ("limits", "requests") if resource in (resources.get(half) or {})}


def _feature(policies: list[Policy], name: str) -> Any:
    wanted = [getattr(policy.scheduling, name) for policy in policies if policy.scheduling]
    return next((each for each in wanted if each), None)


@given(data=st.data())
def test_gangs_and_shares_are_written_whole_or_not_at_all(
    *, data: st.DataObject, bundles: Bundles, requests: Requests, admit: Admit, scan: Scan, tolerated: Tolerated
) -> None:
    """The highest policy with a gang, or a share, decides; labels and amounts of the author stay, and amounts come in pairs."""
    bundle, request = data.draw(bundles), data.draw(requests)
    policies = _matching(scan, bundle, request)
    outcome = admit(bundle, *request)
    if outcome.decision.denied:
        return
    before = _stripped(policies, outcome.sent, tolerated)
    gang, share = _feature(policies, "gang"), _feature(policies, "gpu_share")
    due = _gang(gang, outcome.after) if gang else {}
    container = _sharing(share, outcome.sent) if share else None
    if container is not None and share.gpus > 1:
        due[GPU_COUNT] = str(share.gpus)
    own = {key: value for key, value in _map(before, "labels").items() if key in PROMISED}
    assert {key: value for key, value in _map(outcome.after, "labels").items() if key in PROMISED} == {**due, **own}
    if container is None:
        return
    index = outcome.sent["spec"]["containers"].index(container)
    amounts, wanted = _amounts(outcome.after["spec"]["containers"][index], GPU_MEMORY), str(share.memory_gib)
    decider = next(policy for policy in policies if policy.scheduling and policy.scheduling.gpu_share)
    sent = _amounts(container, GPU_MEMORY)
    kept = not decider.override and any(amount != wanted for amount in sent.values())
    assert amounts == (sent if kept else {"limits": wanted, "requests": wanted})


@given(data=st.data())
def test_mirrored_resources_stand_in_both_halves(
    *, data: st.DataObject, bundles: Bundles, requests: Requests, admit: Admit, scan: Scan
) -> None:
    """Where the owner's pools need it, whoever names a resource in one half has it in the other one too."""
    bundle, request = data.draw(bundles), data.draw(requests)
    owner = _owner(_matching(scan, bundle, request))
    outcome = admit(bundle, *request)
    mirrored = owner.placement.mirrored_resources if owner and owner.placement else ()
    for part in ("containers", "initContainers"):
        for before, after in zip(outcome.sent["spec"].get(part) or [], outcome.after["spec"].get(part) or [], strict=True):
            sent, found = _amounts(before, GPU), _amounts(after, GPU)
            if mirrored and sent and not outcome.decision.denied:
                assert found == {"limits": next(iter(sent.values())), "requests": next(iter(sent.values())), **sent}
            else:
                assert found == sent


# --- 5. Left alone ------------------------------------------------------------------------------------------------------------


@given(data=st.data())
def test_exempt_pods_get_no_operation(
    data: st.DataObject, bundles: Bundles, exempt_requests: SearchStrategy[Any], admit: Admit
) -> None:
    """Mirror pods, bound pods, DaemonSet pods and pods in excluded namespaces are never patched, and only bound ones are checked."""
    request, reason = data.draw(exempt_requests)
    outcome = admit(data.draw(bundles), *request)
    assert outcome.operations == []
    assert outcome.decision.exemption == reason
    assert outcome.decision.effects == []
    if reason != "node-name":
        assert (outcome.decision.denied, outcome.decision.warnings, outcome.decision.audit) == ((), [], None)


@given(data=st.data())
def test_opted_out_pods_lose_a_marker_and_nothing_else(
    data: st.DataObject, bundles: Bundles, opted_out_requests: Requests, admit: Admit
) -> None:
    """An opted-out pod loses a marker and, with it, the annotation that explained the marker; every other byte stays."""
    request = data.draw(opted_out_requests)
    outcome = admit(data.draw(bundles), *request)
    assert outcome.decision.exemption is Exemption.OPTED_OUT
    assert (outcome.decision.denied, outcome.decision.warnings, outcome.decision.audit) == ((), [], None)
    expected = json.loads(json.dumps(request.pod))
    if MARKER in _map(expected, "labels"):
        del expected["metadata"]["labels"][MARKER]
        _map(expected, "annotations").pop(APPLIED, None)
    assert _dump(outcome.after) == _dump(expected)


# --- Denials and audits -------------------------------------------------------------------------------------------------------


@given(data=st.data())
def test_a_denied_pod_is_told_every_reason_and_is_not_patched(
    data: st.DataObject, bundles: Bundles, requests: Requests, admit: Admit
) -> None:
    """A denial has no operations, no effects and no mark, and each reason names the owner of the pod's placement."""
    decision = admit(data.draw(bundles), *data.draw(requests)).decision
    if decision.denied:
        assert (decision.operations, decision.effects, decision.applied) == ([], [], "")
    assert all(reason.startswith(f"overbank policy {decision.owner}: ") for reason in decision.denied)


@given(data=st.data())
def test_audits_decide_nothing_and_tell_what_they_would(
    data: st.DataObject, bundles: Bundles, requests: Requests, admit: Admit
) -> None:
    """Without the policies in audit mode the decision is the same, and with them in force it is what the audit says."""
    bundle, request = data.draw(bundles), data.draw(requests)
    decision = admit(bundle, *request).decision
    in_force = tuple(policy for policy in bundle.policies if not policy.audit)
    without = admit(msgspec.structs.replace(bundle, policies=in_force), *request).decision
    assert msgspec.structs.replace(decision, audit=None) == without
    enforced = tuple(msgspec.structs.replace(policy, audit=False) for policy in bundle.policies)
    other = admit(msgspec.structs.replace(bundle, policies=enforced), *request).decision
    if decision.audit is None:
        assert (other.denied, other.owner) == (without.denied, without.owner)
    else:
        found = decision.audit
        assert (found.policies, found.owner, found.denied, found.effects) == (
            other.policies,
            other.owner,
            other.denied,
            other.effects,
        )
        assert set(found.policies) > set(decision.policies)


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
    assert _facts(again.decision) == _facts(outcome.decision)
    assert again.operations == outcome.operations


def _facts(decision: Decision) -> list[Decision]:
    """Leave out operations, which may hold copies of what was sent, byte by byte."""
    hypothetical = _facts(decision.audit) if decision.audit else []
    return [msgspec.structs.replace(decision, operations=[], audit=None), *hypothetical]


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


def _contributes(policy: Policy, policies: list[Policy], outcome: Any, tolerated: Tolerated) -> bool:
    """Say whether a policy owns placement or one of its values stands in a pod that is admitted already."""
    owner, after = _owner(policies), outcome.after

    def stands(part: str, key: str | None, value: Any) -> bool:
        if part in SINGLES:
            return after["spec"].get(part) == value
        if part == "tolerations":
            found = [msgspec.convert(each, PodToleration) for each in _tolerations(after)]
            needed = tolerated(value.key, value.operator, value.value, value.effect)
            return any(needed <= tolerated(each.key, each.operator, each.value, each.effect) for each in found)
        return _map(after, part).get(key or "") == value

    if policy is owner or any(stands(*each) for each in _wanted(policy, owner, outcome.sent)):
        return True
    sources = [(each, fields) for each in policies for fields in _sources(each, owner, outcome.sent)]
    weights: dict[Any, int] = {}
    for _, fields in sources:
        for preferred in fields.preferred:
            weights.setdefault(preferred.preference, preferred.weight)
    for each, fields in sources:
        decided = any(weights[preferred.preference] == preferred.weight for preferred in fields.preferred)
        if each is policy and (fields.required or decided):
            return True
    gang, share = _feature(policies, "gang"), _feature(policies, "gpu_share")
    if gang and policy.scheduling and policy.scheduling.gang == gang:
        due = _gang(gang, after)
        if any(_map(after, "labels").get(key) == value for key, value in due.items()):
            return True
    container = _sharing(share, outcome.sent) if share else None
    if container is None or not policy.scheduling or policy.scheduling.gpu_share != share:
        return False
    amounts = _amounts(after["spec"]["containers"][outcome.sent["spec"]["containers"].index(container)], GPU_MEMORY)
    counted = share.gpus > 1 and _map(after, "labels").get(GPU_COUNT) == str(share.gpus)
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
    policies = _matching(scan, bundle, request)
    contributing = [policy for policy in policies if _contributes(policy, policies, outcome, tolerated)]
    expected = ",".join(sorted(f"{policy.name}@{policy.digest()[:12]}" for policy in contributing))
    assert outcome.decision.applied == expected
    written = _map(outcome.after, "annotations").get(APPLIED)
    if outcome.operations:
        assert written == (expected or None)
    else:
        assert written == _map(outcome.sent, "annotations").get(APPLIED)


@given(data=st.data())
def test_every_wanted_value_is_explained(
    *, data: st.DataObject, bundles: Bundles, requests: Requests, admit: Admit, scan: Scan, tolerated: Tolerated
) -> None:
    """Each value has an effect for the policy that decides it and for those that want what the pod ends up with, and for no other."""
    bundle, request = data.draw(bundles), data.draw(requests)
    outcome = admit(bundle, *request)
    if outcome.decision.denied:
        return
    policies = _matching(scan, bundle, request)
    owner = _owner(policies)
    stripped = _stripped(policies, outcome.sent, tolerated)
    expected: dict[tuple[str, str], set[Action]] = {}
    decided = set()
    for policy in policies:
        for part, key, value in _wanted(policy, owner, request.pod):
            if part == "tolerations":
                expected[policy.name, toleration_field(value)] = {Action.ADDED, Action.PRESENT}
                continue
            field = _field(part, key)
            before, after = (
                _single(pod, part) if part in SINGLES else _map(pod, part).get(key) for pod in (stripped, outcome.after)
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
    policies = _matching(scan, bundle, request)
    sources = [(policy.name, fields) for policy in policies for fields in _sources(policy, _owner(policies), request.pod)]
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
    policies = _matching(scan, bundle, request)
    owner, before = _owner(policies), _stripped(policies, outcome.sent, tolerated)
    expected = [
        (owner.name if owner else "", _field(part, key), value)
        for part in ("labels", "annotations")
        for key, value in _map(outcome.sent, part).items()
        if key not in _map(before, part)
    ]
    found = [
        (effect.policy, effect.field, effect.before)
        for effect in outcome.decision.effects
        if effect.action is Action.REMOVED and effect.policy and not effect.field.startswith("spec.")
    ]
    assert sorted(found) == sorted(expected)
    tolerations = [each for each in outcome.decision.effects if each.action is Action.REMOVED and "spec.tolerations" in each.field]
    assert len(tolerations) == len(_tolerations(outcome.sent)) - len(_tolerations(before))


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
