"""Durations as Go reads them."""

import pytest

from compiler.federation.duration import nanoseconds


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2m", 120 * 10**9),
        ("1m30s", 90 * 10**9),
        ("1.5h", 5400 * 10**9),
        (".5s", 5 * 10**8),
        ("1.s", 10**9),
        ("100ms", 10**8),
        ("5us", 5000),
        ("5µs", 5000),
        ("5μs", 5000),
        ("0s", 0),
        ("9223372036854775807ns", (1 << 63) - 1),
    ],
)
def test_durations_are_read_as_go_reads_them(text: str, expected: int) -> None:
    """Units, fractions and sums mean what they mean to Go's time.ParseDuration."""
    assert nanoseconds(text) == expected


@pytest.mark.parametrize("text", ["", "2", "m", "2 m", "2d", "-2m", "2m ", "1h2", "9223372036854775808ns", "2562048h"])
def test_what_go_does_not_read_is_no_duration(text: str) -> None:
    """Numbers without a unit, unknown units, spaces and more than 292 years are refused."""
    with pytest.raises(ValueError, match=r"not a duration|292 years"):
        nanoseconds(text)
