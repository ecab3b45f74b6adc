"""What is checked, and what came of it."""

from dataclasses import dataclass
from enum import StrEnum

from compiler.ir import ClusterIR
from compiler.model import Cluster
from compiler.observed.objects import Key, Kind, Object, Objects
from compiler.source import Where


class State(StrEnum):
    """What came of a check."""

    OK = "ok"
    WRONG = "wrong"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True, kw_only=True)
class Check:
    """One fact about a cluster.

    Attributes:
        area: ``version``, ``nodes`` and so on. subject: what of it, such as a pool. says: what is there, or why that is not known.
        help: what to do. source: whose word it is that this is needed. where: the line of the document that claims it.
    """

    area: str
    subject: str
    state: State
    says: str
    help: str = ""
    source: str = ""
    where: Where | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Patient:
    """A cluster: its document, its normal form, and what was read of it.

    ``now`` is the time in seconds since 1970, by which certificates are judged.
    """

    cluster: Cluster
    ir: ClusterIR
    objects: Objects
    now: float

    def find(self, kind: Kind, name: str, namespace: str = "") -> tuple[Object | None, str]:
        """Return an object, and why it is not known whether there is one; empty where that is known."""
        found = self.objects.get(Key(kind, namespace, name))
        return found, "" if found is not None else self.unread(kind)

    def unread(self, kind: Kind) -> str:
        """Say why objects of a kind are not known; empty where they are."""
        if kind in self.objects.refused:
            return self.objects.refused[kind]
        return "" if self.objects.knows(kind) else f"the dump has no objects of kind {kind}"
