"""Documents by their names, and names that lead nowhere."""

from collections.abc import Collection, Iterable

from compiler.codes import names as codes
from compiler.diagnostics import Diagnostic, diagnose
from compiler.fixing import replaced
from compiler.model import Named
from compiler.source import Document, Locatable
from compiler.spelling import did_you_mean, listing, only_near


def by_name(documents: Iterable[Document], kinds: Collection[str]) -> tuple[dict[str, list[Document]], list[Diagnostic]]:
    """Return the documents of each of the kinds, sorted by name; the first of two with one name counts.

    Args:
        documents: of any kinds, in any order.
        kinds: those that are wanted; each of them is in the outcome.
    """
    found: dict[str, dict[str, Document]] = {kind: {} for kind in kinds}
    diagnostics = []
    for document in sorted(documents, key=lambda each: (each.file.path, each.index)):
        kind, name = document.value["kind"], document.get("metadata", "name")
        if kind not in found:
            continue
        earlier = found[kind].setdefault(name, document)
        if earlier is not document:
            where, first = document.at("metadata", "name"), [(earlier.at("metadata", "name"), "first here")]
            diagnostics.append(diagnose(codes.DUPLICATE, where, f"there are two of {kind} `{name}`", related=first))
    return {kind: [document for _, document in sorted(named.items())] for kind, named in found.items()}, diagnostics


def dangling(where: Locatable, what: str, name: str, candidates: Iterable[Named]) -> Diagnostic:
    """Say that a name leads nowhere, and to what it might."""
    names = [candidate.name for candidate in candidates]
    help_lines = did_you_mean(name, names) or [f"defined: {listing(names)}"]
    near = only_near(name, names)
    fix = replaced(where, name, near) if near else None
    return diagnose(codes.DANGLING, where, f"there is no {what} `{name}`", help=help_lines, fix=fix)
