"""Bundles and reviews to decide about, an in-process caller for ASGI applications, and real servers on free ports."""

import asyncio
import http.client
import json
import os
import socket
import ssl
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import msgspec
import pytest

import webhook
from tests.webhook.server.reviews import UID
from webhook.engine import bundle as bundles
from webhook.engine.bundle import Bundle, Cluster
from webhook.engine.fields import Fields, Toleration
from webhook.engine.policy import Accelerator, NamespaceMatch, Placement, Policy
from webhook.engine.selector import Selector

DEADLINE = 30
"""Seconds after which a server that says nothing fails its test."""

Program = tuple[str | Path, ...]
_PROGRAM: Program = ("-m", "webhook.server")


@pytest.fixture(scope="session")
def bundle() -> Bundle:
    """Return a bundle whose policies place, inject, select by namespace labels and warn."""
    virtual = Toleration(key="virtual-kubelet.io/provider", operator="Equal", value="alibabacloud", effect="NoSchedule")
    return bundles.seal(
        Bundle(
            version=bundles.VERSION,
            cluster=Cluster("ack-poc", "ack-pro"),
            excluded_namespaces=("kube-system",),
            namespaces={"default": {"tier": "web", "kubernetes.io/metadata.name": "default"}, "batch": {}},
            policies=(
                Policy(
                    "gpu-demo",
                    100,
                    NamespaceMatch(names=("default",)),
                    Selector.of({"app": "gpu-demo"}),
                    placement=Placement(
                        "resourcePolicy",
                        marker=True,
                        fields=Fields(scheduler_name="ack-co-scheduler"),
                        accelerator=Accelerator("nvidia.com/gpu", {"k8s.aliyun.com/eci-use-specs": "ecs.gn5i-c2g1.large"}),
                    ),
                ),
                Policy(
                    "web-defaults",
                    50,
                    NamespaceMatch(selector=Selector.of({"tier": "web", "kubernetes.io/metadata.name": "default"})),
                    Selector.of({"app": "gpu-demo"}),
                    inject=Fields(annotations={"team/name": "web~one"}, tolerations=(virtual,)),
                ),
            ),
        )
    )


@pytest.fixture(scope="session")
def bundle_file(bundle: Bundle, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the path of a good ``bundle.json``."""
    path = tmp_path_factory.mktemp("bundle") / "bundle.json"
    path.write_bytes(bundles.encode(bundle))
    return path


@pytest.fixture
def pod() -> dict[str, Any]:
    """Return a pod that gpu-demo and web-defaults change, as an API server sends it."""
    return {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {"generateName": "demo-", "labels": {"app": "gpu-demo", "unowned/label": "kept"}},
        "spec": {
            "schedulerName": "default-scheduler",
            "containers": [{"name": "main", "image": "demo:1", "resources": {"limits": {"nvidia.com/gpu": "1"}}}],
            "tolerations": [{"key": "node.kubernetes.io/not-ready", "operator": "Exists", "effect": "NoExecute"}],
            "newFieldOfTomorrow": {"deep": [1, 2.50, None]},
        },
    }


@pytest.fixture(scope="session")
def make_review() -> Callable[..., dict[str, Any]]:
    """Return a maker of AdmissionReviews; keyword arguments replace members of the request, None removes them."""

    def make(obj: Any = None, **changes: Any) -> dict[str, Any]:
        request = {
            "uid": UID,
            "kind": {"group": "", "version": "v1", "kind": "Pod"},
            "resource": {"group": "", "version": "v1", "resource": "pods"},
            "namespace": "default",
            "operation": "CREATE",
            "userInfo": {"username": "admin"},
            "object": obj,
            "oldObject": None,
            "dryRun": False,
        }
        request |= changes
        request = {key: value for key, value in request.items() if value is not None or key not in changes}
        return {"apiVersion": "admission.k8s.io/v1", "kind": "AdmissionReview", "request": request}

    return make


@dataclass
class Answer:
    """What a server answered: status, headers in lower case, and the decoded body."""

    status: int
    headers: dict[str, str]
    body: Any

    @property
    def response(self) -> dict[str, Any]:
        """The AdmissionResponse, after checking the rules by which the API server accepts a review (VerifyAdmissionResponse)."""
        assert self.body["apiVersion"] == "admission.k8s.io/v1"
        assert self.body["kind"] == "AdmissionReview"
        response: dict[str, Any] = self.body["response"]
        assert response["uid"]
        assert isinstance(response["allowed"], bool)
        assert ("patch" in response) == ("patchType" in response)
        return response

    @property
    def operations(self) -> list[dict[str, Any]]:
        """The JSON Patch, empty where there is none."""
        response = self.response
        if "patch" not in response:
            return []
        assert response["patchType"] == "JSONPatch"
        decoded: list[dict[str, Any]] = json.loads(msgspec.convert(response["patch"], bytes))
        assert decoded
        return decoded


@dataclass
class Caller:
    """Calls an ASGI application in this process, as uvicorn would.

    ``waits``: the chunks arrive only after they were asked for. ``stalls``: the last chunk never arrives. ``state``: what the connection
    notes about the request.
    """

    app: Any
    path: str = "/mutate"
    waits: bool = False
    stalls: bool = False
    query: bytes = b"timeout=2s"
    state: dict[str, Any] = field(default_factory=dict)

    def __call__(self, body: bytes | list[bytes | None], method: str = "POST", **headers: str) -> Answer | None:
        """Send a request, a list being its chunks; None among them is a client that goes away. None back is no answer."""
        chunks = [body] if isinstance(body, bytes) else body
        names = {"content_type": "application/json", **headers}
        return asyncio.run(self._call(method, list(chunks), names))

    async def _call(self, method: str, chunks: list[bytes | None], headers: dict[str, str]) -> Answer | None:
        sent: list[dict[str, Any]] = []

        async def receive() -> dict[str, Any]:
            if not chunks:
                await asyncio.Event().wait()  # the client sends nothing more
            chunk = chunks.pop(0)
            if chunk is None:
                return {"type": "http.disconnect"}
            if self.waits:
                await asyncio.sleep(0.001)
            return {"type": "http.request", "body": chunk, "more_body": self.stalls or bool(chunks)}

        async def send(message: dict[str, Any]) -> None:
            sent.append(message)

        scope = {
            "type": "http",
            "method": method,
            "path": self.path,
            "query_string": self.query,
            "state": self.state,
            "headers": [(name.replace("_", "-").encode(), value.encode()) for name, value in headers.items()],
        }
        await self.app(scope, receive, send)
        if not sent:
            return None
        assert [message["type"] for message in sent[:1]] == ["http.response.start"]
        assert not sent[-1].get("more_body")
        raw = b"".join(message["body"] for message in sent[1:])
        answered = {name.decode(): value.decode() for name, value in sent[0]["headers"]}
        assert int(answered["content-length"]) == len(raw)
        return Answer(sent[0]["status"], answered, json.loads(raw))


@pytest.fixture(scope="session")
def caller() -> type[Caller]:
    """Return the in-process caller."""
    return Caller


@dataclass
class Running:
    """A server in a process of its own."""

    process: subprocess.Popen[str]
    serving: dict[str, Any]
    ca: Path
    _stack: ExitStack = field(default_factory=ExitStack)

    @property
    def port(self) -> int:
        """The admission port."""
        return int(self.serving["admission"].rpartition("/")[0].rpartition(":")[2])

    def context(self) -> ssl.SSLContext:
        """Return a client context that trusts the server's authority and nothing else."""
        return ssl.create_default_context(cafile=str(self.ca))

    def connect(self) -> http.client.HTTPSConnection:
        """Return a connection to admission; its certificate is verified."""
        connection = http.client.HTTPSConnection("127.0.0.1", self.port, context=self.context(), timeout=DEADLINE)
        self._stack.callback(connection.close)
        return connection

    def raw(self) -> ssl.SSLSocket:
        """Return a bare TLS connection to admission."""
        context = self.context()
        plain = socket.create_connection(("127.0.0.1", self.port), timeout=DEADLINE)
        secured = context.wrap_socket(plain, server_hostname="localhost")
        self._stack.callback(secured.close)
        return secured

    def call(self, body: Any, path: str = "/mutate?timeout=30s", method: str = "POST", **headers: str) -> Answer:
        """Send one request to admission on a connection of its own; a list is sent in chunks, other than bytes as JSON."""
        connection = self.connect()
        if isinstance(body, dict):
            body = json.dumps(body).encode()
        names = {"Content-Type": "application/json"} | {name.replace("_", "-"): value for name, value in headers.items()}
        connection.request(method, path, body if isinstance(body, bytes) else iter(body), names, encode_chunked=True)
        response = connection.getresponse()
        raw = response.read()
        connection.close()
        answered = {name.lower(): value for name, value in response.getheaders()}
        return Answer(response.status, answered, json.loads(raw) if raw else None)

    def manage(self, path: str) -> tuple[int, str, str]:
        """Ask the management port; return status, media type and text."""
        connection = http.client.HTTPConnection(self.serving["management"].partition("//")[2], timeout=DEADLINE)
        connection.request("GET", path)
        response = connection.getresponse()
        text = response.read().decode()
        connection.close()
        return response.status, response.headers["content-type"], text

    def await_draining(self) -> None:
        """Return once readiness has failed."""
        while self.manage("/readyz")[0] == 200:
            assert self.process.poll() is None

    def end(self) -> tuple[int, list[dict[str, Any]]]:
        """Wait for the process to end; return its exit code and what it logged after it began to serve."""
        _, err = self.process.communicate(timeout=DEADLINE)
        return self.process.returncode, [json.loads(line) for line in err.splitlines()]

    def close(self) -> None:
        """Close every connection and end the process if it is still there."""
        self._stack.close()
        self.process.kill()
        self.process.communicate()


@pytest.fixture(scope="session")
def command() -> Callable[..., Any]:
    """Return a runner of ``python -m webhook.server``, the installed package or the checkout, in a clean environment."""

    def run(*arguments: str, start: bool = False, program: Program = _PROGRAM, **environment: str) -> Any:
        clean = {name: value for name, value in os.environ.items() if not name.startswith("OVERBANK_")}
        clean |= {"PYTHONPATH": str(Path(webhook.__file__).parent.parent), **environment}
        options: dict[str, Any] = {"env": clean, "stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True}
        line = [sys.executable, *program, *arguments]
        return subprocess.Popen(line, **options) if start else subprocess.run(line, **options, timeout=DEADLINE, check=False)

    return run


@pytest.fixture(scope="session")
def launching(
    command: Callable[..., Any], bundle_file: Path, tmp_path_factory: pytest.TempPathFactory
) -> Callable[[ExitStack], Callable[..., Running]]:
    """Return a maker of starters of real servers on free ports; the servers end with the stack."""

    def make(stack: ExitStack) -> Callable[..., Running]:
        def start(*arguments: str, program: Program = _PROGRAM) -> Running:
            ca = tmp_path_factory.mktemp("ca") / "ca.pem"
            fixed = ("--bundle", str(bundle_file), "--self-signed", "--ca-out", str(ca), "--port", "0", "--management-port", "0")
            quiet = ("--drain-delay", "0", "--log-decisions", "none")
            process = command("serve", *fixed, *quiet, *arguments, start=True, program=program)
            while '"event": "serving"' not in (line := process.stderr.readline()):
                assert line.startswith("{"), line
            running = Running(process, json.loads(line), ca)
            stack.callback(running.close)
            return running

        return start

    return make


@pytest.fixture
def launch(launching: Callable[[ExitStack], Callable[..., Running]]) -> Iterator[Callable[..., Running]]:
    """Return a starter of real servers on free ports; they end with the test at the latest."""
    with ExitStack() as stack:
        yield launching(stack)


@pytest.fixture(scope="session")
def server(launching: Callable[[ExitStack], Callable[..., Running]]) -> Iterator[Running]:
    """Return one server for all tests that leave it as it is."""
    with ExitStack() as stack:
        yield launching(stack)()
