"""The end of a server: nobody who sends a request loses it."""

import http.client
import signal
import threading
from contextlib import ExitStack
from pathlib import Path
from typing import Any

from tests.webhook.server.front.wire import Launch, answer, head, hold

JSON = {"Content-Type": "application/json"}
PATIENT = (Path(__file__).with_name("patient.py"),)


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
    server = launch("--drain-delay", "5", program=PATIENT)
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
    server = launch("--drain-delay", "0", "--head-timeout", "9999", "--body-timeout", "9999", program=PATIENT)
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
