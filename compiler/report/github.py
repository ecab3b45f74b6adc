"""Diagnostics as workflow commands of GitHub Actions, which become annotations of the changed lines.

https://docs.github.com/en/actions/reference/workflows-and-actions/workflow-commands
"""

import posixpath
from collections.abc import Iterable
from typing import Final

from compiler.diagnostics import Diagnostic, Severity
from compiler.report.selection import by_severity
from compiler.report.style import printable
from compiler.report.tally import tally

BUDGET: Final = 10
"""GitHub shows so many annotations of a kind for a step, and drops the others without a word."""
_COMMANDS: Final = {Severity.ERROR: "error", Severity.WARNING: "warning", Severity.INFO: "notice"}
_MAX_TEXT: Final = 4000


def render(diagnostics: Iterable[Diagnostic], *, root: str = ".") -> str:
    """Return a command for each finding, the most severe first. What exceeds the budget is counted in a last one.

    Args:
        diagnostics: findings.
        root: the repository's folder as seen from the root of the checkout.
    """
    found = by_severity(diagnostics)
    shown = found if len(found) <= BUDGET else found[: BUDGET - 1]
    lines = [_command(each, root) for each in shown]
    if len(shown) < len(found):
        rest = tally(each.code.severity for each in found[len(shown) :])
        lines.append(
            f"::notice title=overbank::{_data(f'and {rest} more, listed in the summary of the job and by other formats')}\n"
        )
    return "".join(lines)


def _command(diagnostic: Diagnostic, root: str) -> str:
    place = diagnostic.primary.where.locate()
    properties = {"file": posixpath.normpath(posixpath.join(root, place.path))}
    if place.span:
        properties |= {"line": str(place.span.line), "endLine": str(place.span.end_line)}
        if place.span.line == place.span.end_line:  # columns of several lines are refused
            properties |= {"col": str(place.span.column), "endColumn": str(place.span.end_column)}
    properties["title"] = f"{diagnostic.code.id} {diagnostic.code.title}"
    said = [diagnostic.message, diagnostic.primary.text]
    said += [f"{label.where.locate().shown(root)}: {label.text}" for label in diagnostic.related if label.text]
    said += [f"note: {each}" for each in diagnostic.notes] + [f"help: {each}" for each in diagnostic.help]
    text = "\n".join(printable(each) for each in said if each)[:_MAX_TEXT]
    written = ",".join(f"{key}={_property(value)}" for key, value in properties.items())
    return f"::{_COMMANDS[diagnostic.code.severity]} {written}::{_data(text)}\n"


def _data(text: str) -> str:
    # https://github.com/actions/toolkit/blob/main/packages/core/src/command.ts
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    return _data(printable(text)).replace(":", "%3A").replace(",", "%2C")
