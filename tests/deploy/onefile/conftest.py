"""What the tests of the one-file ``overbank`` share: the programs that make it up, and a small archive."""

import subprocess
import sys
from collections.abc import Callable
from importlib.machinery import EXTENSION_SUFFIXES
from pathlib import Path
from types import ModuleType, SimpleNamespace

import pytest

from tests.deploy.onefile.archive import CARRIED, PYTHON

Run = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture(scope="module")
def pack(load: Callable[[str], ModuleType]) -> ModuleType:
    """Return the program that builds the archive, as a module."""
    return load("onefile/pack.py")


@pytest.fixture
def bootstrap(load: Callable[[str], ModuleType], monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    """Return the archive's main module, as if it had been built for this Python."""
    suffix = EXTENSION_SUFFIXES[0]
    monkeypatch.setitem(sys.modules, "built", SimpleNamespace(DIGEST="d1", SUFFIX=suffix, PYTHON="3.11"))  # type: ignore[arg-type]
    return load("onefile/bootstrap.py")


@pytest.fixture
def archive(pack: ModuleType, tmp_path: Path) -> Path:
    """Return a small archive."""
    path = tmp_path / "overbank"
    path.write_bytes(pack.assemble(CARRIED, ["notices"]))
    return path


@pytest.fixture
def run(archive: Path, tmp_path: Path) -> Run:
    """Return a function that runs the small archive with a home folder of its own and nothing else in the environment."""

    def start(*arguments: str, **env: str) -> subprocess.CompletedProcess[str]:
        whole = {"PATH": "/usr/bin:/bin", "HOME": str(tmp_path / "home"), "TMPDIR": str(tmp_path / "tmp"), **env}
        command = [PYTHON, "-I", "-S", archive, *arguments]
        return subprocess.run(command, env=whole, capture_output=True, text=True, check=False, timeout=60)

    (tmp_path / "home").mkdir()
    (tmp_path / "tmp").mkdir()
    return start
