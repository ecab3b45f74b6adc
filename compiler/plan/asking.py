"""What a pod asks for, as the scheduler counts it, and how often that fits into something."""

from collections.abc import Iterable, Iterator, Mapping
from decimal import Decimal
from typing import Any, Final

from webhook.engine.pod import amount

POD: Final = "pods"
"""The resource of which every pod asks for one (kubelet's ``maxPods``)."""

_MOST: Final = 1_000_000
"""More pods than a plan is about. A quantity can have more digits than numbers that are divided."""

_OF_PODS: Final = frozenset({"cpu", "memory"})
"""Resources for which what a pod asks for as a whole takes the place of its containers' (KEP-2837); huge pages besides."""


def asked(pod: Mapping[str, Any]) -> dict[str, Decimal]:
    """Return what a pod asks for, by resource.

    Containers and sidecars count together, or one init container with the sidecars before it where that is more (KEP-753); what the pod
    asks for as a whole goes before both (KEP-2837); the overhead of its runtime comes on top (KEP-688).
    """
    spec = pod.get("spec", {})
    total: dict[str, Decimal] = {POD: Decimal(1)}
    for container in spec.get("containers") or ():
        _add(total, _of(container))
    starting: dict[str, Decimal] = {}
    sidecars: dict[str, Decimal] = {}
    for container in spec.get("initContainers") or ():
        own = dict(_of(container))
        if container.get("restartPolicy") == "Always":
            _add(total, own.items())
            _add(sidecars, own.items())
        else:
            for name, quantity in own.items():
                starting[name] = max(starting.get(name, Decimal(0)), quantity + sidecars.get(name, Decimal(0)))
    for name, quantity in starting.items():
        total[name] = max(total.get(name, Decimal(0)), quantity)
    for name, quantity in _of(spec):
        if name in _OF_PODS or name.startswith("hugepages-"):
            written = name in _mapping(_mapping(spec.get("resources")).get("requests"))
            total[name] = quantity if written else total.get(name, quantity)
    _add(total, _amounts(spec.get("overhead")))
    return dict(sorted(total.items()))


def times(quantity: str, each: Decimal) -> int:
    """Return how often ``each``, which is more than nothing, fits into a quantity; never more than any plan needs."""
    whole = amount(quantity) or Decimal(0)
    return _MOST if whole >= each * _MOST else int(whole // each)


def _of(container: Mapping[str, Any]) -> Iterator[tuple[str, Decimal]]:
    """Yield what is requested, or else the limit, which the API server takes for it."""
    resources = _mapping(container.get("resources"))
    yield from _amounts({**_mapping(resources.get("limits")), **_mapping(resources.get("requests"))})


def _amounts(quantities: Any) -> Iterator[tuple[str, Decimal]]:
    for name, quantity in _mapping(quantities).items():
        found = amount(quantity)
        if found:
            yield name, found


def _mapping(value: Any) -> dict[str, Any]:
    """Return a mapping, an empty one for anything else: not all of a pod has been looked at by those who could refuse it."""
    return value if isinstance(value, dict) else {}


def _add(total: dict[str, Decimal], quantities: Iterable[tuple[str, Decimal]]) -> None:
    for name, quantity in quantities:
        total[name] = total.get(name, Decimal(0)) + quantity
