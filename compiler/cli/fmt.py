"""``overbank fmt``: policy files in their one form, comments kept. Names of files are the result, so they go to stdout."""

import argparse
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from compiler.cli import CLEAN, FINDINGS, NOTHING, CommandError
from compiler.cli.results.counting import count
from compiler.cli.results.difference import print_difference
from compiler.cli.results.rewriting import rewrite
from compiler.cli.results.terminal import add_colour, paint_for
from compiler.diagnostics import Diagnostic
from compiler.formatting import DeclinedError, formatted
from compiler.load import MAX_BYTES, decode, load
from compiler.report.style import printable
from compiler.sources import REPOSITORY_FILE, SourceError
from compiler.sources.tree import Tree

_MARK = "\ufeff".encode()


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the arguments."""
    parser.add_argument(
        "paths",
        nargs="*",
        default=["."],
        metavar="PATH",
        help=f"folders and files; of a folder with {REPOSITORY_FILE}, what the repository reads; - is stdin (default: the current folder)",
    )
    what = parser.add_mutually_exclusive_group()
    what.add_argument("--check", action="store_true", help="write nothing, and exit 1 if a file has another form")
    what.add_argument("--diff", action="store_true", help="print what would change, write nothing, and exit 1 if anything would")
    parser.add_argument("--stdin-filename", default="stdin", metavar="PATH", help="the name of stdin in messages")
    add_colour(parser)


def run(options: argparse.Namespace) -> int:
    """Format files."""
    if "-" in options.paths:
        if options.paths != ["-"]:
            raise CommandError("stdin (`-`) is formatted alone", help="name either - or files and folders")
        return _stdin(options)
    tally = _Tally()
    for tree, path, shown in _files(options.paths):
        _file(tree, path, shown, options, tally)
    if not tally.looked_at:
        raise CommandError("there are no YAML files to format", code=NOTHING)
    return _ended(tally, options)


@dataclass(slots=True)
class _Tally:
    """What became of the files."""

    looked_at: int = 0
    changed: int = 0
    failed: int = 0


def _files(paths: list[str]) -> Iterator[tuple[Tree, str, str]]:
    """Yield each file with the tree that has it, its path there, and its name for people.

    Raises:
        CommandError: there is no such file or folder, or a repository's settings cannot be read.
    """
    seen: set[Path] = set()
    trees: dict[Path, Tree] = {}
    for given in dict.fromkeys(paths):
        root = Path(given)
        try:
            if root.is_dir():
                tree = Tree(root)
                found = [(tree, path, path if given == "." else str(root / path)) for path in _of_folder(tree, given)]
            else:
                root.lstat()
                # Of a file, its folder may be behind a link, as the caller says; the file itself may not.
                tree = trees.get(root.parent) or trees.setdefault(root.parent, Tree(root.parent))
                found = [(tree, root.name, given)]
        except OSError as error:
            raise CommandError(f"cannot read {error.filename or given}: {(error.strerror or str(error)).lower()}") from error
        for tree, path, shown in found:
            place = tree.root.resolve() / path
            if place not in seen:
                seen.add(place)
                yield tree, path, shown


def _of_folder(tree: Tree, given: str) -> list[str]:
    """Return the files of a folder: of a repository those that it reads, of any other all with a YAML file's name.

    Raises:
        CommandError: the repository's settings cannot be read.
    """
    if REPOSITORY_FILE not in tree.paths():
        return list(tree.paths())
    from compiler.reading import settings_of  # noqa: PLC0415 - files that are named need no repository
    from compiler.selecting import select  # noqa: PLC0415

    settings = settings_of(tree)
    if settings is None:
        advice = "`overbank check` says what is wrong with it"
        raise CommandError(f"{given}/{REPOSITORY_FILE} has no settings to read", code=FINDINGS, help=advice)
    selection, _ = select(tree, settings)
    return [REPOSITORY_FILE, *selection.paths]


def _file(tree: Tree, path: str, shown: str, options: argparse.Namespace, tally: _Tally) -> None:
    tally.looked_at += 1
    try:
        raw = tree.read(path, MAX_BYTES + 1)
    except SourceError as error:
        tally.failed += 1
        sys.stderr.write(f"left alone: {printable(shown)}: cannot read it: {error}\n")
        return
    content = _content(raw, shown, options)
    if content is None:
        tally.failed += 1
        return
    if content == raw:
        return
    tally.changed += 1
    if options.diff:
        print_difference(shown.removeprefix("./"), raw, content, paint_for(sys.stdout, options.color))
    elif options.check:
        sys.stdout.write(f"would format {printable(shown)}\n")
    else:
        rewrite(tree, path, raw, content)
        sys.stdout.write(f"formatted {printable(shown)}\n")


def _content(raw: bytes, shown: str, options: argparse.Namespace) -> bytes | None:
    """Return the bytes that a file should have, None where they cannot be found; then it was said why."""
    file, found = decode(shown, raw)
    if file is not None:
        _, found = load(file)
        if not found:
            try:
                text = formatted(file.text)
            except DeclinedError as error:
                sys.stderr.write(f"left alone: {printable(shown)}: {error}\n")
                return None
            return (_MARK if raw.startswith(_MARK) else b"") + text.encode()
    _report(found, options)
    return None


def _report(found: list[Diagnostic], options: argparse.Namespace) -> None:
    from compiler.report import text  # noqa: PLC0415 - only when something is wrong

    sys.stderr.write(text.render(found, paint_for(sys.stderr, options.color)))
    path = printable(found[0].primary.where.locate().path)
    sys.stderr.write(f"left alone: {path}: {count(found)}\n")


def _stdin(options: argparse.Namespace) -> int:
    from compiler.cli.arguments.given import read  # noqa: PLC0415

    raw = read("-", MAX_BYTES)
    content = _content(raw, options.stdin_filename, options)
    if content is None:
        return FINDINGS
    if options.diff:
        print_difference(options.stdin_filename, raw, content, paint_for(sys.stdout, options.color))
    elif options.check:
        if content != raw:
            sys.stdout.write(f"would format {printable(options.stdin_filename)}\n")
    else:
        # Bytes, so that line ends stay what they are.
        sys.stdout.flush()
        sys.stdout.buffer.write(content)
        return CLEAN
    return FINDINGS if content != raw else CLEAN


def _ended(tally: _Tally, options: argparse.Namespace) -> int:
    word = "would change" if options.check or options.diff else "formatted"
    parts = [f"{tally.changed} of {tally.looked_at} file{'s' * (tally.looked_at != 1)} {word}"]
    parts += [f"{tally.failed} left alone"] if tally.failed else []
    sys.stderr.write(f"{', '.join(parts)}\n")
    return FINDINGS if tally.failed or (tally.changed and (options.check or options.diff)) else CLEAN
