"""A program that kills builds and looks at what the next build makes of it: ``python killing.py call|line|time [--times N] [--seed N]``.

``call``  a child of this process dies before its n-th call that changes the disk or waits for it, for every n
``line``  the same before the n-th line of the modules that change the disk
``time``  ``overbank build`` itself, on a repository with some hundred files, dies after a random time

After each death the tree has to be whole or known to be unfinished, files of others have to be as they were, also ones that were
edited between the death and the next build, a second death during the next build has to change nothing about that, and in the
end the tree has to be, byte for byte, what a build into an empty folder gives. It prints what it did, and ends with 1 at the first fault.
"""

import argparse
import os
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from compiler import output

Files = Mapping[str, bytes]

BEFORE: Files = {
    "clusters/a/kustomization.yaml": b"resources: [shop/old.yaml, shop/kept.yaml]\n",
    "clusters/a/shop/kept.yaml": b"kept\n",
    "clusters/a/shop/changed.yaml": b"before\n",
    "clusters/a/old/gone.yaml": b"gone\n",
    "clusters/b/kustomization.yaml": b"b\n",
    "clusters/b/deep/er/gone.yaml": b"gone\n",
    "federation/h/kustomization.yaml": b"before\n",
}
AFTER: Files = {
    "clusters/a/kustomization.yaml": b"resources: [shop/kept.yaml, new/new.yaml]\n",
    "clusters/a/shop/kept.yaml": b"kept\n",
    "clusters/a/shop/changed.yaml": b"after\n",
    "clusters/a/new/new.yaml": b"new\n",
    "clusters/c/kustomization.yaml": b"c\n",
    "clusters/c/x/y/new.yaml": b"",
    "federation/h/kustomization.yaml": b"after\n",
}
INPUTS = {"clusters/a": {"Cluster/a": "sha256:" + 64 * "a"}, "federation/h": {"FederationHost/h": "sha256:" + 64 * "b"}}
FOREIGN: Files = {"README": b"mine\n", "clusters/a/notes.txt": b"mine\n", "clusters/b/deep/mine.yaml": b"mine\n"}
EDITED = ("clusters/a/shop/changed.yaml", "clusters/a/old/gone.yaml", "clusters/a/new/new.yaml", "clusters/a/kustomization.yaml")
EDIT = b"by hand\n"
_ANYWHERE = 0.25
"""How many of the deaths at random times may come while nothing is written yet."""


def main() -> int:
    """Kill as the arguments say."""
    parser = argparse.ArgumentParser(description="Kill builds, and look at what the next build makes of it.")
    parser.add_argument("every", choices=("call", "line", "time"))
    parser.add_argument("--times", type=int, default=200, help="how many deaths at random times")
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    # In memory where that is possible: a kill takes nothing from the operating system, so the disk would only cost time.
    memory = Path("/dev/shm") if options.every != "time" else Path("/nonexistent")
    with tempfile.TemporaryDirectory(dir=memory if os.access(memory, os.W_OK) else None) as folder:
        if options.every == "time":
            return _at_random_times(Path(folder), options.times, random.Random(options.seed))
        return _at_every(options.every, Path(folder), random.Random(options.seed))


def _at_every(unit: str, folder: Path, draw: random.Random) -> int:
    """Die at every moment there is, one after the other."""
    clean = _clean(folder / "clean")
    moments = 0
    while _reset(folder / "tree") and _dies(folder / "tree", unit, moments + 1):
        moments += 1
    for moment in range(1, moments + 1):
        for edited in (None, EDITED[moment % len(EDITED)]):
            tree = folder / "tree"
            _reset(tree)
            assert _dies(tree, unit, moment)
            _look(tree, clean)
            if edited and not _edit(tree, edited):
                continue
            _dies(tree, unit, draw.randrange(1, moments + 1))
            refused = _build(tree)
            found = _read(tree)
            if edited:
                # Refused as usual. A file that was deleted and then made anew is nobody's business, and stays without a word.
                assert found.pop(edited) == EDIT, f"moment {moment}: {edited} was lost"
                if edited in AFTER:
                    assert edited in refused, f"moment {moment}: {edited} was not refused"
                shutil.rmtree(tree / edited, ignore_errors=True)
                (tree / edited).unlink()
                assert _build(tree) == []
                found = _read(tree)
            assert found == clean, f"moment {moment}, edited {edited}: {_difference(found, clean)}"
    sys.stdout.write(f"{moments} moments ({unit}s), twice each, once with a file edited before the next build: all well\n")
    return 0


def _dies(tree: Path, unit: str, moment: int) -> bool:
    """Build in a child that dies at a moment; False if it came to its end before."""
    child = os.fork()
    if child == 0:
        status = 3
        try:
            (_die_at_call if unit == "call" else _die_at_line)(moment)
            status = 0 if _build(tree) is not None else 2
        finally:
            os._exit(status)
    _, status = os.waitpid(child, 0)
    if os.WIFSIGNALED(status):
        return True
    assert os.WEXITSTATUS(status) == 0
    return False


def _die_at_call(moment: int) -> None:
    left = moment

    def count() -> None:
        nonlocal left
        left -= 1
        if left == 0:
            os.kill(os.getpid(), signal.SIGKILL)

    def hook(event: str, arguments: tuple[Any, ...]) -> None:
        writes = event == "open" and isinstance(arguments[2], int) and arguments[2] & (os.O_WRONLY | os.O_RDWR)
        if writes or event in {"os.mkdir", "os.rename", "os.remove", "os.rmdir", "os.chmod"}:
            count()

    sys.addaudithook(hook)
    fsync = os.fsync

    def counted(descriptor: int) -> None:
        count()
        fsync(descriptor)

    os.fsync = counted


def _die_at_line(moment: int) -> None:
    left = moment
    modules = tuple(f"/output/{name}.py" for name in ("applying", "durable", "recovery", "replacing", "staging", "steps"))

    def trace(frame: Any, event: str, _: Any) -> Any:
        nonlocal left
        if not frame.f_code.co_filename.endswith(modules):
            return None
        if event == "line":
            left -= 1
            if left == 0:
                os.kill(os.getpid(), signal.SIGKILL)
        return trace

    sys.settrace(trace)


def _build(tree: Path) -> list[str]:
    """Build as the command does, and return the paths that are refused; then nothing is written."""
    with output.hold(tree, notify=print, seconds=0):
        output.recover(tree)
        changes = output.compare(AFTER, INPUTS, output.survey(tree, AFTER))
        refused = [each.path for each in changes.refused(force=False)]
        if not refused:
            output.apply(changes, tree)
    return refused


def _look(tree: Path, clean: Files) -> None:
    """See that a tree after a death is whole, or known not to be, and that files of others are as they were."""
    found = {path: content for path, content in _read(tree).items() if not path.startswith(output.STAGING)}
    assert {path: found.get(path) for path in FOREIGN} == FOREIGN
    if found not in (clean, _STATE):
        assert output.is_unfinished(tree)


def _edit(tree: Path, path: str) -> bool:
    """Edit a file by hand, as far as it is there or its folder is."""
    if not (tree / path).parent.is_dir():
        return False
    (tree / path).write_bytes(EDIT)
    return True


_STATE: dict[str, bytes] = {}


def _reset(tree: Path) -> bool:
    """Put the tree into the state before the build."""
    if not _STATE:
        output.apply(output.compare(BEFORE, {}, output.survey(tree, BEFORE)), _made(tree))
        _STATE.update({**_read(tree), **FOREIGN})
    shutil.rmtree(tree)
    _put(tree, _STATE)
    return True


def _clean(folder: Path) -> dict[str, bytes]:
    _build(_made(folder))
    return {**_read(folder), **FOREIGN}


def _at_random_times(folder: Path, times: int, draw: random.Random) -> int:
    """Kill the installed program, in turn changing its repository."""
    program = Path(sys.executable).with_name("overbank")
    repository = folder / "repository"
    states: list[Callable[[], None]] = [lambda: _repository(repository, 30, "web"), lambda: _repository(repository, 20, "shop")]
    clean = []
    spans = []
    for state in states:
        state()
        shutil.rmtree(repository / "rendered", ignore_errors=True)
        start = time.monotonic()
        subprocess.run([program, "build", repository], check=True, capture_output=True)
        spans.append(time.monotonic() - start)
        clean.append(_read(repository / "rendered"))
    shutil.rmtree(repository / "rendered")
    counts = {"dead": 0, "unfinished": 0, "ended before": 0}
    _put(repository / "rendered", FOREIGN)
    while counts["dead"] < times:
        at = draw.randrange(2)
        states[at]()
        process = subprocess.Popen([program, "build", repository], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        if draw.random() < _ANYWHERE:
            time.sleep(draw.uniform(0, spans[at]))
        else:  # reading and compiling touch nothing, so most deaths are to be after them
            while process.poll() is None and not (repository / "rendered" / output.STAGING).exists():
                time.sleep(0.001)
            time.sleep(draw.uniform(0, spans[at] / 2))
        process.kill()
        ended = process.wait() == 0
        found = _read(repository / "rendered")
        unfinished = output.is_unfinished(repository / "rendered")
        visible = {path: content for path, content in found.items() if not path.startswith(output.STAGING)}
        counts["ended before" if ended else "dead"] += 1
        counts["unfinished"] += unfinished
        assert {path: found.get(path) for path in FOREIGN} == FOREIGN
        assert unfinished or visible in ({**clean[0], **FOREIGN}, {**clean[1], **FOREIGN}, FOREIGN)
        assert subprocess.run([program, "build", repository], check=False, capture_output=True).returncode == 0
        found = _read(repository / "rendered")
        assert found == {**clean[at], **FOREIGN}, _difference(found, {**clean[at], **FOREIGN})
    sys.stdout.write(f"builds of {', '.join(str(len(each)) for each in clean)} files: {counts}: all well\n")
    return 0


def _repository(folder: Path, clusters: int, policy: str) -> None:
    """Write a repository in which every cluster has a policy in several namespaces."""
    shutil.rmtree(folder / "documents", ignore_errors=True)
    namespaces = ", ".join(f"{policy}-{number}" for number in range(5))
    documents = {"overbank.yaml": "apiVersion: overbank.dev/v1alpha1\nkind: Repository\nspec: {}\n"}
    for number in range(clusters):
        documents[f"documents/{number}.yaml"] = (
            f"apiVersion: overbank.dev/v1alpha1\nkind: Cluster\nmetadata: {{name: c{number}}}\n"
            'spec: {platform: ack-registered, kubernetesVersion: "1.30", pools: [{name: idc, type: idc}, {name: eci, type: eci}]}\n'
        )
    documents["documents/policy.yaml"] = (
        f"apiVersion: overbank.dev/v1alpha1\nkind: BurstPolicy\nmetadata: {{name: {policy}}}\n"
        f"spec: {{match: {{clusters: {{all: true}}, namespaces: {{names: [{namespaces}]}}, pods: {{matchLabels: {{app: web}}}}}},"
        " pools: [{name: idc, max: 3}, {name: eci}]}\n"
    )
    _put(folder, {path: text.encode() for path, text in documents.items()})


def _made(folder: Path) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def _put(folder: Path, files: Files) -> None:
    for path, content in files.items():
        _made((folder / path).parent)
        (folder / path).write_bytes(content)


def _read(folder: Path) -> dict[str, bytes]:
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def _difference(found: Files, wanted: Files) -> list[str]:
    return sorted(path for path in found.keys() | wanted.keys() if found.get(path) != wanted.get(path))


if __name__ == "__main__":
    sys.exit(main())
