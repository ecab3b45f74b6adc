"""Replicas over an API server in memory, whose every call waits until it is let through, and a clock that is set by hand."""

import asyncio
import base64
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import jsonpatch
import pytest
from cryptography import x509
from prometheus_client import CollectorRegistry

from webhook.certificates import secret, trust
from webhook.certificates.clock import ServerClock
from webhook.certificates.credentials import Credentials, certificates
from webhook.certificates.holder import Holder
from webhook.certificates.issuing import names
from webhook.certificates.keeper import Keeper
from webhook.certificates.keyring import Keyring
from webhook.certificates.measures import CertificateMetrics, Source
from webhook.kube.api import ApiError
from webhook.readiness import Readiness

NAMESPACE = "overbank-system"
SECRET = f"/api/v1/namespaces/{NAMESPACE}/secrets/overbank-certificate"
CONFIGURATION = f"{trust.COLLECTION}/00-overbank"
LONGEST_CALL = 60.0
"""Seconds after which an API server gives up a request, so that it changes nothing any more."""

START = datetime(2026, 11, 21, 12, tzinfo=UTC)


class Served(Holder):
    """A holder that remembers what it serves, and opens no port."""

    def serve(self, credentials: Credentials, source: Source) -> None:
        """Remember."""
        del source
        self.credentials = credentials


@dataclass(eq=False)
class Replica:
    """One process: its keeper, and the turn that it is in."""

    keeper: Keeper
    world: "World"
    skew: timedelta = timedelta(0)
    gate: asyncio.Event = field(default_factory=asyncio.Event)
    waiting: bool = False
    turn: asyncio.Task[Any] | None = None
    failed: int = 0

    @property
    def leaf(self) -> x509.Certificate | None:
        """The certificate that is served."""
        held = self.keeper.holder.credentials
        return None if held is None else held.leaf

    async def get(self, path: str) -> dict[str, Any]:
        """Answer as the API server, once let through."""
        await self._pass()
        stored = self.world.objects.get(path)
        if stored is None:
            raise ApiError("not found", 404)
        copied: dict[str, Any] = json.loads(json.dumps(stored))
        return copied

    async def create(self, path: str, value: Mapping[str, Any]) -> dict[str, Any]:
        """Answer as the API server, once let through."""
        await self._pass()
        path = f"{path}/{value['metadata']['name']}"
        if path in self.world.objects:
            raise ApiError("exists", 409)
        return self.world.put(path, dict(value))

    async def replace(self, path: str, value: Mapping[str, Any]) -> dict[str, Any]:
        """Answer as the API server, once let through."""
        await self._pass()
        stored = self.world.objects.get(path)
        if stored is None:
            raise ApiError("not found", 404)
        if stored["metadata"]["resourceVersion"] != value["metadata"]["resourceVersion"]:
            raise ApiError("modified", 409)
        return self.world.put(path, dict(value))

    async def patch(self, path: str, value: Any, content_type: str) -> dict[str, Any]:
        """Answer as the API server, once let through."""
        assert content_type == "application/json-patch+json"
        await self._pass()
        if path not in self.world.objects:
            raise ApiError("not found", 404)
        try:
            return self.world.put(path, jsonpatch.apply_patch(self.world.objects[path], value))
        except jsonpatch.JsonPatchTestFailed as error:
            raise ApiError("test failed", 422) from error

    @property
    def date(self) -> datetime:
        """The API server's time."""
        return self.world.now

    async def _pass(self) -> None:
        if self.world.gated:
            self.waiting, asked = True, self.world.uptime
            await self.gate.wait()
            self.gate.clear()
            self.waiting = False
            if self.world.uptime - asked > LONGEST_CALL:
                raise ApiError("no answer in time", 0)


@dataclass(eq=False)
class World:
    """A cluster with replicas.

    Attributes:
        gated: calls wait for ``let``.
        history: what the configuration had in its caBundle, and when that ended.
    """

    now: datetime = START
    uptime: float = 1000.0
    gated: bool = False
    objects: dict[str, dict[str, Any]] = field(default_factory=dict)
    replicas: list[Replica] = field(default_factory=list)
    history: list[tuple[float, frozenset[x509.Certificate]]] = field(default_factory=list)
    writes: list[str] = field(default_factory=list)
    version: int = 0

    def put(self, path: str, value: dict[str, Any]) -> dict[str, Any]:
        """Store an object."""
        self.version += 1
        kept: dict[str, Any] = json.loads(json.dumps(value))
        kept["metadata"]["resourceVersion"] = str(self.version)
        if path == CONFIGURATION and path in self.objects:
            self.history.append((self.uptime, self.trusted()))
        self.objects[path] = kept
        self.writes.append(path)
        return kept

    def configure(self, ca: str | None = None) -> None:
        """Apply our webhook configuration, without a caBundle or with this one."""
        client = {"service": {"name": "overbank-webhook"}} | ({"caBundle": ca} if ca else {})
        webhooks = [{"name": name, "clientConfig": client} for name in ("marks.overbank.dev", "pods.overbank.dev")]
        self.put(CONFIGURATION, {"metadata": {"name": "00-overbank"}, "webhooks": webhooks})

    def trusted(self) -> frozenset[x509.Certificate]:
        """Return whom the webhooks of the configuration all trust."""
        found = []
        for webhook in self.objects[CONFIGURATION]["webhooks"]:
            pem = base64.b64decode(webhook["clientConfig"].get("caBundle", ""))
            found.append(frozenset(certificates(pem, "caBundle")) if pem else frozenset())
        return frozenset.intersection(*found)

    def keyring(self) -> Keyring:
        """Return what the Secret holds."""
        found = secret.read(self.objects[SECRET])
        assert found is not None
        return found

    def annotate(self, wish: str) -> None:
        """Ask for something, as an operator."""
        content = self.objects[SECRET]
        self.put(SECRET, {**content, "metadata": {**content["metadata"], "annotations": {secret.ROTATE: wish}}})

    def start(self, spread: float = 0.0) -> Replica:
        """Start a replica."""
        metrics = CertificateMetrics(CollectorRegistry())
        holder = Served(context=None, readiness=Readiness(), metrics=metrics, certified=asyncio.Event())  # type: ignore[arg-type]
        replica = Replica(None, self)  # type: ignore[arg-type]
        clock = ServerClock(wall=lambda: self.now + replica.skew, uptime=lambda: self.uptime)
        replica.keeper = Keeper(
            api=replica,  # type: ignore[arg-type]
            namespace=NAMESPACE,
            name="overbank-certificate",
            configurations=("00-overbank",),
            names=names(NAMESPACE),
            holder=holder,
            clock=clock,
            spread=spread,
        )
        self.replicas.append(replica)
        return replica

    def advance(self, **span: float) -> None:
        """Let time pass."""
        passed = timedelta(**span)
        self.now += passed
        self.uptime += passed.total_seconds()

    async def let(self, replica: Replica) -> None:
        """Let one call of a replica through, of a new turn if it is in none; and wait until it asks for the next, or has ended."""
        if replica.turn is None:
            replica.turn = asyncio.create_task(replica.keeper.turn())  # type: ignore[arg-type]
        else:
            assert replica.waiting
            replica.gate.set()
        await self._quiet(replica)

    async def _quiet(self, replica: Replica) -> None:
        """Wait until a replica waits for a call, or has ended its turn."""
        assert replica.turn is not None
        while not replica.turn.done() and (not replica.waiting or replica.gate.is_set()):  # noqa: ASYNC110 (the loop is the test's own)
            await asyncio.sleep(0)
        if replica.turn.done():
            if not replica.turn.cancelled() and isinstance(replica.turn.exception(), ApiError):
                replica.failed += 1
            elif not replica.turn.cancelled():
                replica.turn.result()
            replica.turn = None

    async def crash(self, replica: Replica) -> None:
        """End a replica in the middle of what it does."""
        self.replicas.remove(replica)
        if replica.turn is not None:
            replica.turn.cancel()
            await asyncio.gather(replica.turn, return_exceptions=True)

    async def finish(self, replica: Replica) -> None:
        """Let a replica finish its turn, or take one."""
        await self.let(replica)
        while replica.turn is not None:
            await self.let(replica)

    async def rest(self, *replicas: Replica) -> None:
        """Let replicas, all if none is named, take turns until there is nothing left to do now."""
        for _ in range(8):
            before = len(self.writes)
            for replica in replicas or self.replicas:
                await self.finish(replica)
            if len(self.writes) == before:
                break


@pytest.fixture
def world() -> World:
    """Return a cluster with our configuration and no replica yet."""
    made = World()
    made.configure()
    return made


@pytest.fixture
def new_world() -> Callable[[], World]:
    """Return a maker of such clusters."""

    def make() -> World:
        made = World(gated=True)
        made.configure()
        return made

    return make
