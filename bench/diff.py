"""``overbank diff`` against Git: what it takes over starting Python, with one file changed and everything else known.

Whole processes, start-up and git included, CPU time of user and system; ratios to ``python -c pass`` in the same round, medians of the rounds.
``one policy changed`` is a change that no run has seen before: its cluster is checked and rendered anew. ``seen before`` is the same diff again,
``every policy changed`` a new priority for all of them. Target: with one file changed, at most 0.5 s over start-up for 1,000 documents on 10
clusters. Printed, never asserted.
"""

import argparse
import os
import re
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))  # runs from a checkout that is not installed

from bench.repository import generate

OVERBANK = Path(sys.executable).parent / "overbank"
SETTLED = 2.1
"""Seconds after which the times of a file are believed."""


def run(*arguments: str | Path, expected: int = 0) -> float:
    """Run a command and return its CPU time."""
    process = subprocess.Popen(arguments, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    _, status, used = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode != expected:
        raise SystemExit(f"{' '.join(map(str, arguments))} ended with {process.returncode}")
    return used.ru_utime + used.ru_stime


def git(folder: Path, *arguments: str) -> None:
    """Run git."""
    who = ("-c", "user.name=Somebody", "-c", "user.email=somebody@example.com")
    subprocess.run(["git", *who, *arguments], cwd=folder, check=True, capture_output=True)


def rounds(folder: Path, count: int) -> Iterator[dict[str, float]]:
    """Yield the times of each round."""
    repository, cache = folder / "repository", folder / "cache"
    policies = sorted(repository.glob("teams/*/burst/*.yaml"))

    def diff(expected: int) -> float:
        return run(OVERBANK, "diff", "HEAD", "-C", repository, "--cache-dir", cache, expected=expected)

    def edited(paths: list[Path], number: int) -> float:
        for path in paths:
            path.write_text(re.sub(r"priority: \d+", lambda found: f"priority: {int(found[0][10:]) + number}", path.read_text()))
        return diff(1)

    for number in range(1, count + 1):
        shutil.rmtree(cache, ignore_errors=True)
        git(repository, "checkout", "--quiet", ".")
        time.sleep(SETTLED)
        found = {"python -c pass": run(sys.executable, "-c", "pass"), "cold, nothing changed": diff(0), "nothing changed": diff(0)}
        found["one policy changed"] = edited(policies[7:8], number)
        found["seen before"] = diff(1)
        found["every policy changed"] = edited(policies, 1000 * number)
        yield found


def show(documents: int, clusters: int, spread: int, count: int) -> None:
    """Print all figures for a size."""
    print(
        f"diff, {documents:,} documents, {clusters} clusters, each policy on {spread} of them; CPU seconds, over start-up, ratio to it"
    )
    with tempfile.TemporaryDirectory() as folder:
        repository = Path(folder) / "repository"
        generate(repository, documents, clusters, spread)
        git(repository, "init", "--quiet")
        git(repository, "add", "--all")
        git(repository, "commit", "--quiet", "--message", "all")
        found = list(rounds(Path(folder), count))
    for what in found[0]:
        seconds = statistics.median(each[what] for each in found)
        over = statistics.median(each[what] - each["python -c pass"] for each in found)
        ratio = statistics.median(each[what] / each["python -c pass"] for each in found)
        print(f"  {what:24}{seconds:8.3f} s  {over:+8.3f} s  {ratio:8.1f}")


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--sizes", type=int, nargs="+", default=[1_000], metavar="DOCUMENTS")
    parser.add_argument("--clusters", type=int, default=10)
    parser.add_argument("--spread", type=int, default=1, metavar="CLUSTERS", help="how many of the clusters each policy is for")
    parser.add_argument("--rounds", type=int, default=3)
    options = parser.parse_args()
    for size in options.sizes:
        show(size, options.clusters, options.spread, options.rounds)


if __name__ == "__main__":
    main()
