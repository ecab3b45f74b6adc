"""Which documents nothing refers to, by names alone: runs that know everything else work it out without loading any rule."""

from collections.abc import Iterable, Mapping
from typing import TypeVar

T = TypeVar("T")


def unreferenced(documents: Mapping[str, T], referred: Iterable[str]) -> list[T]:
    """Return the documents whose name nobody uses, in their order; none where some name leads nowhere, since one of them may be meant.

    Args:
        documents: of one kind, by name.
        referred: the names that others use; empty ones do not count.
    """
    used = {*referred} - {""}
    return [document for name, document in documents.items() if name not in used] if used <= documents.keys() else []
