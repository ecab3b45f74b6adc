"""From a pod to a decision: the house rules of admission, one small function per owned field.

1. Idempotent: a pod that carries the outcome of a decision gets no operation from the same bundle.
2. Fields that no policy names stay byte-identical; lists are appended to; parents are created where they are missing.
3. A value that the author wrote wins, unless the deciding policy says ``merge: override``; labels always stay, since a label
   that changes under a ReplicaSet's selector would make it create pods for ever.
4. The marker label is ours: a wrong value is replaced or removed, on opted-out pods too.
5. Mirror pods, pods with ``spec.nodeName``, DaemonSet pods and excluded namespaces are never patched.
"""

from collections.abc import Sequence
from typing import Final

from webhook.engine.bundle import Bundle
from webhook.engine.decision import Action, Decision, Effect, Exemption
from webhook.engine.keys import (
    APPLIED_ANNOTATION,
    DEFAULT_SCHEDULER,
    INJECT_LABEL,
    MIRROR_ANNOTATION,
    PLACEMENT_LABEL,
)
from webhook.engine.match import Candidate, Index
from webhook.engine.patch import Add, Append, Operation, Write, edit_map, extend_list, write
from webhook.engine.plan import LABELS, Plan, Step, agreeing_effects, describe
from webhook.engine.pod import Metadata, Pod, PodToleration, covers

MAX_PLANS: Final = 10_000
"""How many sets of policies are remembered before the memory is cleared."""

_NO_METADATA: Final = Metadata()
_NOTHING: Final[dict[str, str]] = {}
_NOBODY: Final = Plan(())


class Engine:
    """Decides about pods from one bundle. What it remembers between pods saves time and decides nothing."""

    def __init__(self, bundle: Bundle) -> None:
        self.bundle = bundle
        self._index = Index(bundle.policies)
        self._excluded = frozenset(bundle.excluded_namespaces)
        self._plans: dict[tuple[int, ...], Plan] = {(): _NOBODY}

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
            return Decision([], exemption, (), None, "", [], [])
        labels = metadata.labels or _NOTHING
        if labels.get(INJECT_LABEL) == "false" or (namespace_labels is not None and namespace_labels.get(INJECT_LABEL) == "false"):
            return _decide(_NOBODY, pod, metadata, Exemption.OPTED_OUT)
        matched = self._index.table(namespace, namespace_labels).matching(labels)
        return _decide(self._plan(matched), pod, metadata, None)

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

    def _plan(self, matched: list[Candidate]) -> Plan:
        key = tuple([candidate.rank for candidate in matched])
        plan = self._plans.get(key)
        if plan is None:
            if len(self._plans) >= MAX_PLANS:
                self._plans.clear()
            plan = self._plans[key] = Plan(matched)
        return plan


class _Notes:
    """What is found out on the way.

    Attributes:
        complete: whether all that the plan wants stands in the pod.
    """

    __slots__ = ("complete", "effects", "warnings")

    def __init__(self) -> None:
        self.effects: list[Effect] = []
        self.warnings: list[str] = []
        self.complete = True

    def warn(self, policy: str, text: str) -> None:
        self.warnings.append(f"overbank policy {policy}: {text}")


def _decide(plan: Plan, pod: Pod, metadata: Metadata, exemption: Exemption | None) -> Decision:
    """Decide from a plan. Pods that have nothing of what it names, as most do, share a few decisions, which are made once."""
    asked = plan.resource is not None and pod.asks_for(plan.resource)
    shared = _untouched(plan, pod, metadata, asked) if exemption is None else None
    if shared is None:
        return _settle_all(plan, pod, metadata, asked, exemption)
    decision = plan.decisions.get(shared)
    if decision is None:
        decision = plan.decisions[shared] = _settle_all(plan, pod, metadata, asked, None)
    return decision


def _untouched(plan: Plan, pod: Pod, metadata: Metadata, asked: bool) -> tuple[object, ...] | None:  # noqa: FBT001 - on the hot path
    """Return all that the decision hangs on where the pod has nothing that the plan names, and None where it has something."""
    spec = pod.spec
    labels, annotations, scheduler = metadata.labels, metadata.annotations, spec.scheduler_name
    if scheduler and scheduler != DEFAULT_SCHEDULER:
        return None
    if labels and not plan.label_keys.isdisjoint(labels):
        return None
    if annotations and not plan.annotation_keys.isdisjoint(annotations):
        return None
    for step in plan.tolerations:
        for existing in spec.tolerations or ():
            if covers(existing, step.toleration):
                return None
    return (pod.metadata is None, not labels, not annotations, scheduler, spec.tolerations is None, asked)


def _settle_all(plan: Plan, pod: Pod, metadata: Metadata, asked: bool, exemption: Exemption | None) -> Decision:  # noqa: FBT001
    notes = _Notes()
    spec = pod.spec
    scheduler = _scheduler(plan.scheduler, spec.scheduler_name, notes) if plan.scheduler else None
    unmarked = _unmark(metadata.labels, notes) if not plan.marked else ()
    labels = _members(plan.labels, metadata.labels, notes)
    if plan.owner and plan.resource and not asked:
        notes.warn(plan.owner, f"no container asks for {plan.resource}, so no GPU instance is chosen")
    annotations = _members(plan.annotations[asked], metadata.annotations, notes)
    tolerations = _tolerations(plan, spec.tolerations, notes) if plan.tolerations else []

    mark = plan.applied[asked]
    if not notes.complete:
        mark = write("/metadata/annotations", APPLIED_ANNOTATION, plan.applied_mark(notes.effects))
    operations: list[Operation] = []
    if scheduler or labels or annotations or tolerations or unmarked:
        stale = _mark(mark, metadata.annotations, annotations)
        if pod.metadata is None and (labels or annotations):
            operations.append(Add("/metadata", {}))
        operations += edit_map("/metadata/labels", metadata.labels, labels, unmarked)
        operations += edit_map("/metadata/annotations", metadata.annotations, annotations, stale)
        if scheduler:
            operations.append(scheduler.operation)
        operations += extend_list("/spec/tolerations", spec.tolerations, tolerations)
    return Decision(operations, exemption, plan.policies, plan.owner, mark.value, notes.effects, notes.warnings)


def _scheduler(step: Step, current: str | None, notes: _Notes) -> Write | None:
    """Return the scheduler's name to write, if any."""
    unset = not current or current == DEFAULT_SCHEDULER
    return _settle(step, current or None, step.override or unset, notes)


def _unmark(labels: dict[str, str] | None, notes: _Notes) -> tuple[str, ...]:
    """Return the marker label for removal where the author wrote one that is not due."""
    current = labels.get(PLACEMENT_LABEL) if labels else None
    if current is None:
        return ()
    notes.effects.append(Effect("", f"{LABELS}[{PLACEMENT_LABEL}]", Action.REMOVED, current))
    return (PLACEMENT_LABEL,)


def _members(steps: Sequence[Step], current: dict[str, str] | None, notes: _Notes) -> list[Write]:
    """Return the members of a map (labels or annotations) to write."""
    writes = []
    for step in steps:
        value = current.get(step.key) if current else None
        if value is None:  # the usual case, for which a call is dear
            notes.effects += step.added
            writes.append(step.write)
        elif written := _settle(step, value, step.override, notes):
            writes.append(written)
    return writes


def _settle(step: Step, current: str | None, override: bool, notes: _Notes) -> Write | None:  # noqa: FBT001 - called for every key
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
    notes.effects += agreeing_effects(step, current)
    if step.placing:
        notes.warn(step.policy, f'{step.field} is kept as "{current}", so the pod escapes its placement')
    return None


def _tolerations(plan: Plan, existing: list[PodToleration] | None, notes: _Notes) -> list[Append]:
    """Return the tolerations to append: those that none of the pod's own covers."""
    appended = []
    for step in plan.tolerations:
        for each in existing or ():
            if covers(each, step.toleration):
                text = describe(each)
                notes.effects.append(Effect(step.policy, step.field, Action.PRESENT, text, text))
                notes.effects += step.added[1:]
                break
        else:
            notes.effects += step.added
            appended.append(step.append)
    return appended


def _mark(mark: Write, annotations: dict[str, str] | None, writes: list[Write]) -> tuple[str, ...]:
    """Bring the applied annotation up to date; return it for removal where no policy's value stands any more."""
    current = annotations.get(APPLIED_ANNOTATION) if annotations else None
    if mark.value:
        if current != mark.value:
            writes.append(mark)
        return ()
    return (APPLIED_ANNOTATION,) if current is not None else ()
