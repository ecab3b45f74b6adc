"""Files as they are read: their documents, or why they are refused."""

from compiler.diagnostics import Diagnostic
from compiler.load import decode, load
from compiler.source import Document


def read(raw: bytes | str) -> tuple[list[Document], list[Diagnostic]]:
    """Return the documents of a file, and the findings."""
    file, problems = decode("test.yaml", raw if isinstance(raw, bytes) else raw.encode())
    if file is None:
        return [], problems
    documents, found = load(file)
    return documents, [*problems, *found]


def refusals(raw: bytes | str) -> list[tuple[str, str]]:
    """Return the identifiers and places of all findings; a file with findings gives no documents."""
    documents, found = read(raw)
    assert documents == []
    return [(each.code.id, str(each.primary.where.locate())) for each in found]
