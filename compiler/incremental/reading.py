"""Which files are read, and what is known of them."""

from msgspec import Struct, field

from compiler.diagnostics import Diagnostic, has_errors
from compiler.incremental.facts import Head, heads
from compiler.incremental.findings import Finding, kept
from compiler.incremental.work import Work
from compiler.progress import Phase, Progress, silent
from compiler.sources import REPOSITORY_FILE, Source, SourceError
from compiler.suppression.ignore import Ignore


class Facts(Struct, array_like=True, frozen=True):
    """What is known of a file; ``others`` is how many of its documents are not ours."""

    heads: tuple[Head, ...]
    others: int
    findings: tuple[Finding, ...]
    ignores: tuple[Ignore, ...] = ()


class Selected(Struct, array_like=True, frozen=True):
    """Positions among all paths: of those that are not read, and of those that are manifests."""

    skipped: tuple[int, ...]
    manifests: tuple[int, ...]
    findings: tuple[Finding, ...]


class Read(Struct, kw_only=True):
    """What was read: ``manifests`` are the paths under ``workloads``, ``settings`` is None where there are none."""

    settings: Head | None = None
    heads: list[Head] = field(default_factory=list)
    manifests: list[str] = field(default_factory=list)
    ignored: int = 0
    ignores: list[Ignore] = field(default_factory=list)
    diagnostics: list[Diagnostic] = field(default_factory=list)


def read(work: Work, progress: Progress) -> Read:
    """Read the settings, and then what they select."""
    found = Read()
    if REPOSITORY_FILE not in work.contents.source.paths():
        from compiler.reading import no_repository  # noqa: PLC0415 - as all that follows: a run that knows everything needs none of it

        return Read(diagnostics=[no_repository()])
    _add(found, work, [REPOSITORY_FILE], set(), silent)
    found.settings = next((head for head in found.heads if head.kind == "Repository"), None)
    if found.settings is None:
        if not has_errors(found.diagnostics):
            from compiler.reading import no_settings  # noqa: PLC0415

            found.diagnostics.append(no_settings())
        return found
    _add(found, work, *_selection(found, work, found.settings), progress)
    work.contents.release()
    return found


def _selection(found: Read, work: Work, settings: Head) -> tuple[list[str], set[str]]:
    """Return the paths to read, and those of manifests among them."""
    source = _Names(work.contents.source, settings.settings.output if settings.settings else "")
    paths, unreadable = source.paths(), source.unreadable()
    named = [
        "\0".join(each).encode("utf-8", "surrogateescape") for each in (paths, source.links(), unreadable, unreadable.values())
    ]

    def select() -> Selected:
        from compiler import parse  # noqa: PLC0415
        from compiler.selecting import select as choose  # noqa: PLC0415

        document = work.contents.document(settings)
        selection, diagnostics = choose(source, parse.repository(document))
        chosen = {*selection.paths, REPOSITORY_FILE}
        return Selected(
            skipped=tuple(position for position, path in enumerate(paths) if path not in chosen),
            manifests=tuple(position for position, path in enumerate(paths) if path in selection.manifests),
            findings=kept(diagnostics, [(document, settings)]),
        )

    selected = work.answers.one(Selected, work.key("selection", settings.digest, *named), select)
    found.diagnostics += work.shown(selected.findings, [settings])
    skipped = {paths[position] for position in selected.skipped} | {REPOSITORY_FILE}
    found.manifests = [paths[position] for position in selected.manifests]
    return [path for path in paths if path not in skipped], set(found.manifests)


class _Names:
    """The names of a source's files, without those that a build writes: they are never read, and there may be many.

    Args:
        source: which has them.
        output: the output folder.
    """

    def __init__(self, source: Source, output: str) -> None:
        self._source = source
        self._written = (f"{output}/clusters/", f"{output}/federation/")

    def paths(self) -> tuple[str, ...]:
        """Return what the other source does."""
        return tuple([path for path in self._source.paths() if not path.startswith(self._written)])

    def links(self) -> tuple[str, ...]:
        """Return what the other source does."""
        return tuple(path for path in self._source.links() if not path.startswith(self._written))

    def unreadable(self) -> dict[str, str]:
        """Return what the other source does."""
        return {path: reason for path, reason in self._source.unreadable().items() if not path.startswith(self._written)}

    def read(self, path: str, limit: int) -> bytes:
        """Refuse: what is chosen by names must not hang on content."""
        raise SourceError(f"{path} is not to be read, up to {limit} bytes or otherwise")


def _add(found: Read, work: Work, paths: list[str], manifests: set[str], progress: Progress) -> None:
    """Look at files, and add what is known of them."""
    contents = work.contents
    known, failed = contents.tokens(paths)
    if failed:
        from compiler.reading import unreadable  # noqa: PLC0415

        found.diagnostics += [unreadable(path, error) for path, error in failed.items()]
    readable, tokens = list(known), list(known.values())

    def look(position: int) -> Facts:
        progress(Phase.READING, position, len(readable))
        path = readable[position]
        loaded = contents.load(path, others=path in manifests)
        known = heads(loaded.ours, loaded.others, tokens[position])
        return Facts(known, len(loaded.others), kept(loaded.diagnostics, files=(path,)), loaded.ignores)

    for path, facts in zip(readable, work.answers.each(Facts, tokens, look), strict=True):
        found.heads += facts.heads
        found.ignores += facts.ignores
        if path not in manifests:
            found.ignored += facts.others
        if facts.findings:
            found.diagnostics += work.shown(facts.findings)
