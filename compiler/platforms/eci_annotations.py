"""Values of ECI annotations that the vendor does not take, or that contradict each other."""

import re
from collections.abc import Iterator, Mapping
from typing import Final

from msgspec import Struct

from compiler.codes import limits as codes
from compiler.diagnostics import Code
from compiler.platforms import keys

MAX_SPECS: Final = 5
"""Entries of ``eci-use-specs`` (``pages.ECI_SPECS``; documented)."""

_ENTRY: Final = re.compile(r"\d+(\.\d+)?-\d+(\.\d+)?Gi|ecs\.[a-z0-9-]+(\.[a-z0-9-]+)+")
_GPU: Final = re.compile(r"ecs\.(gn|vgn|sgn|ebmgn|ebmsgn)")
"""Families of ECS instances with GPUs (ECS, instance families)."""
_PRICE: Final = re.compile(r"\d+(\.\d{1,3})?")
_NO_SPOT: Final = "NoSpot"
_AS_PRICE_GO: Final = "SpotAsPriceGo"
_LIMITED: Final = "SpotWithPriceLimit"
_SPOT: Final = (keys.ECI_SPOT_PRICE, keys.ECI_SPOT_DURATION, keys.ECI_SPOT_FALLBACK)


class Problem(Struct, frozen=True):
    """What is wrong with the value of a key, and what to do."""

    code: Code
    key: str
    text: str
    help: str


def problems(annotations: Mapping[str, str]) -> Iterator[Problem]:
    """Yield what is wrong with the annotations of one pod."""
    if keys.ECI_USE_SPECS in annotations:
        yield from _specs(annotations[keys.ECI_USE_SPECS])
    yield from _spot(annotations)


def _specs(value: str) -> Iterator[Problem]:
    entries = [each.strip() for each in value.split(",")]
    broken = [each for each in entries if not _ENTRY.fullmatch(each)]
    gpus = [each for each in entries if _GPU.match(each)]
    text = None
    if len(entries) > MAX_SPECS:
        text, remedy = f"has {len(entries)} entries, and ECI takes {MAX_SPECS} at most", "keep the best five, in their order"
    elif broken:
        shown = f"`{broken[0]}`" if broken[0] else "an empty entry"
        text, remedy = (
            f"has {shown}, which is no instance type",
            "write `2-4Gi` (vCPUs and memory) or an ECS type such as `ecs.c6.large`",
        )
    elif gpus and len(gpus) < len(entries):
        other = next(each for each in entries if each not in gpus)
        text, remedy = f"mixes `{gpus[0]}`, which has a GPU, with `{other}`", "list GPU types only, or none"
    if text is not None:
        yield Problem(codes.ECI_SPECS, keys.ECI_USE_SPECS, f"`{keys.ECI_USE_SPECS}` {text}", remedy)


def _spot(annotations: Mapping[str, str]) -> Iterator[Problem]:
    strategy = annotations.get(keys.ECI_SPOT_STRATEGY)
    price = annotations.get(keys.ECI_SPOT_PRICE)

    def problem(key: str, text: str, remedy: str) -> Problem:
        return Problem(codes.ECI_SPOT, key, f"`{key}` {text}", remedy)

    if strategy is not None and strategy not in (_NO_SPOT, _AS_PRICE_GO, _LIMITED):
        yield problem(keys.ECI_SPOT_STRATEGY, f"is `{strategy}`", f"write `{_AS_PRICE_GO}` or `{_LIMITED}`")
        return
    if strategy == _LIMITED and price is None:
        yield problem(keys.ECI_SPOT_STRATEGY, f"is `{_LIMITED}`, and no price is given", f"add `{keys.ECI_SPOT_PRICE}`")
    if price is not None and strategy == _LIMITED and not (_PRICE.fullmatch(price) and float(price) > 0):
        yield problem(keys.ECI_SPOT_PRICE, "is no price", 'write a number above 0 with three decimals at most, such as "0.25"')
    for key in _SPOT:
        if key not in annotations:
            continue
        if strategy in (None, _NO_SPOT):
            yield problem(key, "has no effect without a spot strategy", f"add `{keys.ECI_SPOT_STRATEGY}`, or remove it")
        elif key == keys.ECI_SPOT_PRICE and strategy == _AS_PRICE_GO:
            yield problem(
                key,
                f"contradicts the strategy `{_AS_PRICE_GO}`, which takes any price",
                f"write the strategy `{_LIMITED}`, or remove it",
            )
