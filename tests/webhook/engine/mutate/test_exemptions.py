"""Who is left alone: exempt pods, excluded namespaces, and those that opted out."""

from typing import Any

import pytest

from tests.webhook.engine.builders import bundle_of, policy_of
from tests.webhook.engine.fixtures import Admit
from tests.webhook.engine.keys import APPLIED, INJECT, MARKER
from tests.webhook.engine.mutate.given import EVERYTHING, labelled, pod_of
from webhook.engine.decision import Exemption
from webhook.engine.fields import Fields
from webhook.engine.policy import NamespaceMatch
from webhook.engine.selector import Operator, Requirement, Selector


@pytest.mark.parametrize(
    ("pod", "exemption"),
    [
        (pod_of({"annotations": {"kubernetes.io/config.mirror": "0123"}}), Exemption.MIRROR_POD),
        (pod_of({"annotations": {"kubernetes.io/config.mirror": ""}}), Exemption.MIRROR_POD),
        (pod_of(nodeName="worker-1"), Exemption.NODE_NAME),
        (pod_of({"ownerReferences": [{"kind": "DaemonSet", "controller": True}]}), Exemption.DAEMON_SET),
        (
            pod_of(
                {"ownerReferences": [{"kind": "Foo"}, {"apiVersion": "apps.kruise.io/v1", "kind": "DaemonSet", "controller": True}]}
            ),
            Exemption.DAEMON_SET,
        ),
    ],
)
def test_exempt_pods_are_left_alone(admit: Admit, pod: dict[str, Any], exemption: Exemption) -> None:
    """Mirror pods, bound pods and pods of any kind called DaemonSet get no operation, not even on the marker key."""
    pod["metadata"]["labels"] = {MARKER: "theirs"}
    outcome = admit(bundle_of(EVERYTHING), pod)
    assert outcome.operations == []
    assert outcome.decision.exemption is exemption


@pytest.mark.parametrize("namespace", ["kube-system", "overbank-system"])
def test_excluded_namespaces_are_left_alone(admit: Admit, namespace: str) -> None:
    """Pods in an excluded namespace and in the webhook's own get no operation, whatever their own metadata says."""
    outcome = admit(bundle_of(EVERYTHING), pod_of({"namespace": "default", "labels": {MARKER: "theirs"}}), namespace, {})
    assert outcome.operations == []
    assert outcome.decision.exemption is Exemption.EXCLUDED_NAMESPACE


@pytest.mark.parametrize(
    "pod",
    [
        pod_of(nodeName=""),
        pod_of(nodeName=None),
        pod_of({"annotations": None, "ownerReferences": None}),
        pod_of({"ownerReferences": [{"kind": "DaemonSet"}]}),
        pod_of({"ownerReferences": [{"kind": "DaemonSet", "controller": False}]}),
        pod_of({"ownerReferences": [{"kind": "ReplicaSet", "controller": True}]}),
        pod_of({"namespace": "kube-system"}),
        labelled(**{"kubernetes.io/config.mirror": "x"}),
    ],
)
def test_pods_that_only_look_exempt_are_admitted(admit: Admit, pod: dict[str, Any]) -> None:
    """An empty node name, a DaemonSet that does not control, and keys in the wrong place exempt nobody."""
    outcome = admit(bundle_of(EVERYTHING), pod)
    assert outcome.decision.exemption is None
    assert outcome.after["spec"]["schedulerName"] == "s"


@pytest.mark.parametrize(("pod_label", "namespace_labels"), [("false", None), ("false", {}), (None, {INJECT: "false"})])
def test_opted_out_pods_get_nothing(admit: Admit, pod_label: str | None, namespace_labels: dict[str, str] | None) -> None:
    """The opt-out label on the pod or on its namespace keeps every policy away."""
    pod = pod_of({"labels": {"app": "x"} | ({INJECT: pod_label} if pod_label else {})})
    outcome = admit(bundle_of(EVERYTHING), pod, "default", namespace_labels)
    assert outcome.operations == []
    assert (outcome.decision.exemption, outcome.decision.policies) == (Exemption.OPTED_OUT, ())


def test_opted_out_pods_lose_a_marker(admit: Admit) -> None:
    """The marker key is ours on opted-out pods too, and the annotation that explained it goes with it."""
    pod = pod_of({"labels": {INJECT: "false", MARKER: "p"}, "annotations": {APPLIED: "p@0123456789ab", "note": "hi"}})
    outcome = admit(bundle_of(EVERYTHING), pod)
    assert outcome.operations == [
        {"op": "remove", "path": "/metadata/labels/overbank.dev~1placement"},
        {"op": "remove", "path": "/metadata/annotations/overbank.dev~1applied"},
    ]


@pytest.mark.parametrize("value", ["true", "", "False", "FALSE", "0", "disabled"])
def test_only_false_opts_out(admit: Admit, value: str) -> None:
    """Any other value of the opt-out label has no meaning, on pods and on namespaces."""
    assert admit(bundle_of(EVERYTHING), labelled(**{INJECT: value}), "default", {INJECT: value}).decision.exemption is None


def test_an_annotation_does_not_opt_out(admit: Admit) -> None:
    """The opt-out is a label, since the webhook configuration can look at those."""
    assert admit(bundle_of(EVERYTHING), pod_of({"annotations": {INJECT: "false"}})).decision.exemption is None


def test_an_unknown_namespace_is_not_opted_out_and_no_selector_matches_it(admit: Admit) -> None:
    """Where labels are not known, named and unselective policies hold, and those that select by label do not."""
    absent = NamespaceMatch(selector=Selector.of(None, [Requirement("env", Operator.DOES_NOT_EXIST)]))
    bundle = bundle_of(
        policy_of("selected", namespaces=absent, inject=Fields(labels={"l": "selected"})),
        policy_of("named", namespaces=NamespaceMatch(names=("stranger",)), inject=Fields(labels={"l": "named"})),
    )
    unknown, known = admit(bundle, pod_of(), "stranger", None), admit(bundle, pod_of(), "stranger", {})
    assert unknown.decision.exemption is None
    assert unknown.decision.policies == ("named",)
    assert known.decision.policies == ("named", "selected")
