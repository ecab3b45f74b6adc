"""Kubernetes objects in Git, with their places."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, Final

from compiler.source import Document, Route, Where

DEFAULT_NAMESPACE: Final = "default"
"""Where an object without a namespace is created, as kubectl and the GitOps tools do it."""

# https://kubernetes.io/docs/concepts/overview/working-with-objects/names/
_NAME: Final = re.compile(r"[a-z0-9]([-a-z0-9.]{0,251}[a-z0-9])?")
_NAMESPACE: Final = re.compile(r"[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?")
_KIND: Final = re.compile(r"[A-Za-z][A-Za-z0-9]{0,62}")
_API_VERSION: Final = re.compile(r"([a-z0-9]([-a-z0-9.]{0,251}[a-z0-9])?/)?[a-z][a-z0-9]{0,62}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Manifest:
    """A Kubernetes object in a file; ``base`` leads to it from the document's root (into a List).

    Attributes:
        namespace: as it is written, empty where it is not.
    """

    document: Document = field(repr=False)
    base: Route
    value: dict[str, Any] = field(repr=False)
    group: str
    version: str
    kind: str
    name: str
    namespace: str

    @property
    def effective_namespace(self) -> str:
        """The namespace that the object is created in."""
        return self.namespace or DEFAULT_NAMESPACE

    @property
    def nowhere(self) -> str:
        """A namespace that is written and none, such as a variable that is still to be filled in; empty where there is no such thing."""
        return "" if self.namespace else str(_mapping(self.value, "metadata").get("namespace") or "")

    @property
    def identity(self) -> tuple[str, str, str, str]:
        """What no other object of a cluster has: group, kind, namespace and name."""
        return (self.group, self.kind, self.effective_namespace, self.name)

    @property
    def labels(self) -> dict[str, Any]:
        """The object's own labels, as they are written; empty where they are no mapping."""
        return _mapping(_mapping(self.value, "metadata"), "labels")

    @property
    def annotations(self) -> dict[str, Any]:
        """The object's own annotations, as they are written; empty where they are no mapping."""
        return _mapping(_mapping(self.value, "metadata"), "annotations")

    @property
    def spec(self) -> dict[str, Any]:
        """The object's specification; empty where it is no mapping."""
        return _mapping(self.value, "spec")

    @property
    def title(self) -> str:
        """The object for people: ``Deployment `shop/web```."""
        return f"{self.kind} `{self.effective_namespace}/{self.name}`" if self.name else f"{self.kind} without a name"

    @property
    def place(self) -> tuple[str, int, Route]:
        """A key that sorts as people read: file, document, route."""
        return (self.document.file.path, self.document.index, self.base)

    def at(self, *route: str | int) -> Where:
        """Return the place of a field of the object."""
        return self.document.at(*self.base, *route)

    def at_key(self, *route: str | int) -> Where:
        """Return the place of the key that leads to a field of the object."""
        return self.document.at_key(*self.base, *route)

    def at_name(self) -> Where:
        """Return the place of the object's name."""
        return self.at("metadata", "name")


def manifests_of(document: Document) -> Iterator[Manifest]:
    """Yield the Kubernetes objects of a document: itself, or the items of a List."""
    pending: list[tuple[Route, Any]] = [((), document.value)]
    while pending:
        base, value = pending.pop()
        if not isinstance(value, dict):
            continue
        api_version, kind, items = value.get("apiVersion"), value.get("kind"), value.get("items")
        if not isinstance(api_version, str) or not isinstance(kind, str):
            continue
        if not _API_VERSION.fullmatch(api_version) or not _KIND.fullmatch(kind):
            continue
        if kind.endswith("List") and isinstance(items, list):
            pending += [((*base, "items", index), item) for index, item in reversed(list(enumerate(items)))]
            continue
        metadata = _mapping(value, "metadata")
        group, _, version = api_version.rpartition("/")
        yield Manifest(
            document=document,
            base=base,
            value=value,
            group=group,
            version=version,
            kind=kind,
            name=_text(metadata.get("name"), _NAME),
            namespace=_text(metadata.get("namespace"), _NAMESPACE),
        )


def _text(value: Any, form: re.Pattern[str]) -> str:
    """Return a name that an API server would take, or nothing: it becomes part of a path."""
    return value if isinstance(value, str) and form.fullmatch(value) else ""


def _mapping(value: dict[str, Any], field: str) -> dict[str, Any]:
    """Return a field that has fields, empty where it has none: nobody has checked what the files hold."""
    found = value.get(field)
    return found if isinstance(found, dict) else {}
