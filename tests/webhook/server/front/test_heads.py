"""Heads that are slow, endless or no HTTP."""

import contextlib
import signal

import pytest

from tests.webhook.server.front.wire import LITTLE, Launch, answer, await_metric, head


def test_a_head_byte_by_byte_is_given_up(launch: Launch) -> None:
    """A client that sends its head ever so slowly is cut off after the time for a head, however busy it looks."""
    server = launch("--head-timeout", LITTLE)
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


def test_silence_is_given_up(launch: Launch) -> None:
    """A connection on which nothing comes, or nothing that becomes a request, is closed after the time for a head."""
    server = launch("--head-timeout", LITTLE)
    connections = [server.raw() for _ in range(3)]
    for connection, noise in zip(connections, (b"", b"\r\n", b"P"), strict=True):
        connection.sendall(noise)
    assert [connection.recv(1) for connection in connections] == [b""] * 3
    await_metric(server, 'overbank_webhook_connections_total{result="head_timed_out"}', 3)


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
