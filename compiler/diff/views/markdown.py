"""A difference as a comment on a pull request.

GitHub takes 65,536 characters in a comment. What does not fit is left out, whole entries and the least important first, and that is said.
"""

from collections.abc import Sequence
from typing import Final

from compiler.diagnostics import Diagnostic
from compiler.diff.comparing import Diff
from compiler.diff.views.outline import Entry, Section, lines, sections, summary
from compiler.diff.views.wording import ADDED, CHANGED, PLAIN, REMOVED, WARNED
from compiler.report.escaping import escaped
from compiler.report.style import printable

MAX_BYTES: Final = 64_000
"""Of the whole in UTF-8; what is left to the limit is for a title or a marker of whoever posts it."""
_ROOM: Final = 1000
"""Bytes kept for what is said about the entries that are left out."""
_SIGNS: Final = {ADDED: "**+** ", REMOVED: "**-** ", CHANGED: "**~** ", WARNED: "⚠️ ", PLAIN: ""}
_FINDINGS: Final = 20
_OPEN: Final = frozenset({"clusters", "policies", "running pods"})
"""Sections that are shown unfolded."""


def render(diff: Diff, forbidden: Sequence[Diagnostic] = ()) -> str:
    """Return the comment, of at most ``MAX_BYTES``."""
    head = f"### What {escaped(diff.after)} changes\n\nAgainst {escaped(diff.before)}: {escaped(summary(diff))}.\n\n"
    head += _forbidden(forbidden)
    left = MAX_BYTES - _ROOM - _size(head)
    parts, omitted = [head], []
    for section in sections(diff):
        text, skipped, left = _section(section, left)
        parts.append(text)
        if skipped:
            omitted.append(f"{skipped} of {len(section.entries)} {section.name}")
    if omitted:
        parts.append(
            f"**Left out, since a comment holds 65,536 characters:** {', '.join(omitted)}. "
            "`overbank diff --format json-v1` has everything.\n"
        )
    return "".join(parts).rstrip("\n") + "\n"


def _section(section: Section, left: int) -> tuple[str, int, int]:
    """Return what of a section fits, how many entries do not, and the bytes that are left then."""
    unfolded = section.name in _OPEN
    opening = f"#### {section.title}\n\n" if unfolded else f"<details><summary>{section.title}</summary>\n\n"
    closing = "\n" if unfolded else "\n</details>\n\n"
    left -= _size(opening) + _size(closing)
    shown, skipped = [], 0
    for entry in section.entries:
        text = _entry(entry)
        if _size(text) > left:
            skipped += 1
            continue
        left -= _size(text)
        shown.append(text)
    if not shown:
        return "", skipped, left + _size(opening) + _size(closing)
    return f"{opening}{''.join(shown)}{closing}", skipped, left


def _entry(entry: Entry) -> str:
    return "".join(f"{'  ' * depth}- {_SIGNS[each.sign]}{escaped(each.text)}\n" for depth, each in lines([entry]))


def _forbidden(forbidden: Sequence[Diagnostic]) -> str:
    if not forbidden:
        return ""
    shown = [
        f"- ❌ `{each.code.id}` {escaped(each.message)} ({escaped(printable(str(each.primary.where.locate())))})\n"
        for each in forbidden[:_FINDINGS]
    ]
    more = f"- and {len(forbidden) - _FINDINGS} more\n" if len(forbidden) > _FINDINGS else ""
    return f"**Forbidden**\n\n{''.join(shown)}{more}\n"


def _size(text: str) -> int:
    return len(text.encode())
