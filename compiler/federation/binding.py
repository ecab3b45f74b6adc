"""Labels by which KubeAdmiral binds a workload to its policies. A policy of a namespace binds workloads of its own namespace only."""

from typing import Final

PROPAGATION_LABEL: Final = "kubeadmiral.io/propagation-policy-name"
CLUSTER_PROPAGATION_LABEL: Final = "kubeadmiral.io/cluster-propagation-policy-name"
"""pkg/controllers/scheduler/scheduler.go. Without the policy of that name the workload is not scheduled."""
OVERRIDE_LABEL: Final = "kubeadmiral.io/override-policy-name"
CLUSTER_OVERRIDE_LABEL: Final = "kubeadmiral.io/cluster-override-policy-name"
"""pkg/controllers/override/constant.go. Without the policy of that name the workload is not dispatched."""
