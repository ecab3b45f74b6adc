"""A hand that edits repositories at random, as people and Git do."""

import os
import re
import shutil
from collections.abc import Callable
from pathlib import Path
from random import Random

import pytest

_SETTINGS = (
    "spec: {}",
    'spec: {exclude: ["burst/*.yml", "**/x-*.yaml"]}',
    'spec: {workloads: ["apps/**/*.yaml", "**/d-*.yaml"]}',
    'spec: {workloads: ["nothing/*.yaml"], exclude: ["tests"]}',
    "spec: {webhook: {excludeNamespaces: [default, web]}}",
    "spec: {webhook: {failurePolicy: Fail, timeoutSeconds: 5}}",
    "spec: {ceilings: [{folder: burst, namespaces: {names: [shop, web]}}, {folder: nowhere, poolTypes: [idc]}]}",
    "spec: {ceilings: [{poolTypes: [idc, ecs]}, {folder: policies, clusters: {names: [idc]}}]}",
)
_VALUE = re.compile(r"([a-zA-Z]+): ([^\s{}\[\],#&*|>][^\n{}\[\],#]*|\[[^\n\[\]{}]*\]|\{[^\n\[\]{}]*\})")
"""A field with a value that stands in one line."""
_HEADER = "apiVersion: overbank.dev/v1alpha1\nkind: Repository\n"


class Editor:
    """Edits the files below a folder.

    Args:
        folder: which is a copy of ``original``.
        original: what files are set back to.
        documents: text of documents to put in, by the thousand.
        random: decides.
    """

    def __init__(self, folder: Path, original: Path, documents: list[str], random: Random) -> None:
        self.folder, self.original, self.documents, self.random = folder, original, documents, random
        self.values: dict[str, list[str]] = {}
        for document in documents:
            for key, value in _VALUE.findall(document):
                self.values.setdefault(key, []).append(value)
        self.edits = (
            *[self.value] * 12,
            *[self.number, self.comment, self.word, self.set_back, self.rename] * 4,
            *[self.number_in_secret, self.touch, self.append, self.prepend, self.move, self.take_apart] * 2,
            *[self.remove, self.suppress] * 3,
            *(self.add, self.drop_line, self.repeat_line, self.break_, self.settings, self.link, self.garbage),
            *[self.set_all_back] * 6,
        )

    def edit(self) -> str:
        """Do one thing, and return what."""
        chosen = self.random.choice(self.edits)
        chosen()
        return chosen.__name__

    def files(self) -> list[Path]:
        """Return the files that can be edited."""
        return sorted(path for path in self.folder.rglob("*.y*ml") if path.is_file() and not path.is_symlink())

    def value(self) -> Path | None:
        """Write another value for a field, one that somebody wrote for a field of this name; return the file."""
        path = self._any()
        found = list(_VALUE.finditer(_text(path))) if path else []
        if path and found:
            chosen, text = self.random.choice(found), _text(path)
            value = self.random.choice(self.values.get(chosen[1], ["web"]))
            self._write(path, (text[: chosen.start(2)] + value + text[chosen.end(2) :]).encode())
        return path

    def rename(self) -> None:
        """Give a document another name, and give it back the next time."""
        self._replace(
            r"(?<=metadata: {name: )[^,}\s]+|(?<=metadata:\n  name: )\S+",
            lambda name: name[:-2] if name.endswith("-b") else f"{name}-b",
        )

    def number(self) -> None:
        """Write another number."""
        self._replace(r"(?<![\w.])\d(?![\w.])", lambda _: str(self.random.randint(0, 9)))

    def number_in_secret(self) -> None:
        """Write another number of the same length, and set the time of the file back."""
        path = self._any()
        if path:
            before = path.stat()
            self._replace(r"(?<![\w.])\d(?![\w.])", lambda found: str((int(found) + 1) % 10), path)
            os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))

    def comment(self) -> None:
        """Write a comment between two lines."""
        self._lines(lambda lines, at: lines.insert(at, f"# {self.random.random()}"))

    def suppress(self) -> None:
        """Write a suppression at the end of a line, or in a line of its own."""
        code = self.random.choice(
            ["OB3105", "OB4107", "OB8106", "OB2105", "OB3105, OB4101", "OB2104", "OB4201", "OB4203, OB4202", "OB4208", "OB9"]
        )
        comment = f"  # overbank: ignore[{code}] {self.random.choice(['it is meant', ''])}"

        def put(lines: list[str], at: int) -> None:
            if at < len(lines) and self.random.random() < 0.5:
                lines[at] += comment
            else:
                lines.insert(at, comment)

        self._lines(put)

    def word(self) -> None:
        """Write one name for another."""
        words = sorted({word for path in self.files() for word in re.findall(r"name: ([a-z][-a-z0-9]*)", _text(path))})
        if words:
            self._replace(r"(?<=name: )[a-z][-a-z0-9]*|(?<=\[)[a-z][-a-z0-9]*(?=\])", lambda _: self.random.choice(words))

    def drop_line(self) -> None:
        """Take a line out."""
        self._lines(lambda lines, at: lines.pop(min(at, len(lines) - 1)))

    def repeat_line(self) -> None:
        """Write a line twice."""
        self._lines(lambda lines, at: lines.insert(at, lines[min(at, len(lines) - 1)]))

    def break_(self) -> None:
        """Write something that is no YAML."""
        self._lines(lambda lines, at: lines.insert(at, "  {: ["))

    def touch(self) -> None:
        """Write a file as it is."""
        path = self._any()
        if path:
            self._write(path, path.read_bytes())

    def remove(self) -> None:
        """Delete a file."""
        path = self._any()
        if path and path.name != "overbank.yaml":
            path.unlink()

    def move(self) -> None:
        """Give a file another name."""
        path = self._any()
        if path and path.name != "overbank.yaml":
            target = self.folder / self.random.choice(["burst", "apps", "x/y"]) / f"{self.random.choice('dx')}-{path.name}"
            target.parent.mkdir(parents=True, exist_ok=True)
            path.replace(target)

    def add(self) -> None:
        """Write a new file with a document of somebody."""
        target = self.folder / self.random.choice(["burst", "apps"]) / f"d-{self.random.randint(0, 5)}.yaml"
        if not target.is_symlink():
            self._write(target, self.random.choice(self.documents).encode())

    def append(self) -> None:
        """Write a document of somebody behind those of a file."""
        path = self._any()
        if path:
            self._write(path, f"{_text(path)}\n---\n{self.random.choice(self.documents)}".encode())

    def prepend(self) -> None:
        """Write a document of somebody before those of a file."""
        path = self._any()
        if path:
            self._write(path, f"{self.random.choice(self.documents)}\n---\n{_text(path)}".encode())

    def take_apart(self) -> None:
        """Take a document out of its file, and write it into another."""
        path, other = self._any(), self._any()
        if path and other and path != other:
            parts = _text(path).split("\n---\n")
            part = parts.pop(self.random.randrange(len(parts)))
            if path.name != "overbank.yaml" or parts:
                self._write(path, "\n---\n".join(parts).encode())
                self._write(other, f"{_text(other)}\n---\n{part}".encode())

    def settings(self) -> None:
        """Write other settings."""
        self._write(self.folder / "overbank.yaml", f"{_HEADER}{self.random.choice(_SETTINGS)}\n".encode())

    def link(self) -> None:
        """Put a link, or a folder with a file's name, beside the files."""
        path = self.folder / f"l-{self.random.randint(0, 3)}.yaml"
        if path.is_symlink():
            path.unlink()
        elif not path.exists():
            path.symlink_to(self.random.choice(["overbank.yaml", "nowhere", "."])) if self.random.random() < 0.7 else path.mkdir()

    def garbage(self) -> None:
        """Write bytes that are no text."""
        path = self.folder / f"d-{self.random.randint(0, 3)}.yaml"
        if not path.is_symlink() and not path.is_dir():
            self._write(path, self.random.choice([b"\xff\xfe", b"a: \x00", b"", b"# nothing\n", b"a: caf\xc3\xa9\n"]))

    def set_back(self) -> None:
        """Write a file as it was in the beginning."""
        files = sorted(path for path in self.original.rglob("*.y*ml") if path.is_file())
        path = self.random.choice(files)
        target = self.folder / path.relative_to(self.original)
        if not any(each.is_symlink() or each.is_file() for each in target.relative_to(self.folder).parents if str(each) != "."):
            target.parent.mkdir(parents=True, exist_ok=True)
            self._write(target, path.read_bytes())

    def set_all_back(self) -> None:
        """Have everything as it was in the beginning, as a checkout does."""
        shutil.rmtree(self.folder)
        shutil.copytree(self.original, self.folder)

    def _any(self) -> Path | None:
        """Return a file; every other time one that others refer to."""
        files = self.files()
        if self.random.random() < 0.5:
            files = [path for path in files if re.search("kind: (Cluster|Acc|Fed|Rep)", _text(path))] or files
        return self.random.choice(files) if files else None

    def _replace(self, pattern: str, by: Callable[[str], str], path: Path | None = None) -> None:
        path = path or self._any()
        found = list(re.finditer(pattern, _text(path))) if path else []
        if path and found:
            chosen, text = self.random.choice(found), _text(path)
            self._write(path, (text[: chosen.start()] + by(chosen[0]) + text[chosen.end() :]).encode())

    def _lines(self, change: Callable[[list[str], int], object]) -> None:
        path = self._any()
        if path:
            lines = _text(path).split("\n")
            change(lines, self.random.randint(0, len(lines)))
            self._write(path, "\n".join(lines).encode())

    def _write(self, path: Path, content: bytes) -> None:
        """Write a file. File systems count time in ticks: as long as none has gone by, nobody could tell that it was written."""
        path.parent.mkdir(parents=True, exist_ok=True)
        before = path.stat().st_ctime_ns if path.exists() else 0
        path.write_bytes(content)
        while path.stat().st_ctime_ns == before:
            path.write_bytes(content)


def _text(path: Path) -> str:
    return path.read_text(errors="replace")


@pytest.fixture(scope="session")
def documents(golden: Path, sample: Path) -> list[str]:
    """Return the text of all documents of the golden cases and of the sample."""
    files = sorted([*golden.glob("*/input/**/*.yaml"), *sample.rglob("*.yaml")])
    texts = [path.read_bytes().decode(errors="replace") for path in files if path.name != "overbank.yaml"]
    return [part for text in texts for part in re.split(r"(?m)^---\n", text) if "kind:" in part and len(part) < 20_000]


@pytest.fixture
def editor(tmp_path: Path, documents: list[str]) -> Callable[..., Editor]:
    """Return a function that copies a repository and returns an editor of the copy."""

    def run(original: Path, random: Random, name: str = "repo") -> Editor:
        folder = tmp_path / name
        shutil.copytree(original, folder)
        return Editor(folder, original, documents, random)

    return run
