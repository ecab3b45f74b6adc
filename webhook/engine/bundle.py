"""The versioned policy bundle: what the compiler writes and the engine reads.

A bundle belongs to one cluster. Its bytes are indented JSON; its digest is taken over the canonical form, that is the same
value with sorted keys, no white space and an empty ``digest``, so that indentation never matters and every value does.
"""

from collections.abc import Iterator
from enum import StrEnum
from itertools import pairwise
from typing import Final, Never

import msgspec
from msgspec import Struct, field

from webhook.engine.policy import Policy

VERSION: Final = "overbank.dev/bundle/v1"
"""Reader and writer must agree on this exactly; a change of meaning of any field gets a new one."""


MAX_BUNDLE_BYTES: Final = 64 * 1024 * 1024
"""What is larger is no bundle: ten thousand policies take some 10 MiB. The compiler writes none, and nobody reads one."""


class Reason(StrEnum):
    """Why a bundle is refused, in one word for metrics."""

    UNREADABLE = "unreadable"
    TOO_LARGE = "too_large"
    MALFORMED = "malformed"
    VERSION = "version"
    DIGEST = "digest"
    MIXED = "mixed"
    CLUSTER = "cluster"
    UNSIGNED = "unsigned"
    SIGNATURE = "signature"


class BundleError(Exception):
    """The bytes are no bundle that can be trusted here. The text says why and what to do."""

    def __init__(self, message: str, reason: Reason = Reason.MALFORMED) -> None:
        super().__init__(message)
        self.reason = reason


class Cluster(Struct, frozen=True, omit_defaults=True, rename="camel", forbid_unknown_fields=True):
    """The cluster that a bundle is for; ``uid`` is that of its namespace kube-system, empty where it is not declared."""

    name: str
    platform: str
    uid: str = ""


class Bundle(Struct, frozen=True, rename="camel", forbid_unknown_fields=True):
    """Everything a webhook needs to know about one cluster.

    ``namespaces`` maps the declared namespaces to their labels, ``claims`` likewise to the CSI drivers of their declared volume claims
    by name. ``policies`` is sorted by priority (descending), then name.
    """

    version: str
    cluster: Cluster
    excluded_namespaces: tuple[str, ...]
    namespaces: dict[str, dict[str, str]]
    policies: tuple[Policy, ...]
    digest: str = ""
    claims: dict[str, dict[str, str]] = field(default_factory=dict)


class _Header(Struct):
    version: str


class _Loose(Bundle, frozen=True, rename="camel", forbid_unknown_fields=True):
    """A bundle whose policies are not read yet. One call of the decoder for all of them would keep all other threads waiting."""

    policies: tuple[msgspec.Raw, ...]  # type: ignore[assignment]  # the order of the fields is that of the bundle


_POLICY: Final = msgspec.json.Decoder(Policy)


def canonical(bundle: Bundle) -> Iterator[bytes]:
    """Yield the canonical form piece by piece: sorted keys, no white space, and an empty digest."""
    whole = msgspec.json.encode(msgspec.structs.replace(bundle, digest="", policies=()), order="sorted")
    # No other member is an empty list under this key: the values beside it are objects and texts.
    before, _, after = whole.rpartition(b'"policies":[]')
    yield before + b'"policies":['
    for index, policy in enumerate(bundle.policies):
        if index:
            yield b","
        yield msgspec.json.encode(policy, order="sorted")
    yield b"]" + after


def digest(bundle: Bundle) -> str:
    """Return what belongs into the field ``digest``."""
    from hashlib import sha256  # noqa: PLC0415 - as in policy.py

    found = sha256()
    for piece in canonical(bundle):
        found.update(piece)
    return f"sha256:{found.hexdigest()}"


def seal(bundle: Bundle) -> Bundle:
    """Return the bundle with the digest of its own content."""
    return msgspec.structs.replace(bundle, digest=digest(bundle))


def encode(bundle: Bundle) -> bytes:
    """Return the bytes of ``bundle.json``: sorted keys, two spaces of indentation, a final newline."""
    return msgspec.json.format(msgspec.json.encode(seal(bundle), order="sorted"), indent=2) + b"\n"


def decode(raw: bytes) -> Bundle:
    """Read and verify a bundle.

    Raises:
        BundleError: not JSON, another version, an unknown field, a wrong type, policies out of order, or a digest that does
            not belong to the content.
    """
    try:
        header = msgspec.json.decode(raw, type=_Header)
    except (msgspec.MsgspecError, RecursionError, UnicodeDecodeError) as error:
        raise BundleError(f"not a bundle: {error}; build it with `overbank build`") from error
    if header.version != VERSION:
        raise BundleError(
            f"bundle version {header.version!r} cannot be read by this webhook, which reads {VERSION!r}; "
            "run the same release of overbank and overbank-webhook",
            Reason.VERSION,
        )
    try:
        loose = msgspec.json.decode(raw, type=_Loose)
    except (msgspec.MsgspecError, RecursionError, ValueError) as error:
        _malformed(error)
    bundle = Bundle(
        version=loose.version,
        cluster=loose.cluster,
        excluded_namespaces=loose.excluded_namespaces,
        namespaces=loose.namespaces,
        policies=tuple(_policy(index, each) for index, each in enumerate(loose.policies)),
        digest=loose.digest,
        claims=loose.claims,
    )
    if digest(bundle) != bundle.digest:
        raise BundleError(
            "the bundle was changed after it was built: its digest does not belong to its content; build it again", Reason.DIGEST
        )
    ranks = [(-policy.priority, policy.name) for policy in bundle.policies]
    unique = len({policy.name for policy in bundle.policies}) == len(bundle.policies)
    if not unique or any(first >= second for first, second in pairwise(ranks)):
        raise BundleError("malformed bundle: policies must be unique and sorted by priority, then name")
    return bundle


def _policy(index: int, raw: msgspec.Raw) -> Policy:
    try:
        return _POLICY.decode(raw)
    except (msgspec.MsgspecError, RecursionError, ValueError) as error:
        _malformed(error, f"$.policies[{index}]")


def _malformed(error: Exception, place: str = "$") -> Never:
    text = str(error)
    found, at, where = text.rpartition(" - at `$")
    text = f"{found} - at `{place}{where}" if at else f"{text} - at `{place}`" if place != "$" else text
    raise BundleError(f"malformed bundle: {text}") from error
