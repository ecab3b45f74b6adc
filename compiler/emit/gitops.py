"""What Argo CD and Flux are told by annotations: in which order objects are applied, and what may never be deleted.

Argo CD applies an application in waves, lowest first, and deletes in the reverse order (Argo CD, "Sync Phases and Waves"). The numbers
are far apart, so that what else belongs into the application finds room between them; the webhook's own Deployment mounts the
bundle and belongs at 20. Flux needs no word: it applies namespaces first and webhook configurations last by itself.
"""

from typing import Final

WAVE: Final = "argocd.argoproj.io/sync-wave"
SYNC_OPTIONS: Final = "argocd.argoproj.io/sync-options"
FLUX_PRUNE: Final = "kustomize.toolkit.fluxcd.io/prune"
FLUX_APPLY: Final = "kustomize.toolkit.fluxcd.io/ssa"

WAVES: Final = {
    "Namespace": -10,
    "ResourcePolicy": 0,
    "ConfigMap": 10,
    "MutatingWebhookConfiguration": 30,
    "ValidatingAdmissionPolicy": 30,
    "ValidatingAdmissionPolicyBinding": 40,
}
"""The wave of each kind. A marker label is of use only once a ResourcePolicy selects it, and the API server may call the webhook
only once the webhook can know the policies. Pods without their mutation are reported once it is called."""

DEFAULT_WAVE: Final = 0
"""The wave of an object without the annotation."""

SERVER_SIDE: Final = "ServerSideApply=true"

PRUNE_LAST: Final = "PruneLast=true"
"""For objects that others name until they themselves have changed (Argo CD, "Sync Options")."""

NEVER_DELETED: Final = {
    SYNC_OPTIONS: f"Prune=false,Delete=false,{SERVER_SIDE}",
    FLUX_PRUNE: "disabled",
    FLUX_APPLY: "Merge",
}
"""For objects that belong to somebody else and get a field from us. ``Prune=false`` keeps them when our file goes, ``Delete=false``
when the whole application is deleted (Argo CD, "Sync Options"; argoproj/argo-cd#7124); ``prune: disabled`` does both for Flux. Server-side
apply, which Flux always uses, owns the fields that are written and no others."""


def wave(kind: str) -> dict[str, str]:
    """Return the annotation for the wave of a kind; empty for the wave that objects are in anyway.

    Raises:
        KeyError: the kind has no wave yet.
    """
    number = WAVES[kind]
    return {} if number == DEFAULT_WAVE else {WAVE: str(number)}


def after(kind: str) -> dict[str, str]:
    """Return the annotation for the wave after that of a kind, for an object that names others of its kind."""
    return {WAVE: str(WAVES[kind] + 1)}
