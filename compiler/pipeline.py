"""The passes, top to bottom. A pass takes a value and returns a value and findings; the pipeline stops at the gates only."""

from collections.abc import Callable
from dataclasses import dataclass, field

from compiler import emit as emitters
from compiler import rules
from compiler.assemble import build_model
from compiler.codes import documents, manifests, names, output, reading
from compiler.diagnostics import Diagnostic, diagnose, has_errors, in_order
from compiler.emit import kubeadmiral, patches
from compiler.emit.bundle import MAX_BYTES as MAX_BUNDLE_BYTES
from compiler.federation import parse as federation
from compiler.federation.ir import HostIR
from compiler.federation.lower import lower as lower_federation
from compiler.federation.resolve import resolve as resolve_federation
from compiler.ir import ClusterIR
from compiler.load import MAX_BYTES, decode, load
from compiler.lower import lower
from compiler.manifests.checks import check as check_manifests
from compiler.manifests.inventory import take_stock
from compiler.manifests.placing import place
from compiler.model import Model, Repository
from compiler.parse import repository as read_repository
from compiler.resolve import resolve
from compiler.rules import federation as federation_rules
from compiler.source import Document, Location
from compiler.sources import Source, SourceError
from compiler.validate import is_ours, validate

REPOSITORY_FILE = "overbank.yaml"


@dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    """What came of a repository. After an error the later values are missing: ``model`` is None, the others are empty.

    Attributes:
        documents: how many documents are Overbank's. ignored: how many are not.
        files: content by path below ``model.repository.output``.
    """

    diagnostics: list[Diagnostic]
    documents: int = 0
    ignored: int = 0
    model: Model | None = None
    clusters: tuple[ClusterIR, ...] = ()
    hosts: tuple[HostIR, ...] = ()
    files: dict[str, bytes] = field(default_factory=dict)

    @property
    def failed(self) -> bool:
        """Whether there is an error."""
        return has_errors(self.diagnostics)


def compile_repository(source: Source, *, workloads: bool = True) -> Result:
    """Compile a policy repository; ``workloads=False`` leaves out what the policies do to manifests in Git."""
    repository, ours, theirs, ignored, diagnostics = _read(source)
    if repository is None or has_errors(diagnostics):
        return Result(diagnostics=in_order(diagnostics), documents=len(ours), ignored=ignored)

    built, found = build_model(ours, repository)
    diagnostics += found
    resolved, found = resolve(built)
    diagnostics += found
    diagnostics += rules.check(resolved)
    declared, found = federation.declared(ours)
    diagnostics += found
    federated, found = resolve_federation(declared, built)
    diagnostics += found
    diagnostics += federation_rules.check(federated)
    inventory, found = take_stock(theirs if workloads else ())
    diagnostics += found
    if has_errors(diagnostics):
        return Result(diagnostics=in_order(diagnostics), documents=len(ours), ignored=ignored, model=built)

    clusters = lower(resolved)
    placed, found = place(inventory, clusters)
    diagnostics += found
    diagnostics += check_manifests(inventory, placed)
    if has_errors(diagnostics):
        return Result(diagnostics=in_order(diagnostics), documents=len(ours), ignored=ignored, model=built)

    files: dict[str, bytes] = {}
    for cluster in clusters:
        emitted = emitters.emit(cluster)
        diagnostics += _oversized(cluster, emitted, built)
        if repository.workloads:
            component = patches.emit(placed.patches[cluster.name])
            emitted |= {f"{emitters.folder(cluster.name)}/{path}": content for path, content in component.items()}
        files.update(sorted(emitted.items()))
    hosts = lower_federation(federated)
    for host in hosts:
        files.update(kubeadmiral.emit(host))
    return Result(
        diagnostics=in_order(diagnostics),
        documents=len(ours),
        ignored=ignored,
        model=built,
        clusters=clusters,
        hosts=hosts,
        files=files,
    )


def _read(source: Source) -> tuple[Repository | None, list[Document], list[Document], int, list[Diagnostic]]:
    """Load and validate: the repository's settings first, since they say what else is read.

    Returns:
        The settings, our documents, the manifests under ``workloads``, the number of other documents, and findings.
    """
    diagnostics: list[Diagnostic] = []
    help_lines = ["see `overbank explain OB2101` for the smallest one"]
    if REPOSITORY_FILE not in source.paths():
        where = Location(REPOSITORY_FILE)
        return None, [], [], 0, [diagnose(names.NO_REPOSITORY, where, f"there is no {REPOSITORY_FILE}", help=help_lines)]
    first, others, found = _documents(source, REPOSITORY_FILE)
    ignored = len(others)
    diagnostics += found
    settings = next((document for document in first if document.get("kind") == "Repository"), None)
    if settings is None:
        if not has_errors(diagnostics):
            where = Location(REPOSITORY_FILE)
            message = f"{REPOSITORY_FILE} has no document of kind Repository"
            diagnostics.append(diagnose(names.NO_REPOSITORY, where, message, help=help_lines))
        return None, first, [], ignored, diagnostics
    repository = read_repository(settings)
    ours, theirs = list(first), []
    paths, links, found = _selected(source, repository)
    diagnostics += found
    is_manifest, found = _manifests(repository, paths)
    diagnostics += found
    for path in links:
        diagnostics.append(diagnose(reading.LINK, Location(path), "symbolic link is not followed"))
    for path in paths:
        documents, others, found = _documents(source, path)
        ours += documents
        if is_manifest(path):
            theirs += others
        else:
            ignored += len(others)
        diagnostics += found
    return repository, ours, theirs, ignored, diagnostics


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
    return spec.match_file, diagnostics


def _documents(source: Source, path: str) -> tuple[list[Document], list[Document], list[Diagnostic]]:
    """Return the valid documents of ours in a file, the other documents, and findings."""
    try:
        raw = source.read(path, MAX_BYTES + 1)
    except SourceError as error:
        return [], [], [diagnose(reading.UNREADABLE, Location(path), f"cannot read the file: {error}")]
    file, diagnostics = decode(path, raw)
    if file is None:
        return [], [], diagnostics
    loaded, found = load(file)
    diagnostics += found
    valid, others = [], []
    for document in loaded:
        if not is_ours(document):
            others.append(document)
            continue
        found = validate(document)
        diagnostics += found
        if not found:
            valid.append(document)
    return valid, others, diagnostics


def _oversized(cluster: ClusterIR, files: dict[str, bytes], built: Model) -> list[Diagnostic]:
    """Find the bundle that no ConfigMap can hold."""
    size = len(files[f"{emitters.folder(cluster.name)}/webhook/bundle.json"])
    if size <= MAX_BUNDLE_BYTES:
        return []
    where = next(each for each in built.clusters if each.name == cluster.name).at_name()
    message = f"the bundle of cluster `{cluster.name}` has {size:,} bytes, and a ConfigMap holds {MAX_BUNDLE_BYTES:,}"
    return [diagnose(output.BUNDLE_TOO_LARGE, where, message)]
