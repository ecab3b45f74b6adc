"""Fixes done to texts: as many as can be done at once, each of them whole or not at all."""

from bisect import bisect_left, insort
from collections.abc import Callable, Iterable
from typing import NamedTuple

from compiler.diagnostics import Fix
from compiler.source import SourceFile


class Done(NamedTuple):
    """What became of some fixes.

    Attributes:
        texts: the new text of every file that changed, by path.
        number: of fixes done.
    """

    texts: dict[str, str]
    number: int


def carried_out(fixes: Iterable[Fix], text_of: Callable[[str], str], reads: Callable[[str, str], bool]) -> Done:
    """Do fixes, the first of those that overlap; who does the same again with what is then found gets to the others.

    Args:
        fixes: in the order in which they count.
        text_of: returns the text of a file, which the places of edits are in.
        reads: says whether a file, by path, can still be read with a text. Fixes that break a file are not done.
    """
    chosen: list[tuple[Fix, dict[str, list[tuple[int, int, str]]]]] = []
    taken: dict[str, list[tuple[int, int]]] = {}
    files: dict[str, SourceFile] = {}
    for fix in fixes:
        edits = _placed(fix, files, text_of)
        if edits is None or any(_overlaps(taken.get(path, []), each) for path, found in edits.items() for each in found):
            continue
        for path, found in edits.items():
            for start, end, _ in found:
                insort(taken.setdefault(path, []), (start, end))
        chosen.append((fix, edits))
    return _done([edits for _, edits in chosen], text_of, reads)


_Edits = dict[str, list[tuple[int, int, str]]]


def _done(chosen: list[_Edits], text_of: Callable[[str], str], reads: Callable[[str, str], bool]) -> Done:
    """Do all at once; where a file cannot be read any more, halve them until it is known which do not go together."""
    texts = {path: _spliced(text_of(path), [each for edits in chosen for each in edits.get(path, ())]) for path in _paths(chosen)}
    broken = [path for path, text in texts.items() if not reads(path, text)]
    if not broken:
        return Done(texts, len(chosen))
    if len(chosen) == 1:
        return Done({}, 0)
    first = _done(chosen[: len(chosen) // 2], text_of, reads)
    return first if first.number else _done(chosen[len(chosen) // 2 :], text_of, reads)


def _paths(chosen: list[_Edits]) -> list[str]:
    return sorted({path for edits in chosen for path in edits})


def _placed(fix: Fix, files: dict[str, SourceFile], text_of: Callable[[str], str]) -> _Edits | None:
    """Return the edits of a fix by path and offsets, None where a place is none in the text; ``files`` are those that are known."""
    found: _Edits = {}
    for edit in fix.edits:
        place = edit.where.locate()
        if place.span is None:
            return None
        file = files.get(place.path) or files.setdefault(place.path, SourceFile(place.path, text_of(place.path)))
        start = file.offset(place.span.line, place.span.column)
        end = file.offset(place.span.end_line, place.span.end_column)
        if start > end or file.between(start, end) != place.span:
            return None
        found.setdefault(place.path, []).append((start, end, edit.text))
    return found


def _overlaps(taken: list[tuple[int, int]], edit: tuple[int, int, str]) -> bool:
    """Say whether an edit touches one of those that are taken, which are sorted and do not; two that only meet may need each other's comma."""
    start, end, _ = edit
    at = bisect_left(taken, (start, end))
    return (at > 0 and taken[at - 1][1] >= start) or (at < len(taken) and taken[at][0] <= end)


def _spliced(text: str, edits: list[tuple[int, int, str]]) -> str:
    parts, at = [], 0
    for start, end, new in sorted(edits):
        parts += [text[at:start], new]
        at = end
    return "".join([*parts, text[at:]])
