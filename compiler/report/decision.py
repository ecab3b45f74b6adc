"""A decision of the engine for people: which policies matched, what each wanted, what became of it, and where that is written."""

from collections.abc import Iterator

from compiler.origins import Origins, place_of
from compiler.report.style import Paint, plain, printable
from compiler.source import Where
from webhook.engine.audit import auditing, difference
from webhook.engine.decision import Action, Decision, Effect, Exemption

_EXEMPTIONS = {
    Exemption.EXCLUDED_NAMESPACE: "its namespace is excluded (Repository, spec.webhook)",
    Exemption.MIRROR_POD: "it is the mirror of a static pod",
    Exemption.NODE_NAME: "it is bound to a node already (spec.nodeName)",
    Exemption.DAEMON_SET: "it belongs to a DaemonSet",
    Exemption.OPTED_OUT: 'it, or its namespace, is labelled overbank.dev/inject: "false"',
}

_SIGNS = {
    Action.ADDED: ("+", "green"),
    Action.REPLACED: ("~", "yellow"),
    Action.REMOVED: ("-", "red"),
    Action.KEPT: ("!", "magenta"),
    Action.PRESENT: ("=", "dim"),
}


def render(decision: Decision, origins: Origins, paint: Paint = plain, root: str = ".") -> str:
    """Return the whole decision, one line a value, each with the place that it comes from, as seen from where ``root`` is."""
    lines = []
    if decision.exemption is not None:
        lines.append(f"left alone: {_EXEMPTIONS[decision.exemption]}")
    checked = decision.exemption is not None and bool(decision.warnings or decision.denied)
    if decision.policies and (decision.exemption is None or checked):
        names = (f"{name} ({_shown(origins.get((name, '')), root)})" for name in decision.policies)
        lines.append(f"policies, deciding first: {', '.join(names)}")
        lines.append(f"placement: {decision.owner or 'left to the cluster'}")
    elif decision.exemption is None:
        lines.append("no policy matches")
    lines += effects(decision, origins, paint, root)
    lines += [f"{paint('warning:', 'bold', 'yellow')} {printable(warning)}" for warning in decision.warnings]
    lines += [f"{paint('denied:', 'bold', 'red')} {printable(reason)}" for reason in decision.denied]
    if not decision.operations and not decision.denied:
        lines.append("the pod is not changed")
    if decision.audit is not None:
        lines += _audited(decision, decision.audit, origins, paint, root)
    return "".join(f"{line}\n" for line in lines)


def _audited(decision: Decision, other: Decision, origins: Origins, paint: Paint, root: str) -> Iterator[str]:
    """Yield what would be if policies in audit mode were in force, below a heading."""
    names = ", ".join(f"{name} ({_shown(origins.get((name, '')), root)})" for name in auditing(decision))
    yield f"audit: {printable(difference(decision).partition(': ')[2])}, were these in force: {names}"
    known = {*decision.effects}
    yield from (f"  {_effect(effect, origins, paint, root)}" for effect in other.effects if effect not in known)


def effects(decision: Decision, origins: Origins, paint: Paint = plain, root: str = ".") -> list[str]:
    """Return a line for each value: a sign, the field, the value, and the policy line that wants it."""
    return [_effect(effect, origins, paint, root) for effect in decision.effects]


def _effect(effect: Effect, origins: Origins, paint: Paint, root: str) -> str:
    sign, colour = _SIGNS[effect.action]
    match effect.action:
        case Action.REPLACED:
            value = f"{effect.after} (was {effect.before})"
        case Action.REMOVED:
            value = f"{effect.before} ({_reason(effect)})"
        case Action.KEPT:
            value = f"{effect.before} (the pod's own value stays)"
        case Action.PRESENT:
            value = f"{effect.after or ''} (already there)"
        case Action.ADDED:
            value = effect.after or '""'
    source = f"  {paint('<- ' + effect.policy + ' ' + _shown(place_of(origins, effect), root), 'dim')}" if effect.policy else ""
    field = effect.field.partition("[")[0] if effect.field.startswith("spec.tolerations[") else effect.field
    return f"  {paint(printable(f'{sign} {field}: {value.strip()}'), colour)}{source}"


def _reason(effect: Effect) -> str:
    """Say why something was removed."""
    if not effect.policy:
        return "only Overbank may set it"
    if effect.field in ("spec.priority", "spec.preemptionPolicy"):
        return "the API server computes it from the priority class"
    return "it takes the pod past its placement"


def _shown(where: Where | None, root: str) -> str:
    return where.locate().shown(root) if where else "unknown"
