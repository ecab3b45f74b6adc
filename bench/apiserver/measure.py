"""The measurements, and how they are printed."""

import argparse
import asyncio
import ssl
import statistics
from pathlib import Path

from bench.apiserver.contenders import MARK
from bench.apiserver.creator import Creator, Measured, http_request, one_round
from bench.apiserver.standing import SUSTAINED, VARIANTS
from bench.workload import bundle as many_policies
from bench.workload import review
from tests.e2e.controlplane.front import webhook
from tests.e2e.controlplane.plane import Plane
from tests.faults.load import Caller


def spread(values: list[float], form: str = ".2f") -> str:
    """Write the median and the range."""
    return f"{statistics.median(values):{form}} ({min(values):{form}} to {max(values):{form}})"


async def measure(plane: Plane, pids: dict[str, list[int]], options: argparse.Namespace) -> None:
    """Measure everything and print it."""
    host, port = plane.address.removeprefix("https://").split(":")
    context = ssl.create_default_context(cafile=str(plane.authority.certificate))
    pair = plane.authority.client("bench", ["system:masters"])
    context.load_cert_chain(pair.certificate, pair.key)
    loop = asyncio.get_running_loop()
    creators = [(await loop.create_connection(Creator, host, int(port), ssl=context))[1] for _ in range(8)]
    servers = [plane.api_server.pid or 0]
    total = Measured()
    for clients in (1, 8):
        found = {name: Measured() for name in VARIANTS}
        for number in range(options.rounds + 1):
            for name in VARIANTS:
                request = http_request(plane.address, f"bench-{name}", dry_run=True)
                mark = b"" if name == "none" else MARK
                target = Measured() if number == 0 else found[name]  # the first round warms up
                await one_round(target, creators[:clients], request, mark=mark, seconds=options.seconds, pids=(pids[name], servers))
        print(
            f"\n{clients} client{'s' if clients > 1 else ''}, {options.rounds} rounds: milliseconds over all rounds (range of the rounds)"
        )
        for name in VARIANTS:
            each = found[name]
            added = [a - b for a, b in zip(each.medians, found["none"].medians, strict=True)]
            print(
                f"{name:9} p50 {each.cut(50):.2f} ({min(each.medians):.2f} to {max(each.medians):.2f}), "
                f"added {each.cut(50) - found['none'].cut(50):+.2f}, in half of the rounds {_middle(added)}; "
                f"p99 {each.cut(99):.2f}, added {each.cut(99) - found['none'].cut(99):+.2f}; "
                f"CPU us/request: webhook {each.cpu / each.sent * 1e6:.0f}, API server {each.server_cpu / each.sent * 1e6:.0f}; "
                f"sent {each.sent:,}, failed {each.failed}, lost {each.lost}"
            )
            total.lost += each.lost
        native_added = [a - b for a, b in zip(found["native"].medians, found["none"].medians, strict=True)]
        for name in ("webhook", "constant"):
            added = [a - b for a, b in zip(found[name].medians, found["none"].medians, strict=True)]
            pooled = (found[name].cut(50) - found["none"].cut(50)) / (found["native"].cut(50) - found["none"].cut(50))
            rounds = statistics.median(added) / statistics.median(native_added)
            print(f"added by {name} / added by native: {pooled:.2f} of all requests, {rounds:.2f} of the medians of rounds")
    found = {name: Measured() for name in SUSTAINED}
    for number in range(options.rounds // 4 + 1):
        for name in SUSTAINED:
            request = http_request(plane.address, f"bench-{name}", dry_run=False)
            target = Measured() if number == 0 else found[name]
            await one_round(
                target,
                creators,
                request,
                mark=b"" if name == "none" else MARK,
                seconds=options.seconds * 4,
                pids=(pids[name], servers),
            )
    print("\nsustained creations, 8 clients")
    for name in SUSTAINED:
        each = found[name]
        print(f"{name:9} {spread(each.rates, '.0f')}/s  sent {each.sent:,} failed {each.failed} lost {each.lost}")
        total.lost += each.lost
    print(f"lost mutations: {total.lost}")


def _middle(values: list[float]) -> str:
    cuts = statistics.quantiles(values, n=4)
    return f"{cuts[0]:+.2f} to {cuts[2]:+.2f}"


def memory(folder: Path) -> None:
    """Print the memory of a webhook with 10,000 policies, after requests."""
    (folder / "many.json").write_bytes(many_policies(10_000))
    front = webhook(folder / "many.json", folder / "many")
    front.process.start()
    try:
        caller = Caller(front.port, front.authority)
        for _ in range(2000):
            assert caller.call(review())[0] == 200
        caller.close()
        lines = Path(f"/proc/{front.process.pid}/status").read_text(encoding="ascii").splitlines()
        values = {line.split(":")[0]: int(line.split()[1]) / 1024 for line in lines if line.startswith(("VmRSS", "VmHWM"))}
        print(f"\n10,000 policies: {values['VmRSS']:.0f} MB resident, {values['VmHWM']:.0f} MB at most")
    finally:
        front.process.stop()
