"""A keyring as a Secret of the type ``kubernetes.io/tls``, and what is wrong with one that is none.

=================  ============================================================================================
``tls.crt``        the server's certificate and its issuer's, PEM
``tls.key``        its key
``ca.crt``         every trusted authority, the one that signs first: what ``caBundle`` holds
``ca.key``         the key of the authority that signs
``ca-next.key``    the key of its successor, while there is one
``leaving-until``  when the other authorities in ``ca.crt`` leave, RFC 3339
=================  ============================================================================================

The label says that the content is ours to replace. A Secret without it is never written unless it is empty.
"""

import base64
import binascii
from collections.abc import Mapping, Sequence
from datetime import MAXYEAR, UTC, datetime
from typing import Any, Final

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID

from webhook.certificates import credentials
from webhook.certificates.credentials import Credentials, TlsError
from webhook.certificates.issuing import KEPT_AUTHORITY, Authority
from webhook.certificates.keyring import Keyring
from webhook.certificates.rotation import Wish

LABEL: Final = "overbank.dev/certificates"
LABEL_VALUE: Final = "self-managed"
ROTATE: Final = "overbank.dev/rotate"
TYPE: Final = "kubernetes.io/tls"

_SERVER, _SERVER_KEY, _BUNDLE, _KEY, _NEXT_KEY, _UNTIL = "tls.crt", "tls.key", "ca.crt", "ca.key", "ca-next.key", "leaving-until"
_OURS: Final = frozenset({_SERVER, _SERVER_KEY, _BUNDLE, _KEY, _NEXT_KEY, _UNTIL})


def read(secret: Mapping[str, Any]) -> Keyring | None:
    """Return the keyring in a Secret; None where it is empty, and so may be filled.

    Args:
        secret: as the API server has it.

    Raises:
        TlsError: it belongs to somebody else, or was changed so that it cannot be used. What to do stands in the text.
    """
    metadata = secret.get("metadata") or {}
    name = f"Secret {metadata.get('namespace', '')}/{metadata.get('name', '')}"
    data = _decoded(secret, name)
    if not any(data.values()):
        return None
    if (metadata.get("labels") or {}).get(LABEL) != LABEL_VALUE:
        raise TlsError(
            f"{name} has no label {LABEL}={LABEL_VALUE}, so what it holds belongs to somebody else and is left alone; name another "
            "Secret, or delete this one"
        )
    try:
        return _keyring(data)
    except TlsError as error:
        raise TlsError(f"{name}: {error}; delete the Secret, and it is made anew from what the running replicas have") from error


def wish(secret: Mapping[str, Any]) -> Wish | None:
    """Return what an operator asks for by annotation, None for nothing.

    Raises:
        TlsError: the annotation says something else.
    """
    text = ((secret.get("metadata") or {}).get("annotations") or {}).get(ROTATE)
    if text is None:
        return None
    try:
        return Wish(text)
    except ValueError as error:
        raise TlsError(f"annotation {ROTATE}: {text[:40]!r} is none of {', '.join(Wish)}") from error


def write(keyring: Keyring, into: Mapping[str, Any], *, fulfilled: bool = False) -> dict[str, Any]:
    """Return a Secret with a keyring.

    Args:
        keyring: what it has to hold.
        into: the Secret that is there, or the metadata of a new one; what is not ours of it stays, and its ``resourceVersion`` makes sure
            that nobody changed it meanwhile.
        fulfilled: take the operator's wish off.
    """
    metadata = dict(into.get("metadata") or {})
    metadata["labels"] = {**(metadata.get("labels") or {}), LABEL: LABEL_VALUE}
    metadata.pop("managedFields", None)
    if fulfilled:
        metadata["annotations"] = {key: value for key, value in (metadata.get("annotations") or {}).items() if key != ROTATE}
    kept = {key: value for key, value in (into.get("data") or {}).items() if key not in _OURS}
    data = {
        _SERVER: keyring.server.chain,
        _SERVER_KEY: _pem(keyring.server.key),
        _BUNDLE: keyring.bundle,
        _KEY: _pem(keyring.authority.key),
    }
    if keyring.successor is not None:
        data[_NEXT_KEY] = _pem(keyring.successor.key)
    if keyring.leaving_until is not None:
        data[_UNTIL] = keyring.leaving_until.isoformat().encode()
    encoded = {key: base64.b64encode(value).decode() for key, value in data.items()}
    return {
        **into,
        "apiVersion": "v1",
        "kind": "Secret",
        "type": into.get("type") or TYPE,
        "metadata": metadata,
        "data": {**kept, **encoded},
    }


def ours(certificate: x509.Certificate) -> bool:
    """Return whether a certificate looks like one of our kept authorities."""
    names = certificate.subject.get_attributes_for_oid(NameOID.COMMON_NAME)
    return [each.value for each in names] == [KEPT_AUTHORITY] and certificate.issuer == certificate.subject


def _decoded(secret: Mapping[str, Any], name: str) -> dict[str, bytes]:
    try:
        return {key: base64.b64decode(value or "", validate=True) for key, value in (secret.get("data") or {}).items()}
    except (binascii.Error, TypeError, ValueError, AttributeError) as error:
        raise TlsError(f"{name}: its data cannot be read") from error


def _keyring(data: Mapping[str, bytes]) -> Keyring:
    missing = [key for key in (_SERVER, _SERVER_KEY, _BUNDLE, _KEY) if not data.get(key)]
    if missing:
        raise TlsError(f"{', '.join(missing)} is missing")
    trusted = credentials.certificates(data[_BUNDLE], _BUNDLE)
    for each in trusted:
        if not ours(each):
            raise TlsError(f"{_BUNDLE}: {each.subject.rfc4514_string()} is no authority of ours")
    authority = _authority(trusted, data[_KEY], _KEY)
    server = credentials.parse(data[_SERVER], data[_SERVER_KEY], chain_name=_SERVER, key_name=_SERVER_KEY)
    try:
        server.leaf.verify_directly_issued_by(authority.certificate)
    except (ValueError, TypeError, InvalidSignature) as error:
        raise TlsError(f"{_SERVER}: not signed by the authority of {_KEY}") from error
    successor = _authority(trusted, data[_NEXT_KEY], _NEXT_KEY) if data.get(_NEXT_KEY) else None
    signing = {authority.certificate} | ({successor.certificate} if successor else set())
    leaving = tuple(each for each in trusted if each not in signing)
    return Keyring(
        authority=authority,
        server=Credentials(chain=server.chain, key=server.key, authority=authority.pem),
        successor=successor,
        leaving=leaving,
        leaving_until=_until(data.get(_UNTIL), leaving),
    )


def _authority(trusted: Sequence[x509.Certificate], pem: bytes, name: str) -> Authority:
    key = credentials.private(pem, name)
    if not isinstance(key, ec.EllipticCurvePrivateKey):
        raise TlsError(f"{name}: no ECDSA key")
    for each in trusted:
        if credentials.belongs(key.public_key(), each):
            return Authority(certificate=each, key=key)
    raise TlsError(f"{name}: the key belongs to none of the authorities in {_BUNDLE}")


def _until(text: bytes | None, leaving: Sequence[x509.Certificate]) -> datetime | None:
    """Return when authorities leave; where it does not say, or is none of ours, when they expire: late is safe."""
    if not leaving:
        return None
    latest = max(each.not_valid_after_utc for each in leaving)
    try:
        found = datetime.fromisoformat((text or b"").decode("ascii"))
        return found.astimezone(UTC) if found.tzinfo and found.year < MAXYEAR else latest
    except (ValueError, OverflowError):
        return latest


def _pem(key: Any) -> bytes:
    pem: bytes = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    return pem
