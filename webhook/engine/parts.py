"""Parts of a pod that stay as they were sent until a decision needs them, and how they are decoded then."""

from collections.abc import Callable
from typing import Any

import msgspec


def decoder(kind: Any, place: str) -> Callable[[msgspec.Raw], Any]:
    """Return a function that decodes a part of a pod; what it raises names the part by ``place``, such as ``spec.volumes``.

    The function raises ``msgspec.MsgspecError`` where the part is not of the type, and ``UnicodeDecodeError`` where its text is no UTF-8.
    """
    decode = msgspec.json.Decoder(kind).decode

    def run(raw: msgspec.Raw) -> Any:
        try:
            return decode(raw)
        except msgspec.MsgspecError as error:
            # msgspec counts from the part: "Expected `object`, got `int` - at `$[0].hostPath`", or says nothing at its very top.
            what, _, inside = str(error).partition(" - at `$")
            raise type(error)(f"{what} - at `$.{place}{inside.removesuffix('`')}`") from error

    return run
