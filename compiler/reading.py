"""From a source to documents: which files are read, which of their documents are ours, and which are manifests of workloads."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field

from compiler import doubtful, sources
from compiler.codes import documents, manifests, names, reach, reading
from compiler.diagnostics import Diagnostic, diagnose, has_errors
from compiler.load import MAX_BYTES, MAX_FINDINGS, decode, load
from compiler.model import Repository
from compiler.parse import repository as read_repository
from compiler.progress import Phase, Progress, counted, silent
from compiler.source import Document, Location, SourceFile
from compiler.sources import Source, SourceError
from compiler.suppression.ignore import WORD, Ignore
from compiler.validate import is_ours, validate

REPOSITORY_FILE = sources.REPOSITORY_FILE
_LINKED = "put the file itself there, or exclude the link in overbank.yaml"
_SMALLEST = ("see `overbank explain OB2101` for the smallest one",)


@dataclass(frozen=True, slots=True, kw_only=True)
class Selection:
    """What is read beside the repository's own file: ``paths``, in their order, of which ``manifests`` are under ``workloads``."""

    paths: tuple[str, ...]
    manifests: frozenset[str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Loaded:
    """What a file holds: valid documents of ours, the other documents, what its comments suppress, and findings."""

    file: SourceFile | None = None
    ours: list[Document] = field(default_factory=list)
    others: list[Document] = field(default_factory=list)
    ignores: tuple[Ignore, ...] = ()
    diagnostics: list[Diagnostic] = field(default_factory=list)


@dataclass(slots=True, kw_only=True)
class Reading:
    """What a source holds.

    Attributes:
        repository: the settings, None where there are none.
        ours: our documents. theirs: the manifests under ``workloads``. ignored: the number of other documents.
        ignores: what comments suppress, and ``files`` by path that have such comments.
    """

    repository: Repository | None = None
    ours: list[Document] = field(default_factory=list)
    theirs: list[Document] = field(default_factory=list)
    ignored: int = 0
    ignores: list[Ignore] = field(default_factory=list)
    files: dict[str, SourceFile] = field(default_factory=dict)
    diagnostics: list[Diagnostic] = field(default_factory=list)


def read(source: Source, progress: Progress = silent) -> Reading:
    """Load and validate: the repository's settings first, since they say what else is read."""
    found = Reading()
    if REPOSITORY_FILE not in source.paths():
        found.diagnostics.append(no_repository())
        return found
    _add(found, documents_of(source, REPOSITORY_FILE), manifest=False)
    found.repository = _settings_in(found.ours)
    if found.repository is None:
        if not has_errors(found.diagnostics):
            found.diagnostics.append(no_settings())
        return found
    selection, diagnostics = select(source, found.repository)
    found.diagnostics += diagnostics
    for path in counted(selection.paths, Phase.READING, progress):
        _add(found, documents_of(source, path), manifest=path in selection.manifests)
    return found


def _add(found: Reading, loaded: Loaded, *, manifest: bool) -> None:
    """Add what a file holds."""
    found.ours += loaded.ours
    if manifest:
        found.theirs += loaded.others
    else:
        found.ignored += len(loaded.others)
    if loaded.ignores and loaded.file:
        found.ignores += loaded.ignores
        found.files[loaded.file.path] = loaded.file
    found.diagnostics += loaded.diagnostics


def settings_of(source: Source) -> Repository | None:
    """Return the settings of a repository, None if it has none."""
    return _settings_in(documents_of(source, REPOSITORY_FILE).ours)


def _settings_in(documents: Iterable[Document]) -> Repository | None:
    settings = next((document for document in documents if document.get("kind") == "Repository"), None)
    return read_repository(settings) if settings else None


def no_repository() -> Diagnostic:
    """Say that there is no repository."""
    return diagnose(names.NO_REPOSITORY, Location(REPOSITORY_FILE), f"there is no {REPOSITORY_FILE}", help=_SMALLEST)


def no_settings() -> Diagnostic:
    """Say that the repository's own file has no settings."""
    message = f"{REPOSITORY_FILE} has no document of kind Repository"
    return diagnose(names.NO_REPOSITORY, Location(REPOSITORY_FILE), message, help=_SMALLEST)


def select(source: Source, repository: Repository) -> tuple[Selection, list[Diagnostic]]:
    """Choose the files to read, by nothing but their names, and find what is wrong with those."""
    paths, links, diagnostics = _selected(source, repository)
    is_manifest, found = _manifests(repository, paths)
    diagnostics += found
    diagnostics += _idle_ceilings(repository, paths)
    for path in links:
        diagnostics.append(diagnose(reading.LINK, Location(path), "symbolic link is not followed", help=[_LINKED]))
    diagnostics += doubtful.alike([REPOSITORY_FILE, *paths])
    return Selection(paths=tuple(paths), manifests=frozenset(filter(is_manifest, paths))), diagnostics


def watched(folders: Iterable[str], repository: Repository) -> list[str]:
    """Return the folders in which a new file may be read: neither the output and what is in it, nor what is excluded as a whole.

    Where a pattern takes files back in (``!``), every folder may have such a file.
    """
    excluded, _ = _excluded(repository)
    may_return = any(line.startswith("!") for line in repository.exclude)
    return [
        folder
        for folder in folders
        if not f"{folder}/".startswith(f"{repository.output}/") and (may_return or not folder or not excluded(f"{folder}/"))
    ]


def _selected(source: Source, repository: Repository) -> tuple[list[str], list[str], list[Diagnostic]]:
    """Return the files to read beside the repository's own, the links to mention, and findings about the selection."""
    excluded, diagnostics = _excluded(repository)

    def kept(paths: tuple[str, ...]) -> list[str]:
        inside = [path for path in paths if not path.startswith(f"{repository.output}/") and path != REPOSITORY_FILE]
        return [path for path in inside if not excluded(path)]

    written = tuple(f"{repository.output}/{top}/" for top in ("clusters", "federation"))
    for path in source.paths():
        # Ours are all below these; anything else would go unread without a word.
        if path.startswith(f"{repository.output}/") and not path.startswith(written):
            where, help_lines = repository.document.at("spec", "output"), ["choose a folder of its own for the output"]
            message = f"the output folder `{repository.output}` holds {path}, which is not read"
            diagnostics.append(diagnose(names.OUTPUT_HOLDS_SOURCES, where, message, help=help_lines))
            break
    for path, reason in source.unreadable().items():
        # A folder is meant by patterns for what is in it, too.
        if kept((path,)) and kept((f"{path}/{REPOSITORY_FILE}",)):
            diagnostics.append(diagnose(reading.UNREADABLE, Location(path), f"cannot read it: {reason}"))
    return kept(source.paths()), kept(source.links()), diagnostics


def _excluded(repository: Repository) -> tuple[Callable[[str], bool], list[Diagnostic]]:
    """Return the test for excluded paths."""
    return _patterns(repository, "exclude", repository.exclude)


def _manifests(repository: Repository, paths: list[str]) -> tuple[Callable[[str], bool], list[Diagnostic]]:
    """Return the test for the paths of manifests, and findings about patterns without a file."""
    matches, diagnostics = _patterns(repository, "workloads", repository.workloads)
    if diagnostics:
        return matches, diagnostics
    for index, line in enumerate(repository.workloads):
        alone, _ = _patterns(repository, "workloads", (line,))
        if not line.startswith(("!", "#")) and not any(map(alone, paths)):
            where = repository.document.at("spec", "workloads", index)
            diagnostics.append(diagnose(manifests.NO_FILE, where, f"`{line}` matches no file"))
    return matches, diagnostics


def _idle_ceilings(repository: Repository, paths: list[str]) -> Iterator[Diagnostic]:
    """Yield ceilings for folders in which there is nothing to read."""
    for ceiling in repository.ceilings:
        if not any(map(ceiling.holds_for, (REPOSITORY_FILE, *paths))):
            where = repository.document.at("spec", "ceilings", ceiling.index, "folder")
            yield diagnose(
                reach.NO_POLICY, where, f"there is no file in folder `{ceiling.folder}`, so this ceiling holds for no policy"
            )


def _patterns(repository: Repository, name: str, written: tuple[str, ...]) -> tuple[Callable[[str], bool], list[Diagnostic]]:
    """Return the test for paths that the patterns of a field match."""
    if not written:
        return lambda _path: False, []
    from pathspec import GitIgnoreSpec  # noqa: PLC0415 - most repositories have no patterns

    lines, diagnostics = [], []
    for index, line in enumerate(written):
        try:
            GitIgnoreSpec.from_lines([line])
            lines.append(line)
        except ValueError as error:
            where = repository.document.at("spec", name, index)
            diagnostics.append(diagnose(documents.BAD_VALUE, where, f"`{line}` is not a gitignore pattern", notes=[str(error)]))
    spec = GitIgnoreSpec.from_lines(lines)

    def matches(path: str) -> bool:
        # A file name need not be text, and patterns are matched as text.
        return spec.match_file(path if path.isascii() else path.encode(errors="surrogateescape").decode(errors="replace"))

    return matches, diagnostics


def documents_of(source: Source, path: str) -> Loaded:
    """Return what a file holds."""
    try:
        raw = source.read(path, MAX_BYTES + 1)
    except SourceError as error:
        return Loaded(diagnostics=[unreadable(path, error)])
    return documents_in(path, raw)


def unreadable(path: str, error: SourceError) -> Diagnostic:
    """Say that a file cannot be read."""
    return diagnose(reading.UNREADABLE, Location(path), f"cannot read the file: {error}")


def documents_in(path: str, raw: bytes) -> Loaded:
    """Return what a file with these bytes holds."""
    file, diagnostics = decode(path, raw)
    if file is None:
        return Loaded(diagnostics=diagnostics)
    loaded, found = load(file)
    diagnostics += found
    if found or any(map(is_ours, loaded)):
        diagnostics += doubtful.hidden(file)
    suspected = not all(each.plain for each in loaded) and doubtful.suspected(file)
    valid, others = [], []
    for document in loaded:
        if not is_ours(document):
            others.append(document)
            if len(diagnostics) < MAX_FINDINGS:
                diagnostics += doubtful.disguised(document)
            continue
        if len(diagnostics) >= MAX_FINDINGS:
            message = f"more than {MAX_FINDINGS:,} findings; from here on the file is not checked"
            diagnostics.append(diagnose(reading.TOO_MANY, document.at(), message))
            break
        found = validate(document)
        if suspected:
            found = doubtful.numbers(document, found)
        diagnostics += found
        if not found:
            valid.append(document)
    ignores: tuple[Ignore, ...] = ()
    if WORD in file.text:
        from compiler.suppression.comments import ignores_in  # noqa: PLC0415 - hardly any file has suppressions

        ignores, found = ignores_in(file)
        diagnostics += found
    return Loaded(file=file, ours=valid, others=others, ignores=ignores, diagnostics=diagnostics)
