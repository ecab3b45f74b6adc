"""Reach: which pods a policy matches in a cluster, as a set that can be compared with others, with the smallest pod that shows it.

Everything here is exact. A match is a conjunction of conditions each of which has a complement that is a condition too (``In`` and
``NotIn``, ``Exists`` and ``DoesNotExist``), so what one match has and another has not is a union of such conjunctions, each of which
can be decided key by key.
"""

from compiler.reach.match import Reach, Witness
from compiler.reach.relation import (
    MAX_REGIONS,
    Comparison,
    Kinds,
    Relation,
    Remainder,
    UndecidedError,
    compare,
    contained,
    left,
    outside,
    overlap,
    satisfiable,
    some,
)
from compiler.reach.space import Space

__all__ = [
    "MAX_REGIONS",
    "Comparison",
    "Kinds",
    "Reach",
    "Relation",
    "Remainder",
    "Space",
    "UndecidedError",
    "Witness",
    "compare",
    "contained",
    "left",
    "outside",
    "overlap",
    "satisfiable",
    "some",
]
