"""What every kind of document has, and the kinds that are not about placement: settings and tests."""

from typing import Any

from msgspec import Struct

from compiler.source import Document, Where


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


class WebhookSettings(Struct, frozen=True, kw_only=True):
    """How the webhook is run and called."""

    namespace: str
    failure_policy: str
    timeout_seconds: int
    excluded_namespaces: tuple[str, ...]


class Repository(Struct, frozen=True, kw_only=True):
    """Settings of the whole repository."""

    document: Document
    output: str
    exclude: tuple[str, ...]
    workloads: tuple[str, ...]
    webhook: WebhookSettings


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
