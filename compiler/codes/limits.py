"""Codes of what vendors do not do, or do otherwise than it reads."""

from typing import Final

from compiler.codes import sources
from compiler.diagnostics import Code, Severity

ECI_SPECS: Final = Code(
    "OB3123",
    Severity.WARNING,
    "eci-use-specs is not as ECI takes it",
    """`k8s.aliyun.com/eci-use-specs` lists what ECI may run a pod on, best first, separated by commas: at most five entries, each an ECS
type (`ecs.gn6i-c4g1.xlarge`) or vCPUs and memory (`2-4Gi`). Types with a GPU cannot be mixed with others (Alibaba, creating an
ECI pod by several specifications; documented). With a value that ECI does not take, the pod is not created: it stays Pending on
the virtual node, with an event that only somebody who describes the pod reads.

`useSpecs` of an AcceleratorClass has the limit in its schema. This finding is about the annotation where it is written by hand:
under `inject`, in `podAnnotations` of a pool, or in a workload in Git.

Keep the best five entries, of one kind. Better, choose them by an AcceleratorClass.""",
)
ECI_SPOT: Final = Code(
    "OB3124",
    Severity.WARNING,
    "spot annotations contradict each other",
    """ECI reads how to run a pod on spot instances from its annotations: `k8s.aliyun.com/eci-spot-strategy` is `SpotAsPriceGo` or
`SpotWithPriceLimit`; `eci-spot-price-limit` is a number with three decimals at most, goes with `SpotWithPriceLimit` only, and
must be given there; `eci-spot-duration` and `eci-spot-fallback` say more about a strategy (Alibaba help 186939, annotations of
ECI pods; documented). What is read on creation cannot be mended later, so a pod runs at the full price, or not at all.

The annotations are looked at together: those that a policy injects with those of its pools, and in workloads in Git with those of
their authors.

Write a strategy and what belongs to it in one place.""",
)
DELETION_COST: Final = Code(
    "OB3125",
    Severity.WARNING,
    "pod-deletion-cost beside a ResourcePolicy",
    """`controller.kubernetes.io/pod-deletion-cost` says which pods of a ReplicaSet go first when it scales in. A ResourcePolicy decides
that too, in the reverse order of its pools, and both vendors say that the two conflict (Alibaba help 398680; Volcengine docs
6460/177068; documented). Who wins is not documented: the expensive pods may be the last to go.

A policy that injects the annotation is refused (OB4110). This one is written by the author of a workload in Git.

Remove the annotation, or keep the workload out of the policy.""",
)
SCALE_IN: Final = Code(
    "OB3126",
    Severity.INFO,
    "nothing scales in in reverse here",
    """The order of pools reads as if pods left the last pool first when a workload scales in. VKE does that for Deployments only
(Volcengine docs 6460/177068; documented). A StatefulSet is scaled in from its highest ordinal down on every platform (Kubernetes,
StatefulSets: deployment and scaling guarantees). So pods may stay on the expensive pool while cheap ones go.

On ACK the reverse order is best effort (Alibaba help 398680; documented). Platform `kubernetes` has none, which OB3112 says.

Where it matters, use a Deployment; or count on the order when scaling out, and move pods back by restarts (`overbank sweep`).""",
)
FROZEN_POLICY: Final = Code(
    "OB3127",
    Severity.INFO,
    "ResourcePolicy must not change while its pods live",
    """With a scheduler below 6.1, or with Kubernetes 1.20 or below, the vendor says not to modify a ResourcePolicy while its pods exist
(Alibaba help 398680; documented). A merge that changes the pools of this policy, or their `max`, would do that as soon as the
GitOps tool applies it. What then becomes of the pods' counts and order is not documented.

Nothing is wrong with the policy. To change it later, scale its workloads to zero first, or upgrade the scheduler and declare
the new version in the Cluster. `overbank diff` shows which ResourcePolicies a change touches.""",
)
NO_GPU: Final = Code(
    "OB3130",
    Severity.WARNING,
    "instance type without the accelerator",
    """The class is for a resource of NVIDIA's, and one of its candidates for ECI is an instance type without such a GPU. Pods that ask
for the resource cannot be created with it: they wait until another candidate is found, or for ever.

The names of instance types say it: the families of NVIDIA GPUs are called `gn`, `vgn`, `sgn`, `ebmgn` and `sccgn` with the
number of their generation, such as `ecs.gn6i-c4g1.xlarge`.""",
    (sources.EGS_NAMES,),
)
