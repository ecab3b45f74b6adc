"""What the compiler's tests share: an API server on loopback that serves the objects it is given, and git without anybody's settings."""

import itertools
import json
import os
import subprocess
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
import yaml

from tests.compiler.loopback import loopback
from tests.compiler.scrawling import scrawl as _scrawl

_PLURALS = {
    "Ingress": "ingresses",
    "StorageClass": "storageclasses",
    "PriorityClass": "priorityclasses",
    "ResourcePolicy": "resourcepolicies",
}


@dataclass(slots=True)
class ServedCluster:
    """A cluster behind an API server.

    Attributes:
        forbidden: resources (plurals) that may not be read. versions: resources by API version, for discovery.
        asked: methods and paths, in order. kubeconfig: a file that leads to it. page: the most objects of one answer.
    """

    objects: list[dict[str, Any]]
    forbidden: set[str] = field(default_factory=set)
    versions: dict[str, list[dict[str, str]]] = field(default_factory=dict)
    asked: list[str] = field(default_factory=list)
    kubeconfig: str = ""
    page: int = 2

    def answer(self, path: str, query: dict[str, list[str]]) -> tuple[int, dict[str, Any]]:
        """Return status and body."""
        parts = path.strip("/").split("/")
        if path == "/version":
            return 200, {"gitVersion": "v1.30.4"}
        api_version = "/".join(parts[1:3]) if parts[0] == "apis" else parts[1]
        rest = parts[3:] if parts[0] == "apis" else parts[2:]
        if not rest:
            return (200, {"resources": self.versions[api_version]}) if api_version in self.versions else (404, {})
        namespace = rest[1] if rest[0] == "namespaces" and len(rest) > 2 else ""
        plural, *name = rest[2:] if namespace else rest
        if plural in self.forbidden:
            return 403, {"kind": "Status", "message": f"{plural} is forbidden"}
        found = [each for each in self.objects if self._fits(each, api_version, plural, namespace)]
        if name:
            named = [each for each in found if each["metadata"]["name"] == name[0]]
            return (200, named[0]) if named else (404, {})
        if "fieldSelector" in query:
            found = [each for each in found if each.get("status", {}).get("phase") not in ("Succeeded", "Failed")]
        start = int(query.get("continue", ["0"])[0])
        end = start + self.page
        onward = {"continue": str(end)} if end < len(found) else {}
        items = [{key: value for key, value in each.items() if key not in ("apiVersion", "kind")} for each in found[start:end]]
        return 200, {"kind": "List", "metadata": onward, "apiVersion": api_version, "items": items} | (
            {"kind": f"{found[0]['kind']}List"} if found else {"kind": "NothingList"}
        )

    @staticmethod
    def _fits(each: dict[str, Any], api_version: str, plural: str, namespace: str) -> bool:
        kind = each["kind"]
        resource = _PLURALS.get(kind, f"{kind.lower()}s")
        where = each["metadata"].get("namespace", "")
        return (each["apiVersion"], resource) == (api_version, plural) and namespace in ("", where)


@pytest.fixture
def serving(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[..., ServedCluster]]:
    """Return a function that serves objects on a free port; everything is stopped at the end."""
    for name in ("HTTP_PROXY", "HTTPS_PROXY", "http_proxy", "https_proxy", "ALL_PROXY", "all_proxy"):
        monkeypatch.delenv(name, raising=False)
    ends, numbers = ExitStack(), itertools.count(1)

    def run(objects: list[dict[str, Any]], **options: Any) -> ServedCluster:
        served = ServedCluster(objects=objects, **options)

        class Handler(BaseHTTPRequestHandler):
            timeout = 30

            def do_GET(self) -> None:
                self._reply(*served.answer(urlsplit(self.path).path, parse_qs(urlsplit(self.path).query)))

            def do_POST(self) -> None:
                self._reply(405, {})

            def do_PUT(self) -> None:
                self._reply(405, {})

            def do_PATCH(self) -> None:
                self._reply(405, {})

            def do_DELETE(self) -> None:
                self._reply(405, {})

            def _reply(self, status: int, value: dict[str, Any]) -> None:
                served.asked.append(f"{self.command} {urlsplit(self.path).path}")
                body = json.dumps(value).encode()
                self.send_response(status)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_: object) -> None:
                pass

        port = ends.enter_context(loopback(Handler))
        path = tmp_path / f"kubeconfig-{next(numbers)}"
        path.write_text(
            yaml.safe_dump(
                {
                    "apiVersion": "v1",
                    "kind": "Config",
                    "current-context": "prod",
                    "contexts": [{"name": "prod", "context": {"cluster": "c", "user": "u"}}],
                    "clusters": [{"name": "c", "cluster": {"server": f"http://127.0.0.1:{port}"}}],
                    "users": [{"name": "u", "user": {"token": "t"}}],
                }
            )
        )
        served.kubeconfig = str(path)
        return served

    with ends:
        yield run


@pytest.fixture
def git(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    """Return a function that runs git in a folder, with a home of its own."""
    for name in [name for name in os.environ if name.startswith("GIT_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.delenv("XDG_CONFIG_HOME", raising=False)

    def run(folder: Path, *arguments: str) -> None:
        who = ("-c", "user.name=Somebody", "-c", "user.email=somebody@example.com")
        subprocess.run(["git", *who, *arguments], cwd=folder, check=True, capture_output=True, timeout=60)

    return run


@pytest.fixture(scope="session")
def scrawl() -> Callable[[int], str]:
    """Return a function that writes a document of ours, another one for each number, as carelessly as YAML allows."""
    return _scrawl
