"""The control plane itself: what the other tests stand on."""

import pytest

from tests.e2e.controlplane.client import ApiError, Object
from tests.e2e.controlplane.cluster import Cluster
from tests.e2e.controlplane.nodes import FLEET
from tests.e2e.controlplane.plane import SCHEDULERS, Plane
from tests.e2e.controlplane.processes import until


def _pod(namespace: str, **spec: object) -> Object:
    spec.setdefault("containers", [{"name": "main", "image": "none"}])
    return {"apiVersion": "v1", "kind": "Pod", "metadata": {"generateName": "pod-", "namespace": namespace}, "spec": spec}


@pytest.mark.parametrize("scheduler", SCHEDULERS)
def test_pods_of_every_scheduler_are_scheduled_and_run(cluster: Cluster, scheduler: str) -> None:
    """A pod of each scheduler's name is bound to a node without a taint, and its kubelet calls it running."""
    pod = cluster.create(_pod(cluster.namespace(), schedulerName=scheduler))
    running = until(lambda: _running(cluster, pod), "the pod runs")
    untainted = {node.name for node in FLEET if not node.taints}
    assert running["spec"]["nodeName"] in untainted


def test_a_deployment_becomes_available(cluster: Cluster) -> None:
    """The controllers of a Deployment work: its pods come up, and it says so."""
    labels = {"app": "web"}
    template = {"metadata": {"labels": labels}, "spec": {"containers": [{"name": "main", "image": "none"}]}}
    deployment = cluster.create(
        {
            "apiVersion": "apps/v1",
            "kind": "Deployment",
            "metadata": {"name": "web", "namespace": cluster.namespace()},
            "spec": {"replicas": 2, "selector": {"matchLabels": labels}, "template": template},
        }
    )
    until(lambda: cluster.again(deployment)["status"].get("availableReplicas") == 2, "two replicas are available")


def test_rights_are_those_that_rbac_grants(plane: Plane) -> None:
    """Who has no role may read nothing."""
    client, kubeconfig = plane.user("nobody")
    assert kubeconfig.exists()
    with pytest.raises(ApiError, match="forbidden") as refused:
        client.listed("Pod", "default")
    assert refused.value.status == 403


def test_creations_are_audited(plane: Plane, cluster: Cluster) -> None:
    """The audit log has the creation of a pod, with what was sent."""
    pod = cluster.create(_pod(cluster.namespace()))
    name = pod["metadata"]["name"]

    def audited() -> Object | None:
        events = plane.audited(pod["metadata"]["namespace"])
        return next((event for event in events if event["responseObject"]["metadata"]["name"] == name), None)

    event = until(audited, "the creation is in the audit log")
    assert event["verb"] == "create"
    assert event["requestObject"]["spec"]["containers"][0]["image"] == "none"
    assert event["responseObject"] == pod
    assert cluster.api.warnings == []


def _running(cluster: Cluster, pod: Object) -> Object | None:
    found = cluster.again(pod)
    return found if found["status"]["phase"] == "Running" else None
