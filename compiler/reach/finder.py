"""Which of many matches take a pod, found by what the pod has."""

from collections.abc import Iterator, Mapping, Sequence
from heapq import merge

from compiler.reach.match import Reach, Witness, takes
from webhook.engine.selector import Operator, Requirement


class Finder:
    """Matches, found by a label that each of them requires, or by the names of namespaces; those without are tried for every pod."""

    __slots__ = ("_anywhere", "_by_key", "_by_name", "_by_value", "_named", "_reaches")

    def __init__(self, reaches: Sequence[Reach], *, named: bool) -> None:
        self._reaches = reaches
        self._named = named
        self._by_value: dict[tuple[str, str], list[int]] = {}
        self._by_key: dict[str, list[int]] = {}
        self._by_name: dict[str, list[int]] = {}
        self._anywhere: list[int] = []
        for position, reach in enumerate(reaches):
            chosen = min(filter(_requires, reach.pods.requirements), key=_breadth, default=None)
            if chosen is None or (chosen.operator is Operator.EXISTS and reach.namespaces.names):
                for name in reach.namespaces.names:
                    self._by_name.setdefault(name, []).append(position)
                if not reach.namespaces.names:
                    self._anywhere.append(position)
            elif chosen.operator is Operator.EXISTS:
                self._by_key.setdefault(chosen.key, []).append(position)
            else:
                for value in chosen.values:
                    self._by_value.setdefault((chosen.key, value), []).append(position)

    def taking(self, witness: Witness) -> Iterator[int]:
        """Yield the positions of the matches that take a pod, in order."""
        for position in merge(*self._candidates(witness.labels, witness.namespace)):
            if takes(self._reaches[position], witness, named=self._named):
                yield position

    def _candidates(self, labels: Mapping[str, str], namespace: str) -> Iterator[list[int]]:
        """Yield lists of positions, each in order and no position in two of them."""
        yield self._anywhere
        if namespace in self._by_name:
            yield self._by_name[namespace]
        for pair in labels.items():
            if pair[0] in self._by_key:
                yield self._by_key[pair[0]]
            if pair in self._by_value:
                yield self._by_value[pair]


def _requires(requirement: Requirement) -> bool:
    return requirement.operator in (Operator.IN, Operator.EXISTS)


def _breadth(requirement: Requirement) -> tuple[bool, int, str]:
    """Order requirements by how many pods meet them, few first."""
    return requirement.operator is Operator.EXISTS, len(requirement.values), requirement.key
