"""Where the nodes of a cluster come from: a live cluster, or a file that kubectl wrote."""

import argparse
import sys
from dataclasses import dataclass

from compiler.cli import CommandError
from compiler.cli.arguments.given import read, title
from compiler.cli.results.terminal import paint_for
from compiler.inventory.dump import MAX_BYTES
from compiler.inventory.dump import read as read_dump
from compiler.inventory.nodes import Node
from compiler.report import text


@dataclass(frozen=True, slots=True, kw_only=True)
class Observed:
    """Nodes and where they were read; ``version`` is the API server's, None if it was not asked."""

    source: str
    nodes: list[Node]
    version: str | None = None


def add_source(parser: argparse.ArgumentParser) -> None:
    """Add the places that nodes can come from."""
    group = parser.add_argument_group("where the nodes are")
    group.add_argument("--nodes", metavar="FILE", help="output of `kubectl get nodes -o json`; - reads stdin")
    group.add_argument("--context", metavar="NAME", help="context of a kubeconfig: ask this cluster")
    group.add_argument("--kubeconfig", metavar="FILE", help="kubeconfig (default: what kubectl reads)")
    group.add_argument(
        "--timeout", type=seconds, default=60.0, metavar="SECONDS", help="for a live cluster, its login included (default: 60)"
    )


def seconds(written: str) -> float:
    """Read a number of seconds for a time-out.

    Raises:
        argparse.ArgumentTypeError: it is none, or not between a tenth of a second and an hour.
    """
    try:
        value = float(written)
    except ValueError:
        value = 0
    if not 0.1 <= value <= 3600:  # noqa: PLR2004 - see the docstring
        raise argparse.ArgumentTypeError(f"`{written}` is no number of seconds from 0.1 to 3600")
    return value


def observed(options: argparse.Namespace) -> Observed:
    """Read the nodes.

    Raises:
        CommandError: they are not given, or cannot be read.
    """
    live = options.context is not None or options.kubeconfig is not None
    if (options.nodes is not None) == live:
        says = "both a file and a live cluster are given" if live else "it is not said where the nodes are"
        raise CommandError(
            says, help="pass --nodes FILE, or --context NAME or --kubeconfig FILE for a live cluster; one of the two"
        )
    return _live(options) if live else _dumped(options)


def _live(options: argparse.Namespace) -> Observed:
    from compiler.live.cluster import snapshot  # noqa: PLC0415 - an extra
    from compiler.live.problems import LiveError  # noqa: PLC0415

    try:
        found = snapshot(options.context, options.kubeconfig, timeout=options.timeout)
    except LiveError as error:
        raise CommandError(str(error), help=error.help) from error
    return Observed(
        source=f"context {options.context}" if options.context else options.kubeconfig, nodes=found.nodes, version=found.version
    )


def _dumped(options: argparse.Namespace) -> Observed:
    raw = read(options.nodes, MAX_BYTES)
    source = title(options.nodes)
    nodes, problems = read_dump(source, raw)
    if problems:
        sys.stderr.write(text.render(problems, paint_for(sys.stderr, options.color)))
        raise CommandError(f"{source} is no list of nodes")
    return Observed(source=source, nodes=nodes)
