"""Where what a cluster has comes from: a live cluster, or files that kubectl wrote."""

import argparse
from collections.abc import Callable
from typing import TYPE_CHECKING

from compiler.cli import CommandError
from compiler.cli.arguments.given import read, title
from compiler.cli.arguments.nodes import seconds
from compiler.observed.dump import MAX_BYTES, NotADumpError
from compiler.observed.dump import read as read_dump
from compiler.observed.objects import Objects

if TYPE_CHECKING:
    from compiler.live.session import Session


def add_source(parser: argparse.ArgumentParser, flags: tuple[str, ...], command: str) -> None:
    """Add the places that objects can come from; ``command`` is the kubectl command that writes the files."""
    group = parser.add_argument_group("where the cluster is")
    group.add_argument(
        *flags,
        dest="dumps",
        action="append",
        default=[],
        metavar="FILE",
        help=f"output of `{command}`; - reads stdin; may be given more than once",
    )
    group.add_argument("--context", metavar="NAME", help="context of a kubeconfig: ask this cluster")
    group.add_argument("--kubeconfig", metavar="FILE", help="kubeconfig (default: what kubectl reads)")
    group.add_argument(
        "--timeout", type=seconds, default=60.0, metavar="SECONDS", help="for a live cluster, its login included (default: 60)"
    )


def observed(options: argparse.Namespace, flag: str, ask: "Callable[[Session, Objects], None]") -> Objects:
    """Read what a cluster has; ``ask`` reads it from a live one.

    Raises:
        CommandError: it is not said from where, or it cannot be read.
    """
    live = options.context is not None or options.kubeconfig is not None
    if bool(options.dumps) == live:
        says = "both files and a live cluster are given" if live else "it is not said where the cluster is"
        raise CommandError(
            says, help=f"pass {flag} FILE, or --context NAME or --kubeconfig FILE for a live cluster; one of the two"
        )
    found = Objects()
    if live:
        from compiler.live.observing import opened  # noqa: PLC0415 - an extra
        from compiler.live.problems import LiveError  # noqa: PLC0415

        try:
            with opened(options.context, options.kubeconfig, options.timeout) as session:
                ask(session, found)
        except LiveError as error:
            raise CommandError(str(error), help=error.help) from error
        return found
    for path in options.dumps:
        _dumped(path, found)
    return found


def _dumped(path: str, into: Objects) -> None:
    raw, source = read(path, MAX_BYTES), title(path)
    try:
        into.add(read_dump(source, raw))
    except NotADumpError as error:
        raise CommandError(
            f"{source} is no list of objects: {error}", help="write it with kubectl get KIND,... -A -o json"
        ) from error
