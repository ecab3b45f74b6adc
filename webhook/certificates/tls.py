"""The server's certificate: made for one run, or read from files; and the TLS context that serves it.

A self-signed run gets a certificate authority of its own, which signs one server certificate and is forgotten: its key is never
stored, so that nothing else can be signed with it. The API server trusts the authority through ``caBundle``.
"""

import contextlib
import ipaddress
import secrets
import ssl
import tempfile
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final

from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.types import PrivateKeyTypes
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    PrivateFormat,
    PublicFormat,
    load_pem_private_key,
)
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

SERVICE: Final = "overbank-webhook"
"""The name of the Service in front of the webhook; the API server connects to ``<service>.<namespace>.svc``."""

VALIDITY: Final = timedelta(days=30)
_BACKDATED: Final = timedelta(minutes=5)  # for API servers whose clock is behind ours


class TlsError(Exception):
    """There is no certificate that could be served. The text says which file is wrong, and how."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Credentials:
    """A certificate with its key.

    Attributes:
        chain: PEM, the server's certificate first.
        key: belongs to the first certificate.
        authority: PEM of the authority that a client has to trust; None where the files are somebody else's.
    """

    chain: bytes
    key: PrivateKeyTypes = field(repr=False)
    authority: bytes | None = None


def self_signed(host: str, namespace: str, now: datetime | None = None) -> Credentials:
    """Make an authority and a server certificate, ECDSA P-256 and valid for ``VALIDITY``.

    Args:
        host: the address or name that the server listens on; it becomes a subject alternative name unless it means every address.
        namespace: where the Service lives.
        now: the current time, aware.

    Raises:
        TlsError: ``host`` cannot stand in a certificate.
    """
    now = now or datetime.now(UTC)
    authority_key = ec.generate_private_key(ec.SECP256R1())
    authority_name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, f"{SERVICE} self-signed authority")])
    authority = (
        _builder(authority_name, authority_name, authority_key.public_key(), now)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(_key_usage(key_cert_sign=True, crl_sign=True), critical=True)
        .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(authority_key.public_key()), critical=False)
        .sign(authority_key, hashes.SHA256())
    )
    key = ec.generate_private_key(ec.SECP256R1())
    # The names that count are the alternative ones; a common name may have 64 characters only, so it is the service's alone.
    leaf = (
        _builder(x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, SERVICE)]), authority_name, key.public_key(), now)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(_key_usage(digital_signature=True), critical=True)
        .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False)
        .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(authority_key.public_key()), critical=False)
        .add_extension(x509.SubjectAlternativeName(_names(host, namespace)), critical=False)
        .sign(authority_key, hashes.SHA256())
    )
    pem = authority.public_bytes(Encoding.PEM)
    return Credentials(chain=leaf.public_bytes(Encoding.PEM) + pem, key=key, authority=pem)


def from_files(certificate: Path, key: Path, now: datetime | None = None) -> Credentials:
    """Read a certificate chain and its key, both PEM; any key type that OpenSSL can serve.

    Args:
        certificate: the server's certificate first, then those of its issuers.
        key: unencrypted.
        now: the current time, aware.

    Raises:
        TlsError: a file is missing or holds something else, the key belongs to another certificate, or the certificate is
            expired or not yet valid.
    """
    now = now or datetime.now(UTC)
    chain = _read(certificate)
    try:
        leaf = x509.load_pem_x509_certificates(chain)[0]
    except (ValueError, IndexError) as error:
        raise TlsError(f"{certificate}: holds no PEM certificate") from error
    try:
        private_key = load_pem_private_key(_read(key), password=None)
    except TypeError as error:
        raise TlsError(f"{key}: the key is encrypted; only unencrypted keys can be served") from error
    except (ValueError, UnsupportedAlgorithm) as error:
        raise TlsError(f"{key}: holds no PEM private key") from error
    encoding = (Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    if private_key.public_key().public_bytes(*encoding) != leaf.public_key().public_bytes(*encoding):
        raise TlsError(f"{key}: the key does not belong to the certificate in {certificate}")
    if now > leaf.not_valid_after_utc:
        raise TlsError(f"{certificate}: the certificate expired at {leaf.not_valid_after_utc.isoformat()}")
    if now < leaf.not_valid_before_utc:
        raise TlsError(f"{certificate}: the certificate is valid only from {leaf.not_valid_before_utc.isoformat()}")
    return Credentials(chain=chain, key=private_key)


def empty_context() -> ssl.SSLContext:
    """Return the context for the admission port, without a certificate yet.

    TLS 1.2 or later, and HTTP/1.1, since the API server's webhook client offers nothing else.
    """
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.options |= ssl.OP_NO_RENEGOTIATION
    context.set_alpn_protocols(["http/1.1"])
    return context


def load(context: ssl.SSLContext, credentials: Credentials) -> None:
    """Serve a certificate from now on; connections that are open keep theirs.

    Raises:
        TlsError: OpenSSL refuses the certificate, or there is no temporary folder to hand it over in.
    """
    # Python's ssl reads certificates from files only. The key lies there for a moment, encrypted with a password that lies nowhere.
    password = secrets.token_urlsafe(32)
    key = credentials.key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, BestAvailableEncryption(password.encode()))
    try:
        with tempfile.TemporaryDirectory(prefix="overbank-webhook-") as folder:  # created with mode 0700
            chain_file, key_file = Path(folder, "chain.pem"), Path(folder, "key.pem")
            chain_file.write_bytes(credentials.chain)
            key_file.write_bytes(key)
            context.load_cert_chain(chain_file, key_file, password)
    except ssl.SSLError as error:
        raise TlsError(f"the certificate cannot be served: {error.reason or error}") from error
    except OSError as error:
        raise TlsError(
            f"no temporary folder to load the certificate from: {error.strerror}; TMPDIR names a writable one"
        ) from error


def server_context(credentials: Credentials) -> ssl.SSLContext:
    """Return a context that serves a certificate.

    Raises:
        TlsError: see ``load``.
    """
    context = empty_context()
    load(context, credentials)
    return context


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise TlsError(f"{path}: {error.strerror}") from error


def _builder(subject: x509.Name, issuer: x509.Name, key: ec.EllipticCurvePublicKey, now: datetime) -> x509.CertificateBuilder:
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key)
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - _BACKDATED)
        .not_valid_after(now + VALIDITY)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key), critical=False)
    )


def _key_usage(*, digital_signature: bool = False, key_cert_sign: bool = False, crl_sign: bool = False) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=digital_signature,
        key_cert_sign=key_cert_sign,
        crl_sign=crl_sign,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        encipher_only=False,
        decipher_only=False,
    )


def _names(host: str, namespace: str) -> list[x509.GeneralName]:
    names = [_name(host), _name("localhost"), _name("127.0.0.1"), _name("::1"), _name(f"{SERVICE}.{namespace}.svc")]
    return [name for name in dict.fromkeys(names) if name.value not in _EVERY_ADDRESS]


_EVERY_ADDRESS: Final = (ipaddress.ip_address("0.0.0.0"), ipaddress.ip_address("::"))  # noqa: S104 (left out of certificates)


def _name(text: str) -> x509.GeneralName:
    with contextlib.suppress(ValueError):
        return x509.IPAddress(ipaddress.ip_address(text))
    try:
        return x509.DNSName(text)
    except ValueError as error:
        raise TlsError(f"{text!r} cannot stand in a certificate; use an address or an ASCII name") from error
