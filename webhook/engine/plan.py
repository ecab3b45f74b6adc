"""What a set of matching policies wants, worked out once and used for every pod that they match.

Each field is settled between the policies here; what is left for a pod is to look at what it has. A plan hangs on the policies alone,
never on a pod. Wishes are in deciding order: policy by policy, and of each what its placement needs if it is the owner, then what its
scheduling needs, then what it injects.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Generic, NamedTuple, TypeVar

from webhook.engine.containers import GPU_COUNT_LABEL
from webhook.engine.decision import Action, Decision, Effect
from webhook.engine.fields import Fields, Gang, GpuShare
from webhook.engine.foreign import Border
from webhook.engine.gang import NAME_LABEL, SIZE_LABEL
from webhook.engine.keys import APPLIED_ANNOTATION, PLACEMENT_LABEL
from webhook.engine.match import Candidate
from webhook.engine.nodes import Nodes
from webhook.engine.patch import write
from webhook.engine.policy import Placement, Verdict
from webhook.engine.steps import (
    ESCAPES,
    LABELS,
    PRIORITY_CLASS,
    SCHEDULER,
    UNSCHEDULED,
    Offer,
    Step,
    annotation,
    field,
    label,
    node_selector,
)
from webhook.engine.tolerations import union

_Feature = TypeVar("_Feature")


class _Wish(NamedTuple):
    """What one part of one policy wants; ``promises`` are labels whose values hang on the pod."""

    candidate: Candidate
    fields: Fields
    loss: str = ""
    promises: tuple[str, ...] = ()


class Decided(NamedTuple, Generic[_Feature]):
    """A feature that the highest policy with it decides, and the policies that want just the same, that one first."""

    candidate: Candidate
    wanted: _Feature
    policies: tuple[str, ...]


class Plan:
    """Everything that does not hang on the pod.

    Attributes:
        policies: names in deciding order.
        owner: the policy that owns placement, None if none does. placement: that policy's.
        resource: what a pod must ask for to get the owner's accelerator, None where the owner has no such class.
        chooses_instance: whether that accelerator chooses an instance, which a pod that asks for nothing goes without.
        marked: whether a marker label is due, and so among ``labels``.
        annotations: the steps without (False) and with (True) the accelerator's. nodes: the wishes about nodes, likewise.
        promised: labels that hang on the pod, with the offers for them. gang, share: where they come from. certain: the steps for
            labels where the promises come to nothing.
        topology: the policy that has CPUs bound to containers, None if none has.
        border: what is foreign to the owner, None if nothing is.
        personal: whether every pod is looked at as a whole; otherwise ``decisions`` has those of pods that have nothing of what is named.
        inspects: whether containers and volumes are looked at. plain: whether only metadata, scheduler and tolerations are.
        applied: the applied annotation where everything that is wanted stands in the pod, without and with the accelerator's.
        label_keys: the labels that a decision looks at. annotation_keys: likewise. selector_keys: of the node selector.
    """

    __slots__ = (
        "annotation_keys",
        "annotations",
        "applied",
        "border",
        "certain",
        "chooses_instance",
        "decisions",
        "gang",
        "inspects",
        "label_keys",
        "labels",
        "marked",
        "marks",
        "node_selector",
        "nodes",
        "owner",
        "personal",
        "placement",
        "plain",
        "policies",
        "priority_class",
        "promised",
        "resource",
        "scheduler",
        "selector_keys",
        "share",
        "tolerations",
        "topology",
    )

    def __init__(self, matched: Sequence[Candidate]) -> None:
        owner = next((candidate for candidate in matched if candidate.placed is not None), None)
        self.placement: Placement | None = owner.policy.placement if owner else None
        self.policies = tuple(candidate.name for candidate in matched)
        self.owner = owner.name if owner else None
        self.marks = {candidate.name: candidate.mark for candidate in matched}
        self.marked = self.placement is not None and self.placement.marker
        self.resource = owner.accelerator.resource if owner and owner.accelerator else None
        self.chooses_instance = bool(owner and owner.accelerator and owner.accelerator.annotations)
        self.gang: Decided[Gang] | None = _decided(
            (candidate, candidate.policy.scheduling.gang) for candidate in matched if candidate.policy.scheduling
        )
        self.share: Decided[GpuShare] | None = _decided(
            (candidate, candidate.policy.scheduling.gpu_share) for candidate in matched if candidate.policy.scheduling
        )
        self.topology = next(
            (each.name for each in matched if each.policy.scheduling and each.policy.scheduling.cpu_topology), None
        )

        wishes = {asked: tuple(_wishes(matched, owner, self.gang, self.share, accelerated=asked)) for asked in (False, True)}
        usual = wishes[False]
        self.scheduler = _single(SCHEDULER, usual, lambda fields: fields.scheduler_name)
        self.priority_class = _single(PRIORITY_CLASS, usual, lambda fields: fields.priority_class_name)
        labels = _offers(usual, lambda fields: fields.labels, promising=True)
        marker = [_marker(owner)] if owner and self.marked else []
        self.promised = tuple((key, each) for key, each in labels.items() if any(offer.promised for offer in each))
        promised = {key for key, _ in self.promised}
        self.labels = (*marker, *(label(key, each) for key, each in labels.items() if key not in promised))
        unpromised = {key: [offer for offer in each if not offer.promised] for key, each in self.promised}
        self.certain = (*self.labels, *(label(key, each) for key, each in unpromised.items() if each))
        self.annotations = {
            asked: tuple(annotation(key, each) for key, each in _offers(found, lambda fields: fields.annotations).items())
            for asked, found in wishes.items()
        }
        self.node_selector = tuple(
            node_selector(key, each) for key, each in _offers(usual, lambda fields: fields.node_selector).items()
        )
        self.nodes = {asked: _nodes(found) for asked, found in wishes.items()}
        wanted = [(wish.candidate.name, toleration) for wish in usual for toleration in wish.fields.tolerations]
        self.tolerations = union(wanted)
        foreign = self.placement.foreign if self.placement else None
        self.border = (
            Border(owner.name, foreign, [toleration for _, toleration in wanted])
            if owner and foreign and foreign.verdict is not Verdict.ALLOW
            else None
        )

        self.applied = {asked: self._applied_if_complete(asked) for asked in (False, True)}
        self.label_keys = frozenset(
            {PLACEMENT_LABEL, *(step.key for step in self.labels), *(self.border.label_keys if self.border else ())}
        )
        self.annotation_keys = frozenset(
            {
                APPLIED_ANNOTATION,
                *(step.key for steps in self.annotations.values() for step in steps),
                *(self.border.annotation_keys if self.border else ()),
            }
        )
        self.selector_keys = frozenset(step.key for step in self.node_selector)
        self.personal = self.gang is not None or self.share is not None
        self.inspects = self.topology is not None or (
            self.placement is not None and bool(self.placement.runtimes or self.placement.mirrored_resources)
        )
        self.plain = not (self.border or self.priority_class or self.node_selector or any(self.nodes.values()))
        self.decisions: dict[tuple[object, ...], Decision] = {}

    def applied_mark(self, effects: Iterable[Effect]) -> str:
        """Return the applied annotation of a decision with these effects; empty where no policy's value stands in the pod."""
        standing = {each.policy for each in effects if each.policy and each.action not in (Action.KEPT, Action.REMOVED)}
        if self.owner:
            standing.add(self.owner)
        return ",".join(sorted(self.marks[policy] for policy in standing))

    def _applied_if_complete(self, asked: bool) -> str:  # noqa: FBT001 - the key of the tables above
        singles = [step for step in (self.scheduler, self.priority_class) if step]
        steps = (*singles, *self.labels, *self.annotations[asked], *self.node_selector)
        added = [effect for step in steps for effect in step.added] + [effect for step in self.tolerations for effect in step.added]
        return self.applied_mark([*added, *self.nodes[asked].added])


def _decided(offers: Iterable[tuple[Candidate, _Feature | None]]) -> Decided[_Feature] | None:
    wanting = [(candidate, wanted) for candidate, wanted in offers if wanted is not None]
    if not wanting:
        return None
    candidate, decided = wanting[0]
    return Decided(candidate, decided, tuple(each.name for each, wanted in wanting if wanted == decided))


def _wishes(
    matched: Sequence[Candidate],
    owner: Candidate | None,
    gang: Decided[Gang] | None,
    share: Decided[GpuShare] | None,
    *,
    accelerated: bool,
) -> Iterator[_Wish]:
    """Yield what each policy wants in deciding order."""
    for candidate in matched:
        if candidate is owner and candidate.placed is not None:
            yield _Wish(candidate, candidate.placed, ESCAPES)
            if accelerated and candidate.accelerator:
                accelerator = candidate.accelerator
                yield _Wish(candidate, Fields(annotations=accelerator.annotations, required=accelerator.required))
        if candidate.policy.scheduling is not None:
            promises: tuple[str, ...] = ()
            if gang is not None and candidate.name in gang.policies:
                promises += (NAME_LABEL, SIZE_LABEL)
            if share is not None and candidate.name in share.policies and share.wanted.gpus > 1:
                promises += (GPU_COUNT_LABEL,)
            yield _Wish(candidate, candidate.policy.scheduling.fields, UNSCHEDULED, promises)
        yield _Wish(candidate, candidate.policy.inject)


def _offers(
    wishes: Iterable[_Wish], part: Callable[[Fields], Mapping[str, str]], *, promising: bool = False
) -> dict[str, list[Offer]]:
    """Gather the offers for each key of a map, and with ``promising``, that is for labels, what is promised."""
    offers: dict[str, list[Offer]] = {}
    for candidate, fields, loss, promises in wishes:
        for key, value in part(fields).items():
            offers.setdefault(key, []).append(Offer(candidate, value, loss))
        for key in promises if promising else ():
            offers.setdefault(key, []).append(Offer(candidate, "", promised=True))
    return offers


def _single(name: str, wishes: Iterable[_Wish], part: Callable[[Fields], str | None]) -> Step | None:
    offers = [Offer(wish.candidate, value, wish.loss) for wish in wishes if (value := part(wish.fields))]
    return field(name, offers) if offers else None


def _marker(owner: Candidate) -> Step:
    written = write("/metadata/labels", PLACEMENT_LABEL, owner.name)
    return Step(f"{LABELS}[{PLACEMENT_LABEL}]", [Offer(owner, owner.name)], written, override=True)


def _nodes(wishes: Iterable[_Wish]) -> Nodes:
    wishes = tuple(wishes)
    return Nodes(
        [(wish.candidate.name, wish.fields.required) for wish in wishes],
        [(wish.candidate.name, preference) for wish in wishes for preference in wish.fields.preferred],
    )
