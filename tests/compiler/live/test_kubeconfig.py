"""Where a kubeconfig leads, and what is told of it: contexts, addresses and proxies."""

import json
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from compiler.live.cluster import snapshot
from compiler.live.problems import LiveError
from tests.compiler.live.api import Api

Serve = Callable[..., Api]
Kubeconfig = Callable[..., str]


def test_current_context_is_the_default(serve: Serve, kubeconfig: Kubeconfig) -> None:
    """Without a context, the kubeconfig's current one counts."""
    assert len(snapshot(None, kubeconfig(serve())).nodes) == 5


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
