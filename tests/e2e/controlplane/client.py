"""The API server as tests see it: JSON over kept connections, and nothing hidden."""

import contextlib
import http.client
import json
import re
import socket
import ssl
import threading
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlencode, urlsplit

from tests.e2e.controlplane.authority import Pair

MERGE: Final = "application/merge-patch+json"
STRATEGIC: Final = "application/strategic-merge-patch+json"
JSON_PATCH: Final = "application/json-patch+json"
APPLY: Final = "application/apply-patch+yaml"

_TIMEOUT_SECONDS: Final = 40
_WATCH_SECONDS: Final = 3600
_CLUSTER_WIDE: Final = re.compile(
    "Namespace|Node|PriorityClass|CustomResourceDefinition|ClusterRole|ClusterRoleBinding|(Mutating|Validating)(WebhookConfiguration|"
    "AdmissionPolicy|AdmissionPolicyBinding)|ClusterPropagationPolicy|ClusterOverridePolicy"
)

Object = dict[str, Any]


class ApiError(Exception):
    """The API server refused.

    Attributes:
        status: the HTTP status.
        reason: the machine's word for it, such as NotFound.
    """

    def __init__(self, status: int, body: Mapping[str, Any]) -> None:
        super().__init__(str(body.get("message", body)))
        self.status = status
        self.reason = str(body.get("reason", ""))


class Client:
    """One user at one API server; may be used by several threads, each of which has a connection of its own.

    Attributes:
        warnings: what the API server warned about in the last answer to this thread.
    """

    def __init__(self, address: str, authority: Path, pair: Pair | None = None, token: str | None = None) -> None:
        url = urlsplit(address)
        self._host, self._port = url.hostname or "", url.port
        self._context = ssl.create_default_context(cafile=str(authority))
        if pair:
            self._context.load_cert_chain(pair.certificate, pair.key)
        self._headers = {"Accept": "application/json"} | ({"Authorization": f"Bearer {token}"} if token else {})
        self._mine = threading.local()
        self._kept: set[http.client.HTTPSConnection] = set()

    def close(self) -> None:
        """Close the connections of all threads; none of them may be in a request."""
        for connection in list(self._kept):
            connection.close()

    @property
    def warnings(self) -> list[str]:
        """The texts of the Warning headers of the last answer."""
        return list(getattr(self._mine, "warnings", []))

    def create(self, manifest: Object, *, dry_run: bool = False) -> Object:
        """Create an object, in its own namespace, and return what was stored (or would have been)."""
        return self.request("POST", path_of(manifest, named=False), manifest, query={"dryRun": "All"} if dry_run else None)

    def apply(self, manifest: Object, *, manager: str = "e2e", force: bool = False, dry_run: bool = False) -> Object:
        """Apply an object by the server."""
        query = {"fieldManager": manager, "force": str(force).lower()} | ({"dryRun": "All"} if dry_run else {})
        return self.request("PATCH", path_of(manifest), manifest, query=query, content=APPLY)

    def read(self, kind: str, name: str, namespace: str | None = None, *, version: str = "v1") -> Object:
        """Return an object."""
        return self.request("GET", path(version, kind, namespace, name))

    def listed(self, kind: str, namespace: str | None = None, *, version: str = "v1", labels: str = "") -> list[Object]:
        """Return all objects of a kind, of one namespace or of all, that a label selector selects."""
        query = {"labelSelector": labels} if labels else None
        found = self.request("GET", path(version, kind, namespace), query=query)["items"]
        return [{"apiVersion": version, "kind": kind, **each} for each in found]

    def patch(self, manifest: Object, patch: object, content: str = MERGE) -> Object:
        """Patch an object that was read or created."""
        return self.request("PATCH", path_of(manifest), patch, content=content)

    def delete(self, manifest: Object, *, seconds: int | None = None) -> None:
        """Delete an object, in the background; one that is not there counts as deleted."""
        body = {"propagationPolicy": "Background"} | ({} if seconds is None else {"gracePeriodSeconds": seconds})
        try:
            self.request("DELETE", path_of(manifest), body)
        except ApiError as error:
            if error.status != http.HTTPStatus.NOT_FOUND:
                raise

    def request(
        self,
        method: str,
        path: str,
        body: object = None,
        *,
        query: Mapping[str, str] | None = None,
        content: str = "application/json",
    ) -> Object:
        """Send a request and return the decoded answer.

        Raises:
            ApiError: the status is not one of success.
            OSError: there is no answer; a kept connection that turns out closed is opened once more first.
        """
        status, headers, raw = self._send(method, path, body, query, content)
        self._mine.warnings = [_unquoted(each) for each in headers.get_all("Warning") or ()]
        answer = json.loads(raw) if raw[:1] in b"{[" and raw else {"message": raw.decode("utf-8", "replace")}
        if status >= http.HTTPStatus.BAD_REQUEST:
            raise ApiError(status, answer)
        return dict(answer)

    def watch(self, path: str, query: Mapping[str, str]) -> "Watch":
        """Begin a watch, on a connection of its own, to be closed.

        Raises:
            ApiError: the API server refuses it.
            OSError: it cannot be reached.
        """
        connection = self._connect(_WATCH_SECONDS)
        try:
            connection.request("GET", f"{path}?{urlencode({**query, 'watch': 'true'})}", headers=self._headers)
            answer = connection.getresponse()
            refused = json.loads(answer.read()) if answer.status >= http.HTTPStatus.BAD_REQUEST else None
        except BaseException:
            connection.close()
            raise
        watch = Watch(connection, answer)
        if refused:
            watch.close()
            raise ApiError(answer.status, refused)
        return watch

    def _send(
        self, method: str, path: str, body: object, query: Mapping[str, str] | None, content: str
    ) -> tuple[int, http.client.HTTPMessage, bytes]:
        target = f"{path}?{urlencode(query)}" if query else path
        raw = None if body is None else json.dumps(body).encode()
        headers = self._headers | ({"Content-Type": content} if raw is not None else {})
        kept = getattr(self._mine, "connection", None)
        for connection in ([kept] if kept else []) + [None]:
            current = connection or self._connect(_TIMEOUT_SECONDS)
            self._mine.connection = None
            try:
                current.request(method, target, raw, headers)
                answer = current.getresponse()
                content_ = answer.read()
            except (http.client.HTTPException, OSError) as error:
                current.close()
                self._kept.discard(current)
                if connection is None or isinstance(error, TimeoutError):
                    raise error if isinstance(error, OSError) else ConnectionError(repr(error)) from error
                continue
            self._mine.connection = current
            self._kept.add(current)
            return answer.status, answer.headers, content_
        raise AssertionError

    def _connect(self, seconds: float) -> http.client.HTTPSConnection:
        return http.client.HTTPSConnection(self._host, self._port, context=self._context, timeout=seconds)


class Watch:
    """A watch under way: the events as they come, until it ends."""

    def __init__(self, connection: http.client.HTTPSConnection, answer: http.client.HTTPResponse) -> None:
        self._connection = connection
        self._answer = answer

    def __iter__(self) -> Iterator[Object]:
        """Yield the events; a connection that breaks ends them, and OSError or ValueError may come of it."""
        for line in self._answer:
            yield json.loads(line)

    def interrupt(self) -> None:
        """Let the connection end, as if the network had; who waits for the next event, in another thread, stops waiting."""
        with contextlib.suppress(OSError, AttributeError):
            # Not the TLS socket's own shutdown, which takes away what the other thread is reading from.
            socket.socket.shutdown(self._connection.sock, socket.SHUT_RDWR)

    def close(self) -> None:
        """End it."""
        self._answer.close()
        self._connection.close()


def _unquoted(header: str) -> str:
    """Return the text of a Warning header (RFC 9110 §5.6.4: what follows a backslash is meant as it is)."""
    return re.sub(r"\\(.)", r"\1", header.partition('"')[2].rpartition('"')[0])


def path_of(manifest: Object, *, named: bool = True) -> str:
    """Return the path of an object, or of the collection that it belongs to."""
    metadata = manifest["metadata"]
    return path(manifest["apiVersion"], manifest["kind"], metadata.get("namespace"), metadata["name"] if named else None)


def path(version: str, kind: str, namespace: str | None = None, name: str | None = None) -> str:
    """Return the path of an object or a collection; the plural is the regular one of English."""
    root = f"/apis/{version}" if "/" in version else f"/api/{version}"
    lower = kind.lower()
    plural = f"{lower[:-1]}ies" if lower.endswith("y") else f"{lower}es" if lower.endswith("s") else f"{lower}s"
    within = f"/namespaces/{namespace}" if namespace and not _CLUSTER_WIDE.fullmatch(kind) else ""
    return f"{root}{within}/{plural}{f'/{name}' if name else ''}"
