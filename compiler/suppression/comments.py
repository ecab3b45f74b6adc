"""Suppressions in the text of a file. Only YAML's own scanner knows which ``#`` begins a comment, so it is asked where there may be one."""

import re
from bisect import bisect_right
from collections.abc import Iterator
from typing import Final

from compiler.codes import reading, suppression
from compiler.diagnostics import Code, Diagnostic, Severity, diagnose
from compiler.source import Location, SourceFile, Span
from compiler.suppression.ignore import WORD, Ignore

_BEGIN: Final = r"#[ \t]*[Oo]verbank:[ \t]*(?:ignore\b|[A-Za-z-]{1,40}[ \t]*[\[(][ \t]*[Oo][Bb]\d)"
"""Other words before codes in brackets are meant likewise (``ignores``, ``disable``); to pass over them in silence would leave the author to wonder."""
_FORM: Final = r"#[ \t]*overbank:[ \t]*ignore[ \t]*\[(?P<codes>[^\]\n]{0,500})\](?P<reason>[^\n]{0,2000})"
_EMPTY: Final = r"[ \t]*(?:#.*|%.*|(?:---|\.\.\.)[ \t]*(?:#.*)?)?"
"""A line without content of a document: nothing, a comment, a directive or a marker."""
MAX_COMMENTS: Final = 1000
MAX_FINDINGS: Final = 100
"""Of a file. Strangers write files, too, and each comment costs more than its letters."""
_SHOWN: Final = 200
_USAGE: Final = "write `# overbank: ignore[CODE] reason`"


def ignores_in(file: SourceFile) -> tuple[tuple[Ignore, ...], list[Diagnostic]]:
    """Return what the comments of a file suppress, in the order of the text, and what is wrong with them.

    A file that is no YAML has no comments; whoever reads it says so.
    """
    if WORD not in file.text:
        return (), []
    begins = [found.start() for found in re.finditer(_BEGIN, file.text) if _may_begin(file.text, found.start())][: MAX_COMMENTS + 1]
    if not begins:
        return (), []
    taken = _taken(file.text)
    if taken is None:
        return (), []
    ignores: list[Ignore] = []
    diagnostics: list[Diagnostic] = []
    lines = _Lines(file)
    for number, offset in enumerate(begins):
        if number == MAX_COMMENTS or len(diagnostics) > MAX_FINDINGS:
            message = "too many suppressions, or too much that is wrong with them; from here on they are not looked at"
            return tuple(ignores), [*diagnostics[:MAX_FINDINGS], _found(reading.TOO_MANY, file, file.span_at(offset), message)]
        if _is_free(offset, taken) and lines.leads(offset):
            found, problems = _read(lines, offset)
            ignores += found
            diagnostics += problems
    return tuple(ignores), diagnostics


def _may_begin(text: str, offset: int) -> bool:
    """Say whether a comment can begin here: at the beginning of a line, or after a space (YAML 1.2.2, 6.6)."""
    return offset == 0 or text[offset - 1] in " \t\n"


def _taken(text: str) -> list[tuple[int, int]] | None:
    """Return the stretches of text that are tokens, None if the text is no YAML.

    The line that opens a block scalar may end in a comment, and what follows belongs to the scalar.
    """
    import yaml  # noqa: PLC0415 - hardly any file has suppressions

    taken: list[tuple[int, int]] = []
    try:
        for token in yaml.scan(text, Loader=yaml.CSafeLoader):
            start, end = token.start_mark.index, token.end_mark.index
            if isinstance(token, yaml.ScalarToken) and token.style in ("|", ">"):
                line_end = text.find("\n", start)
                start = end if line_end < 0 else line_end
            if start < end:
                taken.append((start, end))
    except yaml.YAMLError:
        return None
    return taken


def _is_free(offset: int, taken: list[tuple[int, int]]) -> bool:
    """Say whether no token is here; tokens stand in their order and do not overlap."""
    at = bisect_right(taken, (offset, len(taken) and taken[-1][1] + 1)) - 1
    return at < 0 or taken[at][1] <= offset


class _Lines:
    """The lines of a file, of which no more is looked at than a comment needs: one line may have megabytes, and a thousand comments."""

    def __init__(self, file: SourceFile) -> None:
        self.file = file
        self._content: list[int] | None = None

    def leads(self, offset: int) -> bool:
        """Say whether a suppression is meant: a line of nothing but a comment has it first, or else it is content made a comment."""
        first = self._first(offset)
        return first == offset or self.file.text[first] != "#"

    def meant(self, offset: int) -> int:
        """Return the line that a comment is about; its own if nothing follows."""
        line = self.file.span_at(offset).line
        if self._first(offset) != offset:
            return line
        if self._content is None:
            empty = re.compile(_EMPTY)
            lines = enumerate(self.file.text.split("\n"), start=1)
            self._content = [number for number, text in lines if not empty.fullmatch(text.rstrip("\r"))]
        at = bisect_right(self._content, line)
        return self._content[at] if at < len(self._content) else line

    def _first(self, offset: int) -> int:
        """Return the offset of the first character of a line that is no space."""
        start = offset - self.file.span_at(offset).column + 1
        found = re.compile(r"[ \t]*").match(self.file.text, start)
        return found.end() if found else start


def _read(lines: _Lines, offset: int) -> tuple[list[Ignore], list[Diagnostic]]:
    file = lines.file
    place = file.span_at(offset)
    written = re.compile(_FORM).match(file.text, offset)
    if written is None or not written["codes"].strip():
        width = len(file.line(place.line, place.column - 1, place.column - 1 + _SHOWN))
        span = Span(place.line, place.column, place.line, place.column + width)
        problem = "the suppression names no code" if written else "the comment looks like a suppression, and is not written as one"
        return [], [_found(suppression.MALFORMED, file, span, problem, _USAGE)]
    line = lines.meant(offset)
    # Another comment may follow in the same line.
    reason = re.split(r"(?:^|[ \t])#", written["reason"].rstrip("\r"), maxsplit=1)[0].strip()
    ignores, diagnostics = [], []
    for code, column in _codes(written["codes"], place.column + written.start("codes") - offset):
        span = Span(place.line, column, place.line, column + len(code))
        problems = list(_refused(file, span, code))
        diagnostics += problems
        if not problems:
            ignores.append(Ignore(file.path, code, line, (span.line, span.column, span.end_column), reason))
    if ignores and not reason:
        first, last = ignores[0].at, ignores[-1].at
        span = Span(first[0], first[1], first[0], last[2])
        names = ", ".join(each.code for each in ignores)
        advice = f"say why: `# overbank: ignore[{names}] the reason`"
        return [], [*diagnostics, _found(suppression.NO_REASON, file, span, f"{names} is suppressed without a reason", advice)]
    return ignores, diagnostics


def _codes(text: str, column: int) -> Iterator[tuple[str, int]]:
    """Yield the codes of a list with their columns; of an empty place, nothing between the commas."""
    for part in text.split(","):
        yield part.strip(), column + len(part) - len(part.lstrip())
        column += len(part) + 1


def _refused(file: SourceFile, span: Span, code: str) -> Iterator[Diagnostic]:
    """Yield why a code cannot be suppressed."""
    from compiler.codes.catalogue import BY_ID  # noqa: PLC0415 - as above
    from compiler.spelling import did_you_mean, shortened  # noqa: PLC0415

    known = BY_ID.get(code)
    named = shortened(code, 20)
    if not code:
        yield _found(suppression.MALFORMED, file, span, "a code is missing between the commas", _USAGE)
    elif known is None:
        begun = [each for each in BY_ID if each.startswith(code.upper())] if re.fullmatch(r"[Oo][Bb]\d{0,3}", code) else []
        problem = f"`{named}` is a prefix, and only whole codes are suppressed" if begun else f"there is no code `{named}`"
        advice = [f"write the whole code, such as {begun[0]}"] if begun else did_you_mean(code.upper(), BY_ID)
        yield _found(suppression.MALFORMED, file, span, problem, *(advice or ["overbank rules lists all codes"]))
    elif known.severity is Severity.ERROR:
        problem = f"{code} is an error, and errors cannot be suppressed"
        notes = ["the build would go on with what it could not decide"]
        where = Location(file.path, span, file)
        yield diagnose(suppression.ERROR, where, problem, label=known.title, notes=notes, help=["mend it, and remove the comment"])
    elif any(known is each for each in vars(suppression).values()):
        yield _found(
            suppression.MALFORMED, file, span, f"{code} is about suppressions and cannot be suppressed", "mend the comment"
        )


def _found(code: Code, file: SourceFile, span: Span, message: str, *advice: str) -> Diagnostic:
    return diagnose(code, Location(file.path, span, file), message, help=advice)
