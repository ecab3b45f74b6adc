"""Codes of workloads against the pools that their policies give them."""

from typing import Final

from compiler.diagnostics import Code, Severity

REPLICAS: Final = Code(
    "OB4301",
    Severity.WARNING,
    "pools cannot hold the replicas",
    """The workloads in Git that a policy places in a namespace of a cluster ask for more pods than its pools hold, and their pods
may run nowhere else. Those that find no room stay Pending: a rollout does not end, and an autoscaler scales without effect.

A pool holds the lesser of its `max` and of `nodes.max` times `podsPerNode`; a pool with neither has no limit that is known. A `max`
counts per ResourcePolicy, that is per namespace and cluster, so all workloads there that the policy matches share it. On VKE,
`strategy: require` keeps pods on the pools (inferred from Volcengine docs 6460/177068). On ACK pods stay in the units of their
ResourcePolicy: the vendor's guide limits both of two units, and nothing runs beyond them (inferred).

The finding is *proved* where the replicas in the manifests are too many, and *possible* where a HorizontalPodAutoscaler
(`maxReplicas`) or a ScaledObject of KEDA (`maxReplicaCount`) may make them so. Jobs are left out, since their pods can run one
after the other; and so are workloads that a federation divides (label `kubeadmiral.io/propagation-policy-name`), since nobody
knows a cluster's part here.

Raise a `max`, add a pool without one, or ask for fewer pods.""",
)
PINNED_AWAY: Final = Code(
    "OB4302",
    Severity.WARNING,
    "pinned pods fit onto no pool",
    """The node selector or the required node affinity of a workload in Git contradicts the labels of all pools of the policy that places
it. Kubernetes runs a pod only where both hold, whatever places it (Kubernetes, assigning pods to nodes): the pods stay Pending, or
run past the policy on nodes of none of its pools.

What is known of a pool's nodes is its `nodeSelector`, and its kind: virtual nodes belong to no node pool and have no labels of
machines or their GPUs (inferred from the vendors' samples, which OR such labels with the label of virtual nodes). Other labels are
not held against a pod.

Remove the pin, or keep the workload out of the policy.""",
)
NEVER_BURSTS: Final = Code(
    "OB4303",
    Severity.INFO,
    "pinned pods never burst",
    """The node selector or the required node affinity of a workload in Git leaves one of its policy's pools, or none that is sure. When
that pool is full, the pods wait, and the other pools of the policy do nothing for them. That may be meant, for data or a licence
that is in one place.

*Proved*: the labels contradict each other. *Possible*: the pods ask for a label that virtual nodes have only if somebody labels
them (Kubernetes, assigning pods to nodes; which labels virtual nodes have of themselves is inferred from the vendors' pages).

Remove the pin. Or give the workload a policy of its own with that one pool.""",
)
INJECTED_PIN: Final = Code(
    "OB4304",
    Severity.WARNING,
    "policy pins its pods off its own pools",
    """What the policy injects as node selector or node affinity, or what the `nodes` of its accelerator class require, contradicts the
labels of a pool that the policy lists. A pod runs only where both hold (Kubernetes, assigning pods to nodes), so none of the
policy's pods ever runs on that pool: the order reads as if it did.

Virtual nodes belong to no node pool and have no labels of machines or their GPUs (inferred from the vendors' samples, which OR such
labels with the label of virtual nodes; `nodes` of an accelerator class is ORed like that).

Require what nodes of all pools have, or take the pool out of the policy.""",
)
GANG_TOO_LARGE: Final = Code(
    "OB4305",
    Severity.WARNING,
    "gang is larger than its pools",
    """The pods of a gang start all together or not at all (Alibaba help 178169, gang scheduling; documented). The labels or annotations
of a workload in Git ask for more of them at once than the pools of its policy hold, and they may run nowhere else. So none of them
ever starts, while elastic pools may be scaled up for them in vain.

A pool holds the lesser of its `max` and of `nodes.max` times `podsPerNode`.

Raise the limits, or lower `min-available`.""",
)
GANG_TOO_FEW: Final = Code(
    "OB4306",
    Severity.WARNING,
    "gang waits for more pods than there are",
    """The pods of a gang start when as many are there as `min-available` says (Alibaba help 178169, gang scheduling; documented). The
workloads in Git that carry the gang's name ask for fewer pods, even when autoscalers have made the most of them, so the gang never
starts.

Pods of one gang are those of one namespace with the same name in `pod-group.scheduling.sigs.k8s.io/name`, or in the annotation
`gang.scheduling.koordinator.sh/name`.

Lower `min-available`, or raise the replicas.""",
)
GANG_SPLIT: Final = Code(
    "OB4307",
    Severity.INFO,
    "gang may be split over pools",
    """A workload in Git asks for gang scheduling by labels or annotations of its own, and its policy has several pools. The gang then
starts on whatever has room: some of its pods in the data centre, some in the cloud, with the network between them. Gangs that a
policy declares (`scheduling.gang`) have to say `allowSplit: true` for that; what a workload's author wrote could be meant.

The vendor warns to see to it that the capacity at most, and the labels, fit the gang (Alibaba help 178169, gang scheduling).

Give the workload a policy with one pool, or declare the gang in the policy.""",
)
ONE_HOSTNAME: Final = Code(
    "OB4308",
    Severity.WARNING,
    "spreading by hostname keeps pods from bursting",
    """A virtual node is one node with one `kubernetes.io/hostname`, whatever number of pods the vendor runs behind it. Required
anti-affinity by hostname lets one pod of a workload onto it, and a topology spread constraint with `DoNotSchedule` lets
`maxSkew` more onto it than onto the emptiest node (Kubernetes, assigning pods to nodes; pod topology spread constraints).
So the first pods burst and the others stay Pending, although the serverless pool has no limit.

The note does the sum: the pods, less those that the machines of the policy take, less those that one virtual node takes. A
pool of machines takes as many as its `max` and its nodes allow. The finding is *possible*, because no document says how
many virtual nodes there are: ACK names them after zones (`virtual-kubelet-ZONE`, in the vendor's guides), so that a cluster
in several zones has several (inferred), and each takes as many.

Make the rule a preference (`preferredDuringSchedulingIgnoredDuringExecution`, `ScheduleAnyway`), or spread by zone.""",
)
SELECTED_ANEW: Final = Code(
    "OB4309",
    Severity.WARNING,
    "injected label changes who selects the pod",
    """With a label that a policy puts on the pods of a workload, another object in Git selects them, or no longer does: a Service sends
them requests that are for others, a PodDisruptionBudget counts them, a NetworkPolicy cuts them off. Kubernetes selects pods by
their labels alone, whoever wrote them (Kubernetes, labels and selectors). Nobody sees it in the manifests, where the label does
not stand.

Inject a label of your own, under a prefix that no application uses.""",
)
OWN_SELECTOR: Final = Code(
    "OB4310",
    Severity.ERROR,
    "injected label takes pods from their own workload",
    """The selector of a workload in Git asks for pods without a label, or with another value of it (`NotIn`, `DoesNotExist`), and a policy
puts it on the workload's own pods. Its controller does not find the pods that it made, and makes new ones, for ever (Kubernetes,
ReplicaSet: pods are acquired by the selector alone). The API server compares the selector with the template only, where
the label does not stand.

Inject another label, or narrow the policy.""",
)
