"""Certificates in files: swapped under load, and refused where they do not fit."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from tests.webhook.certificates.serving.clients import Load, shown
from tests.webhook.certificates.serving.processes import Process
from tests.webhook.mounts import mount
from webhook.certificates.credentials import Credentials
from webhook.certificates.issuing import Authority, issue, names, new_authority, self_signed


def by_rsa(authority: Authority) -> Credentials:
    """Return a certificate with an RSA key, by the same authority."""
    key = rsa.generate_private_key(65537, 2048)
    plain = issue(authority, names("a"), datetime.now(UTC))
    builder = x509.CertificateBuilder().subject_name(plain.leaf.subject).issuer_name(authority.certificate.subject)
    builder = builder.public_key(key.public_key()).serial_number(7)
    builder = builder.not_valid_before(plain.leaf.not_valid_before_utc).not_valid_after(plain.leaf.not_valid_after_utc)
    for each in plain.leaf.extensions:
        if each.oid != x509.SubjectKeyIdentifier.oid:
            builder = builder.add_extension(each.value, each.critical)
    leaf = builder.sign(authority.key, hashes.SHA256())
    return Credentials(chain=leaf.public_bytes(Encoding.PEM), key=key)


def files_of(credentials: Credentials) -> dict[str, bytes]:
    """Return certificate and key as they stand in a Secret of type ``kubernetes.io/tls``."""
    key = credentials.key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    return {"tls.crt": credentials.chain, "tls.key": key}


def test_files_are_taken_over_under_load(start: Callable[..., Process], tmp_path: Path) -> None:
    """A swapped mount is served within seconds, also with a key of another type, and no connection fails meanwhile."""
    authority = new_authority("test", datetime.now(UTC), timedelta(days=1))
    first, second, third = issue(authority, names("a"), datetime.now(UTC)), by_rsa(authority), by_rsa(authority)
    folder = tmp_path / "mount"
    mount(folder, files_of(first))
    server = start("--cert", str(folder / "tls.crt"), "--key", str(folder / "tls.key"))
    assert shown(server.port) == first.leaf.public_bytes(Encoding.DER)
    load = Load(lambda: server.port, lambda: authority.pem)
    try:
        for count, each in enumerate([second, first, third], 1):
            mount(folder, files_of(each))
            server.await_line("certificate in use", count)
            assert shown(server.port) == each.leaf.public_bytes(Encoding.DER)
            load.await_sent(10)
    finally:
        load.stop()
    assert not load.failures
    assert server.metric('overbank_webhook_certificate_reloads_total{source="files"}') == 4
    assert server.metric('overbank_webhook_certificate_expiry_timestamp_seconds{certificate="server"}') == pytest.approx(
        third.leaf.not_valid_after_utc.timestamp()
    )


def test_files_that_do_not_fit_are_not_taken(start: Callable[..., Process], tmp_path: Path) -> None:
    """A pair that is half written, and stays so, is told and counted once; the last good one goes on being served."""
    good, other = self_signed("127.0.0.1", "a"), self_signed("127.0.0.1", "a")
    certificate, key = tmp_path / "tls.crt", tmp_path / "tls.key"
    certificate.write_bytes(good.chain)
    key.write_bytes(good.key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    server = start("--cert", str(certificate), "--key", str(key))
    before = shown(server.port)
    certificate.write_bytes(other.chain)
    line = server.await_line("certificate not taken")
    assert line["reason"] == f"{key}: the key does not belong to the certificate in {certificate}"
    assert server.metric('overbank_webhook_certificate_stale{source="files"}') == 1
    assert shown(server.port) == before
    assert server.manage("/readyz")[0] == 200
    key.write_bytes(other.key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    server.await_line("certificate in use")
    assert shown(server.port) == other.leaf.public_bytes(Encoding.DER)
    assert server.metric('overbank_webhook_certificate_reload_failures_total{source="files"}') == 1
    assert server.metric('overbank_webhook_certificate_stale{source="files"}') == 0
