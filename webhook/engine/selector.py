"""Kubernetes label selectors in one normal form.

``matchLabels`` and ``matchExpressions`` say the same things in two ways; here both become a sorted tuple of requirements that
are ANDed. The semantics are those of apimachinery's ``labels.Requirement.Matches``: ``NotIn`` and ``DoesNotExist`` are true
for an object that lacks the key.
"""

from collections.abc import Iterable, Mapping
from enum import StrEnum
from typing import Self

from msgspec import Struct


class Operator(StrEnum):
    """The operators of a LabelSelectorRequirement (meta/v1)."""

    IN = "In"
    NOT_IN = "NotIn"
    EXISTS = "Exists"
    DOES_NOT_EXIST = "DoesNotExist"


class Requirement(Struct, frozen=True, omit_defaults=True, forbid_unknown_fields=True, order=True):
    """One condition on one label key.

    ``values`` is sorted and free of duplicates; it is empty for ``Exists`` and ``DoesNotExist`` and never empty otherwise.
    """

    key: str
    operator: Operator
    values: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        takes_values = self.operator in (Operator.IN, Operator.NOT_IN)
        if takes_values != bool(self.values):
            raise ValueError(f"{self.operator} on {self.key!r} takes {'at least one value' if takes_values else 'no values'}")

    def matches(self, labels: Mapping[str, str]) -> bool:
        """Say whether an object with these labels satisfies the requirement."""
        match self.operator:
            case Operator.IN:
                return labels.get(self.key) in self.values
            case Operator.NOT_IN:
                return labels.get(self.key) not in self.values
            case Operator.EXISTS:
                return self.key in labels
            case Operator.DOES_NOT_EXIST:
                return self.key not in labels


class Selector(Struct, frozen=True, forbid_unknown_fields=True):
    """A conjunction of requirements, sorted and without duplicates. No requirements select everything."""

    requirements: tuple[Requirement, ...] = ()

    @classmethod
    def of(cls, match_labels: Mapping[str, str] | None = None, expressions: Iterable[Requirement] = ()) -> Self:
        """Build the normal form of ``matchLabels`` and ``matchExpressions``."""
        found = {Requirement(key, Operator.IN, (value,)) for key, value in (match_labels or {}).items()}
        found.update(Requirement(e.key, e.operator, tuple(sorted(set(e.values)))) for e in expressions)
        return cls(tuple(sorted(found)))

    def matches(self, labels: Mapping[str, str]) -> bool:
        """Say whether an object with these labels is selected."""
        return all(requirement.matches(labels) for requirement in self.requirements)

    def label_map(self) -> dict[str, str] | None:
        """Return the selector as a flat label map, or None where a flat map cannot say the same.

        The empty selector gives None: vendors read an empty map as a whole namespace or do not say what it means.
        """
        found: dict[str, str] = {}
        for requirement in self.requirements:
            if requirement.operator is not Operator.IN or len(requirement.values) != 1 or requirement.key in found:
                return None
            found[requirement.key] = requirement.values[0]
        return found or None
