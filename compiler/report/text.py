"""Diagnostics for people: what is wrong, the source line, other places, facts and help, as a compiler would write it."""

from collections.abc import Iterable
from itertools import groupby
from unicodedata import east_asian_width

from compiler.diagnostics import Diagnostic, Label, Severity
from compiler.report.style import Paint, plain, printable
from compiler.source import Location

_COLOURS = {Severity.ERROR: "red", Severity.WARNING: "yellow"}
MAX_LINE = 160
"""Longer source lines are cut, so that one minified file does not fill the screen."""


def render(diagnostics: Iterable[Diagnostic], paint: Paint = plain, root: str = ".") -> str:
    """Return all diagnostics with their frames, a blank line after each. Paths are shown as seen from where ``root`` is."""
    return "".join(_diagnostic(diagnostic, paint, root) + "\n" for diagnostic in diagnostics)


def concise(diagnostics: Iterable[Diagnostic], paint: Paint = plain, root: str = ".") -> str:
    """Return one line a diagnostic: ``path:line:column: severity[code]: message``."""
    return "".join(f"{printable(each.primary.where.locate().shown(root))}: {_heading(each, paint)}\n" for each in diagnostics)


def _heading(diagnostic: Diagnostic, paint: Paint) -> str:
    code = diagnostic.code
    return (
        f"{paint(f'{code.severity}[{code.id}]', 'bold', _COLOURS[code.severity])}: {paint(printable(diagnostic.message), 'bold')}"
    )


def _diagnostic(diagnostic: Diagnostic, paint: Paint, root: str) -> str:
    labels = [(diagnostic.primary, True), *((label, False) for label in diagnostic.related)]
    places = [(label.where.locate(), label, primary) for label, primary in labels]
    numbers = [place.span.line for place, _, _ in places if place.span]
    gutter = len(str(max(numbers, default=0)))
    lines = [_heading(diagnostic, paint)]
    for index, (_, group) in enumerate(groupby(places, key=lambda each: each[0].path)):
        members = list(group)
        arrow = "-->" if index == 0 else ":::"
        lines.append(f"{' ' * gutter}{paint(arrow, 'blue')} {printable(members[0][0].shown(root))}")
        for place, label, primary in sorted(members, key=lambda each: each[0].span.line if each[0].span else 0):
            mark = ("^", _COLOURS[diagnostic.code.severity]) if primary else ("-", "blue")
            lines += _frame(place, label, gutter, mark, paint)
    margin = f"{' ' * gutter} {paint('=', 'blue')} "
    lines += [f"{margin}{paint('note:', 'bold')} {printable(text)}" for text in diagnostic.notes]
    lines += [f"{margin}{paint('help:', 'bold')} {printable(text)}" for text in diagnostic.help]
    return "\n".join(lines) + "\n"


def _frame(place: Location, label: Label, gutter: int, mark: tuple[str, str], paint: Paint) -> list[str]:
    if place.span is None or place.file is None:
        return [f"{' ' * gutter} {paint('|', 'blue')} {printable(label.text)}"] if label.text else []
    underline, colour = mark
    source = printable(place.file.line(place.span.line))
    start = min(place.span.column - 1, len(source))
    end = place.span.end_column - 1 if place.span.end_line == place.span.line else len(source)
    end = max(min(end, len(source)), start + 1)
    if len(source) > MAX_LINE:
        cut = max(0, start - MAX_LINE // 2)
        source, start, end = source[cut : cut + MAX_LINE], start - cut, min(end - cut, MAX_LINE)
    bar = paint("|", "blue")
    number = paint(f"{place.span.line:>{gutter}}", "blue")
    before = "".join("\t" if character == "\t" else " " * _width(character) for character in source[:start])
    marks = underline * max(1, sum(_width(character) for character in source[start:end]))
    text = f" {printable(label.text)}" if label.text else ""
    return [
        f"{' ' * gutter} {bar}",
        f"{number} {bar} {source}",
        f"{' ' * gutter} {bar} {before}{paint(marks + text, 'bold', colour)}",
    ]


def _width(character: str) -> int:
    return 2 if east_asian_width(character) in "WF" else 1
