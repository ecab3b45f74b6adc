"""How much room text takes in a chart, where no browser can be asked, and lengths that are short to write."""

from typing import Final

CHARACTER: Final = 6.2
"""The width of a character on average, in the chart's text."""
DIGIT: Final = 7.5
_LONGEST: Final = 16  # characters of a cluster's name


def width(text: str) -> float:
    """Return about how wide a text is."""
    return len(text) * CHARACTER


def shortened(name: str) -> str:
    """Leave the middle of a long name out: clusters are told apart by both ends."""
    if len(name) <= _LONGEST:
        return name
    half = _LONGEST // 2
    return f"{name[:half]}…{name[1 - half :]}"


def short(length: float) -> float:
    """Round a length, so that the page is small and does not depend on the last bits of a division."""
    return round(length, 1)
