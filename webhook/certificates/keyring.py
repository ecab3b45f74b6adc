"""What the replicas share: an authority that signs, perhaps its successor, those that are leaving, and the server's certificate.

A keyring is a value, and a step of a rotation is a function from one to the next. They keep what makes a rotation safe:

1. The server's certificate is signed by ``authority``, which is always in ``trusted``.
2. A successor is in ``trusted`` before it signs anything, and ``rotation`` sees to it that every ``caBundle`` has it by then.
3. An authority that has signed stays in ``trusted`` until everything that it signed has expired.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding

from webhook.certificates.credentials import Credentials
from webhook.certificates.issuing import KEPT_AUTHORITY, VALIDITY, Authority, issue, new_authority

AUTHORITY_VALIDITY: Final = timedelta(days=365)


class Step(StrEnum):
    """One change of a keyring.

    ``RENEW``: a new server certificate by the same authority. ``INTRODUCE``: a successor, to be trusted before it signs.
    ``PROMOTE``: the successor signs from now on. ``RETIRE``: those that signed before are not trusted any more.
    ``REPLACE``: everything anew at once, because the authority is out of its time and no successor is there.
    """

    NOTHING = "nothing"
    RENEW = "renew"
    INTRODUCE = "introduce"
    PROMOTE = "promote"
    RETIRE = "retire"
    REPLACE = "replace"


@dataclass(frozen=True, slots=True, kw_only=True)
class Keyring:
    """See above.

    Attributes:
        authority: signed ``server``.
        server: the certificate that all replicas serve, with its key.
        successor: signs nothing yet.
        leaving: authorities that signed before; their keys are gone.
        leaving_until: when everything that they signed has expired; None where nobody is leaving.
    """

    authority: Authority
    server: Credentials
    successor: Authority | None = None
    leaving: tuple[x509.Certificate, ...] = ()
    leaving_until: datetime | None = None

    @property
    def trusted(self) -> tuple[x509.Certificate, ...]:
        """The authorities that clients have to trust, the one that signs first."""
        successor = () if self.successor is None else (self.successor.certificate,)
        return (self.authority.certificate, *successor, *self.leaving)

    @property
    def bundle(self) -> bytes:
        """``trusted`` as PEM: what ``caBundle`` has to hold."""
        return b"".join(each.public_bytes(Encoding.PEM) for each in self.trusted)


def create(names: Iterable[x509.GeneralName], now: datetime, known: Sequence[x509.Certificate] = ()) -> Keyring:
    """Make a keyring.

    Args:
        names: of the server.
        now: the current time, aware.
        known: authorities by whom certificates may be served somewhere still; they stay trusted for as long as those last.
    """
    authority = _authority(now)
    return remember(Keyring(authority=authority, server=issue(authority, names, now)), known, now)


def remember(keyring: Keyring, known: Sequence[x509.Certificate], now: datetime) -> Keyring:
    """Trust authorities by whom certificates may be served somewhere still, for as long as those last."""
    unknown = [each for each in known if each not in keyring.trusted]
    return _leave(keyring, unknown, now + VALIDITY) if unknown else keyring


def apply(step: Step, keyring: Keyring, names: Iterable[x509.GeneralName], now: datetime) -> Keyring:
    """Take a step.

    Args:
        step: one that ``rotation.decide`` allows.
        keyring: what is there.
        names: of the server.
        now: the current time, aware.
    """
    match step:
        case Step.NOTHING:
            return keyring
        case Step.RENEW:
            return replace(keyring, server=issue(keyring.authority, names, now))
        case Step.INTRODUCE:
            # One that was introduced before has signed nothing, so nobody misses it.
            return replace(keyring, successor=_authority(now))
        case Step.PROMOTE if keyring.successor is not None:
            left = replace(keyring, authority=keyring.successor, successor=None, server=issue(keyring.successor, names, now))
            return _leave(left, [keyring.authority.certificate], _end(keyring, now))
        case Step.REPLACE:
            authority = _authority(now)
            left = replace(keyring, authority=authority, successor=None, server=issue(authority, names, now))
            return _leave(left, keyring.trusted[: -len(keyring.leaving) or None], _end(keyring, now))
        case Step.RETIRE:
            return replace(keyring, leaving=(), leaving_until=None)
        case _:
            raise ValueError("there is no successor to promote")


def _authority(now: datetime) -> Authority:
    return new_authority(KEPT_AUTHORITY, now, AUTHORITY_VALIDITY)


def _leave(keyring: Keyring, certificates: Sequence[x509.Certificate], until: datetime) -> Keyring:
    """Let authorities leave. Those that were about to leave already stay as long: one date is simpler, and late is safe."""
    leaving = tuple(dict.fromkeys((*certificates, *keyring.leaving)))
    return replace(keyring, leaving=leaving, leaving_until=max(until, keyring.leaving_until or until))


def _end(keyring: Keyring, now: datetime) -> datetime:
    """Return when all that the authority signed has expired: the last of it is served, earlier ones ended earlier.

    Counted from now as well, in case a clock went back between two of them.
    """
    return max(keyring.server.leaf.not_valid_after_utc, now + VALIDITY)
