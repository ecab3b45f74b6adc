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


_UNSAFE: Final = re.compile(
    "[\x00-\x08\x0a-\x1f\x7f-\x9f\xad\u061c\u115f\u1160\u180e\u200b\u200e\u200f\u2028-\u202e\u2060-\u206f\u3164\ud800-\udfff\ufeff\ufff9-\ufffb"
    "\U000e0000-\U000e007f]"
)
# https://www.unicode.org/charts/PDF/U2400.pdf
_PICTURES: Final = {code: chr(0x2400 + code) for code in range(0x20)} | {0x7F: "\N{SYMBOL FOR DELETE}"}


def printable(text: str) -> str:
    """Replace what could hide or forge text in a terminal, or cannot be encoded, each character by one that is seen.

    That is control characters and line breaks, characters that reorder text or have no width, and the surrogates that stand for undecodable file
    names: policies and their names come from strangers.
    """
    return _UNSAFE.sub(lambda found: _PICTURES.get(ord(found[0]), "\N{REPLACEMENT CHARACTER}"), text)


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
