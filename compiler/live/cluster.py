"""The nodes of a live cluster, page by page, in bounded time and size."""

import json
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Final

import msgspec

from compiler.inventory.nodes import Node, NotNodesError, decode
from compiler.live.access import client_of
from compiler.live.allowance import Allowance
from compiler.live.problems import LiveError, explained

PAGE: Final = 500
"""Nodes a request, as kubectl's ``--chunk-size``."""
_GONE: Final = 410
_FORBIDDEN: Final = frozenset({401, 403, 404})
_ATTEMPTS: Final = 2


@dataclass(frozen=True, slots=True, kw_only=True)
class Snapshot:
    """What a cluster says: its nodes, sorted by name, and the version of its API server, None where it may not be read."""

    nodes: list[Node] = field(repr=False)
    version: str | None


def snapshot(context: str | None = None, kubeconfig: str | None = None, *, timeout: float = 60) -> Snapshot:
    """Read a cluster.

    Args:
        context: of the kubeconfig; None is its current one.
        kubeconfig: a file; None is what kubectl would read (``KUBECONFIG``, or ``~/.kube/config``).
        timeout: seconds for everything, a credential plug-in included.

    Raises:
        LiveError: the client is not installed, there is no such context, or the cluster cannot be asked.
    """
    deadline = time.monotonic() + timeout
    client, host = client_of(context, kubeconfig, deadline=deadline, timeout=timeout)
    session = _Session(client, host, Allowance(host, "list its nodes", deadline=deadline, timeout=timeout))
    with explained(host, timeout):
        return Snapshot(version=session.version(), nodes=session.nodes())


class _Session:
    """Requests to one API server."""

    def __init__(self, client: Any, host: str, allowance: Allowance) -> None:
        self._client = client
        self._host = host
        self._allowance = allowance

    def version(self) -> str | None:
        """Return the version of the API server, such as v1.30.4-aliyun.1, or None where it may not be read."""
        from kubernetes.client import ApiException, VersionApi  # noqa: PLC0415 - an extra

        try:
            raw = self._get(VersionApi(self._client).get_code)
        except ApiException as error:
            if error.status in _FORBIDDEN - {401}:
                return None
            raise
        try:
            answer = json.loads(raw)
        except (ValueError, RecursionError) as error:
            raise LiveError(f"{self._host} does not answer as a Kubernetes API server does") from error
        version = answer.get("gitVersion") if isinstance(answer, dict) else None
        return version if isinstance(version, str) else None

    def nodes(self) -> list[Node]:
        """Return all nodes. A listing that grows too old while it is read is begun once more (410 Gone)."""
        from kubernetes.client import ApiException  # noqa: PLC0415 - an extra

        for attempt in range(_ATTEMPTS):
            try:
                return self._pages()
            except ApiException as error:
                if error.status != _GONE or attempt + 1 == _ATTEMPTS:
                    raise
        raise AssertionError  # unreachable: the last attempt returns or raises

    def _pages(self) -> list[Node]:
        from kubernetes.client import CoreV1Api  # noqa: PLC0415 - an extra

        found: dict[str, Node] = {}
        onward: str | None = None
        while True:
            marker = {} if onward is None else {"_continue": onward}
            raw = self._get(CoreV1Api(self._client).list_node, limit=PAGE, **marker)
            try:
                page, following = decode(raw)
            except (msgspec.DecodeError, NotNodesError) as error:
                raise LiveError(f"{self._host} answers with something that is no list of nodes: {error}") from error
            found.update((node.name, node) for node in page)
            if following is None:
                return [found[name] for name in sorted(found)]
            onward = following

    def _get(self, call: Callable[..., Any], **parameters: Any) -> bytes:
        """Return the body of an answer."""
        from kubernetes.client import ApiException  # noqa: PLC0415 - an extra

        answer = call(**parameters, _preload_content=False, _request_timeout=self._allowance.seconds())
        body = getattr(answer, "response", answer)
        try:
            if answer.status != 200:  # noqa: PLR2004 - OK
                raise ApiException(status=answer.status, reason=answer.reason)
            return self._allowance.body(body)
        finally:
            body.release_conn()
