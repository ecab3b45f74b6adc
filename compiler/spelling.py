"""Did you mean: the nearest of the names that would have been right."""

import re
from bisect import bisect_left
from collections.abc import Iterable
from heapq import nsmallest
from typing import Final

# Compiled when they are needed, by ``re`` itself, which keeps them.
# https://yaml.org/type/int.html, https://yaml.org/type/float.html, https://yaml.org/type/bool.html: what YAML 1.2 dropped or changed
_OCTAL: Final = r"[-+]?0[0-7]+"
_ONLY_1_1: Final = r"[-+]?(0b[01_]+|0[0-7_]*_[0-7_]*|0x[0-9a-f_]*_[0-9a-f_]*|[1-9][0-9]*_[0-9_]*|[1-9][0-9_]*(:[0-5]?[0-9])+)"
_ONLY_1_2: Final = r"0o[0-7]+|[-+]?[0-9]+e[-+]?[0-9]+|[-+]?0[0-9]+"
_BOOLEANS: Final = frozenset({"y", "n", "yes", "no", "on", "off"})


_MANY: Final = 200


def did_you_mean(wrong: str, right: Iterable[str], *, alike: float = 0.6) -> list[str]:
    """Return a help line that names the nearest candidate, or nothing if none is near; ``alike`` is how near, from 0 to 1."""
    return [f"did you mean `{name}`?" for name in nearest(wrong, right, alike=alike)[:1]]


def only_near(wrong: str, right: Iterable[str]) -> str | None:
    """Return the candidate that is near, if there is one alone."""
    found = nearest(wrong, right)
    return found[0] if len(found) == 1 else None


def nearest(wrong: str, right: Iterable[str], *, alike: float = 0.6) -> list[str]:
    """Return up to two candidates that are near, the nearest first; one that differs in its capitals alone leaves no other.

    Of more than 200 candidates only those are compared that begin alike: a repository may have as many misspelt names as names.
    """
    names = set(right)
    if len(names) > _MANY:
        start = wrong[:2].casefold()
        names = {name for name in names if name[:2].casefold() == start}
    candidates = sorted(names)
    if len(candidates) > _MANY:
        candidates.sort(key=str.casefold)
        at = bisect_left(candidates, wrong.casefold(), key=str.casefold)
        candidates = sorted(candidates[max(0, at - _MANY // 2) : at + _MANY // 2])
    by_folded = {candidate.casefold(): candidate for candidate in candidates}
    if wrong.casefold() in by_folded:
        return [by_folded[wrong.casefold()]]
    from difflib import get_close_matches  # noqa: PLC0415 - only when something is misspelt

    return get_close_matches(wrong, candidates, n=2, cutoff=alike)


def listing(names: Iterable[str], *, limit: int = 8) -> str:
    """Write names as a list for people, cut after ``limit``."""
    found = set(names)
    shown = ", ".join(f"`{name}`" for name in nsmallest(limit, found))
    return f"{shown} and {len(found) - limit} more" if len(found) > limit else shown or "none"


def shortened(text: str, limit: int = 60) -> str:
    """Return a name for people; of one that no line can hold, the beginning. Names in hostile files have megabytes."""
    return text if len(text) <= limit else f"{text[:limit]}…"


def foreign_letters(text: str, *, limit: int = 4) -> list[str]:
    """Return a note that names the characters beyond ASCII: what looks like a Latin letter, or like nothing, may be none."""
    found = list(dict.fromkeys(character for character in text if not character.isascii()))
    if not found:
        return []
    from unicodedata import name  # noqa: PLC0415 - only when something is misspelt

    named = [f"U+{ord(each):04X} {name(each, 'without a name')}" for each in found[:limit]]
    return [f"beyond ASCII it has {', '.join(named)}{' and others' if len(found) > limit else ''}"]


def disagreement(written: str) -> list[str]:
    """Return a note on what an unquoted scalar is to readers of YAML 1.1 (kubectl, Helm, PyYAML) and of YAML 1.2, if it is not the same."""
    if written.lower() in _BOOLEANS:
        return ["without quotes, YAML 1.1 reads it as a boolean, YAML 1.2 as text"]
    if re.fullmatch(_OCTAL, written) and int(written, 8) != int(written):
        return [f"without quotes, YAML 1.1 reads it as {int(written, 8)}, YAML 1.2 as {int(written)}"]
    if re.fullmatch(_ONLY_1_1, written, re.IGNORECASE):
        return ["without quotes, YAML 1.1 reads it as a number, YAML 1.2 as text"]
    if re.fullmatch(_ONLY_1_2, written, re.IGNORECASE) and not re.fullmatch(_OCTAL, written):
        return ["without quotes, YAML 1.2 reads it as a number, YAML 1.1 as text"]
    return []
