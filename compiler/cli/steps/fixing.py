"""``overbank check --fix``: the fixes of findings, done again and again until there is nothing left to do, and then written."""

import argparse
import sys
from collections.abc import Callable
from typing import TYPE_CHECKING, Final

from compiler.cli import CommandError
from compiler.diagnostics import Diagnostic
from compiler.incremental import Memory, compile_slices
from compiler.progress import Progress
from compiler.sources.tree import Tree

if TYPE_CHECKING:
    from compiler.incremental.outcome import Outcome
    from compiler.sources.overlay import Overlay

MAX_ROUNDS: Final = 20
"""Fixes that overlap are done one after the other; whatever needs more rounds than this goes in circles."""
Shown = Callable[[list[Diagnostic]], list[Diagnostic]]
"""Returns those of the findings that count."""


def add_fixing(parser: argparse.ArgumentParser) -> None:
    """Add what is to be done about findings."""
    group = parser.add_argument_group("fixes")
    group.add_argument("--fix", action="store_true", help="do the safe fixes, and report what is left")
    group.add_argument("--unsafe-fixes", action="store_true", help="do also those whose outcome somebody has to look at")
    group.add_argument("--diff", action="store_true", help="print what the fixes would change, and write nothing")


def is_fixing(options: argparse.Namespace) -> bool:
    """Say whether anything is to be fixed."""
    return bool(options.fix or options.unsafe_fixes or options.diff)


def fixed(
    options: argparse.Namespace, tree: Tree, memory: Memory, progress: Progress, *, idle: bool, shown: Shown
) -> tuple["Outcome", bool]:
    """Compile a repository, fix it, and return what is then left, and whether there was anything to fix.

    Args:
        options: see ``add_fixing``.
        tree: the repository.
        memory: what is known from earlier runs.
        progress: is told how far it is.
        idle: look for what is found on request only.
        shown: chooses the findings that are fixed.

    Raises:
        CommandError: a file cannot be written, or was changed meanwhile; those before it in order are written.
    """
    from compiler.incremental.contents import Unindexed  # noqa: PLC0415 - most runs fix nothing
    from compiler.sources.overlay import Overlay  # noqa: PLC0415

    overlay, number = Overlay(tree), 0
    result = compile_slices(overlay, memory, Unindexed(), files=False, idle=idle, progress=progress)
    for _ in range(MAX_ROUNDS):
        done = _round(overlay, shown(result.diagnostics), unsafe=options.unsafe_fixes)
        if not done:
            break
        number += done
        result = compile_slices(overlay, memory, Unindexed(), files=False, idle=idle, progress=progress)
    if options.diff:
        _show(overlay, options)
    else:
        _write(overlay, tree)
    if number:
        files = len(overlay.changed)
        would = "would fix" if options.diff else "fixed"
        sys.stderr.write(f"{would} {number} finding{'s' * (number > 1)} in {files} file{'s' * (files != 1)}\n")
    return result, bool(overlay.changed)


def fixable(diagnostics: list[Diagnostic]) -> str:
    """Return the line that says how many findings have fixes, if any."""
    safe = sum(each.fix is not None and each.fix.safe for each in diagnostics)
    others = sum(each.fix is not None and not each.fix.safe for each in diagnostics)
    parts = [f"{safe} with `overbank check --fix`"] if safe else []
    parts += [f"{others}{' more' if safe else ''} with `--unsafe-fixes`"] if others else []
    return f"  can be fixed: {', '.join(parts)}\n" if parts else ""


def _round(overlay: "Overlay", diagnostics: list[Diagnostic], *, unsafe: bool) -> int:
    """Do the fixes that can be done at once, and return how many there were."""
    fixes = [each.fix for each in diagnostics if each.fix is not None and (each.fix.safe or unsafe)]
    if not fixes:
        return 0
    from compiler.fixing import carried_out  # noqa: PLC0415 - seldom, as all that follows
    from compiler.load import MAX_BYTES, load  # noqa: PLC0415
    from compiler.source import SourceFile  # noqa: PLC0415

    raw = {path: overlay.read(path, MAX_BYTES) for path in {edit.where.locate().path for fix in fixes for edit in fix.edits}}
    texts = {path: content.decode().removeprefix("\ufeff") for path, content in raw.items()}
    done = carried_out(fixes, texts.__getitem__, lambda path, text: not load(SourceFile(path, text))[1])
    for path, text in done.texts.items():
        mark = "\ufeff" if raw[path].startswith("\ufeff".encode()) else ""
        overlay.replace(path, f"{mark}{text}".encode())
    return done.number


def _show(overlay: "Overlay", options: argparse.Namespace) -> None:
    from compiler.cli.results.difference import print_difference  # noqa: PLC0415
    from compiler.cli.results.terminal import paint_for  # noqa: PLC0415

    for path, (before, after) in overlay.changed.items():
        print_difference(path, before, after, paint_for(sys.stdout, options.color))


def _write(overlay: "Overlay", tree: Tree) -> None:
    from compiler.cli.results.rewriting import rewrite  # noqa: PLC0415
    from compiler.report.style import printable  # noqa: PLC0415

    for path, (before, after) in overlay.changed.items():
        try:
            rewrite(tree, path, before, after)
        except CommandError as error:
            raise CommandError(f"{error}; it was not fixed", help=error.help) from error
        sys.stderr.write(f"fixed {printable(path)}\n")
