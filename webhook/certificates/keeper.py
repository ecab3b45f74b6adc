"""Keeps the certificate that replicas share in a Secret, and the ``caBundle`` that clients trust it by.

All replicas do the same. Each looks at the configurations and at the Secret, decides by ``rotation``, and writes with the
``resourceVersion`` that it saw: of several that want to write one succeeds, and the others look again. Nothing hangs on who that is, nor
on anybody finishing what was begun, because what there is to do follows from what is written.

Watches only ring; what counts is read anew every time. The order matters: configurations first, then the Secret (``trust``).
"""

import asyncio
import contextlib
import logging
import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Final, NoReturn

from cryptography import x509

from webhook.certificates import keyring as keyrings
from webhook.certificates import rotation, secret, trust
from webhook.certificates.carriers import AGAIN_SECONDS, CONFLICT, LONGEST_WAIT_SECONDS, MISSING, SOON_SECONDS, Carriers
from webhook.certificates.clock import ServerClock
from webhook.certificates.complaints import Complaints
from webhook.certificates.credentials import TlsError
from webhook.certificates.holder import Holder
from webhook.certificates.keyring import Keyring, Step
from webhook.certificates.measures import Source
from webhook.certificates.rotation import Situation, Wish
from webhook.kube.api import Api, ApiError
from webhook.kube.reflector import Pace, Reflector
from webhook.telemetry.logs import log

VERBS: Final[Mapping[tuple[str, str], frozenset[str]]] = {
    ("", "secrets"): frozenset({"create", "get", "list", "update", "watch"}),
    ("admissionregistration.k8s.io", "mutatingwebhookconfigurations"): frozenset({"get", "list", "patch", "watch"}),
}
"""What the keeper must be allowed to do, by API group and resource: on one name each, but for ``create``, which knows no names."""

PART: Final = "caBundle"
TICK_SECONDS: Final = 300.0
FIRST_WAIT_SECONDS: Final = 0.5


@dataclass(slots=True, kw_only=True)
class Keeper:
    """One replica's part in it.

    Attributes:
        namespace: where the Secret is.
        name: of the Secret.
        configurations: names of the MutatingWebhookConfigurations that are ours; one that is not there is not missed.
        names: subject alternative names of the server certificate.
        holder: serves what is found.
        spread: from 0 to 1, this replica's own.
        serving: the keyring whose server certificate the holder has.
        found: the keyring that was last in the Secret and good.
    """

    api: Api
    namespace: str
    name: str
    configurations: Sequence[str]
    names: Sequence[x509.GeneralName]
    holder: Holder
    clock: ServerClock = field(default_factory=ServerClock)
    spread: float = field(default_factory=random.random)
    pace: Pace = field(default_factory=Pace)
    serving: Keyring | None = None
    found: Keyring | None = None
    _bell: asyncio.Event = field(default_factory=asyncio.Event)
    _signing_since: float | None = None
    _trusted: bool = False
    _complaints: Complaints = field(default_factory=Complaints)
    _carriers: Carriers = field(init=False)

    def __post_init__(self) -> None:
        self.holder.now = self.clock.now
        self._carriers = Carriers(
            api=self.api, names=self.configurations, clock=self.clock, metrics=self.holder.metrics, complaints=self._complaints
        )

    async def run(self) -> NoReturn:
        """Keep it for ever; whatever fails is logged and tried again, ever more slowly."""
        async with asyncio.TaskGroup() as tasks:
            for path, name in [(self._secrets, self.name), *((trust.COLLECTION, each) for each in self.configurations)]:
                query = {"fieldSelector": f"metadata.name={name}"}
                watch = Reflector(
                    api=self.api, path=path, query=query, metadata_only=True, changed=lambda _: self._bell.set(), pace=self.pace
                )
                tasks.create_task(watch.run())
            await self._keep()

    async def _keep(self) -> NoReturn:
        wait = 0.0
        while True:
            self._bell.clear()
            try:
                pause = await self.turn()
                wait = 0.0
                self._complaints.over("api")
            except ApiError as error:
                wait = min(wait * 2 or FIRST_WAIT_SECONDS, LONGEST_WAIT_SECONDS)
                pause = random.uniform(wait / 2, wait)  # noqa: S311 (spreads replicas, keeps no secret)
                self._complaints.tell("api", str(error), logging.WARNING, "certificates not kept")
                if self.serving is None:
                    self.holder.wait_for(f"the certificate cannot be read: {error}")
            if wait:
                await asyncio.sleep(pause)
            else:
                with contextlib.suppress(TimeoutError):
                    async with asyncio.timeout(pause):
                        await self._bell.wait()

    async def turn(self) -> float:
        """Look at everything once, and do at most one thing about it.

        Returns:
            Seconds after which to look again, if nothing happens before; 0 where something was done.

        Raises:
            ApiError: the Secret cannot be read, or not be written for a reason other than somebody else's being faster.
        """
        configurations, unread = await self._carriers.read()
        stored = await self._read_secret()
        now = self.clock.now()
        try:
            found = secret.read(stored) if stored is not None else None
        except TlsError as error:
            self._complain(error)
            return TICK_SECONDS
        self._complaints.over("secret")
        self.holder.metrics.settled(Source.SECRET)
        if found is None:
            return await self._fill(stored, now)
        if self.found is None or self.found.authority.certificate != found.authority.certificate:
            self._signing_since = self.clock.uptime()
        self.found = found
        self.holder.metrics.trusted(len(found.trusted))
        self._carriers.observe(configurations, found.trusted, unread=unread)
        situation = Situation(
            now=now,
            doubtful=self.clock.doubtful,
            carried=self._carriers.carried,
            signing=self._since(self._signing_since) or timedelta(0),
            spread=self.spread,
            wish=self._wish(stored),
        )
        self._take(found, situation)
        self._ready(found, situation, unread)
        pause = await self._carriers.publish(configurations, found)
        step = rotation.decide(found, self.names, situation)
        wish = situation.wish
        done = wish is not None and rotation.fulfilled(wish, found, step)
        if step is not Step.NOTHING or done:
            return await self._store(keyrings.apply(step, found, self.names, now), stored, step, done=done)
        waiting = found.successor is not None or self.serving is not found or not self._trusted or wish is not None
        return min(pause, SOON_SECONDS if waiting else TICK_SECONDS)

    @property
    def _secrets(self) -> str:
        return f"/api/v1/namespaces/{self.namespace}/secrets"

    async def _read_secret(self) -> Mapping[str, Any] | None:
        found: Mapping[str, Any] | None = None
        try:
            found = await self.api.get(f"{self._secrets}/{self.name}")
        except ApiError as error:
            if error.status != MISSING:
                raise
        self.clock.hear(self.api.date)
        return found

    def _wish(self, stored: Mapping[str, Any] | None) -> Wish | None:
        """Return what an operator asks for; what cannot be understood is told, and asks for nothing."""
        try:
            return secret.wish(stored or {})
        except TlsError as error:
            self._complaints.tell(
                "wish", str(error), logging.ERROR, "request not understood", secret=f"{self.namespace}/{self.name}"
            )
            return None

    async def _fill(self, stored: Mapping[str, Any] | None, now: datetime) -> float:
        """Put a keyring where there is none.

        While replicas run, a Secret that was deleted comes back with what they have, so that nobody notices; and since whoever deletes
        one mostly wants new keys, with a successor. What this replica has, if anything, may be older than what was deleted. The
        configurations show who has signed since; they are read again, because only now nobody can promote anybody.
        """
        configurations, unread = await self._carriers.read()
        if unread:
            if self.serving is None:
                self.holder.wait_for(f"there is no certificate, and none is made before this can be read: {unread}")
            return SOON_SECONDS
        known = trust.known((each for each in configurations.values() if each is not None), now)
        if self.found is None:
            return await self._store(keyrings.create(self.names, now, known), stored, "create")
        back = keyrings.remember(self.found, known, now)
        if back.successor is None:
            back = keyrings.apply(Step.INTRODUCE, back, self.names, now)
        return await self._store(back, stored, "put back")

    async def _store(self, made: Keyring, stored: Mapping[str, Any] | None, step: str, *, done: bool = False) -> float:
        """Write a keyring, unless somebody else was faster; then look again."""
        metadata = {"name": self.name, "namespace": self.namespace}
        content = secret.write(made, stored or {"metadata": metadata}, fulfilled=done)
        try:
            if stored is None:
                await self.api.create(self._secrets, content)
            else:
                await self.api.replace(f"{self._secrets}/{self.name}", content)
        except ApiError as error:
            # A Secret that is deleted between reading and writing is found out by looking again, too. Without a Secret it is the
            # namespace that is missing.
            if error.status == CONFLICT or (error.status == MISSING and stored is not None):
                return AGAIN_SECONDS
            raise
        self.holder.metrics.rotated(step.replace(" ", "_"))
        log(logging.INFO, "certificates changed", step=step, secret=f"{self.namespace}/{self.name}", authorities=len(made.trusted))
        return 0.0

    def _take(self, found: Keyring, situation: Situation) -> None:
        """Serve what was found, if it is time."""
        if self.serving is not None and self.serving.server.chain == found.server.chain:
            self.serving = found
        elif rotation.takes(self.serving, found, situation, asked=self._trusted):
            try:
                self.holder.serve(found.server, Source.SECRET)
            except TlsError as error:
                self._complain(error)
            else:
                self.serving = found

    def _ready(self, found: Keyring, situation: Situation, unread: str) -> None:
        """Tell readiness whether clients trust what is served. Once they did, nothing here takes it back: it would help nobody."""
        if self._trusted:
            return
        if self.serving is found and rotation.ready(found, situation):
            self._trusted = True
            self.holder.readiness.release(PART)
        else:
            self.holder.readiness.hold(
                PART, unread or "our authority in caBundle is too new, or missing in a webhook configuration"
            )

    def _since(self, moment: float | None) -> timedelta | None:
        return None if moment is None else timedelta(seconds=self.clock.uptime() - moment)

    def _complain(self, error: TlsError) -> None:
        """Tell of a Secret that is of no use; what is served stays."""
        if self._complaints.new("secret", str(error)):
            self.holder.failed(Source.SECRET, error)
        if self.serving is None:
            self.holder.wait_for(str(error))
