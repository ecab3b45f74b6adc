"""Findings about workloads, each once for all clusters where the same is to be said."""

from collections.abc import Callable, Hashable, Iterator

from compiler.diagnostics import Diagnostic
from compiler.manifests.manifest import Manifest
from compiler.spelling import listing

Made = Callable[[str], Diagnostic]
"""Makes a finding, given where it holds: ``on clusters `a` and `b```."""


class Gathered:
    """Findings by what tells them apart, the clusters aside."""

    def __init__(self) -> None:
        self._found: dict[tuple[Hashable, ...], tuple[Made, list[str]]] = {}

    def add(self, manifest: Manifest, apart: Hashable, cluster: str, make: Made) -> None:
        """Remember a finding about a manifest.

        Args:
            manifest: that it is about.
            apart: tells it from other findings of the same check about the manifest.
            cluster: where it holds.
            make: is called once, for the first cluster.
        """
        clusters = self._found.setdefault((manifest.place, apart), (make, []))[1]
        if cluster not in clusters:
            clusters.append(cluster)

    def diagnostics(self) -> Iterator[Diagnostic]:
        """Yield the findings."""
        for make, clusters in self._found.values():
            yield make(f"on cluster{'s' if len(clusters) > 1 else ''} {listing(clusters)}")
