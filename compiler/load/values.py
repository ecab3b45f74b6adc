"""The values of plain files, without their positions: the reader that accepts.

libyaml composes the nodes in C, and here they become values. What is out of the ordinary is declined and left to ``positions``, which decides:
tags and aliases, keys that are no strings or stand twice, merge keys, numbers that are not the same to everybody, what is deep or large,
and whatever libyaml does not take.
"""

from math import isfinite
from sys import intern
from typing import Any, Final

import yaml
from yaml.cyaml import CParser  # type: ignore[attr-defined] # imported there, and not marked as exported in the stubs
from yaml.nodes import ScalarNode, SequenceNode

from compiler.load.limits import MAX_DEPTH, MAX_VALUES, WEIGHT
from compiler.load.scalars import NUMBER_STARTS, WORDS, resolve_plain

_SMALL: Final = 100_000
"""So many characters have at most twice as many nodes: each takes a character, or the one before it, as with ``-`` and nothing behind it."""
_FLAT: Final = 500
"""Composing takes 400 bytes of the C stack a level, of which there are megabytes."""


class _DeclinedError(Exception):
    """The file is not plain."""


class _Composer(CParser):
    """libyaml's composer, which calls itself for every level and would overflow the C stack, and builds all nodes of a document at once."""

    def descend_resolver(self, parent: Any, index: Any) -> None:
        """Be told of a node, before its members are composed."""

    def ascend_resolver(self) -> None:
        """Be told that a node is complete."""

    def resolve(self, kind: Any, value: Any, implicit: Any) -> None:
        """Give a node no tag: its style tells what it is."""


class _Bounded(_Composer):
    """The same for texts that may be too deep or too large; knowing takes a third more time."""

    def __init__(self, text: str) -> None:
        super().__init__(text)
        self._depth = 0
        self._left = MAX_VALUES - len(text) // WEIGHT

    def descend_resolver(self, parent: Any, index: Any) -> None:  # noqa: ARG002 - libyaml's binding passes them
        self._depth += 1
        # A document counts, too.
        self._left -= 1 if self._depth > 1 else 2
        if self._depth > MAX_DEPTH or self._left < 0:
            raise _DeclinedError

    def ascend_resolver(self) -> None:
        self._depth -= 1


def plain_values(text: str) -> list[Any] | None:
    """Return the values of all documents, None for an empty one, or None in their place where a file is not plain."""
    # There is no tag and no directive of tags without the first, and no alias without both of the others.
    if "!" in text or ("&" in text and "*" in text):
        return None
    composer = _Composer(text) if len(text) <= _SMALL and _is_flat(text) else _Bounded(text)
    values = []
    try:
        while composer.check_node():
            values.append(_value(composer.get_node(), 1))
    except (_DeclinedError, yaml.YAMLError):
        return None
    return values


def _is_flat(text: str) -> bool:
    """Say whether no text like this is deep: a level takes a bracket or a further column, and may hold another that takes neither."""
    return len(text) <= _FLAT or text.count("[") + text.count("{") + max(map(len, text.split("\n"))) <= _FLAT


def _value(node: Any, depth: int) -> Any:
    kind, content = node.__class__, node.value
    if kind is ScalarNode:
        # Most are strings, and finding that out here takes less time than calling a function.
        return content if node.style or not (content in WORDS or content[0] in NUMBER_STARTS) else _special(content)
    if depth > MAX_DEPTH:
        raise _DeclinedError
    if kind is SequenceNode:
        return [_value(each, depth + 1) for each in content]
    found = {}
    for key, value in content:
        text = key.value
        if key.__class__ is not ScalarNode or (
            not key.style and (text in WORDS or text[0] in NUMBER_STARTS) and resolve_plain(text) is not text
        ):
            raise _DeclinedError
        found[intern(text)] = _value(value, depth + 1)
    if len(found) != len(content) or "<<" in found:
        raise _DeclinedError
    return found


def _special(text: str) -> Any:
    """Return the value of an unquoted scalar; ``compiler.doubtful`` says what is wrong with the numbers that are declined."""
    value = resolve_plain(text)
    if isinstance(value, float):
        if not isfinite(value):
            raise _DeclinedError
    elif isinstance(value, int) and text.lstrip("+-")[:1] == "0" and text.lstrip("+-")[1:2].isdigit():
        raise _DeclinedError
    return value
