"""Health, readiness and metrics on the internal port: plain HTTP, for kubelets and Prometheus, never for the API server.

Nothing here is on the path of a pod, so this is where a framework may be used. It reads the state of the server and changes none.
"""

from dataclasses import dataclass
from typing import Annotated

from fastapi import FastAPI, Response
from fastapi.responses import PlainTextResponse
from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.exposition import CONTENT_TYPE_PLAIN_0_0_4
from pydantic import BaseModel, Field

from webhook.store import Store


@dataclass(slots=True)
class Lifecycle:
    """Where the process is between its start and its end.

    Attributes:
        draining: set once, on the first signal to stop; requests that arrived before are still answered.
    """

    draining: bool = False


class Health(BaseModel):
    """The answer of ``/healthz``."""

    status: Annotated[str, Field(description="Always `ok`: a process that cannot answer says nothing.")]


class Readiness(BaseModel):
    """The answer of ``/readyz``."""

    ready: Annotated[bool, Field(description="Whether admission reviews should be sent here.")]
    reason: Annotated[str, Field(description="Why not; empty where it is ready.")]


def application(store: Store, lifecycle: Lifecycle, registry: CollectorRegistry, version: str) -> FastAPI:
    """Build the application.

    Args:
        store: ready once it holds a snapshot.
        lifecycle: not ready any more once it drains.
        registry: what ``/metrics`` shows.
        version: of the distribution, for ``/openapi.json``.
    """
    # The documentation pages load scripts from a public CDN, which a cluster may not reach and should not trust.
    app = FastAPI(title="overbank-webhook management", version=version, docs_url=None, redoc_url=None)

    @app.get("/healthz", summary="Is the process alive?")
    async def healthz() -> Health:
        return Health(status="ok")

    @app.get(
        "/readyz",
        summary="Should admission reviews be sent here?",
        responses={503: {"model": Readiness, "description": "No: `no bundle` or `draining`."}},
    )
    async def readyz(response: Response) -> Readiness:
        reason = "draining" if lifecycle.draining else "no bundle" if store.current is None else ""
        if reason:
            response.status_code = 503
        return Readiness(ready=not reason, reason=reason)

    @app.get("/metrics", summary="Metrics in the text format of Prometheus", response_class=PlainTextResponse)
    async def metrics() -> Response:
        return Response(generate_latest(registry), media_type=CONTENT_TYPE_PLAIN_0_0_4)

    return app
