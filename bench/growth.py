"""How the time of a check grows with whatever a stranger can make large: exponents from a size to eight times of it.

1 is in proportion, 2 is with the square, which is a way to stop a CI job. Errors and their reports are part of it. CPU time, the best of
``--rounds``; printed, never asserted.
"""

import argparse
import math
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))  # runs from a checkout that is not installed

from compiler.codes import names
from compiler.diagnostics import Diagnostic, diagnose
from compiler.pipeline import compile_repository
from compiler.report import json_v1, text
from compiler.source import Location, SourceFile, Span
from compiler.sources.tree import Tree
from compiler.spelling import did_you_mean

API = "overbank.dev/v1alpha1"
STEP = 8

Files = dict[str, str]


def document(kind: str, name: str, spec: str) -> str:
    """Write a document."""
    return f"apiVersion: {API}\nkind: {kind}\nmetadata: {{name: {name}}}\nspec: {spec}\n"


def cluster(name: str, pools: str = "{name: idc, type: idc}") -> str:
    """Write a cluster."""
    return document("Cluster", name, f'{{platform: ack-registered, kubernetesVersion: "1.30", pools: [{pools}]}}')


def policy(name: str, app: str, pools: str = "{name: idc}", more: str = "", clusters: str = "idc") -> str:
    """Write a policy."""
    match = f"{{clusters: {{names: [{clusters}]}}, namespaces: {{names: [shop]}}, pods: {{matchLabels: {{app: {app}}}}}}}"
    return document("BurstPolicy", name, f"{{match: {match}, pools: [{pools}]{more}}}")


def numbered(pattern: str, number: int) -> str:
    """Write a pattern so many times, with a number in the place of ``#``."""
    return ", ".join(pattern.replace("#", str(each)) for each in range(number))


REPOSITORIES: dict[str, tuple[Callable[[int], Files], int]] = {
    "pools of a cluster": (lambda n: {"a.yaml": cluster("a", numbered("{name: p#, type: ecs, nodeSelector: {a: x#}}", n))}, 100),
    "pools of the same name": (lambda n: {"a.yaml": cluster("a", numbered("{name: p, type: ecs, nodeSelector: {a: x}}", n))}, 100),
    "pools that do not exist": (lambda n: {"a.yaml": policy("a", "a", pools=numbered("{name: p#}", n))}, 100),
    "labels": (lambda n: {"a.yaml": policy("a", "a", more=f", inject: {{labels: {{{numbered('a#: x', n)}}}}}")}, 200),
    "clusters": (lambda n: {f"{each}.yaml": cluster(f"c{each}") for each in range(n)}, 40),
    "clusters of one name": (lambda n: {f"{each}.yaml": cluster("c") for each in range(n)}, 40),
    "clusters that do not exist": (lambda n: {"a.yaml": policy("a", "a", clusters=numbered("idd#", n))}, 100),
    "policies of other pods": (lambda n: {f"{each}.yaml": policy(f"p{each}", f"a{each}") for each in range(n)}, 40),
    "policies of one pod": (lambda n: {f"{each}.yaml": policy(f"p{each}", "a") for each in range(n)}, 20),
    "unknown fields": (lambda n: {"a.yaml": document("Cluster", "a", f"{{{numbered('a#: x', n)}}}")}, 100),
    "documents of other tools": (lambda n: {"a.yaml": "a: 1\n---\n" * n}, 1000),
    "files": (lambda n: {f"{each}.yaml": "a: 1\n" for each in range(n)}, 200),
}  # fmt: skip


def findings(number: int) -> list[Diagnostic]:
    """Return findings on as many lines of one file."""
    file = SourceFile("a.yaml", "key: value\n" * number)
    return [diagnose(names.DANGLING, Location("a.yaml", Span(line, 6, line, 11), file), "message") for line in range(1, number + 1)]


def suggestions(number: int) -> None:
    """Look for what was meant among many names."""
    known = [f"cluster-{each:06}" for each in range(number)]
    for each in range(20):
        did_you_mean(f"clusted-{each}", known)


def check(folder: Path) -> None:
    """Check a repository, and write its report in each shape."""
    found = compile_repository(Tree(folder), files=False).diagnostics
    for render in (text.render, text.concise, json_v1.render):
        render(found)


def measured(rounds: int) -> Iterator[tuple[str, int, float, float]]:
    """Yield what grows, its smaller size, the seconds at the larger one, and the exponent."""

    def best(run: Callable[[], object]) -> float:
        times = []
        for _ in range(rounds):
            start = time.process_time()
            run()
            times.append(time.process_time() - start)
        return max(min(times), 1e-6)

    for name, (make, size) in REPOSITORIES.items():
        seconds = []
        for number in (size, size * STEP):
            with tempfile.TemporaryDirectory() as folder:
                root = Path(folder)
                files = {
                    "overbank.yaml": f"apiVersion: {API}\nkind: Repository\nspec: {{}}\n",
                    "idc.yaml": cluster("idc"),
                    **make(number),
                }
                for path, content in files.items():
                    (root / path).write_text(content)
                seconds.append(best(lambda root=root: check(root)))
        yield name, size, seconds[1], math.log(seconds[1] / seconds[0]) / math.log(STEP)
    others: dict[str, Callable[[int], object]] = {
        "findings as text": lambda n: text.render(findings(n)),
        "findings as json-v1": lambda n: json_v1.render(findings(n)),
        "suggestions": suggestions,
    }
    for name, run in others.items():
        small, large = (best(lambda number=number, run=run: run(number)) for number in (1000, 1000 * STEP))
        yield name, 1000, large, math.log(large / small) / math.log(STEP)


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=3)
    rounds = parser.parse_args().rounds
    print(f"{'':<28}{'from':>6}{'to':>7}{'seconds':>10}{'exponent':>10}")
    for name, size, seconds, exponent in measured(rounds):
        print(f"{name:<28}{size:>6,}{size * STEP:>7,}{seconds:>10.3f}{exponent:>10.2f}")


if __name__ == "__main__":
    main()
