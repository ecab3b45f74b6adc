"""Credential plug-ins of kubeconfigs."""

import json
import signal
import subprocess
import sys
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import pytest

from compiler.live.cluster import snapshot
from compiler.live.problems import LiveError
from tests.compiler.live.api import TOKEN, Api

Serve = Callable[..., Api]
Kubeconfig = Callable[..., str]


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
