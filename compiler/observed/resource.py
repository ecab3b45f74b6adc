"""What is asked of an API server, and the permission that it takes."""

from typing import NamedTuple

from compiler.observed.objects import Kind


class Resource(NamedTuple):
    """Where objects of a kind are had: ``version`` is of the API, ``plural`` the resource; a ``name`` asks for one object."""

    kind: Kind
    version: str
    plural: str
    namespace: str = ""
    name: str = ""
    selector: str = ""

    @property
    def path(self) -> str:
        """The path of the request."""
        root = f"/apis/{self.kind.group}/{self.version}" if self.kind.group else f"/api/{self.version}"
        inside = f"/namespaces/{self.namespace}" if self.namespace else ""
        return f"{root}{inside}/{self.plural}{'/' + self.name if self.name else ''}"

    @property
    def permission(self) -> str:
        """The permission that reading them takes, as people grant it."""
        resource = f"{self.plural}.{self.kind.group}" if self.kind.group else self.plural
        where = f" in namespace {self.namespace}" if self.namespace else ""
        return f"{'get' if self.name else 'list'} {resource}{where}"
