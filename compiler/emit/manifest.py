"""Kubernetes objects as YAML that every reader reads the same way.

A plain scalar is written only if YAML 1.1, YAML 1.2 and kubectl's own reader all take it for a string; stock dumpers leave
``y``, ``1e3`` and ``0o14`` bare, which kubectl reads as a boolean and numbers. All else is as libyaml writes it, to the byte
(tests/compiler/test_manifest.py), but twenty times as fast as through PyYAML.
"""

import math
import re
from collections.abc import Iterator
from functools import lru_cache
from typing import Any, Final

_PLAIN: Final = re.compile(r"[A-Za-z][A-Za-z0-9_./-]*")
_WORDS: Final = frozenset({"y", "n", "yes", "no", "on", "off", "true", "false", "null", "nan", "inf"})
_BLOCK: Final = re.compile("[\x20-\x7e\xa0-\u2027\u202f-\ud7ff\ue000-\ufefe\uff00-\ufffd\n]*[\x21-\x7e]\n")
_ESCAPED: Final = re.compile('["\\\\]|[^\x20-\x7e\xa0-\u2027\u202a-\ud7ff\ue000-\ufefe\uff00-\ufffd]')
_ESCAPES: Final = {
    "\0": "\\0", "\a": "\\a", "\b": "\\b", "\t": "\\t", "\n": "\\n", "\v": "\\v", "\f": "\\f", "\r": "\\r", "\x1b": "\\e",
    '"': '\\"', "\\": "\\\\", "\x85": "\\N", "\u2028": "\\L", "\u2029": "\\P",
}  # fmt: skip
_LINE: Final = re.compile("\n(?!\n|\\Z)")
_BREAK: Final = re.compile("[\n\r\x85\u2028\u2029]")
_LONGEST_KEY: Final = 128
"""Bytes of a key that stands before its colon; a longer one is written after a question mark."""

MANAGED_BY: Final = {"app.kubernetes.io/managed-by": "overbank"}


def render(value: dict[str, Any] | list[dict[str, Any]]) -> bytes:
    """Return the YAML of an object or a list of them; keys keep the order of the mapping, which emitters choose.

    Raises:
        TypeError: there is something that YAML has no word for.
    """
    return "".join(_collection(value, "")).encode() if value else f"{_scalar(value, '')}\n".encode()


def file_name(api_version: str, kind: str, name: str) -> str:
    """Return ``<kind>.<group>-<name>.yaml``; it hangs on the object alone, never on its siblings."""
    group = api_version.rpartition("/")[0]
    return f"{kind.lower()}{'.' + group if group else ''}-{name}.yaml"


def canonical(value: Any) -> Any:
    """Return what an author wrote with the keys of all its maps sorted, since their order means nothing."""
    if isinstance(value, dict):
        return {key: canonical(each) for key, each in sorted(value.items())}
    return [canonical(each) for each in value] if isinstance(value, list) else value


def _collection(value: Any, indent: str, before: str | None = None) -> Iterator[str]:
    """Yield the lines of a collection that is not empty, its first one after ``before``, if that stands there already."""
    lead = indent if before is None else before
    if isinstance(value, list):
        for each in value:
            if isinstance(each, dict | list) and each:
                yield from _collection(each, f"{indent}  ", f"{lead}- ")
            else:
                yield f"{lead}- {_scalar(each, indent)}\n"
            lead = indent
        return
    for key, each in value.items():
        is_simple = len(key.encode()) <= _LONGEST_KEY and not _BREAK.search(key)
        if not is_simple:
            yield f"{lead}? {_scalar(key, indent)}\n"
        written = f"{lead}{_word(key)}:" if is_simple else f"{indent}:"
        if not isinstance(each, dict | list) or not each:
            yield f"{written} {_scalar(each, indent)}\n"
        elif not is_simple:
            yield from _collection(each, f"{indent}  ", f"{written} ")
        else:
            yield f"{written}\n"
            # A list stands as far to the left as its key.
            yield from _collection(each, indent if isinstance(each, list) else f"{indent}  ")
        lead = indent


def _scalar(value: Any, indent: str) -> str:
    """Write a scalar or an empty collection; the lines of a block are further in than ``indent``."""
    if isinstance(value, str):
        if value.endswith("\n") and not value.startswith((" ", "\n")) and " \n" not in value and _BLOCK.fullmatch(value):
            return "|" + _LINE.sub(f"\n{indent}  ", f"\n{value}").removesuffix("\n")
        return _word(value)
    if value is None or isinstance(value, bool):
        return "null" if value is None else "true" if value else "false"
    if isinstance(value, int):
        return str(value)
    if isinstance(value, float):
        return _number(value)
    if isinstance(value, dict | list):
        return "{}" if isinstance(value, dict) else "[]"
    raise TypeError(f"no YAML for {type(value).__name__}")


@lru_cache(maxsize=4096)
def _word(value: str) -> str:
    """Write a string on one line."""
    if _PLAIN.fullmatch(value) and value.casefold() not in _WORDS:
        return value
    return f'"{_ESCAPED.sub(_escape, value)}"'


def _escape(found: re.Match[str]) -> str:
    character = found.group()
    if character in _ESCAPES:
        return _ESCAPES[character]
    code = ord(character)
    return f"\\x{code:02X}" if code <= 0xFF else f"\\u{code:04X}" if code <= 0xFFFF else f"\\U{code:08X}"  # noqa: PLR2004 - their digits


def _number(value: float) -> str:
    if math.isnan(value) or math.isinf(value):
        return ".nan" if math.isnan(value) else ".inf" if value > 0 else "-.inf"
    text = repr(value)
    # YAML 1.1 takes 1e17 for a string.
    return text.replace("e", ".0e", 1) if "." not in text else text
