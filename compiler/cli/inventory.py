"""``overbank inventory``: Cluster documents that say what the nodes of the cluster say.

The difference, or the new document, is the result, so it goes to stdout. Nothing is written without ``--write`` or ``--output``.
"""

import argparse
import sys
from pathlib import Path

from compiler import output
from compiler.cli import CLEAN, FINDINGS, NOTHING, CommandError
from compiler.cli.arguments.nodes import Observed, add_source, observed
from compiler.cli.arguments.repository import add_format, add_repository, open_tree, report
from compiler.cli.results.destination import create, is_standard
from compiler.cli.results.difference import print_difference
from compiler.cli.results.terminal import add_colour, paint_for
from compiler.diagnostics import Diagnostic, has_errors, in_order
from compiler.inventory import discovery
from compiler.inventory.discovery import Grouping, Place
from compiler.inventory.refresh import Refresh, refresh
from compiler.inventory.rewrite import ChangedError, rewritten
from compiler.inventory.text import new_file
from compiler.inventory.versions import newest_kubelet
from compiler.load import MAX_BYTES
from compiler.model import Cluster, Platform, PoolType
from compiler.parse import cluster as read_cluster
from compiler.reading import read
from compiler.report import text
from compiler.report.style import printable
from compiler.source import Location
from compiler.sources import SourceError
from compiler.sources.tree import Tree
from compiler.spelling import did_you_mean


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the arguments."""
    parser.epilog = (
        "Without --write the difference is printed and nothing is changed; the exit code is 1 if there is one. A cluster without a "
        "document gets a new one, printed or written with --output."
    )
    add_repository(parser)
    parser.add_argument("--cluster", required=True, metavar="NAME", help="cluster whose document is refreshed, or written anew")
    add_source(parser)
    mode = parser.add_mutually_exclusive_group()
    mode.add_argument("--check", action="store_true", help="print the difference and exit 1 if there is one; this is the default")
    mode.add_argument("--write", action="store_true", help="change the document's file")
    mode.add_argument("-o", "--output", metavar="FILE", help="where to write the document of a cluster that has none")
    parser.add_argument("--add-pools", action="store_true", help="add pools for nodes that belong to none")
    parser.add_argument("--pool-label", metavar="KEY", help="label that groups nodes to new pools (default: the vendor's)")
    parser.add_argument("--pool-type", choices=("idc", "ecs"), help="type of new pools, where no label says it")
    parser.add_argument("--platform", choices=[str(each) for each in Platform], help="platform of a cluster that has no document")
    add_format(parser)
    add_colour(parser)


def run(options: argparse.Namespace) -> int:
    """Refresh a document, or write a new one."""
    tree = open_tree(options.repository)
    cluster, others = _declared(tree, options)
    if cluster is not None and (options.output or options.platform):
        unused = "--output" if options.output else "--platform"
        raise CommandError(
            f"{unused} is for clusters without a document, and `{cluster.name}` has one", help="pass --write to change it"
        )
    if cluster is not None and (options.pool_label or options.pool_type) and not options.add_pools:
        unused = "--pool-label" if options.pool_label else "--pool-type"
        raise CommandError(f"{unused} is about new pools", help="pass --add-pools with it")
    seen = observed(options)
    if not seen.nodes:
        raise CommandError(f"there are no nodes in {seen.source}", code=NOTHING)
    if cluster is None:
        return _new(tree, seen, others, options)
    return _refreshed(tree, cluster, seen, options)


def _declared(tree: Tree, options: argparse.Namespace) -> tuple[Cluster | None, list[str]]:
    """Return the cluster's document, None where there is none, and the names of all clusters.

    Raises:
        CommandError: there are several, or the repository has errors, among which it may be.
    """
    reading = read(tree)
    documents, diagnostics = reading.ours, reading.diagnostics
    clusters = [read_cluster(each) for each in documents if each.get("kind") == "Cluster"]
    found = [each for each in clusters if each.name == options.cluster]
    if len(found) > 1:
        places = " and ".join(str(each.at_name().locate()) for each in found)
        raise CommandError(f"cluster `{options.cluster}` has several documents: {places}", code=FINDINGS)
    if not found and diagnostics:
        # Warnings are of links that are not followed: the document may stand behind one.
        report(in_order(diagnostics), options, sys.stderr)
        if has_errors(diagnostics):
            raise CommandError(f"there is no valid document of cluster `{options.cluster}`, and others have errors", code=FINDINGS)
    return (found[0] if found else None), [each.name for each in clusters]


def _refreshed(tree: Tree, cluster: Cluster, seen: Observed, options: argparse.Namespace) -> int:
    grouping = _grouping(options) if options.add_pools else None
    result = refresh(cluster, seen.nodes, server=seen.version, grouping=grouping)
    path = cluster.document.file.path
    try:
        raw = tree.read(path, MAX_BYTES + 1)
    except SourceError as error:
        raise CommandError(f"cannot read {path}: {error}") from error
    try:
        content, problems = rewritten(raw, cluster, list(result.operations))
    except ChangedError as error:
        raise CommandError(f"{path} was changed while the nodes were read; nothing was written", help="run it again") from error
    report(in_order([*result.diagnostics, *problems]), options, sys.stderr)
    if content is None:
        return FINDINGS
    _summary(cluster, len(seen.nodes), result, options)
    if content == raw:
        return CLEAN
    if options.write:
        if not result.members.has_any and grouping is None:
            raise CommandError(
                f"no node belongs to a pool of cluster `{cluster.name}`, so nothing was written",
                code=FINDINGS,
                help="is this the list of another cluster? if not, correct each `nodeSelector`, or pass --add-pools",
            )
        try:
            output.replace_file(tree.root, path, content)
        except output.OutputError as error:
            raise CommandError(str(error)) from error
        sys.stdout.write(f"wrote {printable(path)}\n")
        return CLEAN
    print_difference(path, raw, content, paint_for(sys.stdout, options.color))
    return FINDINGS


def _summary(cluster: Cluster, total: int, result: Refresh, options: argparse.Namespace) -> None:
    if options.format == "json-v1":
        return
    members = result.members
    groups = {f"in {name}": len(nodes) for name, nodes in members.counted.items()}
    groups["not counted"] = sum(map(len, members.idle.values())) + sum(map(len, members.ambiguous.values()))
    groups["in no pool"] = len(members.unmatched)
    groups["of the control plane"] = len(members.control_plane)
    groups["in new pools"] = total - sum(groups.values())
    shown = ", ".join(f"{number} {where}" for where, number in groups.items() if number)
    sys.stderr.write(f"{cluster.name}: {total} node{'s' if total > 1 else ''}: {shown}\n")


def _new(tree: Tree, seen: Observed, others: list[str], options: argparse.Namespace) -> int:
    """Write the document of a cluster that has none."""
    if options.write:
        advice = "".join(did_you_mean(options.cluster, others)) or "pass --output FILE to write a new one"
        raise CommandError(f"there is no document of cluster `{options.cluster}` in the repository", help=advice)
    platform = Platform(options.platform) if options.platform else discovery.platform(seen.nodes)
    if platform is None:
        raise CommandError("the labels of the nodes do not say which platform this is", help="pass --platform")
    version = seen.version or newest_kubelet(seen.nodes)
    if version is None:
        raise CommandError("no node says which version of Kubernetes it runs", help="list them with kubectl get nodes -o json")
    place = Place(cluster=options.cluster, platform=platform, where=Location(seen.source))
    made, diagnostics = discovery.document(place, seen.nodes, version, _grouping(options))
    content, problems = new_file(made, options.cluster)
    found = in_order([*diagnostics, *problems])
    _report_outside(found, options)
    if content is None:
        return FINDINGS
    near = did_you_mean(options.cluster, others, alike=0.8)
    if near:
        sys.stderr.write(f"note: cluster `{options.cluster}` has no document, so this is a new one; {near[0]}\n")
    if is_standard(options.output):
        sys.stdout.write(content)
        return FINDINGS if options.check else CLEAN
    create(content, options.output)
    sys.stdout.write(f"wrote {printable(options.output)}\n")
    if not _is_read(Path(options.output), tree.root):
        sys.stderr.write(
            "note: it is not part of the repository: files are read whose names end in .yaml or .yml, and that are not excluded or hidden\n"
        )
    return CLEAN


def _is_read(written: Path, root: Path) -> bool:
    """Say whether a new document counts from now on."""
    documents = read(Tree(root)).ours
    return any((root / document.file.path).resolve() == written.resolve() for document in documents)


def _report_outside(found: list[Diagnostic], options: argparse.Namespace) -> None:
    """Report on what is outside of the repository: its paths are as the caller wrote them."""
    if options.format == "text":
        sys.stderr.write(text.render(found, paint_for(sys.stderr, options.color)))
    elif options.format == "concise":
        sys.stderr.write(text.concise(found, paint_for(sys.stderr, options.color)))
    else:
        report(found, options, sys.stderr)


def _grouping(options: argparse.Namespace) -> Grouping:
    return Grouping(label=options.pool_label, type=PoolType(options.pool_type) if options.pool_type else None)
