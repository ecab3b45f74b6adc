"""How much is going on at the admission port, and whether there is room for more."""

from dataclasses import dataclass
from time import perf_counter

from prometheus_client import CollectorRegistry, Counter, Gauge


@dataclass(slots=True, kw_only=True)
class Gate:
    """Counts what is going on. Everything happens on one event loop, so plain numbers will do.

    Attributes:
        max_in_flight: requests beyond so many are answered at once that there are too many.
        max_connections: connections beyond so many are closed at once, before anything is spent on TLS.
        in_flight: requests whose head has been read and whose answer has not been sent.
        connections: accepted and not closed, those that are still in their TLS handshake included.
        draining: set once; every answer from then on closes its connection.
    """

    max_in_flight: int
    max_connections: int
    in_flight: int = 0
    connections: int = 0
    draining: bool = False

    def enter(self, state: dict[str, object]) -> None:
        """Take in a request: note in its ASGI ``state`` when it arrived and whether there are too many."""
        self.in_flight += 1
        state["arrived"] = perf_counter()
        state["overloaded"] = self.in_flight > self.max_in_flight


class Arrivals:
    """What became of connections, as metrics; how many there are is read from the gate only when somebody asks."""

    def __init__(self, gate: Gate, registry: CollectorRegistry) -> None:
        Gauge(
            "overbank_webhook_requests_in_flight", "Requests to the admission port that are not answered yet.", registry=registry
        ).set_function(lambda: gate.in_flight)
        Gauge(
            "overbank_webhook_requests_in_flight_limit", "Requests beyond so many are refused (--max-in-flight).", registry=registry
        ).set(gate.max_in_flight)
        Gauge(
            "overbank_webhook_open_connections",
            "Open connections to the admission port, TLS handshakes included.",
            registry=registry,
        ).set_function(lambda: gate.connections)
        Gauge(
            "overbank_webhook_open_connections_limit",
            "Connections beyond so many are closed at once (--max-connections).",
            registry=registry,
        ).set(gate.max_connections)
        connections = Counter(
            "overbank_webhook_connections_total",
            "Connections to the admission port: accepted (TLS is established), handshake_failed (the client does not trust our certificate, "
            "or does not speak TLS), handshake_timed_out, over_limit (there were too many), head_timed_out (a request never began, or its "
            "head never ended), head_too_large and not_http (what came is no HTTP/1.1); these three are counted as accepted, too.",
            ["result"],
            registry=registry,
        )
        self.accepted = connections.labels("accepted").inc
        self.handshake_failed = connections.labels("handshake_failed").inc
        self.handshake_timed_out = connections.labels("handshake_timed_out").inc
        self.over_limit = connections.labels("over_limit").inc
        self.head_too_large = connections.labels("head_too_large").inc
        self.not_http = connections.labels("not_http").inc
        self.head_timed_out = connections.labels("head_timed_out").inc
