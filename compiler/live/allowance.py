"""What one command may take from a server: so many seconds and so many bytes, over all of its answers."""

import time
from typing import Any, Final

from compiler.live.problems import LiveError

MAX_BYTES: Final = 512 * 1024 * 1024
"""Bytes of all answers to one command; far more than the largest clusters have."""
_CONNECT_SECONDS: Final = 10.0
_PIECE: Final = 65536


class Allowance:
    """What is left of it."""

    def __init__(self, host: str, unmet: str, *, deadline: float, timeout: float) -> None:
        """Begin to count.

        Args:
            host: the server, as it may be shown.
            unmet: what it did not do if it takes too long, such as ``list its nodes``.
            deadline: by ``time.monotonic``.
            timeout: seconds from the beginning to the deadline.
        """
        self._late = f"{host} did not {unmet} within {timeout:g} s"
        self._host = host
        self._deadline = deadline
        self._read = 0

    def seconds(self) -> tuple[float, float]:
        """Return the seconds that a request has, for the connection and for each wait after it.

        Raises:
            LiveError: there are none left.
        """
        left = self._deadline - time.monotonic()
        if left <= 0:
            raise LiveError(self._late)
        return min(left, _CONNECT_SECONDS), left

    def body(self, answer: Any) -> bytes:
        """Return the body of an answer of urllib3, read in pieces, so that neither time nor size depends on the server.

        Raises:
            LiveError: it takes too long, or is too large.
        """
        pieces = []
        for piece in answer.stream(_PIECE):
            self._read += len(piece)
            if self._read > MAX_BYTES:
                raise LiveError(f"{self._host} answers with more than {MAX_BYTES // 1024**2} MiB")
            self.seconds()
            pieces.append(piece)
        return b"".join(pieces)
