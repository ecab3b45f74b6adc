"""Manifests as the checks see them: objects of Kubernetes in documents and in Lists, and the webhooks of configurations."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final

from compiler.source import Document, Route, Where

CONFIGURATION: Final = "MutatingWebhookConfiguration"
GROUP: Final = "admissionregistration.k8s.io"


@dataclass(frozen=True, slots=True, kw_only=True)
class Object:
    """An object and where it stands: a document, or an item of one."""

    document: Document
    route: Route
    value: dict[str, Any]

    def get(self, *route: str | int) -> Any:
        """Return the value at a route below the object, None where there is none."""
        return self.document.get(*self.route, *route)

    def at(self, *route: str | int) -> Where:
        """Return the place of a value; what is not there is said of the nearest that is."""
        return self.document.at(*self.route, *route)

    def mapping(self, *route: str | int) -> dict[str, Any]:
        """Return the mapping at a route, an empty one where there is something else."""
        found = self.get(*route)
        return found if isinstance(found, dict) else {}

    def items(self, *route: str | int) -> list[Any]:
        """Return the list at a route, an empty one where there is something else."""
        found = self.get(*route)
        return found if isinstance(found, list) else []

    @property
    def kind(self) -> str:
        """Its kind."""
        return str(self.value.get("kind", ""))

    @property
    def name(self) -> str:
        """Its name, empty where it has none."""
        return str(self.mapping("metadata").get("name", ""))

    @property
    def namespace(self) -> str:
        """Its namespace, empty where it names none."""
        return str(self.mapping("metadata").get("namespace", ""))


@dataclass(frozen=True, slots=True, kw_only=True)
class Webhook:
    """One webhook of a configuration."""

    configuration: Object
    index: int

    def get(self, *route: str | int) -> Any:
        """Return a field."""
        return self.configuration.get("webhooks", self.index, *route)

    def at(self, *route: str | int) -> Where:
        """Return the place of a field."""
        return self.configuration.at("webhooks", self.index, *route)

    def mapping(self, *route: str | int) -> dict[str, Any]:
        """Return the mapping at a route, an empty one where there is something else."""
        return self.configuration.mapping("webhooks", self.index, *route)

    def items(self, *route: str | int) -> list[Any]:
        """Return the list at a route, an empty one where there is something else."""
        return self.configuration.items("webhooks", self.index, *route)

    @property
    def name(self) -> str:
        """Its name, or its place in the list."""
        return str(self.get("name") or f"number {self.index + 1}")

    def rules(self) -> Iterator[tuple[int, dict[str, list[str]]]]:
        """Yield the rules by index, every member as a list of strings."""
        parts = ("apiGroups", "apiVersions", "resources", "operations")
        for index in range(len(self.items("rules"))):
            yield index, {part: [str(each) for each in self.items("rules", index, part)] for part in parts}


def objects(document: Document) -> Iterator[Object]:
    """Yield the objects of a document: itself, or the items of a List."""
    value = document.value
    if not isinstance(value, dict):
        return
    items = value.get("items")
    if str(value.get("kind", "")).endswith("List") and isinstance(items, list):
        for index, item in enumerate(items):
            if isinstance(item, dict):
                yield Object(document=document, route=("items", index), value=item)
    else:
        yield Object(document=document, route=(), value=value)


def webhooks(manifest: Object) -> Iterator[Webhook]:
    """Yield the webhooks of a MutatingWebhookConfiguration."""
    if manifest.kind == CONFIGURATION and str(manifest.value.get("apiVersion", "")).startswith(f"{GROUP}/"):
        for index, each in enumerate(manifest.items("webhooks")):
            if isinstance(each, dict):
                yield Webhook(configuration=manifest, index=index)
