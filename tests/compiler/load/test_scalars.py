"""Values of scalars: the YAML 1.2 core schema."""

import math
from collections.abc import Callable
from typing import Any

import pytest

from compiler.load import MAX_DIGITS
from compiler.source import Document

Parse = Callable[[str], list[Document]]

# https://yaml.org/spec/1.2.2/#1032-tag-resolution
SCALARS: dict[str, Any] = {
    # Strings that YAML 1.1 takes for something else.
    "yes": "yes",
    "no": "no",
    "on": "on",
    "Off": "Off",
    "y": "y",
    "N": "N",
    "0b101": "0b101",
    "1_000": "1_000",
    "190:20:30": "190:20:30",
    "2001-12-14": "2001-12-14",
    "=": "=",
    "0x": "0x",
    "0o8": "0o8",
    "-0x1F": "-0x1F",
    "0X1F": "0X1F",
    "0O14": "0O14",
    "tRue": "tRue",
    "nULL": "nULL",
    ".": ".",
    "+": "+",
    "1e": "1e",
    "e3": "e3",
    ".e3": ".e3",
    "1.2.3": "1.2.3",
    "v1.26.3-aliyun.1": "v1.26.3-aliyun.1",
    "\u0661\u0662": "\u0661\u0662",  # Arabic digits are no digits of YAML
    # Integers.
    "0": 0,
    "-0": 0,
    "+12": 12,
    "012": 12,
    "0o14": 12,
    "0x1F": 31,
    "0xff": 255,
    # Floats.
    "1e3": 1000.0,
    "1E+3": 1000.0,
    "12e-1": 1.2,
    "1.30": 1.3,
    ".5": 0.5,
    "-.5": -0.5,
    "5.": 5.0,
    ".inf": math.inf,
    "+.INF": math.inf,
    "-.Inf": -math.inf,
    "1e999": math.inf,
    # Null and booleans.
    "~": None,
    "null": None,
    "Null": None,
    "NULL": None,
    "": None,
    "true": True,
    "True": True,
    "FALSE": False,
}


@pytest.mark.parametrize("text", SCALARS)
def test_plain_scalar_has_its_core_schema_value(parse: Parse, text: str) -> None:
    """An unquoted scalar has the value and type of the YAML 1.2 core schema."""
    (document,) = parse(f"key: {text}\n")
    value = document.value["key"]
    assert value == SCALARS[text]
    assert type(value) is type(SCALARS[text])


@pytest.mark.parametrize("text", [".nan", ".NaN", ".NAN"])
def test_nan(parse: Parse, text: str) -> None:
    """Not-a-number is a float that differs from itself."""
    (document,) = parse(f"key: {text}\n")
    assert math.isnan(document.value["key"])


@pytest.mark.parametrize("text", [text for text in SCALARS if text])
@pytest.mark.parametrize("quoted", ['"{}"', "'{}'", "!!str {}", "! {}", "|-\n  {}", ">-\n  {}"])
def test_quoted_and_tagged_scalars_are_strings(parse: Parse, text: str, quoted: str) -> None:
    """Quotes, block styles and the string tag make any scalar a string."""
    (document,) = parse(f"key: {quoted.format(text)}\n")
    assert document.value["key"] == text


def test_huge_integers_stay_text(parse: Parse) -> None:
    """An integer that Python would refuse to convert is kept as text instead of an exception, one below the bound is a number."""
    (document,) = parse(f"[{'9' * MAX_DIGITS}, {'9' * (MAX_DIGITS + 1)}, 0x{'f' * MAX_DIGITS}, {'1' * MAX_DIGITS}.5]\n")
    just, above, hexadecimal, fraction = document.value
    assert just == 10**MAX_DIGITS - 1
    assert above == "9" * (MAX_DIGITS + 1)
    assert isinstance(hexadecimal, str)
    assert isinstance(fraction, str)
