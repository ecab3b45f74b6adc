"""Codes of manifests in Git: the files under ``spec.workloads`` of the Repository."""

from typing import Final

from compiler.codes import sources
from compiler.diagnostics import Code, Severity

BROKEN: Final = Code(
    "OB8101",
    Severity.ERROR,
    "workload that no API server would take",
    """A manifest under `spec.workloads` has a pod template, and a field in it has a type that the API server would refuse, so
nobody can say what would become of its pods.

Mend the manifest. If the file is no manifest but, say, a patch of an overlay, take it out of `spec.workloads`:

    spec:
      workloads: ["apps/**/*.yaml", "!apps/**/overlays/**"]""",
)
TWINS: Final = Code(
    "OB8102",
    Severity.ERROR,
    "workload stands in Git twice",
    """Two manifests under `spec.workloads` are the same object: the same kind, namespace and name. An exact patch is worked
out for one text, and applied to the other it could fail or do something else.

Often one of them is a patch in a kustomize overlay. Keep the base, and take the overlays out:

    spec:
      workloads: ["apps/**/*.yaml", "!apps/**/overlays/**"]""",
)
NAMELESS: Final = Code(
    "OB8103",
    Severity.WARNING,
    "workload without a usable name gets no patch",
    """A patch in a kustomization finds its object by name and namespace. The workload has no name (it may have `generateName`), or
one that the API server would refuse, so there is no patch for it. The webhook still mutates its pods, and so does `overbank
mutate`.

With a namespace that is none, such as a variable that is filled in later, nobody can say which policies match: there is
neither a patch nor a check, and `overbank mutate` refuses the stream.

Give it a name; write the namespace out, or run `overbank mutate` behind the tool that fills the variable in.""",
)
NO_FILE: Final = Code(
    "OB8104",
    Severity.WARNING,
    "pattern matches no file",
    """A pattern under `spec.workloads` matches no YAML file that is read, so the manifests it was meant for get neither patches nor
checks. Patterns have gitignore syntax and are relative to the repository's root; hidden folders, the output folder and what
`exclude` names are never read.""",
)
DENIED: Final = Code(
    "OB8105",
    Severity.ERROR,
    "pods of a workload would be denied",
    """The webhook would refuse the pods of this workload, so after the merge it could not start, or not be scaled or
rescheduled. The notes are the reasons, in the webhook's own words.

Change the manifest, or the policy: `incompatible: warn` and `foreignIntent: warn` let such pods through with a warning.
`overbank try FILE --cluster NAME` shows the whole decision.""",
)
WARNED: Final = Code(
    "OB8106",
    Severity.WARNING,
    "policy has a warning about a workload",
    """The webhook would let the pods of this workload pass with a warning, which their author never sees when a controller
creates them.

`overbank try FILE --cluster NAME` shows the whole decision.""",
)
UNEVEN: Final = Code(
    "OB8107",
    Severity.WARNING,
    "pods of one template do not get the same",
    """A patch changes a template, and with it all of its pods. Here the policies want different things for them: a gang that is
named by a label of the single run (`job-name` of a CronJob, `controller-uid`), a match on the index of a replica, or a
rollout that counts the single run. So there is no patch for the template, and `overbank mutate` leaves it as it is. The
webhook gives every pod what is meant for it.

Run the webhook for these pods. Or let the policy use labels that all pods of the template share.""",
)
STILL_SELECTED: Final = Code(
    "OB8108",
    Severity.WARNING,
    "ResourcePolicy selects pods that the webhook leaves alone",
    """A ResourcePolicy that selects the authors' own labels (direct) reads labels and nothing else. So it also selects pods that opt
out with `overbank.dev/inject: "false"`, and those of a DaemonSet that has the same labels: the vendor's scheduler places them
in the order of the pools and counts them against `max`, without what the webhook would have given them.

Give the pods other labels. Or write `selection: marker` in the policy: the webhook then marks the pods that are meant.""",
)
NODE_PORT: Final = Code(
    "OB8201",
    Severity.WARNING,
    "NodePort Service selects pods on virtual nodes",
    """A NodePort is opened on every node and leads to the pods from there. ECI does not support Services of type NodePort, and
neither do AI nodes: they have no port of a real node to open (vendor pages: limits of ECI; AI nodes of AnalyticDB under ACK,
compatibility table).

Use a Service of type LoadBalancer or ClusterIP for these pods.""",
    (sources.ECI_LIMITS,),
)
NETWORK_POLICY: Final = Code(
    "OB8202",
    Severity.WARNING,
    "NetworkPolicy selects pods on virtual nodes",
    """A NetworkPolicy is enforced on the node that a pod runs on. AI nodes do not support it (compatibility table of the AI
nodes under ACK); for ECI the vendor listed it as unsupported in 2021 and says nothing since. Traffic that the policy should
stop may pass.

Keep these pods off the virtual nodes, or protect them with security groups.""",
    (sources.NETWORK_POLICIES, sources.ECI_LIMITS),
)
DISRUPTION_BUDGET: Final = Code(
    "OB8203",
    Severity.WARNING,
    "PodDisruptionBudget selects pods on AI nodes",
    """Pods on AI nodes are not protected by a PodDisruptionBudget (compatibility table of the AI nodes under ACK): they can all
go at once, whatever the budget says.

Keep as many replicas elsewhere as the service needs.""",
    (sources.DISRUPTIONS,),
)
CLAIM_DRIVER: Final = Code(
    "OB8204",
    Severity.WARNING,
    "AI node pods use a volume that is not OSS",
    """The vendor shows volume claims on AI nodes with static OSS volumes only (driver ossplugin.csi.alibabacloud.com). The
claim's volume or storage class has another driver, which needs a node that AI nodes are not.

Use an OSS volume, or keep these pods off the AI nodes.""",
)
ECI_ANNOTATION: Final = Code(
    "OB8205",
    Severity.WARNING,
    "ECI annotation on the workload instead of its pods",
    """Annotations `k8s.aliyun.com/eci-...` are read from the pod. On the workload's own metadata they do nothing, as the
vendor's page on pod annotations keeps repeating.

Move them to `spec.template.metadata.annotations`.""",
    (sources.ECI_ANNOTATIONS,),
)
BURST_LABEL: Final = Code(
    "OB8206",
    Severity.WARNING,
    "burst-resource as a label does nothing",
    """`alibabacloud.com/burst-resource` is read from the pod's annotations, in every generation of the vendor's pages. As a label
alone it has no effect, and the pods stay on ordinary nodes.

Write it as an annotation of the pod template, or leave it to a policy with `mechanism: burstAnnotation`.""",
    (sources.ACK_BURST_RESOURCE,),
)
