"""``overbank plan``: play the scenarios and show where the replicas land. The plans are the result; findings go to stderr."""

import argparse
import sys
from collections.abc import Iterable, Sequence
from typing import Final

from compiler.cli import CLEAN, FINDINGS, NOTHING, CommandError
from compiler.cli.arguments.repository import add_repository, compiled, open_tree
from compiler.cli.results.counting import count, hint
from compiler.cli.results.destination import UNKNOWN_WIDTH, is_standard, width, write
from compiler.cli.results.progress import add_progress, progress_bar
from compiler.cli.results.terminal import add_colour, paint_for
from compiler.diagnostics import Diagnostic, has_errors
from compiler.plan.judge import judge
from compiler.plan.scenario import Rules
from compiler.plan.simulate import play
from compiler.plan.stage import Stage
from compiler.plan.views.shown import Shown
from compiler.progress import Phase, counted
from compiler.report import json_v1, text
from compiler.spelling import did_you_mean, listing

FORMATS: Final = ("text", "markdown", "json-v1", "html")
_CHECKED: Final = ("text", "json-v1")


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the arguments."""
    add_repository(parser)
    parser.add_argument("--scenario", action="append", metavar="NAME", help="only this PlanScenario; can be given several times")
    parser.add_argument(
        "--engine", choices=[str(rules) for rules in Rules], help="whose rules divide the replicas (default: the scenario's)"
    )
    parser.add_argument(
        "--check", action="store_true", help="show no plans, only what is wrong with them; findings are the result then"
    )
    parser.add_argument(
        "--against",
        metavar="BASE",
        help="show beside it how the same scenarios go under the policies and clusters of a Git revision, or of a folder (./NAME)",
    )
    parser.add_argument("--format", choices=FORMATS, default="text", help="shape of the plans (default: text)")
    parser.add_argument("-o", "--output", metavar="FILE", help="where to write the plans (default: standard output)")
    parser.add_argument(
        "--reasons",
        action=argparse.BooleanOptionalAction,
        help="show why each replica went where it did (default for text: where one scenario is shown; markdown: folded away)",
    )
    add_progress(parser)
    add_colour(parser)


def run(options: argparse.Namespace) -> int:
    """Plan."""
    _refuse(options)
    tree = open_tree(options.repository)
    stages = _wanted(compiled(tree, options).stages, options.scenario)
    rules = Rules(options.engine) if options.engine else None
    with progress_bar(options) as progress:
        shown = [_played(stage, rules) for stage in counted(stages, Phase.PLAYING, progress)]
    if options.against is not None:
        from compiler.cli.steps.against import plans_of  # noqa: PLC0415 - only when something is compared

        before = plans_of(options, tree, stages, rules)
        shown = [
            Shown(plan=each.plan, diagnostics=each.diagnostics, before=before.get(each.plan.scenario.name), base=options.against)
            for each in shown
        ]
    found = [diagnostic for each in shown for diagnostic in each.diagnostics]
    if options.check:
        _check(shown, found, options)
    else:
        sys.stderr.write(text.render(found, paint_for(sys.stderr, options.color), options.repository))
        write(_rendered(shown, options), options.output)
        sys.stderr.write(f"{count(found)}\n{hint(found)}" if found else "")
    return FINDINGS if has_errors(found) else CLEAN


def _refuse(options: argparse.Namespace) -> None:
    """Refuse options that do not go together.

    Raises:
        CommandError: they do not.
    """
    if options.check:
        if options.format not in _CHECKED:
            raise CommandError(
                f"--check shows no plans, so there is nothing to write as {options.format}", help=f"formats: {listing(_CHECKED)}"
            )
        for name in ("output", "against"):
            if getattr(options, name) is not None:
                raise CommandError(f"--check shows no plans, so --{name} has no effect", help="leave out one of the two")
    elif options.format == "html" and is_standard(options.output) and sys.stdout.isatty():
        raise CommandError("a terminal cannot show HTML", help="write it to a file: -o plan.html")


def _wanted(stages: Sequence[Stage], names: Iterable[str] | None) -> list[Stage]:
    """Return the scenarios that are asked for.

    Raises:
        CommandError: there are no scenarios at all (3), or none of a name (2).
    """
    if not stages:
        raise CommandError(
            "there is no scenario to plan", code=NOTHING, help="write a PlanScenario document: `overbank schema PlanScenario`"
        )
    known = {stage.scenario.name for stage in stages}
    for name in names or ():
        if name not in known:
            advice = "".join(did_you_mean(name, known)) or f"scenarios: {listing(known)}"
            raise CommandError(f"there is no scenario `{name}`", help=advice)
    return [stage for stage in stages if not names or stage.scenario.name in names]


def _played(stage: Stage, rules: Rules | None) -> Shown:
    plan, found = play(stage, rules)
    return Shown(plan=plan, diagnostics=(*found, *judge(plan)))


def _check(shown: Sequence[Shown], found: list[Diagnostic], options: argparse.Namespace) -> None:
    """Report as ``overbank test`` does: a line for each scenario on stderr, findings on stdout."""
    paint = paint_for(sys.stderr, options.color)
    failed = 0
    for each in shown:
        bad = has_errors(each.diagnostics)
        failed += bad
        mark = paint("FAIL", "bold", "red") if bad else paint("ok", "green")
        sys.stderr.write(f"{mark} {each.plan.scenario.name}\n")
    if options.format == "json-v1":
        sys.stdout.write(json_v1.render(found))
    else:
        sys.stdout.write(text.render(found, paint_for(sys.stdout, options.color), options.repository))
    sys.stderr.write(f"{len(shown) - failed} as expected, {failed} not\n{hint(found) if options.format == 'text' else ''}")


def _rendered(shown: Sequence[Shown], options: argparse.Namespace) -> str:
    """Render in the asked-for shape."""
    match options.format:
        case "json-v1":
            from compiler.plan.views import json_v1 as plans_json  # noqa: PLC0415 - one of them is needed

            return plans_json.render(shown)
        case "markdown":
            from compiler.plan.views import markdown  # noqa: PLC0415

            return markdown.render(shown, reasons=options.reasons is not False)
        case "html":
            from compiler.plan.views import page  # noqa: PLC0415

            return page.render(shown, title="Where the replicas will land")
        case _:
            return _terminal(shown, options)


def _terminal(shown: Sequence[Shown], options: argparse.Namespace) -> str:
    from compiler.plan.views import table  # noqa: PLC0415 - one of the formats

    to_stdout = is_standard(options.output)
    encoding = (sys.stdout.encoding or "") if to_stdout else "utf-8"
    colour = paint_for(sys.stdout, options.color)("x", "bold") != "x" if to_stdout else options.color == "always"
    return table.render(
        shown,
        width=width() if to_stdout else UNKNOWN_WIDTH,
        colour=colour,
        ascii_only=not encoding.lower().replace("-", "").startswith("utf"),
        reasons=options.reasons if options.reasons is not None else len(shown) == 1,
    )
