"""The values of unquoted scalars under the core schema of YAML 1.2."""

import re
from typing import Any, Final

# https://yaml.org/spec/1.2.2/#103-core-schema
_INT: Final = re.compile(r"[-+]?[0-9]+")
_OCT: Final = re.compile(r"0o[0-7]+")
_HEX: Final = re.compile(r"0x[0-9a-fA-F]+")
_FLOAT: Final = re.compile(r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?")
WORDS: Final[dict[str, Any]] = {
    **dict.fromkeys(("", "~", "null", "Null", "NULL"), None),
    **dict.fromkeys(("true", "True", "TRUE"), True),
    **dict.fromkeys(("false", "False", "FALSE"), False),
    **dict.fromkeys((".inf", ".Inf", ".INF", "+.inf", "+.Inf", "+.INF"), float("inf")),
    **dict.fromkeys(("-.inf", "-.Inf", "-.INF"), float("-inf")),
    **dict.fromkeys((".nan", ".NaN", ".NAN"), float("nan")),
}
NUMBER_STARTS: Final = frozenset("-+.0123456789")
"""What is none of the words and does not begin with one of these is a string."""
MAX_DIGITS: Final = 4000
"""Python refuses to convert longer integers (CVE-2020-10735), so they stay text."""


def resolve_plain(text: str) -> Any:
    """Give an unquoted scalar its value under the YAML 1.2 core schema: None, bool, int, float or str."""
    if text in WORDS:
        return WORDS[text]
    if text[0] in NUMBER_STARTS and len(text) <= MAX_DIGITS:
        if _INT.fullmatch(text):
            return int(text)
        if _FLOAT.fullmatch(text):
            return float(text)
        if _OCT.fullmatch(text):
            return int(text, 8)
        if _HEX.fullmatch(text):
            return int(text, 16)
    return text
