"""Certificates of our own: an authority, and the server certificates that it signs. ECDSA P-256 throughout.

``--self-signed`` makes an authority for one run and forgets its key, so that nothing else can be signed with it. ``--tls-secret``
keeps authorities (``keyring``).
"""

import contextlib
import ipaddress
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Final

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from webhook.certificates.credentials import Credentials, TlsError

SERVICE: Final = "overbank-webhook"
"""The name of the Service in front of the webhook; the API server connects to ``<service>.<namespace>.svc``."""

VALIDITY: Final = timedelta(days=30)
"""Of a server certificate, and of the authority of a single run."""

BACKDATED: Final = timedelta(minutes=5)
"""For API servers whose clock is behind ours."""

RUN_AUTHORITY: Final = f"{SERVICE} self-signed authority"
KEPT_AUTHORITY: Final = f"{SERVICE} authority"
"""The common names of authorities: of one run, and of one that is kept in a Secret."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Authority:
    """A certificate authority that can sign."""

    certificate: x509.Certificate
    key: ec.EllipticCurvePrivateKey = field(repr=False)

    @property
    def pem(self) -> bytes:
        """The certificate."""
        return self.certificate.public_bytes(Encoding.PEM)


def new_authority(name: str, now: datetime, validity: timedelta) -> Authority:
    """Make an authority that may sign servers' certificates and nothing below them."""
    key = ec.generate_private_key(ec.SECP256R1())
    # Every authority has a name of its own beside the common one: chains are built by name first, and two authorities of one name
    # make verifiers try both.
    serial = x509.random_serial_number()
    subject = x509.Name(
        [
            x509.NameAttribute(NameOID.COMMON_NAME, name),
            x509.NameAttribute(NameOID.SERIAL_NUMBER, f"{serial:x}"[:16]),
        ]
    )
    certificate = (
        _builder(subject, subject, key.public_key(), now - BACKDATED, now + validity)
        .serial_number(serial)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(_key_usage(key_cert_sign=True, crl_sign=True), critical=True)
        .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(key.public_key()), critical=False)
        .sign(key, hashes.SHA256())
    )
    return Authority(certificate=certificate, key=key)


def issue(authority: Authority, names: Iterable[x509.GeneralName], now: datetime) -> Credentials:
    """Sign a server's certificate, for ``VALIDITY`` or as long as the authority lasts.

    Args:
        authority: valid at ``now``.
        names: subject alternative names.
        now: the current time, aware.
    """
    key = ec.generate_private_key(ec.SECP256R1())
    until = min(now + VALIDITY, authority.certificate.not_valid_after_utc)
    # The names that count are the alternative ones; a common name may have 64 characters only, so it is the service's alone.
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, SERVICE)])
    leaf = (
        _builder(subject, authority.certificate.subject, key.public_key(), now - BACKDATED, until)
        .serial_number(x509.random_serial_number())
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(_key_usage(digital_signature=True), critical=True)
        .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False)
        .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(authority.key.public_key()), critical=False)
        .add_extension(x509.SubjectAlternativeName(list(names)), critical=False)
        .sign(authority.key, hashes.SHA256())
    )
    return Credentials(chain=leaf.public_bytes(Encoding.PEM) + authority.pem, key=key, authority=authority.pem)


def self_signed(host: str, namespace: str, now: datetime | None = None) -> Credentials:
    """Make an authority and a server certificate, both valid for ``VALIDITY``.

    Args:
        host: the address or name that the server listens on; it becomes a subject alternative name unless it means every address.
        namespace: where the Service lives.
        now: the current time, aware.

    Raises:
        TlsError: ``host`` cannot stand in a certificate.
    """
    now = now or datetime.now(UTC)
    return issue(new_authority(RUN_AUTHORITY, now, VALIDITY), names(namespace, host), now)


def names(namespace: str, *hosts: str) -> list[x509.GeneralName]:
    """Return the names by which a server is reached: ``hosts``, this machine, and the Service.

    Raises:
        TlsError: a host cannot stand in a certificate.
    """
    found = [_name(each) for each in (*hosts, "localhost", "127.0.0.1", "::1", f"{SERVICE}.{namespace}.svc")]
    return [name for name in dict.fromkeys(found) if name.value not in _EVERY_ADDRESS]


_EVERY_ADDRESS: Final = (ipaddress.ip_address("0.0.0.0"), ipaddress.ip_address("::"))  # noqa: S104 (left out of certificates)


def _name(text: str) -> x509.GeneralName:
    with contextlib.suppress(ValueError):
        return x509.IPAddress(ipaddress.ip_address(text))
    try:
        return x509.DNSName(text)
    except ValueError as error:
        raise TlsError(f"{text!r} cannot stand in a certificate; use an address or an ASCII name") from error


def _builder(
    subject: x509.Name, issuer: x509.Name, key: ec.EllipticCurvePublicKey, since: datetime, until: datetime
) -> x509.CertificateBuilder:
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key)
        .not_valid_before(since)
        .not_valid_after(until)
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
