"""Real servers behind real TLS: certificates change under load and no handshake fails, and only known clients get in."""

import base64
import contextlib
import http.client
import json
import os
import socket
import ssl
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

import webhook
from webhook.certificates.credentials import Credentials
from webhook.certificates.issuing import Authority, issue, names, new_authority, self_signed
from webhook.engine import bundle as bundles
from webhook.engine.bundle import Bundle, Cluster

SECRET = "/api/v1/namespaces/overbank-system/secrets/overbank-certificate"
COLLECTION = "/apis/admissionregistration.k8s.io/v1/mutatingwebhookconfigurations"
CONFIGURATION = f"{COLLECTION}/00-overbank"
DEADLINE = 60


class Process:
    """A webhook in a process of its own; ``--port 0`` twice, so its ports stand in what it logs first."""

    def __init__(self, folder: Path, *arguments: str) -> None:
        path = folder / "bundle.json"
        empty = Bundle(version=bundles.VERSION, cluster=Cluster("c", "ack-pro"), excluded_namespaces=(), namespaces={}, policies=())
        path.write_bytes(bundles.encode(bundles.seal(empty)))
        clean = {name: value for name, value in os.environ.items() if not name.startswith("OVERBANK_")}
        clean["PYTHONPATH"] = str(Path(webhook.__file__).parent.parent)
        line = [sys.executable, "-m", "webhook.server", "serve", "--bundle", str(path), "--port", "0", "--management-port", "0"]
        self.process = subprocess.Popen([*line, *arguments], env=clean, stderr=subprocess.PIPE, text=True)
        self.lines: list[dict[str, Any]] = []
        self._news = threading.Condition()
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def _read(self) -> None:
        assert self.process.stderr is not None
        for line in self.process.stderr:
            with self._news:
                self.lines.append(json.loads(line))
                self._news.notify_all()

    def await_line(self, event: str, count: int = 1, **fields: Any) -> dict[str, Any]:
        """Return a line of the log once it is there so many times."""

        def found() -> list[dict[str, Any]]:
            return [each for each in self.lines if each["event"] == event and fields.items() <= each.items()]

        with self._news:
            assert self._news.wait_for(lambda: len(found()) >= count, DEADLINE), self.lines
            return found()[count - 1]

    @property
    def port(self) -> int:
        """The admission port."""
        return urlsplit(self.await_line("serving")["admission"]).port or 0

    def manage(self, path: str) -> tuple[int, str]:
        """Ask the management port."""
        connection = http.client.HTTPConnection(urlsplit(self.await_line("serving")["management"]).netloc, timeout=DEADLINE)
        with contextlib.closing(connection):
            connection.request("GET", path)
            response = connection.getresponse()
            return response.status, response.read().decode()

    def metric(self, line: str) -> float:
        """Return the value of a series, 0 where there is none."""
        found = [each.rpartition(" ")[2] for each in self.manage("/metrics")[1].splitlines() if each.startswith(f"{line} ")]
        return float(found[0]) if found else 0.0

    def close(self) -> None:
        """End it."""
        self.process.terminate()
        try:
            self.process.wait(DEADLINE)
        finally:
            self.process.kill()
            self._reader.join(DEADLINE)
            assert self.process.stderr is not None
            self.process.stderr.close()


class Load:
    """A client that connects anew for every request, trusting whom it is told to at the moment."""

    def __init__(self, port: Callable[[], int], trusted: Callable[[], bytes]) -> None:
        self.sent = 0
        self.failures: list[str] = []
        self._sending = threading.Condition()
        self._port, self._trusted, self._stop = port, trusted, threading.Event()
        self._thread = threading.Thread(target=self._run)
        self._thread.start()

    def _run(self) -> None:
        while not self._stop.is_set():
            context = ssl.create_default_context(cadata=self._trusted().decode())
            try:
                ask(self._port(), context)
            except OSError as error:
                self.failures.append(repr(error))
            with self._sending:
                self.sent += 1
                self._sending.notify_all()

    def await_sent(self, more: int) -> None:
        """Return once so many more requests have been sent."""
        wanted = self.sent + more
        with self._sending:
            assert self._sending.wait_for(lambda: self.sent >= wanted, DEADLINE)

    def stop(self) -> None:
        """Stop sending."""
        self._stop.set()
        self._thread.join(DEADLINE)


def ask(port: int, context: ssl.SSLContext) -> int:
    """Send one request on a connection of its own and return the status of the answer."""
    connection = http.client.HTTPSConnection("127.0.0.1", port, context=context, timeout=DEADLINE)
    with contextlib.closing(connection):
        connection.request("POST", "/mutate", b"{}", {"Content-Type": "application/json"})
        return connection.getresponse().status


def listen(port: int, context: ssl.SSLContext) -> bytes:
    """Connect, and return what the server says to whoever sends nothing: a request might meet a connection that is closed already."""
    with socket.create_connection(("127.0.0.1", port), timeout=DEADLINE) as plain, context.wrap_socket(plain) as secured:
        return secured.recv(1)


def shown(port: int) -> bytes:
    """Return the certificate that a client is shown."""
    return ssl.PEM_cert_to_DER_cert(ssl.get_server_certificate(("127.0.0.1", port)))


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Callable[..., Process]]:
    """Return a starter of webhooks; they end with the test."""
    with ExitStack() as stack:

        def begin(*arguments: str) -> Process:
            process = Process(tmp_path, *arguments)
            stack.callback(process.close)
            return process

        yield begin


def mount(folder: Path, credentials: Credentials) -> tuple[Path, Path]:
    """Write certificate and key as a kubelet does: a folder per version, and a link that is swapped."""
    version = folder / f"..{x509.random_serial_number()}"
    version.mkdir(parents=True)
    (version / "tls.crt").write_bytes(credentials.chain)
    (version / "tls.key").write_bytes(credentials.key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    swap = folder / "..data_tmp"
    swap.symlink_to(version.name)
    swap.replace(folder / "..data")
    for name in ("tls.crt", "tls.key"):
        link = folder / name
        if not link.is_symlink():
            link.symlink_to(f"..data/{name}")
    return folder / "tls.crt", folder / "tls.key"


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


def test_files_are_taken_over_under_load(start: Callable[..., Process], tmp_path: Path) -> None:
    """A swapped mount is served within seconds, also with a key of another type, and no connection fails meanwhile."""
    authority = new_authority("test", datetime.now(UTC), timedelta(days=1))
    first, second, third = issue(authority, names("a"), datetime.now(UTC)), by_rsa(authority), by_rsa(authority)
    certificate, key = mount(tmp_path / "mount", first)
    server = start("--cert", str(certificate), "--key", str(key))
    assert shown(server.port) == first.leaf.public_bytes(Encoding.DER)
    load = Load(lambda: server.port, lambda: authority.pem)
    try:
        for count, each in enumerate([second, first, third], 1):
            mount(tmp_path / "mount", each)
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


def configuration(ca: bytes = b"") -> dict[str, Any]:
    """Return our webhook configuration as GitOps applies it."""
    service = {"service": {"namespace": "overbank-system", "name": "overbank-webhook"}}
    client_config = service | ({"caBundle": base64.b64encode(ca).decode()} if ca else {})
    return {
        "metadata": {"name": "00-overbank"},
        "webhooks": [{"name": name, "clientConfig": client_config} for name in ("marks.overbank.dev", "pods.overbank.dev")],
    }


def carried(stored: dict[str, Any]) -> set[bytes]:
    """Return what the webhooks of a configuration have for caBundle."""
    return {base64.b64decode(each["clientConfig"].get("caBundle", "")) for each in stored["webhooks"]}


def in_cluster(cluster: Any, folder: Path) -> list[str]:
    """Return the flags of a webhook that shares its certificate."""
    return ["--tls-secret", "overbank-certificate", "--kubeconfig", str(cluster.kubeconfig(folder))]


def test_two_replicas_share_one_authority(start: Callable[..., Process], cluster: Any, tmp_path: Path) -> None:
    """Replicas that start at once serve one certificate, trusted by the caBundle that they wrote; an emptied one is written again."""
    cluster.put(CONFIGURATION, configuration())
    servers = [start(*in_cluster(cluster, tmp_path)) for _ in range(2)]
    stored = cluster.await_object(CONFIGURATION, lambda each: all(carried(each)))
    (ca,) = carried(stored)
    assert ca.count(b"BEGIN CERTIFICATE") == 1
    secret = cluster.get(SECRET)
    assert base64.b64decode(secret["data"]["ca.crt"]) == ca
    assert (secret["type"], secret["metadata"]["labels"]) == ("kubernetes.io/tls", {"overbank.dev/certificates": "self-managed"})
    context = ssl.create_default_context(cadata=ca.decode())
    assert [ask(server.port, context) for server in servers] == [400, 400]
    assert shown(servers[0].port) == shown(servers[1].port)
    while any(server.manage("/readyz")[0] != 200 for server in servers):
        assert all(server.process.poll() is None for server in servers)
    for path, content in ((CONFIGURATION, configuration()), (CONFIGURATION, configuration(self_signed("h", "a").authority or b""))):
        cluster.put(path, content)
        cluster.await_object(CONFIGURATION, lambda each: carried(each) == {ca})
    assert sum(each[:2] == ("POST", SECRET.rpartition("/")[0]) for each in cluster.asked) <= 2
    for server in servers:
        text = json.dumps(server.lines)
        assert "PRIVATE" not in text
        assert secret["data"]["tls.key"] not in text


def test_renewal_and_deletion_under_load(start: Callable[..., Process], cluster: Any, tmp_path: Path) -> None:
    """A renewed certificate, a cut watch, a forgotten history and a deleted Secret: who trusts the caBundle of the moment gets answers."""
    cluster.put(CONFIGURATION, configuration())
    servers = [start(*in_cluster(cluster, tmp_path)) for _ in range(2)]
    cluster.await_object(CONFIGURATION, lambda each: all(carried(each)))
    loads = [Load(lambda server=server: server.port, lambda: carried(cluster.get(CONFIGURATION)).pop()) for server in servers]
    try:
        for server in servers:
            server.await_line("certificate in use")
        secret = cluster.get(SECRET)
        first = secret["data"]["tls.crt"]
        secret["metadata"]["annotations"] = {"overbank.dev/rotate": "server"}
        cluster.put(SECRET, secret)
        cluster.await_object(SECRET, lambda each: each["data"]["tls.crt"] != first)
        for server in servers:
            server.await_line("certificate in use", 2)
        assert "overbank.dev/rotate" not in cluster.get(SECRET)["metadata"]["annotations"]
        cluster.cut()
        cluster.expire()
        before = cluster.get(SECRET)["data"]
        cluster.delete(SECRET)
        again = cluster.await_object(SECRET)["data"]
        assert again["tls.crt"] == before["tls.crt"]
        assert "ca-next.key" in again
        bundle = base64.b64decode(again["ca.crt"])
        assert bundle.count(b"BEGIN CERTIFICATE") == 2
        cluster.await_object(CONFIGURATION, lambda each: carried(each) == {bundle})
        for load in loads:
            load.await_sent(20)
    finally:
        for load in loads:
            load.stop()
    assert not [failure for load in loads for failure in load.failures]


def test_a_foreign_secret_is_left_alone(start: Callable[..., Process], cluster: Any, tmp_path: Path) -> None:
    """What somebody else keeps in the Secret stays; the server says whose label is missing, is not ready, and comes up once it is gone."""
    foreign = {"metadata": {"name": "x"}, "type": "kubernetes.io/tls", "data": {"tls.crt": "YQ==", "tls.key": "Yg=="}}
    kept = cluster.put(SECRET, foreign)
    server = start(*in_cluster(cluster, tmp_path))
    line = server.await_line("certificate not taken", source="secret")
    assert "belongs to somebody else" in line["reason"]
    assert cluster.get(SECRET) == kept
    cluster.delete(SECRET)
    assert server.port
    assert server.metric('overbank_webhook_certificate_reload_failures_total{source="secret"}') == 1
    assert server.metric('overbank_webhook_certificate_stale{source="secret"}') == 0
