"""The house rules of admission, one by one: what is added, what is kept, what is ours, and who is left alone."""

from collections.abc import Callable
from typing import Any

import msgspec
import pytest

from webhook.engine.bundle import VERSION, Bundle, Cluster
from webhook.engine.decision import Action, Effect, Exemption
from webhook.engine.fields import Fields, Toleration
from webhook.engine.mutate import Engine
from webhook.engine.pod import Pod
from webhook.engine.policy import Accelerator, NamespaceMatch, Placement, Policy
from webhook.engine.selector import Operator, Requirement, Selector

Admit = Callable[..., Any]

MARKER = "overbank.dev/placement"
APPLIED = "overbank.dev/applied"
INJECT = "overbank.dev/inject"
GPU = "nvidia.com/gpu"
SPOT = Toleration(key="spot", operator="Equal", value="true", effect="NoSchedule")


def _policy(name: str = "p", **given: Any) -> Policy:
    defaults: dict[str, Any] = {"priority": 0, "namespaces": NamespaceMatch(all=True), "pods": Selector()}
    return Policy(name=name, **{**defaults, **given})


def _placing(name: str = "p", *, marker: bool = False, accelerator: Accelerator | None = None, **given: Any) -> Policy:
    known = {"labels", "annotations", "scheduler_name", "tolerations"}
    fields = Fields(**{key: value for key, value in given.items() if key in known})
    placement = Placement(mechanism="resourcePolicy", marker=marker, fields=fields, accelerator=accelerator)
    return _policy(name, placement=placement, **{key: value for key, value in given.items() if key not in known})


def _injecting(name: str = "p", *, priority: int = 0, override: bool = False, **fields: Any) -> Policy:
    return _policy(name, priority=priority, override=override, inject=Fields(**fields))


def _bundle(*policies: Policy) -> Bundle:
    return Bundle(
        version=VERSION,
        cluster=Cluster(name="c", platform="ack-pro"),
        excluded_namespaces=("kube-system", "overbank-system"),
        namespaces={},
        policies=tuple(sorted(policies, key=lambda policy: (-policy.priority, policy.name))),
    )


def _mark(*policies: Policy) -> str:
    return ",".join(f"{policy.name}@{policy.digest()[:12]}" for policy in policies)


def _pod(metadata: dict[str, Any] | None = None, **spec: Any) -> dict[str, Any]:
    return {"metadata": metadata or {}, "spec": spec}


def _labelled(**labels: str) -> dict[str, Any]:
    return _pod({"labels": {key.replace("__", "/"): value for key, value in labels.items()}})


# --- The smallest patch (§3.2, §3.3) ------------------------------------------------------------------------------------------


def test_all_fields_are_written_into_a_bare_pod(admit: Admit) -> None:
    """One operation creates each missing parent whole, the scheduler is a member, tolerations are a list."""
    policy = _placing(marker=True, scheduler_name="ack-co-scheduler", annotations={"a/b": "1"}, inject=Fields(tolerations=(SPOT,)))
    outcome = admit(_bundle(policy), {"spec": {}})
    assert outcome.operations == [
        {"op": "add", "path": "/metadata", "value": {}},
        {"op": "add", "path": "/metadata/labels", "value": {MARKER: "p"}},
        {"op": "add", "path": "/metadata/annotations", "value": {"a/b": "1", APPLIED: _mark(policy)}},
        {"op": "add", "path": "/spec/schedulerName", "value": "ack-co-scheduler"},
        {
            "op": "add",
            "path": "/spec/tolerations",
            "value": [{"key": "spot", "operator": "Equal", "value": "true", "effect": "NoSchedule"}],
        },
    ]


def test_existing_parents_get_members_with_escaped_keys(admit: Admit) -> None:
    """Maps that have members are added to member by member, and lists are appended to."""
    policy = _injecting(labels={"x/~y": "1"}, annotations={"n/m": "2"}, tolerations=(SPOT,))
    pod = _pod({"labels": {"app": "web"}, "annotations": {"note": "hi"}}, tolerations=[{"key": "mine", "operator": "Exists"}])
    outcome = admit(_bundle(policy), pod)
    assert [operation["path"] for operation in outcome.operations] == [
        "/metadata/labels/x~1~0y",
        "/metadata/annotations/n~1m",
        "/metadata/annotations/overbank.dev~1applied",
        "/spec/tolerations/-",
    ]


@pytest.mark.parametrize("parent", [None, {}])
def test_null_and_empty_parents_are_created(admit: Admit, parent: dict[str, str] | None) -> None:
    """A parent that is null or empty is written whole, since a member cannot be added to null."""
    pod = {"metadata": {"labels": parent, "annotations": parent}, "spec": {"tolerations": None}}
    outcome = admit(_bundle(_injecting(labels={"l": "1"}, annotations={"a": "2"}, tolerations=(SPOT,))), pod)
    assert outcome.after["metadata"]["labels"] == {"l": "1"}
    assert outcome.after["metadata"]["annotations"].keys() == {"a", APPLIED}
    assert outcome.after["spec"]["tolerations"] == [{"key": "spot", "operator": "Equal", "value": "true", "effect": "NoSchedule"}]


@pytest.mark.parametrize("pod", [{"spec": {}}, {"metadata": None, "spec": {}}])
def test_missing_metadata_is_created_only_for_a_change_in_it(admit: Admit, pod: dict[str, Any]) -> None:
    """A pod without metadata gets it together with the first annotation, and none where nothing changes."""
    assert admit(_bundle(_injecting(annotations={"a": "1"})), pod).after["metadata"]["annotations"].keys() == {"a", APPLIED}
    assert admit(_bundle(_placing()), pod).operations == []


def test_a_pod_that_no_policy_matches_is_not_touched(admit: Admit) -> None:
    """Without a matching policy there is no operation, no mark and no warning."""
    policy = _injecting(labels={"l": "1"})
    outcome = admit(_bundle(msgspec.structs.replace(policy, pods=Selector.of({"app": "other"}))), _labelled(app="web"))
    assert outcome.operations == []
    assert (outcome.decision.policies, outcome.decision.applied, outcome.decision.effects) == ((), "", [])


# --- The author's values (§1 merging, §3.3) -----------------------------------------------------------------------------------


def test_the_authors_annotation_is_kept(admit: Admit) -> None:
    """Under ``merge: keep`` a value that the author wrote wins, and the policy has no part in the pod."""
    outcome = admit(_bundle(_injecting(annotations={"a": "ours"})), _pod({"annotations": {"a": "theirs"}}))
    assert outcome.operations == []
    assert outcome.decision.effects == [Effect("p", "metadata.annotations[a]", Action.KEPT, "theirs", "theirs")]


def test_override_replaces_the_authors_annotation(admit: Admit) -> None:
    """Under ``merge: override`` the policy's value wins."""
    outcome = admit(_bundle(_injecting(override=True, annotations={"a": "ours"})), _pod({"annotations": {"a": "theirs"}}))
    assert outcome.after["metadata"]["annotations"]["a"] == "ours"
    assert outcome.decision.effects == [Effect("p", "metadata.annotations[a]", Action.REPLACED, "theirs", "ours")]


def test_an_empty_value_is_a_value(admit: Admit) -> None:
    """An annotation or label that the author left empty is written, so it is kept."""
    pod = _pod({"annotations": {"a": ""}, "labels": {"l": ""}})
    assert admit(_bundle(_injecting(annotations={"a": "ours"}, labels={"l": "ours"})), pod).operations == []


def test_override_does_not_reach_labels(admit: Admit) -> None:
    """A label that the author wrote stays even under ``merge: override``, since a ReplicaSet may select by it."""
    outcome = admit(_bundle(_injecting(override=True, labels={"l": "ours"})), _labelled(l="theirs"))
    assert outcome.operations == []
    assert outcome.decision.effects[0].action is Action.KEPT


@pytest.mark.parametrize("spec", [{}, {"schedulerName": None}, {"schedulerName": ""}, {"schedulerName": "default-scheduler"}])
def test_the_default_scheduler_counts_as_unset(admit: Admit, spec: dict[str, Any]) -> None:
    """API defaulting fills the name in before webhooks run, so under ``keep`` it is replaced; an empty name is none."""
    outcome = admit(_bundle(_injecting(scheduler_name="volcano")), _pod(**spec))
    assert outcome.after["spec"]["schedulerName"] == "volcano"
    before = spec.get("schedulerName") or None
    action = Action.REPLACED if before else Action.ADDED
    assert outcome.decision.effects == [Effect("p", "spec.schedulerName", action, before, "volcano")]


@pytest.mark.parametrize(("override", "expected"), [(False, "custom"), (True, "volcano")])
def test_the_authors_scheduler_is_kept_unless_overridden(admit: Admit, override: bool, expected: str) -> None:  # noqa: FBT001
    """A scheduler that the author chose stays under ``keep`` and goes under ``override``."""
    outcome = admit(_bundle(_injecting(override=override, scheduler_name="volcano")), _pod(schedulerName="custom"))
    assert outcome.after["spec"]["schedulerName"] == expected


def test_a_kept_value_that_placement_needs_is_warned_about(admit: Admit) -> None:
    """The author of a pod that escapes its placement is told by which field, one sentence for each."""
    policy = _placing(scheduler_name="ack-co-scheduler", labels={"eci": "true"}, annotations={"vci": "enforce"})
    pod = _pod({"labels": {"eci": "false"}, "annotations": {"vci": "never"}}, schedulerName="custom")
    assert admit(_bundle(policy), pod).decision.warnings == [
        'overbank policy p: spec.schedulerName is kept as "custom", so the pod escapes its placement',
        'overbank policy p: metadata.labels[eci] is kept as "false", so the pod escapes its placement',
        'overbank policy p: metadata.annotations[vci] is kept as "never", so the pod escapes its placement',
    ]


def test_a_kept_value_that_is_only_injected_is_not_warned_about(admit: Admit) -> None:
    """What has nothing to do with placement is the author's business."""
    pod = _pod({"labels": {"l": "theirs"}, "annotations": {"a": "theirs"}}, schedulerName="custom")
    policy = _injecting(labels={"l": "ours"}, annotations={"a": "ours"}, scheduler_name="volcano")
    assert admit(_bundle(policy), pod).decision.warnings == []


def test_a_value_that_is_there_already_needs_no_operation(admit: Admit) -> None:
    """A pod that has everything a policy wants is left as it is, and the policy stands in it."""
    policy = _placing(scheduler_name="s", labels={"l": "1"}, annotations={"a": "2"}, inject=Fields(tolerations=(SPOT,)))
    tolerations = [{"key": "spot", "operator": "Equal", "value": "true", "effect": "NoSchedule"}]
    pod = _pod({"labels": {"l": "1"}, "annotations": {"a": "2"}}, schedulerName="s", tolerations=tolerations)
    outcome = admit(_bundle(policy), pod)
    assert outcome.operations == []
    assert {effect.action for effect in outcome.decision.effects} == {Action.PRESENT}
    assert outcome.decision.applied == _mark(policy)


# --- Several policies (§1 order and merging, §6.4) ----------------------------------------------------------------------------


def test_the_higher_priority_decides_a_key(admit: Admit) -> None:
    """Of two policies that want different values for one key, the one with the higher priority gets its own."""
    low = _injecting("a", priority=1, annotations={"k": "low"}, labels={"l": "low"}, scheduler_name="low")
    high = _injecting("z", priority=2, annotations={"k": "high"}, labels={"l": "high"}, scheduler_name="high")
    after = admit(_bundle(low, high), _pod()).after
    assert after["metadata"] == {"labels": {"l": "high"}, "annotations": {"k": "high", APPLIED: _mark(high)}}
    assert after["spec"] == {"schedulerName": "high"}


def test_among_equal_priorities_the_name_decides(admit: Admit) -> None:
    """The order is total: the name that sorts first comes first."""
    outcome = admit(_bundle(_injecting("b", annotations={"k": "b"}), _injecting("a", annotations={"k": "a"})), _pod())
    assert outcome.decision.policies == ("a", "b")
    assert outcome.after["metadata"]["annotations"]["k"] == "a"


def test_maps_merge_key_by_key(admit: Admit) -> None:
    """A lower policy contributes the keys that no higher one names."""
    high = _injecting("high", priority=2, labels={"both": "high"})
    low = _injecting("low", priority=1, labels={"both": "low", "own": "low"})
    outcome = admit(_bundle(high, low), _pod())
    assert outcome.after["metadata"]["labels"] == {"both": "high", "own": "low"}
    assert outcome.decision.applied == _mark(high, low)


def test_a_lower_override_does_not_reach_past_a_higher_keep(admit: Admit) -> None:
    """For each key the highest policy that injects it decides alone, under its own ``merge``."""
    keeping = _injecting("high", priority=2, annotations={"k": "kept"}, scheduler_name="kept")
    overriding = _injecting("low", priority=1, override=True, annotations={"k": "forced"}, scheduler_name="forced")
    outcome = admit(_bundle(keeping, overriding), _pod({"annotations": {"k": "theirs"}}, schedulerName="custom"))
    assert outcome.operations == []
    assert outcome.decision.applied == ""


def test_a_higher_override_decides_over_a_lower_keep(admit: Admit) -> None:
    """The highest policy overrides the author's value although a lower one would keep it."""
    overriding = _injecting("high", priority=2, override=True, annotations={"k": "forced"})
    keeping = _injecting("low", priority=1, annotations={"k": "kept"})
    outcome = admit(_bundle(overriding, keeping), _pod({"annotations": {"k": "theirs"}}))
    assert outcome.after["metadata"]["annotations"] == {"k": "forced", APPLIED: _mark(overriding)}


def test_policies_of_one_value_share_it(admit: Admit) -> None:
    """Policies that want the same value both stand in the pod, and there is one operation."""
    first, second = _injecting("a", annotations={"k": "same"}), _injecting("b", annotations={"k": "same"})
    outcome = admit(_bundle(first, second), _pod({"annotations": {"note": "hi"}}))
    assert [operation["path"] for operation in outcome.operations] == [
        "/metadata/annotations/k",
        "/metadata/annotations/overbank.dev~1applied",
    ]
    assert outcome.decision.applied == _mark(first, second)


def test_the_first_policy_with_pools_owns_placement(admit: Admit) -> None:
    """Only the owner's placement is written; policies without pools do not own, and all of them inject."""
    injecting = _injecting("top", priority=3, labels={"i": "1"})
    owner = _placing("owner", priority=2, marker=True, annotations={"place": "owner"}, inject=Fields(labels={"j": "2"}))
    other = _placing(
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
    outcome = admit(_bundle(injecting, owner, other), _pod(containers=[{"resources": {"limits": {GPU: 1}}}]))
    assert outcome.decision.owner == "owner"
    assert outcome.after["metadata"]["labels"] == {MARKER: "owner", "i": "1", "j": "2", "k": "3"}
    assert outcome.after["metadata"]["annotations"] == {"place": "owner", APPLIED: _mark(other, owner, injecting)}
    assert outcome.after["spec"] == outcome.sent["spec"]
    assert outcome.decision.warnings == []


# --- Accelerators -------------------------------------------------------------------------------------------------------------


def test_a_pod_that_asks_for_the_resource_gets_its_instance(admit: Admit) -> None:
    """The annotations of the accelerator class are written for pods that ask for its resource."""
    policy = _placing(accelerator=Accelerator(GPU, {"use-specs": "gn5i"}))
    outcome = admit(_bundle(policy), _pod(containers=[{"resources": {"limits": {GPU: "1"}}}]))
    assert outcome.after["metadata"]["annotations"]["use-specs"] == "gn5i"
    assert outcome.decision.warnings == []


def test_a_pod_that_does_not_ask_gets_a_warning_instead(admit: Admit) -> None:
    """A GPU instance that nobody asked for would be started and billed, so none is chosen."""
    policy = _placing(accelerator=Accelerator(GPU, {"use-specs": "gn5i"}))
    outcome = admit(_bundle(policy), _pod(containers=[{"resources": {"limits": {GPU: "0"}}}]))
    assert outcome.operations == []
    assert outcome.decision.warnings == [f"overbank policy p: no container asks for {GPU}, so no GPU instance is chosen"]


@pytest.mark.parametrize(("amount", "value"), [("1", "gn5i"), ("0", "cheap")])
def test_the_accelerator_decides_a_key_only_for_pods_that_ask(admit: Admit, amount: str, value: str) -> None:
    """Another policy's value for the same key stands, and is listed, in the pods that do not ask for the resource."""
    owner = _placing("owner", priority=1, accelerator=Accelerator(GPU, {"use-specs": "gn5i"}))
    other = _injecting("other", annotations={"use-specs": "cheap"})
    outcome = admit(_bundle(owner, other), _pod(containers=[{"resources": {"requests": {GPU: amount}}}]))
    applied = _mark(owner) if value == "gn5i" else _mark(other, owner)
    assert outcome.after["metadata"]["annotations"] == {"use-specs": value, APPLIED: applied}


def test_only_the_owners_accelerator_is_chosen(admit: Admit) -> None:
    """A policy that does not own placement chooses no instance, although the pod asks for the resource."""
    owner = _placing("owner", priority=1, accelerator=Accelerator(GPU, {"use-specs": "gn5i"}))
    other = _placing("other", accelerator=Accelerator(GPU, {"other-specs": "gn6i"}))
    outcome = admit(_bundle(owner, other), _pod(containers=[{"resources": {"limits": {GPU: "1"}}}]))
    assert outcome.after["metadata"]["annotations"] == {"use-specs": "gn5i", APPLIED: _mark(owner)}


# --- Tolerations (§3.3, §6.7) -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "existing",
    [
        {"key": "spot", "operator": "Equal", "value": "true", "effect": "NoSchedule"},
        {"key": "spot", "value": "true", "effect": "NoSchedule"},
        {"key": "spot", "operator": "Exists", "effect": "NoSchedule"},
        {"key": "spot", "operator": "Exists"},
        {"operator": "Exists"},
    ],
)
def test_a_satisfied_toleration_is_not_added(admit: Admit, existing: dict[str, Any]) -> None:
    """An existing toleration of the same taint is enough, also one with Exists."""
    assert admit(_bundle(_injecting(tolerations=(SPOT,))), _pod(tolerations=[existing])).operations == []


@pytest.mark.parametrize(
    "existing",
    [
        {"key": "spot", "operator": "Equal", "value": "false", "effect": "NoSchedule"},
        {"key": "spot", "operator": "Equal", "value": "true", "effect": "NoExecute"},
        {"key": "other", "operator": "Exists"},
        {"operator": "Exists", "effect": "NoExecute"},
    ],
)
def test_an_unsatisfied_toleration_is_appended(admit: Admit, existing: dict[str, Any]) -> None:
    """A toleration of another value, effect or key is not enough; the author's own stays in front."""
    outcome = admit(_bundle(_injecting(tolerations=(SPOT,))), _pod(tolerations=[existing]))
    assert outcome.after["spec"]["tolerations"] == [
        existing,
        {"key": "spot", "operator": "Equal", "value": "true", "effect": "NoSchedule"},
    ]


def test_the_authors_seconds_are_kept(admit: Admit) -> None:
    """For NoExecute any existing toleration of the taint is the author's own value, so nothing is appended."""
    wanted = Toleration(key="node.kubernetes.io/unreachable", operator="Exists", effect="NoExecute", toleration_seconds=30)
    default = {"key": "node.kubernetes.io/unreachable", "operator": "Exists", "effect": "NoExecute", "tolerationSeconds": 300}
    assert admit(_bundle(_injecting(tolerations=(wanted,))), _pod(tolerations=[default])).operations == []


def test_tolerations_of_several_policies_are_a_union(admit: Admit) -> None:
    """Each toleration is appended once, in deciding order, and one that is implied by an earlier one is not."""
    broad = Toleration(key="spot", operator="Exists")
    other = Toleration(key="gpu", operator="Exists", effect="NoSchedule")
    high, low = _injecting("high", priority=1, tolerations=(broad,)), _injecting("low", tolerations=(SPOT, other, broad))
    outcome = admit(_bundle(high, low), _pod())
    assert outcome.after["spec"]["tolerations"] == [
        {"key": "spot", "operator": "Exists"},
        {"key": "gpu", "operator": "Exists", "effect": "NoSchedule"},
    ]
    assert outcome.decision.applied == _mark(high, low)


def test_tolerations_of_a_placement_are_appended(admit: Admit) -> None:
    """Whatever fields a placement carries are written, tolerations too."""
    outcome = admit(_bundle(_placing(tolerations=(SPOT,))), _pod())
    assert outcome.after["spec"].get("tolerations") == [
        {"key": "spot", "operator": "Equal", "value": "true", "effect": "NoSchedule"},
    ]


# --- The marker (§6.2) --------------------------------------------------------------------------------------------------------


def test_the_owners_marker_is_written(admit: Admit) -> None:
    """Where a ResourcePolicy selects by marker, the pod gets the owner's name as label."""
    assert admit(_bundle(_placing(marker=True)), _labelled(app="x")).after["metadata"]["labels"] == {"app": "x", MARKER: "p"}


def test_a_wrong_marker_is_replaced(admit: Admit) -> None:
    """The marker key is ours: a value that the author wrote gives way, although labels are kept otherwise."""
    outcome = admit(_bundle(_placing(marker=True)), _labelled(overbank__dev="x", **{MARKER: "theirs"}))
    assert outcome.after["metadata"]["labels"][MARKER] == "p"
    assert Effect("p", f"metadata.labels[{MARKER}]", Action.REPLACED, "theirs", "p") in outcome.decision.effects


@pytest.mark.parametrize("policies", [[], [_injecting()], [_placing("direct")]], ids=["none", "injecting", "direct"])
def test_a_marker_that_nobody_is_due_is_removed(admit: Admit, policies: list[Policy]) -> None:
    """Without a matching policy, without an owner, and under an owner that selects directly, the marker goes."""
    outcome = admit(_bundle(*policies), _labelled(app="x", **{MARKER: "direct"}))
    assert outcome.after["metadata"]["labels"] == {"app": "x"}
    assert outcome.decision.effects[0] == Effect("", f"metadata.labels[{MARKER}]", Action.REMOVED, "direct")


def test_a_marker_of_a_policy_that_does_not_own_is_removed(admit: Admit) -> None:
    """A lower policy's marker would put the pod under two ResourcePolicies."""
    bundle = _bundle(_placing("owner", priority=1), _placing("lower", marker=True))
    assert MARKER not in admit(bundle, _labelled(app="x", **{MARKER: "lower"})).after["metadata"]["labels"]


def test_an_empty_marker_is_a_marker(admit: Admit) -> None:
    """The key with an empty value is removed as well."""
    assert admit(_bundle(), _labelled(**{MARKER: ""})).after["metadata"]["labels"] == {}


# --- Left alone (§3.4, §6.6, §6.8) --------------------------------------------------------------------------------------------

EVERYTHING = _placing(
    marker=True,
    scheduler_name="s",
    labels={"l": "1"},
    annotations={"a": "1"},
    override=True,
    inject=Fields(tolerations=(SPOT,)),
)


@pytest.mark.parametrize(
    ("pod", "exemption"),
    [
        (_pod({"annotations": {"kubernetes.io/config.mirror": "0123"}}), Exemption.MIRROR_POD),
        (_pod({"annotations": {"kubernetes.io/config.mirror": ""}}), Exemption.MIRROR_POD),
        (_pod(nodeName="worker-1"), Exemption.NODE_NAME),
        (_pod({"ownerReferences": [{"kind": "DaemonSet", "controller": True}]}), Exemption.DAEMON_SET),
        (
            _pod(
                {"ownerReferences": [{"kind": "Foo"}, {"apiVersion": "apps.kruise.io/v1", "kind": "DaemonSet", "controller": True}]}
            ),
            Exemption.DAEMON_SET,
        ),
    ],
)
def test_exempt_pods_are_left_alone(admit: Admit, pod: dict[str, Any], exemption: Exemption) -> None:
    """Mirror pods, bound pods and pods of any kind called DaemonSet get no operation, not even on the marker key."""
    pod["metadata"]["labels"] = {MARKER: "theirs"}
    outcome = admit(_bundle(EVERYTHING), pod)
    assert outcome.operations == []
    assert outcome.decision.exemption is exemption


@pytest.mark.parametrize("namespace", ["kube-system", "overbank-system"])
def test_excluded_namespaces_are_left_alone(admit: Admit, namespace: str) -> None:
    """Pods in an excluded namespace and in the webhook's own get no operation, whatever their own metadata says."""
    outcome = admit(_bundle(EVERYTHING), _pod({"namespace": "default", "labels": {MARKER: "theirs"}}), namespace, {})
    assert outcome.operations == []
    assert outcome.decision.exemption is Exemption.EXCLUDED_NAMESPACE


@pytest.mark.parametrize(
    "pod",
    [
        _pod(nodeName=""),
        _pod(nodeName=None),
        _pod({"annotations": None, "ownerReferences": None}),
        _pod({"ownerReferences": [{"kind": "DaemonSet"}]}),
        _pod({"ownerReferences": [{"kind": "DaemonSet", "controller": False}]}),
        _pod({"ownerReferences": [{"kind": "ReplicaSet", "controller": True}]}),
        _pod({"namespace": "kube-system"}),
        _labelled(**{"kubernetes.io/config.mirror": "x"}),
    ],
)
def test_pods_that_only_look_exempt_are_admitted(admit: Admit, pod: dict[str, Any]) -> None:
    """An empty node name, a DaemonSet that does not control, and keys in the wrong place exempt nobody."""
    outcome = admit(_bundle(EVERYTHING), pod)
    assert outcome.decision.exemption is None
    assert outcome.after["spec"]["schedulerName"] == "s"


@pytest.mark.parametrize(("pod_label", "namespace_labels"), [("false", None), ("false", {}), (None, {INJECT: "false"})])
def test_opted_out_pods_get_nothing(admit: Admit, pod_label: str | None, namespace_labels: dict[str, str] | None) -> None:
    """The opt-out label on the pod or on its namespace keeps every policy away."""
    pod = _pod({"labels": {"app": "x"} | ({INJECT: pod_label} if pod_label else {})})
    outcome = admit(_bundle(EVERYTHING), pod, "default", namespace_labels)
    assert outcome.operations == []
    assert (outcome.decision.exemption, outcome.decision.policies) == (Exemption.OPTED_OUT, ())


def test_opted_out_pods_lose_a_marker(admit: Admit) -> None:
    """The marker key is ours on opted-out pods too, and the annotation that explained it goes with it."""
    pod = _pod({"labels": {INJECT: "false", MARKER: "p"}, "annotations": {APPLIED: "p@0123456789ab", "note": "hi"}})
    outcome = admit(_bundle(EVERYTHING), pod)
    assert outcome.operations == [
        {"op": "remove", "path": "/metadata/labels/overbank.dev~1placement"},
        {"op": "remove", "path": "/metadata/annotations/overbank.dev~1applied"},
    ]


@pytest.mark.parametrize("value", ["true", "", "False", "FALSE", "0", "disabled"])
def test_only_false_opts_out(admit: Admit, value: str) -> None:
    """Any other value of the opt-out label has no meaning, on pods and on namespaces."""
    assert admit(_bundle(EVERYTHING), _labelled(**{INJECT: value}), "default", {INJECT: value}).decision.exemption is None


def test_an_annotation_does_not_opt_out(admit: Admit) -> None:
    """The opt-out is a label, since the webhook configuration can look at those."""
    assert admit(_bundle(EVERYTHING), _pod({"annotations": {INJECT: "false"}})).decision.exemption is None


def test_an_unknown_namespace_is_not_opted_out_and_no_selector_matches_it(admit: Admit) -> None:
    """Where labels are not known, named and unselective policies hold, and those that select by label do not."""
    absent = NamespaceMatch(selector=Selector.of(None, [Requirement("env", Operator.DOES_NOT_EXIST)]))
    bundle = _bundle(
        _policy("selected", namespaces=absent, inject=Fields(labels={"l": "selected"})),
        _policy("named", namespaces=NamespaceMatch(names=("stranger",)), inject=Fields(labels={"l": "named"})),
    )
    unknown, known = admit(bundle, _pod(), "stranger", None), admit(bundle, _pod(), "stranger", {})
    assert unknown.decision.exemption is None
    assert unknown.decision.policies == ("named",)
    assert known.decision.policies == ("named", "selected")


# --- Explanations (§3.5, §6.11) -----------------------------------------------------------------------------------------------


def test_the_applied_annotation_is_written_only_beside_another_change(admit: Admit) -> None:
    """A pod that needs nothing else does not get the annotation, and a stale one stays as it is."""
    policy = _injecting(labels={"l": "1"})
    for annotations in ({}, {APPLIED: "gone@0123456789ab"}):
        assert admit(_bundle(policy), _pod({"labels": {"l": "1"}, "annotations": annotations})).operations == []


def test_a_stale_applied_annotation_is_replaced(admit: Admit) -> None:
    """When something else changes, the annotation says what stands in the pod now, whatever the author or we wrote before."""
    policy = _injecting(labels={"l": "1"})
    outcome = admit(_bundle(policy), _pod({"annotations": {APPLIED: "gone@0123456789ab"}}))
    assert outcome.after["metadata"]["annotations"] == {APPLIED: _mark(policy)}


def test_a_right_applied_annotation_is_not_written_again(admit: Admit) -> None:
    """Where the annotation is right already, only the other change is made."""
    policy = _injecting(labels={"l": "1"})
    outcome = admit(_bundle(policy), _pod({"annotations": {APPLIED: _mark(policy)}}))
    assert [operation["path"] for operation in outcome.operations] == ["/metadata/labels"]


def test_a_stale_applied_annotation_goes_with_the_last_value(admit: Admit) -> None:
    """When the marker is removed and no policy stands in the pod, neither does the annotation."""
    outcome = admit(_bundle(), _pod({"labels": {MARKER: "p"}, "annotations": {APPLIED: "p@0123456789ab"}}))
    assert outcome.after["metadata"] == {"labels": {}, "annotations": {}}


def test_an_owner_is_listed_although_it_writes_nothing(admit: Admit) -> None:
    """A policy is listed when it owns placement, or when one of its values stands in the pod, and only then."""
    owner, writing, kept = _placing("owner"), _injecting("writing", labels={"l": "1"}), _injecting("kept", annotations={"a": "1"})
    outcome = admit(_bundle(owner, writing, kept), _pod({"annotations": {"a": "theirs"}}))
    assert outcome.after["metadata"]["annotations"][APPLIED] == _mark(owner, writing)


def test_the_applied_annotation_is_sorted_as_text(admit: Admit) -> None:
    """Marks are sorted as they are written, whatever the priorities are."""
    policies = [_injecting(name, priority=rank, labels={name: "1"}) for rank, name in enumerate(("b", "a", "a-b", "c"))]
    marks = admit(_bundle(*policies), _pod()).after["metadata"]["annotations"][APPLIED].split(",")
    assert marks == sorted(marks)
    assert {mark.split("@")[0] for mark in marks} == {"a", "a-b", "b", "c"}


def test_effects_say_what_became_of_each_value(admit: Admit) -> None:
    """Each value that a policy wants is explained with what was there before and what is there now."""
    policy = _placing(scheduler_name="s", annotations={"new": "1"}, inject=Fields(labels={"mine": "ours"}, tolerations=(SPOT,)))
    pod = _pod({"labels": {"mine": "theirs"}}, schedulerName="default-scheduler", tolerations=[{"operator": "Exists"}])
    assert admit(_bundle(policy), pod).decision.effects == [
        Effect("p", "spec.schedulerName", Action.REPLACED, "default-scheduler", "s"),
        Effect("p", "metadata.labels[mine]", Action.KEPT, "theirs", "theirs"),
        Effect("p", "metadata.annotations[new]", Action.ADDED, None, "1"),
        Effect("p", "spec.tolerations[spot=true:NoSchedule]", Action.PRESENT, "op=Exists", "op=Exists"),
    ]


def test_effects_tell_of_every_policy_that_wants_the_value(admit: Admit) -> None:
    """Policies after the decider are explained where they want what the pod ends up with: its own, a replaced or a kept value."""
    first = _injecting("a", override=True, annotations={"replaced": "new", "there": "1"}, labels={"kept": "other"})
    second = _injecting("b", annotations={"replaced": "new", "there": "1"}, labels={"kept": "mine"})
    third = _injecting("c", annotations={"replaced": "else", "there": "2"}, labels={"kept": "else"})
    pod = _pod({"annotations": {"replaced": "old", "there": "1"}, "labels": {"kept": "mine"}})
    outcome = admit(_bundle(first, second, third), pod)
    assert sorted((effect.field, effect.policy, effect.action.value) for effect in outcome.decision.effects) == [
        ("metadata.annotations[replaced]", "a", "replaced"),
        ("metadata.annotations[replaced]", "b", "present"),
        ("metadata.annotations[there]", "a", "present"),
        ("metadata.annotations[there]", "b", "present"),
        ("metadata.labels[kept]", "a", "kept"),
        ("metadata.labels[kept]", "b", "present"),
    ]
    assert outcome.decision.applied == _mark(first, second)


@pytest.mark.parametrize("existing", [[], [{"operator": "Exists"}]])
def test_effects_tell_of_every_toleration_that_is_wanted(admit: Admit, existing: list[dict[str, Any]]) -> None:
    """A toleration that another policy's covers is explained as present, whether that one is added or covered itself."""
    broad = _injecting("a", tolerations=(Toleration(key="spot", operator="Exists"),))
    narrow = _injecting("b", tolerations=(SPOT,))
    outcome = admit(_bundle(broad, narrow), _pod(tolerations=existing))
    assert [(effect.policy, effect.field, effect.action.value) for effect in outcome.decision.effects] == [
        ("a", "spec.tolerations[spot op=Exists]", "present" if existing else "added"),
        ("b", "spec.tolerations[spot=true:NoSchedule]", "present"),
    ]
    assert outcome.decision.applied == _mark(broad, narrow)


# --- Idempotence (§3.1) -------------------------------------------------------------------------------------------------------


def test_admitting_the_result_changes_nothing(admit: Admit) -> None:
    """A pod that carries the outcome is left alone, also after another webhook has added a sidecar."""
    first = admit(_bundle(EVERYTHING), _labelled(app="x"))
    assert first.operations
    after = first.after
    after["spec"]["containers"] = [{"name": "proxy", "resources": {"limits": {"cpu": "1"}}}]
    assert admit(_bundle(EVERYTHING), after).operations == []


def test_after_a_reload_only_the_changed_policy_adds(admit: Admit) -> None:
    """A pod admitted under an older bundle gets what a new policy adds, and an annotation that names both."""
    old, new = _injecting("old", labels={"l": "1"}), _injecting("new", labels={"m": "2"})
    after = admit(_bundle(old), _pod()).after
    assert admit(_bundle(old, new), after).operations == [
        {"op": "add", "path": "/metadata/labels/m", "value": "2"},
        {"op": "add", "path": "/metadata/annotations/overbank.dev~1applied", "value": _mark(new, old)},
    ]


def test_the_pod_that_was_passed_in_is_not_changed() -> None:
    """Deciding is free of side effects on the pod."""
    raw = msgspec.json.encode(_pod({"labels": {MARKER: "theirs"}, "annotations": {"a": "theirs"}}, tolerations=[{"key": "k"}]))
    pod = msgspec.json.decode(raw, type=Pod)
    before = msgspec.json.encode(pod)
    assert Engine(_bundle(EVERYTHING)).admit(pod, "default", None).operations
    assert msgspec.json.encode(pod) == before
