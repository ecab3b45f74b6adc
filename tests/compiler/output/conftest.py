"""What tests of the rendered tree share: a small tree, and functions that build it and look at it."""

from collections.abc import Callable, Collection, Mapping
from pathlib import Path

import pytest

from compiler import output

_FILES = {
    "clusters/a/kustomization.yaml": b"resources: []\n",
    "clusters/a/shop/policy.yaml": b"kind: ResourcePolicy\n",
    "clusters/b/kustomization.yaml": b"resources: []\n",
}


@pytest.fixture(scope="session")
def files() -> Mapping[str, bytes]:
    """Return the content of a tree with two clusters."""
    return _FILES


@pytest.fixture(scope="session")
def compare() -> Callable[..., output.Changes]:
    """Return a function that says what a build of some files changes in a folder."""

    def run(
        files: Mapping[str, bytes],
        folder: Path,
        inputs: Mapping[str, Mapping[str, str]] | None = None,
        only: Collection[str] | None = None,
    ) -> output.Changes:
        return output.compare(files, inputs or {}, output.survey(folder, files, only), only)

    return run


@pytest.fixture(scope="session")
def build(compare: Callable[..., output.Changes]) -> Callable[..., list[str]]:
    """Return a function that builds as the command does, to which nothing may be in the way, and returns the changed paths."""

    def run(
        files: Mapping[str, bytes],
        folder: Path,
        inputs: Mapping[str, Mapping[str, str]] | None = None,
        only: Collection[str] | None = None,
        *,
        force: bool = False,
    ) -> list[str]:
        with output.hold(folder, notify=print, seconds=0):
            output.recover(folder)
            changes = compare(files, folder, inputs, only)
            assert changes.refused(force=force) == []
            output.apply(changes, folder)
        return sorted([*changes.written, *changes.deleted])

    return run


@pytest.fixture(scope="session")
def objections(compare: Callable[..., output.Changes]) -> Callable[..., list[tuple[str, str]]]:
    """Return a function that gives codes and paths of what keeps a build from writing."""

    def run(files: Mapping[str, bytes], folder: Path, *, force: bool = False) -> list[tuple[str, str]]:
        found = output.objections(compare(files, folder), str, force=force)
        return [(each.code.id, each.primary.where.locate().path) for each in found]

    return run


@pytest.fixture(scope="session")
def tree() -> Callable[[Path], dict[str, bytes]]:
    """Return a function that reads all files below a folder."""

    def run(folder: Path) -> dict[str, bytes]:
        return {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}

    return run


@pytest.fixture
def rendered(tmp_path: Path, files: Mapping[str, bytes], build: Callable[..., list[str]]) -> Path:
    """Return an output folder that has been built."""
    folder = tmp_path / "rendered"
    build(files, folder)
    return folder
