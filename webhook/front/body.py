"""Reads the body of a request, as long as it is neither too large nor too slow."""

import asyncio
from collections.abc import Awaitable, Callable, Generator, MutableMapping
from typing import Any, Final

Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]

MAX_BODY_BYTES: Final = 7 * 1024 * 1024
"""Two objects of 3 MiB (the API server's own limit for a request) and 1 MiB for the rest; the limit and its reasons are
controller-runtime's (``pkg/webhook/admission/http.go``, ``maxRequestSize``)."""


class BodyTooLargeError(Exception):
    """The body is larger than ``MAX_BODY_BYTES``."""


class DisconnectedError(Exception):
    """The client went away before the end of the body."""


async def read(receive: Receive, timeout: float) -> bytes:  # noqa: ASYNC109 (see below why not around the call)
    """Return the whole body.

    Nearly always it is there before this is called. A timer takes 5 us where a whole constant answer takes 35 (bench/https.py), so
    one is set only where the first wait turns out to be one.

    Raises:
        TimeoutError: it was not complete in ``timeout`` seconds.
        BodyTooLargeError: it is larger than ``MAX_BODY_BYTES``.
        DisconnectedError: the client went away before its end.
    """
    first = receive().__await__()
    try:
        pending = next(first)
    except StopIteration as arrived:
        message: Message = arrived.value
        if message["type"] == "http.request" and not message.get("more_body"):
            body: bytes = message.get("body", b"")
            if len(body) > MAX_BODY_BYTES:
                raise BodyTooLargeError from None
            return body
        async with asyncio.timeout(timeout):
            return await _gather(message, receive)
    async with asyncio.timeout(timeout):
        return await _gather(await _Started(first, pending), receive)


class _Started:
    """An awaitable that has been asked once already, and what it is waiting for."""

    def __init__(self, waiting: Generator[Any, Any, Message], pending: Any) -> None:
        self._waiting = waiting
        self._pending = pending

    def __await__(self) -> Generator[Any, Any, Message]:
        try:
            yield self._pending
            return (yield from self._waiting)
        finally:
            self._waiting.close()


async def _gather(message: Message, receive: Receive) -> bytes:
    """Return the whole body, of which ``message`` is the beginning. Raises as ``_read`` does."""
    body = bytearray()
    while message["type"] == "http.request":
        body += message.get("body", b"")
        if len(body) > MAX_BODY_BYTES:
            raise BodyTooLargeError
        if not message.get("more_body"):
            return bytes(body)
        message = await receive()
    raise DisconnectedError
