"""The whole server as a process of its own, behind real TLS: answers, limits, life cycle and exit codes."""

import json
import re
import signal
import socket
import ssl
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import jsonpatch
import pytest
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from tests.webhook.server.reviews import UID, MakeReview
from webhook import server as module
from webhook.certificates.context import server_context
from webhook.certificates.credentials import Credentials
from webhook.certificates.issuing import self_signed
from webhook.front.body import MAX_BODY_BYTES

Launch = Callable[..., Any]
Command = Callable[..., Any]


def read_to_end(connection: ssl.SSLSocket) -> bytes:
    """Return everything until the server closes."""
    received = b""
    while piece := connection.recv(65536):
        received += piece
    return received


def head(length: int, *headers: str) -> bytes:
    """Return the head of a request whose body has this length."""
    lines = ["POST /mutate HTTP/1.1", "Host: localhost", "Content-Type: application/json", f"Content-Length: {length}", *headers]
    return "\r\n".join([*lines, "", ""]).encode()


def begin(server: Any, body: bytes) -> ssl.SSLSocket:
    """Bring a request into flight: its head and half of its body are sent, and the handler is known to wait for the rest."""
    connection: ssl.SSLSocket = server.raw()
    connection.sendall(head(len(body), "Expect: 100-continue"))
    # uvicorn sends this when the application first asks for the body, so from here on the request is in flight.
    assert connection.recv(65536) == b"HTTP/1.1 100 Continue\r\n\r\n"
    connection.sendall(body[: len(body) // 2])
    return connection


def test_says_where_it_serves(server: Any, bundle: Any) -> None:
    """Once both ports answer, one line of JSON says where they are and what decides."""
    serving = dict(server.serving)
    assert re.fullmatch(r"https://127\.0\.0\.1:[0-9]+/mutate", serving.pop("admission"))
    assert re.fullmatch(r"http://127\.0\.0\.1:[0-9]+", serving.pop("management"))
    serving.pop("time")
    assert serving == {
        "level": "info",
        "logger": "overbank.webhook",
        "event": "serving",
        "cluster": "ack-poc",
        "bundle": bundle.digest,
        "policies": 2,
    }


def test_patches_a_pod_over_tls(server: Any, make_review: MakeReview, pod: dict[str, Any]) -> None:
    """The patch applies to exactly what was sent, and the outcome is left alone when it comes back."""
    answer = server.call(make_review(pod))
    assert answer.status == 200
    assert set(answer.headers) == {"content-type", "content-length"}
    patched = jsonpatch.apply_patch(pod, answer.operations)
    assert patched["spec"]["schedulerName"] == "ack-co-scheduler"
    assert server.call(make_review(patched)).response == {"uid": UID, "allowed": True}


@pytest.mark.parametrize(
    ("request_", "status"),
    [
        ({"body": b"not json"}, 400),
        ({"body": b"{}", "path": "/"}, 404),
        ({"body": b"", "method": "GET"}, 405),
        ({"body": b"{}", "Content_Type": "text/yaml"}, 415),
        ({"body": b" " * (MAX_BODY_BYTES + 1)}, 413),
        ({"body": [b" " * 1024**2] * 8}, 413),
    ],
)
def test_refuses_over_tls(server: Any, request_: dict[str, Any], status: int) -> None:
    """Each refusal arrives as a well-formed answer, also at a client that is still sending."""
    answer = server.call(**request_)
    assert (answer.status, answer.body["code"]) == (status, status)
    assert answer.headers["content-type"] == "application/json"


def test_a_head_request_gets_no_body(server: Any) -> None:
    """HEAD is answered as HTTP wants it, without a body."""
    answer = server.call(b"", method="HEAD")
    assert (answer.status, answer.body, answer.headers["allow"]) == (405, None, "POST")


def test_answers_a_malformed_review_to_its_uid(server: Any, make_review: MakeReview) -> None:
    """A review whose pod cannot be read is answered with 400 as a review."""
    answer = server.call(make_review({"spec": []}))
    assert (answer.status, answer.response["uid"], answer.response["allowed"]) == (400, UID, False)


def test_reads_chunked_bodies(server: Any, make_review: MakeReview, pod: dict[str, Any]) -> None:
    """A body without a declared length is read chunk by chunk."""
    body = json.dumps(make_review(pod)).encode()
    assert server.call([body[:10], body[10:500], body[500:]]).operations


def test_counts_what_it_does(launch: Launch, make_review: MakeReview, pod: dict[str, Any]) -> None:
    """The metrics of the management port show what the admission port did."""
    server = launch()
    server.call(make_review(pod))
    server.call(make_review(pod, namespace="elsewhere"))
    server.call(b"")
    status, media_type, text = server.manage("/metrics")
    assert (status, media_type) == (200, "text/plain; version=0.0.4; charset=utf-8")
    for line in [
        'overbank_webhook_admissions_total{outcome="patched"} 1.0',
        'overbank_webhook_admissions_total{outcome="unchanged"} 1.0',
        'overbank_webhook_admissions_total{outcome="malformed"} 1.0',
        "overbank_webhook_admission_duration_seconds_count 2.0",
        "overbank_webhook_unknown_namespaces_total 1.0",
        "overbank_webhook_bundle_policies 2.0",
    ]:
        assert line in text.splitlines()
    assert "_created" not in text
    assert "process_resident_memory_bytes" in text


def test_manages_on_a_port_of_its_own(server: Any) -> None:
    """Health and readiness are on the management port, and not on the admission port."""
    assert server.manage("/healthz")[0] == 200
    assert server.manage("/readyz")[0] == 200
    assert server.call(b"", path="/healthz", method="GET").status == 404


def test_a_connection_is_used_again(server: Any, make_review: MakeReview, pod: dict[str, Any]) -> None:
    """Several reviews go over one connection, refused ones included where their body was read."""
    connection = server.connect()
    connection.connect()
    kept = connection.sock
    for body in (json.dumps(make_review(pod)).encode(), b"garbage", json.dumps(make_review(pod)).encode()):
        connection.request("POST", "/mutate", body, {"Content-Type": "application/json"})
        connection.getresponse().read()
        assert connection.sock is kept


def test_idle_connections_outlive_the_api_server() -> None:
    """The server keeps idle connections for longer than the 90 s after which the API server drops them."""
    context = server_context(self_signed("127.0.0.1", "a"))
    assert module.admission_config(object(), context).timeout_keep_alive > 90


def test_a_slow_body_is_given_up(launch: Launch) -> None:
    """A client that stops in the middle of a body gets 408, and the connection is closed."""
    server = launch("--body-timeout", "0.2")
    for sent in (b"", b'{"request"'):
        connection = server.raw()
        connection.sendall(head(1000) + sent)
        received = read_to_end(connection)
        assert received.startswith(b"HTTP/1.1 408 ")
        assert b"connection: close" in received


def test_a_client_that_leaves_breaks_nothing(launch: Launch, make_review: MakeReview, pod: dict[str, Any]) -> None:
    """A client that goes away in the middle of a body is counted, and the server goes on in silence."""
    server = launch()
    begin(server, b" " * 1000).close()
    while 'outcome="disconnected"} 1.0' not in server.manage("/metrics")[2]:
        assert server.process.poll() is None
    assert server.call(make_review(pod)).status == 200
    server.process.terminate()
    assert [line["event"] for line in server.end()[1]] == ["stopping", "stopped"]


@pytest.mark.parametrize(("version", "accepted"), [(b"\x03\x02", False), (b"\x03\x03", True)])
def test_no_tls_below_1_2(server: Any, version: bytes, *, accepted: bool) -> None:
    """A ClientHello that goes up to TLS 1.1 gets no ServerHello; the same one up to TLS 1.2 does (RFC 5246 §7.4.1)."""
    ciphers = b"\x00\x04\xc0\x2b\xc0\x09"  # ECDHE-ECDSA with AES-128, GCM for 1.2 and CBC for 1.1
    extensions = b"\x00\x0a\x00\x04\x00\x02\x00\x17" + b"\x00\x0d\x00\x04\x00\x02\x04\x03"  # P-256; ECDSA with SHA-256
    hello = version + bytes(32) + b"\x00" + ciphers + b"\x01\x00" + len(extensions).to_bytes(2) + extensions
    handshake = b"\x01" + len(hello).to_bytes(3) + hello
    with socket.create_connection(("127.0.0.1", server.port), timeout=30) as plain:
        plain.sendall(b"\x16\x03\x01" + len(handshake).to_bytes(2) + handshake)
        assert (plain.recv(1) == b"\x16") is accepted


@pytest.mark.parametrize("version", [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3])
@pytest.mark.parametrize("name", ["localhost", "127.0.0.1", "::1", "overbank-webhook.overbank-system.svc"])
def test_the_certificate_is_good_for_every_way_here(server: Any, version: ssl.TLSVersion, name: str) -> None:
    """A client that trusts the written authority verifies each name, in both versions, and gets HTTP/1.1."""
    context = server.context()
    context.minimum_version = context.maximum_version = version
    context.set_alpn_protocols(["h2", "http/1.1"])
    with (
        socket.create_connection(("127.0.0.1", server.port), timeout=30) as plain,
        context.wrap_socket(plain, server_hostname=name) as secured,
    ):
        assert secured.selected_alpn_protocol() == "http/1.1"


def test_noise_on_the_tls_port_breaks_nothing(launch: Launch) -> None:
    """What is no TLS is dropped without a word in the log."""
    server = launch()
    with socket.create_connection(("127.0.0.1", server.port), timeout=30) as plain:
        plain.sendall(b"GET / HTTP/1.1\r\n\r\n")
        plain.recv(1024)
    assert server.manage("/healthz")[0] == 200
    server.process.terminate()
    assert [line["event"] for line in server.end()[1]] == ["stopping", "stopped"]


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_lets_requests_finish(
    launch: Launch, make_review: MakeReview, pod: dict[str, Any], number: signal.Signals
) -> None:
    """A request in flight is answered, then everything closes and the exit code is 0."""
    server = launch()
    body = json.dumps(make_review(pod)).encode()
    connection = begin(server, body)
    server.process.send_signal(number)
    server.await_draining()
    assert json.loads(server.manage("/readyz")[2]) == {"ready": False, "reason": "draining"}
    connection.sendall(body[len(body) // 2 :])
    received = read_to_end(connection)
    assert received.startswith(b"HTTP/1.1 200 ")
    assert b'"patchType":"JSONPatch"' in received
    code, lines = server.end()
    assert (code, [line["event"] for line in lines]) == (0, ["stopping", "stopped"])
    assert (lines[0]["signal"], lines[0]["forced"]) == (number.name, False)


def test_a_signal_closes_idle_connections(launch: Launch, make_review: MakeReview, pod: dict[str, Any]) -> None:
    """An idle connection, even of a client that never looks at it, does not keep the server from ending in good time."""
    server = launch()
    connection = server.connect()
    connection.request("POST", "/mutate", json.dumps(make_review(pod)), {"Content-Type": "application/json"})
    connection.getresponse().read()
    server.process.terminate()
    assert server.process.wait(timeout=10) == 0
    assert connection.sock.recv(1) == b""


def test_a_second_signal_does_not_wait(launch: Launch) -> None:
    """A request that never ends is cut off by a second signal, which the exit code tells."""
    server = launch("--body-timeout", "9999")
    connection = begin(server, b" " * 1000)
    server.process.terminate()
    server.await_draining()
    server.process.terminate()
    code, lines = server.end()
    assert code == 1
    assert [line["forced"] for line in lines if line["event"] == "stopping"] == [False, True]
    connection.close()


def write_pair(folder: Path, made: Credentials) -> tuple[Path, Path]:
    """Write certificate and key as an operator would have them."""
    certificate, key = folder / "tls.crt", folder / "tls.key"
    certificate.write_bytes(made.chain)
    key.write_bytes(made.key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    return certificate, key


def test_serves_a_certificate_from_files(command: Command, bundle_file: Path, tmp_path: Path) -> None:
    """Certificate and key from files, named by the environment, are what clients get."""
    made = self_signed("127.0.0.1", "a")
    certificate, key = write_pair(tmp_path, made)
    named = {"OVERBANK_CERT": str(certificate), "OVERBANK_KEY": str(key), "OVERBANK_PORT": "0", "OVERBANK_MANAGEMENT_PORT": "0"}
    named |= {"OVERBANK_DRAIN_DELAY": "0"}
    process = command("serve", start=True, OVERBANK_BUNDLE=str(bundle_file), **named)
    try:
        port = urlsplit(json.loads(process.stderr.readline())["admission"]).port
        assert ssl.PEM_cert_to_DER_cert(ssl.get_server_certificate(("127.0.0.1", port))) == ssl.PEM_cert_to_DER_cert(
            made.chain.decode().partition("-----END CERTIFICATE-----")[0] + "-----END CERTIFICATE-----"
        )
    finally:
        process.terminate()
        process.communicate(timeout=30)
    assert process.returncode == 0


def test_writes_the_authority_for_others_to_read(server: Any) -> None:
    """The authority is readable by everybody, in one piece, with nothing beside it."""
    assert server.ca.stat().st_mode & 0o777 == 0o644
    assert server.ca.read_text().count("BEGIN CERTIFICATE") == 1
    assert list(server.ca.parent.iterdir()) == [server.ca]


def failure(result: Any) -> str:
    """Return the error of a run that failed as it should: exit code 2, one line, no traceback."""
    assert result.returncode == 2, result.stderr
    assert result.stdout == ""
    lines = result.stderr.splitlines()
    assert len(lines) == 1, result.stderr
    assert lines[0].startswith("overbank-webhook: error: ")
    return str(lines[0])


@pytest.mark.parametrize(
    ("content", "reason"),
    [(None, "No such file"), (b"[]", "not a bundle"), (b'{"version": "v9"}', "cannot be read by this webhook")],
)
def test_a_bad_bundle_is_told_in_one_line(command: Command, tmp_path: Path, content: bytes | None, reason: str) -> None:
    """A bundle that cannot be trusted ends the start with its path and the reason."""
    path = tmp_path / "bundle.json"
    if content is not None:
        path.write_bytes(content)
    line = failure(command("serve", "--bundle", str(path), "--self-signed", "--port", "0", "--management-port", "0"))
    assert str(path) in line
    assert reason in line


def test_a_taken_port_is_told_in_one_line(command: Command, bundle_file: Path, server: Any, tmp_path: Path) -> None:
    """A port that somebody has ends the start, and nothing was written by then."""
    start = ("serve", "--bundle", str(bundle_file), "--self-signed", "--ca-out", str(tmp_path / "ca.pem"))
    taken = str(server.port)
    for ports in (("--port", taken, "--management-port", "0"), ("--port", "0", "--management-port", taken)):
        assert f"127.0.0.1 port {taken}: Address already in use" in failure(command(*start, *ports))
    assert list(tmp_path.iterdir()) == []


def test_an_address_of_others_is_told_in_one_line(command: Command, bundle_file: Path) -> None:
    """An address that this machine does not have ends the start."""
    start = ("serve", "--bundle", str(bundle_file), "--self-signed", "--port", "0", "--management-port", "0")
    assert "cannot listen on 192.0.2.1 port 0" in failure(command(*start, "--host", "192.0.2.1"))


def test_a_bad_certificate_is_told_in_one_line(command: Command, bundle_file: Path, tmp_path: Path) -> None:
    """A certificate that is expired, or has another key, ends the start with the file."""
    start = ("serve", "--bundle", str(bundle_file), "--port", "0", "--management-port", "0")
    expired, key = write_pair(tmp_path, self_signed("127.0.0.1", "a", datetime.now(UTC) - timedelta(days=31)))
    assert f"{expired}: the certificate expired" in failure(command(*start, "--cert", str(expired), "--key", str(key)))
    (tmp_path / "other").mkdir()
    certificate, _ = write_pair(tmp_path / "other", self_signed("127.0.0.1", "a"))
    assert "does not belong" in failure(command(*start, "--cert", str(certificate), "--key", str(key)))


def test_an_authority_that_cannot_be_written_is_told_in_one_line(command: Command, bundle_file: Path, tmp_path: Path) -> None:
    """A place that cannot be written to ends the start, and leaves nothing behind."""
    (tmp_path / "taken").mkdir()
    start = ("serve", "--bundle", str(bundle_file), "--self-signed", "--port", "0", "--management-port", "0", "--ca-out")
    for place in ("missing/ca.pem", "taken"):
        assert f"cannot write {tmp_path / place}: " in failure(command(*start, str(tmp_path / place)))
    assert "cannot write .: not the name of a file" in failure(command(*start, "."))
    assert list(tmp_path.iterdir()) == [tmp_path / "taken"]


@pytest.mark.parametrize("arguments", [(), ("serve",), ("serve", "--bundle", "b", "--self-signed", "--port", "x"), ("sevre",)])
def test_bad_usage_is_told_in_one_line(command: Command, arguments: tuple[str, ...]) -> None:
    """A wrong command line ends with one line and exit code 2."""
    failure(command(*arguments))


def test_tells_its_version(command: Command) -> None:
    """The version is that of the distribution, or "unknown" where it is not installed."""
    result = command("--version")
    assert (result.returncode, result.stderr) == (0, "")
    assert re.fullmatch(r"overbank-webhook (unknown|[0-9]+\.[0-9]+\S*)\n", result.stdout)
