"""What every kind of document has, and the kinds that are not about placement: settings and tests."""

from enum import StrEnum
from typing import Any

from msgspec import Struct

from compiler.model.terms import PoolType
from compiler.source import Document, Where
from webhook.engine.selector import Selector


class Named(Struct, frozen=True, kw_only=True):
    """A document with a name."""

    name: str
    document: Document

    def at(self, *route: str | int) -> Where:
        """Return the place of a field of the document."""
        return self.document.at(*route)

    def at_key(self, *route: str | int) -> Where:
        """Return the place of the key that leads to a field."""
        return self.document.at_key(*route)

    def at_name(self) -> Where:
        """Return the place of the name."""
        return self.document.at("metadata", "name")


class Backstop(StrEnum):
    """What becomes of pods that come to the end of admission without their mutation."""

    AUDIT = "audit"
    WARN = "warn"
    DENY = "deny"
    OFF = "off"


class WebhookSettings(Struct, frozen=True, kw_only=True):
    """How the webhook is run and called."""

    namespace: str
    failure_policy: str
    timeout_seconds: int
    excluded_namespaces: tuple[str, ...]
    backstop: Backstop = Backstop.WARN


class Scope(Struct, frozen=True, kw_only=True):
    """Which clusters or namespaces: names, a selector, or all; exactly one is set."""

    names: tuple[str, ...] = ()
    selector: Selector | None = None
    all: bool = False


class Ceiling(Struct, frozen=True, kw_only=True):
    """How far the policies of a folder may reach.

    Attributes:
        index: its place in the list.
        folder: relative to the root; empty for all.
        pool_types: those that policies may list.
    """

    index: int
    folder: str
    clusters: Scope
    namespaces: Scope
    pool_types: frozenset[PoolType]

    def holds_for(self, path: str) -> bool:
        """Say whether the policies of a file are meant."""
        return not self.folder or path.startswith(f"{self.folder}/")


class Repository(Struct, frozen=True, kw_only=True):
    """Settings of the whole repository."""

    document: Document
    output: str
    exclude: tuple[str, ...]
    workloads: tuple[str, ...]
    webhook: WebhookSettings
    ceilings: tuple[Ceiling, ...] = ()


class TestCase(Struct, frozen=True, kw_only=True):
    """One pod and what is expected of it; ``index`` is its place in the list. ``file`` and ``inline`` exclude each other."""

    index: int
    name: str
    file: str | None
    inline: dict[str, Any] | None
    expect: dict[str, Any]


class PolicyTest(Named, frozen=True, kw_only=True):
    """Cases in one cluster and namespace; ``namespace_labels`` is None where the cluster's declaration holds."""

    cluster: str
    namespace: str
    namespace_labels: dict[str, str] | None
    cases: tuple[TestCase, ...]
