"""Clusters in which policies stand to each other alike, so that a question is answered once for all of them.

The clusters of a fleet differ in their names and in the labels of their nodes. Neither counts where policies are compared: what does are
the namespaces, which pods each policy matches there, and what it decides about them.
"""

from collections.abc import Hashable, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from compiler.giving import PLACING, given
from compiler.model import Cluster
from compiler.placing import SINGULAR, wanted
from compiler.reach import Space
from compiler.resolve import Binding, Resolved

_SPACES: Final = "spaces"
_CLASSES: Final = "classes"


@dataclass(frozen=True, slots=True, kw_only=True)
class Equivalents:
    """Clusters that have the same namespaces, and whose bindings, place by place, are equal in all that is compared.

    That is: the policy, where it holds, what it decides (``giving.given``), and which values its placement needs in fields that have one.
    An answer may depend on nothing else, and speaks of bindings by their places in deciding order.

    Attributes:
        space: their namespaces.
        bindings: those of the first of them.
        answers: by question.
    """

    space: Space
    bindings: Sequence[Binding]
    answers: dict[Hashable, Any] = field(default_factory=dict)


@dataclass(slots=True)
class _Classes:
    """The classes of a repository.

    Attributes:
        seen: numbers of bindings that are told apart. Policies are told apart by identity, and ``kept`` here, so that none is reused.
    """

    found: dict[Hashable, Equivalents] = field(default_factory=dict)
    seen: dict[Hashable, int] = field(default_factory=dict)
    kept: list[object] = field(default_factory=list)

    def number(self, binding: Binding) -> int:
        """Return the same number for bindings that are equal in all that is compared."""
        placed = tuple(
            (each.kind, each.key, each.value, each.reason)
            for each in wanted(binding)
            if each.reason in PLACING and each.kind in SINGULAR
        )
        number = self.seen.setdefault((id(binding.policy), binding.scope, tuple(given(binding).items()), placed), len(self.seen))
        if number == len(self.kept):
            self.kept.append(binding.policy)
        return number


def equivalents(resolved: Resolved, cluster: Cluster) -> Equivalents:
    """Return the clusters that a cluster is one of."""
    found: Equivalents | None = resolved.classes.get(cluster.name)
    if found is None:
        classes: _Classes = resolved.known.setdefault(_CLASSES, _Classes())
        there, bindings = space(resolved, cluster), resolved.of(cluster)
        key = (_fingerprint(there), tuple(map(classes.number, bindings)))
        found = resolved.classes[cluster.name] = classes.found.setdefault(key, Equivalents(space=there, bindings=bindings))
    return found


def space(resolved: Resolved, cluster: Cluster) -> Space:
    """Return the namespaces of a cluster."""
    spaces: dict[str, Space] = resolved.known.setdefault(_SPACES, {})
    found = spaces.get(cluster.name)
    if found is None:
        found = spaces[cluster.name] = Space.of(cluster, resolved.model.repository.webhook.excluded_namespaces)
    return found


def _fingerprint(there: Space) -> Hashable:
    """Return what is equal for equal namespaces. Which are excluded is the same in all clusters of a repository."""
    return there.named, tuple((name, tuple(labels.items())) for name, labels in sorted(there.declared.items()))
