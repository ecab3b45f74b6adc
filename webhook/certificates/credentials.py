"""A certificate with its key, and what is checked before it is served. Nothing here reads or writes anything."""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Final

from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.types import PrivateKeyTypes, PublicKeyTypes
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat, load_pem_private_key

_SPKI: Final = (Encoding.DER, PublicFormat.SubjectPublicKeyInfo)


class TlsError(Exception):
    """There is no certificate that could be served. The text says what is wrong, and where."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Credentials:
    """A certificate with its key.

    Attributes:
        chain: PEM, the server's certificate first.
        key: belongs to the first certificate.
        authority: PEM of the authority that a client has to trust; None where it is somebody else's.
    """

    chain: bytes
    key: PrivateKeyTypes = field(repr=False)
    authority: bytes | None = None

    @property
    def leaf(self) -> x509.Certificate:
        """The server's certificate."""
        return x509.load_pem_x509_certificate(self.chain)


def parse(chain: bytes, key: bytes, *, chain_name: object, key_name: object) -> Credentials:
    """Read a certificate chain and its key, both PEM; any key type that OpenSSL can serve.

    Args:
        chain: the server's certificate first, then those of its issuers.
        key: unencrypted.
        chain_name: what the chain is called in errors.
        key_name: what the key is called in errors.

    Raises:
        TlsError: one of them holds something else, or the key belongs to another certificate.
    """
    leaf = certificates(chain, chain_name)[0]
    private_key = private(key, key_name)
    if not belongs(private_key.public_key(), leaf):
        raise TlsError(f"{key_name}: the key does not belong to the certificate in {chain_name}")
    return Credentials(chain=chain, key=private_key)


def certificates(pem: bytes, name: object) -> list[x509.Certificate]:
    """Read certificates, at least one.

    Raises:
        TlsError: there is none, or one of them cannot be read.
    """
    try:
        found = x509.load_pem_x509_certificates(pem)
        for each in found:
            _ = each.extensions, each.subject, each.not_valid_after_utc  # read lazily; found out here rather than in use
    except ValueError as error:
        raise TlsError(f"{name}: holds no PEM certificate") from error
    except (x509.DuplicateExtension, x509.UnsupportedGeneralNameType) as error:
        raise TlsError(f"{name}: holds a certificate that cannot be read: {error}") from error
    return found


def private(pem: bytes, name: object) -> PrivateKeyTypes:
    """Read an unencrypted key.

    Raises:
        TlsError: there is none.
    """
    try:
        return load_pem_private_key(pem, password=None)
    except TypeError as error:
        raise TlsError(f"{name}: the key is encrypted; only unencrypted keys can be served") from error
    except (ValueError, UnsupportedAlgorithm) as error:
        raise TlsError(f"{name}: holds no PEM private key") from error


def belongs(key: PublicKeyTypes, certificate: x509.Certificate) -> bool:
    """Return whether a certificate is for this key. One for a key of an unknown kind, such as SM2, is for none."""
    try:
        return key.public_bytes(*_SPKI) == certificate.public_key().public_bytes(*_SPKI)
    except (UnsupportedAlgorithm, ValueError):
        return False


def out_of_time(certificate: x509.Certificate, now: datetime) -> str | None:
    """Return why a certificate is of no use at a time, None where it is."""
    if now > certificate.not_valid_after_utc:
        return f"the certificate expired at {certificate.not_valid_after_utc.isoformat()}"
    if now < certificate.not_valid_before_utc:
        return f"the certificate is valid only from {certificate.not_valid_before_utc.isoformat()}"
    return None
