"""What policies in audit mode would change, in one line for a log."""

from collections.abc import Iterator
from typing import Final

from webhook.engine.decision import Action, Decision

MAX_LENGTH: Final = 1024
"""Characters; an audit event is stored for every pod."""

_CHANGES: Final = (Action.ADDED, Action.REPLACED, Action.REMOVED)


def differs(decision: Decision, other: Decision) -> bool:
    """Say whether another decision about the same pod would have another outcome, the annotation that explains it apart."""
    return (_changes(decision), decision.denied, decision.owner) != (_changes(other), other.denied, other.owner)


def auditing(decision: Decision) -> tuple[str, ...]:
    """Return the names of the matching policies in audit mode without which a pod would be decided about otherwise."""
    if decision.audit is None:
        return ()
    return tuple(name for name in decision.audit.policies if name not in decision.policies)


def difference(decision: Decision) -> str:
    """Say what would be otherwise if the policies in audit mode were in force; empty where nothing would."""
    if decision.audit is None:
        return ""
    text = f"{', '.join(auditing(decision))}: {'; '.join(_differences(decision, decision.audit))}"
    return text if len(text) <= MAX_LENGTH else f"{text[: MAX_LENGTH - 1]}…"


def _differences(decision: Decision, other: Decision) -> Iterator[str]:
    if other.denied and other.denied != decision.denied:
        yield f"the pod would be denied ({' '.join(other.denied)})"
    elif decision.denied and not other.denied:
        yield "the pod would not be denied"
    if other.owner != decision.owner:
        instead = f", and not {decision.owner}" if decision.owner else ""
        yield f"{other.owner or 'no policy'} would own its placement{instead}"
    changed, would_change = _changes(decision), _changes(other)
    more = [field for field in would_change if would_change[field] != changed.get(field)]
    fewer = [] if other.denied else [field for field in changed if field not in would_change]
    if more:
        yield f"would change {', '.join(more)}"
    if fewer:
        yield f"would not change {', '.join(fewer)}"


def _changes(decision: Decision) -> dict[str, list[tuple[Action, str | None]]]:
    found: dict[str, list[tuple[Action, str | None]]] = {}
    for effect in decision.effects:
        if effect.action in _CHANGES:
            found.setdefault(effect.field, []).append((effect.action, effect.after))
    return found
