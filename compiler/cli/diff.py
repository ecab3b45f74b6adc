"""``overbank diff``: what a change means. The difference is the result; what keeps it from being known goes to stderr."""

import argparse
import sys
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Final

from compiler.cli import CLEAN, FINDINGS, CommandError
from compiler.cli.arguments.caching import add_cache, storing
from compiler.cli.arguments.forbidding import add_forbidding
from compiler.cli.results.counting import count, hint
from compiler.cli.results.destination import is_standard, write
from compiler.cli.results.progress import add_progress, progress_bar
from compiler.cli.results.terminal import add_colour, paint_for

if TYPE_CHECKING:
    from compiler.cli.steps.sides import State
    from compiler.diagnostics import Diagnostic
    from compiler.diff.comparing import Diff
    from compiler.report.style import Paint

FORMATS: Final = ("text", "markdown", "json-v1")


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the arguments."""
    parser.epilog = (
        "exit codes: 0 nothing differs, 1 something differs or is forbidden, 2 one of the sides cannot be rendered; "
        "with --exit-zero, 1 only for what is forbidden"
    )
    parser.add_argument("base", metavar="BASE", help="a Git revision, or a folder (./NAME is always one)")
    parser.add_argument("head", nargs="?", metavar="HEAD", help="likewise (default: the work tree)")
    parser.add_argument(
        "-C", "--repository", default=".", metavar="REPO", help="folder of the policy repository (default: the current folder)"
    )
    parser.add_argument(
        "--pods",
        action="append",
        default=[],
        metavar="PATH",
        help="try the pods of a folder of manifests, or of a dump by kubectl, on both sides; can be given several times",
    )
    parser.add_argument(
        "--live",
        action="append",
        default=[],
        metavar="CLUSTER=FILE",
        help="say what becomes of the running pods in `kubectl get pods,replicasets,deployments,... -A -o json`; can be given several times",
    )
    add_forbidding(parser, "a kind of difference that is an error: {kinds}; can be given several times")
    parser.add_argument("--exit-zero", action="store_true", help="exit with 0 where something differs and nothing is forbidden")
    parser.add_argument("--format", choices=FORMATS, default="text", help="shape of the difference (default: text)")
    parser.add_argument("-o", "--output", metavar="FILE", help="where to write it (default: standard output)")
    add_cache(parser)
    add_progress(parser)
    add_colour(parser)


def run(options: argparse.Namespace) -> int:
    """Compare."""
    from compiler.cli.steps.sides import refuse_failures, rendered, source_of  # noqa: PLC0415 - --help needs none of it
    from compiler.incremental import Shared  # noqa: PLC0415
    from compiler.incremental.contents import ChangedError  # noqa: PLC0415

    root = str(Path(options.repository).absolute())
    named = {"BASE": options.base, "HEAD": options.head}
    with ExitStack() as stack:
        sources = {role: stack.enter_context(source_of(options, name, role)) for role, name in named.items()}
        kept = stack.enter_context(storing(options, root))
        shared = Shared(kept)
        with progress_bar(options) as progress:
            states = {role: rendered(source, (shared, kept), options, role, progress=progress) for role, source in sources.items()}
        refuse_failures(states, options)
        try:
            found = _compared(states["BASE"], states["HEAD"], options)
            forbidden = _forbidden(found, states["BASE"], states["HEAD"], options)
        except ChangedError as error:
            raise CommandError(f"{error} was changed while it was compared", help="run it again") from error
    write(_shown(found, forbidden, options), options.output)
    if forbidden:
        _report(forbidden, states, options)
        return FINDINGS
    return CLEAN if found.is_empty or options.exit_zero else FINDINGS


def _compared(base: "State", head: "State", options: argparse.Namespace) -> "Diff":
    from compiler.diff.comparing import changed_clusters, diff  # noqa: PLC0415 - see run

    found = diff(base.side, head.side)
    changed = changed_clusters(base.side, head.side)
    if changed or options.pods:
        from compiler.cli.steps.samples import of_files, of_repository  # noqa: PLC0415 - only where something may be treated otherwise
        from compiler.diff.corpus import try_out  # noqa: PLC0415

        samples = of_files(options.pods)
        if changed:
            samples = [*of_repository(head, changed), *samples]
        found = replace(found, tried=try_out(samples, base.side, head.side, changed))
    if options.live:
        from compiler.cli.steps.running import observed  # noqa: PLC0415 - only where it is asked for

        found = replace(found, observed=tuple(observed(options.live, base, head)))
    return found


def _forbidden(found: "Diff", base: "State", head: "State", options: argparse.Namespace) -> "list[Diagnostic]":
    if not options.forbid:
        return []
    from compiler.diff.forbidden import findings  # noqa: PLC0415 - only where it is asked for
    from compiler.source import Location  # noqa: PLC0415
    from compiler.sources import REPOSITORY_FILE  # noqa: PLC0415

    def place_of(*documents: str) -> Location:
        for document in documents:
            here = head.where(document)
            if here is not None:
                return here
            there = base.where(document)
            if there is not None:
                return replace(there, path=f"{base.name}:{there.path}")
        return Location(REPOSITORY_FILE)

    return findings(found, options.forbid, place_of)


def _report(forbidden: "list[Diagnostic]", states: "dict[str, State]", options: argparse.Namespace) -> None:
    """Say what is forbidden; what is gone stands on the old side, whose paths have its name before them."""
    from compiler.report import text  # noqa: PLC0415 - only when something is wrong

    before = f"{states['BASE'].name}:"
    gone = [each for each in forbidden if each.primary.where.locate().path.startswith(before)]
    paint = paint_for(sys.stderr, options.color)
    sys.stderr.write(text.render([each for each in forbidden if each not in gone], paint, states["HEAD"].root or "."))
    sys.stderr.write(text.render(gone, paint))
    sys.stderr.write(f"{count(forbidden)}\n{hint(forbidden)}")


def _shown(found: "Diff", forbidden: "list[Diagnostic]", options: argparse.Namespace) -> str:
    match options.format:
        case "json-v1":
            from compiler.diff.views import json_v1  # noqa: PLC0415 - one of the formats

            return json_v1.render(found, forbidden)
        case "markdown":
            from compiler.diff.views import markdown  # noqa: PLC0415

            return markdown.render(found, forbidden)
        case _:
            from compiler.diff.views import text  # noqa: PLC0415

            return text.render(found, paint_for(sys.stdout, options.color) if is_standard(options.output) else _plain(options))


def _plain(options: argparse.Namespace) -> "Paint":
    from compiler.report.style import painter  # noqa: PLC0415 - where a file is written

    return painter(colour=options.color == "always")
