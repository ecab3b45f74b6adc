"""Nodes without machines: registered, kept alive, and with a kubelet that calls every pod of theirs running.

``FLEET`` is modelled on the vendors' guides: a data centre, cloud nodes with and without GPUs, and one virtual node of each kind.
"""

import contextlib
import http.client
import threading
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Final

from tests.e2e.controlplane.client import STRATEGIC, ApiError, Client, Object, Watch, path
from tests.e2e.controlplane.processes import until

HEARTBEAT_SECONDS: Final = 10.0
"""As kubelets do; the node controller waits 40 s (later 50 s) before it calls a node unreachable."""

_AGAIN_SECONDS: Final = 0.1


@dataclass(frozen=True, slots=True, kw_only=True)
class FakeNode:
    """A node as the scheduler sees it.

    Attributes:
        taints: key, value, effect.
        resources: allocatable beside what every node has (64 CPUs, 256 GiB, 500 pods).
    """

    name: str
    labels: Mapping[str, str] = field(default_factory=dict)
    taints: Sequence[tuple[str, str, str]] = ()
    resources: Mapping[str, str] = field(default_factory=dict)


_GPUS: Final = {"nvidia.com/gpu": "8"}
_P100: Final = {
    "aliyun.accelerator/nvidia_count": "8",
    "aliyun.accelerator/nvidia_mem": "16280MiB",
    "aliyun.accelerator/nvidia_name": "Tesla-P100-PCIE-16GB",
}
_T4: Final = {**_P100, "aliyun.accelerator/nvidia_mem": "15109MiB", "aliyun.accelerator/nvidia_name": "Tesla-T4"}
_CLOUD: Final = {"alibabacloud.com/external": "true", "alibabacloud.com/nodepool-id": "np7b30xxx"}
_ALIBABA_VIRTUAL: Final = ("virtual-kubelet.io/provider", "alibabacloud", "NoSchedule")


def _vke(pool: str) -> dict[str, str]:
    return {"cluster.vke.volcengine.com/machinepool-name": pool}


def _ack(pool: str) -> dict[str, str]:
    return {"alibabacloud.com/nodepool-id": pool}


FLEET: Final = (
    FakeNode(name="idc-1"),
    FakeNode(name="idc-2", labels={"zone": "b"}),
    FakeNode(name="cloud-p100", labels=_CLOUD | _P100, resources=_GPUS),
    FakeNode(name="cloud-t4", labels=_CLOUD | _T4, resources=_GPUS),
    FakeNode(name="ack-prepaid", labels=_ack("np6adca1a73fff4843b19f151d2efe8fcf"), resources=_GPUS),
    FakeNode(name="ack-postpaid", labels=_ack("npcc24f5db47d642f7a5ca274d0bcb0974"), resources=_GPUS),
    FakeNode(name="vke-prepaid", labels=_vke("pcltbrovu2ttge1iek560"), resources=_GPUS),
    FakeNode(name="vke-postpaid", labels=_vke("pcltbptvu2ttge1iek4rg"), resources=_GPUS),
    FakeNode(
        name="virtual-kubelet-cn-zhangjiakou-a",
        labels={"type": "virtual-kubelet"},
        taints=[_ALIBABA_VIRTUAL],
        resources=_GPUS,
    ),
    FakeNode(
        name="cn-zhangjiakou.vnd-8vb0000000000000",
        labels={"k8s.aliyun.com/vnode": "true"},
        taints=[("k8s.aliyun.com/vnode", "true", "NoSchedule")],
        resources=_GPUS,
    ),
    FakeNode(
        name="vci-virtual-kubelet-cn-beijing-a",
        labels={"type": "virtual-kubelet", "node.kubernetes.io/instance-type": "virtual-node"},
        taints=[("vci.vke.volcengine.com/node-type", "vci", "NoSchedule")],
        resources=_GPUS,
    ),
    FakeNode(
        name="ai-node-1",
        labels={"alibabacloud.com/virtual-node": "true"},
        taints=[("virtual-kubelet.io/provider", "aliclouddb", "NoSchedule")],
        resources=_GPUS,
    ),
)


class Kubelets:
    """The kubelets of all fake nodes of a cluster, in two threads. They outlive an API server that goes and comes back."""

    def __init__(self, client: Client) -> None:
        self._client = client
        self._nodes: dict[str, FakeNode] = {}
        self._ended = threading.Event()
        self._watch: Watch | None = None
        self._threads = [threading.Thread(target=work, daemon=True) for work in (self._beat, self._mind)]

    def start(self) -> None:
        """Begin to look after pods and leases."""
        for thread in self._threads:
            thread.start()

    def stop(self) -> None:
        """End; the nodes stay, and become unreachable after a while."""
        self._ended.set()
        if self._watch:
            self._watch.interrupt()
        for thread in self._threads:
            thread.join()

    def add(self, *nodes: FakeNode) -> None:
        """Register nodes, and return once pods may be scheduled onto them."""
        for node in nodes:
            self._client.create(_manifest(node))
            self._client.request("PATCH", f"{path('v1', 'Node', name=node.name)}/status", _status(node), content=STRATEGIC)
            self._nodes[node.name] = node
            self._renew(node.name)
        until(
            lambda: all(self._schedulable(node) for node in nodes), f"nodes are ready: {', '.join(each.name for each in nodes)}", 60
        )

    def remove(self, *nodes: FakeNode) -> None:
        """Take nodes out of the cluster."""
        for node in nodes:
            del self._nodes[node.name]
            self._client.delete({"apiVersion": "v1", "kind": "Node", "metadata": {"name": node.name}})

    def _schedulable(self, node: FakeNode) -> bool:
        found = self._client.read("Node", node.name)["spec"].get("taints", [])
        return {each["key"] for each in found} == {key for key, _, _ in node.taints}

    def _beat(self) -> None:
        while not self._ended.wait(HEARTBEAT_SECONDS):
            for name in list(self._nodes):
                with contextlib.suppress(ApiError, OSError):
                    self._renew(name)

    def _renew(self, name: str) -> None:
        metadata = {"name": name, "namespace": "kube-node-lease"}
        now = datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
        spec = {"holderIdentity": name, "leaseDurationSeconds": 40, "renewTime": now}
        self._client.apply(
            {"apiVersion": "coordination.k8s.io/v1", "kind": "Lease", "metadata": metadata, "spec": spec},
            manager="kubelet",
            force=True,
        )

    def _mind(self) -> None:
        """Look at every pod as it is now, then at each that changes; from the start again when the watch ends."""
        pods = path("v1", "Pod")
        while not self._ended.is_set():
            try:
                found = self._client.request("GET", pods)
                for pod in found["items"]:
                    self._serve(pod)
                with contextlib.closing(
                    self._client.watch(pods, {"resourceVersion": found["metadata"]["resourceVersion"]})
                ) as watch:
                    self._watch = watch
                    for event in () if self._ended.is_set() else watch:
                        if event["type"] in {"ADDED", "MODIFIED"}:
                            self._serve(event["object"])
            except (ApiError, OSError, ValueError, http.client.HTTPException):
                self._ended.wait(_AGAIN_SECONDS)

    def _serve(self, pod: Object) -> None:
        """Do what a kubelet does with a pod of its node: run it, or let it go."""
        if pod["spec"].get("nodeName") not in self._nodes:
            return
        with contextlib.suppress(ApiError):  # somebody else was faster
            if "deletionTimestamp" in pod["metadata"]:
                self._client.delete({"apiVersion": "v1", "kind": "Pod", **pod}, seconds=0)
            elif pod["status"].get("phase") == "Pending":
                target = path("v1", "Pod", pod["metadata"]["namespace"], pod["metadata"]["name"])
                self._client.request("PATCH", f"{target}/status", _running(pod), content=STRATEGIC)


@contextlib.contextmanager
def fleet(client: Client, nodes: Sequence[FakeNode] = FLEET) -> Iterator[Kubelets]:
    """Give a cluster nodes until the end of the block."""
    kubelets = Kubelets(client)
    kubelets.start()
    try:
        kubelets.add(*nodes)
        yield kubelets
    finally:
        kubelets.stop()


def _manifest(node: FakeNode) -> Object:
    labels = {"kubernetes.io/hostname": node.name, "kubernetes.io/os": "linux", "kubernetes.io/arch": "amd64", **node.labels}
    taints = [{"key": key, "value": value, "effect": effect} for key, value, effect in node.taints]
    return {"apiVersion": "v1", "kind": "Node", "metadata": {"name": node.name, "labels": labels}, "spec": {"taints": taints}}


def _status(node: FakeNode) -> dict[str, Any]:
    room = {"cpu": "64", "memory": "256Gi", "pods": "500", "ephemeral-storage": "1Ti", **node.resources}
    now = _now()
    ready = {"type": "Ready", "status": "True", "reason": "KubeletReady", "lastHeartbeatTime": now, "lastTransitionTime": now}
    return {"status": {"capacity": room, "allocatable": room, "conditions": [ready]}}


def _running(pod: Object) -> dict[str, Any]:
    now = _now()
    running = [
        {
            "name": each["name"],
            "image": each["image"],
            "imageID": "",
            "ready": True,
            "started": True,
            "restartCount": 0,
            "state": {"running": {"startedAt": now}},
        }
        for each in pod["spec"]["containers"]
    ]
    conditions = [
        {"type": kind, "status": "True", "lastTransitionTime": now} for kind in ("Initialized", "ContainersReady", "Ready")
    ]
    return {"status": {"phase": "Running", "startTime": now, "conditions": conditions, "containerStatuses": running}}


def _now() -> str:
    return datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
