"""``overbank mutate``: manifests in, the same manifests out with their workloads as the webhook would have their pods.

A filter: nothing is printed unless all of it can be, since half a stream would delete the other half from whoever applies it.
"""

import argparse
import sys

from compiler.cli import CLEAN, FINDINGS, NOTHING, CommandError
from compiler.cli.arguments.given import read, title
from compiler.cli.arguments.repository import cluster_named, namespace, open_tree
from compiler.cli.results.terminal import add_colour, paint_for
from compiler.diagnostics import has_errors
from compiler.load import MAX_BYTES
from compiler.manifests.mutation import Mutated, RefusedError, function_cluster, mutate
from compiler.manifests.stream import BYTE_ORDER_MARK, UnreadableError, split
from compiler.pipeline import compile_repository
from compiler.report import text
from compiler.report.style import printable
from compiler.source import Document
from compiler.trial import Bench


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the arguments."""
    parser.add_argument("files", nargs="*", default=["-"], metavar="FILE", help="manifests; - reads stdin (default)")
    parser.add_argument(
        "--cluster", metavar="NAME", help="cluster that the manifests are for (default: functionConfig of a ResourceList)"
    )
    parser.add_argument(
        "--namespace", metavar="NS", type=namespace, help="namespace of objects that name none (default: `default`)"
    )
    parser.add_argument(
        "--repo", dest="repository", default=".", metavar="REPO", help="policy repository (default: the current folder)"
    )
    add_colour(parser)


def run(options: argparse.Namespace) -> int:
    """Mutate a stream."""
    parts, mark = _parts(options)
    documents = [document for _, document in parts]
    if not any(documents):
        raise CommandError("there is no document in the input", code=NOTHING)
    function, configured = function_cluster(documents)
    name = options.cluster or configured
    if name is None:
        advice = "pass --cluster NAME, or name it in functionConfig: data.cluster of a ConfigMap, or spec.cluster"
        raise CommandError("no cluster is named", help=advice if function else "pass --cluster NAME")
    bench = _bench(options, name)
    try:
        outcome = mutate(parts, bench, options.namespace)
    except RefusedError as error:
        raise CommandError(str(error)) from error
    _say(outcome, options)
    if outcome.denied and not function:
        raise CommandError(f"pods would be denied on cluster {name}; nothing is printed", code=FINDINGS)
    sys.stdout.buffer.write((mark + outcome.text).encode())
    sys.stdout.buffer.flush()
    return FINDINGS if outcome.denied else CLEAN


def _bench(options: argparse.Namespace, name: str) -> Bench:
    """Return the engine of the cluster. What the policies do to other manifests in Git is left out: it is not asked for."""
    result = compile_repository(open_tree(options.repository), workloads=False)
    errors = [each for each in result.diagnostics if has_errors([each])]
    sys.stderr.write(text.render(errors, paint_for(sys.stderr, options.color), options.repository))
    if errors:
        raise CommandError("the policies have errors", code=FINDINGS)
    return Bench(cluster_named(result, name))


def _parts(options: argparse.Namespace) -> tuple[list[tuple[str, Document | None]], str]:
    """Return the documents of all files as one stream, and the byte order mark that it began with."""
    parts: list[tuple[str, Document | None]] = []
    mark = ""
    for path in options.files:
        raw, shown = read(path, MAX_BYTES), title(path)
        try:
            found = split(shown, raw)
        except UnreadableError as error:
            sys.stderr.write(text.render(error.diagnostics, paint_for(sys.stderr, options.color)))
            raise CommandError(f"{shown} cannot be read") from error
        if not parts and raw.startswith(BYTE_ORDER_MARK.encode()):
            mark = BYTE_ORDER_MARK
        if parts:
            last, document = parts[-1]
            parts[-1] = (last if last.endswith("\n") else f"{last}\n", document)
            first, document = found[0]
            # A document without dashes would become a part of the one before it.
            found[0] = (first if first.startswith(("---", "%")) else f"---\n{first}", document)
        parts += found
    return parts, mark


def _say(outcome: Mutated, options: argparse.Namespace) -> None:
    """Tell people about denials, warnings and lost comments."""
    paint = paint_for(sys.stderr, options.color)
    for remark in sorted(outcome.remarks, key=lambda each: not each.denial):
        label = paint("denied:", "bold", "red") if remark.denial else paint("warning:", "bold", "yellow")
        sys.stderr.write(f"{label} {printable(remark.text)}\n")
    for manifest in outcome.rewritten:
        sys.stderr.write(
            f"{paint('note:', 'bold')} {printable(manifest.title)}: the document is written anew, without its comments\n"
        )
