"""The management application in process: health, readiness with its reasons, metrics, and nothing from a CDN."""

import asyncio
from typing import Any

import pytest
from fastapi import FastAPI

from webhook.bundles.store import Snapshot, Store
from webhook.engine.bundle import Bundle
from webhook.management import application
from webhook.readiness import Readiness
from webhook.telemetry.metrics import Metrics


def get(app: FastAPI, path: str) -> tuple[int, dict[str, str], str]:
    """Ask the application for a path; return status, headers and text."""
    sent: list[Any] = []

    async def receive() -> dict[str, Any]:
        return {"type": "http.request", "body": b"", "more_body": False}

    async def send(message: Any) -> None:
        sent.append(message)

    scope = {"type": "http", "method": "GET", "path": path, "raw_path": path.encode(), "query_string": b"", "headers": []}
    asyncio.run(app(scope, receive, send))
    headers = {name.decode(): value.decode() for name, value in sent[0]["headers"]}
    return sent[0]["status"], headers, b"".join(message.get("body", b"") for message in sent[1:]).decode()


@pytest.fixture
def readiness() -> Readiness:
    """Return the readiness of a server that is not draining."""
    return Readiness()


@pytest.fixture
def store(readiness: Readiness) -> Store:
    """Return an empty store."""
    return Store(readiness)


@pytest.fixture
def app(store: Store, readiness: Readiness) -> FastAPI:  # noqa: ARG001 (a store without a bundle is not ready)
    """Return the application."""
    return application(readiness, Metrics().registry, "1.2.3")


def test_is_alive_whatever_else(app: FastAPI, readiness: Readiness) -> None:
    """Health does not depend on a bundle or on draining: a restart would help neither."""
    readiness.draining = True
    assert get(app, "/healthz")[::2] == (200, '{"status":"ok"}')


def test_is_ready_with_a_bundle_until_it_drains(app: FastAPI, store: Store, readiness: Readiness, bundle: Bundle) -> None:
    """Readiness fails without a bundle and while draining, and says why."""
    assert get(app, "/readyz")[::2] == (503, '{"ready":false,"reason":"no bundle"}')
    store.swap(Snapshot.of(bundle))
    assert get(app, "/readyz")[::2] == (200, '{"ready":true,"reason":""}')
    readiness.draining = True
    assert get(app, "/readyz")[::2] == (503, '{"ready":false,"reason":"draining"}')


def test_shows_metrics_in_the_text_format(app: FastAPI) -> None:
    """Metrics come in the format that every Prometheus reads."""
    status, headers, text = get(app, "/metrics")
    assert (status, headers["content-type"]) == (200, "text/plain; version=0.0.4; charset=utf-8")
    assert "# TYPE overbank_webhook_admission_duration_seconds histogram" in text


def test_describes_itself_without_a_cdn(app: FastAPI) -> None:
    """The OpenAPI document is there; the pages that load scripts from elsewhere are not."""
    status, _, text = get(app, "/openapi.json")
    assert status == 200
    assert '"/readyz"' in text
    assert "1.2.3" in text
    assert [get(app, path)[0] for path in ("/docs", "/redoc", "/mutate")] == [404, 404, 404]
