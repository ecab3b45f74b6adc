"""All rules beside loading and validating the same files, and repositories that are made to be hard to analyse.

A policy is compared with others by what both require, so ordinary repositories take time in proportion to their documents. The hard
ones have thousands of policies on one cluster, all of which share pods with all others: they show that what is looked for is bounded.
Every measurement has a process of its own. Targets: the rules take at most twice as long as loading and validating, exponent near 1,
and no hard repository more than a few times an ordinary one. Printed, never asserted.
"""

import argparse
import gc
import json
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from random import Random
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))  # runs from a checkout that is not installed

from bench.check import exponent
from bench.repository import API, generate

CLUSTERS = 50
TIMEOUT = 600


def _policy(name: str, priority: int, pods: str, rest: str) -> str:
    match = f"{{clusters: {{all: true}}, namespaces: {{all: true}}, pods: {pods}}}"
    return f"{API}kind: BurstPolicy\nmetadata: {{name: {name}}}\nspec: {{match: {match}, priority: {priority}, {rest}}}\n"


def _expressions(*expressions: str) -> str:
    return f"{{matchExpressions: [{', '.join(expressions)}]}}"


def _exists(number: int, _: Random) -> str:
    return _expressions(f"{{key: k{number}, operator: Exists}}")


def _absent(number: int, _: Random) -> str:
    return _expressions(f"{{key: k{number}, operator: DoesNotExist}}")


def _not_in(number: int, _: Random) -> str:
    return _expressions(f"{{key: app, operator: NotIn, values: [v{number}, v{number + 1}]}}")


def _mixed(number: int, random: Random) -> str:
    key, other = random.sample(range(200), 2)
    return _expressions(f"{{key: k{key}, operator: Exists}}", f"{{key: k{other}, operator: NotIn, values: [v{number}]}}")


def _lists(_: int, random: Random) -> str:
    return _expressions(
        f"{{key: app, operator: In, values: [{', '.join(f'v{each}' for each in random.sample(range(2000), 100))}]}}"
    )


def _pairs(number: int, _: Random) -> str:
    return f"{{matchLabels: {{k{number % 100}: x, l{number // 100}: x}}}}"


def _owner(number: int, _: Random) -> str:
    return f"{{owners: [{{apiGroup: example.com, kind: Kind{number}}}]}}"


def _resources(number: int, random: Random) -> str:
    return f"{{requestsResource: [example.com/r{number}, example.com/r{random.randrange(2000)}]}}"


SHAPES: dict[str, Callable[[int, Random], str]] = {
    "Exists on a key each": _exists,
    "DoesNotExist on a key each": _absent,
    "NotIn on one key": _not_in,
    "Exists and NotIn mixed": _mixed,
    "lists of 100 values of one key": _lists,
    "two labels each": _pairs,
    "an owner each": _owner,
    "two resources each": _resources,
}

REST: dict[str, Callable[[int], tuple[int, str]]] = {
    "all priorities different, placing": lambda number: (number, "pools: [{name: prepaid}, {name: postpaid}]"),
    "one priority, a label each": lambda number: (0, f"inject: {{labels: {{l-{number}: x}}}}"),
    "one priority, one annotation": lambda _: (0, "inject: {annotations: {note: same}}"),
}


def hard(folder: Path, policies: int, shape: str, rest: str) -> None:
    """Write a repository of one cluster whose policies are hard to tell apart."""
    generate(folder, 4, 1, 1)
    random = Random(policies)
    texts = []
    for number in range(policies):
        priority, decides = REST[rest](number)
        texts.append(_policy(f"p{number}", priority, SHAPES[shape](number, random), decides))
    for start in range(0, policies, 100):
        (folder / f"p{start:06}.yaml").write_text("---\n".join(texts[start : start + 100]))


def measure(root: Path) -> dict[str, Any]:
    """Time loading, validating and the rules, the collector stopped as the command line has it."""
    from compiler import rules  # noqa: PLC0415 - the process that only prints does not need it
    from compiler.assemble import build_model  # noqa: PLC0415
    from compiler.load import MAX_BYTES, decode, load  # noqa: PLC0415
    from compiler.lower import lower  # noqa: PLC0415
    from compiler.parse import repository  # noqa: PLC0415
    from compiler.resolve import resolve  # noqa: PLC0415
    from compiler.sources.tree import Tree  # noqa: PLC0415
    from compiler.validate import is_ours, validate  # noqa: PLC0415

    gc.disable()
    start = time.process_time()
    tree = Tree(root)
    files = [load(file) for path in tree.paths() if (file := decode(path, tree.read(path, MAX_BYTES))[0])]
    ours = [document for documents, _ in files for document in documents if is_ours(document)]
    for document in ours:
        validate(document)
    loaded = time.process_time() - start
    settings = repository(next(document for document in ours if document.get("kind") == "Repository"))
    resolved, _ = resolve(build_model(ours, settings)[0])
    taken: dict[str, float] = {}
    found = []
    start = time.process_time()
    for rule in (*rules.POLICY_RULES, *rules.CLUSTER_RULES, *rules.FLEET_RULES):
        begun = time.process_time()
        found += list(rule(resolved))
        taken[rule.__module__.rpartition(".")[2]] = time.process_time() - begun
    for verdicts in rules.VERDICT_RULES:
        begun = time.process_time()
        for cluster in resolved.model.clusters:
            found += list(verdicts(resolved, cluster))
        taken[verdicts.__module__.rpartition(".")[2]] = time.process_time() - begun
    ruled = time.process_time() - start
    start = time.process_time()
    lower(resolved)
    slowest = max(taken, key=lambda name: taken[name])
    return {
        "load": loaded,
        "rules": ruled,
        "lower": time.process_time() - start,
        "found": len(found),
        "slowest": f"{slowest} {taken[slowest]:.2f}",
    }


def measured(root: Path) -> dict[str, Any]:
    """Measure in a process of its own."""
    command = [sys.executable, __file__, "--measure", str(root)]
    run = subprocess.run(command, check=True, capture_output=True, text=True, timeout=TIMEOUT)
    found: dict[str, Any] = json.loads(run.stdout)
    return found


def ordinary(sizes: list[int], spread: int, rounds: int) -> None:
    """Print the rules beside loading and validating, and how they grow."""
    print(f"rules, {CLUSTERS} clusters, each policy on {spread} of them; CPU seconds, medians of {rounds} rounds")
    print("  documents  load and validate    rules  ratio  exponent  slowest rule")
    before: tuple[int, float] | None = None
    for size in sizes:
        with tempfile.TemporaryDirectory() as folder:
            generate(Path(folder), size, CLUSTERS, spread)
            found = [measured(Path(folder)) for _ in range(rounds)]
        loaded, ruled = (statistics.median(each[name] for each in found) for name in ("load", "rules"))
        growth = f"{exponent(ruled, before[1], size, before[0]):10.2f}" if before else " " * 10
        print(f"  {size:9,}{loaded:19.2f}{ruled:9.2f}{ruled / loaded:7.2f}{growth}  {found[0]['slowest']}", flush=True)
        before = (size, ruled)


def hardest(sizes: list[int], shapes: list[str]) -> None:
    """Print repositories that are made to be hard."""
    print("rules on one cluster whose policies all share pods; CPU seconds")
    print(f"  {'policies':>8}  {'matches':32}{'decisions':36}{'load':>6}{'rules':>8}{'lower':>8}  {'findings':>8}  slowest rule")
    for size in sizes:
        for shape in shapes:
            for rest in REST:
                with tempfile.TemporaryDirectory() as folder:
                    hard(Path(folder), size, shape, rest)
                    try:
                        found = measured(Path(folder))
                    except subprocess.TimeoutExpired:
                        print(f"  {size:8,}  {shape:32}{rest:36}  more than {TIMEOUT} seconds", flush=True)
                        continue
                print(
                    f"  {size:8,}  {shape:32}{rest:36}{found['load']:6.2f}{found['rules']:8.2f}{found['lower']:8.2f}  {found['found']:8,}"
                    f"  {found['slowest']}",
                    flush=True,
                )


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--sizes", type=int, nargs="*", default=[1_000, 3_000, 10_000, 20_000], metavar="DOCUMENTS")
    parser.add_argument("--spread", type=int, default=1, metavar="CLUSTERS", help="how many of the clusters each policy is for")
    parser.add_argument("--hard", type=int, nargs="*", default=[1_000, 3_000, 10_000], metavar="POLICIES")
    parser.add_argument("--shapes", nargs="*", default=list(SHAPES), choices=list(SHAPES), metavar="SHAPE")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--measure", type=Path, metavar="FOLDER", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.measure:
        print(json.dumps(measure(options.measure)))
        return
    ordinary(options.sizes, options.spread, options.rounds)
    hardest(options.hard, options.shapes)


if __name__ == "__main__":
    main()
