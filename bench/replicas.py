"""The two planners alone: one call for 10 to 10,000 clusters, against ``sorted`` of the clusters' names by a key, the same run.

All clusters run something, every third has a capacity that is known, half have a maximum; what is wanted is a fifth more than what
runs. With and without avoiding disruption. Target: at most 20 ms for 1,000 clusters. The exponent says how the time grows from each
size to the next: 1 is in proportion, 2 is with the square. Rounds alternate, so that the machine's noise hits all alike. Printed,
never asserted.
"""

import argparse
import math
import statistics
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from random import Random

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))  # runs from a checkout that is not installed

from compiler.plan.replicas import Preference, binpack, spread

SIZES = (10, 100, 1_000, 10_000)


@dataclass(frozen=True, slots=True, kw_only=True)
class Federation:
    """So many clusters, always the same for a size."""

    order: list[str]
    preferences: dict[str, Preference]
    current: dict[str, int]
    capacity: dict[str, int]
    scheduled: dict[str, int]
    replicas: int

    @classmethod
    def of(cls, clusters: int) -> "Federation":
        """Draw one."""
        random = Random(clusters)
        order = [f"region-{number % 7}-cluster-{number:05}" for number in range(clusters)]
        current = {cluster: random.randint(1, 20) for cluster in order}
        capacity = {cluster: random.randint(0, current[cluster]) for cluster in order[::3]}
        return cls(
            order=order,
            preferences={
                cluster: Preference(min=random.randint(0, 3), max=random.choice([None, 25]), weight=random.randint(0, 100))
                for cluster in order
            },
            current=current,
            capacity=capacity,
            scheduled=current | capacity,
            replicas=sum(current.values()) * 6 // 5,
        )

    def calls(self) -> dict[str, Callable[[], object]]:
        """Return what is measured; the reference is the first."""

        def spreading(*, avoid: bool) -> Callable[[], object]:
            return lambda: spread(
                self.preferences,
                self.replicas,
                key="inference/resnet",
                current=self.current,
                estimated_capacity=self.capacity,
                avoid_disruption=avoid,
            )

        def packing(*, avoid: bool) -> Callable[[], object]:
            return lambda: binpack(
                self.order,
                self.preferences,
                self.replicas,
                current=self.current,
                estimated_capacity=self.capacity,
                scheduled=self.scheduled,
                avoid_disruption=avoid,
            )

        return {
            "sorted": lambda: sorted(self.order, key=lambda cluster: (self.preferences[cluster].weight, cluster)),
            "spread": spreading(avoid=False),
            "spread, undisturbed": spreading(avoid=True),
            "binpack": packing(avoid=False),
            "binpack, undisturbed": packing(avoid=True),
        }


def milliseconds(call: Callable[[], object], repeat: int) -> float:
    """Return the mean time of one call over ``repeat`` of them."""
    start = time.perf_counter()
    for _ in range(repeat):
        call()
    return (time.perf_counter() - start) / repeat * 1e3


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=15)
    rounds = parser.parse_args().rounds
    calls = {(name, size): call for size in SIZES for name, call in Federation.of(size).calls().items()}
    times: dict[tuple[str, int], list[float]] = {which: [] for which in calls}
    for round_number in range(rounds + 1):
        for (name, size), call in calls.items():
            taken = milliseconds(call, max(1, 1_000 // size))
            if round_number:
                times[name, size].append(taken)
    print(f"{rounds} rounds: median ms of a call (min-max), ratio to sorted (median of rounds), exponent from the size before")
    before: dict[str, float] = {}
    for (name, size), taken in times.items():
        middle = statistics.median(taken)
        ratio = statistics.median(mine / bare for mine, bare in zip(taken, times["sorted", size], strict=True))
        growth = f"{math.log10(middle / before[name]):7.2f}" if name in before else ""
        before[name] = middle
        print(f"  {name:<22}{size:>6,}{middle:10.3f} ({min(taken):.3f}-{max(taken):.3f}){ratio:8.1f}{growth}")


if __name__ == "__main__":
    main()
