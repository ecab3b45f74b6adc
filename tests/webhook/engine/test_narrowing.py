"""The emitted webhook configuration and the engine agree: no pod that the engine would change is kept from it.

The configuration may let through pods that need no change; it must not hold back one that does. Its CEL is evaluated by
cel-python.
"""

from typing import Any
from unittest import mock

import celpy
import msgspec
import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.strategies import SearchStrategy

from compiler.emit import webhook_config
from compiler.ir import ClusterIR
from compiler.versions import Version
from tests.webhook.engine.apiserver import program, selected
from tests.webhook.engine.builders import bundle_of
from tests.webhook.engine.fixtures import Admit, Bundles, MakeIR, Requests
from webhook.engine.bundle import Bundle
from webhook.engine.fields import Fields
from webhook.engine.keys import EXCLUDE_LABEL, INJECT_LABEL, PLACEMENT_LABEL
from webhook.engine.policy import NamespaceMatch, Placement, Policy
from webhook.engine.selector import Operator, Requirement, Selector

CHANGE = Fields(annotations={"a": "1"})


def _stored(pod: dict[str, Any]) -> dict[str, Any]:
    """Return the metadata as CEL sees it: decoded into core/v1 types and back, which drops what is null or empty."""
    metadata = {
        key: value
        for key, value in (pod.get("metadata") or {}).items()
        if key in ("labels", "annotations", "ownerReferences") and value
    }
    return {"metadata": metadata, "spec": {}}


def _passes(condition: dict[str, str], pod: dict[str, Any]) -> bool:
    return bool(program(condition["expression"]).evaluate({"object": celpy.json_to_cel(_stored(pod))}))


def _webhooks(ir: ClusterIR) -> list[dict[str, Any]]:
    (content,) = webhook_config.emit(ir).values()
    found: list[dict[str, Any]] = yaml.safe_load(content)["webhooks"]
    return found


def _calls(webhook: dict[str, Any], pod: dict[str, Any], namespace_labels: dict[str, str]) -> bool:
    """Decide as the API server does whether a webhook is called for a pod."""
    labels = _stored(pod)["metadata"].get("labels", {})
    return (
        selected(webhook["namespaceSelector"]["matchExpressions"], namespace_labels)
        and selected(webhook.get("objectSelector", {}).get("matchExpressions", []), labels)
        and all(_passes(condition, pod) for condition in webhook.get("matchConditions", ()))
    )


def _called(ir: ClusterIR, pod: dict[str, Any], namespace: str = "shop", labels: dict[str, str] | None = None) -> list[str]:
    """Name the webhooks that are called for a pod in a namespace with these labels and those that Kubernetes adds."""
    labels = dict(labels or {})
    if ir.kubernetes >= Version.parse("1.21"):
        labels["kubernetes.io/metadata.name"] = namespace
    elif namespace in ir.bundle.excluded_namespaces:
        labels[EXCLUDE_LABEL] = "true"  # the rule exclusion_label makes sure
    return [webhook["name"] for webhook in _webhooks(ir) if _calls(webhook, pod, labels)]


def _policy(*requirements: Requirement, names: tuple[str, ...] = ("shop",), marker: bool = False) -> Policy:
    placement = Placement(mechanism="resourcePolicy", marker=True) if marker else None
    return Policy(
        name="p",
        priority=0,
        namespaces=NamespaceMatch(names=names),
        pods=Selector.of(None, requirements),
        placement=placement,
        inject=CHANGE,
    )


def _narrowable(bundle: Bundle) -> Bundle:
    """Keep the policies that require a label pair, so that there is a condition on labels; keep all if none does."""
    kept = [policy for policy in bundle.policies if any(each.operator is Operator.IN for each in policy.pods.requirements)]
    return msgspec.structs.replace(bundle, policies=tuple(kept)) if kept else bundle


def _meeting(data: st.DataObject, bundle: Bundle, pod: dict[str, Any]) -> dict[str, Any]:
    """Give the pod the label pairs that one of the policies requires, since few pods have them by chance."""
    policy = data.draw(st.sampled_from(bundle.policies))
    pairs = [requirement for requirement in policy.pods.requirements if requirement.operator is Operator.IN]
    metadata = pod.get("metadata") or {}
    labels = {**(metadata.get("labels") or {}), **{each.key: data.draw(st.sampled_from(each.values)) for each in pairs}}
    return {**pod, "metadata": {**metadata, "labels": labels}}


@given(data=st.data())
def test_every_pod_that_would_be_changed_comes_through(
    *, data: st.DataObject, bundles: Bundles, requests: Requests, opted_out_requests: Requests, cluster_ir: MakeIR, admit: Admit
) -> None:
    """On every version, however many values fit in a condition: a pod that is changed, denied, told or audited is not held back."""
    bundle = data.draw(bundles | bundles.map(_narrowable))
    bound = requests.map(lambda request: ({**request[0], "spec": {**request[0]["spec"], "nodeName": "n"}}, *request[1:]))
    ir = cluster_ir(bundle, data.draw(st.sampled_from(("1.20", "1.21", "1.27", "1.28", "1.30"))))
    values, length = data.draw(st.sampled_from(((0, 90_000), (1, 90_000), (500, 90_000), (500, 150), (500, 100), (500, 10))))
    with mock.patch.object(webhook_config, "MAX_VALUES", values), mock.patch.object(webhook_config, "MAX_EXPRESSION", length):
        for drawn, namespace, labels in data.draw(st.lists(requests | opted_out_requests | bound, min_size=1, max_size=2)):
            for pod in (drawn, _meeting(data, bundle, drawn)):
                decision = admit(bundle, pod, namespace, labels).decision
                if decision.operations or decision.denied or decision.warnings or decision.audit:
                    assert _called(ir, pod, namespace, labels)


@given(data=st.data())
def test_mirror_and_daemonset_pods_never_pay(
    data: st.DataObject, bundles: Bundles, exempt_requests: SearchStrategy[Any], cluster_ir: MakeIR
) -> None:
    """Where there are matchConditions, pods that are exempt by their own metadata, or by an excluded namespace, are held back."""
    ir = cluster_ir(data.draw(bundles), "1.28")
    (pod, namespace, labels), reason = data.draw(exempt_requests)
    named = any("kube-system" in policy.namespaces.names for policy in ir.bundle.policies)  # the rule namespaces refuses that
    if reason in ("mirror-pod", "daemon-set") or (reason == "excluded-namespace" and not named):
        assert _called(ir, pod, namespace, labels) == []


@pytest.mark.parametrize("kubernetes", ["1.20", "1.21", "1.28"])
@pytest.mark.parametrize(
    ("namespace", "labels"),
    [("shop", {}), ("elsewhere", {}), ("shop", {INJECT_LABEL: "false"}), ("elsewhere", {INJECT_LABEL: "false"})],
)
def test_a_marker_comes_through_from_everywhere(
    namespace: str, labels: dict[str, str], kubernetes: str, cluster_ir: MakeIR, admit: Admit
) -> None:
    """The marker key is ours in namespaces that no policy names, in opted-out ones, and on pods that no policy matches."""
    bundle = bundle_of(_policy(Requirement("app", Operator.IN, ("web",)), marker=True))
    pod = {"metadata": {"labels": {"app": "other", PLACEMENT_LABEL: "p"}}, "spec": {}}
    assert admit(bundle, pod, namespace, labels).operations
    assert "marks.overbank.dev" in _called(cluster_ir(bundle, kubernetes), pod, namespace, labels)


@pytest.mark.parametrize("kubernetes", ["1.20", "1.21", "1.28"])
def test_excluded_namespaces_never_pay(kubernetes: str, cluster_ir: MakeIR) -> None:
    """Whether or not policies are bound to names, excluded namespaces are held back, for pods with a marker too."""
    everywhere = Policy(name="p", priority=0, namespaces=NamespaceMatch(all=True), pods=Selector(), inject=CHANGE)
    for policy in (everywhere, _policy()):
        ir = cluster_ir(bundle_of(policy), kubernetes)
        for namespace in ("kube-system", "overbank-system"):
            assert _called(ir, {"metadata": {"labels": {PLACEMENT_LABEL: "p"}}}, namespace) == []
        assert _called(ir, {}, "shop") == ["pods.overbank.dev"]


def test_pods_that_no_policy_can_match_never_pay(cluster_ir: MakeIR) -> None:
    """The configuration does narrow: other label values, no labels and other namespaces are held back."""
    ir = cluster_ir(bundle_of(_policy(Requirement("app", Operator.IN, ("x", "y")), Requirement("tier", Operator.EXISTS))))
    matching = {"metadata": {"labels": {"app": "x", "tier": "web"}}}
    assert _called(ir, matching) == ["pods.overbank.dev"]
    for labels in ({"app": "z", "tier": "web"}, {"tier": "web"}, {}, None):
        assert _called(ir, {"metadata": {"labels": labels}}) == []
    assert _called(ir, matching, "elsewhere") == []


def test_a_pod_that_is_being_marked_pays_once(cluster_ir: MakeIR, admit: Admit) -> None:
    """The webhook for marked pods comes first, so a pod that the second one marks has passed it by."""
    bundle = bundle_of(_policy(Requirement("app", Operator.IN, ("web",)), marker=True))
    ir, pod = cluster_ir(bundle), {"metadata": {"labels": {"app": "web"}}, "spec": {}}
    assert [webhook["name"] for webhook in _webhooks(ir)] == ["marks.overbank.dev", "pods.overbank.dev"]
    assert _called(ir, pod) == ["pods.overbank.dev"]
    assert _called(ir, admit(bundle, pod, "shop", {}).after) == ["marks.overbank.dev", "pods.overbank.dev"]


def test_each_policy_has_its_own_way_through(cluster_ir: MakeIR) -> None:
    """Policies that require different keys, or different values of one, let through their own pods."""
    requirements = (("app", ("a", "b")), ("app", ("c",)), ("tier", ("t",)), ("zone", ("z",)))
    ir = cluster_ir(bundle_of(*(_policy(Requirement(key, Operator.IN, values)) for key, values in requirements)))
    for key, value in (("app", "a"), ("app", "b"), ("app", "c"), ("tier", "t"), ("zone", "z")):
        assert _called(ir, {"metadata": {"labels": {key: value, "other": "x"}}})
    assert not _called(ir, {"metadata": {"labels": {"app": "t", "tier": "a", "zone": "c"}}})


def test_a_policy_without_a_pair_lets_everybody_through(cluster_ir: MakeIR) -> None:
    """One policy that requires no label pair is enough for pods not to be narrowed at all."""
    ir = cluster_ir(bundle_of(_policy(Requirement("app", Operator.IN, ("a",))), _policy(Requirement("tier", Operator.EXISTS))))
    for labels in ({"tier": "x"}, {"other": "x"}, None):
        assert _called(ir, {"metadata": {"labels": labels}}) == ["pods.overbank.dev"]


def test_many_values_are_narrowed_by_key_alone(cluster_ir: MakeIR) -> None:
    """With more values than fit in a condition, having the key is enough, and not having it still holds a pod back."""
    values = tuple(sorted(f"v{number}" for number in range(webhook_config.MAX_VALUES + 1)))
    ir = cluster_ir(bundle_of(_policy(Requirement("app", Operator.IN, values))))
    for webhook in _webhooks(ir):
        assert sum(len(condition["expression"]) for condition in webhook["matchConditions"]) < 1000
    assert _called(ir, {"metadata": {"labels": {"app": "v7"}}})
    assert _called(ir, {"metadata": {"labels": {"app": "unknown"}}})
    assert not _called(ir, {"metadata": {"labels": {"tier": "x"}}})


@pytest.mark.parametrize(("keys", "narrowed"), [(10, True), (1000, True), (3000, False)])
def test_no_expression_is_too_long_for_the_api_server(keys: int, narrowed: bool, cluster_ir: MakeIR) -> None:  # noqa: FBT001
    """Where all values do not fit, the keys are asked for, and where these do not fit either, pods are not narrowed."""
    values = tuple(sorted(f"value-{number}-{'x' * 40}" for number in range(400)))
    ir = cluster_ir(bundle_of(*(_policy(Requirement(f"example.com/key-{number}", Operator.IN, values)) for number in range(keys))))
    webhook = _webhooks(ir)[-1]
    assert max(len(condition["expression"]) for condition in webhook["matchConditions"]) <= 100_000
    assert len(webhook["matchConditions"]) == (3 if narrowed else 2)


def test_keys_alone_let_every_value_through(cluster_ir: MakeIR) -> None:
    """The values that did not fit are let through, whatever they are; pods without any of the keys are still held back."""
    values = tuple(sorted(f"value-{number}-{'x' * 40}" for number in range(400)))
    ir = cluster_ir(bundle_of(*(_policy(Requirement(f"key-{number}", Operator.IN, values)) for number in range(10))))
    assert _called(ir, {"metadata": {"labels": {"key-3": "other"}}})
    assert not _called(ir, {"metadata": {"labels": {"key-x": values[0]}}})


def test_hostile_keys_are_quoted(cluster_ir: MakeIR) -> None:
    """Keys and values with quotes, backslashes and escapes of pointers mean themselves in CEL."""
    key, value = 'a~1/"b\\', "'\\n\"~0"
    ir = cluster_ir(bundle_of(_policy(Requirement(key, Operator.IN, (value,)))))
    assert _called(ir, {"metadata": {"labels": {key: value}}})
    assert not _called(ir, {"metadata": {"labels": {key: value + "x"}}})


@pytest.mark.parametrize("kubernetes", ["1.20", "1.21", "1.27"])
def test_old_versions_get_no_match_conditions(kubernetes: str, cluster_ir: MakeIR) -> None:
    """Before 1.28 the API server would refuse the field or not know it, so pods are not narrowed by label there."""
    ir = cluster_ir(bundle_of(_policy(Requirement("app", Operator.IN, ("x",)))), kubernetes)
    assert all("matchConditions" not in webhook for webhook in _webhooks(ir))
    assert _called(ir, {"metadata": {"labels": {"app": "other"}}}) == ["pods.overbank.dev"]


def test_without_policies_nobody_is_called(cluster_ir: MakeIR) -> None:
    """A cluster without policies has no webhook configuration."""
    assert webhook_config.emit(cluster_ir(bundle_of())) == {}
