"""Colours and weights for terminals, or none of them."""

import re
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


_UNSAFE: Final = re.compile("[\x00-\x08\x0a-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069\ufeff\ud800-\udfff]")


def printable(text: str) -> str:
    """Replace what could hide or forge text in a terminal, or cannot be encoded.

    That is control characters and line breaks, characters that reorder text, and the surrogates that stand for undecodable file names: policies and
    their names come from strangers.
    """
    return _UNSAFE.sub("\N{REPLACEMENT CHARACTER}", text)


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
