"""Policy files that are about to be written."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Final

from compiler.importing.writing import written
from compiler.manifests.manifest import Manifest
from compiler.report.style import printable

API_VERSION: Final = "overbank.dev/v1alpha1"

_FOLDERS: Final = {
    "Cluster": "clusters",
    "FederationHost": "placement",
    "BurstPolicy": "burst",
    "AcceleratorClass": "accelerators",
    "PlacementPolicy": "placement",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft:
    """A document, and the objects that it was made of.

    Attributes:
        comments: what a person has to look at before it is right.
    """

    kind: str
    name: str
    spec: dict[str, Any]
    sources: tuple[Manifest, ...] = ()
    comments: tuple[str, ...] = ()

    @property
    def path(self) -> str:
        """Where it goes in a repository."""
        return f"{_FOLDERS[self.kind]}/{self.name}.yaml" if self.kind in _FOLDERS else "overbank.yaml"

    def text(self) -> str:
        """Return the document as YAML, with comments that say where it comes from."""
        places = sorted({f"{str(each.at_name().locate()).rpartition(':')[0]} {each.title}" for each in self.sources})
        # A path may hold anything, also what would end a comment.
        head = [f"# from {printable(place).replace('`', '')}" for place in places] + [f"# {line}" for line in self.comments]
        value: dict[str, Any] = {"apiVersion": API_VERSION, "kind": self.kind}
        if self.name:
            value["metadata"] = {"name": self.name}
        return "".join(f"{line}\n" for line in head) + written({**value, "spec": self.spec})


def files_of(drafts: Iterable[Draft]) -> dict[str, str]:
    """Return text by path, each document in a file of its own."""
    return {draft.path: draft.text() for draft in sorted(drafts, key=lambda each: each.path)}
