"""One live pod: what it would be today, compared with what it is, in the fields that Overbank owns.

1. Today's engine decides about what the author sent. A pod that it would deny is denied today, whatever it carries.
2. It decides about the pod as it stands, too: what it would still write is missing. This is the house rule of idempotency, so it holds
   with the sidecars of others. Where other policies match then than before, others have changed the pod too much to tell.
3. A pod without a mark (the applied annotation) that would be changed missed its mutation. Values of others are no matter: without a
   mark none of them is Overbank's.
4. A mark that names a form of a policy that would not contribute today is stale. Then values that nothing would write today are
   what is left of it, where a known policy or a vendor's key could have written them. Where others could have, nobody can tell, unless the
   policies of then are given: then the two results for the author's pod are compared.
5. A mark that names what would contribute today is no proof: what stands is kept, so a value of one policy stands where another one would
   have come first today. There, too, only the policies of then tell whose value it is.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from compiler.observed.objects import Object, Objects, mapping, mappings, texts
from compiler.origins import place_of
from compiler.sweep.authored import Authored, Basis, authored
from compiler.sweep.footprint import Vocabulary, footprint
from compiler.sweep.ownership import workload_of
from compiler.sweep.verdict import Difference, Judged, Verdict
from compiler.trial import Bench, NotAPodError, Trial, received
from compiler.versions import Version
from webhook.engine.decision import Action, Decision, Effect, Exemption
from webhook.engine.keys import APPLIED_ANNOTATION

_CHANGES = (Action.ADDED, Action.REPLACED, Action.REMOVED)
_COMPUTED = ("spec.priority", "spec.preemptionPolicy")
_SHOWN = 3
_AGAINST = "pass --against with the policies of then"


def marks(bench: Bench) -> frozenset[str]:
    """Return the forms of a cluster's policies as the applied annotation names them."""
    return frozenset(f"{policy.name}@{policy.digest()[:12]}" for policy in bench.cluster.bundle.policies)


@dataclass(frozen=True, slots=True)
class _Case:
    """Everything about one pod.

    Attributes:
        sent: what would become of the author's pod today. stands: what today's engine says of the pod as it is. before: what became
            of the author's pod under the policies of then; None where they are not known.
    """

    pod: Object
    source: Authored
    sent: Trial
    stands: Decision
    before: Trial | None


class Judge:
    """Today's policies, and those of then if they are known.

    Args:
        today: the cluster's engine.
        then: the engine with an earlier state of the policies.
        objects: what was read of the cluster.
        kubernetes: the cluster's version.
    """

    def __init__(self, today: Bench, objects: Objects, kubernetes: Version | None, then: Bench | None = None) -> None:
        self._today = today
        self._then = then
        self._objects = objects
        self._kubernetes = kubernetes
        bundles = [bench.cluster.bundle for bench in (today, then) if bench is not None]
        self._vocabulary = Vocabulary.of(bundles)
        self._marks_then = marks(then) if then is not None else frozenset()
        self._selects = any(policy.namespaces.selector is not None for policy in today.cluster.bundle.policies)
        self._decided: dict[tuple[Any, ...], Trial] = {}

    def judge(self, pod: Object, namespace: str, labels: dict[str, str] | None) -> Judged:
        """Judge a pod; ``labels`` are those of its namespace, None where they are not known."""
        metadata = mapping(pod, "metadata")
        found = self._verdict(pod, namespace, labels)
        spec, status = mapping(pod, "spec"), mapping(pod, "status")
        ready = any(each.get("type") == "Ready" and each.get("status") == "True" for each in mappings(status, "conditions"))
        return Judged(
            name=str(metadata.get("name") or ""),
            workload=workload_of(pod, self._objects),
            awaiting=status.get("phase") == "Pending" and not spec.get("nodeName"),
            ready=ready,
            labels=texts(pod, "metadata", "labels"),
            then=tuple(sorted(_marked(pod))),
            **found,
        )

    def _verdict(self, pod: Object, namespace: str, labels: dict[str, str] | None) -> dict[str, Any]:
        source = authored(pod, self._objects, self._kubernetes)
        try:
            sent = self._admitted(self._today, source, namespace, labels)
            bare = {**pod, "spec": {key: value for key, value in pod["spec"].items() if key != "nodeName"}}
            stands = self._today.decide(received(bare), namespace, labels)
            before = self._before(source, pod, namespace, labels)
        except NotAPodError as error:
            return _unknown(f"it cannot be read: {error}")
        case = _Case(pod, source, sent, stands, before)
        about = {"now": tuple(filter(None, sent.decision.applied.split(","))), "source": source.source}
        if labels is None and self._selects:
            return {
                **about,
                **_unknown(f"the labels of namespace {namespace} are not known, and policies select namespaces by them"),
            }
        return {**about, **self._compared(case)}

    def _admitted(self, bench: Bench, source: Authored, namespace: str, labels: dict[str, str] | None) -> Trial:
        key = (id(bench), namespace, *source.siblings) if source.siblings is not None else None
        if key is not None and key in self._decided:
            return self._decided[key]
        trial = bench.admit(source.pod, namespace, labels)
        if key is not None:
            self._decided[key] = trial
        return trial

    def _before(self, source: Authored, pod: Object, namespace: str, labels: dict[str, str] | None) -> Trial | None:
        """Return what became of the author's pod then, if that is what the pod's mark says."""
        mark = _marked(pod)
        if self._then is None or source.basis is Basis.ITSELF or not mark <= self._marks_then:
            return None
        trial = self._admitted(self._then, source, namespace, labels)
        return trial if (_mark_of(trial.decision) if trial.operations else frozenset()) == mark else None

    def _compared(self, case: _Case) -> dict[str, Any]:
        decision, mark = case.sent.decision, _marked(case.pod)
        marked = bool(mark)
        if case.source.basis is Basis.ITSELF and case.source.bound_by is not False and not marked:
            if case.source.bound_by:
                return {"verdict": Verdict.UNCONCERNED}
            if case.stands.operations or case.stands.denied:
                return _unknown(f"whether its author or the scheduler chose its node is not known: {case.source.why}")
        if decision.denied:
            if case.source.basis is Basis.ITSELF and marked:
                return _unknown(f"what its author sent is not known: {case.source.why}")
            return {"verdict": Verdict.DENIED, "reasons": decision.denied}
        if decision.exemption is not None and decision.exemption is not Exemption.OPTED_OUT and not mark:
            return {"verdict": Verdict.UNCONCERNED}
        if not marked and not decision.policies and not case.stands.policies and not case.stands.operations:
            return {"verdict": Verdict.UNCONCERNED}
        if case.stands.policies != decision.policies and decision.exemption is None:
            return _unknown(_otherwise(decision, case.stands))
        if marked:
            return self._was_mutated(case, mark)
        missing = self._missing(case)
        if not missing:
            return {"verdict": Verdict.RIGHT}
        if case.before is not None:
            return {"verdict": Verdict.DIFFERS, "differences": missing, "why": "no policy of then concerned it"}
        return {"verdict": Verdict.MISSED, "differences": missing}

    def _was_mutated(self, case: _Case, mark: frozenset[str]) -> dict[str, Any]:
        decision = case.sent.decision
        missing = self._missing(case)
        now = _mark_of(decision)
        if missing and mark == now:
            return {"verdict": Verdict.DIFFERS, "differences": missing, "why": "it was changed after it was mutated"}
        if not missing and mark in (now, _mark_of(case.stands)):
            return self._kept(case)
        if case.source.basis is Basis.ITSELF:
            if missing:
                return {"verdict": Verdict.DIFFERS, "differences": missing}
            return _unknown(f"what its author sent is not known: {case.source.why}")
        certain, doubtful = self._left(case, {each.field for each in missing}, stale=bool(mark - now))
        found = tuple(sorted([*missing, *certain]))
        if found:
            return {"verdict": Verdict.DIFFERS, "differences": found}
        if doubtful:
            fields, forms = _few([each.field for each in doubtful]), ", ".join(sorted(mark - now))
            return _unknown(f"whether {forms} wrote {fields}, or another webhook, is not known; {_AGAINST}")
        return self._kept(case)

    def _kept(self, case: _Case) -> dict[str, Any]:
        """Judge a pod that lacks nothing, and has nothing left, by the values that are kept in it.

        One that a policy wrote stands although another policy would have come first today.
        """
        has, wants = footprint(case.pod), footprint(case.sent.after)
        kept = {each.field for each in case.stands.effects if each.action is Action.KEPT}
        agreed = {each.field for each in case.stands.effects if each.action is Action.PRESENT}
        itself = case.source.basis is Basis.ITSELF
        fields = sorted(field for field in kept & agreed & has.keys() if itself or has[field] != wants.get(field))
        if case.before is not None:
            earlier = footprint(case.before.after)
            effects = {each.field: each for each in case.sent.decision.effects}
            fields = [field for field in fields if earlier.get(field) == has[field]]
            found = tuple(self._remaining(field, has[field], wants.get(field), effects.get(field)) for field in fields)
            return {"verdict": Verdict.DIFFERS, "differences": found} if found else {"verdict": Verdict.RIGHT}
        if not fields:
            return {"verdict": Verdict.RIGHT}
        if itself:
            return _unknown(f"whether its author wrote {_few(fields)} is not known: {case.source.why}")
        return _unknown(f"whether a policy wrote {_few(fields)}, or another webhook, is not known; {_AGAINST}")

    def _missing(self, case: _Case) -> tuple[Difference, ...]:
        """Return what today's engine would still write into the pod."""
        if not case.stands.operations:
            return ()
        effects = [each for each in case.stands.effects if each.action in _CHANGES and each.field not in _COMPUTED]
        return tuple(sorted(self._difference(each, each.before, each.after) for each in effects))

    def _difference(self, effect: Effect, has: str | None, wants: str | None) -> Difference:
        where = place_of(self._today.cluster.origins, effect) if effect.policy else None
        return Difference(field=effect.field, has=has, wants=wants, policy=effect.policy, where=where)

    def _left(self, case: _Case, known: set[str], *, stale: bool) -> tuple[list[Difference], list[Difference]]:
        """Return the values that stand in the pod and would not today: those that are an earlier policy's, and those that may be."""
        has, wants = footprint(case.pod), footprint(case.sent.after)
        earlier = footprint(case.before.after) if case.before is not None else None
        effects = {each.field: each for each in case.sent.decision.effects}
        certain: list[Difference] = []
        doubtful: list[Difference] = []
        for field in sorted(has):
            if has[field] == wants.get(field) or field in known:
                continue
            effect = effects.get(field)
            if earlier is not None:
                if earlier.get(field) == has[field]:
                    certain.append(self._remaining(field, has[field], wants.get(field), effect))
            elif stale:
                sure = case.source.basis is not Basis.OPERATOR and (effect is not None or self._vocabulary.has(field, has[field]))
                (certain if sure else doubtful).append(self._remaining(field, has[field], wants.get(field), effect))
        return certain, doubtful

    def _remaining(self, field: str, has: str, wants: str | None, effect: Effect | None) -> Difference:
        if effect is not None and wants is not None:
            return self._difference(effect, has, wants)
        return Difference(field=field, has=has, wants=wants, why="nothing would write it today")


def _otherwise(decision: Decision, stands: Decision) -> str:
    return (
        f"others changed the pod so that other policies match: {', '.join(decision.policies) or 'none'} by what its author sent, "
        f"{', '.join(stands.policies) or 'none'} by what stands there"
    )


def _few(fields: Sequence[str]) -> str:
    more = f" and {len(fields) - _SHOWN} more" if len(fields) > _SHOWN else ""
    return ", ".join(fields[:_SHOWN]) + more


def _unknown(why: str) -> dict[str, Any]:
    return {"verdict": Verdict.UNKNOWN, "why": why}


def _marked(pod: Object) -> frozenset[str]:
    written = texts(pod, "metadata", "annotations").get(APPLIED_ANNOTATION, "")
    return frozenset(filter(None, written.split(",")))


def _mark_of(decision: Decision) -> frozenset[str]:
    return frozenset(filter(None, decision.applied.split(",")))
