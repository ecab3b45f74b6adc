"""The bundle that decisions are made from, and the one assignment that replaces it.

A snapshot is immutable and complete. Readers take ``store.current`` once per request and keep what they took, so a request never sees
half of two bundles.
"""

from dataclasses import dataclass
from enum import StrEnum
from typing import Self

from webhook.engine.bundle import Bundle
from webhook.engine.mutate import Engine
from webhook.readiness import Readiness


class Identity(StrEnum):
    """What is known about whether a bundle is for the cluster that it is in."""

    CHECKED = "checked"
    UNDECLARED = "undeclared"
    UNCHECKED = "unchecked"


@dataclass(frozen=True, slots=True)
class Snapshot:
    """One loaded bundle with all that is prepared from it.

    Attributes:
        bundle: as it was read, also where some of its policies are switched off.
        engine: decides from the policies that are not.
        namespaces: the labels of each namespace that is known, by its name; the compiler declares them.
        key: the key whose signature was verified, empty where none is asked for.
    """

    bundle: Bundle
    engine: Engine
    namespaces: dict[str, dict[str, str]]
    identity: Identity = Identity.UNDECLARED
    key: str = ""

    @classmethod
    def of(cls, bundle: Bundle) -> Self:
        """Prepare a bundle that is trusted already, with all its policies."""
        return cls(bundle, Engine(bundle), bundle.namespaces)


class Store:
    """Holds the current snapshot, None until there is one; until then the process is not ready.

    Attributes:
        current: replaced as a whole, never changed.
    """

    def __init__(self, readiness: Readiness) -> None:
        self.current: Snapshot | None = None
        self._readiness = readiness
        readiness.hold("bundle", "no bundle")

    def swap(self, snapshot: Snapshot) -> None:
        """Let a snapshot decide from now on."""
        self.current = snapshot
        self._readiness.release("bundle")
