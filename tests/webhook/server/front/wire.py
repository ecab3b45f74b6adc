"""Requests and answers byte by byte, and what the server's metrics say of them."""

import re
import ssl
import time
from collections.abc import Callable
from typing import Any

Launch = Callable[..., Any]

LITTLE = "5"
"""Seconds for a head where a test waits for their end, and has to send heads within them, however busy the machine is."""


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
