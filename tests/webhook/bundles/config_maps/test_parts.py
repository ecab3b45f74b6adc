"""Bundles in parts: whatever comes first, or is missing, mixed or unreadable, only a whole bundle decides."""

import asyncio
import base64
from pathlib import Path
from typing import Any

import pytest

from tests.webhook.bundles.config_maps.following import BUNDLE, Make, following, in_parts, whole
from webhook.bundles import config_maps
from webhook.engine.bundle import Bundle
from webhook.kube.api import Api


def test_an_index_that_comes_before_its_parts_is_waited_for(
    cluster: Any, tmp_path: Path, watch: Any, make_bundle: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Kubectl applies the index first: parts that come a moment later are no reason for a complaint, in whatever order they come."""
    monkeypatch.setattr(config_maps, "_PATIENCE_SECONDS", 30.0)
    monkeypatch.setattr(config_maps, "_SOON_SECONDS", 0.01)
    watched = watch()
    one, two = make_bundle("one"), make_bundle("two")
    cluster.put(BUNDLE, whole(one))
    second, parts = in_parts(two)

    async def test(_: Api) -> None:
        await watched.until(lambda: watched.digest == one.digest)
        cluster.put(BUNDLE, second)
        first, *others = reversed(parts.items())
        await cluster_asked(first[0])
        for path, part in (first, *others):
            assert watched.digest == one.digest
            cluster.put(path, part)
        await watched.until(lambda: watched.digest == two.digest)

    async def cluster_asked(path: str) -> None:
        await watched.until(lambda: any(asked == path for _, asked, _ in cluster.asked))

    following(cluster, tmp_path, watched, test)
    assert watched.told == []


def test_follows_a_bundle_in_parts(cluster: Any, tmp_path: Path, watch: Any, make_bundle: Make) -> None:
    """Parts are read when the index names them; while the old index stands, the parts of the next bundle change nothing."""
    watched = watch()
    one, two = make_bundle("one"), make_bundle("two")
    (first, first_parts), (second, second_parts) = in_parts(one), in_parts(two)
    for path, part in first_parts.items():
        cluster.put(path, part)
    cluster.put(BUNDLE, first)

    async def test(_: Api) -> None:
        await watched.until(lambda: watched.digest == one.digest)
        for path, part in second_parts.items():
            cluster.put(path, part)
        assert watched.digest == one.digest
        cluster.put(BUNDLE, second)
        await watched.until(lambda: watched.digest == two.digest)
        for path in first_parts:
            cluster.delete(path)
        assert watched.digest == two.digest

    following(cluster, tmp_path, watched, test)
    assert watched.told == []


def test_an_index_before_its_parts_is_waited_for(cluster: Any, tmp_path: Path, watch: Any, make_bundle: Make, logged: Any) -> None:
    """If a part is missing or of another set, the last good bundle decides, that is said once, and the parts are looked for again."""
    watched = watch()
    one, two = make_bundle("one"), make_bundle("two")
    index, parts = in_parts(two)
    cluster.put(BUNDLE, whole(one))

    async def test(_: Api) -> None:
        await watched.until(lambda: watched.digest == one.digest)
        (path, last), *rest = parts.items()
        for each, part in rest:
            cluster.put(each, part)
        cluster.put(BUNDLE, index)
        await watched.until(lambda: watched.metric("bundle_refusals_total", reason="mixed") == 1)
        await asyncio.to_thread(cluster.await_asked, lambda _, asked, __: asked == path, 3)
        cluster.put(path, {"binaryData": {"part": base64.b64encode(b"another set").decode()}})
        await watched.until(lambda: watched.metric("bundle_refusals_total", reason="mixed") == 2)
        assert watched.digest == one.digest
        cluster.put(path, last)
        await watched.until(lambda: watched.digest == two.digest)

    following(cluster, tmp_path, watched, test)
    assert [line["reason"] for line in logged("bundle refused")] == ["mixed", "mixed"]


@pytest.mark.parametrize(
    "part", [{}, {"binaryData": {}}, {"binaryData": {"part": "%%"}}, {"binaryData": {"part": 7}}, {"binaryData": []}]
)
def test_parts_that_are_none(cluster: Any, tmp_path: Path, watch: Any, bundle: Bundle, part: dict[str, Any]) -> None:
    """A ConfigMap of a part's name that holds no part counts as missing."""
    watched = watch()
    index, parts = in_parts(bundle)
    for path in parts:
        cluster.put(path, part)
    cluster.put(BUNDLE, index)

    async def test(_: Api) -> None:
        await watched.until(lambda: watched.metric("bundle_refusals_total", reason="mixed") == 1)

    following(cluster, tmp_path, watched, test)


def test_a_part_that_cannot_be_read_is_asked_for_again(cluster: Any, tmp_path: Path, watch: Any, bundle: Bundle) -> None:
    """An API server that fails in the middle of the parts is no reason to refuse the bundle."""
    watched = watch()
    index, parts = in_parts(bundle)
    for path, part in parts.items():
        cluster.put(path, part)
    cluster.refuse += [("GET", next(reversed(parts)), 500)] * 2
    cluster.put(BUNDLE, index)

    async def test(_: Api) -> None:
        await watched.until(lambda: watched.digest == bundle.digest)

    following(cluster, tmp_path, watched, test)
    assert watched.told == []
