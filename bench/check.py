"""Whole repositories: ``check`` and the passes of ``build``, against PyYAML's CSafeLoader on the same files in the same run.

``check`` is the process of the command line, start-up included, without the cache (``warm.py`` is about that); CSafeLoader is measured within a process, reading the files included
and nothing else. Every measurement has a process of its own, and our modules are compiled before the first, as installing them would.
Targets: ``check`` of 10,000 documents takes no longer than CSafeLoader, and the time of a build of 5,000 policies on 50 clusters grows in
proportion to the documents (exponent 1). Printed, never asserted.
"""

import argparse
import compileall
import gc
import json
import math
import os
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))  # runs from a checkout that is not installed

from bench.repository import generate

ROOT = Path(__file__).resolve().parent.parent
OVERBANK = Path(sys.executable).parent / "overbank"
POLICIES, CLUSTERS = 5_000, 50
SPREADS = (5, 15, 50)
"""On how many clusters each policy is. On all of them, the bundles are too large for a ConfigMap: the passes run, a build would refuse."""
PHASES = ("read", "load", "validate", "parse", "resolve", "rules", "lower", "emit")


def reference(root: Path) -> dict[str, float]:
    """Load all files with CSafeLoader."""
    import yaml  # noqa: PLC0415 - so that the processes that measure us do not have it

    start, used = time.perf_counter(), time.process_time()
    for path in sorted(root.rglob("*.yaml")):
        list(yaml.load_all(path.read_bytes(), Loader=yaml.CSafeLoader))
    return {"wall": time.perf_counter() - start, "cpu": time.process_time() - used}


def check(root: Path) -> dict[str, float]:
    """Run ``overbank check``."""
    start = time.perf_counter()
    process = subprocess.Popen([OVERBANK, "check", root, "--no-cache"], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    _, status, used = os.wait4(process.pid, 0)
    wall = time.perf_counter() - start
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise SystemExit(f"overbank check {root} ended with {process.returncode}")
    return {"wall": wall, "cpu": used.ru_utime + used.ru_stime, "memory": used.ru_maxrss / 1024}


def phases(root: Path) -> dict[str, float]:
    """Time the passes one by one, as ``build`` runs them up to the files' content, the collector stopped as the command line has it."""
    from compiler import emit, rules  # noqa: PLC0415 - see reference
    from compiler.assemble import build_model  # noqa: PLC0415
    from compiler.load import MAX_BYTES, decode, load  # noqa: PLC0415
    from compiler.lower import lower  # noqa: PLC0415
    from compiler.parse import repository  # noqa: PLC0415
    from compiler.resolve import resolve  # noqa: PLC0415
    from compiler.sources.tree import Tree  # noqa: PLC0415
    from compiler.validate import is_ours, validate  # noqa: PLC0415

    gc.disable()
    taken: dict[str, float] = {}

    def timed(name: str, work: Callable[[], Any]) -> Any:
        start = time.process_time()
        outcome = work()
        taken[name] = time.process_time() - start
        return outcome

    tree = Tree(root)
    raw = timed("read", lambda: [(path, tree.read(path, MAX_BYTES)) for path in tree.paths()])
    files = timed("load", lambda: [load(file) for path, content in raw if (file := decode(path, content)[0])])
    ours = [document for documents, _ in files for document in documents if is_ours(document)]
    timed("validate", lambda: [validate(document) for document in ours])
    settings = repository(next(document for document in ours if document.get("kind") == "Repository"))
    model, _ = timed("parse", lambda: build_model(ours, settings))
    resolved, _ = timed("resolve", lambda: resolve(model))
    timed("rules", lambda: rules.check(resolved))
    clusters = timed("lower", lambda: lower(resolved))
    timed("emit", lambda: [emit.emit(cluster) for cluster in clusters])
    return {**taken, "cpu": sum(taken.values()), "memory": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024}


MEASURES = {"reference": reference, "check": check, "phases": phases}


def measured(what: str, root: Path) -> dict[str, float]:
    """Measure in a process of its own."""
    if what == "check":
        return check(root)
    run = subprocess.run([sys.executable, __file__, "--measure", what, root], check=True, capture_output=True, text=True)
    found: dict[str, float] = json.loads(run.stdout)
    return found


def medians(rounds: list[dict[str, float]]) -> dict[str, float]:
    """Return the median of each figure."""
    return {name: statistics.median(each[name] for each in rounds) for name in rounds[0]}


def exponent(now: float, before: float, size: int, smaller: int) -> float:
    """Return the power of the size with which something grew."""
    return math.log(now / before) / math.log(size / smaller)


def checks(sizes: list[int], rounds: int) -> None:
    """Print ``check`` beside CSafeLoader: ratios are medians of pairs."""
    print(f"check, {CLUSTERS} clusters, each policy on one of them; medians of {rounds} rounds")
    print("  documents  CSafeLoader s  check s  ratio (wall)  ratio (CPU)  memory MiB  exponent")
    before: tuple[int, float] | None = None
    for size in sizes:
        with tempfile.TemporaryDirectory() as folder:
            generate(Path(folder), size, CLUSTERS, 1)
            pairs = [(measured("reference", Path(folder)), measured("check", Path(folder))) for _ in range(rounds)]
        theirs, ours = medians([pair[0] for pair in pairs]), medians([pair[1] for pair in pairs])
        wall = statistics.median(mine["wall"] / bare["wall"] for bare, mine in pairs)
        cpu = statistics.median(mine["cpu"] / bare["cpu"] for bare, mine in pairs)
        growth = exponent(ours["cpu"], before[1], size, before[0]) if before else math.nan
        print(f"  {size:9,}{theirs['wall']:15.2f}{ours['wall']:9.2f}{wall:14.2f}{cpu:13.2f}{ours['memory']:12.0f}{growth:10.2f}")
        before = (size, ours["cpu"])


def builds(sizes: list[int], rounds: int) -> None:
    """Print the passes of ``build``."""
    print(f"passes of build, {CLUSTERS} clusters, each policy on one of them; CPU seconds, medians of {rounds} rounds")
    print("  documents" + "".join(f"{name:>9}" for name in PHASES) + "      all  memory MiB  exponent")
    before: tuple[int, float] | None = None
    for size in sizes:
        with tempfile.TemporaryDirectory() as folder:
            generate(Path(folder), size, CLUSTERS, 1)
            found = medians([measured("phases", Path(folder)) for _ in range(rounds)])
        growth = exponent(found["cpu"], before[1], size, before[0]) if before else math.nan
        columns = "".join(f"{found[name]:9.2f}" for name in PHASES)
        print(f"  {size:9,}{columns}{found['cpu']:9.2f}{found['memory']:12.0f}{growth:10.2f}")
        before = (size, found["cpu"])


def spreads(rounds: int) -> None:
    """Print the passes of ``build`` for policies that are on several clusters each, and how they grow with the bindings."""
    print(f"passes of build, {POLICIES:,} policies on several of {CLUSTERS} clusters each; CPU seconds, medians of {rounds} rounds")
    print("   bindings" + "".join(f"{name:>9}" for name in PHASES) + "      all  memory MiB  exponent")
    before: tuple[int, float] | None = None
    for spread in SPREADS:
        with tempfile.TemporaryDirectory() as folder:
            generate(Path(folder), POLICIES * 8 // 5, CLUSTERS, spread)
            found = medians([measured("phases", Path(folder)) for _ in range(rounds)])
        size = POLICIES * spread
        growth = exponent(found["cpu"], before[1], size, before[0]) if before else math.nan
        columns = "".join(f"{found[name]:9.2f}" for name in PHASES)
        print(f"  {size:9,}{columns}{found['cpu']:9.2f}{found['memory']:12.0f}{growth:10.2f}")
        before = (size, found["cpu"])


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--sizes", type=int, nargs="+", default=[1_000, 3_000, 10_000, 50_000], metavar="DOCUMENTS")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--measure", nargs=2, metavar=("WHAT", "FOLDER"), help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.measure:
        what, folder = options.measure
        print(json.dumps(MEASURES[what](Path(folder))))
        return
    for package in ("compiler", "schemas", "webhook"):
        compileall.compile_dir(ROOT / package, quiet=1)
    checks(options.sizes, options.rounds)
    builds(options.sizes, options.rounds)
    spreads(options.rounds)


if __name__ == "__main__":
    main()
