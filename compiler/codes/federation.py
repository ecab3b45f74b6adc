"""Codes of federation: hosts, members and placement policies."""

from typing import Final

from compiler.codes import sources
from compiler.diagnostics import Code, Severity

NOT_A_MEMBER: Final = Code(
    "OB7101",
    Severity.ERROR,
    "cluster is not a member of the policy's host",
    """A placement policy divides workloads over the members of its host. KubeAdmiral does not know other clusters: it would pass
over the entry and give its replicas to the rest.

Declare the membership at the cluster, with the name that the host has for it:

    spec:
      federation: {host: fed-poc, member: cclt75bp1h4ho7pq6su9g}""",
    (sources.KUBEADMIRAL_TYPES,),
)
WHICH_CLUSTERS: Final = Code(
    "OB7102",
    Severity.ERROR,
    "clusters are not given in exactly one way",
    """A placement policy names its clusters under `clusters`, with preferences for each, or selects them with `selector` by the
labels of their Cluster documents. Neither would mean every cluster of the host, now and later, which has to be written
down; both could contradict each other.""",
    (sources.KUBEADMIRAL_TYPES,),
)
MEMBER_TWICE: Final = Code(
    "OB7103",
    Severity.ERROR,
    "two clusters are the same member",
    """A member of a federation host is one cluster. With two documents for it, a policy that lists both would write the
same cluster twice into the PropagationPolicy, and one of the two preferences would be lost.

Correct `federation.member` of one of the two; without it the document's own name is taken.""",
)
NO_MEMBERS: Final = Code(
    "OB7104",
    Severity.ERROR,
    "selector matches no member",
    """An empty list of clusters in a PropagationPolicy does not mean nowhere: KubeAdmiral then places on every cluster of the host.
So a selector has to find at least one declared member.

Correct the selector, or the labels and `federation` of the Cluster documents.""",
    (sources.KUBEADMIRAL_TYPES,),
)
WORKLOAD_TWICE: Final = Code(
    "OB7105",
    Severity.ERROR,
    "workload belongs to two placement policies",
    """A workload is bound to its policy by one label, `kubeadmiral.io/propagation-policy-name`, which has one value. Which of two
policies wins would hang on the order of the patches.

Take the workload out of one of the policies.""",
    (sources.KUBEADMIRAL_BINDING,),
)
BOUNDS: Final = Code(
    "OB7106",
    Severity.ERROR,
    "lower bound is above the upper bound",
    """KubeAdmiral does not check that a minimum is below its maximum: its planner first gives the minimum and then takes replicas
back, so the numbers depend on the order of the clusters. A HorizontalPodAutoscaler of this kind is refused by the API server.""",
    (sources.KUBEADMIRAL_PLANNER,),
)
WEIGHTS: Final = Code(
    "OB7107",
    Severity.ERROR,
    "weights leave replicas or clusters out",
    """Beyond the minima, replicas go to clusters in proportion to their weights. Where all weights are 0 the rest is placed nowhere,
without a word. Where some clusters have a weight and others do not, KubeAdmiral takes 0 for the others.

Write a weight on every cluster (0 for those that get their minimum only), or on none: then KubeAdmiral weighs them by free
capacity.""",
    (sources.KUBEADMIRAL_PLANNER,),
)
WRONG_MODE: Final = Code(
    "OB7108",
    Severity.ERROR,
    "field has no effect in this mode",
    """Each mode reads its own fields:

    weighted    weight, min, max; priority only where `maxClusters` chooses among the clusters
    priority    priority, min, max
    duplicate   none of them: every cluster gets all replicas; priority only where `maxClusters` chooses

`autoMigration` moves divided replicas, so it means nothing in mode duplicate.

Remove the field, or choose the mode that reads it.""",
    (sources.KUBEADMIRAL_TYPES,),
)
UNREACHABLE_BOUND: Final = Code(
    "OB7109",
    Severity.WARNING,
    "autoscaling and the clusters' bounds do not fit",
    """Replicas above the sum of all `max` are placed nowhere: the autoscaler asks for them, and no cluster gets them. Minima that
add up to more than `autoscaling.maxReplicas` can never all be met: the clusters that come last get less than their minimum.""",
    (sources.KUBEADMIRAL_PLANNER,),
)
AUTOSCALING: Final = Code(
    "OB7110",
    Severity.ERROR,
    "autoscaling is not possible here",
    """KubeAdmiral's centralized autoscaling scales one workload on the host and divides its replicas over the members. It works
only for a workload that a policy with schedulingMode Divide places; otherwise the HorizontalPodAutoscaler is left without effect
and annotated with the reason (`kubeadmiral.io/fed-hpa-not-work-reason`).

Use mode weighted or priority, and give each autoscaled workload a policy of its own.""",
    (sources.KUBEADMIRAL_AUTOSCALING,),
)
MIGRATION_KIND: Final = Code(
    "OB7111",
    Severity.WARNING,
    "autoMigration does not reach this kind",
    """KubeAdmiral migrates replicas of apps/v1 Deployments only. Replicas of other kinds that a member cannot schedule stay there.""",
    (sources.KUBEADMIRAL_MIGRATION,),
)
NOT_DIVIDED: Final = Code(
    "OB7112",
    Severity.WARNING,
    "kind is not divided by default",
    """KubeAdmiral divides a kind only if its FederatedTypeConfig says where the replicas stand (`pathDefinition.replicasSpec`). Its
stock configuration says so for Deployments alone. A workload of any other kind is duplicated without a word: every cluster gets
all of its replicas.

Use mode duplicate where that is meant, or add the path to the FederatedTypeConfig on the host.""",
    (
        sources.KUBEADMIRAL_KINDS,
        sources.KUBEADMIRAL_UNITS,
    ),
)
PRIORITY_TIE: Final = Code(
    "OB7113",
    Severity.WARNING,
    "clusters have the same priority",
    """Clusters of equal priority are filled in the order of their names on the host, which are often generated. A cluster without
a priority has 0.

Give each cluster a priority of its own.""",
    (sources.KUBEADMIRAL_PRIORITY,),
)
MINIMUM_BROKEN: Final = Code(
    "OB7114",
    Severity.WARNING,
    "minimum does not hold when scaling in",
    """In mode priority, and with `avoidDisruption: true` (the default, as KubeAdmiral's own), scaling in takes replicas from the
cluster of the lowest priority first and does not look at its minimum: three clusters with 6, 6 and 8 replicas and a minimum of 2
become 6, 4 and 0 for ten replicas.

Write `rescheduling: {avoidDisruption: false}`, or do without `min`.""",
    (sources.KUBEADMIRAL_PRIORITY,),
)
KEEP_FORCED: Final = Code(
    "OB7115",
    Severity.WARNING,
    "unschedulable replicas are kept all the same",
    """Where `avoidDisruption` is false, KubeAdmiral always keeps unschedulable replicas in place, since it would otherwise move
replicas to and fro. `keepUnschedulable: false` has no effect there.

Write `keepUnschedulable: true`, which says what happens, or `rescheduling: {avoidDisruption: true}`.""",
    (sources.KUBEADMIRAL_PLANNER,),
)
OVERRIDE_CLUSTER: Final = Code(
    "OB7116",
    Severity.ERROR,
    "override for a cluster without the workload",
    """An override changes the workload on its way to a cluster. The policy does not place on this cluster, so the override would
never be used.

Add the cluster to the policy, or take it out of the override.""",
    (sources.KUBEADMIRAL_OVERRIDES,),
)
TEMPLATE: Final = Code(
    "OB7117",
    Severity.ERROR,
    "pod template is not known",
    """An OverridePolicy changes pod templates by their exact place in the object. Overbank knows the place for Pods, Deployments,
StatefulSets, DaemonSets, Jobs and CronJobs. All workloads of a policy share its overrides, so theirs must be in the same place:
an operation that does not apply keeps the workload from all of its clusters.

Give workloads of another kind a policy of their own, with `jsonPatch` instead of `accelerator`, `image` and `resources`.""",
    (sources.KUBEADMIRAL_OVERRIDES,),
)
PATCH: Final = Code(
    "OB7118",
    Severity.ERROR,
    "JSON patch operation cannot be as written",
    """`add`, `replace` and `test` need a value, `remove` has none. Operations on what
identifies the object (apiVersion, kind, name, namespace) would make another object of it; operations on `/spec/replicas` of a
divided workload would undo the division.

In a path, `/` inside a key is written `~1`, and `~` is written `~0`: `/metadata/labels/example.com~1team`. Written as it is,
the path leads nowhere, and KubeAdmiral would keep the workload from the clusters that the operation is for.""",
    (sources.JSON_PATCH, sources.JSON_POINTER, sources.KUBEADMIRAL_OVERRIDES),
)
ANNOTATIONS_WIPED: Final = Code(
    "OB7119",
    Severity.WARNING,
    "operation replaces a whole map",
    """Writing all annotations or labels at once removes those that the workload's author, Overbank and the controllers wrote.
This is sometimes done to make sure that the map exists. There is no need to: for policies that write annotations into the
pod template, the binding patches put one there.

Write single keys: `/spec/template/metadata/annotations/example.com~1key`.""",
    (sources.JSON_PATCH,),
)
METRIC: Final = Code(
    "OB7120",
    Severity.ERROR,
    "metric contradicts itself",
    """A metric of autoscaling/v2 has the one source that its type names, and its target has the one value that its own type
names. Utilization is a percentage of what pods request, so it exists for Resource and ContainerResource only. The API server
refuses anything else.""",
    (sources.AUTOSCALING,),
)
IMAGE_TWICE: Final = Code(
    "OB7121",
    Severity.WARNING,
    "two image overrides for one cluster",
    """KubeAdmiral computes each rule's image from the workload's own image, not from what an earlier rule made of it. Where two
overrides change the same container's image on one cluster, the later one undoes the earlier one.

Write all parts into one override.""",
    (sources.KUBEADMIRAL_OVERRIDES,),
)
MIGRATION_TOO_SOON: Final = Code(
    "OB7126",
    Severity.WARNING,
    "replicas move before a node can be added",
    """A pod that waits for a node of an autoscaled pool is unschedulable in the meantime. KubeAdmiral counts pods that are
unschedulable for `autoMigration.after` and moves their replicas to another cluster. Below a minute, which is KubeAdmiral's own
default, no new node takes pods in time: the autoscaler looks at the pods, asks for an instance, and that has to start and join.
The node comes for replicas that are gone, and is taken away again.

Wait longer than the pool takes to grow: `autoMigration: {after: 2m}`, or more where nodes take more.""",
    (sources.KUBEADMIRAL_MIGRATION,),
)
SAME_PATH: Final = Code(
    "OB7127",
    Severity.WARNING,
    "two overrides write the same field",
    """The rules of an OverridePolicy are applied in their order, each to what the ones before it made. Where two of them write one
field on one cluster, the later one wins, and the earlier one does nothing there. The annotations of an accelerator class are a
rule of their own, before all others.

Narrow the clusters of one of the two, or write the field once.""",
    (sources.KUBEADMIRAL_OVERRIDES,),
)
