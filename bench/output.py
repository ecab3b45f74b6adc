"""Writing the rendered tree: 5,000 files of 1.5 KB, 50 clusters with ten namespaces each, with and without waiting for the disk, and a build that changes nothing.

The reference writes the same files plainly: no staging, no journal, no digests, nothing synchronised.
"""

import argparse
import os
import statistics
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from unittest import mock

from compiler import output
from compiler.output import durable

FOLDERS = 50


def main() -> None:
    """Measure in alternating rounds and print medians."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--files", type=int, default=5_000)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--folder", type=Path, help="on the disk to measure (default: the current folder)")
    options = parser.parse_args()
    files = {
        f"clusters/c{number % FOLDERS}/n{number // FOLDERS % 10}/policy-{number}.yaml": f"{number}\n".encode() * 300
        for number in range(options.files)
    }
    times: dict[str, list[float]] = {}
    for _ in range(options.rounds):
        for name, run in _cases(files).items():
            with tempfile.TemporaryDirectory(dir=options.folder or Path.cwd()) as folder:
                times.setdefault(name, []).append(run(Path(folder)))
                os.sync()
    reference = statistics.median(times["plain writes"])
    print(f"{options.files} files, {options.rounds} rounds")
    for name, seconds in times.items():
        median = statistics.median(seconds)
        print(f"{name:<38} {median:7.2f} s  ({min(seconds):.2f} to {max(seconds):.2f})  x {median / reference:.1f}")


def _cases(files: dict[str, bytes]) -> dict[str, Callable[[Path], float]]:
    def plain(folder: Path) -> float:
        start = time.perf_counter()
        for path, content in files.items():
            target = folder / path
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(content)
        return time.perf_counter() - start

    def first(folder: Path) -> float:
        start = time.perf_counter()
        _build(files, folder)
        return time.perf_counter() - start

    def without(folder: Path) -> float:
        with mock.patch.object(os, "fsync"), mock.patch.object(durable, "_whole_file_system", return_value=True):
            return first(folder)

    def singly(folder: Path) -> float:
        with mock.patch.object(durable, "MANY", len(files) * 2):
            return first(folder)

    def again(folder: Path) -> float:
        _build(files, folder)
        return first(folder)

    def one(folder: Path) -> float:
        _build(files, folder)
        path = next(iter(files))
        start = time.perf_counter()
        _build({**files, path: b"changed\n"}, folder)
        return time.perf_counter() - start

    return {
        "plain writes": plain,
        "build": first,
        "build, nothing synchronised": without,
        "build, each file synchronised": singly,
        "build again, one file changed": one,
        "build again, nothing changed": again,
    }


def _build(files: dict[str, bytes], folder: Path) -> None:
    with output.hold(folder, notify=print, seconds=0):
        output.recover(folder)
        output.apply(output.compare(files, {}, output.survey(folder, files)), folder)


if __name__ == "__main__":
    main()
