"""The control plane itself: what the other tests stand on."""

from collections.abc import Callable

import pytest

from tests.e2e.controlplane.client import ApiError, Client, Object
from tests.e2e.controlplane.nodes import FLEET, Kubelets
from tests.e2e.controlplane.plane import SCHEDULERS, Plane
from tests.e2e.controlplane.processes import until

Make = Callable[[Object], Object]


def _pod(namespace: str, **spec: object) -> Object:
    spec.setdefault("containers", [{"name": "main", "image": "none"}])
    return {"apiVersion": "v1", "kind": "Pod", "metadata": {"generateName": "pod-", "namespace": namespace}, "spec": spec}


@pytest.mark.parametrize("scheduler", SCHEDULERS)
def test_pods_of_every_scheduler_are_scheduled_and_run(
    api: Client, kubelets: Kubelets, namespace: Callable[..., str], created: Make, scheduler: str
) -> None:
    """A pod of each scheduler's name is bound to a node without a taint, and its kubelet calls it running."""
    assert kubelets
    pod = created(_pod(namespace(), schedulerName=scheduler))
    running = until(lambda: _running(api, pod), "the pod runs")
    untainted = {node.name for node in FLEET if not node.taints}
    assert running["spec"]["nodeName"] in untainted


def test_a_deployment_becomes_available(api: Client, kubelets: Kubelets, namespace: Callable[..., str], created: Make) -> None:
    """The controllers of a Deployment work: its pods come up, and it says so."""
    assert kubelets
    labels = {"app": "web"}
    template = {"metadata": {"labels": labels}, "spec": {"containers": [{"name": "main", "image": "none"}]}}
    deployment = created(
        {
            "apiVersion": "apps/v1",
            "kind": "Deployment",
            "metadata": {"name": "web", "namespace": namespace()},
            "spec": {"replicas": 2, "selector": {"matchLabels": labels}, "template": template},
        }
    )
    metadata = deployment["metadata"]

    def available() -> bool:
        found = api.read("Deployment", metadata["name"], metadata["namespace"], version="apps/v1")
        return found["status"].get("availableReplicas") == 2

    until(available, "two replicas are available")


def test_rights_are_those_that_rbac_grants(plane: Plane) -> None:
    """Who has no role may read nothing."""
    client, kubeconfig = plane.user("nobody")
    assert kubeconfig.exists()
    with pytest.raises(ApiError, match="forbidden") as refused:
        client.listed("Pod", "default")
    assert refused.value.status == 403


def test_creations_are_audited(plane: Plane, api: Client, namespace: Callable[..., str], created: Make) -> None:
    """The audit log has the creation of a pod, with what was sent."""
    pod = created(_pod(namespace()))
    name = pod["metadata"]["name"]

    def audited() -> Object | None:
        events = plane.audited(pod["metadata"]["namespace"])
        return next((event for event in events if event["responseObject"]["metadata"]["name"] == name), None)

    event = until(audited, "the creation is in the audit log")
    assert event["verb"] == "create"
    assert event["requestObject"]["spec"]["containers"][0]["image"] == "none"
    assert event["responseObject"] == pod
    assert api.warnings == []


def _running(api: Client, pod: Object) -> Object | None:
    found = api.read("Pod", pod["metadata"]["name"], pod["metadata"]["namespace"])
    return found if found["status"]["phase"] == "Running" else None
