"""Foreign intent: what a pod's author wrote that would take the pod past the policy which owns its placement.

Whatever the matching policies want themselves is not foreign, whoever wrote it: otherwise a pod could not be admitted twice.
"""

from collections.abc import Iterable, Iterator, Mapping
from typing import Final

from webhook.engine.decision import Action, Effect
from webhook.engine.fields import Toleration
from webhook.engine.notes import Notes, quoted
from webhook.engine.pod import Metadata, PodToleration, Spec, covers
from webhook.engine.policy import Foreign, Verdict
from webhook.engine.steps import ANNOTATIONS, LABELS, Step
from webhook.engine.tolerations import describe, identity, toleration_field

PAST: Final = "takes the pod past its placement"
"""In every sentence about foreign intent, and in no other."""


class Intent:
    """What is foreign in one pod.

    Attributes:
        labels: keys. annotations: likewise. tolerations: indices, ascending.
    """

    __slots__ = ("annotations", "labels", "tolerations")

    def __init__(self, labels: tuple[str, ...], annotations: tuple[str, ...], tolerations: tuple[int, ...]) -> None:
        self.labels = labels
        self.annotations = annotations
        self.tolerations = tolerations

    def __bool__(self) -> bool:
        """Say whether there is anything."""
        return bool(self.labels or self.annotations or self.tolerations)


NOTHING: Final = Intent((), (), ())


class Border:
    """The line that one policy draws around its pods, given what all matching policies want."""

    __slots__ = ("_annotations", "_labels", "_taints", "_wanted", "policy", "verdict")

    def __init__(self, policy: str, foreign: Foreign, wanted: Iterable[Toleration]) -> None:
        self.policy = policy
        self.verdict = foreign.verdict
        self._labels = dict(sorted(foreign.labels.items()))
        self._annotations = dict(sorted(foreign.annotations.items()))
        self._taints = tuple(
            Toleration(key=taint.key, operator="Equal", value=taint.value, effect=taint.effect) for taint in foreign.taints
        )
        self._wanted = frozenset(identity(toleration) for toleration in wanted)

    @property
    def label_keys(self) -> Iterable[str]:
        """The labels that could be foreign."""
        return self._labels.keys()

    @property
    def annotation_keys(self) -> Iterable[str]:
        """The annotations that could be foreign."""
        return self._annotations.keys()

    def intent(self, metadata: Metadata, spec: Spec, labels: Iterable[Step], annotations: Iterable[Step]) -> Intent:
        """Return what is foreign in a pod. ``labels`` and ``annotations`` are what the matching policies want of it."""
        return Intent(
            tuple(_foreign(self._labels, metadata.labels, labels)),
            tuple(_foreign(self._annotations, metadata.annotations, annotations)),
            tuple(self._tolerations(spec)) if spec.tolerations else (),
        )

    def tolerates(self, spec: Spec) -> bool:
        """Say whether a pod has a foreign toleration."""
        return bool(self._taints and spec.tolerations) and next(self._tolerations(spec), None) is not None

    def _tolerations(self, spec: Spec) -> Iterator[int]:
        for index, toleration in enumerate(spec.tolerations or ()):
            if self._taint(toleration) is not None and identity(toleration) not in self._wanted:
                yield index

    def _taint(self, toleration: PodToleration) -> Toleration | None:
        return next((taint for taint in self._taints if covers(toleration, taint)), None)

    def judge(self, intent: Intent, metadata: Metadata, spec: Spec, notes: Notes, *, bound: bool) -> Intent:
        """Warn, deny or explain, as the policy says, and return what is to be stripped.

        A pod that is bound to a node is past all that these fields could lead to, and ``kubectl debug node`` makes such pods: for it
        there are warnings only.
        """
        stripping = self.verdict is Verdict.STRIP and not bound
        for field, value in self._found(intent, metadata, spec):
            if stripping:
                notes.effects.append(Effect(self.policy, field, Action.REMOVED, value))
            if self.verdict is Verdict.DENY and not bound:
                notes.deny(self.policy, f"{_phrase(field, value)} {PAST}; leave it out")
            elif stripping:
                notes.warn(self.policy, f"{_phrase(field, value)} is removed, since it {PAST}")
            else:
                notes.warn(self.policy, f"{_phrase(field, value)} {PAST}")
        return intent if stripping else NOTHING

    def _found(self, intent: Intent, metadata: Metadata, spec: Spec) -> Iterator[tuple[str, str]]:
        for name, keys, values in (
            (LABELS, intent.labels, metadata.labels),
            (ANNOTATIONS, intent.annotations, metadata.annotations),
        ):
            for key in keys:
                yield f"{name}[{key}]", (values or {})[key]
        for index in intent.tolerations:
            toleration = (spec.tolerations or [])[index]
            yield toleration_field(toleration), describe(toleration)


def _foreign(borders: Mapping[str, tuple[str, ...]], current: Mapping[str, str] | None, steps: Iterable[Step]) -> Iterator[str]:
    """Yield the keys, in order, whose values count as foreign and are not what the policies want."""
    if not current or borders.keys().isdisjoint(current):
        return
    wanted = {step.key: step.value for step in steps}
    for key, values in borders.items():
        value = current.get(key)
        if value is not None and (not values or value in values) and wanted.get(key) != value:
            yield key


def _phrase(field: str, value: str) -> str:
    if field.startswith("spec.tolerations["):
        return field
    return f"{field} = {quoted(value)}"
