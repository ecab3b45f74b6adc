"""When a keyring changes, and when a replica may serve what another one made. PURE: no clock, no cluster.

A client is safe if at every moment the certificate that it is shown was signed by an authority in the ``caBundle`` that it has, and it
may have an old one. So a successor signs only after every configuration has been seen with it for a while (``SETTLE``), by the clock
that cannot be set; and nobody is taken out while something that it signed could still be served.

Times that can be set are doubted: where this machine's clock and the API server's differ, what can wait waits. What cannot wait
follows the API server's clock, because it is the one that verifies.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final

from cryptography import x509

from webhook.certificates.credentials import out_of_time
from webhook.certificates.issuing import BACKDATED
from webhook.certificates.keyring import Keyring, Step

SETTLE: Final = timedelta(minutes=2)
"""How long every configuration has carried an authority before it signs. API servers learn of a change by a watch, within seconds."""

INTRODUCE_BEFORE: Final = timedelta(days=60)
"""How long before an authority's end its successor comes."""

RENEW_AFTER: Final = 2 / 3
"""The part of a server certificate's life after which it is renewed."""

SPREAD: Final = timedelta(days=1)
"""Over so long the replicas are spread with what can wait, so that one of them acts and the others find it done."""

NEW: Final = timedelta(hours=1)
"""An authority is new for so long: longer than replicas take to write it into the configurations, if they can write at all."""

SETTLE_SPREAD: Final = timedelta(seconds=30)
LAST_PART: Final = 0.1
"""With less of a server certificate's life left than this, doubt about the time is no reason to wait any more."""


class Wish(StrEnum):
    """What an operator asks for by the annotation ``overbank.dev/rotate`` of the Secret.

    ``SERVER``: a new server certificate. ``AUTHORITY``: a new authority, without a failed request. ``RETIRE``: stop trusting the
    authorities that are leaving, although what they signed has not expired.
    """

    SERVER = "server"
    AUTHORITY = "authority"
    RETIRE = "retire"


@dataclass(frozen=True, slots=True, kw_only=True)
class Situation:
    """What a replica knows beside the keyring.

    Attributes:
        now: the time by the API server's clock, aware.
        doubtful: whether this machine's clock differs from it.
        carried: for how long every configuration has been seen with all trusted authorities; None where one has not, or cannot be
            seen.
        signing: for how long the authority has been seen to be the one that signs.
        spread: from 0 to 1, a replica's own.
        wish: of an operator.
    """

    now: datetime
    doubtful: bool = False
    carried: timedelta | None = None
    signing: timedelta = timedelta(0)
    spread: float = 0.0
    wish: Wish | None = None


def decide(keyring: Keyring, names: Iterable[x509.GeneralName], situation: Situation) -> Step:
    """Return the next step.

    Args:
        keyring: what the replicas share now.
        names: the server certificate has to have these.
        situation: what this replica knows.
    """
    now, late = situation.now, situation.spread * SPREAD
    authority, server, successor = keyring.authority.certificate, keyring.server.leaf, keyring.successor
    usable = successor is not None and out_of_time(successor.certificate, now) is None
    if out_of_time(authority, now):
        return Step.PROMOTE if usable else Step.REPLACE
    if out_of_time(server, now) or not covers(server, names):
        return Step.RENEW
    if situation.doubtful:
        life = server.not_valid_after_utc - server.not_valid_before_utc
        return Step.RENEW if _renewable(keyring) and server.not_valid_after_utc - now < LAST_PART * life else Step.NOTHING
    settled = situation.carried is not None and situation.carried >= SETTLE + situation.spread * SETTLE_SPREAD
    if successor is not None and usable and settled:
        return Step.PROMOTE
    ends = now >= authority.not_valid_after_utc - INTRODUCE_BEFORE + late
    if (successor is None and (ends or situation.wish is Wish.AUTHORITY)) or (successor is not None and not usable):
        return Step.INTRODUCE
    if _renewable(keyring) and (situation.wish is Wish.SERVER or now >= _renewal(server) + late):
        return Step.RENEW
    if keyring.leaving_until is not None:
        expired = now >= keyring.leaving_until + late
        if expired or (situation.wish is Wish.RETIRE and settled and situation.signing >= SETTLE):
            return Step.RETIRE
    return Step.NOTHING


def takes(serving: Keyring | None, offered: Keyring, situation: Situation, *, asked: bool) -> bool:
    """Return whether a replica should serve what a keyring offers, rather than go on with what it has.

    What is signed by the same authority is as good. What another one signed is trusted by everybody once all configurations have carried
    it for a while; a replica that has nothing of use does not wait, nor one that is not ``asked`` yet, because it was never ready.
    """
    if serving is None or out_of_time(serving.server.leaf, situation.now):
        return True
    if out_of_time(offered.server.leaf, situation.now):
        return False
    issuer = serving.authority.certificate
    if not asked or issuer == offered.authority.certificate:
        return True
    if situation.carried is None:
        return False
    # Where the configurations do not carry our issuer any more, waiting would only make it worse.
    return issuer not in offered.trusted or situation.carried >= SETTLE


def ready(keyring: Keyring, situation: Situation) -> bool:
    """Return whether a replica that has just started, and so has nothing else to serve, should be sent anything.

    Mostly that is so as soon as the configurations carry the authority. One that was made lately beside others, by whom certificates may
    be served still, has to settle first: API servers may not know it yet.
    """
    made = keyring.authority.certificate.not_valid_before_utc + BACKDATED
    new = bool(keyring.leaving) and made <= situation.now < made + NEW
    return situation.carried is not None and (not new or situation.carried >= SETTLE)


def fulfilled(wish: Wish, keyring: Keyring, step: Step) -> bool:
    """Return whether a wish has nothing more to ask for once a step has been taken, so that its annotation can go."""
    match wish:
        case Wish.SERVER:
            return step in {Step.RENEW, Step.PROMOTE, Step.REPLACE}
        case Wish.AUTHORITY:
            return step in {Step.INTRODUCE, Step.REPLACE} or keyring.successor is not None
        case _:
            # While a successor waits to sign, somebody is about to leave.
            return step is Step.RETIRE or not (keyring.leaving or keyring.successor)


def covers(leaf: x509.Certificate, names: Iterable[x509.GeneralName]) -> bool:
    """Return whether a server certificate has all of these names."""
    try:
        present = leaf.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    except x509.ExtensionNotFound:
        return False
    return set(names) <= set(present)


def _renewal(server: x509.Certificate) -> datetime:
    life = server.not_valid_after_utc - server.not_valid_before_utc
    return server.not_valid_before_utc + RENEW_AFTER * life


def _renewable(keyring: Keyring) -> bool:
    """Return whether a new server certificate could last longer than the one that is there."""
    return keyring.server.leaf.not_valid_after_utc < keyring.authority.certificate.not_valid_after_utc
