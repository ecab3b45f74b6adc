"""The plainest YAML, read line by line: a shortcut that gives exactly what ``compiler.load`` would, or None.

libyaml's events cost Python a dozen calls a value; most of a policy repository needs none of that. Taken are block mappings with bare
keys, block sequences, scalars on one line (bare, or quoted without escapes), small flow collections, comments and ``---``. Whatever
else a file holds, and whatever is wrong with it, makes the answer None, and the real reader has its say: there are no positions
and no findings here. tests/compiler/test_plain.py compares the two.
"""

import marshal
import re
from collections.abc import Callable
from functools import cache, lru_cache
from typing import Any, Final

MAX_TEXT: Final = 500_000
"""Characters; half as many values fit in, fewer than the real reader takes."""

_MAX_DEPTH: Final = 40
_MAX_FLOW: Final = 10

# Sets of characters say what is not in them, and nothing beyond U+00FF: such sets are quick to compile. ``_strange`` sees to the rest.
_KEY: Final = r"[A-Za-z_][A-Za-z0-9_./-]{0,126}+"
_FIRST: Final = r"(?:[^\x00-*,\-:-@\[-^`{-\x9f]|--?(?=[A-Za-z0-9.]))"
_REST: Final = r"[^\x00-\x20\#:\x7f-\x9f]"
_BARE: Final = rf"{_FIRST}(?:{_REST}++|:(?=[!-~])|\ ++(?={_REST}))*+"
_QUOTED: Final = r"\"[^\x00-\x1f\"\\\x7f-\x9f]*+\"|'[^\x00-\x1f'\x7f-\x9f]*+'"
_COMMENT: Final = r"\#[^\x00-\x08\x0a-\x1f\x7f-\x9f]*+"

_LINE: Final = re.compile(
    rf"""^(?:
        (?P<indent>\ *+) (?P<dashes>(?:-\ ++)*+) (?:(?P<key>{_KEY}):(?=\ |$)\ *+)?
            (?:(?P<bare>{_BARE})|(?P<quoted>{_QUOTED})|(?P<flow>[\[{{](?:[\[\]{{}},:\ A-Za-z0-9_./+-]|{_QUOTED})*[\]}}]))?
            (?:\ +(?:{_COMMENT})?)?
        |\ *{_COMMENT}
        |(?P<other>[^\n]*)
    )$""",
    re.MULTILINE | re.VERBOSE,
)

_FLOW: Final = re.compile(
    rf"""\ *(?:
        (?P<mark>[\[\]{{}},])
        |(?P<key>{_KEY}):(?=\ )
        |(?P<bare>(?:[A-Za-z0-9_/.+]|-(?=[A-Za-z0-9.]))[A-Za-z0-9_./+-]*(?:\ +[A-Za-z0-9_./+][A-Za-z0-9_./+-]*)*)(?=\ *[\]}},])
        |(?P<quoted>{_QUOTED})(?=\ *[\]}},])
    )\ *""",
    re.VERBOSE,
)

_DASH: Final = re.compile("- +")
_NOT_TEXT: Final = frozenset({"null", "Null", "NULL", "true", "True", "TRUE", "false", "False", "FALSE"})


class _UnusualError(Exception):
    """There is something that only the real reader can judge."""


def read(text: str, resolve: Callable[[str], Any]) -> list[Any] | None:
    """Return the values of all documents, None for empty ones; or None where the text is not of the plainest kind.

    Args:
        text: of the whole file.
        resolve: gives a bare scalar its value.
    """
    if len(text) > MAX_TEXT or not (text.isascii() or _strange().search(text) is None):
        return None
    try:
        return _documents(text, resolve)
    except _UnusualError:
        return None


@cache
def _strange() -> re.Pattern[str]:
    """Return what finds characters outside of ASCII that libyaml refuses, or that only some readers take for line breaks."""
    return re.compile("[^\x00-\x7f\xa0-\u2027\u202a-\ud7ff\ue000-\ufefe\uff00-\ufffd\U00010000-\U0010ffff]")


def _documents(text: str, resolve: Callable[[str], Any]) -> list[Any]:  # noqa: PLR0915 - calls are what this saves
    found: list[Any] = []
    explicit = False
    root: Any = None
    # The collections that are open: where their entries begin, and what they are. The innermost is in variables of its own.
    stack: list[tuple[int, Any]] = []
    column = -1
    into: Any = None
    # The key of the line before, if that had no value.
    waiting: str | None = None
    for indent, dashes, key, bare, quoted, flow, other in _LINE.findall(text):
        if other:
            if other.rstrip(" ") != "---":
                raise _UnusualError
            if explicit or root is not None:
                found.append(root)
            explicit, root, stack, column, into, waiting = True, None, [], -1, None, None
            continue
        if not (key or dashes):
            if bare or quoted or flow:
                raise _UnusualError
            continue
        start = len(indent)
        if start > column:
            inner: Any = [] if dashes else {}
            if into is None:
                root = inner
            elif waiting is None or len(stack) == _MAX_DEPTH:
                raise _UnusualError
            else:
                into[waiting] = inner
                stack.append((column, into))
            column, into = start, inner
        elif dashes and start == column and waiting is not None:
            # A sequence may stand as far to the left as the key that it belongs to.
            inner = into[waiting] = []
            stack.append((column, into))
            into = inner
        else:
            while start < column or (start == column and not dashes and isinstance(into, list)):
                if not stack:
                    raise _UnusualError
                column, into = stack.pop()
            if start != column or bool(dashes) != isinstance(into, list):
                raise _UnusualError
        if dashes:
            position = start
            if len(stack) + dashes.count("-") > _MAX_DEPTH:
                raise _UnusualError
            for dash in _DASH.findall(dashes)[:-1]:
                position += len(dash)
                inner = []
                into.append(inner)
                stack.append((column, into))
                column, into = position, inner
            if key:
                inner = {}
                into.append(inner)
                stack.append((column, into))
                column, into = start + len(dashes), inner
        value = resolve(bare) if bare else quoted[1:-1] if quoted else _flow(flow, resolve) if flow else None
        if key:
            if key in into or key in _NOT_TEXT:
                raise _UnusualError
            into[key] = value
            waiting = None if bare or quoted or flow else key
        elif bare or quoted or flow:
            into.append(value)
            waiting = None
        else:
            raise _UnusualError
    if explicit or root is not None:
        found.append(root)
    return found


def _flow(text: str, resolve: Callable[[str], Any]) -> Any:
    """Read a flow collection that is the rest of its line."""
    return marshal.loads(_packed(text, resolve))  # noqa: S302 - what is packed below, and every file needs a value of its own


@lru_cache(maxsize=4096)
def _packed(text: str, resolve: Callable[[str], Any]) -> bytes:
    """Return the value in a form of which copies are quickly made: people write the same small collections again and again."""
    value, end = _collection(text, 0, resolve, 1)
    if end != len(text):
        raise _UnusualError
    return marshal.dumps(value)


def _collection(text: str, position: int, resolve: Callable[[str], Any], depth: int) -> tuple[Any, int]:
    """Return the collection whose bracket opens at a position, and where it ends."""
    is_map = text[position] == "{"
    closing = "}" if is_map else "]"
    into: Any = {} if is_map else []
    position += 1
    while True:
        token = _token(text, position)
        if token["mark"] == closing and not into:
            return into, token.end()
        key = token["key"]
        if is_map:
            if key is None or key in into or key in _NOT_TEXT:
                raise _UnusualError
            position = token.end()
            token = _token(text, position)
        if token["mark"] in ("{", "["):
            if depth == _MAX_FLOW:
                raise _UnusualError
            value, position = _collection(text, token.start("mark"), resolve, depth + 1)
        elif token["bare"] is not None:
            value, position = resolve(token["bare"]), token.end()
        elif token["quoted"] is not None:
            value, position = token["quoted"][1:-1], token.end()
        else:
            raise _UnusualError
        if is_map:
            into[key] = value
        else:
            into.append(value)
        token = _token(text, position)
        position = token.end()
        if token["mark"] == closing:
            return into, position
        if token["mark"] != ",":
            raise _UnusualError


def _token(text: str, position: int) -> re.Match[str]:
    token = _FLOW.match(text, position)
    if token is None:
        raise _UnusualError
    return token
