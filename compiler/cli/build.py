"""``overbank build``: compile and write the tree. The changed paths are the result; findings go to stderr."""

import argparse
import shlex
import sys
from pathlib import Path

from compiler import output
from compiler.cli import CLEAN, FINDINGS, CommandError
from compiler.cli.provenance import add_provenance, check_provenance, write_provenance
from compiler.cli.repository import add_format, add_repository, count, hint, open_tree, report
from compiler.cli.terminal import add_colour
from compiler.diagnostics import Diagnostic
from compiler.emit import namespaces
from compiler.load import decode, load
from compiler.pipeline import compile_repository
from compiler.sources.recorded import Recorded


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the arguments."""
    add_repository(parser)
    parser.add_argument("-o", "--output", metavar="DIR", help="where to write (default: spec.output of the Repository)")
    parser.add_argument(
        "--force", action="store_true", help="overwrite and delete files that were edited by hand or are not overbank's"
    )
    add_provenance(parser)
    add_format(parser)
    add_colour(parser)


def run(options: argparse.Namespace) -> int:
    """Build a repository."""
    check_provenance(options)
    tree = open_tree(options.repository)
    source = Recorded(tree)
    result = compile_repository(source)
    if result.failed or result.model is None:
        report(result.diagnostics, options, sys.stderr)
        _conclude(result.diagnostics, options)
        return FINDINGS
    folder = Path(options.output) if options.output else tree.root / result.model.repository.output
    try:
        output.check_place(tree.root, folder)
        changes, objections = output.plan(result.files, folder, force=options.force)
        report([*result.diagnostics, *objections], options, sys.stderr)
        if objections:
            _conclude(objections, options)
            return FINDINGS
        kept = [note for path in changes.delete for note in _kept_labels(folder, path)]
        output.apply(changes, folder)
    except (output.OutputError, OSError) as error:
        raise CommandError(str(error)) from error
    # A source map on standard output is the result, and then nothing else may be there.
    changed = sys.stderr if options.source_map == "-" else sys.stdout
    for path in changes.files:
        changed.write(f"{'deleted' if path in changes.delete else 'wrote'} {path}\n")
    written = sum(path in changes.write for path in changes.files)
    if options.format != "json-v1":
        sys.stderr.write(f"{folder}: {written} written, {len(changes.files) - written} deleted, {changes.unchanged} unchanged\n")
        sys.stderr.writelines(kept)
    write_provenance(options, result, source, folder, result.files)
    return CLEAN


def _kept_labels(folder: Path, path: str) -> list[str]:
    """Say what a namespace keeps when its file goes: no tool may delete the namespace, so none takes the label off (docs/gitops.md)."""
    named = namespaces.PATH.fullmatch(path)
    if named is None or not (folder / path).is_file():
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
    if options.format != "json-v1":
        sys.stderr.write(f"{count(diagnostics)}; nothing was written\n{hint(diagnostics)}")
