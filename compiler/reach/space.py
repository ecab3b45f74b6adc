"""The namespaces of a cluster: those that are declared are known with their labels, and others may be there."""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Final, NamedTuple

from compiler.model import NAME_LABEL, NAME_LABEL_SINCE, Cluster, namespace_labels
from compiler.reach.labels import Values, least, narrowed
from webhook.engine.selector import Operator, Requirement

UNNAMED: Final = "some-namespace"


class Namespace(NamedTuple):
    """A namespace that shows something.

    Attributes:
        labels: what it carries, or, where it is not declared, what it would have to.
        proved: False where the cluster does not declare it, and labels decide: it may be so or not.
        known: whether its labels are known.
    """

    name: str
    labels: dict[str, str]
    proved: bool
    known: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Space:
    """Where pods of a cluster can be.

    Attributes:
        declared: labels by namespace, with the name among them where the API server adds it.
        excluded: namespaces whose pods no policy reaches.
        named: whether the API server adds the name to the labels.
    """

    declared: Mapping[str, Mapping[str, str]]
    excluded: Collection[str] = ()
    named: bool = True
    _names: tuple[str, ...] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "_names", tuple(sorted(set(self.declared) - set(self.excluded))))

    @classmethod
    def of(cls, cluster: Cluster, excluded: Collection[str]) -> "Space":
        """Return the namespaces of a cluster, as the API server labels those that it declares (KEP-2161)."""
        declared = {name: namespace_labels(cluster.kubernetes, name, labels) for name, labels in cluster.namespaces.items()}
        return cls(declared=declared, excluded=excluded, named=cluster.kubernetes >= NAME_LABEL_SINCE)

    def find_unknown(self, names: frozenset[str] | None, banned: Collection[str]) -> Namespace | None:
        """Return a namespace with one of the names (None for any) and none of the banned ones, whose labels are not known."""
        if names is None:
            found = Values(banned=frozenset({*self.declared, *self.excluded, *banned}), present=True).least(UNNAMED)
        else:
            found = min(names.difference(self.declared, self.excluded, banned), default=None)
        return None if found is None else Namespace(found, {}, proved=False, known=False)

    def find(self, names: frozenset[str] | None, banned: Collection[str], requirements: Iterable[Requirement]) -> Namespace | None:
        """Return a namespace with one of the names (None for any), none of the banned ones, and these labels; a proved one first."""
        conditions = tuple(requirements)
        candidates = self._names if names is None else sorted(names.difference(self.excluded))
        for name in candidates:
            labels = self.declared.get(name)
            if labels is not None and name not in banned and all(each.matches(labels) for each in conditions):
                return Namespace(name, dict(labels), proved=True)
        if names is None:
            return self._undeclared(banned, conditions)
        for name in candidates:
            if name in banned or name in self.declared:
                continue
            own = (Requirement(NAME_LABEL, Operator.IN, (name,)),) if self.named else ()
            found = narrowed({}, (*conditions, *own))
            if found is not None:
                return Namespace(name, least(found), proved=not conditions)
        return None

    def _undeclared(self, banned: Collection[str], conditions: tuple[Requirement, ...]) -> Namespace | None:
        """Return a namespace of any name but those that are known, or are known not to count."""
        taken = tuple(sorted({*self.declared, *self.excluded, *banned}))
        own = [Requirement(NAME_LABEL, Operator.EXISTS)] if self.named else []
        if taken and self.named:
            own.append(Requirement(NAME_LABEL, Operator.NOT_IN, taken))
        found = narrowed({}, (*conditions, *own))
        if found is None:
            return None
        labels = least(found)
        name = found.get(NAME_LABEL, Values()).least(UNNAMED) if self.named else None
        if self.named and not any(each.key == NAME_LABEL for each in conditions):
            labels.pop(NAME_LABEL, None)
        elif name is not None:
            labels[NAME_LABEL] = name
        if name is None:
            name = Values(banned=frozenset(taken), present=True).least(UNNAMED) or UNNAMED
        return Namespace(name, labels, proved=False)
