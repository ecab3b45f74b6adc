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

import logging
from time import perf_counter
from typing import Any, Final, NamedTuple

from webhook import review
from webhook.bundles.store import Snapshot, Store
from webhook.engine.audit import auditing, difference
from webhook.engine.decision import Decision
from webhook.engine.pod import Pod
from webhook.front.body import BodyTooLargeError, DisconnectedError, Receive, read
from webhook.front.deadline import Deadlines
from webhook.front.refusals import (
    JSON,
    LATE,
    OVERLOADED,
    TIMED_OUT,
    TOO_LARGE,
    Scope,
    Send,
    content_length,
    problem,
    refuse,
    screen,
)
from webhook.namespaces import Namespaces
from webhook.telemetry.decisions import DecisionLog
from webhook.telemetry.hooks import Hooks, Outcome
from webhook.telemetry.logs import describe, log

_NO_STATE: Final[dict[str, Any]] = {}


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
        refusal = OVERLOADED if state.get("overloaded") else screen(scope)
        if refusal is None:
            deadline = arrived + self._deadlines.seconds(scope["query_string"])
            try:
                body = await read(receive, min(self._body_timeout, deadline - started))
                if perf_counter() > deadline:
                    refusal = LATE
            except TimeoutError:
                refusal = TIMED_OUT
            except BodyTooLargeError:
                refusal = TOO_LARGE
            except DisconnectedError:
                self._hooks.refused(Outcome.DISCONNECTED)
                return
        if refusal is not None:
            self._hooks.refused(refusal.outcome)
            await refuse(refusal, receive, send)
            return

        answer = self._answer(body)
        status, payload, outcome = answer.status, answer.payload, answer.outcome
        await send({"type": "http.response.start", "status": status, "headers": [JSON, content_length(payload)]})
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
        return problem(status, message)
    return review.encode(review.errored(uid, status, message))
