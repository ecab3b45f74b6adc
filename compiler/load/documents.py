"""Text to documents, whose positions are found when somebody asks."""

from compiler.diagnostics import Diagnostic
from compiler.load.positions import read_positioned
from compiler.load.values import plain_values
from compiler.source import Document, Mark, SourceFile


def load(file: SourceFile, *, positions: bool = False) -> tuple[list[Document], list[Diagnostic]]:
    """Read all documents of a file. A file that is broken anywhere gives no documents.

    Args:
        file: what is read.
        positions: somebody will ask for positions, so that finding values alone first would be a detour.
    """
    values = None if positions else plain_values(file.text)
    if values is not None:
        marks = _Marks(file)
        return [Document(file, index, value, marks.of, plain=True) for index, value in enumerate(values) if value is not None], []
    found, diagnostics = read_positioned(file)
    known = {index: mark for index, _, mark in found}
    return [Document(file, index, value, known.__getitem__) for index, value, _ in found], diagnostics


class _Marks:
    """The positions of a file's documents, found when first asked for."""

    __slots__ = ("_file", "_found")

    def __init__(self, file: SourceFile) -> None:
        self._file = file
        self._found: dict[int, Mark] | None = None

    def of(self, index: int) -> Mark:
        """Return the position of a document."""
        if self._found is None:
            documents, _ = read_positioned(self._file)
            self._found = {index: mark for index, _, mark in documents}
        return self._found[index]
