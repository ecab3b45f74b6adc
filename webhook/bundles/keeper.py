"""Keeps the best bundle that there is: takes over what can be trusted, refuses the rest, and heeds the emergency switch.

Everything heavy happens in a thread; what becomes visible to requests does so in one assignment on the event loop. A refused bundle
changes nothing but what is told about it: once for each content in the log, in the metrics, and to whoever wants to pass it on.
"""

import asyncio
import logging
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Final

from webhook.bundles.content import Content
from webhook.bundles.gauges import Gauges
from webhook.bundles.keys import Keys
from webhook.bundles.quiet import aside
from webhook.bundles.store import Identity, Snapshot, Store
from webhook.bundles.switch import NOTHING, Switch
from webhook.bundles.trust import Trust
from webhook.engine.bundle import Bundle, BundleError
from webhook.engine.mutate import Engine
from webhook.readiness import Readiness
from webhook.telemetry.logs import log
from webhook.telemetry.metrics import Metrics

_MAX_TEXT: Final = 500

Tell = Callable[[str, str, str], None]
"""Told about what operators should see in the cluster too: the kind of news in one word, what it is about, and a sentence."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Prepared:
    """A bundle with what a switch makes of it: what decides, how many policies do not, and names that none has."""

    bundle: Bundle
    key: str
    switch: Switch
    engine: Engine
    disabled: int
    unknown: list[str]


def _prepared(bundle: Bundle, key: str, switch: Switch) -> _Prepared:
    return _Prepared(
        bundle=bundle,
        key=key,
        switch=switch,
        engine=switch.engine(bundle),
        disabled=switch.disabled(bundle),
        unknown=switch.unknown(bundle),
    )


def _let_go(held: list[Snapshot | None]) -> None:
    """Let go of a snapshot policy by policy: freed as one, ten thousand of them would keep all other threads waiting."""
    snapshot = held.pop()
    policies = list(snapshot.bundle.policies) if snapshot else []
    del snapshot
    while policies:
        policies.pop()


@dataclass(slots=True, kw_only=True)
class Keeper:
    """What stands between the sources and the store. Only the event loop's thread calls it.

    Attributes:
        tell: passes news on.
        look_again: has the source offer once more what it holds, for which another answer is possible now; the source sets it.
        switch: what is switched off; changed by ``throw`` only.
    """

    store: Store
    trust: Trust
    readiness: Readiness
    metrics: Metrics
    gauges: Gauges
    tell: Tell = lambda _kind, _about, _text: None
    look_again: Callable[[], None] = lambda: None
    switch: Switch = NOTHING
    _mark: str = ""
    _current_mark: str = ""
    _complaint: tuple[str, str] = ("", "")
    _thrown: Switch = NOTHING

    def knows(self, mark: str) -> bool:
        """Say whether content with this mark was dealt with last, so that there is no need to read it again."""
        return mark == self._mark

    def load(self, content: Content) -> bool:
        """Take over a bundle at once, while nothing is served yet; say whether that could be decided.

        Nothing is logged, since the server says with which bundle it begins to serve.

        Raises:
            BundleError: the content cannot be trusted. The text starts with the place.
        """
        begun = time.perf_counter()
        try:
            prepared = self._prepare(content)
            identity = self.trust.identify(prepared.bundle)
        except BundleError as error:
            raise BundleError(f"{content.place}: {error}", error.reason) from error
        if identity is None:
            return False
        self._mark = content.mark
        self._take_over(content, prepared, identity, begun, level=logging.DEBUG)
        return True

    async def offer(self, content: Content) -> None:
        """Take over a bundle that a source has found, or refuse it."""
        if self.knows(content.mark):
            return
        begun = time.perf_counter()
        keys = self.trust.keys
        try:
            if content.mark == self._current_mark:
                # Back to what decides already, after something that was refused.
                self._mark = content.mark
                self._complaint = ("", "")
                self.gauges.fresh()
                return
            prepared = await aside(self._prepare, content)
            identity = self.trust.identify(prepared.bundle)
            while identity is None:
                if self.store.current is None:
                    self.readiness.hold("bundle", "no bundle: the UID of namespace kube-system is not known yet")
                await self.trust.known.wait()
                identity = self.trust.identify(prepared.bundle)
            while prepared.switch != self.switch:
                prepared = await aside(_prepared, prepared.bundle, prepared.key, self.switch)
        except BundleError as error:
            self.refuse(content.place, error, content.mark, final=self.trust.keys is keys)
            return
        if self.trust.keys is not keys:
            return  # it is offered again, and then verified with the keys of now
        self._mark = content.mark
        replaced = [self.store.current]
        self._take_over(content, prepared, identity, begun)
        await asyncio.to_thread(_let_go, replaced)

    def refuse(self, place: str, error: BundleError, mark: str, *, final: bool = True) -> None:
        """Tell that the source holds something that cannot be taken over, once for each content and reason.

        Args:
            place: where, for people.
            error: why.
            mark: of the content.
            final: whether reading the same content again would be in vain.
        """
        self._mark = mark if final else ""
        if (mark, str(error)) == self._complaint:
            return
        self._complaint = (mark, str(error))
        self.gauges.refused(error.reason)
        current = self.store.current
        text = str(error)[:_MAX_TEXT]
        kept = current.bundle.digest if current else None
        log(logging.ERROR, "bundle refused", source=place, reason=error.reason.value, problem=text, kept=kept)
        if current is None:
            self.readiness.hold("bundle", f"no bundle: {text}")
        self.tell(
            "BundleRefused", place, f"{text} ({'the last good bundle decides' if current else 'there is no bundle to decide'})"
        )

    def rekey(self, keys: Keys) -> None:
        """Trust other public keys from now on, and have what the source holds looked at by them.

        What decides goes on. If the key that signed it is not trusted any more, and no other one has signed it, it is refused where it
        is found again, as any other bundle would be.
        """
        self.trust.keys = keys
        self._mark = ""
        if self.store.current is not None and self.store.current.key not in keys:
            self._current_mark = ""
        self.look_again()

    async def throw(self, switch: Switch, place: str) -> None:
        """Heed what the emergency switch says now.

        Whoever was cancelled or failed before it held calls again, and it is heeded then.
        """
        if switch == self.switch == self._thrown:
            return
        self.switch = switch
        level = logging.WARNING if switch.everything or switch.names or switch.unreadable else logging.INFO
        log(level, "emergency switch changed", source=place, **switch.told())
        while (current := self.store.current) is not None:
            prepared = await aside(_prepared, current.bundle, current.key, switch)
            if self.switch != switch:
                return  # it was thrown again, and whoever did that goes on from here
            if self.store.current is current:
                self.store.swap(replace(current, engine=prepared.engine))
                self._thrown = switch
                self._tell_switch(prepared, place)
                return
        self._thrown = switch

    def preset(self, switch: Switch, place: str) -> None:
        """Heed the emergency switch from the first decision on."""
        self.switch = self._thrown = switch
        if switch != NOTHING:
            log(logging.WARNING, "emergency switch changed", source=place, **switch.told())

    def unheard(self, place: str, problem: str) -> None:
        """Tell that the emergency switch cannot be read; what was switched off stays so."""
        log(logging.ERROR, "emergency switch cannot be read", source=place, problem=problem[:_MAX_TEXT], **self.switch.told())

    def _prepare(self, content: Content) -> _Prepared:
        bundle, key = self.trust.read(content)
        return _prepared(bundle, key, self.switch)

    def _take_over(
        self, content: Content, prepared: _Prepared, identity: Identity, begun: float, level: int = logging.INFO
    ) -> None:
        bundle = prepared.bundle
        self.store.swap(Snapshot(bundle, prepared.engine, bundle.namespaces, identity, prepared.key))
        self._current_mark = content.mark
        self._complaint = ("", "")
        seconds = time.perf_counter() - begun
        self.metrics.loaded(bundle, identity=identity.value, key=prepared.key)
        self.gauges.loaded(seconds)
        log(
            level,
            "bundle loaded",
            source=content.place,
            cluster=bundle.cluster.name,
            bundle=bundle.digest,
            policies=len(bundle.policies),
            identity=identity.value,
            key=prepared.key or None,
            seconds=round(seconds, 3),
        )
        if identity is Identity.UNCHECKED:
            log(logging.WARNING, "the bundle says which cluster it is for, and this one is not known; give --cluster-uid")
        self._tell_switch(prepared, "")

    def _tell_switch(self, prepared: _Prepared, place: str) -> None:
        """Tell what the switch means for the bundle that decides; ``place`` is empty where it was not the switch that changed."""
        switch, disabled, unknown = prepared.switch, prepared.disabled, prepared.unknown
        self.gauges.switched(disabled, len(unknown))
        if switch == NOTHING:
            if place:
                self.tell("PoliciesEnabled", place, "no policy is switched off any more")
            return
        total = len(prepared.bundle.policies)
        log(logging.WARNING, "policies switched off", disabled=disabled, policies=total, unknown=unknown[:20])
        if place:
            words = ", ".join([*unknown, *switch.unreadable][:10])
            rest = f"; no policy has the name {words}" if words else ""
            self.tell("PoliciesDisabled", place, f"{disabled} of {total} policies are switched off{rest}")
