"""Live clusters: the real client against a real HTTP server on loopback that speaks as much of the Kubernetes API as is asked of it."""

import json
import signal
import socket
import ssl
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
import yaml

from compiler.live import allowance
from compiler.live.cluster import snapshot
from compiler.live.problems import LiveError
from webhook.certificates.context import server_context
from webhook.certificates.issuing import self_signed

TOKEN = "t0p-secret"


def _node(name: str) -> dict[str, Any]:
    return {
        "metadata": {"name": name, "labels": {"alibabacloud.com/nodepool-id": "np1"}},
        "spec": {},
        "status": {
            "allocatable": {"cpu": "8", "memory": "30Gi"},
            "conditions": [{"type": "Ready", "status": "True"}],
            "nodeInfo": {"kubeletVersion": "v1.29.1"},
        },
    }


@dataclass(slots=True)
class Api:
    """An API server: its nodes, the answers that replace the usual ones (by path, used up in order), and what was asked."""

    nodes: list[dict[str, Any]] = field(default_factory=lambda: [_node(f"n{number}") for number in range(5)])
    instead: dict[str, list[tuple[int, bytes]]] = field(default_factory=dict)
    asked: list[str] = field(default_factory=list)
    hang: threading.Event | None = None
    port: int = 0

    def answer(self, path: str, query: dict[str, list[str]]) -> tuple[int, bytes]:
        """Return status and body."""
        self.asked.append(path)
        if self.instead.get(path):
            return self.instead[path].pop(0)
        if path == "/version":
            return 200, b'{"major": "1", "minor": "30", "gitVersion": "v1.30.4-aliyun.1"}'
        if path != "/api/v1/nodes":
            return 404, b"{}"
        start = int(query.get("continue", ["0"])[0])
        end = start + min(int(query["limit"][0]), 2)
        onward = {"continue": str(end)} if end < len(self.nodes) else {}
        return 200, json.dumps({"kind": "NodeList", "metadata": onward, "items": self.nodes[start:end]}).encode()


@pytest.fixture
def serve() -> Iterator[Callable[..., Api]]:
    """Return a function that starts an API server on a free port, with TLS if it is given a context; all are stopped at the end."""
    running: list[tuple[ThreadingHTTPServer, threading.Thread, Api]] = []

    def run(tls: ssl.SSLContext | None = None, **options: Any) -> Api:
        api = Api(**options)

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                url = urlsplit(self.path)
                if api.hang is not None:
                    api.hang.wait(30)
                status, body = api.answer(url.path.rstrip("/"), parse_qs(url.query))
                if self.headers["Authorization"] != f"Bearer {TOKEN}":
                    status, body = 401, b'{"kind": "Status", "message": "Unauthorized"}'
                self.send_response(status)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_: object) -> None:
                pass

        server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        if tls:
            server.socket = tls.wrap_socket(server.socket, server_side=True)
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
        thread.start()
        api.port = server.server_port
        running.append((server, thread, api))
        return api

    yield run
    for server, thread, api in running:
        if api.hang is not None:
            api.hang.set()
        server.shutdown()
        thread.join()
        server.server_close()


@pytest.fixture
def kubeconfig(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., str]:
    """Return a function that writes a kubeconfig with a context ``prod`` for an API server."""
    for name in ("HTTP_PROXY", "HTTPS_PROXY", "http_proxy", "https_proxy", "ALL_PROXY", "all_proxy"):
        monkeypatch.delenv(name, raising=False)

    def run(api: Api | None = None, *, server: str = "", user: dict[str, Any] | None = None, **of_cluster: Any) -> str:
        path = tmp_path / "kubeconfig"
        address = server or f"http://127.0.0.1:{api.port if api else 9}"
        content = {
            "apiVersion": "v1",
            "kind": "Config",
            "current-context": "prod",
            "contexts": [{"name": "prod", "context": {"cluster": "c", "user": "u"}}],
            "clusters": [{"name": "c", "cluster": {"server": address, **of_cluster}}],
            "users": [{"name": "u", "user": user or {"token": TOKEN}}],
        }
        path.write_text(yaml.safe_dump(content))
        return str(path)

    return run


Serve = Callable[..., Api]
Kubeconfig = Callable[..., str]


def test_nodes_are_read_page_by_page(serve: Serve, kubeconfig: Kubeconfig) -> None:
    """All pages come together, and the API server says its version."""
    api = serve()
    found = snapshot("prod", kubeconfig(api))
    assert [node.name for node in found.nodes] == ["n0", "n1", "n2", "n3", "n4"]
    assert found.nodes[0].allocatable == {"cpu": "8", "memory": "30Gi"}
    assert found.version == "v1.30.4-aliyun.1"
    assert api.asked == ["/version", *["/api/v1/nodes"] * 3]


def test_current_context_is_the_default(serve: Serve, kubeconfig: Kubeconfig) -> None:
    """Without a context, the kubeconfig's current one counts."""
    assert len(snapshot(None, kubeconfig(serve())).nodes) == 5


def test_listing_that_grew_too_old_is_begun_again(serve: Serve, kubeconfig: Kubeconfig) -> None:
    """After 410 Gone the nodes are listed once more, from the beginning; twice is an error."""
    gone = (410, b'{"kind": "Status", "message": "The provided continue parameter is too old"}')
    assert len(snapshot("prod", kubeconfig(serve(instead={"/api/v1/nodes": [gone]}))).nodes) == 5
    with pytest.raises(LiveError, match="gave up the listing"):
        snapshot("prod", kubeconfig(serve(instead={"/api/v1/nodes": [gone, gone]})))


def test_version_that_may_not_be_read_is_none(serve: Serve, kubeconfig: Kubeconfig) -> None:
    """A cluster that keeps its version to itself still lists its nodes."""
    found = snapshot("prod", kubeconfig(serve(instead={"/version": [(403, b"{}")]})))
    assert (found.version, len(found.nodes)) == (None, 5)


@pytest.mark.parametrize(
    ("path", "answer", "message"),
    [
        (
            "/api/v1/nodes",
            (403, b'{"message": "nodes is forbidden: User ci"}'),
            "does not let this user list nodes.*: nodes is forbidden: User ci",
        ),
        ("/api/v1/nodes", (503, b"busy"), "answers 503 Service Unavailable"),
        ("/api/v1/nodes", (429, b""), "has too many requests"),
        ("/api/v1/nodes", (200, b"<html>"), "something that is no list of nodes"),
        (
            "/api/v1/nodes",
            (200, b'{"kind": "NodeList", "items": [{"kind": "Pod", "metadata": {"name": "p"}}]}'),
            "is a Pod named p, and no Node",
        ),
        ("/version", (200, b"<html>"), "does not answer as a Kubernetes API server"),
    ],
)
def test_refusals_are_explained(serve: Serve, kubeconfig: Kubeconfig, path: str, answer: tuple[int, bytes], message: str) -> None:
    """What the server refuses is said in words, with what the server says."""
    with pytest.raises(LiveError, match=message):
        snapshot("prod", kubeconfig(serve(instead={path: [answer]})))


def test_wrong_credentials_are_explained_without_showing_them(serve: Serve, kubeconfig: Kubeconfig) -> None:
    """A token that is not accepted is not printed."""
    with pytest.raises(LiveError, match="does not accept the credentials") as caught:
        snapshot("prod", kubeconfig(serve(), user={"token": "hush-hush"}))
    assert "hush" not in f"{caught.value} {caught.value.help}"


def test_server_that_does_not_answer_is_given_up(serve: Serve, kubeconfig: Kubeconfig) -> None:
    """The time-out bounds everything."""
    with pytest.raises(LiveError, match=r"does not answer within 0\.3 s"):
        snapshot("prod", kubeconfig(serve(hang=threading.Event())), timeout=0.3)


def test_answers_are_bounded(serve: Serve, kubeconfig: Kubeconfig, monkeypatch: pytest.MonkeyPatch) -> None:
    """A server that never stops is cut off."""
    monkeypatch.setattr(allowance, "MAX_BYTES", 200)
    with pytest.raises(LiveError, match="answers with more than"):
        snapshot("prod", kubeconfig(serve()))


def test_unreachable_server_is_explained(kubeconfig: Kubeconfig) -> None:
    """A refused connection and an unknown name are told apart."""
    with socket.socket() as silent:  # bound, so that nobody else is, but not listening
        silent.bind(("127.0.0.1", 0))
        with pytest.raises(LiveError, match=r"^http://127\.0\.0\.1:\d+ cannot be reached$"):
            snapshot("prod", kubeconfig(server=f"http://127.0.0.1:{silent.getsockname()[1]}"))
    with pytest.raises(LiveError, match="cannot be reached"):
        snapshot("prod", kubeconfig(server="http://nowhere.invalid:6443"))


def test_certificates_are_checked(serve: Serve, kubeconfig: Kubeconfig, tmp_path: Path) -> None:
    """Over TLS the kubeconfig's authority decides; any other certificate is refused."""
    credentials = self_signed("127.0.0.1", "test")
    api = serve(server_context(credentials))
    ca = tmp_path / "ca.pem"
    ca.write_bytes(credentials.authority)
    address = f"https://127.0.0.1:{api.port}"
    found = snapshot("prod", kubeconfig(server=address, **{"certificate-authority": str(ca)}))
    assert len(found.nodes) == 5
    ca.write_bytes(self_signed("127.0.0.1", "test").authority)
    with pytest.raises(LiveError, match="cannot be trusted: its certificate"):
        snapshot("prod", kubeconfig(server=address, **{"certificate-authority": str(ca)}))


def _plugin(script: str) -> dict[str, Any]:
    version = "client.authentication.k8s.io/v1"
    return {"exec": {"apiVersion": version, "command": sys.executable, "args": ["-c", script], "interactiveMode": "Never"}}


def test_credential_plugins_work(serve: Serve, kubeconfig: Kubeconfig) -> None:
    """A kubeconfig whose user is an exec plug-in works as with kubectl."""
    status = {"apiVersion": "client.authentication.k8s.io/v1", "kind": "ExecCredential", "status": {"token": TOKEN}}
    assert len(snapshot("prod", kubeconfig(serve(), user=_plugin(f"print({json.dumps(status)!r})"))).nodes) == 5


def test_credential_plugin_that_fails_is_explained(serve: Serve, kubeconfig: Kubeconfig) -> None:
    """What the plug-in says is passed on, and nobody is asked without credentials."""
    api = serve()
    with pytest.raises(LiveError, match=r"credential plug-in of the kubeconfig failed: .*log in first"):
        snapshot("prod", kubeconfig(api, user=_plugin("import sys; sys.exit('log in first')")))
    assert api.asked == []


def test_credential_plugin_that_hangs_is_ended(serve: Serve, kubeconfig: Kubeconfig, monkeypatch: pytest.MonkeyPatch) -> None:
    """The time-out is the plug-in's too: it is killed, even where what it has started keeps its output open."""
    api = serve()
    started: list[subprocess.Popen[str]] = []

    class Noted(subprocess.Popen[str]):
        def __init__(self, *arguments: Any, **options: Any) -> None:
            super().__init__(*arguments, **options)
            started.append(self)

    monkeypatch.setattr(subprocess, "Popen", Noted)
    script = """
import subprocess, sys
subprocess.run([sys.executable, "-c", "import time; time.sleep(3)"])
"""
    with pytest.raises(LiveError, match=r"credential plug-in of the kubeconfig failed: it takes longer than 1 s"):
        snapshot("prod", kubeconfig(api, user=_plugin(script)), timeout=1)
    assert api.asked == []
    (plugin,) = started
    assert plugin.returncode == -signal.SIGKILL


def test_credential_plugin_that_fails_in_a_terminal_is_explained(
    serve: Serve, kubeconfig: Kubeconfig, monkeypatch: pytest.MonkeyPatch
) -> None:
    """There its own words are on the screen already, and the client has none of them."""
    monkeypatch.setattr(sys, "stdout", SimpleNamespace(isatty=lambda: True))
    monkeypatch.setattr(sys, "stdin", None)
    monkeypatch.setattr(sys, "stderr", None)
    with pytest.raises(LiveError, match="exec: process returned 3"):
        snapshot("prod", kubeconfig(serve(), user=_plugin("import sys; sys.exit(3)")))


def test_context_is_enough_where_none_is_current(serve: Serve, kubeconfig: Kubeconfig) -> None:
    """A kubeconfig without a current context is as good as any to those who name one."""
    path = kubeconfig(serve())
    Path(path).write_text(Path(path).read_text().replace("current-context: prod\n", ""))
    assert len(snapshot("prod", path).nodes) == 5
    with pytest.raises(LiveError, match="current-context"):
        snapshot(None, path)


@pytest.mark.parametrize(
    ("address", "message"),
    [
        ("http://bob:hush@127.0.0.1:9", "^http://127.0.0.1:9 cannot be reached$"),
        ("127.0.0.1:9", "server is no address: `127.0.0.1:9`"),
        ("", "server is no address: ``"),
        ("bob:hush@127.0.0.1", "server is no address: `127.0.0.1`"),
    ],
)
def test_addresses_are_shown_without_credentials(kubeconfig: Kubeconfig, address: str, message: str) -> None:
    """A password in the server's address is not printed, and what is no address is said to be none."""
    path = kubeconfig(server="x")
    Path(path).write_text(Path(path).read_text().replace("server: x\n", f"server: {json.dumps(address)}\n"))
    with pytest.raises(LiveError, match=message) as caught:
        snapshot("prod", path)
    assert "hush" not in f"{caught.value} {caught.value.help}"


def test_credentials_that_no_request_can_carry_are_not_shown(serve: Serve, kubeconfig: Kubeconfig) -> None:
    """A line break in a token is an error of the kubeconfig, not of the server."""
    with pytest.raises(LiveError, match="the address or the credentials are malformed") as caught:
        snapshot("prod", kubeconfig(serve(), user={"token": "hush\nX: 1"}))
    assert "hush" not in str(caught.value)


def test_proxy_that_cannot_be_reached_is_named(kubeconfig: Kubeconfig, monkeypatch: pytest.MonkeyPatch) -> None:
    """A proxy that is not there is told from a server that is not, without what stands in its address."""
    path = kubeconfig(server="https://example.invalid:6443")
    monkeypatch.setenv("HTTPS_PROXY", "http://bob:hush@127.0.0.1:9")
    with pytest.raises(LiveError, match=r"^https://example\.invalid:6443 cannot be reached through the proxy$") as caught:
        snapshot("prod", path)
    assert "hush" not in f"{caught.value} {caught.value.help}"


def test_kubeconfigs_that_lead_nowhere(kubeconfig: Kubeconfig, tmp_path: Path) -> None:
    """A missing file, a broken one and a misspelt context are told apart."""
    with pytest.raises(LiveError, match="there is no kubeconfig"):
        snapshot(None, str(tmp_path / "none"))
    (tmp_path / "broken").write_text("a: [")
    with pytest.raises(LiveError, match="the kubeconfig cannot be"):
        snapshot(None, str(tmp_path / "broken"))
    with pytest.raises(LiveError, match="no context `prot`") as caught:
        snapshot("prot", kubeconfig())
    assert caught.value.help == "did you mean `prod`?"


def test_missing_client_names_the_extra(kubeconfig: Kubeconfig, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without the Kubernetes client, people learn what to install."""
    monkeypatch.setitem(sys.modules, "kubernetes", None)
    with pytest.raises(LiveError, match="not installed") as caught:
        snapshot("prod", kubeconfig())
    assert caught.value.help == "pip install 'overbank[live]'"


def test_command_refreshes_from_a_live_cluster(
    serve: Serve, kubeconfig: Kubeconfig, minimal: dict[str, str], write: Callable[..., Path], cli: Callable[..., Any]
) -> None:
    """`overbank inventory --context` takes numbers and sizes from the nodes, and the version from the API server."""
    cluster = (
        minimal["clusters/idc.yaml"].replace("ack-registered", "ack-pro").replace("{name: idc, type: idc}", "{name: a, type: acs}")
    )
    cluster = cluster.replace("{pool: cloud}", "{alibabacloud.com/nodepool-id: np1}").replace('"1.30"', '"1.26"')
    folder = write({"overbank.yaml": minimal["overbank.yaml"], "clusters/idc.yaml": cluster})
    found = cli("inventory", folder, "--cluster", "idc", "--context", "prod", "--kubeconfig", kubeconfig(serve()), "--write")
    assert (found.code, found.err) == (0, "idc: 5 nodes: 5 in cloud\n")
    after = (folder / "clusters/idc.yaml").read_text()
    assert 'kubernetesVersion: "1.30"\n' in after
    assert 'np1}, nodes: {max: 5}, allocatable: {cpu: "8", memory: "30Gi"}}\n' in after


def test_command_says_what_went_wrong(
    kubeconfig: Kubeconfig, minimal: dict[str, str], write: Callable[..., Path], cli: Callable[..., Any]
) -> None:
    """What keeps a cluster from being read ends the command with exit code 2 and advice."""
    found = cli("inventory", write(minimal), "--cluster", "idc", "--context", "prot", "--kubeconfig", kubeconfig())
    assert (found.code, found.out) == (2, "")
    assert found.err == "overbank: error: the kubeconfig has no context `prot`\n  help: did you mean `prod`?\n"


def test_servers_do_not_write_to_the_terminal(
    serve: Serve, kubeconfig: Kubeconfig, minimal: dict[str, str], write: Callable[..., Path], cli: Callable[..., Any]
) -> None:
    """What a server says is one line of plain text, whatever it says."""
    api = serve(instead={"/api/v1/nodes": [(403, json.dumps({"message": "\x1b[2Jno\noverbank: all is well"}).encode())]})
    found = cli("inventory", write(minimal), "--cluster", "idc", "--kubeconfig", kubeconfig(api))
    assert found.code == 2
    assert "\x1b" not in found.err
    assert found.err.count("\n") == 2
