"""One pod against one plan: what is written, in which order, and what is said about it.

Pods that have nothing of what a plan names, as most do, share a few decisions, which are made once. Nothing may be shared that
hangs on anything else of the pod: ``_untouched`` and ``_plain_otherwise`` return all that it hangs on.
"""

from collections.abc import Mapping, Sequence
from typing import Final

from msgspec import UNSET

from webhook.engine.checks import Claims, Findings, inspect, report
from webhook.engine.containers import Amounts, mirror
from webhook.engine.decision import Action, Decision, Effect, Exemption
from webhook.engine.foreign import NOTHING
from webhook.engine.keys import APPLIED_ANNOTATION, DEFAULT_SCHEDULER, PLACEMENT_LABEL
from webhook.engine.notes import Notes
from webhook.engine.patch import Add, Operation, Remove, Write, edit_list, edit_map, write
from webhook.engine.plan import Plan
from webhook.engine.pod import Metadata, Pod, Spec, covers
from webhook.engine.promises import fulfilled, share
from webhook.engine.steps import LABELS, Step, outcome, settle, settle_members
from webhook.engine.tolerations import settle_tolerations

_SCHEDULING_DEFAULTS: Final = ((UNSET, UNSET), (0, "PreemptLowerPriority"))
"""Priority and preemption policy as pods have them that name no priority class: before and after the Priority admission plugin."""


def decide(plan: Plan, pod: Pod, metadata: Metadata, claims: Claims, exemption: Exemption | None) -> Decision:
    """Decide from a plan about a pod that may be patched.

    Raises:
        msgspec.MsgspecError: a part of the pod that is decoded on demand is not of the types of core/v1.
        UnicodeDecodeError: likewise, text in it is no UTF-8.
    """
    asked = plan.resource is not None and pod.asks_for(plan.resource)
    found = inspect(plan, pod, metadata, claims) if plan.inspects else None
    shared = _untouched(plan, pod, metadata, asked) if found is None and exemption is None else None
    if shared is None:
        return _settle_all(plan, pod, metadata, asked, found, exemption)
    decision = plan.decisions.get(shared)
    if decision is None:
        decision = plan.decisions[shared] = _settle_all(plan, pod, metadata, asked, None, None)
    return decision


def check(plan: Plan, pod: Pod, metadata: Metadata, claims: Claims) -> Decision:
    """Decide about a pod that is bound to a node: it is checked and never patched. Raises as ``decide`` does."""
    notes = Notes()
    found = inspect(plan, pod, metadata, claims) if plan.inspects else None
    if found is not None:
        report(plan, found, notes, bound=True)
    if plan.border is not None:
        asked = plan.resource is not None and pod.asks_for(plan.resource)
        intent = plan.border.intent(metadata, pod.spec, plan.labels, plan.annotations[asked])
        plan.border.judge(intent, metadata, pod.spec, notes, bound=True)
    return Decision([], Exemption.NODE_NAME, plan.policies, plan.owner, "", [], notes.warnings, notes.denied)


def _untouched(plan: Plan, pod: Pod, metadata: Metadata, asked: bool) -> tuple[object, ...] | None:  # noqa: FBT001 - on the hot path
    """Return all that the decision hangs on where the pod has nothing that the plan names, and None where it has something."""
    if plan.personal:
        return None
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
    key = (pod.metadata is None, not labels, not annotations, scheduler, spec.tolerations is None, asked)
    if plan.plain:
        return key
    more = _untouched_beyond(plan, spec, asked)
    return None if more is None else key + more


def _untouched_beyond(plan: Plan, spec: Spec, asked: bool) -> tuple[object, ...] | None:  # noqa: FBT001 - on the hot path
    """Likewise for the fields that few plans name."""
    selector, computed = spec.node_selector, (spec.priority, spec.preemption_policy)
    if plan.priority_class is not None and (spec.priority_class_name or computed not in _SCHEDULING_DEFAULTS):
        return None
    if selector and not plan.selector_keys.isdisjoint(selector):
        return None
    if plan.nodes[asked] and not plan.nodes[asked].untouched(spec):
        return None
    if plan.border is not None and plan.border.tolerates(spec):
        return None
    return (not selector, computed if plan.priority_class is not None else None)


def _settle_all(  # noqa: PLR0917 - on the hot path
    plan: Plan,
    pod: Pod,
    metadata: Metadata,
    asked: bool,  # noqa: FBT001 - on the hot path
    found: Findings | None,
    exemption: Exemption | None,
) -> Decision:
    notes = Notes()
    spec = pod.spec
    if found is not None:
        report(plan, found, notes, bound=False)
    foreign = NOTHING
    if plan.border is not None:
        intent = plan.border.intent(metadata, spec, plan.labels, plan.annotations[asked])
        foreign = plan.border.judge(intent, metadata, spec, notes, bound=False)
    own_labels, own_annotations = _without(metadata.labels, foreign.labels), _without(metadata.annotations, foreign.annotations)

    scheduler = _scheduler(plan.scheduler, spec.scheduler_name, notes) if plan.scheduler else None
    priority = _priority(plan.priority_class, spec, notes) if plan.priority_class else []
    unmarked = _unmark(own_labels, notes) if not plan.marked else ()
    amounts = Amounts()
    shared = share(plan, spec, amounts, notes)
    steps: Sequence[Step] = plan.labels
    if plan.promised:
        steps = (*steps, *fulfilled(plan, own_labels, own_annotations, notes, asked=asked, shared=shared is not None))
    labels = settle_members(steps, own_labels, notes)
    if plan.owner and plan.chooses_instance and not asked:
        notes.warn(plan.owner, f"no container asks for {plan.resource}, so no GPU instance is chosen")
    annotations = settle_members(plan.annotations[asked], own_annotations, notes)
    selector = settle_members(plan.node_selector, spec.node_selector, notes)
    nodes: list[Operation] = []
    if plan.nodes[asked]:
        nodes = plan.nodes[asked].settle(
            spec, outcome(plan.node_selector, spec.node_selector), plan.owner or plan.policies[0], notes
        )
    if found is not None and plan.owner is not None:
        mirror(found.lopsided, plan.owner, amounts, notes)
    stripped = frozenset(foreign.tolerations)
    own_tolerations = [each for index, each in enumerate(spec.tolerations or ()) if index not in stripped]
    tolerations = settle_tolerations(plan.tolerations, own_tolerations, notes) if plan.tolerations else []

    if denied := notes.denied:
        return Decision([], exemption, plan.policies, plan.owner, "", [], notes.warnings, denied)
    mark = plan.applied[asked] if notes.complete and not plan.personal else plan.applied_mark(notes.effects)
    rest: list[Operation] = [scheduler.operation] if scheduler else []
    rest += priority
    rest += edit_map("/spec/nodeSelector", spec.node_selector, selector)
    rest += nodes
    rest += amounts.operations()
    rest += edit_list("/spec/tolerations", spec.tolerations, tolerations, foreign.tolerations)
    operations: list[Operation] = []
    if rest or labels or annotations or unmarked or foreign:
        stale = _mark(mark, own_annotations, annotations)
        if pod.metadata is None and (labels or annotations):
            operations.append(Add("/metadata", {}))
        operations += edit_map("/metadata/labels", metadata.labels, labels, (*unmarked, *foreign.labels))
        operations += edit_map("/metadata/annotations", metadata.annotations, annotations, (*stale, *foreign.annotations))
        operations += rest
    return Decision(operations, exemption, plan.policies, plan.owner, mark, notes.effects, notes.warnings)


def _without(members: dict[str, str] | None, keys: tuple[str, ...]) -> dict[str, str] | None:
    return {key: value for key, value in members.items() if key not in keys} if members and keys else members


def _scheduler(step: Step, current: str | None, notes: Notes) -> Write | None:
    """Return the scheduler's name to write, if any."""
    unset = not current or current == DEFAULT_SCHEDULER
    return settle(step, current or None, step.override or unset, notes)


def _priority(step: Step, spec: Spec, notes: Notes) -> list[Operation]:
    """Return what sets the priority class.

    The API server computed the priority of the class that was there, or of none, before webhooks ran, and computes it again
    afterwards: a pod whose priority is not that of its class is forbidden.
    """
    written = settle(step, spec.priority_class_name or None, step.override, notes)
    if written is None:
        return []
    operations: list[Operation] = [written.operation]
    for member, computed in (("priority", spec.priority), ("preemptionPolicy", spec.preemption_policy)):
        if computed is not UNSET:
            operations.append(Remove(f"/spec/{member}"))
            notes.effects.append(Effect(step.policy, f"spec.{member}", Action.REMOVED, str(computed)))
    return operations


def _unmark(labels: Mapping[str, str] | None, notes: Notes) -> tuple[str, ...]:
    """Return the marker label for removal where the author wrote one that is not due."""
    current = labels.get(PLACEMENT_LABEL) if labels else None
    if current is None:
        return ()
    notes.effects.append(Effect("", f"{LABELS}[{PLACEMENT_LABEL}]", Action.REMOVED, current))
    return (PLACEMENT_LABEL,)


def _mark(mark: str, annotations: Mapping[str, str] | None, writes: list[Write]) -> tuple[str, ...]:
    """Bring the applied annotation up to date; return it for removal where no policy's value stands any more."""
    current = annotations.get(APPLIED_ANNOTATION) if annotations else None
    if mark:
        if current != mark:
            writes.append(write("/metadata/annotations", APPLIED_ANNOTATION, mark))
        return ()
    return (APPLIED_ANNOTATION,) if current is not None else ()
