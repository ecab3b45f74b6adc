"""Servers of the benchmark that run in processes of their own: a webhook with a constant answer, and a forwarder for several."""

import asyncio
import itertools
from collections.abc import Iterator
from pathlib import Path
from typing import Any, cast

from bench.apiserver.contenders import LOCAL
from webhook.certificates.context import server_context
from webhook.certificates.files import from_files
from webhook.serving import Loop, Server, admission_config, listen


def serve_constant(port: int, certificate: Path, key: Path, answer: bytes) -> None:
    """Serve an application that answers all reviews alike, but for the uid, without looking at them."""
    head, tail = answer.split(b"UID")

    async def constant(_scope: Any, receive: Any, send: Any) -> None:
        body = b""
        while True:
            message = await receive()
            body += message.get("body", b"")
            if not message.get("more_body"):
                break
        at = body.find(b'"uid":"') + 7
        payload = head + body[at : at + 36] + tail
        headers = [(b"content-type", b"application/json"), (b"content-length", b"%d" % len(payload))]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        await send({"type": "http.response.body", "body": payload})

    with listen(LOCAL, port) as listener, asyncio.Runner(loop_factory=Loop) as runner:
        runner.run(Server(admission_config(constant, server_context(from_files(certificate, key)))).serve([listener]))


class Pipe(asyncio.Protocol):
    """One direction of a forwarded connection."""

    def __init__(self, other: "Pipe | None" = None, targets: Iterator[int] | None = None) -> None:
        self.other = other
        self.targets = targets
        self.transport: asyncio.Transport | None = None
        self.early = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Open the other side, if this one was accepted."""
        self.transport = cast("asyncio.Transport", transport)
        if self.targets is not None:
            self.opening = asyncio.ensure_future(self._open(next(self.targets)))
        elif self.other and self.other.early:
            self.transport.write(self.other.early)

    async def _open(self, port: int) -> None:
        _, self.other = await asyncio.get_running_loop().create_connection(lambda: Pipe(self), LOCAL, port)

    def data_received(self, data: bytes) -> None:
        """Pass it on."""
        if self.other and self.other.transport:
            self.other.transport.write(data)
        else:
            self.early += data

    def connection_lost(self, exc: Exception | None) -> None:
        """Close the other side."""
        del exc
        if self.other and self.other.transport:
            self.other.transport.close()


def serve_forward(port: int, targets: list[int]) -> None:
    """Forward connections to several ports in turn."""

    async def forward() -> None:
        turn = itertools.cycle(targets)
        server = await asyncio.get_running_loop().create_server(lambda: Pipe(targets=turn), LOCAL, port)
        await server.serve_forever()

    with asyncio.Runner(loop_factory=Loop) as runner:
        runner.run(forward())
