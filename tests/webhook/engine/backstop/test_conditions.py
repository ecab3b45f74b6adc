"""Which pods are reported: markers, accelerators, exemptions, namespaces, owners, and the author's own values."""

import pytest

from compiler.emit import backstop
from tests.webhook.engine.backstop.reports import Object, reports_of
from tests.webhook.engine.backstop.web import EVERYTHING, web_pod, web_policy
from tests.webhook.engine.builders import bundle_of
from tests.webhook.engine.fixtures import Admit, MakeIR
from webhook.engine.keys import INJECT_LABEL, MIRROR_ANNOTATION, PLACEMENT_LABEL
from webhook.engine.policy import ALL_WORKLOADS, Accelerator, NamespaceMatch, Owner, Placement
from webhook.engine.selector import Selector


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
    assert reports_of(cluster_ir(bundle_of(web_policy(inject=EVERYTHING))), pod, "shop", {}) == []


def test_a_marker_that_is_missing_or_wrong_is_reported(cluster_ir: MakeIR, admit: Admit) -> None:
    """The marker of the policy that owns placement has to stand in the pod; a policy that may lose to another one is not held to its own."""
    placement = Placement(mechanism="resourcePolicy", marker=True)
    bundle = bundle_of(web_policy("high", "web", priority=1, placement=placement), web_policy("low", "web", placement=placement))
    ir = cluster_ir(bundle)
    assert [each.split(":")[0] for each in reports_of(ir, web_pod(), "shop", {})] == ["overbank policy high"]
    assert len(reports_of(ir, web_pod(**{PLACEMENT_LABEL: "low"}), "shop", {})) == 1
    assert reports_of(ir, admit(bundle, web_pod(), "shop", {}).after, "shop", {}) == []
    narrow = bundle_of(
        web_policy("high", "api", priority=1, placement=placement), web_policy("low", pods=Selector(), placement=placement)
    )
    assert [each.split(":")[0] for each in reports_of(cluster_ir(narrow), web_pod(), "shop", {})] == ["overbank policy low"]


def test_an_accelerator_is_looked_for_where_it_is_asked_for(cluster_ir: MakeIR, admit: Admit) -> None:
    """Only pods that ask for the resource, in requests or limits, and for more than nothing, miss what chooses their GPU."""
    accelerator = Accelerator(resource="nvidia.com/gpu", annotations={"specs": "g"})
    bundle = bundle_of(web_policy(placement=Placement(mechanism="eciLabel", accelerator=accelerator)))
    ir = cluster_ir(bundle)
    for amount, part, reported in (("1", "limits", 1), ("2", "requests", 1), ("0", "limits", 0)):
        pod = web_pod()
        pod["spec"]["containers"] = [{}, {"resources": {part: {"nvidia.com/gpu": amount}}}]
        assert len(reports_of(ir, pod, "shop", {})) == reported
        assert reports_of(ir, admit(bundle, pod, "shop", {}).after, "shop", {}) == []
    assert reports_of(ir, web_pod(), "shop", {}) == []


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
    everywhere = web_policy(namespaces=NamespaceMatch(all=True), inject=EVERYTHING)
    ir = cluster_ir(bundle_of(everywhere, namespaces={"declared-out": {INJECT_LABEL: "false"}}))
    pod = web_pod()
    assert reports_of(ir, pod, "shop", {})
    assert reports_of(ir, {"metadata": {**pod["metadata"], **metadata}, "spec": {**pod["spec"], **spec}}, namespace, labels) == []


@pytest.mark.parametrize("partial", [{"audit": True}, {"rollout": ALL_WORKLOADS - 1}])
def test_policies_that_do_not_hold_for_everybody_report_nothing(partial: Object, cluster_ir: MakeIR) -> None:
    """In audit mode, and while a policy is rolled out, pods without its values are as they should be."""
    assert backstop.emit(cluster_ir(bundle_of(web_policy(inject=EVERYTHING, **partial)))) == {}


def test_a_selector_of_namespaces_holds_where_git_and_the_cluster_agree(cluster_ir: MakeIR) -> None:
    """The webhook knows one of the two, so both have to select the namespace."""
    selector = NamespaceMatch(selector=Selector.of({"env": "x"}))
    ir = cluster_ir(bundle_of(web_policy(namespaces=selector, inject=EVERYTHING), namespaces={"shop": {"env": "x"}, "other": {}}))
    assert reports_of(ir, web_pod(), "shop", {"env": "x"})
    assert reports_of(ir, web_pod(), "shop", {"env": "y"}) == []
    assert reports_of(ir, web_pod(), "other", {"env": "x"}) == []
    assert reports_of(ir, web_pod(), "undeclared", {"env": "x"}) == []


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
    bundle = bundle_of(web_policy(owners=(Owner("Deployment", "apps"), Owner("Job", "batch")), inject=EVERYTHING))
    pod = web_pod(**labels)
    pod["metadata"]["ownerReferences"] = [{"name": "o", **each} for each in references]
    assert bool(reports_of(cluster_ir(bundle), pod, "shop", {})) == bool(admit(bundle, pod, "shop", {}).operations) == reported
