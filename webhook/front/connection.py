"""One connection: uvicorn's, with the limits that it has none of.

uvicorn closes connections that are idle between requests, and waits for ever for the first byte of the first request, for the end of a
head, and for a request that follows stray line breaks; a head may be of any size. Here each of these has a bound. A timer is set only
where it turns out that there is something to wait for, so a request that arrives in one piece costs none.
"""

from asyncio import AbstractEventLoop, BaseTransport, TimerHandle, Transport
from typing import Any, Final, cast

import uvicorn
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol, RequestResponseCycle
from uvicorn.server import ServerState

from webhook.front.gate import Arrivals, Gate

LAST_CHANCE_SECONDS: Final = 3.0
"""A connection that came just before the end may have a request on its way; it has so long to arrive."""

MAX_HEAD_BYTES: Final = 64 * 1024
"""A head of the API server's has less than 1 KiB. What comes in one read, up to 256 KiB, is not cut. uvicorn keeps trailers as it keeps
the head, and reads them without a bound."""


class Connection(HttpToolsProtocol):
    """Serves HTTP/1.1 on one connection."""

    def __init__(
        self,
        config: uvicorn.Config,
        server_state: ServerState,
        app_state: dict[str, Any],
        _loop: AbstractEventLoop | None = None,
        *,
        gate: Gate,
        arrivals: Arrivals,
        head_timeout: float,
    ) -> None:
        """Prepare to serve.

        Args:
            config: and the next three are uvicorn's.
            server_state: see there.
            app_state: see there.
            _loop: see there.
            gate: where requests are counted.
            arrivals: where heads that never end are counted.
            head_timeout: seconds from the connection's begin to the end of the first head, and from the first byte of any later
                head to its end.
        """
        super().__init__(config, server_state, app_state, _loop)
        self._gate = gate
        self._arrivals = arrivals
        self._head_timeout = head_timeout
        self._head_timer: TimerHandle | None = None
        self._open_requests = 0
        self._in_body = False
        self._head_bytes = 0

    def connection_made(self, transport: BaseTransport) -> None:
        """Begin to wait for the first head."""
        super().connection_made(cast("Transport", transport))
        self._arrivals.accepted()
        self._await_head(min(self._head_timeout, LAST_CHANCE_SECONDS) if self._gate.draining else self._head_timeout)

    def connection_lost(self, exc: Exception | None) -> None:
        """Forget what was open."""
        self._head_came()
        self._gate.connections -= 1
        self._gate.in_flight -= self._open_requests
        self._open_requests = 0
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """Parse; if something came and no request follows from it yet, begin to wait for one."""
        self._head_bytes += len(data)
        super().data_received(data)
        if self.transport.is_closing():
            return
        if self._head_bytes > MAX_HEAD_BYTES:
            self._too_large()
        elif self._idle and self._head_timer is None:
            self._await_head(self._head_timeout)

    def on_body(self, body: bytes) -> None:
        """Hand on a piece of the body. What comes next and is none, such as trailers, counts as a head does."""
        self._head_bytes = 0
        super().on_body(body)

    def on_headers_complete(self) -> None:
        """Let uvicorn begin with the request."""
        self._head_came()
        self._in_body = True
        self._head_bytes = 0
        self._open_requests += 1
        self._gate.enter(self.scope["state"])
        super().on_headers_complete()
        if self._gate.draining or self.expect_100_continue:
            # A refusal may come before the body has been asked for (RFC 9110 §10.1.1); then nobody knows what the next bytes are.
            self.cycle.keep_alive = False

    def on_message_complete(self) -> None:
        """Note that a head comes next, also where the answer came before the end of the body."""
        self._in_body = False
        super().on_message_complete()

    def on_response_complete(self) -> None:
        """Let uvicorn wait for the next request."""
        if self._open_requests:
            self._open_requests -= 1
            self._gate.in_flight -= 1
        super().on_response_complete()

    def send_400_response(self, msg: str) -> None:
        """Count what uvicorn cannot read, and answer."""
        self._arrivals.not_http()
        super().send_400_response(msg)

    def drain(self) -> None:
        """Close after the answer that is being made, if there is one; go on as before otherwise."""
        if not self._idle and not self.cycle.response_started:
            self.cycle.keep_alive = False

    def shutdown(self) -> None:
        """Close as soon as no request is being answered or read. What is new here may have sent one that has not arrived yet."""
        if self._head_timer is None:
            super().shutdown()
        elif not self.transport.is_closing():
            self._await_head(min(self._head_timeout, LAST_CHANCE_SECONDS))

    @property
    def _idle(self) -> bool:
        """No request is being answered."""
        cycle = cast("RequestResponseCycle | None", self.cycle)  # None at first, whatever uvicorn declares
        return cycle is None or cycle.response_complete

    def _await_head(self, seconds: float) -> None:
        if self._head_timer is not None:
            self._head_timer.cancel()
        self._unset_keepalive_if_required()
        self._head_timer = None if self.transport.is_closing() else self.loop.call_later(seconds, self._give_up)

    def _head_came(self) -> None:
        if self._head_timer is not None:
            self._head_timer.cancel()
            self._head_timer = None

    def _too_large(self) -> None:
        """Close, with a word where nobody would take it for the answer to another request."""
        self._arrivals.head_too_large()
        if self._idle and not self._in_body:
            super().send_400_response("The head of the request is too large.")
        else:
            self.transport.close()

    def _give_up(self) -> None:
        self._head_timer = None
        self._arrivals.head_timed_out()
        self.transport.close()
