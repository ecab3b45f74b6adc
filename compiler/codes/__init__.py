"""The closed table of diagnostic codes.

The first digit is the category: 0 reading files, 1 shape of documents, 2 names and references, 3 platforms and versions,
4 what policies mean together, 5 output, 6 tests, 7 federation, 8 manifests in Git, 9 plans. Identifiers are never used again for something else.
"""

from typing import Final

from compiler.codes import (
    documents,
    federation,
    inventory,
    manifests,
    names,
    output,
    planning,
    platforms,
    policies,
    reading,
    testing,
)
from compiler.diagnostics import Code

__all__ = [
    "ALL",
    "BY_ID",
    "documents",
    "federation",
    "inventory",
    "manifests",
    "names",
    "output",
    "planning",
    "platforms",
    "policies",
    "reading",
    "testing",
]

ALL: Final[tuple[Code, ...]] = tuple(
    sorted(
        (
            value
            for module in (
                reading,
                documents,
                names,
                platforms,
                inventory,
                policies,
                output,
                testing,
                federation,
                manifests,
                planning,
            )
            for value in vars(module).values()
            if isinstance(value, Code)
        ),
        key=lambda code: code.id,
    )
)

BY_ID: Final = {code.id: code for code in ALL}
