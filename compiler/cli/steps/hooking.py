"""What a hook does: take what Git tells it, check what is committed or pushed, and tell whoever commits or pushes."""

import argparse
import errno
import os
import signal
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from types import FrameType
from typing import Final

from compiler.cli import CLEAN, FINDINGS, CommandError
from compiler.cli.arguments.caching import indexed, storing
from compiler.cli.arguments.gitpaths import folder_path
from compiler.diagnostics import Diagnostic, Severity
from compiler.hooks import Hook
from compiler.hooks.judging import Demands, Verdict, of_index, of_updates
from compiler.hooks.updates import UpdateError, inherited, updates
from compiler.incremental import Memory, Outcome, compile_slices
from compiler.report.style import printable
from compiler.source import Location
from compiler.sources import REPOSITORY_FILE, Source
from compiler.sources.git import GitError
from compiler.sources.revision import RevisionError

MAX_SHOWN: Final = 20
"""Findings of one revision on the terminal of whoever pushes."""
MAX_GIVEN: Final = 64 * 1024 * 1024
"""Most bytes of standard input: half a million references."""
_OUTCOMES: Final = {
    Hook.PRE_COMMIT: "this commit is not made",
    Hook.PRE_PUSH: "nothing is pushed",
    Hook.PRE_RECEIVE: "nothing of this push is taken over",
}


def judge(options: argparse.Namespace) -> int:
    """Do what a hook does. All is told on standard error: whoever commits or pushes sees it."""
    hook: Hook = options.hook
    given = b""
    if hook is not Hook.PRE_COMMIT:
        given = sys.stdin.buffer.read(MAX_GIVEN + 1)
        if len(given) > MAX_GIVEN:
            raise CommandError(f"more than {MAX_GIVEN:,} bytes of references are pushed at once")
    if options.chain and (code := _chained(options.chain, options.arguments, given)):
        return code
    try:
        with _deadline(options.timeout):
            refused = [_told(verdict, options) for verdict in _verdicts(hook, given, options)]
    except _LateError as error:
        raise CommandError(f"the policies could not be checked in {options.timeout} seconds", help=_advice(hook)) from error
    if not any(refused):
        return CLEAN
    sys.stderr.write(f"overbank: refused: {_OUTCOMES[hook]}\n")
    return FINDINGS


def _verdicts(hook: Hook, given: bytes, options: argparse.Namespace) -> Iterator[Verdict]:
    root = str(Path.cwd())
    with storing(options, root) as memory:

        def compiled(source: Source) -> Outcome:
            with indexed(memory, source, f"hook:{root}") as index:
                return compile_slices(source, memory, index, files=False)

        def compared(name: str, old: Source, new: Source) -> Sequence[Diagnostic]:
            return _forbidden(name, old, new, options, memory)

        demands = Demands(
            compile=compiled,
            compare=compared if options.forbid else None,
            path=folder_path(options.path or ""),
            level=Severity(options.fail_level),
            required=options.require,
            refs=tuple(options.ref),
        )
        try:
            if hook is Hook.PRE_COMMIT:
                yield from of_index(Path(), demands, inherited())
            else:
                yield from of_updates(Path(), updates(hook, given), demands, inherited())
        except (GitError, RevisionError, UpdateError) as error:
            raise CommandError(f"the policies could not be checked: {error}", help=_advice(hook)) from error


def _forbidden(name: str, old: Source, new: Source, options: argparse.Namespace, memory: Memory) -> list[Diagnostic]:
    """Return what differs and may not. What was before and cannot be rendered is no measure: it has to be possible to put it right."""
    from compiler.cli.steps.sides import State  # noqa: PLC0415 - most hooks forbid nothing
    from compiler.diff.comparing import diff  # noqa: PLC0415
    from compiler.diff.forbidden import findings  # noqa: PLC0415

    states = []
    for title, source in ((name[:12], old), ("what is new", new)):
        with indexed(memory, source, f"hook:{Path.cwd()}") as index:
            outcome = compile_slices(source, memory, index, files=True)
        if outcome.failed:
            sys.stderr.write(f"overbank: note: {title} has errors, so nothing is compared with it\n")
            return []
        states.append(State(name=title, root="", source=source, outcome=outcome))
    base, head = states
    return findings(diff(base.side, head.side), options.forbid, lambda document: head.where(document) or Location(REPOSITORY_FILE))


def _told(verdict: Verdict, options: argparse.Namespace) -> bool:
    """Tell of one revision, and say whether it is refused."""
    from compiler.cli.results.counting import count, hint  # noqa: PLC0415 - mostly there is nothing to tell

    name = f"{verdict.update.ref} ({verdict.update.short})" if verdict.update else "the commit"
    if verdict.findings:
        sys.stderr.write(f"overbank: {printable(name)}: {count(verdict.findings)} in {verdict.documents} documents\n")
        sys.stderr.write(_shown(verdict.findings, options))
        if verdict.refusal and options.format == "text":
            sys.stderr.write(hint(verdict.findings))
    elif verdict.refusal or verdict.remark:
        kind = "error" if verdict.refusal else "note"
        sys.stderr.write(f"overbank: {kind}: {printable(f'{name}: {verdict.refusal or verdict.remark}')}\n")
    return bool(verdict.refusal)


def _shown(findings: Sequence[Diagnostic], options: argparse.Namespace) -> str:
    """Return as many findings as a terminal should have, errors before others where not all fit, with paths from the root of Git's."""
    from compiler.cli.results.terminal import paint_for  # noqa: PLC0415
    from compiler.report import text  # noqa: PLC0415

    ranks = list(Severity)
    order = sorted(range(len(findings)), key=lambda index: (ranks.index(findings[index].code.severity), index))
    shown = [findings[index] for index in sorted(order[:MAX_SHOWN])]
    render = text.concise if options.format == "concise" else text.render
    told = render(shown, paint_for(sys.stderr, "auto"), options.path or ".")
    left = len(findings) - len(shown)
    folder = f" {options.path}" if options.path else ""
    more = f"... and {left:,} more; `overbank check{folder}` in a work tree of that revision shows all\n"
    return told + printable(more.removesuffix("\n")) + "\n" if left else told


def _advice(hook: Hook) -> str:
    server = "whoever looks after the server can look into it"
    return server if hook is Hook.PRE_RECEIVE else "if it has to go on without: git commit --no-verify, git push --no-verify"


def _chained(program: str, arguments: Sequence[str], given: bytes) -> int:
    """Run the hook that was there before, and return its exit code. As for Git, a file that may not be run counts as none."""
    if not os.access(program, os.X_OK):
        return CLEAN
    try:
        try:
            done = subprocess.run([program, *arguments], input=given, check=False)  # noqa: S603 - what Git ran itself before
        except OSError as error:
            if error.errno != errno.ENOEXEC:
                raise
            done = subprocess.run(["/bin/sh", program, *arguments], input=given, check=False)  # noqa: S603 - as Git does it
    except OSError as error:
        raise CommandError(f"cannot run {program}: {(error.strerror or str(error)).lower()}") from error
    return done.returncode if done.returncode >= 0 else 128 - done.returncode


class _LateError(Exception):
    """The time is over."""


@contextmanager
def _deadline(seconds: int) -> Iterator[None]:
    """Raise ``_LateError`` in the block when the time is over, or for it: the block may be where nothing else is to be raised."""
    over = False

    def late(_number: int, _frame: FrameType | None) -> None:
        nonlocal over
        over = True
        raise _LateError

    before = signal.signal(signal.SIGALRM, late)
    signal.alarm(seconds)
    try:
        yield
    except Exception as error:
        if over and not isinstance(error, _LateError):  # a lock that was let go of twice, say
            raise _LateError from error
        raise
    finally:
        signal.alarm(0)
        signal.signal(signal.SIGALRM, before)
    if over:  # somebody has caught it
        raise _LateError
