"""What the compiler has to say to a policy author: codes and diagnostics as values. Rendering is elsewhere.

They are named tuples, since ``explain`` loads them, and neither dataclasses nor msgspec for anything else.
"""

from collections.abc import Iterable
from enum import StrEnum
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:  # `explain` needs codes only, and what holds positions takes longer to load than all of them
    from compiler.source import Locatable


class Severity(StrEnum):
    """How bad it is: errors stop the build, warnings do not, and infos are for those who ask for them."""

    ERROR = "error"
    WARNING = "warning"
    INFO = "info"


class Code(NamedTuple):
    """A kind of diagnostic.

    Attributes:
        id: ``OB`` and four digits, of which the first is the category; never used again for something else.
        title: one line without a final stop.
        explanation: paragraphs for ``overbank explain``: why it matters, and what to do.
    """

    id: str
    severity: Severity
    title: str
    explanation: str


class Label(NamedTuple):
    """A place and what is to be said about it."""

    where: "Locatable"
    text: str = ""


class Edit(NamedTuple):
    """A stretch of text, given by where it stands, and the text that takes its place. Without a length, text is put in there."""

    where: "Locatable"
    text: str


class Fix(NamedTuple):
    """Edits that do away with a finding, in one or several files.

    Attributes:
        title: what they do, as a command: "remove `strategy`".
        edits: done all or none. They do not overlap.
        safe: whether what is meant stays what it was, and no comment is lost; others are done only for those who ask for them.
    """

    title: str
    edits: tuple[Edit, ...]
    safe: bool


class Diagnostic(NamedTuple):
    """One finding.

    Attributes:
        message: what is wrong, in one sentence without a final stop.
        primary: where.
        related: other places that matter.
        notes: facts, such as a witness or the vendor's rule and its source. help: what to do.
        fix: edits that do it, where they are known.
    """

    code: Code
    message: str
    primary: Label
    related: tuple[Label, ...] = ()
    notes: tuple[str, ...] = ()
    help: tuple[str, ...] = ()
    fix: Fix | None = None


def diagnose(
    code: Code,
    where: "Locatable",
    message: str,
    *,
    label: str = "",
    related: "Iterable[tuple[Locatable, str]]" = (),
    notes: Iterable[str] = (),
    help: Iterable[str] = (),  # noqa: A002 - the field's own word, as in rustc's output
    fix: Fix | None = None,
) -> Diagnostic:
    """Build a diagnostic."""
    others = tuple(Label(place, text) for place, text in related)
    return Diagnostic(code, message, Label(where, label), others, tuple(notes), tuple(help), fix)


def has_errors(diagnostics: Iterable[Diagnostic]) -> bool:
    """Say whether the build has to stop."""
    return any(diagnostic.code.severity is Severity.ERROR for diagnostic in diagnostics)


def in_order(diagnostics: Iterable[Diagnostic]) -> list[Diagnostic]:
    """Sort by place, then code, then text, without duplicates, so that the order of discovery never shows."""

    def key(diagnostic: Diagnostic) -> tuple[str, int, int, str, str]:
        location = diagnostic.primary.where.locate()
        line, column = (location.span.line, location.span.column) if location.span else (0, 0)
        return (location.path, line, column, diagnostic.code.id, diagnostic.message)

    return list({key(diagnostic): diagnostic for diagnostic in sorted(diagnostics, key=key)}.values())
