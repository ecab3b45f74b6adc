"""How many findings are shown to people: enough to work with, and no log that nobody can open.

A log of CI is cut or refused by its host at a few megabytes, and the summary at its end with it. So every reader of text gets a
bounded report that says what it left out; programs get everything (``json_v1``).
"""

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import groupby
from typing import Final

from compiler.diagnostics import Diagnostic, Severity

MAX_ALIKE: Final = 50
"""Of one code in one file: whoever made the same mistake fifty times knows it by now."""
MAX_SHOWN: Final = 1000
"""Of all; warnings give way to errors, which stop the build."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LeftOut:
    """Findings that are not shown: those of one code in one file, or, where ``code`` is empty, all that would follow."""

    number: int
    severity: Severity | None = None
    code: str = ""
    path: str = ""


def within_limits(diagnostics: Iterable[Diagnostic]) -> Iterator[Diagnostic | LeftOut]:
    """Yield diagnostics in their order as far as they are shown; what is left out follows those of its file, or all."""
    found = list(diagnostics)
    if len(found) <= MAX_ALIKE:
        yield from found
        return
    number: Counter[tuple[str, str]] = Counter()
    few: list[tuple[bool, int]] = []
    keys = [(each.primary.where.locate().path, each.code.id) for each in found]
    for index, (each, key) in enumerate(zip(found, keys, strict=True)):
        number[key] += 1
        if number[key] <= MAX_ALIKE:
            few.append((each.code.severity is not Severity.ERROR, index))
    shown = sorted(index for _, index in sorted(few)[:MAX_SHOWN])
    told = len(shown)
    for path, group in groupby(shown, key=lambda index: keys[index][0]):
        codes = {}
        for index in group:
            yield found[index]
            codes[found[index].code.id] = found[index].code
        for code in codes.values():
            more = number[path, code.id] - MAX_ALIKE
            if more > 0:
                told += more
                yield LeftOut(number=more, severity=code.severity, code=code.id, path=path)
    if told < len(found):
        yield LeftOut(number=len(found) - told)
