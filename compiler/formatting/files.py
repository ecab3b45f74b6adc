"""The text of a file in its one form: documents of ours are written anew, those of other tools stay byte for byte."""

from collections import Counter
from itertools import pairwise
from typing import Final

from compiler.formatting.order import shape_of
from compiler.formatting.proving import same_values
from compiler.formatting.reading import UnformattableError, comments_of, read_trees
from compiler.formatting.tree import Root
from compiler.formatting.writing import written
from compiler.load import load
from compiler.source import Document, SourceFile
from compiler.validate import is_ours

_SEPARATOR: Final = "---\n"


class DeclinedError(Exception):
    """A file cannot be formatted without a loss; the message says why, for people, as what follows "left alone: "."""


def formatted(text: str) -> str:
    """Return a text in its one form, with the line ends that it has. The form of that is the same again.

    Args:
        text: loads without findings, and begins without a byte order mark.

    Raises:
        DeclinedError: another text would not say the same.
    """
    documents, _ = load(SourceFile("", text))
    ours = {document.index: document for document in documents if is_ours(document)}
    if not ours:
        return text
    eol = "\r\n" if 2 * text.count("\r\n") > text.count("\n") else "\n"
    lines = text.replace("\r\n", "\n")
    before = lines if lines.endswith("\n") else f"{lines}\n"
    try:
        after = _written(before, ours)
    except UnformattableError as error:
        raise DeclinedError(str(error)) from error
    if after != lines:
        _prove(text, before, after)
    return after.replace("\n", eol)


def _written(text: str, ours: dict[int, Document]) -> str:
    roots = read_trees(text)
    bounds = [root.start for root in roots] + [len(text)]
    parts = []
    for index, (root, (start, end)) in enumerate(zip(roots, pairwise(bounds), strict=True)):
        if index in ours:
            parts.append((_SEPARATOR if index else "") + _one(root, ours[index]))
        else:
            parts.append(text[start:end])
    return "".join(parts)


def _one(root: Root, document: Document) -> str:
    kind = document.get("kind")
    return written(root, shape_of(kind if isinstance(kind, str) else ""))


def _prove(text: str, before: str, after: str) -> None:
    """Refuse what does not say the same.

    Raises:
        DeclinedError: it does not.
    """
    if not same_values(text, after):
        raise DeclinedError("its values would not be read as before")
    if Counter(comments_of(before)) != Counter(comments_of(after)):
        raise DeclinedError("a comment would be lost")
