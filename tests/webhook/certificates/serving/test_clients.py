"""Who gets in, and who is noticed for not trusting us."""

import http.client
import os
import ssl
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from tests.webhook.certificates.serving.clients import ask, listen
from tests.webhook.certificates.serving.processes import Process
from webhook.certificates.issuing import Authority, issue, new_authority


def client(authority: Authority, name: str) -> ssl.SSLContext:
    """Return a client that trusts everybody and shows a certificate with this name."""
    context = ssl._create_unverified_context()
    made = issue(authority, [x509.DNSName(name)], datetime.now(UTC))
    builder = x509.CertificateBuilder().subject_name(x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "cn")]))
    builder = builder.issuer_name(authority.certificate.subject).public_key(made.key.public_key()).serial_number(9)  # type: ignore[arg-type]
    builder = builder.not_valid_before(made.leaf.not_valid_before_utc).not_valid_after(made.leaf.not_valid_after_utc)
    builder = builder.add_extension(x509.SubjectAlternativeName([x509.DNSName(name)]), critical=False)
    leaf = builder.sign(authority.key, hashes.SHA256())
    pem = leaf.public_bytes(Encoding.PEM) + made.key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    path = Path(os.environ["PYTEST_CLIENTS"]) / f"{name}-{x509.random_serial_number()}.pem"
    path.write_bytes(pem)
    context.load_cert_chain(path)
    return context


def test_only_known_clients_get_in(start: Callable[..., Process], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without a certificate, with one of another authority, and with another name nobody is answered; all of it is counted."""
    monkeypatch.setenv("PYTEST_CLIENTS", str(tmp_path))
    ours, others = (new_authority(name, datetime.now(UTC), timedelta(days=1)) for name in ("ours", "others"))
    file = tmp_path / "clients.pem"
    file.write_bytes(ours.pem)
    server = start("--self-signed", "--client-ca", str(file), "--client-name", "kube-apiserver", "--client-name", "spare")
    for name in ("kube-apiserver", "spare"):
        assert ask(server.port, client(ours, name)) == 400
    for context in (client(ours, "somebody"), client(others, "kube-apiserver"), ssl._create_unverified_context()):
        with pytest.raises((OSError, http.client.HTTPException)):
            ask(server.port, context)
    # What a client without a good certificate is told, so that the API server can tell it.
    for context, told in (
        (client(others, "kube-apiserver"), "UNKNOWN_CA"),
        (ssl._create_unverified_context(), "CERTIFICATE_REQUIRED"),
    ):
        with pytest.raises(ssl.SSLError, match=told):
            listen(server.port, context)
    assert server.await_line("connection refused", why="client_name")["names"] == ["cn", "somebody"]
    assert server.await_line("connection refused", why="client_certificate")["count"] == 1
    for reason, count in (("client_name", 1), ("client_certificate", 4), ("our_certificate", 0)):
        assert server.metric(f'overbank_webhook_connections_refused_total{{reason="{reason}"}}') == count
    file.write_bytes(others.pem)
    while server.metric('overbank_webhook_certificate_reloads_total{source="client_ca"}') != 2:
        assert server.process.poll() is None
    assert ask(server.port, client(others, "kube-apiserver")) == 400
    with pytest.raises((OSError, http.client.HTTPException)):
        ask(server.port, client(ours, "kube-apiserver"))


def test_a_client_that_does_not_trust_us_is_noticed(start: Callable[..., Process]) -> None:
    """A client with another caBundle is counted as such, since with the API server that means that nothing is mutated."""
    server = start("--self-signed")
    with pytest.raises(ssl.SSLCertVerificationError):
        ask(server.port, ssl.create_default_context())
    assert server.await_line("connection refused")["why"] == "our_certificate"
