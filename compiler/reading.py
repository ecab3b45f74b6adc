"""From files to documents: which are ours, and which are manifests of workloads."""

from collections.abc import Iterable
from dataclasses import dataclass, field

from compiler import doubtful
from compiler.codes import names, reading
from compiler.diagnostics import Diagnostic, diagnose, has_errors
from compiler.load import MAX_BYTES, MAX_FINDINGS, decode, load
from compiler.model import Repository
from compiler.parse import repository as read_repository
from compiler.progress import Phase, Progress, counted, silent
from compiler.selecting import select
from compiler.source import Document, Location, SourceFile
from compiler.sources import REPOSITORY_FILE, Source, SourceError
from compiler.suppression.ignore import WORD, Ignore
from compiler.validate import is_ours, validate

_SMALLEST = ("see `overbank explain OB2101` for the smallest one",)


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
