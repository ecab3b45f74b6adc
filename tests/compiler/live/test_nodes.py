"""Nodes and versions as an API server gives them, and what it says instead."""

import socket
import threading
from collections.abc import Callable
from pathlib import Path

import pytest

from compiler.live import allowance
from compiler.live.cluster import snapshot
from compiler.live.problems import LiveError
from tests.compiler.live.api import Api
from webhook.certificates.context import server_context
from webhook.certificates.issuing import self_signed

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


def test_unreachable_server_is_explained(kubeconfig: Kubeconfig, monkeypatch: pytest.MonkeyPatch) -> None:
    """A refused connection and an unknown name are told apart."""
    with socket.socket() as silent:  # bound, so that nobody else is, but not listening
        silent.bind(("127.0.0.1", 0))
        with pytest.raises(LiveError, match=r"^http://127\.0\.0\.1:\d+ cannot be reached$"):
            snapshot("prod", kubeconfig(server=f"http://127.0.0.1:{silent.getsockname()[1]}"))

    def unknown(host: str, *_: object, **__: object) -> None:
        raise socket.gaierror(socket.EAI_NONAME, f"{host}: Name or service not known")

    monkeypatch.setattr(socket, "getaddrinfo", unknown)  # some networks answer for every name, and others keep one waiting
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
