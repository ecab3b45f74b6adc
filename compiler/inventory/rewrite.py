"""The file of a refreshed document: only what the operations name changes, and everything else stays byte for byte."""

from compiler.codes import inventory as codes
from compiler.diagnostics import Diagnostic, diagnose
from compiler.inventory.refresh import Operation
from compiler.load import load
from compiler.manifests.editing import applied
from compiler.manifests.inplace import edited_in_place
from compiler.manifests.stream import BYTE_ORDER_MARK, UnreadableError, split
from compiler.model import Cluster
from compiler.source import SourceFile
from compiler.validate import validate


class ChangedError(Exception):
    """The file does not have the document any more: somebody has changed it since it was read."""


def rewritten(raw: bytes, cluster: Cluster, operations: list[Operation]) -> tuple[bytes | None, list[Diagnostic]]:
    """Do operations to a cluster's document.

    Args:
        raw: the bytes of the file that the document was read from.
        cluster: the document.
        operations: RFC 6902 ``add`` and ``remove``, which apply to it.

    Returns:
        The file's new bytes, which are read again before they are returned: this document is what the operations make of it and is valid,
        and the others are what they were. None with the reason where that is not so.

    Raises:
        ChangedError: the bytes are not those of the document, to which the operations apply.
    """
    source, index = cluster.document.file, cluster.document.index
    try:
        parts = split(source.path, raw)
    except UnreadableError as error:
        raise ChangedError from error
    places = [
        position
        for position, (_, document) in enumerate(parts)
        if document is not None and document.index == index and document.value == cluster.document.value
    ]
    if not places:
        raise ChangedError
    before = parts[places[0]][0]
    after = edited_in_place(before, operations)
    if after is None:
        return None, [_refused(cluster, ["its values cannot be told apart from others in the text"])]
    texts = [text for text, _ in parts]
    texts[places[0]] = after
    text = "".join(texts)
    loaded, problems = load(SourceFile(source.path, text))
    problems += [problem for document in loaded if document.index == index for problem in validate(document)]
    if problems:
        return None, [_refused(cluster, [problem.message for problem in problems])]
    wanted = {document.index: document.value for _, document in parts if document is not None}
    wanted[index] = applied(operations, wanted[index])
    if {document.index: document.value for document in loaded} != wanted:
        return None, [_refused(cluster, ["other values of the file would change with it"])]
    mark = BYTE_ORDER_MARK if raw.startswith(BYTE_ORDER_MARK.encode()) else ""
    return (mark + text).encode(), []


def _refused(cluster: Cluster, why: list[str]) -> Diagnostic:
    message = f"the document of cluster `{cluster.name}` cannot be edited in place"
    return diagnose(codes.CANNOT_EDIT, cluster.at_name(), message, notes=why)
