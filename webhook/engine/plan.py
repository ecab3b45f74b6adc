"""What a set of matching policies wants, worked out once and used for every pod that they match.

Each field is settled between the policies here: the first that names a key decides it, the others are remembered only as far as
they want the same. What is left for a pod is to look at what it has. A plan hangs on the policies alone, never on a pod.
"""

from collections.abc import Iterator, Sequence
from typing import Final

from webhook.engine.decision import Action, Decision, Effect
from webhook.engine.fields import Fields, Toleration
from webhook.engine.keys import APPLIED_ANNOTATION, PLACEMENT_LABEL
from webhook.engine.match import Candidate
from webhook.engine.patch import Append, Write, append, write
from webhook.engine.pod import PodToleration, covers

LABELS: Final = "metadata.labels"
ANNOTATIONS: Final = "metadata.annotations"
SCHEDULER: Final = "spec.schedulerName"
TOLERATIONS: Final = "spec.tolerations"


class Offer:
    """A value that one policy wants for a key; ``placing`` says that its placement does not work without it."""

    __slots__ = ("candidate", "placing", "value")

    def __init__(self, candidate: Candidate, value: str, *, placing: bool = False) -> None:
        self.candidate = candidate
        self.value = value
        self.placing = placing


class Step:
    """A key and the offers for it, the first of which decides.

    Attributes:
        key: of the label or annotation.
        override: whether the decider's value replaces what the pod has.
        write: the prepared operation.
        added: the effects where the pod has nothing yet: the decider's, then of those that want the same.
        present: the effects where the pod has the value already.
    """

    __slots__ = ("added", "field", "key", "offers", "override", "placing", "policy", "present", "value", "write")

    def __init__(self, field: str, offers: Sequence[Offer], *, override: bool, write: Write) -> None:
        decider = offers[0]
        self.field = field
        self.offers = offers
        self.policy = decider.candidate.name
        self.value = decider.value
        self.placing = decider.placing
        self.override = override
        self.write = write
        self.key = write.key
        first = Effect(self.policy, field, Action.ADDED, None, self.value)
        agreeing = agreeing_effects(self, self.value)
        self.added = (first, *agreeing)
        self.present = (Effect(self.policy, field, Action.PRESENT, self.value, self.value), *agreeing)


class TolerationStep:
    """A toleration that no other toleration of the plan covers, and the effects where it is added."""

    __slots__ = ("added", "append", "field", "followers", "policy", "toleration")

    def __init__(self, candidate: Candidate, toleration: Toleration, followers: Sequence[tuple[str, str]]) -> None:
        self.policy = candidate.name
        self.toleration = toleration
        self.field = toleration_field(toleration)
        self.followers = followers
        self.append: Append = append("/spec/tolerations", toleration)
        first = Effect(self.policy, self.field, Action.ADDED, None, describe(toleration))
        self.added = (first, *(Effect(policy, field, Action.PRESENT) for policy, field in followers))


class Plan:
    """Everything that does not hang on the pod.

    Attributes:
        policies: names in deciding order.
        owner: the policy that owns placement, None if none does.
        resource: what a pod must ask for to get the owner's accelerator annotations, None where the owner has no such class.
        annotations: the steps without (False) and with (True) those.
        marked: whether a marker label is due, and so among ``labels``.
        applied: the applied annotation where everything that is wanted stands in the pod, without and with the accelerator's.
        label_keys: the labels that a decision looks at. annotation_keys: likewise.
        decisions: those for pods that have none of it, by what is left to differ between them.
    """

    __slots__ = (
        "annotation_keys",
        "annotations",
        "applied",
        "decisions",
        "label_keys",
        "labels",
        "marked",
        "marks",
        "owner",
        "policies",
        "resource",
        "scheduler",
        "tolerations",
    )

    def __init__(self, matched: Sequence[Candidate]) -> None:
        owner = next((candidate for candidate in matched if candidate.placed is not None), None)
        placement = owner.policy.placement if owner else None
        self.policies = tuple(candidate.name for candidate in matched)
        self.owner = owner.name if owner else None
        self.marks = {candidate.name: candidate.mark for candidate in matched}
        self.marked = placement is not None and placement.marker
        self.resource = placement.accelerator.resource if placement and placement.accelerator else None
        self.scheduler = next(_scheduler(matched, owner), None)
        marker = [_marker(owner)] if owner and self.marked else []
        self.labels = (*marker, *_labels(matched, owner))
        self.annotations = {asked: tuple(_annotations(matched, owner, accelerated=asked)) for asked in (False, True)}
        self.tolerations = tuple(_tolerations(matched, owner))
        self.applied = {asked: self._applied_write(asked) for asked in (False, True)}
        self.label_keys = frozenset({PLACEMENT_LABEL, *(step.key for step in self.labels)})
        self.annotation_keys = frozenset({APPLIED_ANNOTATION, *(step.key for steps in self.annotations.values() for step in steps)})
        self.decisions: dict[tuple[object, ...], Decision] = {}

    def applied_mark(self, effects: Sequence[Effect]) -> str:
        """Return the applied annotation of a decision with these effects; empty where no policy's value stands in the pod."""
        standing = {each.policy for each in effects if each.policy and each.action is not Action.KEPT}
        if self.owner:
            standing.add(self.owner)
        return ",".join(sorted(self.marks[policy] for policy in standing))

    def _applied_write(self, asked: bool) -> Write:  # noqa: FBT001 - the key of the table above
        steps = (*((self.scheduler,) if self.scheduler else ()), *self.labels, *self.annotations[asked])
        effects = [effect for step in (*steps, *self.tolerations) for effect in step.added]
        return write("/metadata/annotations", APPLIED_ANNOTATION, self.applied_mark(effects))


def agreeing_effects(step: Step, value: str) -> tuple[Effect, ...]:
    """Return the effects of the policies after the decider that want just the value that the pod ends up with."""
    return tuple(
        Effect(offer.candidate.name, step.field, Action.PRESENT, value, value) for offer in step.offers[1:] if offer.value == value
    )


def describe(toleration: Toleration | PodToleration) -> str:
    """Write a toleration as kubectl does: ``key=value:Effect``, ``key:Effect op=Exists``, with ``for 300s``."""
    text = toleration.key or ""
    if toleration.operator != "Exists" and toleration.value:
        text += f"={toleration.value}"
    if toleration.effect:
        text += f":{toleration.effect}"
    if toleration.operator == "Exists":
        text += " op=Exists"
    if toleration.toleration_seconds is not None:
        text += f" for {toleration.toleration_seconds}s"
    return text.strip()


def toleration_field(toleration: Toleration) -> str:
    """Return the field of a toleration as effects name it."""
    return f"{TOLERATIONS}[{describe(toleration)}]"


def _wishes(matched: Sequence[Candidate], owner: Candidate | None) -> Iterator[tuple[Candidate, Fields, bool]]:
    """Yield what each policy wants in deciding order: the owner's placement before what it injects."""
    for candidate in matched:
        if candidate is owner and candidate.placed is not None:
            yield candidate, candidate.placed, True
        yield candidate, candidate.policy.inject, False


def _scheduler(matched: Sequence[Candidate], owner: Candidate | None) -> Iterator[Step]:
    offers = [
        Offer(candidate, fields.scheduler_name, placing=placing)
        for candidate, fields, placing in _wishes(matched, owner)
        if fields.scheduler_name
    ]
    if offers:
        yield Step(SCHEDULER, offers, override=offers[0].candidate.override, write=write("/spec", "schedulerName", offers[0].value))


def _marker(owner: Candidate) -> Step:
    field = f"{LABELS}[{PLACEMENT_LABEL}]"
    return Step(field, [Offer(owner, owner.name)], override=True, write=write("/metadata/labels", PLACEMENT_LABEL, owner.name))


def _labels(matched: Sequence[Candidate], owner: Candidate | None) -> Iterator[Step]:
    offers: dict[str, list[Offer]] = {}
    for candidate, fields, placing in _wishes(matched, owner):
        for key, value in fields.labels.items():
            offers.setdefault(key, []).append(Offer(candidate, value, placing=placing))
    for key, each in offers.items():
        # A label that changes under a ReplicaSet's selector would make it create pods for ever.
        yield Step(f"{LABELS}[{key}]", each, override=False, write=write("/metadata/labels", key, each[0].value))


def _annotations(matched: Sequence[Candidate], owner: Candidate | None, *, accelerated: bool) -> Iterator[Step]:
    offers: dict[str, list[Offer]] = {}
    for candidate, fields, placing in _wishes(matched, owner):
        for key, value in fields.annotations.items():
            offers.setdefault(key, []).append(Offer(candidate, value, placing=placing))
        if placing and accelerated and candidate.accelerator:
            for key, value in candidate.accelerator.annotations.items():
                offers.setdefault(key, []).append(Offer(candidate, value))
    for key, each in offers.items():
        yield Step(
            f"{ANNOTATIONS}[{key}]",
            each,
            override=each[0].candidate.override,
            write=write("/metadata/annotations", key, each[0].value),
        )


def _tolerations(matched: Sequence[Candidate], owner: Candidate | None) -> Iterator[TolerationStep]:
    """Yield the tolerations that no earlier one covers. What covers one of them covers its followers too, so they need no look."""
    found: list[tuple[Candidate, Toleration, list[tuple[str, str]]]] = []
    for candidate, fields, _ in _wishes(matched, owner):
        for wanted in fields.tolerations:
            covering = next((followers for _, toleration, followers in found if covers(toleration, wanted)), None)
            if covering is None:
                found.append((candidate, wanted, []))
            else:
                covering.append((candidate.name, toleration_field(wanted)))
    for candidate, toleration, followers in found:
        yield TolerationStep(candidate, toleration, tuple(followers))
