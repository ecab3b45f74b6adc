"""What is looked at as a whole: manifests of workloads on all clusters, and scenarios. Any change that they can see does them again."""

from _blake2 import blake2b  # see compiler.incremental.memory
from collections.abc import Sequence
from typing import TYPE_CHECKING

from msgspec import Struct

from compiler.diagnostics import Diagnostic
from compiler.incremental.burst import Burst
from compiler.incremental.federated import Federation, HostSite
from compiler.incremental.findings import Finding, kept
from compiler.incremental.memory import listed
from compiler.incremental.named import Named
from compiler.incremental.objects import Objects
from compiler.incremental.rendering import Folder
from compiler.incremental.site import Site
from compiler.incremental.work import Work
from compiler.progress import Progress
from compiler.sources import Source, SourceError

if TYPE_CHECKING:
    from compiler.manifests.inventory import Inventory


class Patched(Struct, array_like=True, frozen=True):
    """What workloads get: a Component for each cluster, in the order of their names, with its content if it was asked for."""

    findings: tuple[Finding, ...]
    components: tuple[Folder, ...]
    content: tuple[dict[str, bytes], ...]


class Reading(Struct, array_like=True, frozen=True):
    """A file that was read for a scenario, and what came of it: its digest, or why it could not be read."""

    path: str
    limit: int
    outcome: str


class Played(Struct, array_like=True, frozen=True):
    """What is known of the scenarios, as long as every file that was read for them is what it was."""

    findings: tuple[Finding, ...]
    readings: tuple[Reading, ...]


class Traced(Struct, frozen=True):
    """A source that notes what was read from it, and what came of it."""

    source: Source
    readings: list[Reading]

    def paths(self) -> tuple[str, ...]:
        """Return what the other source does."""
        return self.source.paths()

    def links(self) -> tuple[str, ...]:
        """Return what the other source does."""
        return self.source.links()

    def unreadable(self) -> dict[str, str]:
        """Return what the other source does."""
        return self.source.unreadable()

    def read(self, path: str, limit: int) -> bytes:
        """Return at most ``limit`` bytes of a file.

        Raises:
            SourceError: see ``Source``.
        """
        try:
            raw = self.source.read(path, limit)
        except SourceError as error:
            self.readings.append(Reading(path, limit, f"error: {error}"))
            raise
        self.readings.append(Reading(path, limit, blake2b(raw).hexdigest()))
        return raw


class Wholes:
    """Workloads and scenarios."""

    def __init__(self, work: Work, objects: Objects, documents: Named, manifests: Sequence[str], progress: Progress) -> None:
        self._work = work
        self._objects = objects
        self._documents = documents
        self._manifests = manifests
        self._progress = progress
        self._inventory: tuple[Inventory, list[Diagnostic]] | None = None

    def stock(self) -> list[Diagnostic]:
        """Find what is wrong with manifests, whatever policies do to them."""
        work = self._work
        key = work.key("stock", self._tokens())
        return work.found(key, (), lambda: kept(self._stock()[1], files=self._manifests))

    def patches(self, burst: Burst, sites: Sequence[Site], *, content: bool) -> tuple[list[Diagnostic], Patched]:
        """Try all workloads on all clusters."""
        settings = self._documents.settings
        heads = list({(head.path, head.index): head for site in sites for head in site.heads(settings)}.values())

        def find() -> Patched:
            from compiler import inputs  # noqa: PLC0415 - as all that follows: a run that knows everything needs none of it
            from compiler.passes import component, placed_on  # noqa: PLC0415

            inventory, _ = self._stock()
            clusters = tuple(map(burst.lowered, sites))
            placed, found = placed_on(inventory, clusters, self._progress)
            findings = kept(found, self._objects.given(heads), self._manifests)
            if not content:
                return Patched(findings, (), ())
            components = [component(cluster, placed) for cluster in clusters]
            manifests = inputs.of_manifests(inventory, placed)
            folders = tuple(
                Folder(
                    {path: inputs.digest_of(raw) for path, raw in files.items()},
                    {each.name: inputs.digest(each.value) for each in manifests[cluster.name]},
                )
                for cluster, files in zip(clusters, components, strict=True)
            )
            return Patched(findings, folders, tuple(components))

        work = self._work
        key = work.key("patches", b"content" if content else b"", self._tokens(), listed([site.key for site in sites]))
        answer = work.answers.one(Patched, key, find)
        return work.shown(answer.findings, heads), answer

    def dispatched(self, federation: Federation, hosts: Sequence[HostSite]) -> list[Diagnostic]:
        """Check manifests against the placement policies of their workloads."""
        if not hosts:
            return []
        work = self._work
        heads = federation.documents(hosts)

        def find() -> tuple[Finding, ...]:
            from compiler.passes import dispatched  # noqa: PLC0415 - as all that follows: a run that knows everything needs none of it

            return kept(dispatched(self._stock()[0], federation.everything(hosts)), self._objects.given(heads), self._manifests)

        return work.found(work.key("dispatched", self._tokens(), listed([host.key for host in hosts])), heads, find)

    def scenarios(self, burst: Burst, sites: Sequence[Site]) -> tuple[list[Diagnostic], tuple[str, ...]]:
        """Bind all scenarios; the outcome is the paths of the files that were read for them, too."""
        documents = self._documents
        if not documents.scenarios:
            return [], ()
        kinds = (documents.clusters, documents.accelerators, documents.policies, documents.hosts, documents.placements)
        heads = [documents.settings, *documents.scenarios, *(head for kind in kinds for head in kind.values())]

        def find() -> Played:
            from compiler.passes import federation_of, stages_of  # noqa: PLC0415
            from compiler.resolve import resolve  # noqa: PLC0415

            objects, readings = self._objects, list[Reading]()
            model = objects.model(documents.clusters.values(), documents.accelerators.values(), documents.policies.values())
            resolved, _ = resolve(model)
            given = objects.given(heads)
            everything = [document for document, _ in given]
            federated, _ = federation_of(everything, model)
            clusters = tuple(map(burst.lowered, sites))
            source = Traced(self._work.contents.source, readings)
            _, found = stages_of(everything, source, resolved, clusters, federated, progress=self._progress)
            return Played(kept(found, given), tuple(readings))

        work = self._work
        parts = [listed([head.digest for head in kind.values()]) for kind in kinds]
        key = work.key("scenarios", documents.settings.digest, listed([each.digest for each in documents.scenarios]), *parts)
        answer = work.answers.one(Played, key, find)
        if not self._holds(answer):
            answer = work.answers.anew(key, find)
        return work.shown(answer.findings, heads), tuple({each.path: None for each in answer.readings})

    def _holds(self, answer: Played) -> bool:
        """Say whether every file that was read is what it was."""
        again = Traced(self._work.contents.source, [])
        for each in answer.readings:
            try:
                again.read(each.path, each.limit)
            except SourceError:
                continue
        return tuple(again.readings) == answer.readings

    def _stock(self) -> "tuple[Inventory, list[Diagnostic]]":
        if self._inventory is None:
            from compiler.passes import inventory_of  # noqa: PLC0415

            self._inventory = inventory_of([each for path in self._manifests for each in self._work.contents.others(path)])
        return self._inventory

    def _tokens(self) -> bytes:
        return listed([self._work.contents.token(path) for path in self._manifests])
