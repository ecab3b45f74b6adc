"""Health, readiness and metrics on the internal port: plain HTTP, for kubelets and Prometheus, never for the API server.

Nothing here is on the path of a pod, so this is where a framework may be used. It reads the state of the server and changes none.
"""

from typing import Annotated

from fastapi import FastAPI, Response
from fastapi.responses import PlainTextResponse
from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.exposition import CONTENT_TYPE_PLAIN_0_0_4
from pydantic import BaseModel, Field

from webhook.readiness import Readiness


class Health(BaseModel):
    """The answer of ``/healthz``."""

    status: Annotated[str, Field(description="Always `ok`: a process that cannot answer says nothing.")]


class Ready(BaseModel):
    """The answer of ``/readyz``."""

    ready: Annotated[bool, Field(description="Whether admission reviews should be sent here.")]
    reason: Annotated[str, Field(description="Why not; empty where it is ready.")]


def application(readiness: Readiness, registry: CollectorRegistry, version: str) -> FastAPI:
    """Build the application.

    Args:
        readiness: why not, if there is a reason.
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
        responses={503: {"model": Ready, "description": "No; the reasons, such as `draining`."}},
    )
    async def readyz(response: Response) -> Ready:
        reason = readiness.reason
        if reason:
            response.status_code = 503
        return Ready(ready=not reason, reason=reason)

    @app.get("/metrics", summary="Metrics in the text format of Prometheus", response_class=PlainTextResponse)
    async def metrics() -> Response:
        return Response(generate_latest(registry), media_type=CONTENT_TYPE_PLAIN_0_0_4)

    return app
