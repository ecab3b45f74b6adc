"""Diagnostics for people: what is wrong, the source line, other places, facts and help, as a compiler would write it."""

from collections.abc import Iterable
from itertools import groupby
from unicodedata import east_asian_width

from compiler.diagnostics import Diagnostic, Label, Severity
from compiler.report.limits import LeftOut, within_limits
from compiler.report.style import Paint, plain, printable
from compiler.source import Location
from compiler.spelling import shortened

_WITHHELD = frozenset({"OB4117"})
"""Codes whose places are named and not shown: what stands there may be a secret, and logs are read by many."""
_COLOURS = {Severity.ERROR: "red", Severity.WARNING: "yellow", Severity.INFO: "cyan"}
MAX_LINE = 160
"""Longer source lines are cut, so that one minified file does not fill the screen."""
MAX_TEXT = 2000
"""Longer messages are cut: what they quote comes from strangers."""
MAX_PATH = 1000
"""Longer paths are cut in the middle; a tree may be a thousand folders deep."""


def render(diagnostics: Iterable[Diagnostic], paint: Paint = plain, root: str = ".") -> str:
    """Return all diagnostics with their frames, a blank line after each. Paths are shown as seen from where ``root`` is."""
    parts = [
        _left_out(each, root) if isinstance(each, LeftOut) else _diagnostic(each, paint, root)
        for each in within_limits(diagnostics)
    ]
    return "".join(f"{part}\n" for part in parts)


def concise(diagnostics: Iterable[Diagnostic], paint: Paint = plain, root: str = ".") -> str:
    """Return one line a diagnostic: ``path:line:column: severity[code]: message``."""
    return "".join(
        _left_out(each, root)
        if isinstance(each, LeftOut)
        else f"{_path(each.primary.where.locate(), root)}: {_heading(each, paint)}\n"
        for each in within_limits(diagnostics)
    )


def _left_out(each: LeftOut, root: str) -> str:
    """Return the line in the place of findings; it has no severity, so that nobody counts it as another one."""
    of = f"{each.severity}[{each.code}] in {_path(Location(each.path), root)}" if each.code else "findings"
    return f"... and {each.number:,} more {of}; --format json-v1 lists all\n"


def _path(place: Location, root: str) -> str:
    shown = place.shown(root)
    if len(shown) > MAX_PATH:
        shown = f"{shown[: MAX_PATH // 2]}…{shown[-MAX_PATH // 2 :]}"
    return printable(shown)


def _said(text: str) -> str:
    return printable(shortened(text, MAX_TEXT))


def _heading(diagnostic: Diagnostic, paint: Paint) -> str:
    code = diagnostic.code
    return f"{paint(f'{code.severity}[{code.id}]', 'bold', _COLOURS[code.severity])}: {paint(_said(diagnostic.message), 'bold')}"


def _diagnostic(diagnostic: Diagnostic, paint: Paint, root: str) -> str:
    labels = [(diagnostic.primary, True), *((label, False) for label in diagnostic.related)]
    places = [(label.where.locate(), label, primary) for label, primary in labels]
    numbers = [place.span.line for place, _, _ in places if place.span]
    gutter = len(str(max(numbers, default=0)))
    lines = [_heading(diagnostic, paint)]
    for index, (_, group) in enumerate(groupby(places, key=lambda each: each[0].path)):
        members = list(group)
        arrow = "-->" if index == 0 else ":::"
        lines.append(f"{' ' * gutter}{paint(arrow, 'blue')} {_path(members[0][0], root)}")
        for place, label, primary in sorted(members, key=lambda each: each[0].span.line if each[0].span else 0):
            mark = ("^", _COLOURS[diagnostic.code.severity]) if primary else ("-", "blue")
            lines += _frame(place, label, gutter, mark, paint, withheld=diagnostic.code.id in _WITHHELD)
    margin = f"{' ' * gutter} {paint('=', 'blue')} "
    lines += [f"{margin}{paint('note:', 'bold')} {_said(text)}" for text in diagnostic.notes]
    lines += [f"{margin}{paint('help:', 'bold')} {_said(text)}" for text in diagnostic.help]
    return "\n".join(lines) + "\n"


def _frame(place: Location, label: Label, gutter: int, mark: tuple[str, str], paint: Paint, *, withheld: bool) -> list[str]:
    if place.span is None or place.file is None or withheld:
        return [f"{' ' * gutter} {paint('|', 'blue')} {_said(label.text)}"] if label.text else []
    underline, colour = mark
    number, start = place.span.line, place.span.column - 1
    # A line may have megabytes, and as many findings: no more of it is looked at than is shown.
    cut = 0 if len(place.file.line(number, 0, MAX_LINE + 1)) <= MAX_LINE else max(0, start - MAX_LINE // 2)
    source = printable(place.file.line(number, cut, cut + MAX_LINE))
    start = min(start - cut, len(source))
    end = place.span.end_column - 1 - cut if place.span.end_line == number else len(source)
    end = max(min(end, len(source)), start + 1)
    bar = paint("|", "blue")
    shown = paint(f"{number:>{gutter}}", "blue")
    before = "".join("\t" if character == "\t" else " " * _width(character) for character in source[:start])
    marks = underline * max(1, sum(_width(character) for character in source[start:end]))
    text = f" {_said(label.text)}" if label.text else ""
    return [
        f"{' ' * gutter} {bar}",
        f"{shown} {bar} {source}",
        f"{' ' * gutter} {bar} {before}{paint(marks + text, 'bold', colour)}",
    ]


def _width(character: str) -> int:
    return 2 if east_asian_width(character) in "WF" else 1
