"""Requests to the API server, JSON in and JSON out.

The typed half of the client is passed by: what we read are a few fields of a few kinds, and reading whole lists into typed objects
costs many times as much memory.
"""

import contextlib
import json
from collections.abc import AsyncIterator, Iterator, Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from types import TracebackType
from typing import Any, Final, Self

import aiohttp
from aiohttp.http_exceptions import HttpProcessingError
from kubernetes.aio.client import ApiClient, ApiException
from kubernetes.aio.config import ConfigException

TIMEOUT_SECONDS: Final = 15.0
STRATEGIC_MERGE_PATCH: Final = "application/strategic-merge-patch+json"
JSON_PATCH: Final = "application/json-patch+json"

_JSON: Final = {"Accept": "application/json"}
_MAX_MESSAGE: Final = 300


class ApiError(Exception):
    """The API server refused, or could not be reached.

    Attributes:
        status: the HTTP status, 0 where no answer came.
    """

    def __init__(self, message: str, status: int = 0) -> None:
        super().__init__(message)
        self.status = status


class Api:
    """One connection pool to one API server, to be closed after use.

    Attributes:
        date: the API server's time when it answered last, None before it has, or where it does not say.
    """

    def __init__(self, client: ApiClient) -> None:
        self._client = client
        self.date: datetime | None = None

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        await self.close()

    async def close(self) -> None:
        """Close all connections."""
        await self._client.close()  # type: ignore[no-untyped-call]

    async def get(self, path: str, query: Mapping[str, str] | None = None, *, accept: str = "application/json") -> dict[str, Any]:
        """Return an object or a list.

        Raises:
            ApiError: there was no such answer; status 404 where it does not exist, 410 where a list cannot be continued.
        """
        return await self._whole("GET", path, query or {}, {"Accept": accept})

    async def create(self, path: str, value: Mapping[str, Any]) -> dict[str, Any]:
        """Create an object in a collection and return it as stored.

        Raises:
            ApiError: status 409 where it exists.
        """
        return await self._whole("POST", path, {}, _JSON, value)

    async def replace(self, path: str, value: Mapping[str, Any]) -> dict[str, Any]:
        """Replace an object; its ``resourceVersion`` makes sure that nobody else did meanwhile.

        Raises:
            ApiError: status 409 where somebody did.
        """
        return await self._whole("PUT", path, {}, _JSON, value)

    async def patch(self, path: str, value: Any, content_type: str) -> dict[str, Any]:
        """Patch an object and return it.

        Raises:
            ApiError: refused, or not applicable.
        """
        return await self._whole("PATCH", path, {}, _JSON | {"Content-Type": content_type}, value)

    @contextlib.asynccontextmanager
    async def lines(
        self, path: str, query: Mapping[str, str], seconds: float, *, accept: str = "application/json"
    ) -> AsyncIterator[AsyncIterator[bytes]]:
        """Open a stream of lines, such as a watch, that is given up after ``seconds``.

        Raises:
            ApiError: it could not be opened, or broke.
        """
        with _translated():
            response = await self._send("GET", path, query, {"Accept": accept}, seconds=seconds)
            try:
                if response.status >= 400:  # noqa: PLR2004 (HTTP)
                    raise _refused(response.status, await response.read())
                yield aiter(response.content)
            finally:
                response.close()

    async def _whole(
        self, method: str, path: str, query: Mapping[str, str], headers: Mapping[str, str], body: Any = None
    ) -> dict[str, Any]:
        with _translated():
            response = await self._send(method, path, query, headers, body)
            raw = await response.read()
        if response.status >= 400:  # noqa: PLR2004 (HTTP)
            raise _refused(response.status, raw)
        try:
            value = json.loads(raw)
        except (ValueError, RecursionError) as error:
            raise ApiError(f"the API server answered {method} {path} with something that is not JSON") from error
        if not isinstance(value, dict):
            raise ApiError(f"the API server answered {method} {path} with something that is no object")
        return value

    async def _send(  # noqa: PLR0917 (private; the order is that of a request)
        self,
        method: str,
        path: str,
        query: Mapping[str, str],
        headers: Mapping[str, str],
        body: Any = None,
        seconds: float = TIMEOUT_SECONDS,
    ) -> aiohttp.ClientResponse:
        serialized = await self._client.param_serialize(
            method, path, query_params=list(query.items()), header_params=dict(headers), body=body, auth_settings=["BearerToken"]
        )
        answer = await self._client.call_api(*serialized, _request_timeout=seconds)
        response: aiohttp.ClientResponse = answer.response
        self.date = _date(response.headers.get("Date"))
        return response


def _date(header: str | None) -> datetime | None:
    try:
        found = parsedate_to_datetime(header or "")
    except (ValueError, OverflowError):
        return None
    return found if found.tzinfo else found.replace(tzinfo=UTC)


@contextlib.contextmanager
def _translated() -> Iterator[None]:
    """Turn what the libraries below may raise into an ApiError."""
    try:
        yield
    except ApiException as error:
        raise ApiError(f"the API server answered {error.status}: {error.reason}", error.status or 0) from error
    except ConfigException as error:  # a token that a kubelet is just replacing
        raise ApiError(f"the API server cannot be asked: {error}") from error
    except (TimeoutError, aiohttp.ClientError, HttpProcessingError, OSError, ValueError) as error:
        text = str(error) or type(error).__name__
        raise ApiError(f"the API server cannot be reached: {text}") from error


def _refused(status: int, raw: bytes) -> ApiError:
    """Read the Status that comes with a refusal."""
    try:
        message = str(json.loads(raw)["message"])
    except (ValueError, TypeError, KeyError, RecursionError):
        message = raw.decode(errors="replace")
    return ApiError(f"the API server answered {status}: {message[:_MAX_MESSAGE]}", status)
