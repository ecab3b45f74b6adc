"""``overbank sweep``: live pods that missed their mutation, or would be mutated differently today. It never changes a cluster."""

import argparse
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from compiler.cli import CLEAN, FINDINGS, NOTHING, CommandError
from compiler.cli.arguments.observing import add_source, observed
from compiler.cli.arguments.repository import add_repository, cluster_named, compiled, namespace, open_tree
from compiler.cli.results.progress import add_progress
from compiler.cli.results.terminal import add_colour, paint_for
from compiler.model import Cluster
from compiler.observed.objects import Kind, Objects
from compiler.observed.resource import Resource
from compiler.pipeline import Result
from compiler.report.style import printable
from compiler.sweep import json_v1, text
from compiler.sweep.restart import plan
from compiler.sweep.sweeping import NAMESPACE, Sweep, sweep
from compiler.trial import Bench

if TYPE_CHECKING:
    from compiler.live.session import Session

_KINDS = "pods,replicasets,deployments,statefulsets,controllerrevisions,jobs,cronjobs,namespaces,poddisruptionbudgets"
_FLAGS = ("--pods", "--dump")


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the arguments."""
    parser.epilog = "The exit code is 1 if pods missed their mutation, would be mutated differently, or would be denied today. Nothing is ever changed."
    add_repository(parser)
    parser.add_argument("--cluster", required=True, metavar="NAME", help="cluster whose policies count")
    add_source(parser, _FLAGS, f"kubectl get {_KINDS} -A -o json")
    parser.add_argument(
        "--namespace",
        action="append",
        default=[],
        metavar="NS",
        type=namespace,
        help="only this namespace; may be given more than once",
    )
    parser.add_argument(
        "--against", metavar="BASE", help="Git revision or folder with the policies of then: settles what only they can settle"
    )
    parser.add_argument(
        "--restart-plan", action="store_true", help="add the workloads to restart, in an order that disruption budgets allow"
    )
    parser.add_argument("--include-jobs", action="store_true", help="let the restart plan start jobs over")
    parser.add_argument("--format", choices=("text", "json-v1"), default="text", help="shape of the report (default: text)")
    add_progress(parser)
    add_colour(parser)


def run(options: argparse.Namespace) -> int:
    """Sweep a cluster."""
    if options.include_jobs and not options.restart_plan:
        raise CommandError("--include-jobs is of use with --restart-plan only")
    tree = open_tree(options.repository)
    result = compiled(tree, options)
    ir = cluster_named(result, options.cluster)
    then = _then(options, tree.root)
    namespaces = tuple(sorted(set(options.namespace)))

    def ask(session: "Session", into: Objects) -> None:
        _ask(session, into, namespaces, budgets=options.restart_plan)

    objects = observed(options, _FLAGS[0], ask)
    found = sweep(declared(result, options.cluster), Bench(ir), objects, namespaces, then)
    if not found.pods:
        raise CommandError(
            "there are no pods that run or wait", code=NOTHING, help=f"list them with kubectl get {_KINDS} -A -o json"
        )
    _note(found, objects)
    restart = plan(found, objects, include_jobs=options.include_jobs) if options.restart_plan else None
    if options.format == "json-v1":
        sys.stdout.write(json_v1.render(found, restart))
    else:
        paint = paint_for(sys.stdout, options.color)
        sys.stdout.write(text.render(found, paint, options.repository))
        if restart is not None:
            sys.stdout.write(text.render_plan(restart, paint))
    return FINDINGS if found.has_findings else CLEAN


def declared(result: Result, name: str) -> Cluster:
    """Return the document of a cluster that is known to be there."""
    clusters = result.model.clusters if result.model is not None else ()
    return next(each for each in clusters if each.name == name)


def _then(options: argparse.Namespace, root: Path) -> Bench | None:
    """Return the engine with the policies of then.

    Raises:
        CommandError: they cannot be had, have errors, or the cluster was not among them.
    """
    if options.against is None:
        return None
    from compiler.cli.arguments.opening import opened  # noqa: PLC0415 - only where it is asked for
    from compiler.pipeline import REPOSITORY_FILE, compile_repository  # noqa: PLC0415

    with opened(options.against, root) as source:
        if REPOSITORY_FILE not in source.paths():
            raise CommandError(f"there is no {REPOSITORY_FILE} in {options.against}", code=NOTHING)
        result = compile_repository(source, workloads=False)
    if result.failed:
        first = next(each for each in result.diagnostics if each.code.severity == "error")
        raise CommandError(
            f"the policies in {options.against} have errors, such as {first.primary.where.locate()}: {first.message}"
        )
    for each in result.clusters:
        if each.name == options.cluster:
            return Bench(each)
    raise CommandError(f"there is no cluster `{options.cluster}` in {options.against}")


def _ask(session: "Session", into: Objects, namespaces: tuple[str, ...], *, budgets: bool) -> None:
    """Ask a live cluster: pods that have not ended, what controls them, namespaces, and budgets where they matter."""
    from compiler.live.observing import owners, read  # noqa: PLC0415 - an extra

    inside = namespaces or ("",)
    alive = "status.phase!=Succeeded,status.phase!=Failed"
    pods = Kind("Pod")
    read(session, [Resource(pods, "v1", "pods", each, selector=alive) for each in inside], into)
    if pods in into.refused:
        raise CommandError(f"the pods of {session.host} may not be read: {into.refused[pods]}")
    read(session, [Resource(NAMESPACE, "v1", "namespaces")], into)
    owners(session, into, namespaces)
    revisions = Kind("ControllerRevision", "apps")
    if Kind("StatefulSet", "apps") in into.kinds():
        read(session, [Resource(revisions, "v1", "controllerrevisions", each) for each in inside], into)
    if budgets:
        kind = Kind("PodDisruptionBudget", "policy")
        read(session, [Resource(kind, "v1", "poddisruptionbudgets", each) for each in inside], into)


def _note(found: Sweep, objects: Objects) -> None:
    """Say on stderr what could not be read and what that means."""
    for kind, why in sorted(objects.refused.items()):
        sys.stderr.write(f"note: {printable(f'{kind}: {why}')}\n")
    if found.declared:
        names = ", ".join(found.declared[:5]) + (f" and {len(found.declared) - 5} more" if len(found.declared) > 5 else "")  # noqa: PLR2004
        sys.stderr.write(
            f"note: the labels of these namespaces were not read, so the Cluster document's count: {printable(names)}\n"
        )
