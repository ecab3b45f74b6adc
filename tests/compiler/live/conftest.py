"""What the tests of live clusters share: API servers on loopback, and kubeconfigs that lead to them."""

import ssl
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
import yaml

from tests.compiler.live.api import TOKEN, Api
from tests.compiler.loopback import loopback


@pytest.fixture
def serve() -> Iterator[Callable[..., Api]]:
    """Return a function that starts an API server on a free port, with TLS if it is given a context; all are stopped at the end."""
    ends = ExitStack()

    def run(tls: ssl.SSLContext | None = None, **options: Any) -> Api:
        api = Api(**options)

        class Handler(BaseHTTPRequestHandler):
            timeout = 30

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

        api.port = ends.enter_context(loopback(Handler, tls))
        if api.hang is not None:
            ends.callback(api.hang.set)
        return api

    with ends:
        yield run


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
