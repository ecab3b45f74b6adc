"""Findings and suppressions brought together."""

from collections.abc import Callable, Iterable, Sequence
from typing import Final

from compiler.diagnostics import Diagnostic, Severity
from compiler.source import Locatable
from compiler.suppression.ignore import Ignore, Suppressed

_ELSEWHERE: Final = ("OB35", "OB51", "OB54", "OB56", "OB57", "OB6")
"""What only other commands than a check of the repository find: inventory, output, lint, diff, import, tests."""


def settle(diagnostics: Sequence[Diagnostic], ignores: Iterable[Ignore]) -> tuple[list[Diagnostic], list[Suppressed]]:
    """Return the findings that nobody suppresses, and those that somebody does with the reasons, both in the order of the findings."""
    reasons = {(each.path, each.line, each.code): each.reason for each in ignores}
    if not reasons:
        return list(diagnostics), []
    kept: list[Diagnostic] = []
    suppressed: list[Suppressed] = []
    for each in diagnostics:
        reason = None
        if each.code.severity is not Severity.ERROR:
            place = each.primary.where.locate()
            reason = reasons.get((place.path, place.span.line, each.code.id)) if place.span else None
        if reason is None:
            kept.append(each)
        else:
            suppressed.append(Suppressed(each, reason))
    return kept, suppressed


def unused(
    ignores: Iterable[Ignore],
    suppressed: Iterable[Suppressed],
    locate: Callable[[Ignore], Locatable],
    *,
    kept: Iterable[Diagnostic] = (),
    judged: Callable[[str], bool] | None = None,
) -> list[Diagnostic]:
    """Find the suppressions without a finding. Assumes that nothing has kept a finding from being made.

    Args:
        ignores: all of them.
        suppressed: what they suppress.
        locate: returns the place of one's code.
        kept: findings that nobody suppresses, one of which may have been meant.
        judged: whether the run would have found a code; by default, whether a check of a repository would.
    """
    given = list(ignores)
    if not given:
        return []
    from compiler.codes import suppression  # noqa: PLC0415 - hardly any repository has suppressions
    from compiler.diagnostics import diagnose  # noqa: PLC0415
    from compiler.suppression.removing import removed  # noqa: PLC0415

    used = set()
    for each, _ in suppressed:
        place = each.primary.where.locate()
        used.add((place.path, place.span.line if place.span else 0, each.code.id))
    lines: dict[tuple[str, str], int] = {}
    for diagnostic in kept:
        place = diagnostic.primary.where.locate()
        if place.span:
            lines.setdefault((place.path, diagnostic.code.id), place.span.line)
    idle = [one for one in given if (one.path, one.line, one.code) not in used and (judged or _by_check)(one.code)]
    # One that only stands in the wrong line has a reason to keep.
    needless: dict[str, list[Ignore]] = {}
    for one in idle:
        if (one.path, one.code) not in lines:
            needless.setdefault(one.path, []).append(one)
    found = []
    for one in idle:
        message = f"{one.code} is suppressed in line {one.line}, where it is not found"
        where, fix = locate(one), None
        if line := lines.get((one.path, one.code)):
            advice = f"it is found in line {line}; move the comment to the end of that line"
        else:
            advice = "remove the comment, or move it to the end of the line that the finding points to"
            file = where.locate().file
            fix = removed(file, one, needless[one.path]) if file is not None else None
        found.append(diagnose(suppression.UNUSED, where, message, help=[advice], fix=fix))
    return found


def _by_check(code: str) -> bool:
    return not code.startswith(_ELSEWHERE)
