"""The file of a new Cluster document, laid out as people write them: pools as blocks, what is in them on one line each."""

from typing import Any

from compiler.codes import inventory as codes
from compiler.diagnostics import Diagnostic, diagnose
from compiler.load import load
from compiler.manifests.editing import on_one_line
from compiler.source import Location, SourceFile
from compiler.validate import validate

_HEAD = """\
# Written by `overbank inventory` from the nodes of the cluster; `overbank inventory --write` refreshes it and keeps your changes.
# Names of pools are roles that clusters share: rename them to what your policies say.
"""


def new_file(document: dict[str, Any], name: str) -> tuple[str | None, list[Diagnostic]]:
    """Return the text of a Cluster document, None with the reasons where it would not be valid."""
    where = Location(f"cluster {name}")
    pools = document["spec"]["pools"]
    if not pools:
        return None, [diagnose(codes.UNDECIDED, where, f"no pool can be made of the nodes of cluster `{name}`")]
    lines = [f"apiVersion: {document['apiVersion']}", "kind: Cluster", "metadata:", f"  name: {on_one_line(name)}", "spec:"]
    lines += [f"  {key}: {on_one_line(document['spec'][key])}" for key in ("platform", "kubernetesVersion")]
    lines.append("  pools:")
    for pool in pools:
        lead = "  - "
        for key, value in pool.items():
            lines.append(f"{lead}{key}: {on_one_line(value)}")
            lead = "    "
    text = _HEAD + "\n".join(lines) + "\n"
    documents, problems = load(SourceFile(where.path, text))
    problems += [problem for each in documents for problem in validate(each)]
    if not problems and [each.value for each in documents] != [document]:
        problems = [diagnose(codes.CANNOT_EDIT, where, "the document does not read as it was meant")]
    return (None if problems else text), problems
