"""The hot path: a bare ASGI application that answers AdmissionReviews on the TLS port.

====================================================  ======  ============================  =======================
request                                               status  body                          outcome
====================================================  ======  ============================  =======================
pod CREATE that a policy changes                      200     allowed, with a patch         patched
pod CREATE that needs no change                       200     allowed                       unchanged
pod CREATE that a policy refuses                      200     not allowed, with all         denied
                                                              reasons (403)
pod CREATE that is left alone (engine: exemption)     200     allowed                       exempt
UPDATE, DELETE, CONNECT, subresources, other kinds    200     allowed                       ignored
not JSON, no v1 review, no request, no readable pod   400     not allowed, with a status;   malformed
                                                              without a uid: code, message
the decision fails                                    500     not allowed, with a status    failed
no bundle is loaded                                   503     not allowed, with a status    not_ready
another path than ``/mutate`` (the query is ignored)  404     code, message                 not_found
another method than POST                              405     code, message                 method_not_allowed
a media type other than ``application/json``          415     code, message                 unsupported_media_type
a body above ``MAX_BODY_BYTES``                       413     code, message                 too_large
a body that is not complete in time                   408     code, message                 timed_out
the client is gone before its body is complete        --      --                            disconnected
====================================================  ======  ============================  =======================

The API server treats every status but 200 as a failed call, which the webhook's ``failurePolicy`` then decides about. From 404 on
nobody waits for the whole body, so the connection is closed.

This module knows ASGI and the engine, and no framework. Of a pod it logs nothing.
"""

import asyncio
import contextlib
import logging
from collections.abc import Awaitable, Callable, Generator, MutableMapping
from time import perf_counter
from typing import Any, Final, NamedTuple

import msgspec

from webhook import review
from webhook.bundles.store import Snapshot, Store
from webhook.engine.audit import auditing, difference
from webhook.engine.decision import Decision
from webhook.engine.pod import Pod
from webhook.telemetry import Hooks, Outcome, describe, log

Scope = MutableMapping[str, Any]
Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
Header = tuple[bytes, bytes]

PATH: Final = "/mutate"
MAX_BODY_BYTES: Final = 7 * 1024 * 1024
"""Two objects of 3 MiB (the API server's own limit for a request) and 1 MiB for the rest; the limit and its reasons are
controller-runtime's (``pkg/webhook/admission/http.go``, ``maxRequestSize``)."""

_LINGER_SECONDS: Final = 2.0
_JSON: Final = (b"content-type", b"application/json")
_CLOSE: Final = (b"connection", b"close")


class _Refusal(NamedTuple):
    """An answer that needs no body. ``lingers`` says that the rest of the body is worth waiting for."""

    outcome: Outcome
    status: int
    payload: bytes
    headers: list[Header]
    lingers: bool = True


def _problem(status: int, message: str) -> bytes:
    """Return the answer where there is no uid to answer to; the shape is a meta/v1 Status in small."""
    return msgspec.json.encode(review.Status(status, message))


def _refusal(outcome: Outcome, status: int, message: str, *headers: Header, lingers: bool = True) -> _Refusal:
    payload = _problem(status, message)
    return _Refusal(outcome, status, payload, [_JSON, _content_length(payload), _CLOSE, *headers], lingers)


def _content_length(payload: bytes) -> Header:
    return (b"content-length", b"%d" % len(payload))


_NOT_FOUND = _refusal(Outcome.NOT_FOUND, 404, f"reviews are answered on {PATH} only")
_NOT_POST = _refusal(Outcome.METHOD_NOT_ALLOWED, 405, "reviews are sent with POST", (b"allow", b"POST"))
_NOT_JSON = _refusal(Outcome.UNSUPPORTED_MEDIA_TYPE, 415, "reviews are sent as application/json")
_TOO_LARGE = _refusal(Outcome.TOO_LARGE, 413, f"the body is larger than {MAX_BODY_BYTES} bytes")
_TIMED_OUT = _refusal(Outcome.TIMED_OUT, 408, "the body was not complete in time", lingers=False)


class _BodyTooLargeError(Exception):
    pass


class _DisconnectedError(Exception):
    pass


class Admission:
    """The ASGI application, for ``http`` scopes only."""

    def __init__(self, store: Store, hooks: Hooks, *, body_timeout: float) -> None:
        """Bind the application.

        Args:
            store: where the current snapshot is taken from, once per request.
            hooks: told about every request.
            body_timeout: seconds within which a body must be complete.
        """
        self._store = store
        self._hooks = hooks
        self._body_timeout = body_timeout

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request, as the table above says."""
        started = perf_counter()
        refusal = _screen(scope)
        if refusal is None:
            try:
                body = await _read(receive, self._body_timeout)
            except TimeoutError:
                refusal = _TIMED_OUT
            except _BodyTooLargeError:
                refusal = _TOO_LARGE
            except _DisconnectedError:
                self._hooks.refused(Outcome.DISCONNECTED)
                return
        if refusal is not None:
            self._hooks.refused(refusal.outcome)
            await _refuse(refusal, receive, send)
            return

        status, payload, outcome = self._answer(body)
        await send({"type": "http.response.start", "status": status, "headers": [_JSON, _content_length(payload)]})
        await send({"type": "http.response.body", "body": payload})
        if status == 200:  # noqa: PLR2004 (HTTP)
            self._hooks.admitted(outcome, perf_counter() - started)
        else:
            self._hooks.refused(outcome)

    def _answer(self, body: bytes) -> tuple[int, bytes, Outcome]:
        """Return status, payload and outcome. Whatever goes wrong here is answered: a broken connection explains nothing."""
        uid: str | None = None
        try:
            request = review.decode(body)
            uid = request.uid
            pod = request.created_pod
            if pod is None:
                return 200, review.encode(review.allowed(uid)), Outcome.IGNORED
            snapshot = self._store.current
            if snapshot is None:
                return 503, _error(uid, 503, "no bundle is loaded"), Outcome.NOT_READY
            response, outcome = self._decide(snapshot, uid, pod, request.namespace)
            return 200, review.encode(response), outcome
        except review.MalformedReviewError as error:
            return 400, _error(error.uid, 400, str(error)), Outcome.MALFORMED
        except Exception as error:  # noqa: BLE001 (a defect of ours must not look like a network failure)
            log(logging.ERROR, "decision failed", uid=uid, exception=describe(error))
            return 500, _error(uid, 500, "the decision failed; the log of overbank-webhook says where"), Outcome.FAILED

    def _decide(self, snapshot: Snapshot, uid: str, pod: Pod, namespace: str) -> tuple[review.Response, Outcome]:
        labels = snapshot.namespaces.get(namespace)
        if labels is None:
            self._hooks.unknown_namespace()
        try:
            decision = snapshot.engine.admit(pod, namespace, labels)
        except review.UNREADABLE as error:
            raise review.unreadable(error, uid) from error
        if decision.warnings:
            self._hooks.warned(len(decision.warnings))
        if decision.audit is not None:
            self._hooks.audited(auditing(decision))
        audit = _audit(decision)
        if decision.denied:
            message = " ".join(decision.denied)
            return review.denied(uid, message, warnings=decision.warnings, audit=audit), Outcome.DENIED
        if decision.operations:
            return review.patched(uid, decision.operations, warnings=decision.warnings, audit=audit), Outcome.PATCHED
        outcome = Outcome.UNCHANGED if decision.exemption is None else Outcome.EXEMPT
        return review.allowed(uid, warnings=decision.warnings, audit=audit), outcome


def _screen(scope: Scope) -> _Refusal | None:
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
        return _TOO_LARGE
    return None


async def _read(receive: Receive, timeout: float) -> bytes:  # noqa: ASYNC109 (see below why not around the call)
    """Return the whole body.

    Nearly always it is there before this is called. A timer takes 5 us where a whole constant answer takes 35 (bench/https.py), so
    one is set only where the first wait turns out to be one.

    Raises:
        TimeoutError: it was not complete in ``timeout`` seconds.
        _BodyTooLargeError: it is larger than ``MAX_BODY_BYTES``.
        _DisconnectedError: the client went away before its end.
    """
    first = receive().__await__()
    try:
        pending = next(first)
    except StopIteration as arrived:
        message: Message = arrived.value
        if message["type"] == "http.request" and not message.get("more_body"):
            body: bytes = message.get("body", b"")
            if len(body) > MAX_BODY_BYTES:
                raise _BodyTooLargeError from None
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
            raise _BodyTooLargeError
        if not message.get("more_body"):
            return bytes(body)
        message = await receive()
    raise _DisconnectedError


async def _refuse(refusal: _Refusal, receive: Receive, send: Send) -> None:
    """Answer at once, then take in what the client is still sending, for a moment, before the connection is closed.

    Closing a socket with unread data resets it, and the client would lose the answer (RFC 9112 §9.6, a lingering close).
    """
    await send({"type": "http.response.start", "status": refusal.status, "headers": refusal.headers})
    await send({"type": "http.response.body", "body": refusal.payload, "more_body": True})
    if refusal.lingers:
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(_LINGER_SECONDS):
                while (await receive()).get("more_body"):
                    pass
    await send({"type": "http.response.body", "body": b""})


def _audit(decision: Decision) -> dict[str, str]:
    audit: dict[str, str] = {}
    if decision.operations and decision.applied:
        audit["applied"] = decision.applied
    if decision.exemption is not None:
        audit["exempt"] = decision.exemption.value
    if decision.audit is not None:
        audit["audited"] = difference(decision)
    return audit


def _error(uid: str | None, status: int, message: str) -> bytes:
    if uid is None:
        return _problem(status, message)
    return review.encode(review.errored(uid, status, message))
