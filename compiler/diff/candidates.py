"""Which policies may share a pod with another one, found without looking at all of them.

Two policies that require different values of one label, or name different namespaces, share no pod. So policies are kept by the values that
they require of each key; the key of which fewest are left is asked.
"""

from collections.abc import Iterable, Mapping
from typing import Final

from webhook.engine.policy import Policy
from webhook.engine.selector import Operator

_NAMESPACE: Final = "/"
"""Stands for the namespace's name; no key of a label is this."""


class Candidates:
    """Policies of one bundle, by what they require."""

    def __init__(self, policies: Iterable[Policy]) -> None:
        self._policies = tuple(policies)
        self._requiring: dict[str, dict[str, set[int]]] = {}
        self._bound: dict[str, set[int]] = {}
        for position, policy in enumerate(self._policies):
            for key, values in _required(policy).items():
                self._bound.setdefault(key, set()).add(position)
                of_key = self._requiring.setdefault(key, {})
                for value in values:
                    of_key.setdefault(value, set()).add(position)

    def beside(self, policy: Policy) -> list[Policy]:
        """Return the policies that may share a pod with one, in their order; the one itself may be among them."""
        everything = set(range(len(self._policies)))
        found = everything
        for key, values in _required(policy).items():
            if key in self._bound:
                of_key = self._requiring[key]
                sharing = set().union(*(of_key.get(value, set()) for value in values))
                found = found - (self._bound[key] - sharing)
        return [self._policies[position] for position in sorted(found)]


def _required(policy: Policy) -> Mapping[str, frozenset[str]]:
    found: dict[str, frozenset[str]] = {}
    for each in policy.pods.requirements:
        if each.operator is Operator.IN:
            values = frozenset(each.values)
            found[each.key] = found[each.key] & values if each.key in found else values
    if policy.namespaces.names:
        found[_NAMESPACE] = frozenset(policy.namespaces.names)
    return found
