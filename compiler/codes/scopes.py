"""What the codes of each range are about, for the catalogue."""

from typing import Final

from compiler.diagnostics import Code

_SCOPES: Final = {
    "OB01": "file",
    "OB11": "document",
    "OB21": "references",
    "OB31": "platform",
    "OB35": "inventory",
    "OB41": "policies",
    "OB42": "reach of policies",
    "OB43": "workloads",
    "OB51": "output",
    "OB54": "webhook configurations",
    "OB56": "difference",
    "OB57": "import",
    "OB61": "tests",
    "OB71": "federation",
    "OB81": "manifests",
    "OB91": "plans",
}


def scope_of(code: Code) -> str:
    """Return what a code is about, in a word or two."""
    return _SCOPES[code.id[:4]]
