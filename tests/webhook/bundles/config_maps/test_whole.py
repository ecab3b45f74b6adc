"""Bundles in one ConfigMap: followed, trusted, of this cluster, and kept when the ConfigMap or the API server is gone."""

import asyncio
from pathlib import Path
from typing import Any

from tests.webhook.bundles.config_maps.following import BUNDLE, MAPS, UID, Make, following, whole
from webhook.bundles import identity
from webhook.engine import bundle as bundles
from webhook.engine.bundle import Bundle, BundleError
from webhook.kube.api import Api


def test_follows_a_whole_bundle(cluster: Any, tmp_path: Path, watch: Any, make_bundle: Make, signer: Any) -> None:
    """A bundle in one ConfigMap, with its signature, is taken over when it comes and whenever it changes."""
    watched = watch(keys=signer.keys)

    async def test(_: Api) -> None:
        await watched.until(lambda: "there is no such ConfigMap" in watched.readiness.reason)
        for value in ("one", "two"):
            each = make_bundle(value)
            cluster.put(BUNDLE, whole(each, signer.sign(bundles.encode(each))))
            await watched.until(lambda digest=each.digest: watched.digest == digest)
        assert watched.store.current.key == signer.id
        await watched.until(lambda: watched.readiness.reason == "")

    following(cluster, tmp_path, watched, test)


def test_new_keys_let_a_bundle_in_that_was_refused(
    cluster: Any, tmp_path: Path, watch: Any, bundle: Bundle, *, signer: Any, stranger: Any
) -> None:
    """A bundle in a ConfigMap that was refused for its signature is taken over when its key is trusted, though nothing changed there."""
    watched = watch(keys=stranger.keys)
    cluster.put(BUNDLE, whole(bundle, signer.sign(bundles.encode(bundle))))

    async def test(_: Api) -> None:
        await watched.until(lambda: "signed by" in watched.readiness.reason)
        watched.keeper.rekey(signer.keys)
        await watched.until(lambda: watched.digest == bundle.digest)

    following(cluster, tmp_path, watched, test)


def test_other_config_maps_are_none_of_our_business(cluster: Any, tmp_path: Path, watch: Any, make_bundle: Make) -> None:
    """ConfigMaps of other names are never taken for the bundle, even where a server ignores the field selector."""
    watched, one, two = watch(), make_bundle("one"), make_bundle("two")
    cluster.put(f"{MAPS}/another", {"data": {"bundle.json": "{"}})
    cluster.put(BUNDLE, whole(one))

    async def test(_: Api) -> None:
        await watched.until(lambda: watched.digest == one.digest and watched.readiness.reason == "")
        cluster.put(f"{MAPS}/another", {"data": {"bundle.json": "[]"}})
        cluster.delete(f"{MAPS}/another")
        # A watch tells in order: who knows of this knows of what was before.
        cluster.put(BUNDLE, whole(two))
        await watched.until(lambda: watched.digest == two.digest)

    following(cluster, tmp_path, watched, test)
    assert watched.told == []
    asked = [query for method, path, query in cluster.asked if path == MAPS and method == "GET"]
    assert {query["fieldSelector"] for query in asked} == {"metadata.name=overbank-bundle", "metadata.name=overbank-emergency"}


def test_the_last_bundle_outlives_the_config_map_and_the_api_server(
    cluster: Any, tmp_path: Path, watch: Any, make_bundle: Make
) -> None:
    """Whether the ConfigMap is deleted or the watch breaks: the last good bundle decides, and what comes later is seen."""
    watched = watch()
    one, two, three = (make_bundle(value) for value in ("one", "two", "three"))
    cluster.put(BUNDLE, whole(one))

    async def test(_: Api) -> None:
        await watched.until(lambda: watched.digest == one.digest and watched.readiness.reason == "")
        cluster.delete(BUNDLE)
        await watched.until(lambda: watched.metric("bundle_stale") == 1)
        assert watched.digest == one.digest
        assert watched.readiness.reason == ""
        cluster.refuse += [("GET", MAPS, 500)] * 4
        cluster.cut()
        cluster.put(BUNDLE, whole(two))
        await watched.until(lambda: watched.digest == two.digest)
        cluster.expire()
        cluster.put(BUNDLE, whole(three))
        await watched.until(lambda: watched.digest == three.digest)

    following(cluster, tmp_path, watched, test)


def test_learns_which_cluster_this_is(cluster: Any, tmp_path: Path, watch: Any) -> None:
    """The UID of kube-system is asked for until there is an answer."""
    watched = watch(asking=True)
    cluster.refuse += [("GET", identity.PATH, 500), ("GET", identity.PATH, 403)]
    cluster.put(identity.PATH, {"metadata": {"uid": UID}})

    async def test(api: Api) -> None:
        task = asyncio.create_task(identity.learn(api, watched.keeper.trust))
        await watched.keeper.trust.known.wait()
        task.cancel()
        assert (watched.keeper.trust.uid, watched.keeper.trust.asking) == (UID, False)

    following(cluster, tmp_path, watched, test)


def test_a_fetched_bundle_of_another_cluster_is_refused(cluster: Any, tmp_path: Path, watch: Any, make_bundle: Make) -> None:
    """A bundle that landed in the wrong cluster does not decide there."""
    watched = watch(uid="0d8c0a52-60d8-4c5e-8e57-5d7f7d1d1c11")
    cluster.put(BUNDLE, whole(make_bundle(uid=UID)))

    async def test(_: Api) -> None:
        await watched.until(lambda: watched.metric("bundle_refusals_total", reason="cluster") == 1)
        assert watched.store.current is None

    following(cluster, tmp_path, watched, test)


def test_an_error_has_its_reason() -> None:
    """Whoever raises an error about a bundle without saying why means that it is malformed."""
    assert BundleError("x").reason == "malformed"
