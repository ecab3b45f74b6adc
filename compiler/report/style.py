"""Colours and weights for terminals, or none of them."""

from collections.abc import Callable
from typing import Final

_CODES: Final = {
    "bold": "1",
    "dim": "2",
    "red": "31",
    "green": "32",
    "yellow": "33",
    "blue": "34",
    "magenta": "35",
    "cyan": "36",
}

Paint = Callable[..., str]
"""``paint(text, *styles)`` with the names of ``_CODES``."""


def plain(text: str, *_styles: str) -> str:
    """Leave the text as it is."""
    return text


def ansi(text: str, *styles: str) -> str:
    """Wrap the text in ANSI escape sequences (ECMA-48 §8.3.117)."""
    if not text or not styles:
        return text
    return f"\x1b[{';'.join(_CODES[style] for style in styles)}m{text}\x1b[0m"


def painter(*, colour: bool) -> Paint:
    """Return the painter for a stream."""
    return ansi if colour else plain
