"""``overbank.lock``: what is read, what is refused, and what a build makes of it."""

import json
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

from compiler import output
from compiler.codes import output as codes
from compiler.output import lock as locks

Files = Mapping[str, bytes]
Build = Callable[..., list[str]]
Objections = Callable[..., list[tuple[str, str]]]

DIGEST = "sha256:" + 64 * "0"
LOCK = "clusters/a/overbank.lock"


def test_lock_is_read_as_it_is_written() -> None:
    """Rendering sorts, and reading gives the same lock back."""
    lock = locks.Lock(inputs={"b/x": DIGEST, "a/y": DIGEST}, outputs={"z.yaml": DIGEST, "a/b.yaml": DIGEST})
    content = locks.render(lock)
    assert locks.parse(content) == lock
    assert list(json.loads(content)) == ["version", "inputs", "outputs"]
    assert list(json.loads(content)["inputs"]) == ["a/y", "b/x"]
    assert content.endswith(b"}\n")


def test_lock_of_version_1_is_read_and_replaced(rendered: Path, files: Files, build: Build) -> None:
    """A lock without inputs still says what is ours: files are pruned by it, and the next build writes the version of today."""
    lock = rendered / LOCK
    outputs = json.loads(lock.read_bytes())["outputs"]
    lock.write_text(json.dumps({"version": 1, "outputs": outputs}, indent=2, sort_keys=True) + "\n")
    inputs = {"clusters/a": {"Cluster/a": DIGEST}}
    assert build({path: files[path] for path in files if "shop" not in path}, rendered, inputs) == ["clusters/a/shop/policy.yaml"]
    assert json.loads(lock.read_bytes())["version"] == 2
    assert json.loads(lock.read_bytes())["inputs"] == {"Cluster/a": DIGEST}


def test_inputs_alone_change_the_lock_alone(rendered: Path, files: Files, compare: Callable[..., output.Changes]) -> None:
    """Where other inputs give the same files, only the lock of that folder is written, and no file is reported."""
    changes = compare(files, rendered, {"clusters/b": {"Cluster/b": DIGEST}})
    assert [each.path for each in changes.changes] == ["clusters/b/overbank.lock"]
    assert (changes.written, changes.deleted) == ([], [])


@pytest.mark.parametrize(
    "damage",
    [
        b"",
        b"{",
        b"[]",
        b"null",
        b"\xff\xfe",
        b'{"version": 1}',
        b'{"version": true, "outputs": {}}',
        b'{"version": 0, "outputs": {}}',
        b'{"version": "2", "outputs": {}}',
        b'{"version": 2, "outputs": []}',
        b'{"version": 2, "outputs": {"a.yaml": "sha256:0"}}',
        b'{"version": 2, "outputs": {"a.yaml": null}}',
        f'{{"version": 2, "inputs": [], "outputs": {{"a.yaml": "{DIGEST}"}}}}'.encode(),
        *(
            f'{{"version": 2, "inputs": {{}}, "outputs": {{"{path}": "{DIGEST}"}}}}'.encode()
            for path in ("/etc/passwd", "../../../escape", "a/../../b/kustomization.yaml", "", ".", "shop/", "a//b", "a\\u0000b")
        ),
        b"[" * 100_000,
        b'<<<<<<< ours\n{"version": 2}\n=======\n{"version": 2}\n>>>>>>> theirs\n',
        b'{"version": 3, "outputs": {}}',
    ],
)  # fmt: skip
def test_lock_that_cannot_be_trusted_stops_the_build(
    rendered: Path, files: Files, build: Build, objections: Objections, damage: bytes
) -> None:
    """Without a lock that can be trusted nothing is overwritten or deleted; with force it is written anew."""
    (rendered / LOCK).write_bytes(damage)
    (rendered / "clusters/a/old.yaml").write_bytes(b"unknown origin\n")
    assert objections({**files, "clusters/a/shop/policy.yaml": b"new\n"}, rendered) == [(codes.BAD_LOCK.id, LOCK)]
    build(files, rendered, force=True)
    assert json.loads((rendered / LOCK).read_bytes())["version"] == 2
    assert (rendered / "clusters/a/old.yaml").exists()


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (b"<<<<<<< ours\n", "the lock has conflict markers of Git"),
        (b"{\n>>>>>>> theirs\n", "the lock has conflict markers of Git"),
        (b'{"version": 7}', "the lock has version 7, and this overbank reads versions up to 2"),
        (b"{", "the lock is damaged: it is not JSON"),
    ],
)  # fmt: skip
def test_why_a_lock_cannot_be_read_is_said(
    rendered: Path, files: Files, compare: Callable[..., output.Changes], content: bytes, says: str
) -> None:
    """A merge, a later version and damage are told apart, since what to do differs."""
    (rendered / LOCK).write_bytes(content)
    assert [each.message for each in output.objections(compare(files, rendered), str, force=False)] == [says]


def test_lock_that_is_a_link_is_not_followed(rendered: Path, files: Files, objections: Objections, tmp_path: Path) -> None:
    """A link in the place of a lock is not read: it could lead to something without an end."""
    (rendered / LOCK).rename(tmp_path / "lock")
    (rendered / LOCK).symlink_to(tmp_path / "lock")
    assert objections(files, rendered) == [(codes.BAD_LOCK.id, LOCK)]
