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
