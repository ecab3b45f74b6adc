"""Connections that create pods, and what one round of them measures."""

import asyncio
import json
import os
import statistics
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import cast

from bench.apiserver.contenders import MARK, pod

TICKS = os.sysconf("SC_CLK_TCK")


class Creator(asyncio.Protocol):
    """One kept-alive connection to the API server that creates the next pod as soon as the last one is answered."""

    def __init__(self) -> None:
        self._transport: asyncio.Transport | None = None
        self._received = bytearray()
        self._request = b""
        self._until = self._sent_at = 0.0
        self._mark = MARK
        self._idle: asyncio.Future[None] | None = None
        self.latencies: list[float] = []
        self.failed = self.lost = 0

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Remember the transport."""
        self._transport = cast("asyncio.Transport", transport)

    def connection_lost(self, exc: Exception | None) -> None:
        """End the round with an error."""
        if self._idle and not self._idle.done():
            self._idle.set_exception(exc or ConnectionError("the API server closed a connection"))

    def run(self, request: bytes, mark: bytes, until_: float) -> asyncio.Future[None]:
        """Create until that time (``perf_counter``)."""
        self._request, self._mark, self._until = request, mark, until_
        self._idle = asyncio.get_running_loop().create_future()
        self.latencies, self.failed, self.lost = [], 0, 0
        self._send()
        return self._idle

    def _send(self) -> None:
        assert self._transport
        self._sent_at = time.perf_counter()
        self._transport.write(self._request)

    def data_received(self, data: bytes) -> None:
        """Take in a part of an answer."""
        received = self._received
        received += data
        head, separator, body = bytes(received).partition(b"\r\n\r\n")
        if not separator:
            return
        lower = head.lower()
        if b"content-length: " in lower:
            if len(body) < int(lower.partition(b"content-length: ")[2].partition(b"\r\n")[0]):
                return
        elif not body.endswith(b"0\r\n\r\n"):
            return
        now = time.perf_counter()
        self.latencies.append(now - self._sent_at)
        self.failed += not head.startswith(b"HTTP/1.1 201")
        self.lost += head.startswith(b"HTTP/1.1 201") and self._mark not in body
        received.clear()
        if now < self._until:
            self._send()
        elif self._idle and not self._idle.done():
            self._idle.set_result(None)


@dataclass
class Measured:
    """What was measured of one variant with one number of clients, over all rounds; medians and rates have one entry per round."""

    latencies: list[float] = field(default_factory=list)
    medians: list[float] = field(default_factory=list)
    rates: list[float] = field(default_factory=list)
    cpu: float = 0.0
    server_cpu: float = 0.0
    sent: int = 0
    failed: int = 0
    lost: int = 0

    def cut(self, percent: int) -> float:
        """Return a percentile of all requests, in milliseconds."""
        return statistics.quantiles(self.latencies, n=100)[percent - 1] * 1e3


def seconds_of(pids: list[int]) -> float:
    """Return the CPU time that processes have used."""
    total = 0.0
    for pid in pids:
        values = Path(f"/proc/{pid}/stat").read_text(encoding="ascii").rpartition(")")[2].split()
        total += (int(values[11]) + int(values[12])) / TICKS
    return total


async def one_round(
    found: Measured, creators: list[Creator], request: bytes, *, mark: bytes, seconds: float, pids: tuple[list[int], list[int]]
) -> None:
    """Measure one variant once."""
    before = [seconds_of(each) for each in pids]
    begun = time.perf_counter()
    await asyncio.gather(*(each.run(request, mark, begun + seconds) for each in creators))
    took = time.perf_counter() - begun
    after = [seconds_of(each) for each in pids]
    latencies = [value for each in creators for value in each.latencies]
    found.latencies += latencies
    found.medians.append(statistics.median(latencies) * 1e3)
    found.rates.append(len(latencies) / took)
    found.cpu += after[0] - before[0]
    found.server_cpu += after[1] - before[1]
    found.sent += len(latencies)
    found.failed += sum(each.failed for each in creators)
    found.lost += sum(each.lost for each in creators)


def http_request(address: str, namespace: str, *, dry_run: bool) -> bytes:
    """Return the bytes of a creation."""
    body = json.dumps(pod(namespace), separators=(",", ":")).encode()
    query = "?dryRun=All" if dry_run else ""
    head = f"POST /api/v1/namespaces/{namespace}/pods{query} HTTP/1.1\r\nHost: {address.removeprefix('https://')}\r\nAccept: application/json\r\n"
    head += f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
    return head.encode() + body
