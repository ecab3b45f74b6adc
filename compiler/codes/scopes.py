"""What the codes of each range are about, for the catalogue."""

from typing import Final

from compiler.diagnostics import Code

_SCOPES: Final = {
    "OB0": "file",
    "OB1": "document",
    "OB2": "references",
    "OB3": "platform",
    "OB35": "inventory",
    "OB4": "policies",
    "OB43": "workloads",
    "OB5": "output",
    "OB54": "webhook configurations",
    "OB56": "difference",
    "OB57": "import",
    "OB6": "tests",
    "OB7": "federation",
    "OB8": "manifests",
    "OB9": "plans",
}


def scope_of(code: Code) -> str:
    """Return what a code is about, in a word or two."""
    return _SCOPES.get(code.id[:4]) or _SCOPES[code.id[:3]]
