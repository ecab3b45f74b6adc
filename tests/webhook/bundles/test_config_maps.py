"""Bundles and switches in ConfigMaps, against a cluster that misbehaves: whole and in parts, mixed, missing, refused and unreachable."""

import asyncio
import base64
import contextlib
from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import Any

import pytest

from webhook.bundles import config_maps, events, identity
from webhook.bundles.live import follow
from webhook.engine import bundle as bundles
from webhook.engine import split as splitting
from webhook.engine.bundle import Bundle, BundleError
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


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """Try again soon, and cut bundles into many parts."""
    monkeypatch.setattr(config_maps, "_RETRY_SECONDS", 0.02)
    monkeypatch.setattr(config_maps, "_PATIENCE_SECONDS", 0.0)
    monkeypatch.setattr(identity, "_FIRST_WAIT_SECONDS", 0.01)
    monkeypatch.setattr(splitting, "PART_BYTES", 200)


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
        assert watched.readiness.reason == ""

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


def test_the_last_bundle_outlives_the_config_map_and_the_api_server(
    cluster: Any, tmp_path: Path, watch: Any, make_bundle: Make
) -> None:
    """Whether the ConfigMap is deleted or the watch breaks: the last good bundle decides, and what comes later is seen."""
    watched = watch()
    one, two, three = (make_bundle(value) for value in ("one", "two", "three"))
    cluster.put(BUNDLE, whole(one))

    async def test(_: Api) -> None:
        await watched.until(lambda: watched.digest == one.digest)
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


def test_the_switch_in_the_cluster(cluster: Any, tmp_path: Path, watch: Any, bundle: Bundle) -> None:
    """A ConfigMap switches policies off and, when it changes or goes, on again; an Event on it says how many."""
    watched = watch()
    cluster.put(BUNDLE, whole(bundle))

    async def test(_: Api) -> None:
        await watched.until(lambda: watched.digest == bundle.digest and watched.readiness.reason == "")
        for data, disabled in (
            ({"disable": "web\n"}, 1),
            ({"disable": "*"}, 3),
            ({"other": "web"}, 0),
            ({"disable": "web, notes"}, 2),
        ):
            cluster.put(SWITCH, {"data": data})
            await watched.until(lambda disabled=disabled: watched.metric("emergency_disabled_policies") == disabled)
        cluster.delete(SWITCH)
        await watched.until(lambda: watched.metric("emergency_disabled_policies") == 0)
        cluster.put(SWITCH, {"binaryData": {"disable": base64.b64encode("für web\n".encode("latin-1")).decode()}})
        await watched.until(lambda: watched.metric("emergency_disabled_policies") == 1)
        await asyncio.to_thread(cluster.await_stored, EVENTS, 6)

    following(cluster, tmp_path, watched, test)
    found = [each["reason"] for each in cluster.await_stored(EVENTS, 6)]
    assert sorted(found) == ["PoliciesDisabled"] * 4 + ["PoliciesEnabled"] * 2


def test_is_not_ready_before_the_switch_is_known(cluster: Any, tmp_path: Path, watch: Any, bundle: Bundle) -> None:
    """As long as nobody can say what is switched off, pods are not sent here; what was known once stays known."""
    watched = watch()
    cluster.put(BUNDLE, whole(bundle))
    cluster.put(SWITCH, {"data": {"disable": "web"}})
    cluster.refuse += [("GET", MAPS, 403)] * 6

    async def test(_: Api) -> None:
        assert watched.readiness.reason == "no bundle; the emergency switch is not known yet"
        await watched.until(lambda: watched.readiness.reason == "")
        assert watched.metric("emergency_disabled_policies") == 1

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
