"""What reaches the API server, and what comes from there, may be anything: it is refused by name and never ends the program."""

import asyncio
import contextlib
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest
import yaml

from webhook.kube.access import AccessError, connect
from webhook.kube.api import Api, ApiError
from webhook.kube.reflector import Pace, Reflector

PATH = "/api/v1/namespaces"


def config(**cluster: str) -> bytes:
    """Return a kubeconfig for one cluster."""
    content = {
        "apiVersion": "v1",
        "kind": "Config",
        "current-context": "a",
        "clusters": [{"name": "a", "cluster": {"server": "https://127.0.0.1:1", **cluster}}],
        "users": [{"name": "a", "user": {"token": "secret-token"}}],
        "contexts": [{"name": "a", "context": {"cluster": "a", "user": "a"}}],
    }
    return yaml.safe_dump(content).encode()


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"\x00\xff\xfe{{",
        b"a: [",
        b"- 1",
        b"word",
        b"apiVersion: v1",
        config(**{"certificate-authority-data": "!!!!"}),
        config(**{"certificate-authority-data": "aGVsbG8="}),
    ],
)
def test_a_file_that_is_no_kubeconfig_is_refused(content: bytes, tmp_path: Path) -> None:
    """Whatever the file holds, the error names it and quotes nothing secret of it."""
    path = tmp_path / "kubeconfig"
    path.write_bytes(content)
    with pytest.raises(AccessError, match="kubeconfig") as refused:
        asyncio.run(connect(path))
    assert "secret-token" not in str(refused.value)


def asking(answers: list[bytes], folder: Path, ask: Callable[[Api], Awaitable[Any]], date: bytes = b"") -> Any:
    """Return what asking a server gives that sends these bodies with status 200, the last one again and again."""

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        body = answers.pop(0) if len(answers) > 1 else answers[0]
        head = b"HTTP/1.1 200 OK\r\nConnection: close\r\nDate: %b\r\nContent-Length: %d\r\n\r\n" % (date, len(body))
        with contextlib.suppress(ConnectionError):  # a client may have enough of it
            writer.write(head + body)
            await writer.drain()
        writer.close()

    async def main() -> Any:
        server = await asyncio.start_server(answer, "127.0.0.1", 0)
        path = folder / "kubeconfig"
        path.write_bytes(config(server=f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"))
        async with server, await connect(path) as api, asyncio.timeout(30):
            return await ask(api)

    return asyncio.run(main())


@pytest.mark.parametrize("body", [b"", b"<html>", b"[]", b"[" * 200_000 + b"]" * 200_000, b"\xff"])
def test_an_answer_that_is_no_object_is_an_error_of_the_api(body: bytes, tmp_path: Path) -> None:
    """HTML, nothing, and JSON without a bottom are all told as an answer that cannot be used."""
    with pytest.raises(ApiError, match=r"answered GET|cannot be reached"):
        asking([body], tmp_path, lambda api: api.get(PATH))


@pytest.mark.parametrize("items", [b"[null]", b"[{}]", b"[1]", b"7", b'[{"metadata": null}]'])
def test_a_list_that_cannot_be_read_is_read_again(items: bytes, tmp_path: Path) -> None:
    """What a list cannot be does not end who reads it: the next one counts."""
    good = b'{"metadata": {"resourceVersion": "1"}, "items": [{"metadata": {"name": "a"}}]}'
    seen: list[str] = []

    async def follow(api: Api) -> None:
        pace = Pace(first_wait_seconds=0.01, longest_wait_seconds=0.02)
        reflector = Reflector(api=api, path=PATH, changed=seen.extend, pace=pace)
        task = asyncio.create_task(reflector.run())
        await asyncio.wait([task, asyncio.create_task(reflector.synced.wait())], return_when=asyncio.FIRST_COMPLETED)
        assert not task.done()
        task.cancel()

    asking([b'{"items": ' + items + b"}", good], tmp_path, follow)
    assert "a" in seen


@pytest.mark.parametrize("date", [b"Fri, 99 Foo 2026 00:00:00", b"Fri, 01 Jan 999999999999999999999 00:00:00 GMT", b"\xff"])
def test_a_date_that_is_none_is_no_matter(date: bytes, tmp_path: Path) -> None:
    """An answer counts whatever its date says."""

    async def dated(api: Api) -> object:
        return await api.get(PATH), api.date

    assert asking([b"{}"], tmp_path, dated, date) == ({}, None)


def test_a_line_without_an_end_is_an_error_of_the_api(tmp_path: Path) -> None:
    """A watch that never comes to the end of an event is given up, and is no defect of ours."""

    async def drink(api: Api) -> None:
        async with api.lines(PATH, {}, 30) as lines:
            async for _ in lines:
                pass

    with pytest.raises(ApiError, match="cannot be reached"):
        asking([b"a" * 5 * 1024**2], tmp_path, drink)
