"""How much of the HTTPS floor is left to the webhook: ``python bench/https.py``.

Two servers answer the same AdmissionReview (about 10 KB) over TLS: the real one (``python -m webhook.server serve``, ten policies,
eight operations) and the floor, a bare ASGI application that reads the body and answers with the very bytes that the real one
would. Both run under the server's own uvicorn configuration, certificate code and event loop, so the difference is what the
webhook itself does.

The load is a closed loop on kept-alive connections from this process, in short alternating rounds: the machine's noise hits both
servers alike, so of all the figures the ratio within a pair of rounds is the one to trust. With two or more CPUs the servers
share one and the load generator has another. Nothing is asserted; figures are printed.
"""

import argparse
import asyncio
import base64
import gc
import io
import json
import os
import ssl
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any, cast
from urllib.parse import urlsplit

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))  # runs from a checkout that is not installed

from bench.workload import OPERATIONS, bundle, review
from webhook.certificates.context import server_context
from webhook.certificates.issuing import self_signed
from webhook.serving import Loop, Server, admission_config, listen

if TYPE_CHECKING:
    from collections.abc import Iterator

HERE = Path(__file__).resolve()
ROOT = HERE.parent.parent
POLICIES = 10


def http_request(body: bytes) -> bytes:
    """Return the bytes of a call, with the headers that the API server's client sends."""
    head = (
        "POST /mutate?timeout=2s HTTP/1.1\r\nHost: overbank-webhook.overbank-system.svc:443\r\n"
        "User-Agent: kube-apiserver-admission\r\n"
        f"Content-Length: {len(body)}\r\nAccept: application/json, */*\r\nContent-Type: application/json\r\nAccept-Encoding: gzip\r\n\r\n"
    )
    return head.encode() + body


class Connection(asyncio.Protocol):
    """One kept-alive connection that sends the next call as soon as the answer to the last is complete."""

    def __init__(self, call: bytes) -> None:
        self._call = call
        self._transport: asyncio.Transport | None = None
        self._length = 0
        self._received = bytearray()
        self._sent_at = 0.0
        self._idle: asyncio.Future[bytes] | None = None
        self._until = 0.0
        self.latencies: list[float] = []

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Remember the transport."""
        self._transport = cast("asyncio.Transport", transport)  # uvloop's TLS transport is one in all but name

    def connection_lost(self, exc: Exception | None) -> None:
        """End the round with an error: a benchmark that loses connections measures something else."""
        if self._idle and not self._idle.done():
            self._idle.set_exception(exc or ConnectionError("the server closed a connection"))

    def run(self, until: float) -> asyncio.Future[bytes]:
        """Call until that time (``perf_counter``); the result is the last answer, with its head."""
        self._until = until
        self._idle = asyncio.get_running_loop().create_future()
        self._send()
        return self._idle

    def _send(self) -> None:
        assert self._transport
        self._sent_at = time.perf_counter()
        self._transport.write(self._call)

    def data_received(self, data: bytes) -> None:
        """Take in a part of an answer; every answer on a connection has the same length, which the first one tells."""
        received = self._received
        received += data
        if not self._length:
            head, separator, _ = bytes(received).partition(b"\r\n\r\n")
            if not separator:
                return
            self._length = len(head) + 4 + int(head.lower().partition(b"content-length: ")[2].partition(b"\r\n")[0])
        if len(received) < self._length:
            return
        now = time.perf_counter()
        self.latencies.append(now - self._sent_at)
        if now < self._until:
            received.clear()
            self._send()
            return
        answer = bytes(received)
        received.clear()
        assert self._idle
        if answer.startswith(b"HTTP/1.1 200 ") and len(answer) == self._length:
            self._idle.set_result(answer)
        else:
            self._idle.set_exception(RuntimeError(f"unexpected answer: {answer[:300]!r}"))


@dataclass
class Target:
    """A server under load, and what was measured."""

    name: str
    pid: int
    connections: list[Connection]
    rates: list[float] = field(default_factory=list)
    cpu: list[float] = field(default_factory=list)
    latencies: list[float] = field(default_factory=list)

    async def round(self, seconds: float, *, counts: bool) -> bytes:
        """Load the server for some seconds on all connections; return an answer."""
        for connection in self.connections:
            connection.latencies.clear()
        cpu, started = cpu_seconds(self.pid), time.perf_counter()
        answers = await asyncio.gather(*(connection.run(started + seconds) for connection in self.connections))
        took, used = time.perf_counter() - started, cpu_seconds(self.pid) - cpu
        latencies = [latency for connection in self.connections for latency in connection.latencies]
        if counts:
            self.rates.append(len(latencies) / took)
            self.cpu.append(used / len(latencies) * 1e6)
            self.latencies += latencies
        return answers[0]


def cpu_seconds(pid: int) -> float:
    """Return user and system time of a process (proc(5), fields 14 and 15 of ``stat``)."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


async def connect(name: str, pid: int, port: int, *, authority: Path, call: bytes, count: int) -> Target:
    """Open the connections to a server, its certificate verified."""
    loop = asyncio.get_running_loop()
    context = ssl.create_default_context(cafile=str(authority))
    opened = [await loop.create_connection(lambda: Connection(call), "127.0.0.1", port, ssl=context) for _ in range(count)]
    return Target(name, pid, [connection for _, connection in opened])


@contextmanager
def child(arguments: list[str]) -> "Iterator[tuple[subprocess.Popen[str], int]]":
    """Start a server; give its process and the port of its first line of JSON."""
    cpus = sorted(os.sched_getaffinity(0))
    with subprocess.Popen(
        [sys.executable, *arguments], cwd=ROOT, env={**os.environ, "PYTHONPATH": str(ROOT)}, stderr=subprocess.PIPE, text=True
    ) as process:
        try:
            if len(cpus) > 1:
                os.sched_setaffinity(process.pid, {cpus[0]})
            assert process.stderr
            line = process.stderr.readline()
            if not line.startswith("{"):
                raise SystemExit(f"the server did not start: {line}{process.stderr.read()}")
            threading.Thread(target=_drain, args=(process.stderr,), daemon=True).start()
            yield process, urlsplit(json.loads(line)["admission"]).port or 0
        finally:
            process.terminate()
            process.wait()


def _drain(log: IO[str]) -> None:
    """Read what a server logs, as a container runtime does; a pipe that nobody reads would be another experiment."""
    while log.buffer.read1(65536) if isinstance(log, io.TextIOWrapper) else log.read(65536):
        pass


def serve_constant(answer: bytes, authority: Path) -> None:
    """Be the floor: read the body, answer with constant bytes."""
    headers = [(b"content-type", b"application/json"), (b"content-length", b"%d" % len(answer))]

    async def constant(_scope: Any, receive: Any, send: Any) -> None:
        while (await receive()).get("more_body"):
            pass
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        await send({"type": "http.response.body", "body": answer})

    credentials = self_signed("127.0.0.1", "overbank-system")
    assert credentials.authority
    authority.write_bytes(credentials.authority)
    with listen("127.0.0.1", 0) as listener, asyncio.Runner(loop_factory=Loop) as runner:

        async def serve() -> None:
            server = Server(admission_config(constant, server_context(credentials)))
            serving = asyncio.ensure_future(server.serve([listener]))
            await server.listening.wait()
            port = listener.getsockname()[1]
            sys.stderr.write(json.dumps({"admission": f"https://127.0.0.1:{port}/mutate"}) + "\n")
            await serving

        gc.collect()
        gc.freeze()
        runner.run(serve())


async def compare(folder: Path, call: bytes, options: argparse.Namespace) -> tuple[Target, Target]:
    """Measure both servers in alternating rounds."""
    authority = folder / "webhook-ca.pem"
    serve = ["-m", "webhook.server", "serve", "--bundle", str(folder / "bundle.json"), "--self-signed", "--drain-delay", "0"]
    serve += ["--log-decisions", options.log_decisions]
    with child([*serve, "--port", "0", "--management-port", "0", "--ca-out", str(authority)]) as (process, port):
        webhook = await connect("webhook", process.pid, port, authority=authority, call=call, count=options.connections)
        answer = (await webhook.round(options.warm_up, counts=False)).partition(b"\r\n\r\n")[2]
        operations = json.loads(base64.b64decode(json.loads(answer)["response"]["patch"]))
        if len(operations) != OPERATIONS:
            raise SystemExit(f"{len(operations)} operations instead of {OPERATIONS}: {operations}")
        (folder / "answer.json").write_bytes(answer)
        print(f"review {len(call)} bytes with head, answer {len(answer)} bytes, {len(operations)} operations, {POLICIES} policies")
        floor_authority = folder / "floor-ca.pem"
        floor_arguments = [str(HERE), "--constant", str(folder / "answer.json"), str(floor_authority)]
        with child(floor_arguments) as (floor_process, floor_port):
            floor = await connect(
                "floor", floor_process.pid, floor_port, authority=floor_authority, call=call, count=options.connections
            )
            if (await floor.round(options.warm_up, counts=False)).partition(b"\r\n\r\n")[2] != answer:
                raise SystemExit("the floor answers with other bytes")
            for number in range(options.rounds):
                for target in (webhook, floor):
                    await target.round(options.seconds, counts=True)
                print(f"round {number + 1}: webhook {webhook.rates[-1]:,.0f} req/s, floor {floor.rates[-1]:,.0f} req/s", flush=True)
            return webhook, floor


def spread(values: list[float], form: str) -> str:
    """Write the median and the range."""
    return f"{statistics.median(values):{form}} ({min(values):{form}}-{max(values):{form}})"


def report(webhook: Target, floor: Target) -> None:
    """Print what was measured."""
    print(f"{'':10}{'req/s median (min-max)':>30}{'p50 ms':>9}{'p99 ms':>9}{'CPU us/request':>26}")
    for target in (webhook, floor):
        cuts = statistics.quantiles(target.latencies, n=100)
        times = f"{cuts[49] * 1e3:9.2f}{cuts[98] * 1e3:9.2f}"
        print(f"{target.name:10}{spread(target.rates, ',.0f'):>30}{times}{spread(target.cpu, '.0f'):>26}")
    ratios = [a / b for a, b in zip(webhook.rates, floor.rates, strict=True)]
    print(f"ratio per pair: {spread(ratios, '.3f')}")
    print(f"CPU us/request above the floor: {spread([a - b for a, b in zip(webhook.cpu, floor.cpu, strict=True)], '.0f')}")


def main() -> None:
    """Run the benchmark, or the floor for it."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=7, help="pairs of rounds (7)")
    parser.add_argument("--seconds", type=float, default=3, help="length of a round (3)")
    parser.add_argument("--warm-up", type=float, default=2, help="seconds for each server before the first round (2)")
    parser.add_argument("--connections", type=int, default=16, help="kept-alive connections (16)")
    parser.add_argument("--log-decisions", default="changes", help="as the webhook takes it: changes, all or none (changes)")
    parser.add_argument(
        "--constant", nargs=2, type=Path, metavar=("ANSWER", "CA"), help="be the floor (used by the benchmark itself)"
    )
    options = parser.parse_args()
    if options.constant:
        answer, authority = options.constant
        serve_constant(answer.read_bytes(), authority)
        return
    call = http_request(review())
    cpus = sorted(os.sched_getaffinity(0))
    with tempfile.TemporaryDirectory() as name, asyncio.Runner(loop_factory=Loop) as runner:
        folder = Path(name)
        (folder / "bundle.json").write_bytes(bundle(POLICIES))
        gc.freeze()
        webhook, floor = runner.run(compare(folder, call, options))
    print(f"python {sys.version.split()[0]}, {len(cpus)} CPUs, {options.connections} connections")
    report(webhook, floor)


if __name__ == "__main__":
    main()
