"""The other side of ``overbank plan --against``: the same scenarios under the policies and clusters of another revision or folder."""

import argparse
import sys
from collections.abc import Iterable
from dataclasses import replace

from compiler.cli import NOTHING, CommandError
from compiler.cli.arguments.opening import opened
from compiler.cli.results.progress import progress_bar
from compiler.diagnostics import Diagnostic, Severity
from compiler.pipeline import REPOSITORY_FILE, compile_repository
from compiler.plan.scenario import Rules
from compiler.plan.stage import Stage
from compiler.plan.trace import Plan
from compiler.progress import Phase, counted
from compiler.report.style import printable
from compiler.source import Document, Where
from compiler.sources.tree import Tree


def plans_of(options: argparse.Namespace, repository: Tree, stages: Iterable[Stage], rules: Rules | None) -> dict[str, Plan]:
    """Return the plans of the scenarios in ``stages`` under ``options.against``, by name; those that cannot be had are noted on stderr.

    The pods are part of the scenarios: their files are read from ``repository``, so that what differs comes of policies and clusters.

    Raises:
        CommandError: there is no such revision or folder (2), or no policy repository in it (3).
    """
    from compiler.plan.simulate import play  # noqa: PLC0415 - only when something is compared

    base: str = options.against
    documents = {stage.scenario.name: _unjudged(stage.scenario.document) for stage in stages}
    with opened(base, repository.root) as source:
        if REPOSITORY_FILE not in source.paths():
            raise CommandError(
                f"there is no {REPOSITORY_FILE} in {base}", code=NOTHING, help="name a revision or a folder that has one"
            )
        with progress_bar(options) as progress:
            result = compile_repository(source, workloads=False, scenarios=documents.values(), pods=repository, progress=progress)
            played = counted(result.stages, Phase.PLAYING, progress)
            plans = {stage.scenario.name: play(stage, rules)[0] for stage in played}
    for name, document in documents.items():
        if name not in plans:
            errors = [each for each in result.diagnostics if each.code.severity is Severity.ERROR]
            own = [each for each in errors if isinstance(each.primary.where, Where) and each.primary.where.document is document]
            sys.stderr.write(f"note: {printable(f'{base} has no plan for scenario {name}{_because(own, errors)}')}\n")
    return plans


def _unjudged(document: Document) -> Document:
    """Return a scenario without what it expects and may cost: the base is only shown, and need not know those pools and prices."""
    spec = {key: value for key, value in document.get("spec").items() if key != "ceilings"}
    spec["events"] = [{key: value for key, value in event.items() if key != "expect"} for event in spec["events"]]
    return replace(document, value={**document.value, "spec": spec})


def _because(own: list[Diagnostic], errors: list[Diagnostic]) -> str:
    if own:
        return f": {own[0].message}"
    return f": its policies have errors, such as {errors[0].primary.where.locate()}: {errors[0].message}" if errors else ""
