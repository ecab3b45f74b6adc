"""``python -m tests.fuzz``: make repositories from numbers until time or numbers run out, and keep those that something is wrong with.

A repository is made from its number alone, so ``--first N --count 1`` makes it again.
"""

import argparse
import json
import signal
import sys
import time
import traceback
from pathlib import Path
from random import Random
from types import FrameType

from tests.fuzz.properties import examine
from tests.fuzz.repositories import Mutator, corpus

LONGEST = 20
"""Seconds after which a repository counts as a hang: a thousand times what one takes."""


class HangError(Exception):
    """Something takes too long."""


def _late(_number: int, _frame: FrameType | None) -> None:
    raise HangError(f"more than {LONGEST} s")


def main() -> int:
    """Fuzz, and return 1 if anything was found."""
    parser = argparse.ArgumentParser(prog="python -m tests.fuzz", description=__doc__)
    parser.add_argument("--first", type=int, default=0, metavar="N", help="number of the first repository")
    parser.add_argument("--count", type=int, default=10**9, metavar="N", help="how many")
    parser.add_argument("--seconds", type=float, default=60, metavar="S", help="for how long")
    parser.add_argument("--findings", type=Path, default=Path("build/fuzz"), metavar="DIR", help="where findings are kept")
    options = parser.parse_args()
    mutator = Mutator(corpus())
    signal.signal(signal.SIGALRM, _late)
    start, number, built, problems = time.monotonic(), options.first, 0, dict[str, int]()
    while number < options.first + options.count and time.monotonic() - start < options.seconds:
        files = mutator.repository(Random(number))
        signal.alarm(LONGEST)
        try:
            built += bool(examine(files, twice=number % 4 == 0).files)
        except Exception as error:  # noqa: BLE001 - every exception is a finding
            where = traceback.extract_tb(error.__traceback__)[-1]
            title = f"{type(error).__name__} at {Path(where.filename).name}:{where.lineno}"
            if title not in problems:
                _keep(options.findings, number, files, title)
            problems[title] = problems.get(title, 0) + 1
        finally:
            signal.alarm(0)
        number += 1
    seconds = time.monotonic() - start
    done = number - options.first
    sys.stdout.write(f"{done:,} repositories from number {options.first} on in {seconds:.0f} s; {built:,} were built\n")
    sys.stdout.writelines(f"{times:,} times {title}\n" for title, times in sorted(problems.items()))
    return 1 if problems else 0


def _keep(folder: Path, number: int, files: dict[str, bytes], title: str) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    content = {path: raw.decode("latin-1") for path, raw in files.items()}
    (folder / f"{number}.json").write_text(json.dumps({"title": title, "latin-1": content}, indent=1))
    sys.stdout.write(f"number {number}: {title}\n{traceback.format_exc()}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())
