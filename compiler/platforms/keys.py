"""Label, annotation and taint keys of the vendors."""

from typing import Final

ECI_LABEL: Final = "alibabacloud.com/eci"
"""``"true"`` on a pod (or namespace) runs it on ECI. Overrides ResourcePolicy, affinity and burst-resource. Documented:
``pages.ACK_ONE_ECI`` and the vendor's comparison of virtual-node scheduling."""

ECI_USE_SPECS: Final = "k8s.aliyun.com/eci-use-specs"
"""Comma-separated instance types, best first, at most five. Documented: https://help.aliyun.com/zh/ack/create-an-eci-pod"""

ECI_SPOT_STRATEGY: Final = "k8s.aliyun.com/eci-spot-strategy"
ECI_SPOT_PRICE: Final = "k8s.aliyun.com/eci-spot-price-limit"
ECI_SPOT_DURATION: Final = "k8s.aliyun.com/eci-spot-duration"
ECI_SPOT_FALLBACK: Final = "k8s.aliyun.com/eci-spot-fallback"
"""Spot instances for a pod. Documented: ``pages.ECI_ANNOTATIONS``."""

BURST_RESOURCE: Final = "alibabacloud.com/burst-resource"
"""Legacy ECI elasticity; cannot be combined with a ResourcePolicy. Documented: Alibaba help 398680."""

FLUID_TARGET: Final = "alibabacloud.com/fluid-sidecar-target"
"""Cannot be combined with burst-resource. Documented: Alibaba help 207460."""

DELETION_COST: Final = "controller.kubernetes.io/pod-deletion-cost"
"""Which pods of a ReplicaSet go first; conflicts with a ResourcePolicy, which sets it itself (that it does is inferred). Documented:
Alibaba help 398680 and Volcengine docs 6460/177068."""

BURST_TO_VCI: Final = "vke.volcengine.com/burst-to-vci"
"""``enforce`` runs the pod on VCI; the only documented value. Documented: https://volcengine.com/docs/6460/76920"""

VCI_INSTANCE_TYPES: Final = "vci.vke.volcengine.com/preferred-instance-types"
"""Comma-separated instance types, best first. Documented: https://volcengine.com/docs/6460/76920 and
``pages.VKE_MULTI_CLOUD_GPU``."""

VCI_INSTANCE_FAMILY: Final = "vci.vke.volcengine.com/preferred-instance-family"
"""Comma-separated instance families. Documented: https://volcengine.com/docs/6460/76920"""

ALIBABA_VIRTUAL_TAINT: Final = ("virtual-kubelet.io/provider", "alibabacloud", "NoSchedule")
"""Taint of ack-virtual-node nodes: key, value, effect. Documented: Alibaba help 2369750."""

VCI_VIRTUAL_TAINT: Final = ("vci.vke.volcengine.com/node-type", "vci", "NoSchedule")
"""Taint of VCI virtual nodes: key, value, effect. Third-party sources only."""

VIRTUAL_KUBELET_TYPE: Final = ("type", "virtual-kubelet")
"""Node label of virtual nodes on both vendors. Documented: Alibaba help 2369750, ``pages.VKE_MULTI_CLOUD_GPU``."""

EXTERNAL_NODE: Final = ("alibabacloud.com/external", "true")
"""Label of cloud nodes in a registered cluster. Documented: ACK, network plug-ins of hybrid clusters."""

VNODE_LABEL: Final = ("k8s.aliyun.com/vnode", "true")
VNODE_TAINT: Final = ("k8s.aliyun.com/vnode", "true", "NoSchedule")
"""Label and taint of VNodes (ECI for self-managed clusters). Documented: ``pages.VNODES``."""

AI_NODE_LABEL: Final = ("alibabacloud.com/virtual-node", "true")
AI_NODE_TAINT: Final = ("virtual-kubelet.io/provider", "aliclouddb", "NoSchedule")
"""Label and taint of AI nodes. Documented: ``pages.AI_NODES``. Only the taint's value is sure to tell them from ECI nodes."""

AI_NODE_RESOURCE: Final = "nvidia.com/gpu"
"""The GPU resource of AI nodes, which a container must name in limits and requests alike. Documented: ``pages.AI_NODES``."""

GANG_NAME: Final = "pod-group.scheduling.sigs.k8s.io/name"
GANG_SIZE: Final = "pod-group.scheduling.sigs.k8s.io/min-available"
"""Labels of a gang's pods. Documented: https://www.alibabacloud.com/help/en/document_detail/178169.html"""

CPUSET: Final = "cpuset-scheduler"
"""Annotation ``"true"``: CPU topology-aware scheduling. Documented: ``pages.ACK_CO_SCHEDULER``."""

GPU_COUNT: Final = "aliyun.com/gpu-count"
"""Pod label: the number of GPUs that a share is spread over. Documented: ACK, GPU sharing based on multiple GPUs."""

COMPUTE_CLASS: Final = "alibabacloud.com/compute-class"
COMPUTE_QOS: Final = "alibabacloud.com/compute-qos"
"""Labels that ACK's scheduler writes for ACS; a workload that selects on them is rebuilt for ever. Documented: Alibaba help 398680."""
