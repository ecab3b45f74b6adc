"""What can be exercised, and by whom."""

from dataclasses import dataclass, field
from enum import StrEnum

from compiler.source import Route, Where

Key = tuple[str | int | Route, ...]
"""What tells a unit from others; its first parts are the unit's part and its policy."""


class Part(StrEnum):
    """The kinds of units, in the order in which they are shown."""

    MATCH = "match"
    """A policy matches a pod in a cluster."""
    POOL = "pool"
    """Pods of a policy run on a pool."""
    VALUE = "value"
    """A value that is written somewhere comes to a pod, or is found there, or gives way to the author's."""
    REFUSAL = "refusal"
    """A pod is refused, or what its author wrote is removed."""
    MEMBER = "member"
    """A placement policy assigns replicas to a member."""


class By(StrEnum):
    """What exercises a unit."""

    TEST = "test"
    SCENARIO = "scenario"
    WORKLOAD = "workload"


@dataclass(frozen=True, slots=True, kw_only=True)
class Unit:
    """Something that can be exercised.

    Attributes:
        kind, policy: the policy's kind and name. title: the unit in words, such as ``pool `eci` on cluster `idc```.
        where: where it is written.
    """

    key: Key
    part: Part
    kind: str
    policy: str
    title: str
    where: Where = field(repr=False, compare=False)

    def __str__(self) -> str:
        kind = "placement policy" if self.part is Part.MEMBER else "policy"
        return f"{kind} `{self.policy}`: {self.title}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Measured:
    """A unit and what exercises it."""

    unit: Unit
    by: frozenset[By]


def place(where: Where) -> Key:
    """Return what tells a place from others."""
    return (where.document.file.path, where.document.index, where.route)
