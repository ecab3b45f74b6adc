"""The public keys of which one must have signed a bundle."""

from pathlib import Path
from typing import Final

from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat, load_pem_public_key

from webhook.engine import signature as signatures
from webhook.engine.bundle import BundleError, Reason

_BEGIN: Final = b"-----BEGIN "
_MAX_FILE_BYTES: Final = 64 * 1024

Keys = dict[str, Ed25519PublicKey]
"""Public keys by their names."""


class KeyFileError(Exception):
    """A file has no public keys that can be used. The text starts with its path."""


def read_keys(path: Path) -> Keys:
    """Read a file of one or more Ed25519 public keys (PEM, RFC 8410).

    Raises:
        KeyFileError: it cannot be read, or holds something else.
    """
    try:
        with path.open("rb") as file:
            raw = file.read(_MAX_FILE_BYTES + 1)
    except OSError as error:
        raise KeyFileError(f"{path}: {error.strerror}") from error
    blocks = [_BEGIN + each for each in raw.split(_BEGIN)[1:]]
    if len(raw) > _MAX_FILE_BYTES or not blocks:
        raise KeyFileError(f"{path}: no public key in PEM, as `overbank keygen` writes it")
    found: Keys = {}
    for block in blocks:
        if block.startswith(b"-----BEGIN PRIVATE KEY") or b"PRIVATE KEY-----" in block:
            raise KeyFileError(f"{path}: this is a private key, which belongs to whoever signs; give the public one")
        try:
            key = load_pem_public_key(block)
        except (ValueError, UnsupportedAlgorithm) as error:
            raise KeyFileError(f"{path}: not a public key in PEM") from error
        if not isinstance(key, Ed25519PublicKey):
            raise KeyFileError(f"{path}: not an Ed25519 key; make one with `overbank keygen`")
        found[signatures.key_id(key.public_bytes(Encoding.Raw, PublicFormat.Raw))] = key
    return found


def verify(keys: Keys, raw: bytes, signature: bytes | None) -> tuple[str, str]:
    """Verify a bundle before anything in it is interpreted.

    Args:
        keys: those of which one must have signed; never empty.
        raw: the bytes of the bundle.
        signature: the bytes of ``bundle.sig``, None where there is none.

    Returns:
        The name of the key, and the digest that the signed bytes have.

    Raises:
        BundleError: there is no good signature of any of the keys.
    """
    if signature is None:
        raise BundleError("the bundle is not signed, and a public key is configured; sign it with `overbank sign`", Reason.UNSIGNED)
    found = signatures.read(signature)
    digest, message = signatures.signed(raw)
    if found.digest != digest:
        raise BundleError(
            f"the signature is of another bundle, with the digest {found.digest[:80]}; sign this one with `overbank sign`",
            Reason.SIGNATURE,
        )
    known = [each for each in found.signatures if each.key_id in keys]
    if not known:
        signers = ", ".join(sorted(each.key_id for each in found.signatures)[:5]) or "nobody"
        raise BundleError(
            f"the bundle is signed by {signers}, and by no key that is configured here: {', '.join(sorted(keys))}", Reason.SIGNATURE
        )
    for each in known:
        try:
            keys[each.key_id].verify(each.signature, message)
        except InvalidSignature:
            continue
        return each.key_id, digest
    raise BundleError(
        f"the signature of key {known[0].key_id} is not over this bundle: one of the two was changed, or the key is another one",
        Reason.SIGNATURE,
    )
