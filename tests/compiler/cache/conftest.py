"""What tests of the cache share: a folder, a store in it, and what it complained of."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from compiler.cache import folder
from compiler.cache.store import Store


@pytest.fixture
def place(tmp_path: Path) -> Path:
    """Return a folder that is prepared for a cache."""
    found = tmp_path / "cache"
    folder.prepare(found)
    return found


@pytest.fixture
def warnings() -> list[str]:
    """Return what stores complain of."""
    return []


@pytest.fixture
def opened(place: Path, warnings: list[str]) -> Iterator[Callable[[], Store]]:
    """Return a function that opens the store; what a test leaves open is let go of afterwards, without a word into the file."""
    stores: list[Store] = []

    def run() -> Store:
        stores.append(Store(place, warnings.append))
        return stores[-1]

    yield run
    for store in stores:
        if store._connection is not None:
            store._connection.close()
