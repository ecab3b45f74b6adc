"""Which requests are answered at all: paths, methods, media types, bodies, deadlines and limits."""

import time
from typing import Any

import pytest

from tests.webhook.server.reviews import MakeReview, counted, encoded
from webhook.admission import Admission
from webhook.bundles.store import Store
from webhook.front.body import MAX_BODY_BYTES
from webhook.telemetry.metrics import Metrics


@pytest.mark.parametrize("path", ["/", "/mutate/", "/validate", "/mutate/x"])
def test_other_paths_are_not_found(store: Store, metrics: Metrics, caller: Any, path: str) -> None:
    """Reviews are answered in one place only."""
    answer = caller(Admission(store, metrics, body_timeout=1), path)(b"{}")
    assert (answer.status, answer.headers["connection"]) == (404, "close")
    assert counted(metrics, "not_found") == 1


@pytest.mark.parametrize("method", ["GET", "PUT", "DELETE", "OPTIONS"])
def test_other_methods_are_not_allowed(admit: Any, metrics: Metrics, method: str) -> None:
    """Reviews are sent with POST, which the answer says."""
    answer = admit(b"", method=method)
    assert (answer.status, answer.headers["allow"], answer.headers["connection"]) == (405, "POST", "close")
    assert counted(metrics, "method_not_allowed") == 1


@pytest.mark.parametrize("media_type", ["", "text/plain", "application/yaml", "application/json-patch+json", "application/jsonx"])
def test_other_media_types_are_refused(admit: Any, metrics: Metrics, media_type: str) -> None:
    """Only JSON is read."""
    assert admit(b"{}", content_type=media_type).status == 415
    assert counted(metrics, "unsupported_media_type") == 1


@pytest.mark.parametrize("media_type", ["application/json; charset=utf-8", "Application/JSON", "application/json ;x=y"])
def test_media_types_are_compared_as_such(admit: Any, make_review: MakeReview, pod: dict[str, Any], media_type: str) -> None:
    """Parameters and case of the media type do not matter."""
    assert admit(encoded(make_review(pod)), content_type=media_type).status == 200


@pytest.mark.parametrize(
    ("chunks", "headers"),
    [
        ([b"{}"], {"content_length": str(MAX_BODY_BYTES + 1)}),
        ([b"{}"], {"content_length": "9" * 40}),
        ([b" " * (MAX_BODY_BYTES + 1)], {}),
        ([b" " * MAX_BODY_BYTES, b" ", b"never read"], {}),
        ([b" " * (MAX_BODY_BYTES + 1), b" ", None], {"content_length": "12"}),
    ],
)
def test_large_bodies_are_refused(admit: Any, metrics: Metrics, chunks: list[bytes | None], headers: dict[str, str]) -> None:
    """A body above the limit is refused, by its declared length or as soon as it shows."""
    answer = admit(chunks, **headers)
    assert (answer.status, answer.headers["connection"]) == (413, "close")
    assert counted(metrics, "too_large") == 1


@pytest.mark.parametrize("waits", [False, True])
@pytest.mark.parametrize("parts", [1, 2, 7])
def test_the_largest_body_is_read(admit: Any, make_review: MakeReview, pod: dict[str, Any], parts: int, *, waits: bool) -> None:
    """A body at the limit is decided about, in one piece or in several, there at once or later."""
    admit.waits = waits
    body = encoded(make_review(pod)).ljust(MAX_BODY_BYTES)
    step = -(-len(body) // parts)
    answer = admit([body[start : start + step] for start in range(0, len(body), step)])
    assert answer.status == 200
    assert answer.operations


@pytest.mark.parametrize("waits", [False, True])
@pytest.mark.parametrize("received", [[], [b'{"request"'], [b'{"re', b'quest"', b":"]])
def test_slow_bodies_are_given_up(store: Store, metrics: Metrics, caller: Any, received: list[bytes], *, waits: bool) -> None:
    """A body that is not complete in time gets 408, however much of it is there."""
    answer = caller(Admission(store, metrics, body_timeout=0.02), waits=waits, stalls=True)(received)
    assert (answer.status, answer.headers["connection"]) == (408, "close")
    assert counted(metrics, "timed_out") == 1


def test_too_many_requests_are_refused_at_once(admit: Any, metrics: Metrics, make_review: MakeReview, pod: dict[str, Any]) -> None:
    """A request that the connection notes as one too many gets 503, is asked to come again, and keeps its connection."""
    admit.state["overloaded"] = True
    answer = admit(encoded(make_review(pod)))
    assert (answer.status, answer.body["code"], answer.headers["retry-after"]) == (503, 503, "1")
    assert "connection" not in answer.headers
    assert counted(metrics, "overloaded") == 1


@pytest.mark.parametrize(
    ("query", "waited", "status"), [(b"timeout=30s", 20, 200), (b"timeout=2s", 1.7, 504), (b"", 5, 200), (b"", 8.5, 504)]
)
def test_late_answers_are_not_made(
    admit: Any, metrics: Metrics, make_review: MakeReview, pod: dict[str, Any], *, query: bytes, waited: float, status: int
) -> None:
    """A request that has waited for nearly as long as the API server does gets 504 instead of a decision."""
    admit.query, admit.state = query, {"arrived": time.perf_counter() - waited}
    answer = admit(encoded(make_review(pod)))
    assert answer.status == status
    assert counted(metrics, "late") == (status == 504)


@pytest.mark.parametrize("waits", [False, True])
def test_a_body_has_no_longer_than_the_api_server_waits(store: Store, metrics: Metrics, caller: Any, *, waits: bool) -> None:
    """A body that is not complete by the deadline gets 408, however long a body may take otherwise."""
    admit = caller(Admission(store, metrics, body_timeout=9999), waits=waits, stalls=True, query=b"timeout=20ms")
    assert admit([b'{"request"']).status == 408


@pytest.mark.parametrize("waits", [False, True])
@pytest.mark.parametrize("chunks", [[None], [b"{", None], [b"{", b"}", None]])
def test_a_client_that_goes_away_gets_no_answer(admit: Any, metrics: Metrics, chunks: list[bytes | None], *, waits: bool) -> None:
    """A disconnect before the body is complete is counted and nothing is sent."""
    admit.waits = waits
    assert admit(chunks) is None
    assert counted(metrics, "disconnected") == 1
