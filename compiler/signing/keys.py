"""Ed25519 keys as PEM, and what is done with them. The only module of the compiler that knows the library."""

import stat
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from webhook.engine import signature as signatures

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

EXTRA: Final = "pip install 'overbank[sign]'"


class UnusableKeyError(Exception):
    """A key cannot be used. The text says why."""


class MissingLibraryError(Exception):
    """What signs is not installed."""


@dataclass(frozen=True, slots=True)
class PublicKey:
    """What verifies."""

    id: str
    _key: "Ed25519PublicKey" = field(repr=False)

    def verify(self, signature: bytes, message: bytes) -> bool:
        """Say whether a signature is this key's, over this message."""
        from cryptography.exceptions import InvalidSignature  # noqa: PLC0415 - an extra

        try:
            self._key.verify(signature, message)
        except InvalidSignature:
            return False
        return True


@dataclass(frozen=True, slots=True)
class PrivateKey:
    """What signs; the same message always gets the same signature (RFC 8032 §5.1.6)."""

    id: str
    _key: "Ed25519PrivateKey" = field(repr=False)

    def sign(self, message: bytes) -> bytes:
        """Return the signature of a message, 64 bytes."""
        return self._key.sign(message)


def generate() -> tuple[bytes, bytes, str]:
    """Make a key; return its private and its public half as PEM, and its name.

    Raises:
        MissingLibraryError: cryptography is not installed.
    """
    try:
        from cryptography.hazmat.primitives import serialization as forms  # noqa: PLC0415 - an extra
        from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey  # noqa: PLC0415
    except ImportError as error:
        raise MissingLibraryError from error
    key = Ed25519PrivateKey.generate()
    private = key.private_bytes(forms.Encoding.PEM, forms.PrivateFormat.PKCS8, forms.NoEncryption())
    public = key.public_key().public_bytes(forms.Encoding.PEM, forms.PublicFormat.SubjectPublicKeyInfo)
    return private, public, _name(key.public_key())


def read_private(pem: bytes) -> PrivateKey:
    """Read a private key.

    Raises:
        UnusableKeyError: it is none, is encrypted, or of another kind.
        MissingLibraryError: cryptography is not installed.
    """
    try:
        from cryptography.exceptions import UnsupportedAlgorithm  # noqa: PLC0415 - an extra
        from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey  # noqa: PLC0415
        from cryptography.hazmat.primitives.serialization import load_pem_private_key  # noqa: PLC0415
    except ImportError as error:
        raise MissingLibraryError from error
    try:
        key = load_pem_private_key(pem, password=None)
    except TypeError as error:
        raise UnusableKeyError("the key is encrypted; give it decrypted, for example through a pipe") from error
    except (ValueError, UnsupportedAlgorithm) as error:
        raise UnusableKeyError("not a private key in PEM, as `overbank keygen` writes it") from error
    if not isinstance(key, Ed25519PrivateKey):
        raise UnusableKeyError("not an Ed25519 key; make one with `overbank keygen`")
    return PrivateKey(_name(key.public_key()), key)


def read_public(pem: bytes) -> list[PublicKey]:
    """Read one or more public keys.

    Raises:
        UnusableKeyError: there is none, or one is something else.
        MissingLibraryError: cryptography is not installed.
    """
    try:
        from cryptography.exceptions import UnsupportedAlgorithm  # noqa: PLC0415 - an extra
        from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey  # noqa: PLC0415
        from cryptography.hazmat.primitives.serialization import load_pem_public_key  # noqa: PLC0415
    except ImportError as error:
        raise MissingLibraryError from error
    begin = b"-----BEGIN "
    found: list[PublicKey] = []
    for block in pem.split(begin)[1:]:
        try:
            key = load_pem_public_key(begin + block)
        except (ValueError, UnsupportedAlgorithm) as error:
            raise UnusableKeyError("not a public key in PEM, as `overbank keygen` writes it") from error
        if not isinstance(key, Ed25519PublicKey):
            raise UnusableKeyError("not an Ed25519 key; make one with `overbank keygen`")
        found.append(PublicKey(_name(key), key))
    if not found:
        raise UnusableKeyError("no public key in PEM, as `overbank keygen` writes it")
    return found


def is_exposed(mode: int) -> bool:
    """Say whether others than its owner may read a file with these permissions."""
    return bool(mode & (stat.S_IRGRP | stat.S_IROTH))


def _name(key: "Ed25519PublicKey") -> str:
    from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat  # noqa: PLC0415 - an extra

    return signatures.key_id(key.public_bytes(Encoding.Raw, PublicFormat.Raw))
