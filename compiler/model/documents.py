"""What every kind of document has, and the kinds that are not about placement: settings and tests."""

from dataclasses import dataclass, field
from typing import Any

from compiler.source import Document, Where


@dataclass(frozen=True, slots=True, kw_only=True)
class Named:
    """A document with a name."""

    name: str
    document: Document = field(repr=False)

    def at(self, *route: str | int) -> Where:
        """Return the place of a field of the document."""
        return self.document.at(*route)

    def at_key(self, *route: str | int) -> Where:
        """Return the place of the key that leads to a field."""
        return self.document.at_key(*route)

    def at_name(self) -> Where:
        """Return the place of the name."""
        return self.document.at("metadata", "name")


@dataclass(frozen=True, slots=True, kw_only=True)
class WebhookSettings:
    """How the webhook is run and called."""

    namespace: str
    failure_policy: str
    timeout_seconds: int
    excluded_namespaces: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Repository:
    """Settings of the whole repository."""

    document: Document = field(repr=False)
    output: str
    exclude: tuple[str, ...]
    workloads: tuple[str, ...]
    webhook: WebhookSettings


@dataclass(frozen=True, slots=True, kw_only=True)
class TestCase:
    """One pod and what is expected of it; ``index`` is its place in the list. ``file`` and ``inline`` exclude each other."""

    index: int
    name: str
    file: str | None
    inline: dict[str, Any] | None
    expect: dict[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class PolicyTest(Named):
    """Cases in one cluster and namespace; ``namespace_labels`` is None where the cluster's declaration holds."""

    cluster: str
    namespace: str
    namespace_labels: dict[str, str] | None
    cases: tuple[TestCase, ...]
