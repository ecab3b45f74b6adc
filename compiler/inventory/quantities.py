"""Kubernetes quantities as exact numbers, to compare them."""

import re
from fractions import Fraction
from typing import Final

_FORM: Final = re.compile(r"([0-9]+(?:\.[0-9]*)?|\.[0-9]+)(?:([eE][-+]?[0-9]{1,3})|([EPTGMk]i?|Ki|[mun]))?")
_SCALE: Final = {
    "n": Fraction(1, 10**9),
    "u": Fraction(1, 10**6),
    "m": Fraction(1, 1000),
    "k": Fraction(1000),
    **{letter: Fraction(1000**power) for power, letter in enumerate("MGTPE", 2)},
    **{f"{letter}i": Fraction(1024**power) for power, letter in enumerate("KMGTPE", 1)},
}
MAX_LENGTH: Final = 64


def amount(quantity: str) -> Fraction | None:
    """Return the number that a quantity stands for, None where it is none (apimachinery, ``resource.Quantity``), or negative."""
    found = _FORM.fullmatch(quantity) if len(quantity) <= MAX_LENGTH else None
    if found is None:
        return None
    number, exponent, suffix = found.groups()
    value = Fraction(number.removesuffix("."))
    if exponent:
        return value * Fraction(10) ** int(exponent[1:])
    return value * _SCALE[suffix] if suffix else value
