"""Single values: a label, an annotation, a key of the node selector, the scheduler's name, the priority class.

Of the policies that want something for one key the first decides, alone and under its own ``merge``; the others are remembered
only as far as they want the same. That is settled once for a set of policies. What is left for a pod is to look at what it has.
"""

from collections.abc import Mapping, Sequence
from typing import Final

from webhook.engine.decision import Action, Effect
from webhook.engine.match import Candidate
from webhook.engine.notes import Notes, quoted
from webhook.engine.patch import Write, write

LABELS: Final = "metadata.labels"
ANNOTATIONS: Final = "metadata.annotations"
NODE_SELECTOR: Final = "spec.nodeSelector"
SCHEDULER: Final = "spec.schedulerName"
PRIORITY_CLASS: Final = "spec.priorityClassName"

ESCAPES: Final = "so the pod escapes its placement"
UNSCHEDULED: Final = "so the policy's scheduling has no effect"


class Offer:
    """A value that one policy wants for a key.

    Attributes:
        loss: what the author is told where another value is kept; empty where that is the author's own business.
        promised: whether the value hangs on the pod and is yet to be found out.
    """

    __slots__ = ("candidate", "loss", "promised", "value")

    def __init__(self, candidate: Candidate, value: str, loss: str = "", *, promised: bool = False) -> None:
        self.candidate = candidate
        self.value = value
        self.loss = loss
        self.promised = promised


class Step:
    """A key and the offers for it, the first of which decides.

    Attributes:
        key: of the map; for a field of its own, its name.
        override: whether the decider's value replaces what the pod has.
        write: the prepared operation.
        added: the effects where the pod has nothing yet: the decider's, then of those that want the same.
        present: the effects where the pod has the value already.
    """

    __slots__ = ("added", "field", "key", "loss", "offers", "override", "policy", "present", "value", "write")

    def __init__(self, field: str, offers: Sequence[Offer], write: Write, *, override: bool) -> None:
        decider = offers[0]
        self.field = field
        self.offers = offers
        self.policy = decider.candidate.name
        self.value = decider.value
        self.loss = decider.loss
        self.override = override
        self.write = write
        self.key = write.key
        first = Effect(self.policy, field, Action.ADDED, None, self.value)
        agreeing = self.agreeing(self.value)
        self.added = (first, *agreeing)
        self.present = (Effect(self.policy, field, Action.PRESENT, self.value, self.value), *agreeing)

    def agreeing(self, value: str) -> tuple[Effect, ...]:
        """Return the effects of the policies after the decider that want just the value that the pod ends up with."""
        return tuple(
            Effect(offer.candidate.name, self.field, Action.PRESENT, value, value)
            for offer in self.offers[1:]
            if offer.value == value
        )


def label(key: str, offers: Sequence[Offer]) -> Step:
    """Make the step for a label. It never overrides: a label that changes under a ReplicaSet's selector creates pods for ever."""
    return Step(f"{LABELS}[{key}]", offers, write("/metadata/labels", key, offers[0].value), override=False)


def annotation(key: str, offers: Sequence[Offer]) -> Step:
    """Make the step for an annotation."""
    written = write("/metadata/annotations", key, offers[0].value)
    return Step(f"{ANNOTATIONS}[{key}]", offers, written, override=offers[0].candidate.override)


def node_selector(key: str, offers: Sequence[Offer]) -> Step:
    """Make the step for a key of the node selector."""
    written = write("/spec/nodeSelector", key, offers[0].value)
    return Step(f"{NODE_SELECTOR}[{key}]", offers, written, override=offers[0].candidate.override)


def field(name: str, offers: Sequence[Offer]) -> Step:
    """Make the step for a field of the pod's spec that is a single value."""
    written = write("/spec", name.removeprefix("spec."), offers[0].value)
    return Step(name, offers, written, override=offers[0].candidate.override)


def settle(step: Step, current: str | None, override: bool, notes: Notes) -> Write | None:  # noqa: FBT001 - called for every key
    """Return what to write for one key, given what the pod has."""
    if current == step.value:
        notes.effects += step.present
        return None
    if current is None:
        notes.effects += step.added
        return step.write
    if override:
        notes.effects.append(Effect(step.policy, step.field, Action.REPLACED, current, step.value))
        notes.effects += step.added[1:]
        return step.write
    notes.complete = False
    notes.effects.append(Effect(step.policy, step.field, Action.KEPT, current, current))
    notes.effects += step.agreeing(current)
    if step.loss:
        notes.warn(step.policy, f"{step.field} is kept as {quoted(current)}, {step.loss}")
    return None


def settle_members(steps: Sequence[Step], current: Mapping[str, str] | None, notes: Notes) -> list[Write]:
    """Return the members of a map to write."""
    writes = []
    for step in steps:
        value = current.get(step.key) if current else None
        if value is None:  # the usual case, for which a call is dear
            notes.effects += step.added
            writes.append(step.write)
        elif written := settle(step, value, step.override, notes):
            writes.append(written)
    return writes


def outcome(steps: Sequence[Step], current: Mapping[str, str] | None) -> dict[str, str]:
    """Return what stands in a map once the steps are taken."""
    known = current or {}
    return {**known, **{step.key: step.value for step in steps if step.override or step.key not in known}}
