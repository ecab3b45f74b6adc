"""The label and annotation keys that Overbank owns or obeys."""

PREFIX = "overbank.dev/"

PLACEMENT_LABEL = "overbank.dev/placement"
"""Marker label: the webhook writes the policy's name, a marker ResourcePolicy selects it. Nobody else may set it."""

INJECT_LABEL = "overbank.dev/inject"
"""Opt-out label on pods and namespaces; the only value with a meaning is ``"false"``."""

EXCLUDE_LABEL = "overbank.dev/exclude"
"""``"true"`` on excluded namespaces where the API server cannot exclude them by name (before Kubernetes 1.21)."""

APPLIED_ANNOTATION = "overbank.dev/applied"
"""Sorted ``policy@digest12`` of the policies whose values stand in the pod, comma-separated."""

MIRROR_ANNOTATION = "kubernetes.io/config.mirror"
"""Set by kubelets on the API objects of static pods, which are immutable in effect."""

DEFAULT_SCHEDULER = "default-scheduler"
"""What API defaulting writes before webhooks run, so it counts as unset (core/v1 defaults, ``SetDefaults_PodSpec``)."""
