"""Clients on connections of their own, one at a time or again and again."""

import contextlib
import http.client
import socket
import ssl
import threading
from collections.abc import Callable

from tests.webhook.certificates.serving.processes import DEADLINE


class Load:
    """A client that connects anew for every request, trusting whom it is told to at the moment."""

    def __init__(self, port: Callable[[], int], trusted: Callable[[], bytes]) -> None:
        self.sent = 0
        self.failures: list[str] = []
        self._sending = threading.Condition()
        self._port, self._trusted, self._stop = port, trusted, threading.Event()
        self._thread = threading.Thread(target=self._run)
        self._thread.start()

    def _run(self) -> None:
        while not self._stop.is_set():
            context = ssl.create_default_context(cadata=self._trusted().decode())
            try:
                ask(self._port(), context)
            except OSError as error:
                self.failures.append(repr(error))
            with self._sending:
                self.sent += 1
                self._sending.notify_all()

    def await_sent(self, more: int) -> None:
        """Return once so many more requests have been sent."""
        wanted = self.sent + more
        with self._sending:
            assert self._sending.wait_for(lambda: self.sent >= wanted, DEADLINE)

    def stop(self) -> None:
        """Stop sending."""
        self._stop.set()
        self._thread.join(DEADLINE)


def ask(port: int, context: ssl.SSLContext) -> int:
    """Send one request on a connection of its own and return the status of the answer."""
    connection = http.client.HTTPSConnection("127.0.0.1", port, context=context, timeout=DEADLINE)
    with contextlib.closing(connection):
        connection.request("POST", "/mutate", b"{}", {"Content-Type": "application/json"})
        return connection.getresponse().status


def listen(port: int, context: ssl.SSLContext) -> bytes:
    """Connect, and return what the server says to whoever sends nothing: a request might meet a connection that is closed already."""
    with socket.create_connection(("127.0.0.1", port), timeout=DEADLINE) as plain, context.wrap_socket(plain) as secured:
        return secured.recv(1)


def shown(port: int) -> bytes:
    """Return the certificate that a client is shown."""
    return ssl.PEM_cert_to_DER_cert(ssl.get_server_certificate(("127.0.0.1", port)))
