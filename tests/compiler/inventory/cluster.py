"""A cluster's document, and nodes as kubectl prints them."""

from typing import Any

NODE_POOL = "alibabacloud.com/nodepool-id"
REPOSITORY = "apiVersion: overbank.dev/v1alpha1\nkind: Repository\nspec: {}\n"
CLUSTER = """\
# What we pay for.
apiVersion: overbank.dev/v1alpha1
kind: Cluster
metadata: {name: pro}
spec:
  platform: ack-pro
  kubernetesVersion: "1.30"  # of the control plane
  pools:
  # the paid ones
  - name: prepaid
    type: ecs
    nodeSelector: {alibabacloud.com/nodepool-id: np1}
    nodes: {max: 2}  # since June
    podsPerNode: 1
  - {name: serverless, type: eci}
  - name: postpaid
    type: ecs
    nodeSelector: {alibabacloud.com/nodepool-id: np2}
    nodes: {min: 0, max: 2}
    autoscaling: true
"""


def node(name: str, pool: str | None = "np1", **given: Any) -> dict[str, Any]:
    """Return a node as kubectl prints it; ``given`` may replace labels, taints, sizes, ready, cordoned and kubelet."""
    labels = {"kubernetes.io/hostname": name, **({NODE_POOL: pool} if pool else {}), **given.get("labels", {})}
    sizes = {
        "cpu": "7910m",
        "memory": "29Gi",
        "ephemeral-storage": "9",
        "hugepages-2Mi": "0",
        "pods": "64",
        **given.get("sizes", {}),
    }
    return {
        "apiVersion": "v1",
        "kind": "Node",
        "metadata": {"name": name, "labels": labels},
        "spec": {"taints": given.get("taints", []), "unschedulable": given.get("cordoned", False)},
        "status": {
            "allocatable": sizes,
            "conditions": [{"type": "DiskPressure", "status": "False"}, {"type": "Ready", "status": str(given.get("ready", True))}],
            "nodeInfo": {"kubeletVersion": given.get("kubelet", "v1.30.1-aliyun.1")},
        },
    }


def taint(key: str, effect: str = "NoSchedule", value: str | None = None) -> dict[str, str]:
    """Return a taint as a node has it."""
    return {"key": key, "effect": effect, **({"value": value} if value else {})}


ECI = node("virtual-kubelet-a", None, labels={"type": "virtual-kubelet"}, kubelet="v1.99.0")
