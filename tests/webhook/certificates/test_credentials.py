"""Certificates: what is made can be verified for what it is for, and what is read is checked before it is served."""

import ipaddress
import ssl
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import BestAvailableEncryption, Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import ExtendedKeyUsageOID
from cryptography.x509.verification import PolicyBuilder, Store

from webhook.certificates.context import server_context
from webhook.certificates.credentials import Credentials, TlsError
from webhook.certificates.files import from_files
from webhook.certificates.issuing import self_signed

NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)


def chain(credentials: Credentials) -> list[x509.Certificate]:
    """Return the certificates, the server's first."""
    return x509.load_pem_x509_certificates(credentials.chain)


def written(folder: Path, credentials: Credentials, password: bytes | None = None) -> tuple[Path, Path]:
    """Write certificate and key as an operator would have them."""
    encryption = BestAvailableEncryption(password) if password else NoEncryption()
    certificate, key = folder / "tls.crt", folder / "tls.key"
    certificate.write_bytes(credentials.chain)
    key.write_bytes(credentials.key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, encryption))
    return certificate, key


@pytest.mark.parametrize(
    ("host", "extra"),
    [
        ("127.0.0.1", []),
        ("localhost", []),
        ("0.0.0.0", []),
        ("::", []),
        ("10.1.2.3", [x509.IPAddress(ipaddress.ip_address("10.1.2.3"))]),
        ("webhook.example", [x509.DNSName("webhook.example")]),
    ],
)
def test_names_where_the_server_is_reached(host: str, extra: list[x509.GeneralName]) -> None:
    """The alternative names are the host, this machine and the Service, each once, and never "every address"."""
    names = chain(self_signed(host, "prod", NOW))[0].extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    assert sorted(map(str, names)) == sorted(
        map(
            str,
            [
                *extra,
                x509.DNSName("localhost"),
                x509.IPAddress(ipaddress.ip_address("127.0.0.1")),
                x509.IPAddress(ipaddress.ip_address("::1")),
                x509.DNSName("overbank-webhook.prod.svc"),
            ],
        )
    )


def test_the_authority_signs_servers_and_nothing_else() -> None:
    """Authority and server certificate have the extensions that RFC 5280 wants of each."""
    leaf, authority = chain(self_signed("127.0.0.1", "overbank-system", NOW))
    constraints = authority.extensions.get_extension_for_class(x509.BasicConstraints)
    assert (constraints.critical, constraints.value) == (True, x509.BasicConstraints(ca=True, path_length=0))
    usage = authority.extensions.get_extension_for_class(x509.KeyUsage)
    assert (usage.critical, usage.value.key_cert_sign, usage.value.digital_signature) == (True, True, False)
    constraints = leaf.extensions.get_extension_for_class(x509.BasicConstraints)
    assert (constraints.critical, constraints.value.ca) == (True, False)
    usage = leaf.extensions.get_extension_for_class(x509.KeyUsage)
    assert (usage.critical, usage.value.key_cert_sign, usage.value.digital_signature) == (True, False, True)
    purposes = leaf.extensions.get_extension_for_class(x509.ExtendedKeyUsage).value
    assert list(purposes) == [ExtendedKeyUsageOID.SERVER_AUTH]
    issuer = leaf.extensions.get_extension_for_class(x509.AuthorityKeyIdentifier).value.key_identifier
    assert issuer == authority.extensions.get_extension_for_class(x509.SubjectKeyIdentifier).value.digest
    for certificate in (leaf, authority):
        assert isinstance(certificate.public_key(), ec.EllipticCurvePublicKey)
        assert certificate.not_valid_before_utc == NOW - timedelta(minutes=5)
        assert certificate.not_valid_after_utc == NOW + timedelta(days=30)


def test_the_chain_verifies_for_the_service() -> None:
    """A strict verifier accepts the certificate for the name that the API server uses, longest namespace included."""
    credentials = self_signed("127.0.0.1", "n" * 63, NOW)
    assert credentials.authority
    leaf, authority = chain(credentials)
    assert authority == x509.load_pem_x509_certificate(credentials.authority)
    verifier = PolicyBuilder().store(Store([authority])).time(NOW)
    name = x509.DNSName(f"overbank-webhook.{'n' * 63}.svc")
    assert verifier.build_server_verifier(name).verify(leaf, [])[-1] == authority


def test_every_run_has_its_own_authority() -> None:
    """Two runs share no key."""
    first, second = self_signed("127.0.0.1", "a"), self_signed("127.0.0.1", "a")
    assert first.authority != second.authority
    assert first.chain != second.chain


def test_a_host_that_is_no_name_is_refused() -> None:
    """A host that cannot stand in a certificate is refused with a word on what can."""
    with pytest.raises(TlsError, match="cannot stand in a certificate"):
        self_signed("wébhook", "a")


def test_no_key_shows_in_representations() -> None:
    """Credentials can be printed by accident without giving the key away: certificates are all that shows."""
    credentials = self_signed("127.0.0.1", "a")
    assert repr(credentials) == f"Credentials(chain={credentials.chain!r}, authority={credentials.authority!r})"


def test_the_context_speaks_only_what_is_safe_and_wanted() -> None:
    """The context refuses TLS below 1.2 and renegotiation."""
    context = server_context(self_signed("127.0.0.1", "a"))
    assert context.minimum_version == ssl.TLSVersion.TLSv1_2
    assert context.options & ssl.OP_NO_RENEGOTIATION
    assert context.protocol == ssl.PROTOCOL_TLS_SERVER


def test_nothing_is_left_on_the_disk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The temporary folder is gone when the context is there, and the key in it was encrypted."""
    seen: dict[str, bytes] = {}
    load = ssl.SSLContext.load_cert_chain

    def spy(context: ssl.SSLContext, certificate: Path, key: Path, password: str) -> None:
        seen["key"] = key.read_bytes()
        seen["mode"] = oct(key.parent.stat().st_mode & 0o777).encode()
        load(context, certificate, key, password)

    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    monkeypatch.setattr(ssl.SSLContext, "load_cert_chain", spy)
    server_context(self_signed("127.0.0.1", "a"))
    assert seen["key"].startswith(b"-----BEGIN ENCRYPTED PRIVATE KEY-----")
    assert seen["mode"] == b"0o700"
    assert list(tmp_path.iterdir()) == []


def test_a_missing_temporary_folder_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """On a read-only file system the error says which variable helps."""
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path / "missing"))
    with pytest.raises(TlsError, match="TMPDIR"):
        server_context(self_signed("127.0.0.1", "a"))


def test_reads_a_certificate_with_its_key(tmp_path: Path) -> None:
    """A good pair of files is read and can be served; its authority is not ours to hand out."""
    made = self_signed("127.0.0.1", "a", NOW)
    read = from_files(*written(tmp_path, made), NOW)
    assert (read.chain, read.authority) == (made.chain, None)
    server_context(read)


def test_refuses_a_key_of_another_certificate(tmp_path: Path) -> None:
    """A key that belongs to another certificate is refused, naming both files."""
    certificate, _ = written(tmp_path, self_signed("127.0.0.1", "a", NOW))
    (tmp_path / "other").mkdir()
    _, key = written(tmp_path / "other", self_signed("127.0.0.1", "a", NOW))
    with pytest.raises(TlsError, match=f"^{key}: the key does not belong to the certificate in {certificate}"):
        from_files(certificate, key, NOW)


@pytest.mark.parametrize(
    ("now", "reason"),
    [
        (NOW + timedelta(days=31), "expired at 2026-12-21T12:00:00"),
        (NOW - timedelta(hours=1), "valid only from 2026-11-21T11:55:00"),
    ],
)
def test_refuses_a_certificate_out_of_its_time(tmp_path: Path, now: datetime, reason: str) -> None:
    """An expired or future certificate is refused with the date."""
    certificate, key = written(tmp_path, self_signed("127.0.0.1", "a", NOW))
    with pytest.raises(TlsError, match=f"^{certificate}: .*{reason}"):
        from_files(certificate, key, now)


def test_refuses_files_that_hold_something_else(tmp_path: Path) -> None:
    """Missing files, files without PEM and encrypted keys are refused with their path."""
    certificate, key = written(tmp_path, self_signed("127.0.0.1", "a", NOW), b"password")
    empty, missing = tmp_path / "empty", tmp_path / "missing"
    empty.write_bytes(b"")
    for arguments, reason in [
        ((missing, key), f"^{missing}: No such file"),
        ((certificate, missing), f"^{missing}: No such file"),
        ((empty, key), f"^{empty}: holds no PEM certificate"),
        ((certificate, empty), f"^{empty}: holds no PEM private key"),
        ((certificate, certificate), f"^{certificate}: holds no PEM private key"),
        ((certificate, key), f"^{key}: the key is encrypted"),
    ]:
        with pytest.raises(TlsError, match=reason):
            from_files(*arguments, NOW)


# A self-signed certificate with a key on the curve SM2 (GB/T 32918), which cryptography does not know.
SM2 = b"""-----BEGIN CERTIFICATE-----
MIIBcjCCARmgAwIBAgIUVQV53JJp59Xe+HGmypkBciDOBVwwCgYIKoEcz1UBg3Uw
DjEMMAoGA1UEAwwDc20yMCAXDTI2MTEyMjExMTgzMFoYDzIxMjYxMDI5MTExODMw
WjAOMQwwCgYDVQQDDANzbTIwWTATBgcqhkjOPQIBBggqgRzPVQGCLQNCAATukeWE
tLLBGljAytnSEcNDFfwv168+Ie1n5fkuluQW6+id6AF3iVHvuU6ICfdv8WcYNZKn
DQ6h3Qsav6+mW8oBo1MwUTAdBgNVHQ4EFgQUQGjeP/qGqGL2UQi5W4ZyRZII490w
HwYDVR0jBBgwFoAUQGjeP/qGqGL2UQi5W4ZyRZII490wDwYDVR0TAQH/BAUwAwEB
/zAKBggqgRzPVQGDdQNHADBEAiAy6yVG6pGZR+Am0H86/z9EYcfrl+4aq8DvbzmM
+z9lLgIge9RYVq4iC0aJjTLQDe3wjPcwVdJpUpw+pHdUAcXHi+k=
-----END CERTIFICATE-----
"""


def test_a_certificate_for_a_key_of_an_unknown_kind_is_refused(tmp_path: Path) -> None:
    """The key beside it cannot be its own, and that is what is said."""
    certificate, key = written(tmp_path, self_signed("127.0.0.1", "prod", NOW))
    certificate.write_bytes(SM2)
    with pytest.raises(TlsError, match="does not belong"):
        from_files(certificate, key, NOW)


def test_a_certificate_with_an_extension_twice_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What X.509 forbids is told by the file's name."""
    certificate, key = written(tmp_path, self_signed("127.0.0.1", "prod", NOW))

    class Twice:
        @property
        def extensions(self) -> None:
            raise x509.DuplicateExtension("Duplicate 2.5.29.17 extension found", x509.SubjectAlternativeName.oid)

    monkeypatch.setattr(x509, "load_pem_x509_certificates", lambda _: [Twice()])
    with pytest.raises(TlsError, match=r"tls\.crt: .*Duplicate"):
        from_files(certificate, key, NOW)
