"""Bundles and emergency switches in ConfigMaps, watched through the Kubernetes API.

The ConfigMap of a bundle has either all of it (``bundle.json``), or the index of its parts (``index.json``), which are in ConfigMaps that
the index names. Those never change, so only the first is watched: whatever it names is there, or the bundle is not complete yet.
"""

import asyncio
import base64
import binascii
import contextlib
import logging
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final, NoReturn

from webhook.bundles.content import Content, mark_of
from webhook.bundles.files import BUNDLE, INDEX
from webhook.bundles.keeper import Keeper
from webhook.bundles.switch import KEY, NOTHING, decoded, parse
from webhook.engine.bundle import BundleError, Reason
from webhook.engine.signature import FILE as SIGNATURE
from webhook.engine.split import join, read_index
from webhook.kube.api import Api, ApiError
from webhook.kube.reflector import Objects, Pace, Reflector
from webhook.telemetry.logs import log

PART_KEY: Final = "part"
"""The member of ``binaryData`` that a part is in."""

_NOT_FOUND: Final = 404
_RETRY_SECONDS: Final = 2.0

_PATIENCE_SECONDS: Final = 5.0
_SOON_SECONDS: Final = 0.25
"""For so long nothing is said about parts that are missing, and they are looked for so often: kubectl applies objects in the order of their
names, the index first."""

ConfigMap = Mapping[str, Any]


def path_of(namespace: str, name: str = "") -> str:
    """Return the path of a ConfigMap, or of all those in a namespace."""
    return f"/api/v1/namespaces/{namespace}/configmaps{f'/{name}' if name else ''}"


class _IncompleteError(Exception):
    """What has to be read could not be: trying again may help."""


@dataclass(slots=True, kw_only=True)
class Watched:
    """One ConfigMap by its name, None while there is none.

    Attributes:
        reference: what Events are about, as far as it is known.
    """

    api: Api
    namespace: str
    name: str
    pace: Pace = field(default_factory=Pace)
    latest: ConfigMap | None = None
    _news: asyncio.Event = field(default_factory=asyncio.Event)

    @property
    def place(self) -> str:
        """Where it is, for people."""
        return f"ConfigMap {self.namespace}/{self.name}"

    @property
    def reference(self) -> dict[str, str]:
        """What Events about it are attached to (core/v1 ObjectReference)."""
        metadata = (self.latest or {}).get("metadata") or {}
        known = {key: str(metadata[key]) for key in ("uid", "resourceVersion") if key in metadata}
        return {"apiVersion": "v1", "kind": "ConfigMap", "namespace": self.namespace, "name": self.name, **known}

    async def watch(self) -> NoReturn:
        """Keep it up to date, for ever."""
        query = {"fieldSelector": f"metadata.name={self.name}"}
        await Reflector(api=self.api, path=path_of(self.namespace), query=query, changed=self._take, pace=self.pace).run()

    async def changed(self, seconds: float | None = None) -> None:
        """Return after the next change, or after so many seconds."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await self._news.wait()
        self._news.clear()

    def look_again(self) -> None:
        """Let whoever waits for a change look at what is known, as if it had changed."""
        if self.latest is not None:
            self._news.set()

    def _take(self, objects: Objects) -> None:
        found = [each for each in objects.values() if (each.get("metadata") or {}).get("name") == self.name]
        self.latest = found[0] if found else None
        self._news.set()


async def follow_bundle(source: Watched, keeper: Keeper) -> NoReturn:
    """Offer every change of the ConfigMap, for ever."""
    wait: float | None = None
    incomplete, since = "", 0.0
    while True:
        await source.changed(wait)
        wait = None
        latest = source.latest
        try:
            content = await _content(source, latest, keeper)
            if content is not None:
                await keeper.offer(content)
        except BundleError as error:
            final = error.reason is not Reason.MIXED
            if not final and _mark(latest) != incomplete:
                incomplete, since = _mark(latest), time.monotonic()
            if not final and time.monotonic() - since < _PATIENCE_SECONDS:
                wait = _SOON_SECONDS
                continue
            wait = None if final else _RETRY_SECONDS
            keeper.refuse(source.place, error, _mark(latest), final=final)
        except _IncompleteError as error:
            log(logging.WARNING, "bundle cannot be read yet", source=source.place, reason=str(error))
            wait = _RETRY_SECONDS


async def follow_switch(source: Watched, keeper: Keeper, heard: Callable[[], None]) -> NoReturn:
    """Heed every change of the ConfigMap, for ever; ``heard`` is called whenever it is known."""
    while True:
        await source.changed()
        latest = source.latest
        text = "" if latest is None else _list(latest)
        if text is None:
            log(logging.WARNING, "the emergency switch has no list of policies", source=source.place, wanted=KEY)
        await keeper.throw(parse(text) if text else NOTHING, source.place)
        heard()


async def _content(source: Watched, latest: ConfigMap | None, keeper: Keeper) -> Content | None:
    """Return the bundle, None where it was dealt with already.

    Raises:
        BundleError: it is not complete or not consistent.
        _IncompleteError: a part could not be read.
    """
    if latest is None:
        raise BundleError("there is no such ConfigMap", Reason.UNREADABLE)
    mark = _mark(latest)
    if keeper.knows(mark):
        return None
    texts = _texts(latest)
    signature = texts[SIGNATURE].encode() if SIGNATURE in texts else None
    if BUNDLE in texts:
        return Content(place=source.place, raw=texts[BUNDLE].encode(), signature=signature, mark=mark)
    if INDEX not in texts:
        raise BundleError(f"it has neither {BUNDLE} nor {INDEX}, as `overbank build` writes them", Reason.MALFORMED)
    index = read_index(texts[INDEX].encode())
    parts = {part.name: await _part(source, part.name) for part in index.parts}
    found = {name: part for name, part in parts.items() if part is not None}
    raw = await asyncio.to_thread(join, index, found)
    return Content(place=source.place, raw=raw, signature=signature, mark=mark)


async def _part(source: Watched, name: str) -> bytes | None:
    """Return a part, None where it is not there or is none."""
    try:
        found = await source.api.get(path_of(source.namespace, name))
    except ApiError as error:
        if error.status == _NOT_FOUND:
            return None
        raise _IncompleteError(str(error)) from error
    return _binary(found, PART_KEY)


def _list(config_map: ConfigMap) -> str | None:
    """Return the emergency switch's list; kubectl puts a file that is not UTF-8 into ``binaryData``."""
    binary = _binary(config_map, KEY)
    return _texts(config_map).get(KEY) if binary is None else decoded(binary)


def _binary(config_map: ConfigMap, key: str) -> bytes | None:
    """Return a member of ``binaryData``, None where it is not there or is none."""
    data = config_map.get("binaryData")
    text = data.get(key) if isinstance(data, dict) else None
    try:
        return base64.b64decode(text, validate=True) if isinstance(text, str) else None
    except (binascii.Error, ValueError):
        return None


def _texts(config_map: ConfigMap) -> dict[str, str]:
    data = config_map.get("data")
    return {str(key): value for key, value in data.items() if isinstance(value, str)} if isinstance(data, dict) else {}


def _mark(config_map: ConfigMap | None) -> str:
    texts = _texts(config_map or {})
    return mark_of(*(texts[key].encode() if key in texts else None for key in (BUNDLE, INDEX, SIGNATURE)))
