"""An API server in this process, small enough to be broken on purpose: objects, lists in pages, watches, conflicts and patches."""

import asyncio
import json
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
import yaml
from aiohttp import web

TOKEN = "a-token-of-tests"


@dataclass
class FakeCluster:
    """Keeps objects by their path and behaves as the API server does towards a client that lists and watches.

    Attributes:
        asked: what was requested, as ``(method, path, query)``.
        refuse: answers instead of the real one, taken one after the other: ``(method, path, status)``.
        oldest: watches from before this version are told 410. silent: watches are accepted and say nothing.
    """

    asked: list[tuple[str, str, dict[str, str]]] = field(default_factory=list)
    refuse: list[tuple[str, str, int]] = field(default_factory=list)
    oldest: int = 0
    silent: bool = False
    url: str = ""
    _objects: dict[str, dict[str, Any]] = field(default_factory=dict)
    _events: list[tuple[int, str, str, dict[str, Any]]] = field(default_factory=list)
    _version: int = 100
    _changed: threading.Condition = field(default_factory=threading.Condition)
    _watches: set[asyncio.Task[Any]] = field(default_factory=set)
    _loop: asyncio.AbstractEventLoop = field(default_factory=asyncio.new_event_loop)

    def put(self, path: str, value: dict[str, Any]) -> dict[str, Any]:
        """Create or replace an object from outside, as another client would; ``path`` is its own."""
        with self._changed:
            return self._store("MODIFIED" if path in self._objects else "ADDED", path, value)

    def delete(self, path: str) -> None:
        """Delete an object from outside."""
        with self._changed:
            self._store("DELETED", path, self._objects[path])
            del self._objects[path]

    def get(self, path: str) -> dict[str, Any] | None:
        """Return an object as it is stored, None where there is none."""
        with self._changed:
            found = self._objects.get(path)
            return json.loads(json.dumps(found)) if found else None

    def await_object(self, path: str, holds: Callable[[dict[str, Any]], bool] = bool, seconds: float = 30) -> dict[str, Any]:
        """Return an object once it is there and ``holds``."""
        with self._changed:
            assert self._changed.wait_for(lambda: path in self._objects and holds(self._objects[path]), seconds), (
                f"{path} never came"
            )
            return json.loads(json.dumps(self._objects[path]))

    def await_stored(self, collection: str, count: int, seconds: float = 30) -> list[dict[str, Any]]:
        """Return the objects of a collection once there are so many; who sends one may be asked for more before it is stored."""

        def stored() -> list[dict[str, Any]]:
            return [self._objects[path] for path in sorted(self._objects) if _collection(path) == collection]

        with self._changed:
            assert self._changed.wait_for(lambda: len(stored()) >= count, seconds), f"{len(stored())} of {count} in {collection}"
            return json.loads(json.dumps(stored()))  # type: ignore[no-any-return]

    def await_asked(self, wanted: Callable[[str, str, dict[str, str]], bool], count: int = 1, seconds: float = 30) -> None:
        """Return once so many requests of a kind have been made."""
        with self._changed:
            assert self._changed.wait_for(lambda: sum(wanted(*each) for each in self.asked) >= count, seconds), self.asked

    def expire(self) -> None:
        """Forget all events, and cut every watch: going on from an older version is answered with 410."""
        with self._changed:
            self._events.clear()
            self._version += 1
            self.oldest = self._version
        self.cut()

    def cut(self) -> None:
        """Break every open watch in the middle."""

        def cancel() -> None:
            for each in tuple(self._watches):
                each.cancel()

        self._loop.call_soon_threadsafe(cancel)

    def kubeconfig(self, folder: Path) -> Path:
        """Write a kubeconfig for this server."""
        content = {
            "apiVersion": "v1",
            "kind": "Config",
            "current-context": "fake",
            "clusters": [{"name": "fake", "cluster": {"server": self.url}}],
            "users": [{"name": "fake", "user": {"token": TOKEN}}],
            "contexts": [{"name": "fake", "context": {"cluster": "fake", "user": "fake", "namespace": "overbank-system"}}],
        }
        path = folder / "kubeconfig"
        path.write_text(yaml.safe_dump(content))
        return path

    def _store(self, kind: str, path: str, value: dict[str, Any]) -> dict[str, Any]:
        self._version += 1
        kept: dict[str, Any] = json.loads(json.dumps(value))
        kept.setdefault("metadata", {}).update(resourceVersion=str(self._version), name=path.rpartition("/")[2])
        self._objects[path] = kept
        self._events.append((self._version, kind, path, kept))
        self._changed.notify_all()
        return kept

    async def _answer(self, request: web.Request) -> web.StreamResponse:
        path, query = request.path, dict(request.query)
        with self._changed:
            self.asked.append((request.method, path, query))
            self._changed.notify_all()
            refusal = next((each for each in self.refuse if each[:2] == (request.method, path)), None)
            if refusal:
                self.refuse.remove(refusal)
                return _status(refusal[2], "told to")
        if request.headers.get("Authorization") != f"Bearer {TOKEN}":
            return _status(401, "Unauthorized")
        if query.get("watch") == "true":
            return await self._watch(request, path, query)
        body = await request.json() if request.can_read_body else None
        with self._changed:
            return self._change(request, path, query, body)

    def _change(self, request: web.Request, path: str, query: dict[str, str], body: Any) -> web.Response:
        stored = self._objects.get(path)
        match request.method:
            case "GET" if stored is not None:
                return web.json_response(stored)
            case "GET" if any(_collection(each) == path for each in self._objects) or path.rpartition("/")[2].endswith("s"):
                return self._list(path, query)
            case "POST":
                name = body["metadata"].get("name") or f"{body['metadata']['generateName']}{self._version}"
                if f"{path}/{name}" in self._objects:
                    return _status(409, f"{name} already exists")
                return web.json_response(self._store("ADDED", f"{path}/{name}", body), status=201)
            case "PUT" if stored is not None:
                if body["metadata"].get("resourceVersion") not in (None, stored["metadata"]["resourceVersion"]):
                    return _status(409, "the object has been modified")
                return web.json_response(self._store("MODIFIED", path, body))
            case "PATCH" if stored is not None:
                assert request.content_type != "application/json-patch+json" or isinstance(body, list)
                changed = _patched(stored, body)
                return (
                    _status(409, "the test failed")
                    if changed is None
                    else web.json_response(self._store("MODIFIED", path, changed))
                )
        return _status(404, f"{path} not found")

    def _list(self, path: str, query: dict[str, str]) -> web.Response:
        found = [self._objects[each] for each in sorted(self._objects) if _collection(each) == path]
        start, limit = int(query.get("continue", 0)), int(query.get("limit", 0)) or len(found) or 1
        rest = start + limit < len(found)
        metadata = {"resourceVersion": str(self._version)} | ({"continue": str(start + limit)} if rest else {})
        return web.json_response({"kind": "List", "metadata": metadata, "items": found[start : start + limit]})

    async def _watch(self, request: web.Request, path: str, query: dict[str, str]) -> web.StreamResponse:
        since = int(query["resourceVersion"])
        if since < self.oldest:
            return _status(410, "too old resource version")
        response = web.StreamResponse(headers={"Content-Type": "application/json"})
        await response.prepare(request)
        task = asyncio.current_task()
        assert task is not None
        self._watches.add(task)
        try:
            ends = self._loop.time() + float(query["timeoutSeconds"])
            while self._loop.time() < ends:
                with self._changed:
                    news = [each for each in self._events if each[0] > since and _collection(each[2]) == path]
                for version, kind, _, value in [] if self.silent else news:
                    since = version
                    await response.write(json.dumps({"type": kind, "object": value}).encode() + b"\n")
                await asyncio.sleep(0.01)
        except asyncio.CancelledError:
            if request.transport:
                request.transport.abort()
            raise
        finally:
            self._watches.discard(task)
        return response

    async def serve(self, ready: threading.Event, stop: asyncio.Event) -> None:
        """Serve until told to stop."""
        application = web.Application(client_max_size=16 * 1024**2)
        application.router.add_route("*", "/{path:.*}", self._answer)
        runner = web.AppRunner(application, shutdown_timeout=0.1)
        await runner.setup()
        site = web.TCPSite(runner, "127.0.0.1", 0)
        await site.start()
        self.url = f"http://127.0.0.1:{runner.addresses[0][1]}"
        ready.set()
        await stop.wait()
        for each in tuple(self._watches):
            each.cancel()
        await runner.cleanup()


def _collection(path: str) -> str:
    """Return the collection that an object's path is in."""
    return path.rpartition("/")[0]


def _patched(stored: dict[str, Any], body: Any) -> dict[str, Any] | None:
    import jsonpatch  # noqa: PLC0415 (few tests patch)

    if isinstance(body, list):
        try:
            result: dict[str, Any] = jsonpatch.apply_patch(stored, body)
        except (jsonpatch.JsonPatchException, jsonpatch.JsonPointerException):
            return None
        return result
    merged = dict(stored)
    for key, value in body.items():
        merged[key] = _patched(merged.get(key) or {}, value) if isinstance(value, dict) else value
    return {key: value for key, value in merged.items() if value is not None}


def _status(code: int, message: str) -> web.Response:
    return web.json_response({"kind": "Status", "code": code, "reason": message, "message": message}, status=code)


@pytest.fixture
def cluster() -> Iterator[FakeCluster]:
    """Return a cluster of its own for a test."""
    fake = FakeCluster()
    ready, stop = threading.Event(), asyncio.Event()
    thread = threading.Thread(target=lambda: fake._loop.run_until_complete(fake.serve(ready, stop)), daemon=True)
    with ExitStack() as stack:
        thread.start()
        assert ready.wait(30)
        stack.callback(fake._loop.close)
        stack.callback(thread.join, 30)
        stack.callback(fake._loop.call_soon_threadsafe, stop.set)
        yield fake
