"""Detached signatures of a bundle: what they look like, and exactly which bytes they are over. Verifying them is for others.

A signature (Ed25519, RFC 8032) is over the canonical JSON of a bundle with an empty digest, the bytes that the digest is taken of as well.
Signatures of several keys may stand beside one another, so that a key can be replaced without a moment in which no signature counts.
"""

import hashlib
from typing import Annotated, Final

import msgspec
from msgspec import Meta, Struct

from webhook.engine.bundle import BundleError, Reason

VERSION: Final = "overbank.dev/signature/v1"
FILE: Final = "bundle.sig"
MAX_SIGNATURE_BYTES: Final = 64 * 1024

_KEY_BYTES: Final = 32
_SIGNATURE_BYTES: Final = 64


class Signature(Struct, frozen=True, order=True, rename="camel", forbid_unknown_fields=True):
    """The signature of one key; ``signature`` is base64 in JSON."""

    key_id: Annotated[str, Meta(pattern="^[0-9a-f]{16}\\Z")]
    signature: Annotated[bytes, Meta(min_length=_SIGNATURE_BYTES, max_length=_SIGNATURE_BYTES)]


class Signatures(Struct, frozen=True, forbid_unknown_fields=True):
    """All signatures of the bundle with this digest, sorted by key."""

    version: str
    digest: str
    signatures: tuple[Signature, ...]

    def encode(self) -> bytes:
        """Return the bytes of ``bundle.sig``."""
        return msgspec.json.format(msgspec.json.encode(self, order="sorted"), indent=2) + b"\n"


def key_id(public: bytes) -> str:
    """Return the name of a public key: the first 16 digits of the SHA-256 of its 32 bytes."""
    if len(public) != _KEY_BYTES:
        raise ValueError("not an Ed25519 public key")
    return hashlib.sha256(public).hexdigest()[:16]


def read(raw: bytes) -> Signatures:
    """Read ``bundle.sig``.

    Raises:
        BundleError: it holds no signatures that can be read.
    """
    if len(raw) > MAX_SIGNATURE_BYTES:
        raise BundleError(f"the signature is larger than {MAX_SIGNATURE_BYTES // 1024} KiB", Reason.SIGNATURE)
    try:
        found = msgspec.json.decode(raw, type=Signatures)
    except (msgspec.MsgspecError, RecursionError, ValueError) as error:
        raise BundleError(f"malformed signature: {error}; sign again with `overbank sign`", Reason.SIGNATURE) from error
    if found.version != VERSION:
        raise BundleError(f"signature version {found.version!r} is none that can be read; {VERSION!r} is", Reason.SIGNATURE)
    return found


def signed(raw: bytes) -> tuple[str, bytes]:
    """Return the digest that a bundle claims for itself, and the bytes that it is signed over.

    Nothing of the bundle is interpreted for that. They are the canonical form if the bundle is as the compiler writes it, but for white
    space; of any other bundle they are bytes that nobody has signed.

    Raises:
        BundleError: it is no JSON object.
    """
    try:
        members = msgspec.json.decode(raw, type=dict[str, msgspec.Raw])
        digest = msgspec.json.decode(members["digest"], type=str)
        members["digest"] = msgspec.Raw(b'""')
        text = b",".join(msgspec.json.encode(key) + b":" + bytes(value) for key, value in sorted(members.items()))
        return digest, msgspec.json.format(b"{" + text + b"}", indent=-1)
    except KeyError as error:
        raise BundleError("not a bundle: it has no digest; build it with `overbank build`") from error
    except (msgspec.MsgspecError, RecursionError, ValueError) as error:
        raise BundleError(f"not a bundle: {error}; build it with `overbank build`") from error
