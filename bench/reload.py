"""What requests feel while a bundle is replaced: how long the event loop is kept from its work, and what many replacements cost in memory.

A server's loop decides about the realistic pod of ``bench/workload.py`` again and again, pausing 1 ms between two, while a bundle of
10,000 policies is read, checked, prepared and swapped beside it. Shown are the time of a replacement, how late the loop was at worst, and how
late for all but one of a hundred decisions; then the same without replacements, which is the machine's own noise. Printed, never asserted.
"""

import argparse
import asyncio
import gc
import logging
import statistics
import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))  # runs from a checkout that is not installed

import msgspec
import uvloop

from bench.workload import bundle, review
from webhook import review as envelope
from webhook.bundles.content import Content, mark_of
from webhook.bundles.gauges import Gauges
from webhook.bundles.keeper import Keeper
from webhook.bundles.store import Store
from webhook.bundles.switch import NOTHING, parse
from webhook.bundles.trust import Trust
from webhook.engine.bundle import decode, encode
from webhook.readiness import Readiness
from webhook.telemetry.metrics import Metrics

TICK = 0.001


def contents(policies: int) -> list[Content]:
    """Return two bundles that differ."""
    first = decode(bundle(policies))
    found = []
    for platform in (first.cluster.platform, "kubernetes"):
        raw = encode(msgspec.structs.replace(first, cluster=msgspec.structs.replace(first.cluster, platform=platform)))
        found.append(Content(place="bench", raw=raw, signature=None, mark=mark_of(raw)))
    return found


def resident() -> float:
    """Return the memory of this process in MiB."""
    pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1])
    return pages * 4096 / 1024**2


async def deciding(keeper: Keeper, late: list[float]) -> None:
    """Decide for ever; note by how much every pause was too long."""
    body = review()
    while True:
        due = time.perf_counter() + TICK
        await asyncio.sleep(TICK)
        late.append(time.perf_counter() - due)
        snapshot = keeper.store.current
        request = envelope.decode(body)
        if snapshot and request.created_pod:
            snapshot.engine.admit(request.created_pod, request.namespace, snapshot.namespaces.get(request.namespace))


def shown(late: list[float]) -> str:
    """Return the worst delays."""
    ordered = sorted(late)
    return f"late by {1e3 * ordered[-1]:5.1f} ms at worst, p99 {1e3 * ordered[int(len(ordered) * 0.99)]:5.2f} ms, of {len(ordered)}"


async def measure(policies: int, times: int) -> None:
    """Measure and print."""
    readiness, metrics = Readiness(), Metrics()
    keeper = Keeper(store=Store(readiness), trust=Trust(), readiness=readiness, metrics=metrics, gauges=Gauges(metrics.registry))
    found = contents(policies)
    print(f"{policies} policies, {len(found[0].raw) / 1024**2:.1f} MiB as JSON")
    gc.collect()
    before = resident()
    keeper.load(found[1])
    gc.collect()
    gc.freeze()
    print(f"memory: {before:.0f} MiB before the first bundle, {resident():.0f} MiB with it")
    late: list[float] = []
    task = asyncio.create_task(deciding(keeper, late))
    took = []
    for number in range(times):
        started = time.perf_counter()
        await keeper.offer(found[number % 2])
        took.append(time.perf_counter() - started)
    print(f"replaced   {1e3 * statistics.median(took):6.0f} ms each; {shown(late)}")
    print(f"memory after {times} replacements: {resident():.0f} MiB")
    late.clear()
    took.clear()
    for number in range(times):
        started = time.perf_counter()
        await keeper.throw(parse("policy-00001") if number % 2 == 0 else NOTHING, "bench")
        took.append(time.perf_counter() - started)
    print(f"switched   {1e3 * statistics.median(took):6.0f} ms each; {shown(late)}")
    late.clear()
    await asyncio.sleep(2)
    print(f"left alone                 {shown(late)}")
    late.clear()
    gc.collect()
    await asyncio.sleep(0.01)
    print(f"one whole collection       {shown(late)}")
    task.cancel()


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--policies", type=int, default=10_000)
    parser.add_argument("--times", type=int, default=20)
    options = parser.parse_args()
    logging.disable()
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(measure(options.policies, options.times))


if __name__ == "__main__":
    main()
