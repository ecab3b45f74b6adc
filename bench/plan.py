"""Plans: compile and play repositories of 1,000 clusters with five pools each, and 1,000 to 10,000 workloads with 20 events each.

Every workload is placed on four of the clusters, by weight or by priority, with automatic migration. The reference is PyYAML's
CSafeLoader on the files of scenarios, in the same process. Targets: playing 10,000 workloads takes less than 60 s on one core, and time
and memory grow in proportion (exponent 1); one workload on three clusters takes less than 5 ms. Printed, never asserted.
"""

import argparse
import json
import math
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from random import Random

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))  # runs from a checkout that is not installed

import yaml

from compiler.pipeline import compile_repository
from compiler.plan.judge import judge
from compiler.plan.simulate import play
from compiler.sources.tree import Tree

API = "overbank.dev/v1alpha1"
CLUSTERS, PLACED, EVENTS = 1_000, 4, 20
SAMPLE = Path(__file__).resolve().parent.parent / "policies"


def document(kind: str, name: str, spec: object) -> str:
    """Write a document."""
    return json.dumps({"apiVersion": API, "kind": kind, "metadata": {"name": name}, "spec": spec})


def cluster(random: Random, name: str) -> str:
    """Draw a cluster: nodes that are there, serverless containers, nodes that are added."""
    pools = [
        {"name": "paid", "nodes": {"max": random.randint(1, 6)}, "podsPerNode": random.choice([1, 2, 8])},
        {"name": "reserve", "nodes": {"max": random.randint(0, 3)}, "podsPerNode": 1},
        {"name": "eci", "type": "eci"},
        {"name": "spot", "nodes": {"min": 0, "max": random.randint(1, 4)}, "podsPerNode": 2, "autoscaling": True},
        {"name": "hourly", "nodes": {"min": 0, "max": random.randint(1, 10)}, "podsPerNode": 1, "autoscaling": True},
    ]
    for pool in pools:
        if pool.setdefault("type", "ecs") == "ecs":
            pool["nodeSelector"] = {"np": pool["name"]}
    spec = {"platform": "ack-pro", "kubernetesVersion": "1.30", "scheduler": {"version": "6.4"}, "federation": {"host": "fed"}}
    return document("Cluster", name, {**spec, "pools": pools})


def events(random: Random) -> list[dict[str, object]]:
    """Draw what happens to a workload."""
    drawn: list[dict[str, object]] = [{"create": random.randint(1, 20)}]
    while len(drawn) < EVENTS:
        pool = {"pool": "eci"}
        drawn.append(
            random.choice(
                [
                    {"scale": random.randint(0, 60)},
                    {"scale": random.randint(0, 60)},
                    {"wait": random.choice(["1m", "2m", "10m"])},
                    {"setMax": {**pool, "max": random.randint(0, 8)}},
                    {"outOfStock": pool},
                    {"inStock": pool},
                ]
            )
        )
    return drawn


def generate(folder: Path, workloads: int) -> None:
    """Write a repository, always the same for a number of workloads."""
    random = Random(workloads)
    names = [f"c{number:04}" for number in range(CLUSTERS)]
    match = {"clusters": {"all": True}, "namespaces": {"names": ["shop"]}, "pods": {"matchLabels": {"app": "web"}}}
    pools = [{"name": "paid"}, {"name": "reserve"}, {"name": "eci", "max": 4}, {"name": "spot"}, {"name": "hourly"}]
    placements, scenarios = [], []
    for number in range(workloads):
        name, key = f"w{number:05}", random.choice(["weight", "priority"])
        where = [{"name": each, key: random.randint(1, 9)} for each in random.sample(names, PLACED)]
        placement = {
            "host": "fed",
            "namespace": "shop",
            "workloads": [{"apiVersion": "apps/v1", "kind": "Deployment", "name": name}],
            "mode": "weighted" if key == "weight" else "priority",
            "clusters": where,
            "autoMigration": {"after": "2m", "keepUnschedulable": True},
            "rescheduling": {"avoidDisruption": False},
        }
        placements.append(document("PlacementPolicy", name, placement))
        scenarios.append(document("PlanScenario", name, {"placement": name, "events": events(random)}))
    files = {
        "overbank.yaml": f"apiVersion: {API}\nkind: Repository\nspec: {{}}\n",
        "host.yaml": document("FederationHost", "fed", {"engine": "kubeadmiral", "kubernetesVersion": "1.28"}),
        "burst.yaml": document("BurstPolicy", "elastic", {"match": match, "pools": pools}),
        **{f"clusters/{name}.yaml": cluster(random, name) for name in names},
        **{f"placement/{index:03}.yaml": "\n---\n".join(placements[index::100]) for index in range(100)},
        **{f"plans/{index:03}.yaml": "\n---\n".join(scenarios[index::100]) for index in range(100)},
    }
    for path, text in files.items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_text(text)


def measure(folder: str) -> None:
    """Compile and play one repository in a process of its own, and print the figures as JSON."""
    root = Path(folder)
    start = time.perf_counter()
    for path in sorted((root / "plans").glob("*.yaml")):
        list(yaml.load_all(path.read_bytes(), Loader=yaml.CSafeLoader))
    loaded = time.perf_counter()
    result = compile_repository(Tree(root))
    compiled = time.perf_counter()
    steps = 0
    for stage in result.stages:
        plan, found = play(stage)
        steps += len(plan.steps)
        assert not found
        assert not judge(plan)
    played = time.perf_counter()
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
    figures = {
        "reference": loaded - start,
        "compile": compiled - loaded,
        "play": played - compiled,
        "steps": steps,
        "memory": memory,
    }
    print(json.dumps(figures))


def one_workload(rounds: int) -> None:
    """Print how long the sample's first scenario over three clusters takes, once everything is loaded."""
    stage = next(each for each in compile_repository(Tree(SAMPLE)).stages if len(each.clusters) == 3)
    taken = []
    for _ in range(rounds):
        start = time.perf_counter()
        judge(play(stage)[0])
        taken.append((time.perf_counter() - start) * 1e3)
    low, middle, high = min(taken), statistics.median(taken), max(taken)
    print(f"one workload, three clusters, {len(stage.scenario.events)} events: {middle:.2f} ms ({low:.2f}-{high:.2f})")


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--sizes", type=int, nargs="+", default=[1_000, 3_000, 10_000], metavar="WORKLOADS")
    parser.add_argument("--rounds", type=int, default=101, help="of the single workload")
    parser.add_argument("--measure", metavar="FOLDER", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.measure:
        measure(options.measure)
        return
    one_workload(options.rounds)
    print(f"{CLUSTERS:,} clusters, five pools each; each workload on {PLACED} of them, {EVENTS} events")
    print("  workloads  compile s  play s  us an event  play / CSafeLoader  memory MiB  exponent")
    before = None
    for size in options.sizes:
        with tempfile.TemporaryDirectory() as folder:
            generate(Path(folder), size)
            command = [sys.executable, __file__, "--measure", folder]
            run = subprocess.run(command, check=True, capture_output=True, text=True)
        found = json.loads(run.stdout)
        growth = math.log(found["play"] / before[1]) / math.log(size / before[0]) if before else math.nan
        print(
            f"  {size:9,}{found['compile']:11.2f}{found['play']:8.2f}{found['play'] / found['steps'] * 1e6:13.1f}"
            f"{found['play'] / found['reference']:20.2f}{found['memory']:12}{growth:10.2f}"
        )
        before = (size, found["play"])


if __name__ == "__main__":
    main()
