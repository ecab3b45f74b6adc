"""The admission port under clients that are slow, silent, too many, or in the middle of something when the server has to go."""

import asyncio
import contextlib
import errno
import http.client
import json
import re
import signal
import socket
import ssl
import threading
import time
from collections.abc import Callable
from contextlib import ExitStack
from typing import Any

import pytest
from prometheus_client import CollectorRegistry

from webhook.certificates.context import server_context
from webhook.certificates.issuing import self_signed
from webhook.front import listener
from webhook.front.gate import Arrivals, Gate
from webhook.serving import MANAGEMENT_CONNECTIONS

MakeReview = Callable[..., dict[str, Any]]
Launch = Callable[..., Any]
JSON = {"Content-Type": "application/json"}

LITTLE = "3"
"""Seconds for a head where a test waits for their end, and has to send heads within them, however busy the machine is."""


@pytest.fixture
def body(make_review: MakeReview, pod: dict[str, Any]) -> bytes:
    """Return a review that is answered with a patch."""
    return json.dumps(make_review(pod)).encode()


def head(length: int, *headers: str) -> bytes:
    """Return the head of a request whose body has this length."""
    lines = [
        "POST /mutate?timeout=30s HTTP/1.1",
        "Host: a",
        "Content-Type: application/json",
        f"Content-Length: {length}",
        *headers,
    ]
    return "\r\n".join([*lines, "", ""]).encode()


def answer(connection: ssl.SSLSocket) -> tuple[int, bytes, bytes]:
    """Read one answer; return its status, head and body."""
    received = b""
    while b"\r\n\r\n" not in received:
        piece = connection.recv(65536)
        assert piece, f"closed after {received!r}"
        received += piece
    top, _, rest = received.partition(b"\r\n\r\n")
    length = re.search(rb"content-length: ([0-9]+)", top)
    assert length
    while len(rest) < int(length[1]):
        rest += connection.recv(65536)
    return int(top.split()[1]), top, rest


def hold(server: Any, body: bytes) -> ssl.SSLSocket:
    """Bring a request into flight and leave it there: the handler is known to wait for the body."""
    connection: ssl.SSLSocket = server.raw()
    connection.sendall(head(len(body), "Expect: 100-continue"))
    assert connection.recv(65536) == b"HTTP/1.1 100 Continue\r\n\r\n"
    return connection


def metric(server: Any, name: str) -> float:
    """Return a sample of the server's metrics by its name and labels."""
    for line in server.manage("/metrics")[2].splitlines():
        if line.startswith(f"{name} "):
            return float(line.rpartition(" ")[2])
    raise AssertionError(f"there is no {name}")


def await_metric(server: Any, name: str, value: float) -> None:
    """Return once a sample has a value."""
    end = time.monotonic() + 60
    while (found := metric(server, name)) != value:
        assert server.process.poll() is None
        assert time.monotonic() < end, f"{name} is {found} and not {value}"


def test_a_head_byte_by_byte_is_given_up(launch: Launch) -> None:
    """A client that sends its head ever so slowly is cut off after the time for a head, however busy it looks."""
    server = launch("--head-timeout", "1")
    connection = server.raw()
    connection.settimeout(0.02)
    sent, slow = 0, head(10, f"A: {'a' * 3000}")  # a minute of it, should the server be slow itself
    for byte in slow:
        try:
            connection.sendall(bytes([byte]))
            sent += 1
            if connection.recv(1) == b"":
                break
        except TimeoutError:
            continue
        except OSError:
            break
    assert 0 < sent < len(slow), "the head must not have been complete"
    await_metric(server, 'overbank_webhook_connections_total{result="head_timed_out"}', 1)
    await_metric(server, "overbank_webhook_open_connections", 0)


@pytest.mark.parametrize("noise", [b"", b"\r\n", b"P"])
def test_silence_is_given_up(launch: Launch, noise: bytes) -> None:
    """A connection on which nothing comes, or nothing that becomes a request, is closed after the time for a head."""
    server = launch("--head-timeout", "1")
    connection = server.raw()
    connection.sendall(noise)
    assert connection.recv(1) == b""


def test_an_endless_head_is_cut_off(launch: Launch) -> None:
    """A head that grows for ever is refused long before its time is over, and its bytes are not kept."""
    server = launch("--head-timeout", "9999")
    connection = server.raw()
    connection.sendall(b"POST /mutate HTTP/1.1\r\n")
    try:
        for number in range(1000):
            connection.sendall(b"X-%d: %s\r\n" % (number, b"a" * 1000))
        received = connection.recv(65536)
    except OSError:
        received = b""  # we were still sending when the connection was closed
    assert received.startswith(b"HTTP/1.1 400 ") or not received
    await_metric(server, 'overbank_webhook_connections_total{result="head_too_large"}', 1)
    await_metric(server, "overbank_webhook_open_connections", 0)


@pytest.mark.parametrize("trailer", [b"a: b\r\n" * 200, b"a" * 1000])
def test_endless_trailers_are_cut_off(launch: Launch, trailer: bytes) -> None:
    """What follows a chunked body is bounded as a head is: it would all be kept, for as long as a body may take."""
    server = launch("--body-timeout", "9999")
    connection = server.raw()
    begin = b"POST /mutate?timeout=30s HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\n"
    connection.sendall(begin + b"Transfer-Encoding: chunked\r\n\r\n1\r\n{\r\n0\r\na: ")
    with contextlib.suppress(OSError):  # we are still sending when the connection is closed
        for _ in range(10_000):
            connection.sendall(trailer)
    await_metric(server, 'overbank_webhook_connections_total{result="head_too_large"}', 1)
    await_metric(server, "overbank_webhook_requests_in_flight", 0)
    await_metric(server, "overbank_webhook_open_connections", 0)


def test_what_is_no_http_is_counted_and_not_logged(launch: Launch) -> None:
    """Whoever sends nonsense gets an answer, and neither a line in the log nor a library's advice there."""
    server = launch()
    for sent in (head(2, "Content-Length: 3"), b"\x00\r\n\r\n", head(2, "Connection: Upgrade", "Upgrade: h2c") + b"{}"):
        connection = server.raw()
        connection.sendall(sent)
        assert connection.recv(65536).startswith(b"HTTP/1.1 400 ")
    await_metric(server, 'overbank_webhook_connections_total{result="not_http"}', 2)
    server.process.send_signal(signal.SIGINT)
    assert [line["event"] for line in server.end()[1]] == ["stopping", "stopped"]


def test_the_management_port_has_bounds_too(launch: Launch) -> None:
    """Whoever holds connections there without a word loses them, takes the admission port nothing, and leaves it a way to stop."""
    server = launch()
    host, _, port = server.serving["management"].partition("//")[2].rpartition(":")
    with ExitStack() as stack:
        held = [stack.enter_context(socket.create_connection((host, int(port)), timeout=30)) for _ in range(MANAGEMENT_CONNECTIONS)]
        with socket.create_connection((host, int(port)), timeout=30) as refused:
            assert refused.recv(1) == b""
        assert server.call(b"{}").status == 400
        assert all(each.recv(1) == b"" for each in held), "given up after the time for a head"
    assert server.manage("/healthz")[0] == 200


def test_a_second_request_does_not_grow_behind_the_first(launch: Launch, body: bytes) -> None:
    """A head that is sent while an answer is made has the same bound as any other."""
    server = launch("--head-timeout", "9999")
    connection = server.raw()
    connection.sendall(head(len(body)) + body + b"POST /mutate HTTP/1.1\r\n")
    with contextlib.suppress(OSError):  # we are still sending when the connection is closed
        for _ in range(10_000):
            connection.sendall(b"a: %s\r\n" % (b"b" * 1000))
    await_metric(server, 'overbank_webhook_connections_total{result="head_too_large"}', 1)


def test_noise_does_not_keep_a_used_connection(launch: Launch, body: bytes) -> None:
    """Line breaks after an answer do not count as being busy."""
    server = launch("--head-timeout", LITTLE)
    connection = server.raw()
    connection.sendall(head(len(body)) + body)
    assert answer(connection)[0] == 200
    connection.sendall(b"\r\n")
    assert connection.recv(1) == b""


@pytest.mark.parametrize("begin", [b"", b"\x16\x03\x01\x02"])
def test_a_handshake_that_never_ends_is_given_up(launch: Launch, begin: bytes) -> None:
    """A TCP connection without TLS, or with a part of its first message, is closed in time and counted as such."""
    server = launch("--head-timeout", "1")
    with socket.create_connection(("127.0.0.1", server.port), timeout=30) as plain:
        plain.sendall(begin)
        assert plain.recv(1) == b""
    await_metric(server, 'overbank_webhook_connections_total{result="handshake_timed_out"}', 1)
    assert metric(server, "overbank_webhook_open_connections") == 0


@pytest.mark.parametrize("version", [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3])
def test_a_client_without_trust_is_counted(launch: Launch, version: ssl.TLSVersion) -> None:
    """A client that does not trust our certificate shows as a failed handshake: that is how a wrong caBundle looks from here."""
    server = launch()
    context = ssl.create_default_context()
    context.minimum_version = context.maximum_version = version
    with (
        socket.create_connection(("127.0.0.1", server.port), timeout=30) as plain,
        pytest.raises(ssl.SSLCertVerificationError),
    ):
        context.wrap_socket(plain, server_hostname="localhost")
    await_metric(server, 'overbank_webhook_connections_total{result="handshake_failed"}', 1)
    assert metric(server, "overbank_webhook_open_connections") == 0


def test_idle_connections_of_an_api_server_stay(launch: Launch, body: bytes) -> None:
    """25 connections, as the API server keeps them, outlive the time for a head by far, and each is good for another request."""
    server = launch("--head-timeout", LITTLE)
    connections = []
    for _ in range(25):
        connections.append(server.raw())
        connections[-1].sendall(head(len(body)) + body)
        assert answer(connections[-1])[0] == 200
    for _ in range(2):
        assert server.raw().recv(1) == b"", "the server has closed a silent connection, so the time for a head is over"
        for connection in connections:
            connection.sendall(head(len(body)) + body)
            assert answer(connection)[0] == 200
    assert metric(server, 'overbank_webhook_admissions_total{outcome="patched"}') == 75


def test_two_hundred_connections_are_served(launch: Launch, body: bytes) -> None:
    """As many connections as an API server ever opens are answered each, at the same time."""
    server = launch()
    connections = [server.raw() for _ in range(200)]
    for connection in connections:
        connection.sendall(head(len(body)) + body)
    assert [answer(connection)[0] for connection in connections] == [200] * 200
    assert metric(server, "overbank_webhook_open_connections") == 200
    assert metric(server, "overbank_webhook_requests_in_flight") == 0


def test_a_flood_is_answered_at_once_and_loses_nothing(launch: Launch, body: bytes) -> None:
    """Beyond the limit every request gets 503 and keeps its connection; what was in flight is finished, and the flood is served after."""
    server = launch("--max-in-flight", "5")
    held = [hold(server, body) for _ in range(5)]
    await_metric(server, "overbank_webhook_requests_in_flight", 5)
    flood = [server.raw() for _ in range(40)]
    for connection in flood:
        connection.sendall(head(len(body)) + body)
    for connection in flood:
        status, top, text = answer(connection)
        assert (status, json.loads(text)["code"]) == (503, 503)
        assert b"retry-after: 1" in top
        assert b"connection: close" not in top
    for connection in held:
        connection.sendall(body)
        assert answer(connection)[0] == 200
    for connection in flood:
        connection.sendall(head(len(body)) + body)
        assert answer(connection)[0] == 200
    assert metric(server, 'overbank_webhook_admissions_total{outcome="overloaded"}') == 40
    assert metric(server, 'overbank_webhook_admissions_total{outcome="patched"}') == 45


def test_a_refusal_does_not_wait_for_the_body(launch: Launch, body: bytes) -> None:
    """A request beyond the limit is refused before its body is there, and the rest of the body is not taken for another request."""
    server = launch("--max-in-flight", "1")
    held = hold(server, body)
    connection = server.raw()
    connection.sendall(head(len(body)) + body[:10])
    assert answer(connection)[0] == 503
    held.sendall(body)
    assert answer(held)[0] == 200
    connection.sendall(body[10:] + head(len(body)) + body)
    assert answer(connection)[0] == 200


def test_an_endless_body_after_a_refusal_is_given_up(launch: Launch, body: bytes) -> None:
    """A client that goes on with the body of a refused request for ever does not keep its connection."""
    server = launch("--max-in-flight", "1", "--head-timeout", LITTLE)
    held = hold(server, body)
    connection = server.raw()
    connection.sendall(head(1000) + b" ")
    assert answer(connection)[0] == 503
    connection.sendall(b" ")
    assert connection.recv(1) == b""
    held.sendall(body)
    assert answer(held)[0] == 200


def test_requests_that_are_gone_are_not_in_flight(launch: Launch, body: bytes) -> None:
    """A client that leaves in the middle of a request makes room for another."""
    server = launch("--max-in-flight", "1")
    for _ in range(3):
        hold(server, body).close()
        await_metric(server, "overbank_webhook_requests_in_flight", 0)
    assert server.call(body).status == 200


def test_a_connection_counts_before_its_handshake(launch: Launch) -> None:
    """A client that has connected and says nothing takes one of the places, and gives it back when it goes."""
    server = launch("--max-connections", "1", "--head-timeout", "9999")
    with socket.create_connection(("127.0.0.1", server.port), timeout=30):
        await_metric(server, "overbank_webhook_open_connections", 1)
        with socket.create_connection(("127.0.0.1", server.port), timeout=30) as refused:
            assert refused.recv(1) == b""
    await_metric(server, "overbank_webhook_open_connections", 0)


def test_too_many_connections_are_closed_before_tls(launch: Launch, body: bytes) -> None:
    """A connection beyond the limit is closed at once, those that are there go on, and one that ends makes room."""
    server = launch("--max-connections", "2")
    first, second = server.raw(), server.raw()
    await_metric(server, "overbank_webhook_open_connections", 2)
    with socket.create_connection(("127.0.0.1", server.port), timeout=30) as plain:
        assert plain.recv(1) == b""
    for connection in (first, second):
        connection.sendall(head(len(body)) + body)
        assert answer(connection)[0] == 200
    first.close()
    await_metric(server, "overbank_webhook_open_connections", 1)
    assert server.call(body).status == 200
    assert metric(server, 'overbank_webhook_connections_total{result="over_limit"}') == 1


def test_the_api_servers_deadline_ends_a_slow_body(launch: Launch) -> None:
    """A body that is not complete within the time that the query gives us gets 408, although a body may take longer otherwise."""
    server = launch("--body-timeout", "9999")
    connection = server.raw()
    connection.sendall(head(1000).replace(b"timeout=30s", b"timeout=300ms") + b"{")
    assert answer(connection)[0] == 408


def test_a_lack_of_file_descriptors_passes(caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where no connection can be accepted for the moment, that is logged, and the connection is taken when it can be."""
    monkeypatch.setattr(listener, "_PAUSE_SECONDS", 0.01)
    exhausted = [OSError(errno.EMFILE, "Too many open files")]

    class Full(socket.socket):
        def accept(self) -> tuple[socket.socket, Any]:
            if exhausted:
                raise exhausted.pop()
            return super().accept()

    credentials = self_signed("127.0.0.1", "a")
    assert credentials.authority
    client = ssl.create_default_context(cadata=credentials.authority.decode())

    async def main() -> None:
        gate = Gate(max_in_flight=1, max_connections=1)
        with Full() as listening:
            listening.bind(("127.0.0.1", 0))
            made = listener.Listener(
                listening,
                asyncio.Protocol,
                server_context(credentials),
                gate=gate,
                arrivals=Arrivals(gate, CollectorRegistry()),
                handshake_timeout=9,
            )
            _, writer = await asyncio.open_connection(*listening.getsockname(), ssl=client)
            writer.close()
            made.close()
            await made.wait_closed()

    asyncio.run(main())
    assert exhausted == []
    assert [record.message for record in caplog.records] == ["cannot accept connections"]


class Client(threading.Thread):
    """Calls on one kept-alive connection as the API server does, and opens another where that one is closed, until nobody listens."""

    def __init__(self, server: Any, body: bytes) -> None:
        super().__init__()
        self.answered = self.lost = self.closed = 0
        self._server = server
        self._body = body

    def run(self) -> None:
        """Call."""
        context = self._server.context()
        while True:
            connection = http.client.HTTPSConnection("127.0.0.1", self._server.port, context=context, timeout=30)
            try:
                connection.connect()
            except OSError:  # nobody listens, or nobody has taken the connection: no request has been sent
                return
            try:
                while not self._call(connection):
                    pass
            except (OSError, http.client.HTTPException):
                self.lost += 1
            finally:
                connection.close()

    def _call(self, connection: http.client.HTTPSConnection) -> bool:
        """Call once; say whether the answer closes the connection."""
        connection.request("POST", "/mutate?timeout=30s", self._body, JSON)
        response = connection.getresponse()
        assert response.status == 200
        response.read()
        self.answered += 1
        closes = response.getheader("connection") == "close"
        self.closed += closes
        return closes


def test_draining_loses_nothing(launch: Launch, body: bytes) -> None:
    """Clients that never stop calling get an answer to each call, are sent away by it, and find nobody only after that."""
    server = launch("--drain-delay", "2")
    clients = [Client(server, body) for _ in range(4)]
    for each in clients:
        each.start()
    while not all(each.answered > 20 for each in clients):
        assert server.process.poll() is None
    server.process.send_signal(signal.SIGTERM)
    for each in clients:
        each.join(30)
    code, _ = server.end()
    assert code == 0
    assert [each.lost for each in clients] == [0] * 4
    assert all(each.closed for each in clients)


def test_answers_while_draining_close_their_connection(launch: Launch, body: bytes) -> None:
    """In the delay the server is not ready and takes requests, on connections old and new, and each answer closes its connection."""
    server = launch("--drain-delay", "600")
    idle, held = server.raw(), hold(server, body)
    idle.sendall(head(len(body)) + body)
    assert answer(idle)[0] == 200
    server.process.send_signal(signal.SIGTERM)
    server.await_draining()
    with ExitStack() as stack:
        for connection, sent in ((idle, head(len(body)) + body), (held, body), (server.raw(), head(len(body)) + body)):
            stack.enter_context(connection)
            connection.sendall(sent)
            status, top, _ = answer(connection)
            assert status == 200
            assert b"connection: close" in top
            assert connection.recv(1) == b""
    server.process.send_signal(signal.SIGTERM)
    code, lines = server.end()
    assert code == 1
    assert [line["forced"] for line in lines if line["event"] == "stopping"] == [False, True]


def test_a_person_does_not_wait_for_endpoints(launch: Launch) -> None:
    """Ctrl-C ends at once, whatever the delay is."""
    server = launch("--drain-delay", "600")
    server.process.send_signal(signal.SIGINT)
    assert server.end()[0] == 0


def test_a_request_on_its_way_is_answered_at_the_end(launch: Launch, body: bytes) -> None:
    """A connection that was made just before the end may still send its request; half a head counts as one."""
    server = launch("--drain-delay", "0", "--head-timeout", "9")
    half, fresh = server.raw(), server.raw()
    half.sendall(head(len(body)) + body)
    assert answer(half)[0] == 200
    half.sendall(head(len(body))[:20])
    held = hold(server, body)
    server.process.send_signal(signal.SIGTERM)
    server.await_draining()
    half.sendall(head(len(body))[20:] + body)
    fresh.sendall(head(len(body)) + body)
    held.sendall(body)
    for connection in (half, fresh, held):
        status, top, _ = answer(connection)
        assert (status, b"connection: close" in top) == (200, True)
    assert server.end()[0] == 0
