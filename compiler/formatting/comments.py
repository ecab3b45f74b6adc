"""Where the comments of a text are."""

import re
from collections.abc import Iterable, Iterator
from typing import Any, Final

import yaml

from compiler.formatting.tree import Comment

_HASH: Final = re.compile("#[^\n]*")


def find(text: str, events: Iterable[Any]) -> list[Comment]:
    """Return all comments, in their order.

    Args:
        text: that can be parsed.
        events: libyaml's of it. Between scalars a hash begins a comment: no other token has one inside.
    """
    found: list[Comment] = []
    line, counted = 0, 0
    for start, end in _gaps(text, events):
        for each in _HASH.finditer(text, start, end):
            line += text.count("\n", counted, each.start())
            counted = each.start()
            before = text[text.rfind("\n", 0, counted) + 1 : counted]
            found.append(
                Comment(
                    text=each[0].rstrip(),
                    start=counted,
                    line=line,
                    column=width(before),
                    alone=not before.strip(),
                    only_dashes=not before.strip("- "),
                    space=len(before) - len(before.rstrip()),
                    below_blank=is_below_blank(text, counted),
                )
            )
    return found


def width(text: str) -> int:
    """Return how many columns a text takes on a screen, where people align what is beside it."""
    if text.isascii():
        return len(text)
    from unicodedata import east_asian_width  # noqa: PLC0415 - hardly ever

    return sum(2 if east_asian_width(each) in "WF" else 1 for each in text)


def is_below_blank(text: str, offset: int) -> bool:
    """Say whether an offset is the first on its line, and the line above is blank."""
    first = offset
    while first and text[first - 1] in " \t":
        first -= 1
    if not first or text[first - 1] != "\n":
        return False
    return not text[text.rfind("\n", 0, first - 1) + 1 : first - 1].strip()


def _gaps(text: str, events: Iterable[Any]) -> Iterator[tuple[int, int]]:
    at = 0
    for event in events:
        if isinstance(event, yaml.ScalarEvent):
            start: Any = event.start_mark
            end: Any = event.end_mark
            if start.index < end.index:
                yield at, start.index
                at = end.index
    yield at, len(text)
