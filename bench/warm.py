"""What the cache is worth: ``check`` and ``build`` of a repository that is known, against the same without a cache in the same round.

Whole processes, start-up included, CPU time of user and system. Every figure beside the first is for one change since the run
before it, and its ratio is the median of the ratios of the rounds. Targets: ``check`` of 10,000 documents with one policy changed takes
at most 0.1 of the time that it takes without a cache. Printed, never asserted.
"""

import argparse
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))  # runs from a checkout that is not installed

from bench.repository import generate

OVERBANK = Path(sys.executable).parent / "overbank"
CLUSTERS = 50
SETTLED = 2.1
"""Seconds after which the times of a file are believed."""


def run(*arguments: str | Path) -> float:
    """Run the command line and return its CPU time."""
    process = subprocess.Popen([OVERBANK, *arguments], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    _, status, used = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise SystemExit(f"overbank {' '.join(map(str, arguments))} ended with {process.returncode}")
    return used.ru_utime + used.ru_stime


def rounds(folder: Path, command: str, count: int) -> Iterator[dict[str, float]]:
    """Yield the times of each round."""
    repository, checkout, cache = folder / "repository", folder / "checkout", folder / "cache"
    output = ("-o", folder / "rendered") if command == "build" else ()
    policy = sorted(repository.glob("teams/*/burst/*.yaml"))[7]
    cluster = min(repository.glob("clusters/*.yaml"))

    def cached(where: Path = repository) -> float:
        return run(command, where, *output, "--cache-dir", cache)

    def edited(path: Path, number: int) -> float:
        path.write_text(f"{path.read_text()}# {number}\n")
        return cached()

    for number in range(count):
        shutil.rmtree(cache, ignore_errors=True)
        shutil.rmtree(checkout, ignore_errors=True)
        found = {"no cache": run(command, repository, *output, "--no-cache"), "cold": cached()}
        found["unchanged"] = cached()
        found["one policy changed"] = edited(policy, number)
        found["one cluster changed"] = edited(cluster, number)
        shutil.copytree(repository, checkout)
        found["fresh checkout"] = cached(checkout)
        yield found


def show(sizes: list[int], count: int, name: Callable[[float, float], str]) -> None:
    """Print all figures."""
    for command in ("check", "build"):
        print(
            f"{command}, {CLUSTERS} clusters, each policy on one of them; CPU seconds, ratios to `no cache`, medians of {count} rounds"
        )
        for size in sizes:
            with tempfile.TemporaryDirectory() as folder:
                generate(Path(folder) / "repository", size, CLUSTERS, 1)
                time.sleep(SETTLED)
                found = list(rounds(Path(folder), command, count))
                kept = sum(path.stat().st_size for path in (Path(folder) / "cache").iterdir())
            for what in found[0]:
                seconds = statistics.median(each[what] for each in found)
                ratio = statistics.median(each[what] / each["no cache"] for each in found)
                print(f"  {size:9,} documents  {what:20}{name(seconds, ratio)}")
            print(f"  {size:9,} documents  {'size of the cache':20}{kept / 1024**2:8.1f} MiB")


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--sizes", type=int, nargs="+", default=[1_000, 10_000], metavar="DOCUMENTS")
    parser.add_argument("--rounds", type=int, default=5)
    options = parser.parse_args()
    show(options.sizes, options.rounds, lambda seconds, ratio: f"{seconds:8.2f} s  {ratio:6.3f}")


if __name__ == "__main__":
    main()
