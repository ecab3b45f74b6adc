"""Codes of what platforms and versions can and cannot do."""

from typing import Final

from compiler.codes import sources
from compiler.diagnostics import Code, Severity

MECHANISM: Final = Code(
    "OB3101",
    Severity.ERROR,
    "no vendor mechanism does this",
    """A workload gets onto elastic capacity by exactly one mechanism of its platform; the vendors forbid mixing them.
`mechanism: auto` takes the first that fits:

    none            the policy has no pools
    aiNode          the only pool is `ai-node`, without max (ack-pro)
    eciLabel        the only pool is `eci`, without max (ack-registered, ack-pro)
    vciEnforce      the only pool is `vci`, without max (vke)
    resourcePolicy  several pools, or a max: idc, ecs and eci on ack-registered; ecs, eci and acs on ack-pro;
                    ecs and vci on vke
    affinity        the only pool is `idc`, `ecs` or `vnode`; or any of these on platform kubernetes

Two more are taken only if asked for: `affinity` of several pools, and `burstAnnotation`.

A combination that is in no row cannot be expressed to the vendor's scheduler, so no manifest could do what the policy says.""",
    (sources.ACK_RESOURCE_POLICY, sources.ACK_MULTILEVEL, sources.VKE_RESOURCE_POLICY),
)
VERSION_GATE: Final = Code(
    "OB3102",
    Severity.ERROR,
    "not available in this version",
    """The vendor documents the feature only from a certain version on. An older API server or scheduler would drop or
ignore the field, and the policy would silently mean something else.

Declare the version that the cluster really runs (`kubernetesVersion`, `scheduler.version`), upgrade it, or do without the
feature there. A version that is not declared counts as unknown, and an unknown version has only fields without a gate.""",
    (sources.ACK_RESOURCE_POLICY, sources.ACK_CO_SCHEDULER),
)
ADDON: Final = Code(
    "OB3103",
    Severity.ERROR,
    "a needed add-on is absent",
    """The mechanism needs an add-on that the cluster declares as `false`. Without it the ResourcePolicy has no reader, or
there is no virtual node to run on, and pods stay Pending.

Install the add-on and declare its version under `spec.addons`.""",
    (sources.ACK_CO_SCHEDULER, sources.VKE_RESOURCE_POLICY),
)
STRATEGY: Final = Code(
    "OB3104",
    Severity.ERROR,
    "strategy is not available on this platform",
    """Alibaba documents only `prefer` for a ResourcePolicy, in every generation of its pages; `require` has no equivalent
there. Volcengine documents both. Mechanisms that force one pool cannot prefer it, and `burst-resource: eci` takes any node of the
cluster, so it cannot require pools. A single pool defaults to `require`, so it needs `strategy: prefer` to be written where the
platform has nothing else.""",
    (sources.ACK_RESOURCE_POLICY, sources.VKE_RESOURCE_POLICY),
)
INERT_SELECTOR: Final = Code(
    "OB3105",
    Severity.WARNING,
    "nodeSelector has no effect on this pool",
    """In a ResourcePolicy of a registered cluster, nodeSelector takes effect on units of type `ecs` only (vendor page of
2023-09-06, "Use multilevel resources scheduling"). The ECI label, `burst-to-vci` and
burst-resource choose no nodes at all. Overbank leaves it out of the other units, so that nobody reads a
restriction into the manifest that does not hold.

Remove it from the pool, or use a pool of type `ecs`.""",
    (sources.ACK_MULTILEVEL,),
)
NO_CANDIDATE: Final = Code(
    "OB3106",
    Severity.ERROR,
    "accelerator class has no candidate for a pool",
    """A pod that asks for a GPU cannot run on ECI or VCI without an instance type: the vendor rejects it or chooses a CPU
instance, and it stays Pending.

Add candidates for the pool's type to the AcceleratorClass, or take the pool out of the policy.""",
    (sources.ECI_SPECIFICATIONS, sources.VCI_ANNOTATIONS),
)
AUTOSCALED_MAX: Final = Code(
    "OB3107",
    Severity.WARNING,
    "max on a pool that is autoscaled",
    """The cluster autoscaler does not know `max`: it adds nodes for pods that the ResourcePolicy then keeps away, and you
pay for empty nodes (Alibaba help 398680 says not to set it there).

Limit the node pool's own size instead.""",
    (sources.ACK_RESOURCE_POLICY,),
)
EXCLUSION_LABEL: Final = Code(
    "OB3108",
    Severity.ERROR,
    "excluded namespaces cannot be told apart",
    """The webhook configuration keeps the API server from calling the webhook for excluded namespaces. From Kubernetes
1.21 on every namespace carries the label `kubernetes.io/metadata.name`; before that, the namespaces themselves must be
labelled, or an outage of the webhook could block kube-system.

Label them, and declare it:

    spec:
      namespaces:
      - {name: kube-system, labels: {overbank.dev/exclude: "true"}}""",
    (sources.NAME_LABEL, sources.ADMISSION_WEBHOOKS),
)
ACCELERATOR_UNUSED: Final = Code(
    "OB3109",
    Severity.WARNING,
    "accelerator class has no effect",
    """The class chooses instances of serverless pools, and the policy has none on this cluster.

Remove `accelerator`, or add the pool that it was meant for.""",
    (sources.ECI_SPECIFICATIONS, sources.VCI_ANNOTATIONS),
)
INDISTINCT_POOLS: Final = Code(
    "OB3110",
    Severity.ERROR,
    "two pools are the same nodes",
    """Two pools of one policy have the same type and the same nodeSelector, or lead to the same node affinity, so the scheduler
cannot tell them apart: the order between them, and a `max` on one of them, would mean nothing.

Give each its own nodeSelector, such as the node pool's ID.""",
    (sources.ACK_RESOURCE_POLICY, sources.VKE_RESOURCE_POLICY),
)
NO_EFFECT: Final = Code(
    "OB3111",
    Severity.WARNING,
    "field has no effect here",
    """The field belongs to a feature that this cluster, or the policy's mechanism there, does not have. Overbank leaves it out, and
says so, because whoever reads the policy would believe that it holds.

Narrow the policy's clusters, or remove the field.""",
    (sources.ACK_RESOURCE_POLICY,),
)
BEST_EFFORT: Final = Code(
    "OB3112",
    Severity.WARNING,
    "order of pools is best effort",
    """Without a ResourcePolicy the order of pools is written as weights of preferred node affinity. The scheduler adds them to other
scores, so a pod may go to a later pool although an earlier one has room, and nothing removes pods in the reverse order when the
workload scales in.

Where strict order matters, use a platform whose scheduler reads a ResourcePolicy.""",
    (sources.AFFINITY, sources.ACK_AFFINITY),
)
LEGACY: Final = Code(
    "OB3113",
    Severity.WARNING,
    "mechanism is no longer maintained",
    """The vendor has stopped maintaining this mechanism for the cluster's version. It may still work, and nobody promises it.

`mechanism: auto` takes a ResourcePolicy instead.""",
    (sources.ACK_BURST_RESOURCE,),
)
RULED_OUT: Final = Code(
    "OB3114",
    Severity.ERROR,
    "vendor rules this out",
    """The vendor's page says that this feature is not available with these pools, on this platform, or with this value. The scheduler
would refuse the pods or ignore the field. The note names the page.""",
    (sources.ACK_RESOURCE_POLICY, sources.ACK_GANG),
)
UNCOUNTED: Final = Code(
    "OB3116",
    Severity.WARNING,
    "scheduler may refuse matching pods",
    """With `matchLabelKeys`, ACK's scheduler counts pods by the values of these labels, and refuses a pod that lacks one of them: it
stays Pending, whatever room there is. The policy matches pods that need not have the label.

Match only pods that have it, or count by another label.""",
    (sources.ACK_RESOURCE_POLICY,),
)
NEVER_FULL: Final = Code(
    "OB3117",
    Severity.WARNING,
    "pool is hardly ever reached",
    """Pods go on to the next pool when the one before is full. A serverless pool without `max` is never full: where the vendor is out
of stock, pods are bound to it all the same and wait there (inferred from the vendors' pages). So the pools behind it stay empty.

Limit the serverless pool with `max`, or list it last.""",
    (sources.ACK_RESOURCE_POLICY, sources.VKE_RESOURCE_POLICY),
)
TWO_SPELLINGS: Final = Code(
    "OB3115",
    Severity.WARNING,
    "vendor spells the value in two ways",
    """The vendor's page and its published Go type spell this value differently, so a cluster may refuse one of them. Overbank writes
what the page says.

Try it on a test cluster with `kubectl apply --dry-run=server`, or use another value.""",
    (sources.ACK_RESOURCE_POLICY,),
)
NO_NODES: Final = Code(
    "OB3118",
    Severity.WARNING,
    "pool has no nodes of its own",
    """A pool of type eci, acs, vci, vnode or ai-node is the vendor's capacity behind virtual nodes: it has no machines to
count, no size of a machine, no autoscaler, and its taints are the vendor's. Overbank leaves the field out, so whoever
reads the document would believe in a limit that does not hold.

Limit the pool with `max` in the policy. For a price, `pricePerHour` is that of a pod.""",
)
STOCK_AWARE: Final = Code(
    "OB3119",
    Severity.ERROR,
    "stock-aware scheduling is only for VCI on VKE",
    """`stockAware` says that VKE's stock-aware scheduling for VCI (库存感知调度) is on: pods for which VCI has no stock stay
unschedulable. No other vendor documents the like; there, pods are bound to the virtual node and wait on it.

Remove the field. Without it, `overbank plan` shows where such pods get stuck.""",
    (sources.VKE_RESOURCE_POLICY, sources.VCI_PODS),
)
UNTOLERATED: Final = Code(
    "OB3120",
    Severity.WARNING,
    "pods do not tolerate a pool's taint",
    """The pool's nodes have a taint of effect NoSchedule or NoExecute, and the policy injects no toleration of it. So its
pods run there only if they bring a toleration of their own, or another policy that matches them injects one; otherwise
they go on to the next pool, or stay Pending. (An extended resource as the taint's key is tolerated by itself where the
admission plug-in ExtendedResourceToleration is on.)

Add the toleration to `inject.tolerations` of the policy.""",
    (sources.TAINTS,),
)
NO_BACKSTOP: Final = Code(
    "OB3121",
    Severity.WARNING,
    "cluster cannot report pods that miss their mutation",
    """`webhook.backstop` asks for a ValidatingAdmissionPolicy that reports pods which came to the end of admission without
what policies write. Kubernetes serves its stable API from 1.30 on; the beta of 1.28 and 1.29 is off unless somebody
switched it on, and other versions have none. So nothing is written for this cluster.

Compare the live pods with the policies from time to time, or upgrade the cluster. Without `webhook.backstop` in
overbank.yaml, clusters that can report do, and nothing is said of the others.""",
    (sources.ADMISSION_POLICIES,),
)
BACKSTOP_FULL: Final = Code(
    "OB3122",
    Severity.WARNING,
    "cluster has more policies than it reports missing mutations of",
    """The API server evaluates an expression for every policy that is watched over, for each pod that is created. Overbank
stops at a number that costs about a millisecond: pods that miss the mutation of a policy with a lower priority are
not reported.

Merge policies that differ only in their namespaces or in the values of a label.""",
    (sources.ADMISSION_POLICIES,),
)
