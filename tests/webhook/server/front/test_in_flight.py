"""Requests in flight: how many there may be, and how long they may take."""

import json

from tests.webhook.server.front.wire import LITTLE, Launch, answer, await_metric, head, hold, metric


def test_a_flood_is_answered_at_once_and_loses_nothing(launch: Launch, body: bytes) -> None:
    """Beyond the limit every request gets 503 and keeps its connection; what was in flight is finished, and the flood is served after."""
    server = launch("--max-in-flight", "5", "--head-timeout", "9999", "--body-timeout", "9999")
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
    server = launch("--max-in-flight", "1", "--head-timeout", LITTLE, "--body-timeout", "9999")
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


def test_the_api_servers_deadline_ends_a_slow_body(launch: Launch) -> None:
    """A body that is not complete within the time that the query gives us gets 408, although a body may take longer otherwise."""
    server = launch("--body-timeout", "9999")
    connection = server.raw()
    connection.sendall(head(1000).replace(b"timeout=30s", b"timeout=300ms") + b"{")
    assert answer(connection)[0] == 408
