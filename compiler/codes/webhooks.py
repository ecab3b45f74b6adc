"""Codes of ``overbank lint``: webhook configurations of anybody, held against the good practice of admission webhooks."""

from typing import Final

from compiler.codes import sources
from compiler.diagnostics import Code, Severity

_PAGE = "(Kubernetes documentation, Admission Webhook Good Practices)"

WILDCARD: Final = Code(
    "OB5401",
    Severity.ERROR,
    "webhook is called for everything",
    f"""A rule with `*` calls the webhook for kinds that nobody thought of, those of later releases and the parts of the
control plane included. While it is down, or slow, so are they
{_PAGE}.

Name the groups, the resources and the operations that the webhook changes.""",
    (sources.WEBHOOK_PRACTICES,),
)
TOO_BROAD: Final = Code(
    "OB5402",
    Severity.WARNING,
    "webhook is called for more than the creation of pods",
    """A pod's placement is decided when it is created; most of its fields cannot be changed later. Calls for updates come
many times in a pod's life, from kubelets and controllers, and a webhook that changes what cannot be changed keeps
pods from being deleted. Calls for subresources carry other objects than pods, which selectors on labels of pods never
match.

Ask for operation CREATE of the resource only, unless the webhook truly changes more.""",
    (sources.WEBHOOK_PRACTICES,),
)
SYSTEM_NAMESPACES: Final = Code(
    "OB5403",
    Severity.ERROR,
    "webhook is called for namespaces that it may depend on",
    f"""The webhook needs DNS, the network and the scheduler to run, whose pods are in kube-system; Leases in kube-node-lease
keep nodes alive; and its own pods have to start before it can answer. If it is called for them, an outage can keep
itself going: the cluster does not come back without the webhook, nor the webhook without the cluster
{_PAGE}.

Exclude these namespaces in namespaceSelector: kubernetes.io/metadata.name NotIn [kube-system, kube-node-lease, its
own].""",
    (sources.WEBHOOK_PRACTICES,),
)
LABELLED_NAMESPACES: Final = Code(
    "OB5404",
    Severity.WARNING,
    "namespaces are excluded only by a label that somebody has to set",
    """The namespaceSelector keeps the webhook away from system namespaces if they carry a label of somebody's choice.
Clusters are made without it, and whoever may label a namespace may take it off.

Exclude them by kubernetes.io/metadata.name, which the API server sets from Kubernetes 1.21 on. Below, make sure of
the label.""",
    (sources.NAME_LABEL,),
)
VITAL: Final = Code(
    "OB5405",
    Severity.ERROR,
    "webhook is called for what keeps the control plane alive",
    f"""Leases are how nodes and leaders say that they live; TokenReviews and SubjectAccessReviews are how requests are let
in, those of the webhook too. A webhook in their way can end a cluster
{_PAGE}.

Take them out of the rules.""",
    (sources.WEBHOOK_PRACTICES,),
)
NOT_NARROWED: Final = Code(
    "OB5406",
    Severity.WARNING,
    "every object pays for the call",
    f"""Neither objectSelector nor matchConditions, nor a namespaceSelector that names namespaces, keep away objects that the
webhook leaves as they are. Each of them waits for it all the same
{_PAGE}.

Narrow it by labels, or by matchConditions (CEL, from Kubernetes 1.28 on).""",
    (sources.WEBHOOK_PRACTICES,),
)
EXACT: Final = Code(
    "OB5407",
    Severity.WARNING,
    "requests of other API versions pass the webhook by",
    """With `matchPolicy: Exact` a request that uses another version of the same API is not sent to the webhook, although it
makes the same object.

Leave it out, or write `Equivalent`.""",
    (sources.ADMISSION_WEBHOOKS,),
)
SIDE_EFFECTS: Final = Code(
    "OB5408",
    Severity.ERROR,
    "dry runs are refused",
    """The API server refuses every dry run that would call a webhook whose `sideEffects` are neither None nor NoneOnDryRun,
and admissionregistration.k8s.io/v1 takes no other value. Dry runs are how server-side diffs, GitOps tools and
`kubectl diff` work.

Write `None`, or `NoneOnDryRun` if the webhook holds its effects back when request.dryRun is set.""",
    (sources.ADMISSION_WEBHOOKS,),
)
TIMEOUT: Final = Code(
    "OB5409",
    Severity.WARNING,
    "webhook may keep requests waiting for long",
    f"""While the webhook hangs, every request waits for timeoutSeconds, 10 where it is left out, and so do the leader
elections and retries behind it. A webhook that mutates answers in milliseconds
{_PAGE}; Gatekeeper's asks for 1 second.

Write a few seconds at most, more than the webhook's own deadline.""",
    (sources.WEBHOOK_PRACTICES,),
)
FAILS_CLOSED: Final = Code(
    "OB5410",
    Severity.WARNING,
    "an outage of the webhook keeps objects from being created",
    f"""With `failurePolicy: Fail`, the default, nothing that the rules match can be created while the webhook is away, the
pods that would repair it included {_PAGE}.

Write `Ignore`, and let a ValidatingAdmissionPolicy look at the outcome. Where a mutation must never be missed,
exclude at least the namespaces that the webhook runs on.""",
    (sources.WEBHOOK_PRACTICES,),
)
REVIEW_VERSION: Final = Code(
    "OB5411",
    Severity.ERROR,
    "webhook does not speak admission.k8s.io/v1",
    """The API server sends the first version of `admissionReviewVersions` that it knows, and from Kubernetes 1.22 on knows
v1 only. Without it every call fails.

Add v1 to the list.""",
    (sources.ADMISSION_WEBHOOKS,),
)
AUTHORITY: Final = Code(
    "OB5412",
    Severity.ERROR,
    "caBundle holds no authority",
    """`caBundle` is what the API server trusts: the certificates of authorities, in PEM, in base64. A certificate that the
webhook itself serves works until it is renewed; what is no certificate works never.

Put the certificate of the authority there, or leave the field to whoever writes it (cert-manager, the webhook
itself).""",
    (sources.ADMISSION_WEBHOOKS,),
)
REINVOKED: Final = Code(
    "OB5413",
    Severity.WARNING,
    "webhook may be called twice for one object",
    """With `reinvocationPolicy: IfNeeded` the API server calls the webhook again if a later one changed the object. If it is
not idempotent, what it adds stands there twice.

Keep it if the webhook was shown to write nothing into an object that it has changed already; otherwise write `Never`.""",
    (sources.WEBHOOK_PRACTICES,),
)
FRAGILE: Final = Code(
    "OB5414",
    Severity.WARNING,
    "webhook does not outlive a node",
    f"""What is in the path of every pod has to go on when a node goes: 2 replicas at least, on different nodes, a
PodDisruptionBudget, a priority that lets it start before the pods that wait for it, behind a Service of the cluster
{_PAGE}.

Only manifests that are given with the configuration are looked at.""",
    (sources.WEBHOOK_PRACTICES,),
)
UNGUARDED: Final = Code(
    "OB5415",
    Severity.WARNING,
    "role lets others change webhook configurations",
    f"""Whoever may write a MutatingWebhookConfiguration may change every object of the cluster, as it is created
{_PAGE}. The role lets its holders write all of them.

Restrict it by resourceNames; `create` cannot be, so leave that to administrators.""",
    (sources.WEBHOOK_PRACTICES,),
)
