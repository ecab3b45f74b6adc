"""The slices in their order, with the gates of ``compiler.pipeline`` between them."""

from collections.abc import Callable, Mapping

from compiler.diagnostics import Diagnostic, has_errors, in_order
from compiler.incremental.burst import Burst
from compiler.incremental.contents import ChangedError, Contents, Index, Unindexed
from compiler.incremental.federated import Federation, HostSite
from compiler.incremental.findings import place, texts
from compiler.incremental.memory import Answers, Memory
from compiler.incremental.named import Named, named
from compiler.incremental.objects import Objects
from compiler.incremental.outcome import Files, Outcome
from compiler.incremental.reading import Read, read
from compiler.incremental.rendering import Folder, Made, Rendering
from compiler.incremental.site import Site
from compiler.incremental.unused import Unused
from compiler.incremental.wholes import Patched, Wholes
from compiler.incremental.work import Work
from compiler.progress import Phase, Progress, counted, silent
from compiler.sources import Source
from compiler.suppression.ignore import Suppressed


def compile_slices(
    source: Source, memory: Memory, index: Index, *, files: bool, idle: bool = False, progress: Progress = silent
) -> Outcome:
    """Compile a policy repository, as far as it is not known what comes of it.

    Args:
        source: where it is read from.
        memory: what is known from earlier runs.
        index: which files are known to be unchanged.
        files: whether files are wanted.
        idle: whether to look for what no policy reaches (``codes.names.ON_REQUEST``).
        progress: is told how far it is.
    """
    try:
        return _Run(source, memory, index, files=files, idle=idle, progress=progress, hold=False).outcome()
    except ChangedError:
        # Somebody is writing the repository. What is read once and held cannot change any more.
        return _Run(source, memory, Unindexed(), files=files, idle=idle, progress=progress, hold=True).outcome()


class _Run:
    """One way through all slices."""

    def __init__(
        self, source: Source, memory: Memory, index: Index, *, files: bool, idle: bool, progress: Progress, hold: bool
    ) -> None:
        contents = Contents(source, index, memory.salt, hold=hold)
        self._work = Work(answers=Answers(memory), contents=contents, text_of=texts(contents.text))
        self._files = files
        self._idle = idle
        self._progress = progress
        self._diagnostics: list[Diagnostic] = []
        self._played: tuple[str, ...] = ()
        self._complete = False

    def outcome(self) -> Outcome:
        """Return what came of it.

        Raises:
            ChangedError: a file was written meanwhile.
        """
        found = read(self._work, self._progress)
        self._diagnostics += found.diagnostics
        if found.settings is None or has_errors(self._diagnostics):
            return self._ended(found, None)
        self._progress(Phase.RESOLVING, 0, 0)
        documents = named(found.heads, found.settings)
        objects = Objects(self._work.contents, found.settings)
        burst = Burst(self._work, objects, documents, self._progress)
        federation = Federation(self._work, objects, documents)
        unused = Unused(self._work, objects, documents, burst)
        wholes = Wholes(self._work, objects, documents, found.manifests, self._progress)
        with_workloads = found.settings.settings is not None and found.settings.settings.workloads

        self._diagnostics += burst.names()
        self._diagnostics += burst.identities()
        self._diagnostics += unused.unreferenced()
        diagnostics, bound = burst.policies()
        self._diagnostics += diagnostics
        self._diagnostics += burst.tests()
        sites = burst.sites(bound)
        self._diagnostics += burst.clusters(sites)
        hosts = self._hosts(federation, documents)
        if with_workloads:
            self._diagnostics += wholes.stock()
        if has_errors(self._diagnostics):
            return self._ended(found, documents)

        if self._idle:
            self._diagnostics += unused.idle(sites, federation.reached(hosts))
        patched = Patched((), (), ())
        if with_workloads:
            diagnostics, patched = wholes.patches(burst, sites, content=self._files)
            self._diagnostics += [*diagnostics, *wholes.dispatched(federation, hosts)]
        diagnostics, self._played = wholes.scenarios(burst, sites)
        self._diagnostics += diagnostics
        if has_errors(self._diagnostics):
            return self._ended(found, documents)

        self._diagnostics += burst.sizes(sites)
        self._complete = not has_errors(self._diagnostics)
        if not self._files or has_errors(self._diagnostics):
            return self._ended(found, documents)
        return self._ended(found, documents, *self._rendered(burst, sites, patched, federation, hosts))

    def _hosts(self, federation: Federation, documents: Named) -> list[HostSite]:
        if not documents.federated:
            return []
        self._diagnostics += federation.memberships()
        diagnostics, hosts = federation.placements()
        self._diagnostics += diagnostics
        return hosts

    def _rendered(
        self, burst: Burst, sites: list[Site], patched: Patched, federation: Federation, hosts: list[HostSite]
    ) -> tuple[Files, dict[str, dict[str, str]]]:
        rendering = Rendering(self._work.answers)
        makes: dict[str, tuple[bytes, Callable[[], Made]]] = {}
        for site in sites:
            makes[f"clusters/{site.cluster.name}"] = (site.key, lambda site=site: _cluster(burst, site))  # type: ignore[misc]
        for host in hosts:
            makes[f"federation/{host.host.name}"] = (host.key, lambda host=host: federation.render(host))  # type: ignore[misc]
        keys = {folder: (self._work.key("folder", key), self._work.key("content", key)) for folder, (key, _) in makes.items()}
        folders = {
            folder: rendering.folder(*keys[folder], makes[folder][1])
            for folder in counted([*makes], Phase.EMITTING, self._progress)
        }
        components = {f"clusters/{site.cluster.name}": number for number, site in enumerate(sites)} if patched.components else {}
        nothing = Folder({}, {})

        def content(folder: str) -> Mapping[str, bytes]:
            own = rendering.content(keys[folder][1], makes[folder][1])
            return {**own, **patched.content[components[folder]]} if folder in components else own

        digests: dict[str, str] = {}
        inputs: dict[str, dict[str, str]] = {}
        for folder, each in folders.items():
            extra = patched.components[components[folder]] if folder in components else nothing
            digests.update(sorted({**each.files, **extra.files}.items()))
            inputs[folder] = {**each.inputs, **extra.inputs}
        return Files(digests, content), inputs

    def _ended(
        self, found: Read, documents: Named | None, files: Files | None = None, inputs: dict[str, dict[str, str]] | None = None
    ) -> Outcome:
        settings = found.settings.settings if found.settings else None
        diagnostics, suppressed = self._settled(found)
        return Outcome(
            diagnostics=diagnostics,
            suppressed=suppressed,
            documents=len(found.heads),
            ignored=found.ignored,
            output=settings.output if settings else None,
            clusters=tuple(documents.clusters) if documents else (),
            hosts=tuple(documents.hosts) if documents else (),
            files=files or Files({}, lambda _: {}),
            inputs=inputs or {},
            read=tuple(sorted({*self._work.contents.paths, *self._played})),
            heads=tuple(found.heads),
            manifests=tuple(found.manifests),
            document=self._work.contents.document,
        )

    def _settled(self, found: Read) -> tuple[list[Diagnostic], list[Suppressed]]:
        """Return the findings that count, and those that comments suppress."""
        diagnostics = in_order(self._diagnostics)
        if not found.ignores:
            return diagnostics, []
        from compiler.suppression.settling import settle, unused  # noqa: PLC0415 - hardly any repository has suppressions

        kept, suppressed = settle(diagnostics, found.ignores)
        if self._complete:
            from compiler.codes.names import ON_REQUEST  # noqa: PLC0415

            text_of = self._work.text_of
            looked = [each for each in found.ignores if self._idle or each.code not in ON_REQUEST]
            over = unused(looked, suppressed, lambda each: place(each.path, each.span(), text_of), kept=kept)
            kept = in_order([*kept, *over])
        return kept, suppressed


def _cluster(burst: Burst, site: Site) -> Made:
    """Make the folder of a cluster, without what its workloads get."""
    from compiler import emit, inputs  # noqa: PLC0415 - not needed where all is known

    (digests,) = inputs.digests(inputs.of_clusters(burst.resolved(site), None, None)).values()
    return emit.emit(burst.lowered(site)), digests
