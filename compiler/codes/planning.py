"""Codes of plans: scenarios that cannot be played, and what they show."""

from typing import Final

from compiler.diagnostics import Code, Severity

EVENTS: Final = Code(
    "OB9101",
    Severity.ERROR,
    "events cannot happen like this",
    """A scenario starts with `create` and has it only there, and each event is exactly one thing that happens; several things at
one moment are several events without a `wait` between them. `autoscale` needs `autoscaling` in the placement policy, whose
bounds it is held to.""",
)
SUBJECT: Final = Code(
    "OB9102",
    Severity.ERROR,
    "scenario does not say what is planned",
    """A scenario is about the workload of a PlacementPolicy (`placement`, and `workload` where it has several), or about pods in
one cluster (`cluster`), and never about both. In one cluster it has to be clear in which namespace the pods are: write
`namespace`, or a `policy` that names only one.""",
)
POOLS_OF: Final = Code(
    "OB9103",
    Severity.ERROR,
    "no telling whose pools the pods use",
    """The BurstPolicy that places the pods decides which pools they use, and in which order. Without a `pod` in the scenario it is
the only policy that places pods in the namespace; with none, or with several, say which one is meant: `policy: NAME`, or show a pod
with its labels: `pod: {file: …}`.""",
)
TARGET: Final = Code(
    "OB9104",
    Severity.ERROR,
    "event is about a pool that is not there",
    """An event names a cluster that is not part of the plan, a pool that the policy does not use there, more nodes than the pool
has, or nodes of a pool that does not declare them, or does not say how many pods are lost with one.
Only serverless and autoscaled pools can be out of stock: nodes that are there are not bought.

Name a pool of the policy on that cluster, or declare `nodes` and `podsPerNode` there.""",
)
POD: Final = Code(
    "OB9105",
    Severity.ERROR,
    "pod of the scenario cannot be used",
    """The file does not exist in the repository, is not YAML, or does not hold exactly one pod or workload with one pod template;
or the policies deny the pod. Paths are relative to the scenario's file and cannot leave the repository.""",
)
CAPACITY: Final = Code(
    "OB9106",
    Severity.WARNING,
    "pool is taken as boundless",
    """The pool is made of nodes, and its document does not say how many there are or how many pods fit on one, so the plan lets it
take any number of pods. Declare `nodes` and `podsPerNode`, or `allocatable` together with a `pod` in the scenario;
`overbank inventory` reads them from the cluster.""",
)
WEIGHTS: Final = Code(
    "OB9107",
    Severity.ERROR,
    "weights depend on what no document says",
    """The placement policy gives no weights, so KubeAdmiral weighs the clusters by their free capacity at the moment of the decision.
Say in the scenario what that would be (`weights`), or give weights in the policy.""",
)
UNSTABLE: Final = Code(
    "OB9108",
    Severity.ERROR,
    "plan reaches no stable state",
    """The controllers undo each other's work: what the federation decides changes what the clusters report, and that changes the
decision back, without an end. In production this shows as pods that are created and deleted again and again. Usual cause:
a `min` of the placement policy that is more than the cluster can run. KubeAdmiral counts what is missing to it twice, among the
replicas that stay and among those that it divides, and takes that back as soon as the new pods are seen.""",
)
EXPECTATION: Final = Code(
    "OB9109",
    Severity.ERROR,
    "plan is not as expected",
    """After the event the plan shows something else than the scenario expects. The message shows both, and `overbank plan` shows
the reasons.""",
)
CEILING: Final = Code(
    "OB9110",
    Severity.ERROR,
    "plan exceeds a ceiling",
    """At the prices of the clusters' pools the plan costs more than the scenario allows. Prices are those of `pricePerHour`: of all
nodes that are there, used or not, and of all pods that run on pools without nodes.""",
)
UNPRICED: Final = Code(
    "OB9111",
    Severity.ERROR,
    "ceiling without prices",
    """The scenario has a ceiling, and a pool that its pods can use has no `pricePerHour`. A sum that leaves it out could never be
trusted, so it is not compared. A pool that costs nothing has `pricePerHour: 0`. The price of a pool of nodes is that of a node, so
it has to be known how many there are: `nodes`, and `podsPerNode` where an autoscaler adds them.""",
)
