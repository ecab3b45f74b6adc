"""Denials and warnings: what the owner's pools cannot run, whom that concerns, and what malformed parts do."""

from collections.abc import Callable
from typing import Any

import msgspec
import pytest

from webhook.engine.decision import Exemption
from webhook.engine.fields import Fields, NodeOperator, NodeRequirement, NodeTerm
from webhook.engine.policy import Placement, Runtime, Verdict

HOST_PATH: dict[str, Any] = {"volumes": [{"name": "disk", "hostPath": {"path": "/data"}}]}
EMPTY_DIR: dict[str, Any] = {"volumes": [{"name": "shm", "emptyDir": {"medium": "Memory"}}]}

Make = Callable[..., Any]


@pytest.fixture
def placed(admit: Make, bundle_of: Make, policy_of: Make) -> Callable[..., Any]:
    """Admit a pod with this spec under a policy with these runtimes."""

    def placed(spec: dict[str, Any], *runtimes: Runtime, metadata: dict[str, Any] | None = None, **given: Any) -> Any:
        claims = given.pop("claims", None)
        mechanism = given.pop("mechanism", "resourcePolicy")
        policy = policy_of(placement=Placement(mechanism, marker=True, runtimes=runtimes, **given))
        return admit(bundle_of(policy, claims=claims), {"metadata": metadata or {}, "spec": spec})

    return placed


def test_what_a_pool_cannot_run_is_denied(placed: Make) -> None:
    """The reason names the policy and the field, for each runtime, and the pod is not patched."""
    outcome = placed(HOST_PATH, Runtime.ECI, Runtime.VCI)
    assert outcome.operations == []
    assert outcome.decision.applied == ""
    assert len(outcome.decision.denied) == 2
    assert all(each.startswith("overbank policy p: spec.volumes[disk].hostPath: ") for each in outcome.decision.denied)


def test_a_lenient_policy_warns_instead(placed: Make) -> None:
    """With ``incompatible: warn`` the pod passes with its patch."""
    outcome = placed(HOST_PATH, Runtime.ECI, incompatible=Verdict.WARN)
    assert outcome.decision.denied == ()
    assert outcome.after["metadata"]["labels"] == {"overbank.dev/placement": "p"}
    assert "hostPath" in outcome.decision.warnings[0]


def test_rows_that_only_warn_never_deny(placed: Make) -> None:
    """The vendor's own sample does what its table calls unsupported, so that is only told."""
    outcome = placed(EMPTY_DIR, Runtime.AI_NODE)
    assert outcome.decision.denied == ()
    assert "spec.volumes[shm].emptyDir" in outcome.decision.warnings[0]


def test_pools_of_real_nodes_run_everything(placed: Make) -> None:
    """Without a runtime there is no table."""
    assert (placed(HOST_PATH).decision.denied, placed(HOST_PATH).decision.warnings) == ((), [])


def test_declared_claims_are_known(placed: Make) -> None:
    """A claim of the namespace that is declared as object storage gives no warning; one of another namespace does."""
    spec = {"volumes": [{"name": "data", "persistentVolumeClaim": {"claimName": "bucket"}}]}
    driver = {"bucket": "ossplugin.csi.alibabacloud.com"}
    assert placed(spec, Runtime.AI_NODE, claims={"default": driver}).decision.warnings == []
    assert placed(spec, Runtime.AI_NODE, claims={"other": driver}).decision.warnings != []


def test_a_bound_pod_is_checked(placed: Make) -> None:
    """A pod with a node's name is never patched, and denied all the same where its policy has no other nodes than virtual ones."""
    decision = placed({**HOST_PATH, "nodeName": "virtual-kubelet"}, Runtime.ECI, mechanism="eciLabel").decision
    assert (decision.exemption, decision.policies, decision.owner, decision.applied) == (Exemption.NODE_NAME, ("p",), "p", "")
    assert len(decision.denied) == 1
    harmless = placed({"nodeName": "virtual-kubelet"}, Runtime.ECI).decision
    assert (harmless.operations, harmless.denied, harmless.warnings) == ([], (), [])


def test_a_pod_that_may_be_bound_to_a_real_node_is_only_told(placed: Make) -> None:
    """Where the policy has real nodes too, a pod with host paths and a node's name, as of kubectl debug, is not refused."""
    decision = placed({**HOST_PATH, "nodeName": "worker-1"}, Runtime.ECI).decision
    assert (decision.operations, decision.denied) == ([], ())
    assert "spec.volumes[disk].hostPath" in decision.warnings[0]


@pytest.mark.parametrize(
    ("metadata", "exemption"),
    [
        ({"annotations": {"kubernetes.io/config.mirror": "x"}}, Exemption.MIRROR_POD),
        ({"ownerReferences": [{"apiVersion": "apps/v1", "kind": "DaemonSet", "controller": True}]}, Exemption.DAEMON_SET),
        ({"labels": {"overbank.dev/inject": "false"}}, Exemption.OPTED_OUT),
    ],
)
def test_others_that_are_left_alone_are_not_checked(placed: Make, metadata: dict[str, Any], exemption: Exemption) -> None:
    """Mirror pods, DaemonSet pods and opted-out pods are let through whatever they are made of."""
    decision = placed(HOST_PATH, Runtime.ECI, metadata=metadata).decision
    assert (decision.exemption, decision.denied, decision.warnings) == (exemption, (), [])


def test_an_opted_out_bound_pod_is_not_checked(placed: Make) -> None:
    """The opt-out counts before the checks, and bound pods keep even a wrong marker."""
    metadata = {"labels": {"overbank.dev/inject": "false", "overbank.dev/placement": "x"}}
    decision = placed({**HOST_PATH, "nodeName": "n"}, Runtime.ECI, metadata=metadata).decision
    assert (decision.exemption, decision.operations, decision.denied) == (Exemption.NODE_NAME, [], ())


@pytest.mark.parametrize(
    "spec",
    [
        {"volumes": [{"name": "disk", "hostPath": "wrong"}]},
        {"volumes": {"hostPath": 1}},
        {"affinity": {"nodeAffinity": []}},
    ],
)
def test_a_malformed_part_is_an_error_when_it_is_needed(
    placed: Make, admit: Make, bundle_of: Make, policy_of: Make, spec: dict[str, Any]
) -> None:
    """A part that no policy asks about is not even looked at."""
    required = (NodeTerm((NodeRequirement("pool", NodeOperator.EXISTS),)),)
    with pytest.raises(msgspec.MsgspecError):
        placed(spec, Runtime.ECI, fields=Fields(required=required))
    assert admit(bundle_of(policy_of(inject=Fields(labels={"l": "1"}))), {"spec": spec}).operations
