"""The fingerprint: another tool has another one, the same tool has the same wherever and whenever it was installed."""

import os
import shutil
import sys
from pathlib import Path

import pytest

from compiler.cache import fingerprint as module
from compiler.cache.fingerprint import fingerprint

LONG_AGO = 1_600_000_000


class Notes:
    """What remembers the digest."""

    def __init__(self) -> None:
        self.known: dict[bytes, bytes] = {}

    def recall(self, name: bytes) -> bytes | None:
        """Return what was remembered."""
        return self.known.get(name)

    def remember(self, name: bytes, value: bytes) -> None:
        """Remember something."""
        self.known[name] = value


@pytest.fixture
def tool(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Have a small tool in the place of this one, and return its folder."""
    root = tmp_path / "tool"
    for name in ("compiler/__init__.py", "compiler/rules/one.py", "schemas/Cluster.json", "webhook/engine.py"):
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text("x = 1\n")
    monkeypatch.setattr(module, "_root", lambda: str(root))
    # Times of change cannot be set back, so what was just written has to count as settled.
    monkeypatch.setattr(module, "MARGIN_NS", 0)
    return root


def test_the_same_tool_has_the_same_fingerprint_wherever_it_lies(
    tool: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Neither time nor place nor compiled files matter, with notes or without."""
    notes = Notes()
    first = fingerprint(notes)
    assert len(first) == 32
    assert fingerprint(notes) == first
    assert len(notes.known) == 1
    shutil.copytree(tool, tmp_path / "elsewhere")
    os.utime(tmp_path / "elsewhere/webhook/engine.py", (LONG_AGO, LONG_AGO))
    (tmp_path / "elsewhere/compiler/__pycache__").mkdir()
    (tmp_path / "elsewhere/compiler/__pycache__/x.pyc").write_bytes(b"x")
    monkeypatch.setattr(module, "_root", lambda: str(tmp_path / "elsewhere"))
    assert fingerprint(notes) == first


@pytest.mark.parametrize("way", ["edited", "same length and time", "added", "removed", "renamed"])
def test_another_tool_has_another_fingerprint(way: str, tool: Path) -> None:
    """Whatever is done to one of its files, in Python or not."""
    notes = Notes()
    first = fingerprint(notes)
    path = tool / "schemas/Cluster.json"
    before = path.stat()
    match way:
        case "edited":
            path.write_text("x = 10\n")
        case "same length and time":
            while path.stat().st_ctime_ns == before.st_ctime_ns:
                path.write_text("x = 2\n")
                os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))
        case "added":
            (tool / "compiler/rules/two.py").write_text("")
        case "removed":
            path.unlink()
        case _:
            path.rename(path.with_name("Host.json"))
    assert fingerprint(notes) != first


def test_other_packages_make_another_tool(tool: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What a document means hangs on the libraries that read it."""
    first = fingerprint(Notes())
    (tool / "PyYAML-99.0.dist-info").mkdir()
    monkeypatch.syspath_prepend(tool)
    assert fingerprint(Notes()) != first


def test_what_was_just_written_is_not_noted(tool: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Within one tick of the clock a file can be written twice and look the same."""
    assert tool.exists()
    monkeypatch.setattr(module, "MARGIN_NS", 10**15)
    notes = Notes()
    fingerprint(notes)
    assert notes.known == {}


def test_the_order_of_two_versions_of_a_package_counts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The first one is imported, so another order is another tool; a folder without packages between them is none."""
    for version in ("1", "2"):
        (tmp_path / version / f"pathspec-{version}.0.dist-info").mkdir(parents=True)
    (tmp_path / "empty").mkdir()
    one, two, empty = (str(tmp_path / name) for name in ("1", "2", "empty"))
    found = []
    for folders in ([one, two], [one, empty, two], [two, one]):
        with monkeypatch.context() as patched:
            patched.setattr("sys.path", [*folders, *sys.path])
            found.append(fingerprint(Notes()))
    assert found[0] == found[1] != found[2]
