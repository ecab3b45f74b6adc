"""How the API server, the webhook and other webhooks get on: who is left alone, dry runs, and the order of calls."""

import contextlib
from collections.abc import Callable
from typing import Any

import pytest

from tests.e2e.controlplane.client import Object
from tests.e2e.controlplane.cluster import Cluster
from tests.e2e.controlplane.comparison import missing
from tests.e2e.controlplane.injector import sidecars
from tests.e2e.controlplane.plane import Plane
from tests.e2e.controlplane.processes import until

Site = Callable[..., Any]

APPLIED = "overbank.dev/applied"
OPT_OUT = {"overbank.dev/inject": "false"}

EVERYWHERE = """\
apiVersion: overbank.dev/v1alpha1
kind: BurstPolicy
metadata: {name: everywhere}
spec:
  match:
    clusters: {all: true}
    namespaces: {all: true}
    pods: {all: true}
  inject:
    labels: {cost-centre: "4711"}
    annotations: {example.com/note: "a~b/c"}
    schedulerName: ack-co-scheduler
    tolerations: [{key: dedicated, value: batch, effect: NoSchedule}]
"""

GPU = """\
apiVersion: overbank.dev/v1alpha1
kind: BurstPolicy
metadata: {name: gpus}
spec:
  match:
    clusters: {all: true}
    namespaces: {names: [NAMESPACE]}
    pods: {requestsResource: [nvidia.com/gpu]}
  pools: [{name: cloud}]
  inject:
    labels: {accounted: "true"}
    tolerations: [{key: dedicated, value: gpu, effect: NoSchedule}]
---
apiVersion: overbank.dev/v1alpha1
kind: BurstPolicy
metadata: {name: others}
spec:
  match:
    clusters: {all: true}
    namespaces: {names: [NAMESPACE]}
    pods: {all: true}
  priority: 1
  inject:
    annotations: {example.com/note: x}
    schedulerName: volcano
"""


def _pod(namespace: str, name: str = "pod", **metadata: object) -> Object:
    spec = {"containers": [{"name": "main", "image": "none"}]}
    return {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": name, "namespace": namespace, **metadata}, "spec": spec}


def _touched(cluster: Cluster, pod: Object) -> bool:
    metadata = pod["metadata"]
    marked = APPLIED in metadata.get("annotations", {}) or "cost-centre" in metadata.get("labels", {})
    assert marked == bool(cluster.patches(pod))
    return marked


def test_pods_are_changed_everywhere_else(cluster: Cluster, site: Site) -> None:
    """The policy that the tests of exemptions use does change a pod that nothing exempts."""
    site(EVERYWHERE)
    assert _touched(cluster, cluster.create(_pod(cluster.namespace())))


@pytest.mark.parametrize("namespace", ["kube-system", "kube-node-lease", "overbank-system"])
def test_excluded_namespaces_are_left_alone(cluster: Cluster, site: Site, namespace: str) -> None:
    """Pods of the system's namespaces and of the webhook's own come as they were sent."""
    site(EVERYWHERE)
    assert not _touched(cluster, cluster.create(_pod(cluster.standing(namespace))))


def test_a_pod_can_opt_out(cluster: Cluster, site: Site) -> None:
    """A pod with the label is left alone."""
    site(EVERYWHERE)
    assert not _touched(cluster, cluster.create(_pod(cluster.namespace(), labels=OPT_OUT)))


def test_a_namespace_can_opt_out(cluster: Cluster, site: Site) -> None:
    """Pods of a namespace with the label are left alone, declared or not."""
    site(EVERYWHERE)
    assert not _touched(cluster, cluster.create(_pod(cluster.namespace(OPT_OUT))))


def test_pods_with_a_node_are_left_alone(cluster: Cluster, site: Site) -> None:
    """Who names the node has decided, and no scheduler will look at the pod; so with a mirror pod."""
    site(EVERYWHERE)
    namespace = cluster.namespace()
    bound = _pod(namespace)
    bound["spec"]["nodeName"] = "idc-1"
    assert not _touched(cluster, cluster.create(bound))
    mirror = _pod(namespace, "mirror", annotations={"kubernetes.io/config.mirror": "0123456789abcdef"})
    mirror["spec"] |= {"nodeName": "idc-1", "automountServiceAccountToken": False}
    assert not _touched(cluster, cluster.create(mirror))


def test_daemons_are_left_alone(cluster: Cluster, site: Site) -> None:
    """Pods of a DaemonSet run on the node that each is for, whatever policies say."""
    site(EVERYWHERE)
    namespace = cluster.namespace()
    labels = {"app": "agent"}
    spec = {"containers": [{"name": "main", "image": "none"}], "nodeSelector": {"zone": "b"}}
    template = {"metadata": {"labels": labels}, "spec": spec}
    metadata = {"name": "agent", "namespace": namespace}
    cluster.create(
        {
            "apiVersion": "apps/v1",
            "kind": "DaemonSet",
            "metadata": metadata,
            "spec": {"selector": {"matchLabels": labels}, "template": template},
        }
    )
    (pod,) = until(lambda: cluster.api.listed("Pod", namespace) or None, "the DaemonSet has its pod")
    assert not _touched(cluster, pod)
    assert cluster.node_of(pod) == "idc-2"


def test_a_dry_run_shows_what_will_be(cluster: Cluster, site: Site) -> None:
    """``--dry-run=server`` answers with the object that the same request stores a moment later."""
    site(EVERYWHERE)
    namespace = cluster.namespace()
    shown = cluster.api.create(_pod(namespace), dry_run=True)
    stored = cluster.create(_pod(namespace))
    assert APPLIED in stored["metadata"]["annotations"]
    assert missing(shown["spec"], stored["spec"]) == missing(stored["spec"], shown["spec"]) == []
    assert [shown["metadata"][key] for key in ("labels", "annotations")] == [
        stored["metadata"][key] for key in ("labels", "annotations")
    ]


def test_a_stored_pod_that_is_created_again_is_not_changed(cluster: Cluster, site: Site) -> None:
    """What came out once goes through as it is: backups that are restored, and pods that are copied, get no second patch."""
    site(EVERYWHERE)
    stored = cluster.create(_pod(cluster.namespace()))
    assert len(cluster.patches(stored)) == 1
    copy = {"apiVersion": "v1", "kind": "Pod", "spec": stored["spec"]}
    copy["metadata"] = {key: stored["metadata"][key] for key in ("labels", "annotations", "namespace")} | {"name": "copy"}
    again = cluster.create(copy)
    assert cluster.patches(again) == []
    assert again["spec"] == stored["spec"]


@pytest.mark.parametrize("sidecar", [{}, {"resources": {"limits": {"nvidia.com/gpu": "1"}}}], ids=["plain", "with a GPU"])
def test_a_sidecar_injector_before_or_behind_gives_the_same_pod(
    plane: Plane, cluster: Cluster, site: Site, sidecar: dict[str, Any]
) -> None:
    """Webhooks are called by the order of their names and again if need be: the pod is the same, also if a policy matches the sidecar."""
    namespace = cluster.namespace()
    site(GPU.replace("NAMESPACE", namespace))
    container = {"name": "proxy", "image": "proxy", **sidecar}
    found = []
    for name in ("00-a-sidecar", "zz-sidecar"):
        with contextlib.ExitStack() as ends:
            configuration = ends.enter_context(sidecars(name, plane.authority, container, namespace))
            cluster.api.create(configuration)
            ends.callback(cluster.api.delete, configuration)
            until(lambda: _injected(cluster, namespace), f"{name} is called")
            found.append(cluster.create(_pod(namespace, name, labels={"app": "web"})))
        until(lambda: not _injected(cluster, namespace), "the injector is called no more")
    before, behind = found
    assert missing(before["spec"], behind["spec"]) == missing(behind["spec"], before["spec"]) == []
    assert [each["metadata"]["labels"] for each in found] == [before["metadata"]["labels"]] * 2
    assert [each["metadata"]["annotations"] for each in found] == [before["metadata"]["annotations"]] * 2
    assert ("accounted" in before["metadata"]["labels"]) == bool(sidecar)
    assert {cluster.node_of(each) for each in found} <= (
        {"cloud-p100", "cloud-t4"} if sidecar else {cluster.node_of(each) for each in found}
    )


def _injected(cluster: Cluster, namespace: str) -> bool:
    return "injected" in cluster.api.create(_pod(namespace, "probe", labels={"app": "probe"}), dry_run=True)["metadata"]["labels"]
