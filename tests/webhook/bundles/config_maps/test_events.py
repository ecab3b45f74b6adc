"""Events about bundles that are refused."""

import asyncio
from pathlib import Path
from typing import Any

import pytest

from tests.webhook.bundles.config_maps.following import BUNDLE, EVENTS, NAMESPACE, following, whole
from webhook.bundles import events
from webhook.engine.bundle import Bundle
from webhook.kube.api import Api


@pytest.mark.parametrize(
    ("config_map", "reason"),
    [
        ({"data": {"bundle.json": "{"}}, "malformed"),
        ({"data": {"other": "x"}}, "malformed"),
        ({}, "malformed"),
        ({"data": []}, "malformed"),
        ({"data": {"index.json": "x"}}, "malformed"),
        ({"data": {"bundle.json": '{"version": "overbank.dev/bundle/v9"}'}}, "version"),
    ],
)
def test_what_is_refused_is_an_event(
    cluster: Any, tmp_path: Path, watch: Any, bundle: Bundle, *, config_map: dict[str, Any], reason: str
) -> None:
    """A refused bundle is an Event on its ConfigMap, which says why and what goes on; the last good one decides."""
    watched = watch()
    cluster.put(BUNDLE, whole(bundle))

    async def test(_: Api) -> None:
        await watched.until(lambda: watched.digest == bundle.digest)
        cluster.put(BUNDLE, {"metadata": {"uid": "u2"}, **config_map})
        await watched.until(lambda: watched.metric("bundle_refusals_total", reason=reason) == 1)
        await asyncio.to_thread(cluster.await_stored, EVENTS, 1)

    following(cluster, tmp_path, watched, test)
    assert watched.digest == bundle.digest
    (found,) = cluster.await_stored(EVENTS, 1)
    assert found["involvedObject"] | {"resourceVersion": ""} == {
        "apiVersion": "v1",
        "kind": "ConfigMap",
        "namespace": NAMESPACE,
        "name": "overbank-bundle",
        "uid": "u2",
        "resourceVersion": "",
    }
    assert (found["type"], found["reason"]) == ("Warning", "BundleRefused")
    assert "the last good bundle decides" in found["message"]


def test_events_are_few(cluster: Any, tmp_path: Path, watch: Any, logged: Any) -> None:
    """A bundle that breaks again and again, each time otherwise, is an Event so many times and no more."""
    watched = watch()

    async def test(_: Api) -> None:
        for number in range(events.MOST + 5):
            cluster.put(BUNDLE, {"data": {"bundle.json": f"broken {number}"}})
            await watched.until(lambda number=number: len(logged("bundle refused")) == number + 1)
        await watched.until(lambda: len(logged("event dropped")) >= 5)
        await asyncio.to_thread(cluster.await_stored, EVENTS, events.MOST)

    following(cluster, tmp_path, watched, test)
    assert len(cluster.await_stored(EVENTS, events.MOST)) == events.MOST


def test_events_that_are_refused_change_nothing(cluster: Any, tmp_path: Path, watch: Any, bundle: Bundle, logged: Any) -> None:
    """A webhook that may not write Events goes on, and logs that."""
    watched = watch()
    cluster.refuse.append(("POST", EVENTS, 403))
    cluster.put(BUNDLE, {"data": {"bundle.json": "broken"}})

    async def test(_: Api) -> None:
        await watched.until(lambda: bool(logged("event cannot be sent")))
        cluster.put(BUNDLE, whole(bundle))
        await watched.until(lambda: watched.digest == bundle.digest)

    following(cluster, tmp_path, watched, test)
