"""The backstop and the engine agree: no pod is reported that the engine would leave as it is, and bare pods are.

The emitted CEL is evaluated by cel-python, its selectors by a few lines of this module.
"""

from collections.abc import Callable
from dataclasses import replace
from functools import lru_cache
from typing import Any

import celpy
import msgspec
import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.strategies import SearchStrategy

from compiler.emit import backstop
from compiler.ir import ClusterIR
from compiler.model import Backstop
from webhook.engine.bundle import VERSION, Bundle, Cluster
from webhook.engine.fields import Fields, NodeOperator, NodeRequirement, NodeTerm, PreferredTerm, Scheduling, Toleration
from webhook.engine.keys import INJECT_LABEL, MIRROR_ANNOTATION, PLACEMENT_LABEL
from webhook.engine.policy import ALL_WORKLOADS, Accelerator, NamespaceMatch, Owner, Placement, Policy
from webhook.engine.selector import Operator, Requirement, Selector

Admit = Callable[..., Any]
MakeIR = Callable[..., ClusterIR]
Bundles = SearchStrategy[Bundle]
Requests = SearchStrategy[Any]
Object = dict[str, Any]

PARTS = ("limits", "requests")

_ENVIRONMENT = celpy.Environment()
TERM = NodeTerm(match_expressions=(NodeRequirement("pool", NodeOperator.IN, ("a",)),))
VIRTUAL = Toleration(key="virtual", operator="Equal", value="x", effect="NoSchedule")
EVERYTHING = Fields(
    labels={"l": "1"},
    annotations={"a": "1"},
    scheduler_name="volcano",
    priority_class_name="high",
    node_selector={"disk": "ssd"},
    tolerations=(VIRTUAL,),
    required=(TERM,),
    preferred=(PreferredTerm(5, TERM),),
)
EACH = [
    Fields(labels={"l": "1"}),
    Fields(annotations={"a": "1"}),
    Fields(scheduler_name="volcano"),
    Fields(priority_class_name="high"),
    Fields(node_selector={"disk": "ssd"}),
    Fields(tolerations=(VIRTUAL,)),
    Fields(required=(TERM,)),
    Fields(preferred=(PreferredTerm(5, TERM),)),
]


@lru_cache(maxsize=4096)
def _program(expression: str) -> Any:
    return _ENVIRONMENT.program(_ENVIRONMENT.compile(expression))


def _kept(value: Any, *keys: str) -> Object:
    """Return some members of an object as the API server keeps them, which drops what is null or empty."""
    return {key: value[key] for key in keys if value.get(key) not in (None, {}, [], "")} if value else {}


def _seen(pod: Object) -> Object:
    """Return the part of a pod that conditions are about as the API server sees it, decoded into core/v1 types and back."""
    spec = pod.get("spec") or {}
    seen = _kept(spec, "nodeName", "schedulerName", "priorityClassName", "nodeSelector")
    if tolerations := spec.get("tolerations"):
        seen["tolerations"] = [_kept(each, "key", "operator", "value", "effect") for each in tolerations]
    if nodes := (spec.get("affinity") or {}).get("nodeAffinity"):
        # Only whether they are there is asked for, and that list of terms is never empty.
        present = {key: [{}] for key in nodes if key.endswith("IgnoredDuringExecution") and nodes[key] not in (None, [])}
        seen["affinity"] = {"nodeAffinity": present}
    for containers in ("containers", "initContainers"):
        found = [
            {
                part: {key: str(amount) for key, amount in amounts.items()}
                for part, amounts in _kept(each.get("resources"), *PARTS).items()
            }
            for each in spec.get(containers) or ()
        ]
        if found:
            seen[containers] = [{"resources": each} for each in found]
    return {"metadata": _kept(pod.get("metadata"), "labels", "annotations", "ownerReferences"), "spec": seen}


def _selects(expressions: list[Object], labels: dict[str, str]) -> bool:
    return all(labels.get(each["key"]) not in each["values"] for each in expressions if each["operator"] == "NotIn")


def _policy_of(ir: ClusterIR) -> Object:
    for path, content in backstop.emit(ir).items():
        found: Object = yaml.safe_load(content)
        if found["kind"] == backstop.POLICY and path.startswith("_cluster/"):
            return found["spec"]
    return {"validations": [], "matchConditions": [], "variables": []}


def _reported(ir: ClusterIR, pod: Object, namespace: str, labels: dict[str, str] | None, off: str | None = None) -> list[str]:
    """Return the messages that the API server would warn with, at the end of a pod's admission; ``off`` is the emergency switch."""
    policy = _policy_of(ir)
    if not policy["validations"]:
        return []
    namespace_labels = {**(labels or {}), "kubernetes.io/metadata.name": namespace}
    seen = _seen(pod)
    constraints = policy["matchConstraints"]
    assert {
        each["operator"] for part in ("namespaceSelector", "objectSelector") for each in constraints[part]["matchExpressions"]
    } == {"NotIn"}
    if not _selects(constraints["namespaceSelector"]["matchExpressions"], namespace_labels):
        return []
    if not _selects(constraints["objectSelector"]["matchExpressions"], seen["metadata"].get("labels", {})):
        return []
    given: Object = {
        "object": celpy.json_to_cel(seen),
        "request": celpy.json_to_cel({"namespace": namespace}),
        "namespaceObject": celpy.json_to_cel({"metadata": {"name": namespace, "labels": namespace_labels}}),
        "params": celpy.json_to_cel({"data": {"disable": off}} if off is not None else {"metadata": {}}),
    }
    if not all(_program(each["expression"]).evaluate(given) for each in policy["matchConditions"]):
        return []
    variables = {each["name"]: _program(each["expression"]).evaluate(given) for each in policy["variables"]}
    given["variables"] = celpy.celtypes.MapType({celpy.celtypes.StringType(name): value for name, value in variables.items()})
    return [each["message"] for each in policy["validations"] if not _program(each["expression"]).evaluate(given)]


def _policy(name: str = "p", app: str = "web", **fields: Any) -> Policy:
    return Policy(
        **{
            "name": name,
            "priority": 0,
            "namespaces": NamespaceMatch(names=("shop",)),
            "pods": Selector.of({"app": app}),
            **fields,
        }
    )


def _bundle(*policies: Policy, namespaces: dict[str, dict[str, str]] | None = None) -> Bundle:
    return Bundle(
        version=VERSION,
        cluster=Cluster(name="c", platform="ack-pro"),
        excluded_namespaces=("kube-system", "overbank-system"),
        namespaces=namespaces or {},
        policies=policies,
    )


def _pod(**labels: str) -> Object:
    return {"metadata": {"labels": {"app": "web", **labels}}, "spec": {"schedulerName": "default-scheduler", "containers": [{}]}}


def _controllers(pod: Object) -> int:
    return sum(bool(each.get("controller")) for each in (pod.get("metadata") or {}).get("ownerReferences") or ())


@given(data=st.data())
def test_no_pod_is_reported_that_the_engine_would_leave_alone(
    *, data: st.DataObject, bundles: Bundles, requests: Requests, opted_out_requests: Requests, cluster_ir: MakeIR, admit: Admit
) -> None:
    """Whatever the policies, a pod that the engine let through is not reported, whether it knew the cluster's labels or Git's."""
    bundle = data.draw(bundles)
    ir = cluster_ir(bundle, "1.30")
    pod, namespace, labels = data.draw(requests | opted_out_requests)
    if _controllers(pod) > 1:
        return  # the API server refuses it
    for known in (labels, bundle.namespaces.get(namespace)):
        outcome = admit(bundle, pod, namespace, known)
        if not outcome.decision.denied:
            assert _reported(ir, outcome.after, namespace, labels) == []


@given(data=st.data())
def test_a_report_is_of_something_that_the_engine_would_change(
    *, data: st.DataObject, bundles: Bundles, requests: Requests, exempt_requests: Requests, cluster_ir: MakeIR, admit: Admit
) -> None:
    """A pod that is reported would have been patched or refused; pods that are exempt are never reported."""
    bundle = data.draw(bundles)
    ir = cluster_ir(bundle, "1.30")
    pod, namespace, labels = data.draw(requests)
    decision = admit(bundle, pod, namespace, labels).decision
    if _controllers(pod) <= 1 and _reported(ir, pod, namespace, labels):
        assert decision.operations or decision.denied
    (exempt, namespace, labels), _ = data.draw(exempt_requests)
    assert _reported(ir, exempt, namespace, labels) == []


@pytest.mark.parametrize("wanted", EACH)
@pytest.mark.parametrize("part", ["inject", "placement", "scheduling"])
def test_a_bare_pod_is_reported_and_a_mutated_one_is_not(wanted: Fields, part: str, cluster_ir: MakeIR, admit: Admit) -> None:
    """Every field that a policy writes is looked at on its own, whatever part of the policy wants it."""
    parts = {"inject": wanted, "placement": Placement(mechanism="affinity", fields=wanted), "scheduling": Scheduling(fields=wanted)}
    bundle = _bundle(_policy(**{part: parts[part]}))
    ir = cluster_ir(bundle)
    outcome = admit(bundle, _pod(), "shop", {})
    (message,) = _reported(ir, _pod(), "shop", {})
    assert message.startswith("overbank policy p: ")
    assert outcome.operations
    assert _reported(ir, outcome.after, "shop", {}) == []
    assert _reported(ir, _pod(app="other"), "shop", {}) == _reported(ir, _pod(), "elsewhere", {}) == []


@pytest.mark.parametrize(
    "dropped", ["labels", "annotations", "schedulerName", "priorityClassName", "nodeSelector", "tolerations", "affinity"]
)
def test_half_a_mutation_is_reported(dropped: str, cluster_ir: MakeIR, admit: Admit) -> None:
    """A pod that lost one field of its mutation on the way, to another webhook, is reported."""
    bundle = _bundle(_policy(inject=EVERYTHING))
    ir = cluster_ir(bundle)
    after = admit(bundle, _pod(), "shop", {}).after
    assert _reported(ir, after, "shop", {}) == []
    part = after["metadata"] if dropped in ("labels", "annotations") else after["spec"]
    del part[dropped]
    if dropped == "labels":
        part["labels"] = {"app": "web"}
    assert len(_reported(ir, after, "shop", {})) == 1


def test_the_authors_own_values_are_no_reason_for_a_report(cluster_ir: MakeIR) -> None:
    """A pod that had everything before admission, in the author's own words and without our annotation, is not reported."""
    pod = {
        "metadata": {"labels": {"app": "web", "l": "mine"}, "annotations": {"a": "mine"}},
        "spec": {
            "schedulerName": "mine",
            "priorityClassName": "low",
            "nodeSelector": {"disk": "hdd", "pool": "a"},
            "tolerations": [{"operator": "Exists"}],
            "affinity": {"nodeAffinity": {"preferredDuringSchedulingIgnoredDuringExecution": [{"weight": 1, "preference": {}}]}},
            "containers": [{}],
        },
    }
    assert _reported(cluster_ir(_bundle(_policy(inject=EVERYTHING))), pod, "shop", {}) == []


def test_a_marker_that_is_missing_or_wrong_is_reported(cluster_ir: MakeIR, admit: Admit) -> None:
    """The marker of the policy that owns placement has to stand in the pod; a policy that may lose to another one is not held to its own."""
    placement = Placement(mechanism="resourcePolicy", marker=True)
    bundle = _bundle(_policy("high", "web", priority=1, placement=placement), _policy("low", "web", placement=placement))
    ir = cluster_ir(bundle)
    assert [each.split(":")[0] for each in _reported(ir, _pod(), "shop", {})] == ["overbank policy high"]
    assert len(_reported(ir, _pod(**{PLACEMENT_LABEL: "low"}), "shop", {})) == 1
    assert _reported(ir, admit(bundle, _pod(), "shop", {}).after, "shop", {}) == []
    narrow = _bundle(_policy("high", "api", priority=1, placement=placement), _policy("low", pods=Selector(), placement=placement))
    assert [each.split(":")[0] for each in _reported(cluster_ir(narrow), _pod(), "shop", {})] == ["overbank policy low"]


def test_an_accelerator_is_looked_for_where_it_is_asked_for(cluster_ir: MakeIR, admit: Admit) -> None:
    """Only pods that ask for the resource, in requests or limits, and for more than nothing, miss what chooses their GPU."""
    accelerator = Accelerator(resource="nvidia.com/gpu", annotations={"specs": "g"})
    bundle = _bundle(_policy(placement=Placement(mechanism="eciLabel", accelerator=accelerator)))
    ir = cluster_ir(bundle)
    for amount, part, reported in (("1", "limits", 1), ("2", "requests", 1), ("0", "limits", 0)):
        pod = _pod()
        pod["spec"]["containers"] = [{}, {"resources": {part: {"nvidia.com/gpu": amount}}}]
        assert len(_reported(ir, pod, "shop", {})) == reported
        assert _reported(ir, admit(bundle, pod, "shop", {}).after, "shop", {}) == []
    assert _reported(ir, _pod(), "shop", {}) == []


@pytest.mark.parametrize(
    ("metadata", "spec", "namespace", "labels"),
    [
        ({"labels": {"app": "web", INJECT_LABEL: "false"}}, {}, "shop", {}),
        ({"annotations": {MIRROR_ANNOTATION: "x"}}, {}, "shop", {}),
        ({"ownerReferences": [{"apiVersion": "apps/v1", "kind": "DaemonSet", "name": "d", "controller": True}]}, {}, "shop", {}),
        ({}, {"nodeName": "n"}, "shop", {}),
        ({}, {}, "shop", {INJECT_LABEL: "false"}),
        ({}, {}, "declared-out", {}),
        ({}, {}, "kube-system", {}),
    ],
)
def test_exempt_pods_are_not_reported(
    metadata: Object, spec: Object, namespace: str, labels: dict[str, str], cluster_ir: MakeIR
) -> None:
    """What the engine leaves alone is left alone here, for namespaces also where only Git says that they opted out."""
    everywhere = _policy(namespaces=NamespaceMatch(all=True), inject=EVERYTHING)
    ir = cluster_ir(_bundle(everywhere, namespaces={"declared-out": {INJECT_LABEL: "false"}}))
    pod = _pod()
    assert _reported(ir, pod, "shop", {})
    assert _reported(ir, {"metadata": {**pod["metadata"], **metadata}, "spec": {**pod["spec"], **spec}}, namespace, labels) == []


@pytest.mark.parametrize("partial", [{"audit": True}, {"rollout": ALL_WORKLOADS - 1}])
def test_policies_that_do_not_hold_for_everybody_report_nothing(partial: Object, cluster_ir: MakeIR) -> None:
    """In audit mode, and while a policy is rolled out, pods without its values are as they should be."""
    assert backstop.emit(cluster_ir(_bundle(_policy(inject=EVERYTHING, **partial)))) == {}


def test_a_selector_of_namespaces_holds_where_git_and_the_cluster_agree(cluster_ir: MakeIR) -> None:
    """The webhook knows one of the two, so both have to select the namespace."""
    selector = NamespaceMatch(selector=Selector.of({"env": "x"}))
    ir = cluster_ir(_bundle(_policy(namespaces=selector, inject=EVERYTHING), namespaces={"shop": {"env": "x"}, "other": {}}))
    assert _reported(ir, _pod(), "shop", {"env": "x"})
    assert _reported(ir, _pod(), "shop", {"env": "y"}) == []
    assert _reported(ir, _pod(), "other", {"env": "x"}) == []
    assert _reported(ir, _pod(), "undeclared", {"env": "x"}) == []


@pytest.mark.parametrize(
    ("references", "labels", "reported"),
    [
        ([{"apiVersion": "apps/v1", "kind": "ReplicaSet", "controller": True}], {"pod-template-hash": "x"}, True),
        ([{"apiVersion": "apps/v1", "kind": "ReplicaSet", "controller": True}], {}, False),
        ([{"apiVersion": "apps/v1", "kind": "ReplicaSet"}], {"pod-template-hash": "x"}, False),
        ([{"apiVersion": "batch/v1", "kind": "Job", "controller": True}], {}, True),
        ([{"apiVersion": "v1", "kind": "Job", "controller": True}], {}, False),
        ([], {}, False),
    ],
)
def test_owners_are_those_of_the_engine(
    references: list[Object],
    labels: dict[str, str],
    reported: bool,  # noqa: FBT001
    cluster_ir: MakeIR,
    admit: Admit,
) -> None:
    """A policy for some kinds of owners reports their pods only; a Deployment's are those of a ReplicaSet with a template hash."""
    bundle = _bundle(_policy(owners=(Owner("Deployment", "apps"), Owner("Job", "batch")), inject=EVERYTHING))
    pod = _pod(**labels)
    pod["metadata"]["ownerReferences"] = [{"name": "o", **each} for each in references]
    assert bool(_reported(cluster_ir(bundle), pod, "shop", {})) == bool(admit(bundle, pod, "shop", {}).operations) == reported


@pytest.mark.parametrize(
    ("off", "reported"),
    [("", ["p", "p-2"]), ("p", ["p-2"]), ("- 'p-2'\n", ["p"]), ("a, p;b p-2", []), ("*", []), ("pp\nx-p", ["p", "p-2"])],
)
def test_what_the_emergency_switch_names_is_not_reported(off: str, reported: list[str], cluster_ir: MakeIR) -> None:
    """Whoever switches a policy off is not told that its mutation is missing; with `deny`, pods would be kept out."""
    ir = cluster_ir(_bundle(_policy("p", inject=EVERYTHING), _policy("p-2", inject=EVERYTHING)))
    assert [each.split(":")[0].split()[-1] for each in _reported(ir, _pod(), "shop", {}, off)] == reported


@pytest.mark.parametrize(
    ("choice", "actions"), [("audit", ["Audit"]), ("warn", ["Warn", "Audit"]), ("deny", ["Deny", "Audit"]), ("off", None)]
)
def test_the_author_chooses_what_becomes_of_such_pods(choice: str, actions: list[str] | None, cluster_ir: MakeIR) -> None:
    """The binding has the actions of the choice; `off` writes nothing."""
    ir = cluster_ir(_bundle(_policy(inject=EVERYTHING)))
    chosen = msgspec.structs.replace(ir.webhook, backstop=Backstop(choice))
    files = backstop.emit(replace(ir, webhook=chosen))
    bindings = [found for each in files.values() if (found := yaml.safe_load(each))["kind"] == backstop.BINDING]
    assert [each["spec"]["validationActions"] for each in bindings] == ([actions] if actions else [])


@pytest.mark.parametrize(("kubernetes", "files"), [("1.28", 0), ("1.29.9", 0), ("1.30", 3), ("1.36", 3)])
def test_versions_that_do_not_serve_it_get_nothing(kubernetes: str, files: int, cluster_ir: MakeIR) -> None:
    """The stable API is there from 1.30 on."""
    assert len(backstop.emit(cluster_ir(_bundle(_policy(inject=EVERYTHING)), kubernetes))) == files


def test_hostile_keys_are_quoted(cluster_ir: MakeIR, admit: Admit) -> None:
    """Keys and values with quotes, backslashes and escapes mean themselves in CEL."""
    key, value = 'a~1/"b\\', "'\\n\"~0"
    pods = Selector.of(None, (Requirement(key, Operator.IN, (value,)),))
    bundle = _bundle(_policy(pods=pods, inject=Fields(annotations={key: value})))
    pod = {"metadata": {"labels": {key: value}}, "spec": {"containers": [{}]}}
    assert len(_reported(cluster_ir(bundle), pod, "shop", {})) == 1
    assert _reported(cluster_ir(bundle), admit(bundle, pod, "shop", {}).after, "shop", {}) == []


def test_thousands_of_policies_fit(cluster_ir: MakeIR) -> None:
    """The object stays below what etcd takes, each expression below what the API server takes, and the first policies are those that count."""
    policies = [_policy(f"p-{number:05}", f"app-{number}", inject=EVERYTHING) for number in range(1200)]
    policies.insert(
        0,
        _policy(
            "p-0",
            pods=Selector.of(None, (Requirement("app", Operator.IN, tuple("x" * 60 + f"{n:05}" for n in range(3000))),)),
            inject=EVERYTHING,
        ),
    )
    ir = cluster_ir(_bundle(*policies))
    files = backstop.emit(ir)
    assert sum(map(len, files.values())) < 1_000_000
    spec = _policy_of(ir)
    assert 200 < len(spec["validations"]) <= 500
    assert max(len(each["expression"]) for each in spec["validations"]) < 100_000
    assert spec["validations"][0]["message"].startswith("overbank policy p-00000:")
