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
more requests at once than there is room for          503     code, message                 overloaded
a body that is complete when it is too late           504     code, message                 late
the client is gone before its body is complete        --      --                            disconnected
====================================================  ======  ============================  =======================

The API server treats every status but 200 as a failed call, which the webhook's ``failurePolicy`` then decides about. From 404 to 408
nobody waits for the whole body, so the connection is closed. An overload closes nothing: a new connection costs as much as several
requests, and would make it worse. The time that counts is that which the API server waits (``webhook.front.deadline``), from the
arrival of the head (``webhook.front.gate``).

This module knows ASGI and the engine, and no framework. Of a pod it logs nothing.
"""

import asyncio
import contextlib
import logging
from collections.abc import Awaitable, Callable, MutableMapping
from time import perf_counter
from typing import Any, Final, NamedTuple

import msgspec

from webhook import review
from webhook.bundles.store import Snapshot, Store
from webhook.engine.audit import auditing, difference
from webhook.engine.decision import Decision
from webhook.engine.pod import Pod
from webhook.front.body import MAX_BODY_BYTES, BodyTooLargeError, DisconnectedError, Message, Receive, read
from webhook.front.deadline import Deadlines
from webhook.namespaces import Namespaces
from webhook.telemetry.decisions import DecisionLog
from webhook.telemetry.hooks import Hooks, Outcome
from webhook.telemetry.logs import describe, log

Scope = MutableMapping[str, Any]
Send = Callable[[Message], Awaitable[None]]
Header = tuple[bytes, bytes]

PATH: Final = "/mutate"
RETRY_SECONDS: Final = 1
"""The API server's client comes back by itself after an answer of 5xx that has ``Retry-After``, as long as its own time allows (client-go
``rest/with_retry.go``, ``checkWait``)."""

_LINGER_SECONDS: Final = 2.0
_JSON: Final = (b"content-type", b"application/json")
_CLOSE: Final = (b"connection", b"close")
_NO_STATE: Final[dict[str, Any]] = {}


class _Refusal(NamedTuple):
    """An answer that needs no body. ``lingers`` says that the rest of the body is worth waiting for before the connection is closed."""

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
    return _Refusal(outcome, status, payload, [_JSON, _content_length(payload), *headers], lingers)


def _content_length(payload: bytes) -> Header:
    return (b"content-length", b"%d" % len(payload))


_NOT_FOUND = _refusal(Outcome.NOT_FOUND, 404, f"reviews are answered on {PATH} only", _CLOSE)
_NOT_POST = _refusal(Outcome.METHOD_NOT_ALLOWED, 405, "reviews are sent with POST", _CLOSE, (b"allow", b"POST"))
_NOT_JSON = _refusal(Outcome.UNSUPPORTED_MEDIA_TYPE, 415, "reviews are sent as application/json", _CLOSE)
_TOO_LARGE = _refusal(Outcome.TOO_LARGE, 413, f"the body is larger than {MAX_BODY_BYTES} bytes", _CLOSE)
_TIMED_OUT = _refusal(Outcome.TIMED_OUT, 408, "the body was not complete in time", _CLOSE, lingers=False)
_OVERLOADED = _refusal(Outcome.OVERLOADED, 503, "too many requests at once", (b"retry-after", b"%d" % RETRY_SECONDS), lingers=False)
_LATE = _refusal(
    Outcome.LATE, 504, "the time that the API server waits was nearly over before a decision could begin", lingers=False
)


class _Answer(NamedTuple):
    """An answer to a body that has been read, and what there is to tell about it."""

    status: int
    payload: bytes
    outcome: Outcome
    uid: str | None
    namespace: str
    decision: Decision | None = None


class Admission:
    """The ASGI application, for ``http`` scopes only."""

    def __init__(
        self,
        store: Store,
        hooks: Hooks,
        *,
        body_timeout: float,
        namespaces: Namespaces | None = None,
        decisions: DecisionLog | None = None,
    ) -> None:
        """Bind the application.

        Args:
            store: where the current snapshot is taken from, once per request.
            hooks: told about every request.
            body_timeout: seconds within which a body must be complete, where the API server does not wait less long.
            namespaces: what the cluster says about namespaces; it wins over what the bundle declares.
            decisions: told about every request that is answered after its body was read.
        """
        self._store = store
        self._hooks = hooks
        self._body_timeout = body_timeout
        self._namespaces = namespaces or Namespaces()
        self._decisions = decisions
        self._deadlines = Deadlines()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request, as the table above says."""
        started = perf_counter()
        state = scope.get("state", _NO_STATE)
        arrived: float = state.get("arrived", started)
        refusal = _OVERLOADED if state.get("overloaded") else _screen(scope)
        if refusal is None:
            deadline = arrived + self._deadlines.seconds(scope["query_string"])
            try:
                body = await read(receive, min(self._body_timeout, deadline - started))
                if perf_counter() > deadline:
                    refusal = _LATE
            except TimeoutError:
                refusal = _TIMED_OUT
            except BodyTooLargeError:
                refusal = _TOO_LARGE
            except DisconnectedError:
                self._hooks.refused(Outcome.DISCONNECTED)
                return
        if refusal is not None:
            self._hooks.refused(refusal.outcome)
            await _refuse(refusal, receive, send)
            return

        answer = self._answer(body)
        status, payload, outcome = answer.status, answer.payload, answer.outcome
        await send({"type": "http.response.start", "status": status, "headers": [_JSON, _content_length(payload)]})
        await send({"type": "http.response.body", "body": payload})
        seconds = perf_counter() - arrived
        if status == 200:  # noqa: PLR2004 (HTTP)
            self._hooks.admitted(outcome, seconds)
        else:
            self._hooks.refused(outcome)
        if self._decisions is not None and outcome in self._decisions.wanted:
            self._decisions.record(outcome, answer.uid, answer.namespace, answer.decision, seconds)

    def _answer(self, body: bytes) -> _Answer:
        """Decide. Whatever goes wrong here is answered: a broken connection explains nothing."""
        uid: str | None = None
        namespace = ""
        try:
            request = review.decode(body)
            uid, namespace = request.uid, request.namespace
            pod = request.created_pod
            if pod is None:
                return _Answer(200, review.encode(review.allowed(uid)), Outcome.IGNORED, uid, namespace)
            snapshot = self._store.current
            if snapshot is None:
                return _Answer(503, _error(uid, 503, "no bundle is loaded"), Outcome.NOT_READY, uid, namespace)
            decision = self._decide(snapshot, uid, pod, namespace)
            response, outcome = _respond(uid, decision)
            return _Answer(200, review.encode(response), outcome, uid, namespace, decision)
        except review.MalformedReviewError as error:
            return _Answer(400, _error(error.uid, 400, str(error)), Outcome.MALFORMED, error.uid, namespace)
        except Exception as error:  # noqa: BLE001 (a defect of ours must not look like a network failure)
            log(logging.ERROR, "decision failed", uid=uid, exception=describe(error))
            text = "the decision failed; the log of overbank-webhook says where"
            return _Answer(500, _error(uid, 500, text), Outcome.FAILED, uid, namespace)

    def _decide(self, snapshot: Snapshot, uid: str, pod: Pod, namespace: str) -> Decision:
        labels = self._namespaces.live.get(namespace)
        if labels is None:
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
        if decision.operations:
            self._hooks.mutated(decision.applied)
        return decision


def _respond(uid: str, decision: Decision) -> tuple[review.Response, Outcome]:
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


async def _refuse(refusal: _Refusal, receive: Receive, send: Send) -> None:
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
