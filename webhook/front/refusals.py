"""Requests that are answered without a decision: why, with what, and how their connection is closed."""

import asyncio
import contextlib
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any, Final, NamedTuple

import msgspec

from webhook import review
from webhook.front.body import MAX_BODY_BYTES, Message, Receive
from webhook.telemetry.hooks import Outcome

Scope = MutableMapping[str, Any]
Send = Callable[[Message], Awaitable[None]]
Header = tuple[bytes, bytes]

PATH: Final = "/mutate"
RETRY_SECONDS: Final = 1
"""The API server's client comes back by itself after an answer of 5xx that has ``Retry-After``, as long as its own time allows (client-go
``rest/with_retry.go``, ``checkWait``)."""

JSON: Final = (b"content-type", b"application/json")

_LINGER_SECONDS: Final = 2.0
_CLOSE: Final = (b"connection", b"close")


class Refusal(NamedTuple):
    """An answer that needs no body. ``lingers`` says that the rest of the body is worth waiting for before the connection is closed."""

    outcome: Outcome
    status: int
    payload: bytes
    headers: list[Header]
    lingers: bool = True


def problem(status: int, message: str) -> bytes:
    """Return the answer where there is no uid to answer to; the shape is a meta/v1 Status in small."""
    return msgspec.json.encode(review.Status(status, message))


def content_length(payload: bytes) -> Header:
    """Return the header of an answer."""
    return (b"content-length", b"%d" % len(payload))


def _refusal(outcome: Outcome, status: int, message: str, *headers: Header, lingers: bool = True) -> Refusal:
    payload = problem(status, message)
    return Refusal(outcome, status, payload, [JSON, content_length(payload), *headers], lingers)


_NOT_FOUND = _refusal(Outcome.NOT_FOUND, 404, f"reviews are answered on {PATH} only", _CLOSE)
_NOT_POST = _refusal(Outcome.METHOD_NOT_ALLOWED, 405, "reviews are sent with POST", _CLOSE, (b"allow", b"POST"))
_NOT_JSON = _refusal(Outcome.UNSUPPORTED_MEDIA_TYPE, 415, "reviews are sent as application/json", _CLOSE)
TOO_LARGE = _refusal(Outcome.TOO_LARGE, 413, f"the body is larger than {MAX_BODY_BYTES} bytes", _CLOSE)
TIMED_OUT = _refusal(Outcome.TIMED_OUT, 408, "the body was not complete in time", _CLOSE, lingers=False)
OVERLOADED = _refusal(Outcome.OVERLOADED, 503, "too many requests at once", (b"retry-after", b"%d" % RETRY_SECONDS), lingers=False)
LATE = _refusal(
    Outcome.LATE, 504, "the time that the API server waits was nearly over before a decision could begin", lingers=False
)


def screen(scope: Scope) -> Refusal | None:
    """Look at the head of a request; return the reason not to read its body, if there is one."""
    if scope["path"] != PATH:
        return _NOT_FOUND
    if scope["method"] != "POST":
        return _NOT_POST
    media_type = declared_length = b""
    for name, value in scope["headers"]:
        if name == b"content-type":
            media_type = value
        elif name == b"content-length":
            declared_length = value
    if media_type != b"application/json" and media_type.partition(b";")[0].strip().lower() != b"application/json":
        return _NOT_JSON
    if declared_length.isdigit() and int(declared_length[:20]) > MAX_BODY_BYTES:
        return TOO_LARGE
    return None


async def refuse(refusal: Refusal, receive: Receive, send: Send) -> None:
    """Answer at once, then take in what the client is still sending, for a moment, before the connection is closed.

    Closing a socket with unread data resets it, and the client would lose the answer (RFC 9112 §9.6, a lingering close). Where the
    connection stays open uvicorn reads past the body by itself.
    """
    await send({"type": "http.response.start", "status": refusal.status, "headers": refusal.headers})
    await send({"type": "http.response.body", "body": refusal.payload, "more_body": refusal.lingers})
    if refusal.lingers:
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(_LINGER_SECONDS):
                while (await receive()).get("more_body"):
                    pass
        await send({"type": "http.response.body", "body": b""})
