"""Durations as Go writes them: ``2m``, ``1m30s``, ``1.5h``. KubeAdmiral reads its durations with ``time.ParseDuration``."""

import re
from fractions import Fraction
from typing import Final

_UNITS: Final = {
    "ns": 1,
    "us": 1_000,
    "µs": 1_000,
    "μs": 1_000,
    "ms": 1_000_000,
    "s": 1_000_000_000,
    "m": 60_000_000_000,
    "h": 3_600_000_000_000,
}
_PART: Final = re.compile(r"([0-9]+(?:\.[0-9]*)?|\.[0-9]+)(ns|us|µs|μs|ms|s|m|h)")
_MAX: Final = (1 << 63) - 1


def nanoseconds(text: str) -> int:
    """Read a duration without a sign, in nanoseconds.

    Raises:
        ValueError: it is no duration, or longer than Go can hold (about 292 years).
    """
    total = 0
    position = 0
    while part := _PART.match(text, position):
        number, unit = part.groups()
        total += int(Fraction(number.rstrip(".") if number[0] != "." else f"0{number}") * _UNITS[unit])
        position = part.end()
    if not text or position != len(text):
        raise ValueError(f"not a duration: {text!r}")
    if total > _MAX:
        raise ValueError(f"longer than 292 years: {text!r}")
    return total
