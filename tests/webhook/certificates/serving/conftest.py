"""Webhooks in processes of their own."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from tests.webhook.certificates.serving.processes import Process


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Callable[..., Process]]:
    """Return a starter of webhooks; they end with the test."""
    with ExitStack() as stack:

        def begin(*arguments: str) -> Process:
            process = Process(tmp_path, *arguments)
            stack.callback(process.close)
            return process

        yield begin
