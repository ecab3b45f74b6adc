"""One of two states of a repository."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Protocol

import msgspec

from compiler.model import Cluster
from compiler.model.inventory import NAME_LABEL_SINCE
from compiler.reach import Space
from webhook.engine.bundle import Bundle


class Rendered(Protocol):
    """Files by their path below the output folder."""

    @property
    def digests(self) -> Mapping[str, str]:
        """The digests of all files."""
        ...

    def __getitem__(self, path: str) -> bytes:
        """Return the content of a file that is there."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Side:
    """What a state of a repository came to.

    Attributes:
        name: how people call it.
        clusters: the documents of all clusters, by name, as far as they are asked for.
        hosts: names. places: ``path:line`` of each policy by name.
    """

    name: str
    files: Rendered = field(repr=False)
    clusters: Mapping[str, Cluster] = field(repr=False)
    hosts: tuple[str, ...]
    places: Mapping[str, str] = field(repr=False)
    _bundles: dict[str, Bundle] = field(default_factory=dict, repr=False, compare=False)

    def bundle(self, cluster: str) -> Bundle:
        """Return what the webhook of a cluster gets. Its digest is our own, and is not checked again."""
        if cluster not in self._bundles:
            self._bundles[cluster] = msgspec.json.decode(self.files[bundle_path(cluster)], type=Bundle)
        return self._bundles[cluster]

    def space(self, cluster: str, bundle: Bundle) -> Space:
        """Return where pods of a cluster can be."""
        named = self.clusters[cluster].kubernetes >= NAME_LABEL_SINCE
        return Space(declared=bundle.namespaces, excluded=bundle.excluded_namespaces, named=named)


def bundle_path(cluster: str) -> str:
    """Return the path of a cluster's bundle."""
    return f"clusters/{cluster}/webhook/bundle.json"
