"""Requests to one API server: only GET, in bounded time and size."""

import json
import time
from collections.abc import Iterator
from typing import Any, Final
from urllib.parse import quote, urlencode

from compiler.live.access import client_of
from compiler.live.allowance import Allowance
from compiler.live.problems import LiveError
from compiler.observed.dump import NotADumpError, objects
from compiler.observed.objects import Object

PAGE: Final = 500
"""Objects a request, as kubectl's ``--chunk-size``."""
_OK: Final = 200
_GONE: Final = 410
_REFUSED: Final = {403: "forbidden", 404: "not found"}
_ATTEMPTS: Final = 2


class RefusedError(Exception):
    """A request was refused; ``status`` is 403 or 404, which are facts about a cluster rather than failures."""

    def __init__(self, status: int) -> None:
        super().__init__(_REFUSED[status])
        self.status = status


class Session:
    """A client with a deadline for everything that is asked through it.

    Raises:
        LiveError: the client is not installed, or the kubeconfig does not lead to a server.
    """

    def __init__(self, context: str | None, kubeconfig: str | None, *, timeout: float) -> None:
        self.timeout = timeout
        deadline = time.monotonic() + timeout
        self._client, self.host = client_of(context, kubeconfig, deadline=deadline, timeout=timeout)
        self._allowance = Allowance(self.host, "answer everything", deadline=deadline, timeout=timeout)

    def document(self, path: str, **query: str) -> dict[str, Any]:
        """Return one object, such as a version or a list.

        Raises:
            RefusedError: it is not there, or may not be read.
            LiveError: the answer is no JSON object.
        """
        try:
            answer = json.loads(self._get(path, query))
        except (ValueError, RecursionError) as error:
            raise LiveError(f"{self.host} does not answer as a Kubernetes API server does") from error
        if not isinstance(answer, dict):
            raise LiveError(f"{self.host} does not answer as a Kubernetes API server does")
        return answer

    def listed(self, path: str, **query: str) -> Iterator[list[Object]]:
        """Yield a collection page by page. One that grows too old while it is read is begun once more (410 Gone).

        Raises:
            RefusedError: it is not there, or may not be read.
            LiveError: the answer is no list.
        """
        from kubernetes.client import ApiException  # noqa: PLC0415 - an extra

        for attempt in range(_ATTEMPTS):
            try:
                yield from self._pages(path, query)
            except ApiException as error:
                if error.status != _GONE or attempt + 1 == _ATTEMPTS:
                    raise
            else:
                return

    def _pages(self, path: str, query: dict[str, str]) -> Iterator[list[Object]]:
        onward = ""
        while True:
            answer = self.document(path, limit=str(PAGE), **query, **({"continue": onward} if onward else {}))
            metadata = answer.get("metadata")
            onward = str(metadata.get("continue") or "") if isinstance(metadata, dict) else ""
            try:
                yield list(objects({**answer, "metadata": {}}))
            except NotADumpError as error:
                raise LiveError(f"{self.host} answers with something that is no list: {error}") from error
            if not onward:
                return

    def _get(self, path: str, query: dict[str, str]) -> bytes:
        """Return the body of an answer.

        The client's generated methods know the kinds of Kubernetes alone, and their common part changes its signature from release to
        release; its connections and credentials do not.
        """
        import urllib3  # noqa: PLC0415 - comes with the extra
        from kubernetes.client import ApiException  # noqa: PLC0415 - an extra

        connecting, waiting = self._allowance.seconds()
        settings = self._client.configuration
        credentials = {each["key"]: each["value"] for each in settings.auth_settings().values() if each["in"] == "header"}
        body = self._client.rest_client.pool_manager.request(
            "GET",
            f"{settings.host.rstrip('/')}{quote(path)}{'?' + urlencode(sorted(query.items())) if query else ''}",
            headers={"Accept": "application/json", "User-Agent": self._client.user_agent, **credentials},
            timeout=urllib3.Timeout(connect=connecting, read=waiting),
            preload_content=False,
            retries=False,
        )
        try:
            if body.status in _REFUSED:
                raise RefusedError(body.status)
            if body.status != _OK:
                raise ApiException(status=body.status, reason=body.reason)
            return self._allowance.body(body)
        finally:
            body.release_conn()
