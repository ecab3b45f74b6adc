"""What the nodes of a pool have in common: the size of the smallest, and the taints of all."""

from collections.abc import Collection, Iterator
from decimal import Decimal
from typing import Final

from compiler.codes import inventory as codes
from compiler.diagnostics import Diagnostic, diagnose
from compiler.inventory.nodes import Node
from compiler.model import Taint
from compiler.platforms.nodepools import is_passing
from compiler.source import Locatable
from webhook.engine.pod import amount

_ALWAYS: Final = ("cpu", "memory")
_NATIVE: Final = "kubernetes.io/"
_SPLIT: Final = ("make a pool of each kind of nodes",)


def allocatable(nodes: Collection[Node], declared: Collection[str] = ()) -> dict[str, str]:
    """Return what the smallest node has, by resource: CPU, memory, extended resources, and what is ``declared`` already.

    Resources that a node lacks count as zero there; an extended resource that all of them have none of is left out, and so are those
    that are about the machine and not about its pods' requests (pods, ephemeral storage, huge pages, attachable volumes). Sorted, CPU and
    memory first.
    """
    names = {name for node in nodes for name in node.allocatable if name in _ALWAYS or name in declared or is_extended(name)}
    found = {name: _smallest(nodes, name) for name in names}
    kept = {name for name in names if name in _ALWAYS or name in declared or any(_has(node, name) for node in nodes)}
    return {name: found[name] for name in (*(name for name in _ALWAYS if name in kept), *sorted(kept.difference(_ALWAYS)))}


def taints(nodes: Collection[Node]) -> list[Taint]:
    """Return the taints that all nodes have, sorted, without those that come and go with a node's state."""
    common = set.intersection(*(set(node.taints) for node in nodes)) if nodes else set()
    return sorted((taint for taint in common if not is_passing(taint.key)), key=_order)


def written(taint: Taint) -> dict[str, str]:
    """Return a taint as documents write it."""
    return {"key": taint.key, **({"value": taint.value} if taint.value else {}), "effect": taint.effect}


def differences(where: Locatable, pool: str, nodes: Collection[Node]) -> Iterator[Diagnostic]:
    """Say in what the nodes of a pool differ."""
    for name, least, most in _uneven(nodes):
        message = f"nodes of {pool} have from {least} to {most} {name}; `allocatable` is what the smallest has"
        yield diagnose(codes.UNEQUAL_NODES, where, message, help=_SPLIT)
    for taint, number in _scattered(nodes):
        text = f"{taint.key}{f'={taint.value}' if taint.value else ''}:{taint.effect}"
        have = "has" if number == 1 else "have"
        message = f"{number} of the {len(nodes)} nodes of {pool} {have} taint {text}, which is not declared for the pool"
        yield diagnose(codes.UNEQUAL_NODES, where, message, help=_SPLIT)


def is_extended(name: str) -> bool:
    """Say whether a resource is an extended one: qualified, outside of Kubernetes' own domain (core/v1 helpers)."""
    return "/" in name and _NATIVE not in name


def _uneven(nodes: Collection[Node]) -> Iterator[tuple[str, str, str]]:
    """Yield CPU and extended resources of which nodes have different amounts, with the least and the most.

    Memory is left out: machines of one model differ by some pages.
    """
    for name in allocatable(nodes):
        if name == "memory":
            continue
        quantities = sorted({node.allocatable.get(name, "0") for node in nodes}, key=_size)
        if _size(quantities[0]) != _size(quantities[-1]):
            yield name, quantities[0], quantities[-1]


def _scattered(nodes: Collection[Node]) -> Iterator[tuple[Taint, int]]:
    """Yield taints that some nodes have and others do not, with the number of those that do."""
    everywhere = set(taints(nodes))
    for taint in sorted({taint for node in nodes for taint in node.taints} - everywhere, key=_order):
        if not is_passing(taint.key):
            yield taint, sum(taint in node.taints for node in nodes)


def _has(node: Node, name: str) -> bool:
    return _size(node.allocatable.get(name, "0")) > 0


def _smallest(nodes: Collection[Node], name: str) -> str:
    found = min((node.allocatable.get(name, "0") for node in nodes), key=lambda quantity: (_size(quantity), quantity))
    return found if amount(found) is not None else "0"


def _size(quantity: str) -> Decimal:
    """Return the amount; what is no quantity counts as nothing, since nobody can rely on it."""
    return amount(quantity) or Decimal(0)


def _order(taint: Taint) -> tuple[str, str, str]:
    return (taint.key, taint.value, taint.effect)
