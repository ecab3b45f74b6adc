"""From a pod to a decision: the house rules of admission, one small function per owned field.

1. Idempotent: a pod that carries the outcome of a decision gets no operation from the same bundle.
2. Fields that no policy names stay byte-identical; lists are appended to; parents are created where they are missing.
3. A value that the author wrote wins, unless the deciding policy says ``merge: override``; labels always stay, since a label
   that changes under a ReplicaSet's selector would make it create pods for ever.
4. The marker label is ours: a wrong value is replaced or removed, on opted-out pods too.
5. Mirror pods, pods with ``spec.nodeName``, DaemonSet pods and excluded namespaces are never patched.
"""

from webhook.engine.bundle import Bundle, Fields, Toleration
from webhook.engine.decision import Action, Decision, Effect, Exemption
from webhook.engine.keys import (
    APPLIED_ANNOTATION,
    DEFAULT_SCHEDULER,
    INJECT_LABEL,
    MIRROR_ANNOTATION,
    PLACEMENT_LABEL,
)
from webhook.engine.match import Candidate, Index
from webhook.engine.patch import Add, Operation, append_all, edit_map
from webhook.engine.pod import Metadata, Pod, PodToleration, covers

_NO_METADATA = Metadata()
_NO_LABELS: dict[str, str] = {}


class Engine:
    """Decides about pods from one bundle. Holds no state that a decision depends on, apart from the bundle."""

    def __init__(self, bundle: Bundle) -> None:
        self.bundle = bundle
        self._index = Index(bundle.policies)
        self._excluded = frozenset(bundle.excluded_namespaces)

    def admit(self, pod: Pod, namespace: str, namespace_labels: dict[str, str] | None) -> Decision:
        """Decide about a pod that is being created.

        Args:
            pod: the pod as the API server sends it, after API defaulting.
            namespace: the request's namespace; the pod's own may be empty.
            namespace_labels: the namespace's labels, or None where they are unknown: then no label selector matches them.
        """
        metadata = pod.metadata or _NO_METADATA
        exemption = self._exemption(pod, metadata, namespace)
        if exemption is not None:
            return Decision(exemption=exemption)
        labels = metadata.labels or _NO_LABELS
        if labels.get(INJECT_LABEL) == "false" or (namespace_labels or _NO_LABELS).get(INJECT_LABEL) == "false":
            return _Draft(pod, metadata, []).decision(Exemption.OPTED_OUT)
        return _Draft(pod, metadata, self._index.table(namespace, namespace_labels).matching(labels)).decision()

    def _exemption(self, pod: Pod, metadata: Metadata, namespace: str) -> Exemption | None:
        if namespace in self._excluded:
            return Exemption.EXCLUDED_NAMESPACE
        if pod.spec.node_name:
            return Exemption.NODE_NAME
        if metadata.annotations and MIRROR_ANNOTATION in metadata.annotations:
            return Exemption.MIRROR_POD
        for owner in metadata.owner_references or ():
            if owner.controller and owner.kind == "DaemonSet":
                return Exemption.DAEMON_SET
        return None


class _Draft:
    """One decision in the making: what the policies want is offered in order, the first offer for a key decides."""

    __slots__ = ("annotations", "effects", "labels", "marks", "matched", "metadata", "owner", "pod", "settled", "warnings")

    def __init__(self, pod: Pod, metadata: Metadata, matched: list[Candidate]) -> None:
        self.pod = pod
        self.metadata = metadata
        self.matched = matched
        self.owner = next((candidate for candidate in matched if candidate.placed is not None), None)
        self.labels: dict[str, str] = {}
        self.annotations: dict[str, str] = {}
        self.settled: dict[str, str] = {}
        self.effects: list[Effect] = []
        self.marks: set[str] = {self.owner.mark} if self.owner else set()
        self.warnings: list[str] = []

    def decision(self, exemption: Exemption | None = None) -> Decision:
        scheduler = self._scheduler()
        removed = self._marker()
        for candidate in self.matched:
            if candidate is self.owner:
                self._placement(candidate)
            self._inject(candidate, candidate.policy.inject)
        tolerations = self._tolerations()

        changed = bool(scheduler or removed or self.labels or self.annotations or tolerations)
        applied = ",".join(sorted(self.marks))
        stale = self._applied(applied) if changed else ()
        operations: list[Operation] = []
        if changed and self.pod.metadata is None and (self.labels or self.annotations):
            operations.append(Add("/metadata", {}))
        operations += edit_map("/metadata/labels", self.metadata.labels, self.labels, removed)
        operations += edit_map("/metadata/annotations", self.metadata.annotations, self.annotations, stale)
        if scheduler:
            operations.append(Add("/spec/schedulerName", scheduler))
        operations += append_all("/spec/tolerations", self.pod.spec.tolerations, tolerations)
        return Decision(
            operations=operations,
            exemption=exemption,
            policies=[candidate.name for candidate in self.matched],
            owner=self.owner.name if self.owner else None,
            applied=applied,
            effects=self.effects,
            warnings=self.warnings,
        )

    def _scheduler(self) -> str | None:
        """Return the scheduler name to write, if any."""
        current = self.pod.spec.scheduler_name
        unset = not current or current == DEFAULT_SCHEDULER
        written: str | None = None
        for candidate in self.matched:
            placed = candidate.placed.scheduler_name if candidate is self.owner and candidate.placed else None
            wanted = placed or candidate.policy.inject.scheduler_name
            if wanted is None or self._settled(candidate, "spec.schedulerName", wanted):
                continue
            if current == wanted or not (unset or candidate.override):
                self._stands(candidate, "spec.schedulerName", current or "", wanted, placing=placed is not None)
                continue
            self._effect(candidate, "spec.schedulerName", Action.REPLACED if current else Action.ADDED, current, wanted)
            written = wanted
        return written

    def _marker(self) -> tuple[str, ...]:
        """Offer the marker label that is due, and return it for removal where none is."""
        current = (self.metadata.labels or _NO_LABELS).get(PLACEMENT_LABEL)
        placement = self.owner.policy.placement if self.owner else None
        field = f"metadata.labels[{PLACEMENT_LABEL}]"
        if self.owner and placement and placement.marker:
            if current == self.owner.name:
                self._effect(self.owner, field, Action.PRESENT, current, current)
            else:
                action = Action.ADDED if current is None else Action.REPLACED
                self._effect(self.owner, field, action, current, self.owner.name)
                self.labels[PLACEMENT_LABEL] = self.owner.name
            return ()
        if current is None:
            return ()
        self.effects.append(Effect("", field, Action.REMOVED, current))
        return (PLACEMENT_LABEL,)

    def _placement(self, owner: Candidate) -> None:
        if owner.placed:
            self._inject(owner, owner.placed, placing=True)
        accelerator = owner.accelerator
        if accelerator is None:
            return
        if self.pod.asks_for(accelerator.resource):
            for key, value in accelerator.annotations.items():
                self._annotation(owner, key, value)
        else:
            self._warn(owner, f"no container asks for {accelerator.resource}, so no GPU instance is chosen")

    def _inject(self, candidate: Candidate, fields: Fields, *, placing: bool = False) -> None:
        for key, value in fields.labels.items():
            self._label(candidate, key, value, placing=placing)
        for key, value in fields.annotations.items():
            self._annotation(candidate, key, value, placing=placing)

    def _label(self, candidate: Candidate, key: str, value: str, *, placing: bool) -> None:
        field = f"metadata.labels[{key}]"
        if self._settled(candidate, field, value):
            return
        current = (self.metadata.labels or _NO_LABELS).get(key)
        if current is None:
            self._effect(candidate, field, Action.ADDED, None, value)
            self.labels[key] = value
        else:
            self._stands(candidate, field, current, value, placing=placing)

    def _annotation(self, candidate: Candidate, key: str, value: str, *, placing: bool = False) -> None:
        field = f"metadata.annotations[{key}]"
        if self._settled(candidate, field, value):
            return
        current = (self.metadata.annotations or _NO_LABELS).get(key)
        if current is None or (current != value and candidate.override):
            self._effect(candidate, field, Action.ADDED if current is None else Action.REPLACED, current, value)
            self.annotations[key] = value
        else:
            self._stands(candidate, field, current, value, placing=placing)

    def _settled(self, candidate: Candidate, field: str, wanted: str) -> bool:
        """Say whether a policy before this one decided the field; one that wanted the same stands in the pod as well."""
        final = self.settled.get(field)
        if final is None:
            return False
        if final == wanted:
            self._effect(candidate, field, Action.PRESENT, final, final)
        return True

    def _stands(self, candidate: Candidate, field: str, current: str, wanted: str, *, placing: bool) -> None:
        """Record that the author's value stays, whether or not it is the wanted one."""
        self._effect(candidate, field, Action.PRESENT if current == wanted else Action.KEPT, current, current)
        if placing and current != wanted:
            self._warn(candidate, f'{field} is kept as "{current}", so the pod escapes its placement')

    def _tolerations(self) -> list[Toleration]:
        """Return the tolerations to append: those that nothing in the pod, nor one before them, covers."""
        existing = self.pod.spec.tolerations or []
        appended: list[Toleration] = []
        for candidate in self.matched:
            for wanted in candidate.policy.inject.tolerations:
                field = f"spec.tolerations[{describe(wanted)}]"
                if any(covers(toleration, wanted) for toleration in appended):
                    self._effect(candidate, field, Action.PRESENT, None, None)
                    continue
                covering = next((toleration for toleration in existing if covers(toleration, wanted)), None)
                if covering is not None:
                    self._effect(candidate, field, Action.PRESENT, describe(covering), describe(covering))
                    continue
                appended.append(wanted)
                self._effect(candidate, field, Action.ADDED, None, describe(wanted))
        return appended

    def _applied(self, applied: str) -> tuple[str, ...]:
        """Bring the applied annotation up to date; return it for removal where no policy's value stands any more."""
        current = (self.metadata.annotations or _NO_LABELS).get(APPLIED_ANNOTATION)
        if applied:
            if current != applied:
                self.annotations[APPLIED_ANNOTATION] = applied
            return ()
        return (APPLIED_ANNOTATION,) if current is not None else ()

    def _effect(self, candidate: Candidate, field: str, action: Action, before: str | None, after: str | None) -> None:
        if action is not Action.KEPT:
            self.marks.add(candidate.mark)
        if after is not None:
            self.settled[field] = after
        self.effects.append(Effect(candidate.name, field, action, before, after))

    def _warn(self, candidate: Candidate, text: str) -> None:
        self.warnings.append(f"overbank policy {candidate.name}: {text}")


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
