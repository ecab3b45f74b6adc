"""Did you mean: the nearest of the names that would have been right."""

from collections.abc import Iterable


def did_you_mean(wrong: str, right: Iterable[str], *, alike: float = 0.6) -> list[str]:
    """Return a help line that names the nearest candidate, or nothing if none is near; ``alike`` is how near, from 0 to 1."""
    candidates = sorted(set(right))
    by_folded = {candidate.casefold(): candidate for candidate in candidates}
    if wrong.casefold() in by_folded:
        return [f"did you mean `{by_folded[wrong.casefold()]}`?"]
    from difflib import get_close_matches  # noqa: PLC0415 - only when something is misspelt

    near = get_close_matches(wrong, candidates, n=1, cutoff=alike)
    return [f"did you mean `{near[0]}`?"] if near else []


def listing(names: Iterable[str], *, limit: int = 8) -> str:
    """Write names as a list for people, cut after ``limit``."""
    found = sorted(set(names))
    shown = ", ".join(f"`{name}`" for name in found[:limit])
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
