"""What tests of the cache share: a folder, a store in it, and what it complained of."""

from collections.abc import Callable
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
def opened(place: Path, warnings: list[str]) -> Callable[[], Store]:
    """Return a function that opens the store."""
    return lambda: Store(place, warnings.append)
