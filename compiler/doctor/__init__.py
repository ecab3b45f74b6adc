"""A cluster beside what its Cluster document claims. Pure: objects, a document and its normal form in, checks out.

Every check says ok, wrong or unknown. Nothing that is merely not seen is called wrong where it could be there under another name, and
what may not be read is unknown, with the permission that reading it takes.
"""

from collections.abc import Callable, Iterator
from typing import Final

from compiler.doctor import addons, identity, kinds, namespaces, nodes, priorities, storage, webhook
from compiler.doctor.check import Check, Patient

__all__ = ["CHECKS", "examine"]

CHECKS: Final[tuple[Callable[[Patient], Iterator[Check]], ...]] = (
    identity.checks,
    addons.checks,
    kinds.checks,
    nodes.checks,
    namespaces.checks,
    webhook.checks,
    priorities.checks,
    storage.checks,
)


def examine(patient: Patient) -> list[Check]:
    """Return all checks, in the order of their areas; within one they are sorted where order means nothing."""
    return [each for area in CHECKS for each in area(patient)]
