"""The engine alone: from the bytes of an AdmissionReview to the bytes of its answer, against ``json.loads`` of the same body.

The pod is the realistic one of about 10 KB that ``bench/workload.py`` makes; the patch has eight operations. The same pod is decided
with 10 and with 10,000 policies loaded: the index should make that the same. Targets: ratio at most 0.30, flat within 10 %. Two
more cases have policies with further features (``Workload`` says which), and no targets. Rounds alternate, so that the machine's
noise hits all alike, and the ratio within a round is the figure to trust. Printed, never asserted.
"""

import argparse
import gc
import json
import statistics
import sys
import time
from collections.abc import Callable
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))  # runs from a checkout that is not installed

from bench.workload import NAMESPACE, Workload, bundle, review
from webhook import review as envelope
from webhook.engine import patch
from webhook.engine.bundle import decode
from webhook.engine.mutate import Engine


def answering(policies: int, workload: Workload = Workload.BASIC) -> Callable[[bytes], bytes]:
    """Return what a webhook does with a body, without its server."""
    content = decode(bundle(policies, workload))
    engine, namespaces = Engine(content), content.namespaces

    def answer(body: bytes) -> bytes:
        request = envelope.decode(body)
        pod = request.created_pod
        if pod is None:
            raise TypeError("the workload is the creation of a pod")
        decision = engine.admit(pod, request.namespace, namespaces.get(request.namespace))
        return envelope.encode(
            envelope.patched(request.uid, decision.operations, warnings=decision.warnings, audit={"applied": decision.applied})
        )

    return answer


def microseconds(call: Callable[[bytes], object], body: bytes, repeat: int) -> float:
    """Return the mean time of one call over ``repeat`` of them."""
    start = time.perf_counter()
    for _ in range(repeat):
        call(body)
    return (time.perf_counter() - start) / repeat * 1e6


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=25)
    parser.add_argument("--repeat", type=int, default=400, help="calls in a round")
    options = parser.parse_args()
    body = review()
    few, many = answering(10), answering(10_000)
    print(f"body {len(body):,} bytes")
    for workload in Workload:
        engine = Engine(decode(bundle(10, workload)))
        pod = envelope.decode(body).created_pod
        operations = engine.admit(pod, NAMESPACE, engine.bundle.namespaces[NAMESPACE]).operations if pod else []
        print(f"  {workload}: patch of {len(operations)} operations and {len(patch.encode(operations)):,} bytes")
    calls: dict[str, Callable[[bytes], object]] = {"json.loads": json.loads, "10 policies": few, "10,000 policies": many}
    calls |= {f"{workload}, 10": answering(10, workload) for workload in (Workload.CHECKED, Workload.PERSONAL)}
    times: dict[str, list[float]] = {name: [] for name in calls}
    gc.collect()
    gc.freeze()  # as the server does
    for round_number in range(options.rounds + 1):
        for name, call in calls.items():
            taken = microseconds(call, body, options.repeat)
            if round_number:
                times[name].append(taken)
    print(
        f"{options.rounds} rounds of {options.repeat} calls: median us (min-max), ratio to json.loads (median of rounds, min-max)"
    )
    for name, taken in times.items():
        ratios = [mine / loads for mine, loads in zip(taken, times["json.loads"], strict=True)]
        print(
            f"  {name:<16}{statistics.median(taken):8.1f} ({min(taken):.1f}-{max(taken):.1f})"
            f"   {statistics.median(ratios):.3f} ({min(ratios):.3f}-{max(ratios):.3f})"
        )
    flat = [late / early for late, early in zip(times["10,000 policies"], times["10 policies"], strict=True)]
    print(f"  10,000 to 10 policies: {statistics.median(flat):.3f} ({min(flat):.3f}-{max(flat):.3f})")


if __name__ == "__main__":
    main()
