"""Faults of those who call: slow, half there, many, large, hostile, or idle for exactly as long as hurts."""

import contextlib
import http.client
import json
import socket
import ssl
import threading
from typing import Final

from tests.e2e.controlplane.front import Webhook
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
    front = ground.start(("--self-signed", "--head-timeout", "2", "--body-timeout", "2"))
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
        drips = max(int(ground.seconds / 0.1), 25)
        for _ in range(drips):
            rest(0.1)
            for each in held[::4]:
                with contextlib.suppress(OSError):
                    each.send(b"x")
    closed = metric(front, "overbank_webhook_connections_total", result="head_timed_out")
    closed += metric(front, "overbank_webhook_connections_total", result="handshake_timed_out")
    closed += metric(front, _ADMISSIONS, outcome="timed_out")
    assert closed > _SLOW / 2, front.process.tail()
    return Row.of(f"slowloris: {_SLOW} half-open connections", tally, "beside normal load; the slow ones are closed in time")


def large(ground: Ground) -> Row:
    """Send pods of 3 MiB, which is as much as an API server takes."""
    front = ground.start()
    with calls(front.port, front.authority, review(pod(3 * 1024**2 - 4096)), threads=2, pause=0.05) as tally:
        rest(ground.seconds)
    return Row.of("pods of 3 MiB", tally, "on two connections")


def many(ground: Ground) -> Row:
    """Call on 200 connections at once."""
    front = ground.start()
    with calls(front.port, front.authority, _REVIEW, threads=200, pause=0.05) as tally:
        rest(ground.seconds * 2)
    return Row.of("200 connections", tally, "all of them busy at once")


_SHORT: Final = 4.0
_PATIENCE: Final = _SHORT * 90 / 120
_CHANGED: Final = (
    "import sys; from webhook import serving; serving.KEEP_ALIVE_SECONDS = float(sys.argv.pop(1)); "
    "from webhook.server import main; sys.exit(main())"
)


def idle(ground: Ground) -> Row:
    """Space requests around the time for which the API server keeps idle connections, with all times divided by thirty.

    The server's 120 s are 4 s, the client's 90 s are 3 s, the second between them is more than a busy machine takes for a request, and its 25 idle connections are 25 threads.
    """
    front = ground.prepared(program=(*PYTHON, "-c", _CHANGED, str(_SHORT)))
    front.process.start()
    tally = Tally()
    rounds = 30 if ground.long else 3

    def work(number: int) -> None:
        caller = Caller(front.port, front.authority, idle_seconds=_PATIENCE)
        for step in range(rounds):
            try:
                mutated(*caller.call(_REVIEW), tally)
            except OSError as error:
                tally.fail(error)
            # From well below to well above, so that some come when the client, and some when the server, is about to close.
            rest(_PATIENCE * 0.8 + (number * 7 + step * 3) % 25 / 48 * _SHORT)
        caller.close()

    threads = [threading.Thread(target=work, args=(number,)) for number in range(25)]
    for each in threads:
        each.start()
    for each in threads:
        each.join()
    return Row.of("requests spaced at the idle time-outs", tally, "25 connections, 90 s against 120 s, compressed thirtyfold")


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
