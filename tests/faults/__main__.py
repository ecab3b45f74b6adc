"""Break the webhook in every way, and print what came of it: ``python -m tests.faults [--short] [NAME...]``."""

import argparse
import contextlib
import sys
import tempfile
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path

from tests.e2e.controlplane.assets import Assets, find
from tests.e2e.controlplane.plane import running
from tests.faults.catalogue import ALONE, TOGETHER
from tests.faults.ground import Ground, ground
from tests.faults.tally import Row, head, line


def main() -> int:
    """Run the faults that are named, all by default; return 1 if one of them broke what it should not."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--short", action="store_true", help="as `make test` does it")
    parser.add_argument("names", nargs="*", help=", ".join(each.__name__ for each in (*TOGETHER, *ALONE)))
    options = parser.parse_args()

    def wanted(name: str) -> bool:
        return not options.names or name in options.names

    broken = []
    shown = False
    assets = find()
    with tempfile.TemporaryDirectory() as name, contextlib.ExitStack() as ends:
        folder = Path(name)
        todo: list[tuple[str, Callable[[Ground], Row]]] = []
        together = [each for each in TOGETHER if wanted(each.__name__)]
        if together and isinstance(assets, Assets):
            plane = ends.enter_context(running(assets, folder / "control-plane"))
            todo += [(each.__name__, partial(_with, each, plane)) for each in together]
        elif together:
            sys.stderr.write(f"NOTHING is shown against a real Kubernetes: {assets}\n")
        todo += [(each.__name__, each) for each in ALONE if wanted(each.__name__)]
        for title, fault in todo:
            begun = time.monotonic()
            try:
                with ground(folder / title, long=not options.short) as place:
                    row = fault(place)
            except Exception as error:  # noqa: BLE001 (the others are to be run)
                broken.append(f"{title}: {type(error).__name__}: {error}")
                sys.stderr.write(f"{broken[-1]}\n")
                continue
            if not shown:
                sys.stdout.write(f"{head()}\n")
            shown = True
            # At once: a run that is ended early has shown what it found.
            sys.stdout.write(f"{line(row)}\n")
            sys.stdout.flush()
            sys.stderr.write(f"{title}: {time.monotonic() - begun:.0f} s {' '.join(row.reasons)}\n")
    return 1 if broken else 0


def _with(fault: Callable[..., Row], plane: object, place: Ground) -> Row:
    return fault(place, plane)


if __name__ == "__main__":
    sys.exit(main())
