"""Which files of a repository are read, by its settings and nothing but their names."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

from compiler import doubtful
from compiler.codes import documents, manifests, names, reach, reading
from compiler.diagnostics import Diagnostic, diagnose
from compiler.model import Repository
from compiler.source import Location
from compiler.sources import REPOSITORY_FILE, Source

_LINKED = "put the file itself there, or exclude the link in overbank.yaml"


@dataclass(frozen=True, slots=True, kw_only=True)
class Selection:
    """What is read beside the repository's own file: ``paths``, in their order, of which ``manifests`` are under ``workloads``."""

    paths: tuple[str, ...]
    manifests: frozenset[str]


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
