"""``overbank build``: compile and write the tree. The changed paths are the result; findings go to stderr.

With ``--check`` nothing is written, and how the tree differs from what would be is the result.
"""

import argparse
import shlex
import sys
from pathlib import Path

from msgspec.structs import replace

from compiler import output
from compiler.cli import CLEAN, FINDINGS, CommandError
from compiler.cli.arguments.caching import add_cache, remembering
from compiler.cli.arguments.folders import add_folders, chosen_folders, shown
from compiler.cli.arguments.keyfiles import signatures_on_disk
from compiler.cli.arguments.repository import add_format, add_repository, open_tree, report
from compiler.cli.results.choosing import visible
from compiler.cli.results.counting import count, hint
from compiler.cli.results.progress import add_progress, progress_bar
from compiler.cli.results.reports import FOR_PEOPLE
from compiler.cli.results.terminal import add_colour
from compiler.cli.steps.provenance import add_provenance, check_provenance, write_provenance
from compiler.diagnostics import Diagnostic
from compiler.incremental import Outcome, compile_slices
from compiler.incremental.contents import ChangedError
from compiler.output import Changes, OutputError
from compiler.report.style import printable
from compiler.sources.tree import Tree

_WAIT = 60.0


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the arguments."""
    add_repository(parser)
    parser.add_argument("-o", "--output", metavar="DIR", help="where to write (default: spec.output of the Repository)")
    add_folders(parser)
    parser.add_argument("--check", action="store_true", help="write nothing; exit with 1 if the tree is not what would be written")
    parser.add_argument(
        "--force", action="store_true", help="overwrite and delete files that were edited by hand or are not overbank's"
    )
    parser.add_argument(
        "--wait", type=_seconds, default=_WAIT, metavar="SECONDS", help="how long to wait for another build (default: %(default)g)"
    )
    add_provenance(parser)
    add_format(parser)
    add_progress(parser)
    add_colour(parser)
    add_cache(parser)


def run(options: argparse.Namespace) -> int:
    """Build a repository."""
    if options.check and options.force:
        raise CommandError("--check writes nothing, so there is nothing to force")
    if options.check and (options.source_map or options.depfile):
        raise CommandError("--check writes nothing, a source map or depfile neither", help="leave out one of the two")
    check_provenance(options)
    tree = open_tree(options.repository)
    with remembering(options, tree) as (memory, index):
        with progress_bar(options) as progress:
            result = compile_slices(tree, memory, index, files=True, progress=progress)
        try:
            return _build(result, tree, options)
        except ChangedError as error:
            # What is written has to be made of a file that is no longer the one that was checked.
            raise CommandError(f"{error} was changed while the build ran", help="nothing was written; build again") from error


def _build(result: Outcome, tree: Tree, options: argparse.Namespace) -> int:
    """Write what came of the repository, or say why not."""
    if result.failed or result.output is None:
        stream = sys.stdout if options.check and options.format not in FOR_PEOPLE else sys.stderr
        report(result.diagnostics, options, stream, result.suppressed)
        _conclude(result.diagnostics, options)
        return FINDINGS
    folder = Path(options.output) if options.output else tree.root / result.output
    only = chosen_folders(options, result, folder)
    try:
        output.check_place(tree.root, folder)
        with output.hold(folder, notify=lambda note: _note(note, options), seconds=options.wait, writing=not options.check):
            if options.check:
                return _check(result, folder, only, tree, options)
            recovered = output.recover(folder)
            if recovered:
                _note(recovered, options)
            code = _write(result, folder, only, tree, options)
            if code == CLEAN:
                write_provenance(options, tree, result.read, folder=folder, paths=_built(result, only))
            return code
    except OutputError as error:
        raise CommandError(str(error)) from error


def _check(result: Outcome, folder: Path, only: list[str] | None, tree: Tree, options: argparse.Namespace) -> int:
    """Say how the tree differs from what a build would leave."""
    place = shown(tree.root, folder)
    changes = _changes(_with_signatures(result, folder, options), folder, only)
    found = [output.unfinished(place, output.STAGING)] if output.is_unfinished(folder) else []
    found += output.drift(changes, place)
    if options.format not in FOR_PEOPLE:
        report([*result.diagnostics, *found], options, sys.stdout, result.suppressed)
        return FINDINGS if found else CLEAN
    report(result.diagnostics, options, sys.stderr)
    report(found, argparse.Namespace(**{**vars(options), "format": "concise"}), sys.stdout)
    if not found:
        sys.stderr.write(f"{folder}: {changes.unchanged} files are as they should be\n")
        return CLEAN
    paths = "1 path is" if len(found) == 1 else f"{len(found)} paths are"
    sys.stderr.write(f"{folder}: {paths} not as a build leaves them; run `overbank build`\n{hint(found)}")
    return FINDINGS


def _write(result: Outcome, folder: Path, only: list[str] | None, tree: Tree, options: argparse.Namespace) -> int:
    """Write the tree, or say what keeps us from it."""
    place = shown(tree.root, folder)
    changes = _changes(_with_signatures(result, folder, options), folder, only)
    objections = output.objections(changes, place, force=options.force)
    forced = output.overruled(changes, place) if options.force and not objections else []
    report([*result.diagnostics, *objections, *forced], options, sys.stderr, result.suppressed)
    if objections:
        _conclude(objections, options)
        return FINDINGS
    kept = [note for path in changes.deleted for note in _kept_labels(folder, path)]
    with progress_bar(options) as progress:
        output.apply(changes, folder, progress)
    lines = [(path, "wrote") for path in changes.written] + [(path, "deleted") for path in changes.deleted]
    # A source map on standard output is the result, and then nothing else may be there.
    (sys.stderr if options.source_map == "-" else sys.stdout).writelines(f"{verb} {path}\n" for path, verb in sorted(lines))
    if options.format in FOR_PEOPLE:
        counts = f"{len(changes.written)} written, {len(changes.deleted)} deleted, {changes.unchanged} unchanged"
        sys.stderr.write(f"{folder}: {counts}\n")
        sys.stderr.writelines(kept)
    return CLEAN


def _built(result: Outcome, only: list[str] | None) -> list[str]:
    """Return the paths of the files that this build is about."""
    return [path for path in result.files if only is None or "/".join(path.split("/", 2)[:2]) in only]


def _changes(result: Outcome, folder: Path, only: list[str] | None) -> Changes:
    found = output.survey(folder, result.files, only)
    return output.compare(result.files, result.inputs, found, only, result.files.digests)


def _with_signatures(result: Outcome, folder: Path, options: argparse.Namespace) -> Outcome:
    """Keep the signatures of bundles that are as they were when they were signed."""
    kept, outdated = signatures_on_disk(folder, result.files)
    for cluster in outdated:
        _note(f"the bundle of cluster {cluster} is not the one that was signed any more; sign it with `overbank sign`", options)
    if not kept:
        return result
    from compiler.inputs import digest_of  # noqa: PLC0415 - for the few whose bundles are signed
    from compiler.signing.tree import attach  # noqa: PLC0415

    return replace(result, files=result.files.changed(attach(result.files, kept), digest_of))


def _kept_labels(folder: Path, path: str) -> list[str]:
    """Say what a namespace keeps when its file goes: no tool may delete the namespace, so none takes the label off (docs/gitops.md)."""
    from compiler.emit import namespaces  # noqa: PLC0415 - only where something is deleted
    from compiler.load import decode, load  # noqa: PLC0415

    named = namespaces.PATH.fullmatch(path)
    if named is None or (folder / path).is_symlink() or not (folder / path).is_file():
        return []
    file, _ = decode(path, (folder / path).read_bytes())
    documents = load(file)[0] if file is not None else []
    labels = documents[0].get("metadata", "labels") if documents else None
    if not isinstance(labels, dict) or not labels:
        return []
    command = shlex.join(["kubectl", "label", "namespace", named["name"], *(f"{key}-" for key in sorted(labels))])
    return [f"note: on cluster {named['cluster']}, namespace {named['name']} keeps its label until you run\n  {command}\n"]


def _conclude(diagnostics: list[Diagnostic], options: argparse.Namespace) -> None:
    """Say that nothing came of it, unless a program reads along."""
    if options.format in FOR_PEOPLE:
        ending = "" if options.check else "; nothing was written"
        seen = visible(diagnostics, options)
        sys.stderr.write(f"{count(seen)}{ending}\n{hint(seen)}")


def _note(note: str, options: argparse.Namespace) -> None:
    """Say something in passing, at once, unless a program reads along."""
    if options.format in FOR_PEOPLE:
        sys.stderr.write(f"overbank: {printable(note)}\n")
        sys.stderr.flush()


def _seconds(written: str) -> float:
    """Read a time from the command line.

    Raises:
        argparse.ArgumentTypeError: it is none.
    """
    try:
        seconds = float(written)
    except ValueError:
        seconds = -1.0
    if not 0 <= seconds <= 86_400:  # noqa: PLR2004 - a day; it also keeps infinity and nan out
        raise argparse.ArgumentTypeError(f"`{written}` is no number of seconds")
    return seconds
