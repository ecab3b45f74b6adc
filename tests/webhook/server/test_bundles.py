"""The whole server with bundles that change: under load, from files and from a cluster, signed, refused and switched off."""

import base64
import json
import os
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any, Self

import msgspec
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from tests.webhook.mounts import mount
from tests.webhook.server.reviews import MakeReview
from webhook.engine import bundle as bundles
from webhook.engine import signature as signatures
from webhook.engine.bundle import Bundle
from webhook.engine.mutate import Engine
from webhook.engine.pod import Pod

Launch = Callable[..., Any]
MAPS = "/api/v1/namespaces/overbank-system/configmaps"
UID = "6f1b3f0e-8c7d-4d0a-9a53-0c2b8e5f1a77"
SWAPS = 100


@pytest.fixture(scope="session")
def numbered(bundle: Bundle) -> Callable[[int], Bundle]:
    """Return a maker of bundles that differ in two policies, each of which writes the bundle's number."""

    def make(number: int) -> Bundle:
        replace = msgspec.structs.replace
        first, second = bundle.policies
        return bundles.seal(
            replace(
                bundle,
                policies=(
                    replace(first, inject=replace(first.inject, annotations={"demo/first": str(number)})),
                    replace(second, inject=replace(second.inject, annotations={"demo/second": str(number)})),
                ),
            )
        )

    return make


def annotations(answer: Any) -> dict[str, str]:
    """Return the annotations that an answer adds."""
    found: dict[str, str] = {}
    for each in answer.operations:
        if each["path"] == "/metadata/annotations":
            found |= each["value"]
        elif each["path"].startswith("/metadata/annotations/"):
            found[each["path"].rpartition("/")[2].replace("~1", "/")] = each["value"]
    return found


def shown(server: Any, name: str) -> float:
    """Return the sum of a metric's series."""
    lines = [line for line in server.manage("/metrics")[2].splitlines() if line.startswith((f"{name} ", f"{name}{{"))]
    return sum(float(line.rpartition(" ")[2]) for line in lines)


class Load:
    """Sends the same review again and again over a few kept connections, until it is told to stop."""

    def __init__(self, server: Any, body: bytes, clients: int) -> None:
        self.answers: list[tuple[str, str, str]] = []
        self.failures: list[str] = []
        self._server, self._body, self._stop = server, body, threading.Event()
        self._news = threading.Condition()
        self._threads = [threading.Thread(target=self._send) for _ in range(clients)]

    def __enter__(self) -> Self:
        for each in self._threads:
            each.start()
        return self

    def await_answer(self, number: int) -> None:
        """Return once an answer was made by the bundle of this number."""
        with self._news:
            assert self._news.wait_for(lambda: self.failures or str(number) in {first for first, _, _ in self.answers}, 60), number

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        for each in self._threads:
            each.join()

    def _send(self) -> None:
        connection = self._server.connect()
        try:
            while not self._stop.is_set():
                connection.request("POST", "/mutate?timeout=30s", self._body, {"Content-Type": "application/json"})
                response = connection.getresponse()
                answer = json.loads(response.read())["response"]
                if response.status != 200:
                    self.failures.append(str(answer))
                    continue
                patch = json.loads(base64.b64decode(answer["patch"]))
                (added,) = [each["value"] for each in patch if each["path"] == "/metadata/annotations"]
                with self._news:
                    self.answers.append((added["demo/first"], added["demo/second"], added["overbank.dev/applied"]))
                    self._news.notify()
        except (OSError, KeyError, ValueError) as error:
            self.failures.append(repr(error))
        finally:
            connection.close()


def test_every_request_is_answered_from_one_bundle(
    launch: Launch, make_review: MakeReview, pod: dict[str, Any], numbered: Callable[[int], Bundle], tmp_path: Path
) -> None:
    """While the bundle is replaced a hundred times under load, no request fails, and none sees two bundles at once."""
    read = msgspec.json.decode(json.dumps(pod), type=Pod)
    possible = {}
    for number in range(SWAPS + 1):
        each = numbered(number)
        applied = Engine(each).admit(read, "default", each.namespaces["default"]).applied
        possible[applied] = (str(number), str(number), applied)
    assert len(possible) == SWAPS + 1
    mount(tmp_path / "bundle", {"bundle.json": bundles.encode(numbered(0))})
    server = launch("--bundle", str(tmp_path / "bundle" / "bundle.json"))
    with Load(server, json.dumps(make_review(pod)).encode(), 4) as load:
        for number in range(1, SWAPS + 1):
            each = numbered(number)
            mount(tmp_path / "bundle", {"bundle.json": bundles.encode(each)})
            if number % 10 == 0:
                load.await_answer(number)
    assert load.failures == []
    assert {possible.get(applied) for _, _, applied in load.answers} == set(load.answers)
    seen = {int(first) for first, _, _ in load.answers}
    assert seen >= {10, 20, 30, 40, 50, 60, 70, 80, 90}
    assert shown(server, "overbank_webhook_bundle_refusals_total") == 0


def test_a_refused_bundle_leaves_the_last_good_one(
    launch: Launch, make_review: MakeReview, pod: dict[str, Any], numbered: Callable[[int], Bundle], tmp_path: Path
) -> None:
    """A broken bundle in the file changes no answer and no readiness, and is logged once."""
    path = tmp_path / "bundle.json"
    path.write_bytes(bundles.encode(numbered(1)))
    server = launch("--bundle", str(path))
    path.write_bytes(bundles.encode(numbered(2))[:-100])
    while not shown(server, "overbank_webhook_bundle_stale"):
        assert server.process.poll() is None
    assert annotations(server.call(make_review(pod)))["demo/first"] == "1"
    assert server.manage("/readyz")[0] == 200
    path.write_bytes(bundles.encode(numbered(3)))
    while shown(server, "overbank_webhook_bundle_stale"):
        assert server.process.poll() is None
    assert annotations(server.call(make_review(pod)))["demo/first"] == "3"
    server.process.terminate()
    code, lines = server.end()
    assert code == 0
    told = [line for line in lines if line["event"].startswith("bundle")]
    assert {line["event"] for line in told} == {"bundle refused", "bundle loaded"}
    assert next(line["reason"] for line in told if "reason" in line) == "malformed"


def test_the_emergency_switch_in_a_file(launch: Launch, make_review: MakeReview, pod: dict[str, Any], tmp_path: Path) -> None:
    """A policy that is named in the file stops deciding, and decides again when the file is gone."""
    path = tmp_path / "disable"
    server = launch("--emergency", str(path))
    assert "gpu-demo@" in annotations(server.call(make_review(pod)))["overbank.dev/applied"]
    path.write_text("gpu-demo\n")
    while not shown(server, "overbank_webhook_emergency_disabled_policies"):
        assert server.process.poll() is None
    assert annotations(server.call(make_review(pod)))["overbank.dev/applied"].startswith("web-defaults@")
    path.write_text("*")
    while shown(server, "overbank_webhook_emergency_disabled_policies") != 2:
        assert server.process.poll() is None
    assert server.call(make_review(pod)).response == {"uid": "705ab4f5-6393-11e8-b7cc-42010a800002", "allowed": True}
    path.unlink()
    while shown(server, "overbank_webhook_emergency_disabled_policies"):
        assert server.process.poll() is None
    assert "gpu-demo@" in annotations(server.call(make_review(pod)))["overbank.dev/applied"]


@pytest.fixture
def in_cluster(command: Callable[..., Any], cluster: Any, tmp_path: Path) -> Iterator[Callable[..., Any]]:
    """Return a starter of servers that read everything from the fake cluster; it returns the process and what it says when it serves."""
    with ExitStack() as stack:

        def start(*arguments: str) -> tuple[Any, dict[str, Any]]:
            fixed = ("--bundle-config-map", "overbank-bundle", "--self-signed", "--port", "0", "--management-port", "0")
            process = command("serve", *fixed, "--kubeconfig", str(cluster.kubeconfig(tmp_path)), *arguments, start=True)
            stack.callback(process.communicate)
            stack.callback(process.kill)
            for line in process.stderr:
                said: dict[str, Any] = json.loads(line)
                if said["event"] == "serving":
                    return process, said
            raise AssertionError("it never served")

        yield start


def test_everything_from_the_cluster(
    in_cluster: Callable[..., Any], cluster: Any, numbered: Callable[[int], Bundle], tmp_path: Path
) -> None:
    """Bundle, signature, identity and switch from the API server: what is good decides, what is not is an Event; keys are reread."""
    key = Ed25519PrivateKey.generate()
    public = key.public_key()
    (tmp_path / "key.pub").write_bytes(public.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo))
    name = signatures.key_id(public.public_bytes(Encoding.Raw, PublicFormat.Raw))
    cluster.put("/api/v1/namespaces/kube-system", {"metadata": {"uid": UID}})

    def config_map(uid: str) -> dict[str, Any]:
        first = numbered(1)
        raw = bundles.encode(msgspec.structs.replace(first, cluster=msgspec.structs.replace(first.cluster, uid=uid)))
        digest, message = signatures.signed(raw)
        one = signatures.Signature(name, key.sign(message))
        signature = signatures.Signatures(signatures.VERSION, digest, (one,)).encode()
        return {"data": {"bundle.json": raw.decode(), "bundle.sig": signature.decode()}}

    cluster.put(f"{MAPS}/overbank-bundle", config_map(UID.replace("6", "7")))
    cluster.put(f"{MAPS}/overbank-emergency", {"data": {"disable": "web-defaults"}})
    process, _ = in_cluster("--public-key", str(tmp_path / "key.pub"), "--cluster", "ack-poc")
    events = "/api/v1/namespaces/overbank-system/events"
    cluster.await_asked(lambda method, path, _: (method, path) == ("POST", events))
    cluster.put(f"{MAPS}/overbank-bundle", config_map(UID))
    lines = []
    for line in process.stderr:
        lines.append(json.loads(line))
        if lines[-1]["event"] == "policies switched off":
            break
    (loaded,) = [line for line in lines if line["event"] == "bundle loaded"]
    assert (loaded["identity"], loaded["key"], loaded["source"]) == ("checked", name, "ConfigMap overbank-system/overbank-bundle")
    assert (lines[-1]["disabled"], lines[-1]["policies"]) == (1, 2)
    other = Ed25519PrivateKey.generate().public_key()
    (tmp_path / "key.pub").write_bytes(other.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo))
    said = (json.loads(line) for line in process.stderr)
    refused = next(line for line in said if line["event"] == "bundle refused")
    assert (refused["reason"], refused["kept"]) == ("signature", loaded["bundle"])
    process.terminate()
    assert process.wait(30) == 0


@pytest.mark.parametrize(
    ("arguments", "reason"),
    [
        (["--public-key", "{good}"], "the bundle is not signed"),
        (["--public-key", "{folder}/missing"], "missing: No such file"),
        (["--public-key", "{folder}/bundle.json"], "no public key in PEM"),
        (["--cluster", "vke"], "the bundle is for cluster ack-poc, and this is vke"),
        (["--kubeconfig", "{folder}/missing"], "no access to the API server"),
        (["--emergency", "{folder}/fifo"], "Is no file"),
        (["--bundle-config-map", "x"], "exclude each other"),
        (["--cluster-uid", "x"], "not a UID"),
    ],
)
def test_what_cannot_be_is_told_in_one_line(
    command: Callable[..., Any], bundle_file: Path, tmp_path: Path, arguments: list[str], reason: str
) -> None:
    """Settings that cannot be, and a bundle in a file that they do not allow, end the start with one line."""
    os.mkfifo(tmp_path / "fifo")
    (tmp_path / "bundle.json").write_bytes(b"{}")
    good = tmp_path / "key.pub"
    good.write_bytes(Ed25519PrivateKey.generate().public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo))
    given = [each.format(good=good, folder=tmp_path) for each in arguments]
    result = command("serve", "--bundle", str(bundle_file), "--self-signed", "--port", "0", "--management-port", "0", *given)
    assert (result.returncode, result.stdout) == (2, "")
    (line,) = result.stderr.splitlines()
    assert line.startswith("overbank-webhook: error: ")
    assert reason in line
