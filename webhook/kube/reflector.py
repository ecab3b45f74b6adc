"""A collection of the API server, kept up to date in memory: list once, watch from there, list again where the watch is lost.

The protocol is that of Kubernetes' own clients (client-go ``tools/cache/reflector.go``; "Efficient detection of changes" in the API
concepts): a watch begins at the ``resourceVersion`` of the list, bookmarks move it on, and 410 means that it is too old, so that the
list has to be read again. Beyond that the list is read again now and then, whatever the watch says.
"""

import asyncio
import json
import logging
import random
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final, NoReturn

from webhook.kube.api import Api, ApiError
from webhook.telemetry.logs import log

Objects = Mapping[str, Mapping[str, Any]]
"""Objects by name, or by ``namespace/name`` where they have a namespace."""

METADATA: Final = "application/json;as=PartialObjectMetadata{list};g=meta.k8s.io;v=v1,application/json"
"""Asks for the metadata of objects and no more."""

PAGE: Final = 500
_GONE: Final = 410
_GRACE_SECONDS: Final = 15.0
_SHORTEST_WATCH_SECONDS: Final = 1.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Pace:
    """How often and how soon.

    Attributes:
        watch_seconds: after so long a watch ends by itself, and goes on as a new one; between this and twice this.
        resync_seconds: after so long the list is read again.
        first_wait_seconds, longest_wait_seconds: after a failure; doubled each time, and chosen at random from the upper half.
    """

    watch_seconds: float = 240.0
    resync_seconds: float = 900.0
    first_wait_seconds: float = 0.25
    longest_wait_seconds: float = 30.0


class _TooOldError(Exception):
    """The watch cannot go on from where it was."""


@dataclass(slots=True, kw_only=True)
class Reflector:
    """Keeps a copy of one collection.

    Attributes:
        api: where it is read from.
        path: of the collection, such as ``/api/v1/namespaces``.
        changed: told about all objects after every list and every change, on the event loop; it must not block for long. It must take
            what it is given as read-only, and the next call may see the same mapping with other content.
        query: selectors and the like. metadata_only: leave out what is not metadata.
        keep: what of an object is kept, and shown to ``changed``; everything if not said otherwise.
        synced: set once the first list has been read, and never cleared: what was known last is better than nothing.
    """

    api: Api
    path: str
    changed: Callable[[Objects], None]
    query: Mapping[str, str] = field(default_factory=dict)
    metadata_only: bool = False
    keep: Callable[[Mapping[str, Any]], Mapping[str, Any]] = lambda value: value
    pace: Pace = field(default_factory=Pace)
    synced: asyncio.Event = field(default_factory=asyncio.Event)
    _objects: dict[str, Mapping[str, Any]] = field(default_factory=dict)
    _version: str = ""
    _listed_at: float = 0.0

    async def run(self) -> NoReturn:
        """List and watch for ever; failures are logged and tried again, ever more slowly."""
        wait, fresh, expired = 0.0, False, 0
        while True:
            begun = time.monotonic()
            try:
                if not fresh or time.monotonic() - self._listed_at > self.pace.resync_seconds:
                    await self._list()
                    fresh = True
                await self._watch()
                expired = 0
            except _TooOldError:
                fresh = False
                # Once is the ordinary end of a long watch; a list that is too old as soon as it was read would be read in a loop.
                expired = expired + 1 if time.monotonic() - begun < self.pace.longest_wait_seconds else 0
                if expired > 1:
                    log(logging.WARNING, "watch is too old again", path=self.path)
                    wait = self._longer(wait)
                    await self._pause(wait)
            except ApiError as error:
                if time.monotonic() - begun > self.pace.longest_wait_seconds:
                    wait = 0.0
                log(logging.WARNING, "watch interrupted", path=self.path, status=error.status, reason=str(error))
                wait = self._longer(wait)
                # Whatever went wrong, a list finds out what is true.
                fresh = False
                await self._pause(wait)

    def _longer(self, wait: float) -> float:
        return min(wait * 2 or self.pace.first_wait_seconds, self.pace.longest_wait_seconds)

    async def _pause(self, wait: float) -> None:
        await asyncio.sleep(random.uniform(wait / 2, wait))  # noqa: S311 (spreads clients, keeps no secret)

    async def _list(self) -> None:
        found: dict[str, Mapping[str, Any]] = {}
        query = {**self.query, "limit": str(PAGE)}
        while True:
            try:
                page = await self.api.get(self.path, query, accept=self._accept("List"))
            except ApiError as error:
                if error.status == _GONE and "continue" in query:
                    raise _TooOldError from error
                raise
            metadata = page.get("metadata") or {}
            try:
                found.update((_key(each), self.keep(each)) for each in page.get("items") or ())
            except (KeyError, TypeError, AttributeError) as error:
                raise ApiError("the API server sent a list that cannot be read") from error
            if not metadata.get("continue"):
                break
            query["continue"] = metadata["continue"]
        self._objects, self._version = found, str(metadata.get("resourceVersion", ""))
        self._listed_at = time.monotonic()
        self.changed(self._objects)
        self.synced.set()

    async def _watch(self) -> None:
        """Follow one watch to its end.

        Raises:
            ApiError: it broke, or ended at once: going on at once as well would be a loop without a pause.
            _TooOldError: it cannot go on from here.
        """
        seconds = random.uniform(self.pace.watch_seconds, 2 * self.pace.watch_seconds)  # noqa: S311 (see above)
        query = {
            **self.query,
            "watch": "true",
            "allowWatchBookmarks": "true",
            "resourceVersion": self._version,
            "timeoutSeconds": str(max(1, round(seconds))),
        }
        begun, version = time.monotonic(), self._version
        try:
            # A connection that died without a word is found out by the time limit.
            async with self.api.lines(self.path, query, seconds + _GRACE_SECONDS, accept=self._accept("")) as lines:
                async for line in lines:
                    self._take(line)
        except ApiError as error:
            if error.status == _GONE:
                raise _TooOldError from error
            raise
        if self._version == version and time.monotonic() - begun < _SHORTEST_WATCH_SECONDS:
            raise ApiError("the watch ended at once")

    def _take(self, line: bytes) -> None:
        try:
            event = json.loads(line)
            kind, value = event["type"], event["object"]
            if kind == "ERROR":
                if value.get("code") == _GONE:
                    raise _TooOldError
                raise ApiError(f"the watch ended: {value.get('message')}", value.get("code") or 0)
            key, version = _key(value), value["metadata"]["resourceVersion"]
        except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
            raise ApiError("the API server sent an event that cannot be read") from error
        self._version = version
        if kind == "BOOKMARK":
            return
        if kind == "DELETED":
            self._objects.pop(key, None)
        else:
            self._objects[key] = self.keep(value)
        self.changed(self._objects)

    def _accept(self, suffix: str) -> str:
        return METADATA.replace("{list}", suffix) if self.metadata_only else "application/json"


def _key(value: Mapping[str, Any]) -> str:
    metadata = value["metadata"]
    namespace, name = metadata.get("namespace"), metadata.get("name", "")
    return f"{namespace}/{name}" if namespace else name
