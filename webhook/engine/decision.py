"""What the engine answers: operations, and enough facts to explain, log and count them."""

from enum import StrEnum

from msgspec import Struct, field

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


class Effect(Struct, frozen=True, omit_defaults=True):
    """One value and what became of it.

    Attributes:
        policy: the policy that wants the value; empty for the clean-up of our own marks.
        field: the pod field in dotted form, keys in brackets: ``metadata.labels[app]``.
        before: what the pod had, None if nothing. after: what it has now.
    """

    policy: str
    field: str
    action: Action
    before: str | None = None
    after: str | None = None


class Decision(Struct, frozen=True):
    """The outcome for one pod.

    Attributes:
        operations: the JSON Patch, empty if nothing changes.
        exemption: why the pod was left alone, None if it was not.
        policies: names of the matching policies, in deciding order.
        owner: the policy that owns placement, None if none does.
        applied: the value of the applied annotation that this decision stands for; empty if no policy's value is in the pod.
        warnings: sentences for the user who creates the pod.
    """

    operations: list[Operation] = field(default_factory=list)
    exemption: Exemption | None = None
    policies: list[str] = field(default_factory=list)
    owner: str | None = None
    applied: str = ""
    effects: list[Effect] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)
