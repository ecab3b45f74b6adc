"""All codes. Only who lists or looks them up needs every category."""

from typing import Final

from compiler.codes import (
    capacity,
    diffing,
    dispatch,
    documents,
    federation,
    importing,
    inventory,
    limits,
    manifests,
    names,
    output,
    planning,
    platforms,
    policies,
    reach,
    reading,
    suppression,
    testing,
    webhooks,
)
from compiler.diagnostics import Code

__all__ = ["ALL", "BY_ID"]

ALL: Final[tuple[Code, ...]] = tuple(
    sorted(
        (
            value
            for module in (
                reading,
                suppression,
                documents,
                names,
                platforms,
                limits,
                inventory,
                policies,
                capacity,
                reach,
                output,
                testing,
                federation,
                dispatch,
                importing,
                manifests,
                planning,
                webhooks,
                diffing,
            )
            for value in vars(module).values()
            if isinstance(value, Code)
        ),
        key=lambda code: code.id,
    )
)

BY_ID: Final = {code.id: code for code in ALL}
