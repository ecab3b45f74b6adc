"""Connections: handshakes that fail, how many there may be, and which stay."""

import asyncio
import errno
import socket
import ssl
from contextlib import ExitStack
from typing import Any

import pytest
from prometheus_client import CollectorRegistry

from tests.webhook.server.front.wire import LITTLE, Launch, answer, await_metric, head, metric
from webhook.certificates.context import server_context
from webhook.certificates.issuing import self_signed
from webhook.front import listener
from webhook.front.gate import Arrivals, Gate
from webhook.serving import MANAGEMENT_CONNECTIONS


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


@pytest.mark.parametrize("begin", [b"", b"\x16\x03\x01\x02"])
def test_a_handshake_that_never_ends_is_given_up(launch: Launch, begin: bytes) -> None:
    """A TCP connection without TLS, or with a part of its first message, is closed in time and counted as such."""
    server = launch("--head-timeout", LITTLE)
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
    server = launch("--head-timeout", "9999")
    connections = [server.raw() for _ in range(200)]
    for connection in connections:
        connection.sendall(head(len(body)) + body)
    assert [answer(connection)[0] for connection in connections] == [200] * 200
    assert metric(server, "overbank_webhook_open_connections") == 200
    assert metric(server, "overbank_webhook_requests_in_flight") == 0


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
