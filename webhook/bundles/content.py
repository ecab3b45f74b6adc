"""What a source has found: the bytes that claim to be a bundle, and what came with them."""

import hashlib
from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Content:
    """One state of a source, in one piece.

    Attributes:
        place: where it was found, for people.
        raw: the bytes of ``bundle.json``. signature: those of ``bundle.sig``, None where there is none.
        mark: the same for the same content, so that nothing is read or complained about twice.
    """

    place: str
    raw: bytes
    signature: bytes | None
    mark: str


def mark_of(*pieces: bytes | None) -> str:
    """Return the mark of content that consists of these pieces, None being a piece that is not there."""
    found = hashlib.sha256()
    for piece in pieces:
        found.update(b"-" if piece is None else b"%d:" % len(piece))
        found.update(piece or b"")
    return found.hexdigest()
