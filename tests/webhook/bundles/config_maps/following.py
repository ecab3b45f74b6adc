"""ConfigMaps with bundles, whole and in parts, and a keeper that follows them while a test runs."""

import asyncio
import base64
import contextlib
from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import Any

from webhook.bundles.live import follow
from webhook.engine import bundle as bundles
from webhook.engine.bundle import Bundle
from webhook.engine.split import split
from webhook.kube.access import connect
from webhook.kube.api import Api
from webhook.kube.reflector import Pace

Make = Callable[..., Bundle]
NAMESPACE = "overbank-system"
MAPS = f"/api/v1/namespaces/{NAMESPACE}/configmaps"
BUNDLE, SWITCH = f"{MAPS}/overbank-bundle", f"{MAPS}/overbank-emergency"
EVENTS = f"/api/v1/namespaces/{NAMESPACE}/events"
QUICK = Pace(watch_seconds=30, resync_seconds=900, first_wait_seconds=0.01, longest_wait_seconds=0.05)
UID = "6f1b3f0e-8c7d-4d0a-9a53-0c2b8e5f1a77"


def whole(value: Bundle, signature: bytes | None = None) -> dict[str, Any]:
    """Return the ConfigMap of a small bundle."""
    signed = {"bundle.sig": signature.decode()} if signature else {}
    return {"metadata": {"uid": "u1"}, "data": {"bundle.json": bundles.encode(value).decode(), **signed}}


def in_parts(value: Bundle) -> tuple[dict[str, Any], dict[str, dict[str, Any]]]:
    """Return the ConfigMap with the index of a bundle, and those of its parts by their paths."""
    index, parts = split(bundles.encode(value), value.digest, "overbank-bundle")
    held = {f"{MAPS}/{name}": {"binaryData": {"part": base64.b64encode(raw).decode()}} for name, raw in parts.items()}
    assert len(held) > 2
    return {"data": {"index.json": index.encode().decode()}}, held


def following(
    cluster: Any,
    folder: Path,
    watched: Any,
    test: Callable[[Api], Coroutine[Any, Any, None]],
    switch: str | None = "overbank-emergency",
) -> None:
    """Follow the cluster while a test runs."""

    async def main() -> None:
        async with await connect(cluster.kubeconfig(folder)) as api:
            watched.readiness.hold("emergency", "the emergency switch is not known yet")
            task = asyncio.create_task(
                follow(
                    api,
                    watched.keeper,
                    namespace=NAMESPACE,
                    bundle="overbank-bundle",
                    switch=switch,
                    heard=lambda: watched.readiness.release("emergency"),
                    pace=QUICK,
                )
            )
            try:
                async with asyncio.timeout(60):
                    await test(api)
            finally:
                task.cancel()
                with contextlib.suppress(asyncio.CancelledError):
                    await task

    asyncio.run(main())
