"""Amounts of money as people read them. Everything that writes money writes it here, so that no two views round differently."""

from decimal import ROUND_HALF_UP, Context, Decimal
from typing import Final

_CENT: Final = Decimal("0.01")
_EXACT: Final = Context(prec=60, rounding=ROUND_HALF_UP)
_SMALL: Final = Context(prec=2, rounding=ROUND_HALF_UP)


def money(amount: Decimal, currency: str = "") -> str:
    """Write an amount with two decimals, or two digits of one that those would show as nothing, and the currency if there is one."""
    rounded = amount.quantize(_CENT, context=_EXACT)
    written = f"{rounded:,f}" if rounded or not amount else f"{amount.normalize(_SMALL):f}"
    return f"{written} {currency}" if currency else written


def above(amount: Decimal, ceiling: Decimal, currency: str = "") -> tuple[str, str]:
    """Write an amount and the ceiling that it exceeds, so exactly that they differ."""
    texts = money(amount, currency), money(ceiling, currency)
    if texts[0] != texts[1]:
        return texts
    exact = [f"{each.normalize(_EXACT):,f}" for each in (amount, ceiling)]
    return f"{exact[0]} {currency}".rstrip(), f"{exact[1]} {currency}".rstrip()
