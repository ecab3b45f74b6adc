"""Faults of those who call: slow, half there, many, large, hostile, or idle for exactly as long as hurts."""

import contextlib
import http.client
import json
import socket
import ssl
import threading
import time
from typing import Final

from tests.e2e.controlplane.front import Webhook
from tests.e2e.controlplane.processes import until
from tests.faults.bundles import pod, review
from tests.faults.ground import PYTHON, Ground, complaints, metric
from tests.faults.hostile import mutants
from tests.faults.load import Caller, calls, mutated
from tests.faults.service import rest
from tests.faults.tally import Row, Tally

_REVIEW: Final = review(pod())
_SLOW: Final = 100
_ADMISSIONS: Final = "overbank_webhook_admissions_total"


def slow(ground: Ground) -> Row:
    """Leave connections half open in every way: nothing sent, half a handshake, half a head, half a body, a byte now and then."""
    front = ground.start(("--self-signed", "--head-timeout", "5", "--body-timeout", "5"))
    context = ssl.create_default_context(cafile=str(front.authority))
    head = b"POST /mutate?timeout=10s HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 10000\r\n"
    begun = (b"", b"POST /mut", head, head + b"\r\n{")
    held: list[socket.socket] = []
    with contextlib.ExitStack() as ends, calls(front.port, front.authority, _REVIEW) as tally:
        for number in range(_SLOW):
            plain = socket.create_connection(("127.0.0.1", front.port), timeout=10)
            ends.callback(plain.close)
            if number % 5 == 0:
                plain.send(b"\x16\x03\x01" if number % 2 else b"")  # nothing, or the begin of a handshake
                continue
            secure = context.wrap_socket(plain, server_hostname="127.0.0.1")
            ends.callback(secure.close)
            secure.sendall(begun[number % 5 - 1])
            held.append(secure)
        begun_at = time.monotonic()
        while (closed := _closed(front)) < _SLOW or time.monotonic() < begun_at + ground.seconds:
            assert time.monotonic() < begun_at + 60, f"{closed} are closed: {front.process.tail()}"
            rest(0.1)
            for each in (*held[1::4], *held[3::4]):  # those with half a head and with half a body
                with contextlib.suppress(OSError):
                    each.send(b"x")
    return Row.of(f"slowloris: {_SLOW} half-open connections", tally, "beside normal load; the slow ones are closed in time")


def _closed(front: Webhook) -> float:
    """Return how many connections were given up."""
    closed = metric(front, "overbank_webhook_connections_total", result="head_timed_out")
    closed += metric(front, "overbank_webhook_connections_total", result="handshake_timed_out")
    return closed + metric(front, _ADMISSIONS, outcome="timed_out")


def large(ground: Ground) -> Row:
    """Send pods of 3 MiB, which is as much as an API server takes."""
    front = ground.start()
    with calls(front.port, front.authority, review(pod(3 * 1024**2 - 4096)), threads=2, pause=0.05) as tally:
        rest(ground.seconds)
        until(lambda: tally.sent > 20, "enough of them are sent", 60)
    return Row.of("pods of 3 MiB", tally, "on two connections")


def many(ground: Ground) -> Row:
    """Call on 200 connections at once."""
    # That many handshakes at once take a busy machine longer than one may take.
    front = ground.start(("--self-signed", "--head-timeout", "60"))
    with calls(front.port, front.authority, _REVIEW, threads=200, pause=0.05) as tally:
        rest(ground.seconds * 2)
    return Row.of("200 connections", tally, "all of them busy at once")


_CHANGED: Final = (
    "import sys; from webhook import serving; serving.KEEP_ALIVE_SECONDS = float(sys.argv.pop(1)); "
    "from webhook.server import main; sys.exit(main())"
)


def idle(ground: Ground) -> Row:
    """Space requests around the time for which the API server keeps idle connections, with all times divided by ten, or thirty.

    The server's 120 s are 12 s, the client's 90 s are 9 s, and the 3 s between them are more than a machine that does other things besides
    takes for a request; in the long form it is a third of that. The API server's 25 idle connections are 25 threads.
    """
    times, rounds = (30, 30) if ground.long else (10, 2)
    short, patience = 120 / times, 90 / times
    front = ground.prepared(program=(*PYTHON, "-c", _CHANGED, str(short)))
    front.process.start()
    tally = Tally()

    def work(number: int) -> None:
        caller = Caller(front.port, front.authority, idle_seconds=patience)
        for step in range(rounds):
            if step:
                # From well below to well above, so that some come when the client, and some when the server, is about to close.
                rest(patience * 0.8 + (number * 7 + step * 3) % 25 / 48 * short)
            try:
                mutated(*caller.call(_REVIEW), tally)
            except OSError as error:
                tally.fail(error)
        caller.close()

    threads = [threading.Thread(target=work, args=(number,)) for number in range(25)]
    for each in threads:
        each.start()
    for each in threads:
        each.join()
    return Row.of(
        "requests spaced at the idle time-outs",
        tally,
        f"25 connections, 90 s against 120 s, compressed {'thirtyfold' if ground.long else 'tenfold'}",
    )


def fuzzed(ground: Ground) -> Row:
    """Send reviews that are wrong in every way, the same ones in every run."""
    front = ground.start(("--self-signed", "--log-decisions", "none"))
    tally = Tally()
    caller = Caller(front.port, front.authority)
    answers = {http.client.OK: 0, http.client.BAD_REQUEST: 0}
    for body in mutants(1, ground.examples):
        try:
            status, answer = caller.call(body)
        except OSError as error:
            tally.fail(error)
            continue
        if status not in answers:
            tally.fail(f"{status} for {body[:80]!r}")
        elif not isinstance(json.loads(answer), dict):
            tally.fail(f"no document for {body[:80]!r}")
        else:
            answers[http.client.OK if status == http.client.OK else http.client.BAD_REQUEST] += 1
            tally.good()
    caller.close()
    assert metric(front, _ADMISSIONS, outcome="failed") == 0, front.process.tail()
    assert _defects(front) == []
    good, bad = answers.values()
    return Row.of("fuzzed reviews", tally, f"{good:,} decided, {bad:,} refused with 400; no 5xx, no traceback")


def _defects(front: Webhook) -> list[str]:
    return complaints(front)
