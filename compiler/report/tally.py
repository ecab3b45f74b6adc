"""How many findings there are of each severity, in words."""

from collections import Counter
from collections.abc import Iterable

from compiler.diagnostics import Severity


def tally(severities: Iterable[Severity]) -> str:
    """Return ``2 errors, 1 warning``, empty if there are none."""
    number = Counter(severities)
    return ", ".join(f"{number[each]:,} {each}{'s' if number[each] > 1 else ''}" for each in Severity if number[each])
