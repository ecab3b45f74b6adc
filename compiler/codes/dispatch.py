"""Codes of manifests in Git that go against the placement policies of their workloads, or against themselves on a federation host."""

from typing import Final

from compiler.codes import sources
from compiler.diagnostics import Code, Severity

REPLICAS: Final = Code(
    "OB7122",
    Severity.WARNING,
    "clusters take fewer replicas than the workload has",
    """Every cluster of the placement policy has a `max`, and together they are below `spec.replicas` of the workload's manifest in
Git. KubeAdmiral's planner gives each cluster its maximum and stops: the replicas that are left are placed nowhere, and no event
says so.

Raise a `max`, leave it out on one cluster, or lower the replicas.""",
    (
        sources.KUBEADMIRAL_PLANNER,
        sources.KUBEADMIRAL_PRIORITY,
    ),
)
BINDING_LABEL: Final = Code(
    "OB7123",
    Severity.WARNING,
    "binding label leads nowhere",
    """KubeAdmiral binds a workload to its policies by labels: `kubeadmiral.io/propagation-policy-name` and `override-policy-name` name
objects in the workload's own namespace, `cluster-propagation-policy-name` and `cluster-override-policy-name` name objects
without one. A workload whose propagation policy does not exist is not scheduled: a new one runs nowhere, another stays as it
is, and an event says so. One whose override policy does not exist is not dispatched. A policy is looked for among the placement
policies of this repository and the manifests under `workloads`.

Correct the name or the namespace, or list the workload in a PlacementPolicy, whose patch writes the label.""",
    (
        sources.KUBEADMIRAL_BINDING,
        sources.KUBEADMIRAL_OVERRIDES,
    ),
)
OWN_ANNOTATION: Final = Code(
    "OB7124",
    Severity.WARNING,
    "annotation of the workload overrides its placement",
    """KubeAdmiral reads scheduling annotations of the workload itself, and they win over the PropagationPolicy: its mode, its
clusters, `maxClusters` and its tolerations. `kubeadmiral.io/migration-configuration` caps what a cluster gets, below `max` and
even below `min`. What this repository says about the workload then does not hold.

Take the annotation out of the manifest, and say it in the PlacementPolicy.""",
    (sources.KUBEADMIRAL_UNITS,),
)
AUTOSCALER_MODE: Final = Code(
    "OB7125",
    Severity.WARNING,
    "autoscaler and placement work against each other",
    """A HorizontalPodAutoscaler with the label `kubeadmiral.io/hpa-mode: centralized` scales the workload on the host, and a policy
that divides shares the replicas out. Without the label it is distributed: it goes to every member and scales there, while the
host keeps writing the replicas that it has divided. A distributed one is for workloads that every cluster has in full, with the
annotation `kubeadmiral.io/retain-replicas: "true"`; a centralized one for workloads that are divided. Two autoscalers of one
workload, of which a PlacementPolicy's `autoscaling` may be one, scale it up and down in turn.

Write `autoscaling` in the PlacementPolicy and take the manifest out, or correct its label.""",
    (sources.KUBEADMIRAL_AUTOSCALING,),
)
FROZEN: Final = Code(
    "OB7128",
    Severity.WARNING,
    "PropagationPolicy does not do what it says",
    """A hand-written PropagationPolicy or ClusterPropagationPolicy under `workloads` has preferences that KubeAdmiral accepts and does
not heed. With `disableRescheduling: true` and schedulingMode Divide, the scheduler returns the present division: scaling the
workload, by hand or by an autoscaler, has no effect. With a minimum above its maximum the numbers depend on the order of the
clusters. Where all weights are 0, replicas beyond the minima are placed nowhere.

Correct the field, or write a PlacementPolicy, which is checked.""",
    (
        sources.KUBEADMIRAL_TYPES,
        sources.KUBEADMIRAL_PLANNER,
    ),
)
