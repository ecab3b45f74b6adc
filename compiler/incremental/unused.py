"""The slices about what nothing refers to, and what no policy reaches."""

from collections.abc import Collection, Sequence

from compiler.diagnostics import Diagnostic
from compiler.incremental.burst import Burst
from compiler.incremental.findings import Finding, kept
from compiler.incremental.memory import listed
from compiler.incremental.named import Named
from compiler.incremental.objects import Objects
from compiler.incremental.site import Site
from compiler.incremental.work import Work
from compiler.unreferenced import unreferenced


class Unused:
    """Objects that do nothing where they are."""

    def __init__(self, work: Work, objects: Objects, documents: Named, burst: Burst) -> None:
        self._work = work
        self._objects = objects
        self._documents = documents
        self._burst = burst

    def unreferenced(self) -> list[Diagnostic]:
        """Find accelerator classes and hosts that nothing refers to. Who refers to what is known from heads; only what is unused is read."""
        documents = self._documents
        if not documents.accelerators and not documents.hosts:
            return []
        kinds = (documents.clusters, documents.policies, documents.placements)
        referring = (*documents.twice, *(head for kind in kinds for head in kind.values()))
        classes = unreferenced(documents.accelerators, (each.accelerator for each in referring))
        hosts = unreferenced(documents.hosts, (each.host for each in referring))
        heads = (*classes, *hosts)
        if not heads:
            return []

        def find() -> tuple[Finding, ...]:
            from compiler.rules import unused  # noqa: PLC0415

            found = [*unused.accelerators(map(self._objects.accelerator, classes)), *unused.hosts(map(self._objects.host, hosts))]
            return kept(found, self._objects.given(heads))

        return self._work.found(self._work.key("unused", listed([each.digest for each in heads])), heads, find)

    def idle(self, sites: Sequence[Site], placed: Collection[str]) -> list[Diagnostic]:
        """Find pools, clusters and tests that no policy reaches. Assumes that there are no errors.

        Args:
            sites: all clusters, with what is bound to them.
            placed: the names of those that placement policies place on.
        """

        def find(position: int) -> list[Diagnostic]:
            from compiler.rules import unused  # noqa: PLC0415

            return [*unused.pools(self._burst.resolved(busy[position]))]

        busy = [site for site in sites if site.policies]
        without = {site.cluster.name: site.cluster for site in sites if not site.policies}
        clusters = [head for name, head in without.items() if name not in placed]
        tests = [head for head in self._documents.tests.values() if head.clusters[0] in without]
        heads = (*clusters, *tests)

        def find_heads() -> tuple[Finding, ...]:
            from compiler.rules import unused  # noqa: PLC0415

            found = [*unused.clusters(map(self._objects.cluster, clusters)), *unused.tests(map(self._objects.test, tests))]
            return kept(found, self._objects.given(heads))

        key = self._work.key("idle", listed([each.digest for each in clusters]), listed([each.digest for each in tests]))
        return [*self._burst.everywhere("pools", busy, find), *(self._work.found(key, heads, find_heads) if heads else ())]
