"""Codes of what policies mean, alone and together."""

from typing import Final

from compiler.codes import sources
from compiler.diagnostics import Code, Severity

OVERLAP: Final = Code(
    "OB4101",
    Severity.ERROR,
    "policies of equal priority contradict each other",
    """Some pod matches both policies, they have the same priority, and both decide the same thing: both have pools, or both
set another value for one key. Which one wins would hang on their names, which no reviewer looks at.

The note shows such a pod. Give one of the two the higher `priority`, or narrow one of the matches.""",
)
LABEL_FEEDBACK: Final = Code(
    "OB4102",
    Severity.ERROR,
    "injected label feeds a match",
    """A label that one policy writes, or the share of a GPU that it makes pods ask for, is matched on by a policy of the same
cluster. The API server may call the webhook
again after other webhooks ran; then the pod would match differently than the first time, and the outcome would hang on who
else runs in the cluster. The same holds for the resource that `scheduling.gpuShare` writes, `aliyun.com/gpu-mem`, where a policy
or an accelerator class looks for it.

Match on what the workload's author writes.""",
    (sources.ADMISSION_WEBHOOKS,),
)
RESERVED_KEY: Final = Code(
    "OB4103",
    Severity.ERROR,
    "key is reserved",
    """Keys under `overbank.dev/` belong to Overbank: `overbank.dev/placement` is written by the webhook and selected by
ResourcePolicies, `overbank.dev/inject` opts pods out, `overbank.dev/applied` says which policies stand in a pod. A policy
cannot inject them or match pods on them.""",
)
NAMESPACES_UNKNOWN: Final = Code(
    "OB4104",
    Severity.ERROR,
    "namespaces are not known",
    """A ResourcePolicy is a namespaced object: Overbank must know the namespaces that it writes it to. A selector, or
`all: true`, is resolved against the namespaces that the cluster declares, and none of those fits.

Name the namespaces in the policy, or declare them in the Cluster:

    spec:
      namespaces:
      - {name: shop, labels: {tier: web}}""",
    (sources.ACK_RESOURCE_POLICY, sources.VKE_RESOURCE_POLICY),
)
EXCLUDED_NAMESPACE: Final = Code(
    "OB4105",
    Severity.ERROR,
    "policy names an excluded namespace",
    """The webhook never touches pods of excluded namespaces (`spec.webhook.excludeNamespaces` and the webhook's own), so
the policy could not do there what it says.

Take the namespace out of the policy, or out of the exclusion if you are sure.""",
)
SELECTION: Final = Code(
    "OB4106",
    Severity.ERROR,
    "selection cannot be as asked",
    """`selection: direct` makes the ResourcePolicy select the pods' own labels. That is exact only if the match is a plain
map of labels and no other placing policy overlaps it in the namespace: a ResourcePolicy knows neither expressions nor
priorities. `selection` has no meaning without a ResourcePolicy.

Leave `selection` out: the webhook then marks the pods and the ResourcePolicy selects the mark.""",
    (sources.ACK_RESOURCE_POLICY, sources.VKE_RESOURCE_POLICY),
)
OVERRIDE_LABELS: Final = Code(
    "OB4107",
    Severity.WARNING,
    "merge: override does not reach labels",
    """Labels that a pod has always stay: overriding a label that a ReplicaSet selects on would make it create pods for
ever. `merge: override` holds for the policy's other fields.""",
)
SELF_CONTRADICTION: Final = Code(
    "OB4108",
    Severity.ERROR,
    "policy contradicts itself",
    """The policy injects one value for a key, and its pools, accelerator or platform need another one for the same key.

Remove it from `inject`, or from the pool.""",
)
IMPOSSIBLE: Final = Code(
    "OB4109",
    Severity.ERROR,
    "match can never hold",
    """The conditions on one label key contradict each other, so no pod (or namespace) can satisfy them and the policy does
nothing. All conditions of a selector have to hold together, as everywhere in Kubernetes: `matchLabels` and every entry of
`matchExpressions`.

For one value or another, write one expression: `{key: app, operator: In, values: [web, api]}`.""",
    (sources.LABELS,),
)
SECOND_MECHANISM: Final = Code(
    "OB4110",
    Severity.ERROR,
    "injected field is a placement mechanism of its own",
    """Some labels, annotations and tolerations choose where a pod runs: `alibabacloud.com/eci`, `alibabacloud.com/burst-resource`,
`vke.volcengine.com/burst-to-vci`, tolerations of virtual nodes. The vendors forbid mixing mechanisms: the ECI label overrides a
ResourcePolicy, and a virtual-node toleration beside one lets pods escape its order and its `max`.

List the pools under `spec.pools`; Overbank writes what their mechanism needs.""",
    (sources.ACK_RESOURCE_POLICY, sources.VCI_ANNOTATIONS),
)
OPTED_OUT: Final = Code(
    "OB4111",
    Severity.WARNING,
    "policy reaches an opted-out namespace",
    """The namespace is declared with the label `overbank.dev/inject: "false"`, so the webhook leaves its pods alone: nothing is
injected there. A ResourcePolicy that selects the pods' own labels (direct) still selects them; one that selects the marker
label does not.

Take the namespace out of the policy, or take the label off the namespace.""",
)
GANG: Final = Code(
    "OB4112",
    Severity.ERROR,
    "gang cannot be scheduled so",
    """The pods of a gang start all together or not at all. If the pools hold fewer pods than the gang needs, none of them ever starts;
if the gang is spread over several pools, its pods may be in different networks.

Raise the limits, lower `minAvailable`, keep one pool, or write `allowSplit: true`.""",
    (sources.ACK_GANG,),
)
OWNER: Final = Code(
    "OB4113",
    Severity.ERROR,
    "owner can never match",
    """`owners` looks at the controlling owner of a pod. A CronJob controls Jobs and no pods; a custom kind is found by its API group and
kind together; the pods of a DaemonSet are never changed.""",
    (sources.CRON_JOBS,),
)
OTHER_GROUP: Final = Code(
    "OB4114",
    Severity.WARNING,
    "kind is known from another API group",
    """The kind is one of Kubernetes' own, and the policy names another API group for it. That is right only for a custom kind that
happens to have the same name, such as the StatefulSet of OpenKruise.""",
)
DIVERTED: Final = Code(
    "OB4116",
    Severity.WARNING,
    "pods are given to another scheduler",
    """A ResourcePolicy, burst-resource and the features under `scheduling` are known to one scheduler only. The pods of one policy
need it, and a policy that matches some of the same pods names another one: that scheduler places them wherever it likes, past the
order of the pools and their limits, and they still count in the ResourcePolicy.

Narrow one of the matches, so that the pods are either placed or given away.""",
    (sources.ACK_RESOURCE_POLICY, sources.ACK_CO_SCHEDULER),
)
NAMESPACE_WIDE: Final = Code(
    "OB4115",
    Severity.ERROR,
    "label on the namespace reaches too far",
    """`namespaceWide: true` puts `alibabacloud.com/eci: "true"` on the namespace. That sends every new pod there to ECI, with the
webhook or without it, and overrides every other mechanism.

It fits only a policy for all pods of the namespace (`pods: {all: true}`), in force for all of them, whose only pool is `eci`,
and no other policy may place pods there.""",
)
SECRET: Final = Code(
    "OB4117",
    Severity.WARNING,
    "value looks like a secret",
    """A value that is written into pods, or stands in their manifests, looks like a private key, an access key, a token or a password.
Labels and annotations are not secret: everybody who may read pods reads them, they stand in logs, events and audit records, and
this repository keeps them for ever (Kubernetes, good practices for Secrets). Neither the finding nor its frame quotes the value.

Looked at are metadata, `inject`, annotations of pools, overrides of placement policies, and the metadata of workloads in Git. A
value is known by the form that its issuer gives it. Where its key speaks of a password, token or key, a value of letters as of
chance counts, too.

Revoke it first. Then keep it in a Secret, and refer to that from the pods.""",
)
