"""Money as people read it."""

from decimal import Decimal

import pytest

from compiler.plan.amounts import above, money


@pytest.mark.parametrize(
    ("amount", "text"),
    [
        ("0", "0.00 CNY"),
        ("1234.5", "1,234.50 CNY"),
        ("0.004", "0.004 CNY"),
        ("0.0033333333333333333", "0.0033 CNY"),
        ("0.005", "0.01 CNY"),
        ("12.345", "12.35 CNY"),
        ("0.125", "0.13 CNY"),
        ("123456789012345678901234567890.5", "123,456,789,012,345,678,901,234,567,890.50 CNY"),
    ],
)
def test_money_is_written_for_people(amount: str, text: str) -> None:
    """Two decimals, rounded as people round, thousands apart; more decimals only where two would show nothing."""
    assert money(Decimal(amount), "CNY") == text


def test_an_amount_above_a_ceiling_never_reads_as_the_ceiling() -> None:
    """Where two decimals would make both the same, they are written in full."""
    assert above(Decimal("150.004"), Decimal(150)) == ("150.004", "150")
    assert above(Decimal(151), Decimal(150), "CNY") == ("151.00 CNY", "150.00 CNY")
