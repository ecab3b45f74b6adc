"""What the engine answers: operations, and enough facts to explain, log and count them."""

from enum import StrEnum

from msgspec import Struct

from webhook.engine.patch import Operation


class Exemption(StrEnum):
    """Why a pod is left alone."""

    EXCLUDED_NAMESPACE = "excluded-namespace"
    MIRROR_POD = "mirror-pod"
    NODE_NAME = "node-name"
    DAEMON_SET = "daemon-set"
    OPTED_OUT = "opted-out"


class Action(StrEnum):
    """What became of one value that a policy wants."""

    ADDED = "added"
    REPLACED = "replaced"
    REMOVED = "removed"
    KEPT = "kept"
    PRESENT = "present"


class Effect(Struct, frozen=True, omit_defaults=True, gc=False):
    """One value and what became of it.

    Attributes:
        policy: the policy that wants the value; empty for the clean-up of our own marks.
        field: the pod field in dotted form, keys in brackets: ``metadata.labels[app]``.
        before: what the pod had, None if nothing.
        after: what it has now.
    """

    policy: str
    field: str
    action: Action
    before: str | None = None
    after: str | None = None


class Decision(Struct, frozen=True, gc=False):
    """The outcome for one pod.

    Attributes:
        operations: the JSON Patch, empty if nothing changes.
        exemption: why the pod was left alone, None if it was not.
        policies: names of the matching policies, in deciding order.
        owner: the policy that owns placement, None if none does.
        applied: the value of the applied annotation that this decision stands for; empty if no policy's value is in the pod.
        warnings: sentences for the user who creates the pod.
        denied: why the pod must not be created, one sentence each; empty where it may. A denied pod has no operations.
        audit: the decision as it would be if policies in audit mode were in force; None where that is the same, or there are none.
    """

    operations: list[Operation]
    exemption: Exemption | None
    policies: tuple[str, ...]
    owner: str | None
    applied: str
    effects: list[Effect]
    warnings: list[str]
    denied: tuple[str, ...] = ()
    audit: "Decision | None" = None
