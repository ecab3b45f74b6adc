"""What becomes of running pods, from the dumps that ``overbank diff --live`` names."""

from collections.abc import Iterable, Iterator
from pathlib import Path

from compiler.cli import NOTHING, CommandError
from compiler.cli.steps.sides import State
from compiler.diff.live import Observed, observe
from compiler.observed.dump import MAX_BYTES, NotADumpError, read
from compiler.observed.objects import Objects
from compiler.spelling import did_you_mean, listing


def observed(written: Iterable[str], base: State, head: State) -> Iterator[Observed]:
    """Yield what becomes of the running pods of each cluster, by its name.

    Raises:
        CommandError: a cluster is not known on both sides, or a file cannot be read (2), or has no pods that run (3).
    """
    dumps: dict[str, Objects] = {}
    for each in written:
        name, equals, path = each.partition("=")
        if not equals:
            if len(head.outcome.clusters) != 1:
                raise CommandError(f"--live {each} does not say which cluster that is", help="write --live CLUSTER=FILE")
            name, path = head.outcome.clusters[0], each
        if name not in head.outcome.clusters or name not in base.outcome.clusters:
            both = sorted({*head.outcome.clusters} & {*base.outcome.clusters})
            advice = "".join(did_you_mean(name, both)) or f"clusters: {listing(both)}"
            raise CommandError(f"there is no cluster `{name}` on both sides", help=advice)
        _add(path, dumps.setdefault(name, Objects()))
    for name in sorted(dumps):
        found = observe(name, dumps[name], base.side, head.side)
        if not (found.counts or found.unreadable):
            raise CommandError(f"there are no pods that run or wait in what is given of cluster {name}", code=NOTHING)
        yield found


def _add(path: str, into: Objects) -> None:
    try:
        with Path(path).open("rb") as file:
            raw = file.read(MAX_BYTES + 1)
    except OSError as error:
        raise CommandError(f"cannot read {path}: {(error.strerror or str(error)).lower()}") from error
    try:
        into.add(read(path, raw))
    except NotADumpError as error:
        raise CommandError(
            f"{path} is no list of objects: {error}", help="write it with kubectl get KIND,... -A -o json"
        ) from error
