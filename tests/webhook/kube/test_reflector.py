"""Collections are kept up to date: over pages, changes, broken watches, versions that are too old, and silence."""

import asyncio
import contextlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from webhook.kube.access import connect
from webhook.kube.api import Api, ApiError
from webhook.kube.reflector import Objects, Pace, Reflector

NAMESPACES = "/api/v1/namespaces"
QUICK = Pace(watch_seconds=30, resync_seconds=900, first_wait_seconds=0.01, longest_wait_seconds=0.05)


def namespace(**labels: str) -> dict[str, Any]:
    """Return a namespace with labels."""
    return {"metadata": {"labels": labels}}


def following(cluster: Any, folder: Path, test: Callable[["Followed"], Any], pace: Pace = QUICK) -> None:
    """Run a reflector of namespaces against the cluster while ``test`` runs beside it."""

    async def main() -> None:
        async with await connect(cluster.kubeconfig(folder)) as api:
            followed = Followed(asyncio.get_running_loop())
            reflector = Reflector(api=api, path=NAMESPACES, changed=followed.take, pace=pace)
            task = asyncio.create_task(reflector.run())
            try:
                async with asyncio.timeout(30):
                    await asyncio.to_thread(test, followed)
            finally:
                task.cancel()
                with contextlib.suppress(asyncio.CancelledError):
                    await task

    asyncio.run(main())


class Followed:
    """What the reflector knows, and a way to wait for it from another thread."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self.names: list[str] = []
        self.labels: dict[str, dict[str, str]] = {}
        self._loop = loop
        self._news = asyncio.Condition()

    def take(self, objects: Objects) -> None:
        """Remember what was seen, and wake whoever waits."""
        self.labels = {name: dict(each["metadata"].get("labels", {})) for name, each in objects.items()}

        async def tell() -> None:
            async with self._news:
                self._news.notify_all()

        self._loop.create_task(tell())

    def wait_for(self, holds: Callable[[dict[str, dict[str, str]]], bool]) -> None:
        """Return once what is known holds."""

        async def wait() -> None:
            async with self._news:
                await self._news.wait_for(lambda: holds(self.labels))

        asyncio.run_coroutine_threadsafe(wait(), self._loop).result(30)


def test_follows_changes(cluster: Any, tmp_path: Path) -> None:
    """What is added, changed and deleted shows, in that order."""
    cluster.put(f"{NAMESPACES}/a", namespace(tier="web"))

    def test(seen: Followed) -> None:
        seen.wait_for(lambda labels: labels == {"a": {"tier": "web"}})
        cluster.put(f"{NAMESPACES}/b", namespace())
        seen.wait_for(lambda labels: set(labels) == {"a", "b"})
        cluster.put(f"{NAMESPACES}/a", namespace(tier="batch"))
        seen.wait_for(lambda labels: labels["a"] == {"tier": "batch"})
        cluster.delete(f"{NAMESPACES}/a")
        seen.wait_for(lambda labels: set(labels) == {"b"})

    following(cluster, tmp_path, test)


def test_reads_all_pages(cluster: Any, tmp_path: Path) -> None:
    """A list of more than one page is complete before anybody is told."""
    for number in range(1201):
        cluster.put(f"{NAMESPACES}/n{number}", namespace())
    following(cluster, tmp_path, lambda seen: seen.wait_for(lambda labels: len(labels) == 1201))
    assert [query.get("continue") for _, _, query in cluster.asked if "limit" in query] == [None, "500", "1000"]


def test_survives_broken_watches(cluster: Any, tmp_path: Path) -> None:
    """After a broken watch the list is read again, so that nothing is missed in between."""

    def test(seen: Followed) -> None:
        for number in range(5):
            cluster.await_asked(lambda _method, _path, query: "watch" in query, count=number + 1)
            cluster.cut()
            cluster.put(f"{NAMESPACES}/n{number}", namespace())
            seen.wait_for(lambda labels, number=number: f"n{number}" in labels)

    following(cluster, tmp_path, test)


def test_lists_again_where_the_version_is_too_old(cluster: Any, tmp_path: Path) -> None:
    """410 leads to a new list, not to an error and not to a loop."""
    cluster.put(f"{NAMESPACES}/a", namespace())

    def test(seen: Followed) -> None:
        seen.wait_for(lambda labels: "a" in labels)
        cluster.await_asked(lambda _method, _path, query: "watch" in query)
        cluster.expire()
        cluster.put(f"{NAMESPACES}/b", namespace())
        seen.wait_for(lambda labels: set(labels) == {"a", "b"})

    following(cluster, tmp_path, test)


def test_a_version_that_is_always_too_old_makes_no_loop(cluster: Any, tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    """An API server that answers every watch with 410 is asked ever more slowly."""
    cluster.oldest = 10**9

    def test(_seen: Followed) -> None:
        cluster.await_asked(lambda _method, _path, query: "watch" in query, count=4)

    # Too old "again" is what comes within the longest wait, which a busy machine must not need for a list.
    following(cluster, tmp_path, test, Pace(first_wait_seconds=0.01))
    # The first two follow each other at once; each one after that was waited for.
    assert sum(record.message == "watch is too old again" for record in caplog.records) >= 2


def test_resyncs_although_the_watch_is_silent(cluster: Any, tmp_path: Path) -> None:
    """A watch that keeps quiet about changes cannot hide them for longer than the resync."""
    cluster.silent = True

    def test(seen: Followed) -> None:
        cluster.await_asked(lambda _method, _path, query: "watch" in query)
        cluster.put(f"{NAMESPACES}/a", namespace())
        seen.wait_for(lambda labels: "a" in labels)

    following(cluster, tmp_path, test, Pace(watch_seconds=1, resync_seconds=0, first_wait_seconds=0.01))


@pytest.mark.parametrize("status", [401, 403, 429, 500, 503])
def test_refusals_are_tried_again(cluster: Any, tmp_path: Path, status: int) -> None:
    """Whatever the server refuses with, the list is asked for again until it comes."""
    cluster.put(f"{NAMESPACES}/a", namespace())
    cluster.refuse += [("GET", NAMESPACES, status)] * 3
    following(cluster, tmp_path, lambda seen: seen.wait_for(lambda labels: "a" in labels))


def test_requests_carry_objects_and_conflicts(cluster: Any, tmp_path: Path) -> None:
    """Objects are created, replaced where nobody else changed them, and patched; refusals have the server's status and words."""
    secrets = "/api/v1/namespaces/overbank-system/secrets"

    async def main() -> None:
        async with await connect(cluster.kubeconfig(tmp_path)) as api:
            made = await api.create(secrets, {"metadata": {"name": "one"}, "data": {"a": "MQ=="}})
            assert await _status(api.create(secrets, made)) == 409
            changed = await api.replace(f"{secrets}/one", made | {"data": {"a": "Mg=="}})
            assert await _status(api.replace(f"{secrets}/one", made)) == 409
            assert (await api.get(f"{secrets}/one"))["data"] == {"a": "Mg=="}
            patched = await api.patch(f"{secrets}/one", {"data": {"b": "Mw=="}}, "application/strategic-merge-patch+json")
            assert patched["data"] == {"a": "Mg==", "b": "Mw=="}
            assert changed["metadata"]["resourceVersion"] != patched["metadata"]["resourceVersion"]
            assert await _status(api.get(f"{secrets}/two")) == 404

    asyncio.run(main())


async def _status(call: Any) -> int:
    try:
        await call
    except ApiError as error:
        return error.status
    return 200


def test_unreachable_server_has_no_status(tmp_path: Path, cluster: Any) -> None:
    """Where nobody listens the error says so, with status 0."""
    cluster.url = "http://127.0.0.1:9"

    async def main() -> None:
        async with await connect(cluster.kubeconfig(tmp_path)) as api:
            assert isinstance(api, Api)
            with pytest.raises(ApiError, match="cannot be reached") as caught:
                await api.get(NAMESPACES)
            assert caught.value.status == 0

    asyncio.run(main())
