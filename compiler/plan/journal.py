"""The moves of a simulation while they are gathered."""

from compiler.plan.trace import Cause, Move


class Journal:
    """Moves since the last look, with the time at which each was noted."""

    __slots__ = ("_moves", "now")

    def __init__(self) -> None:
        self.now = 0
        self._moves: list[Move] = []

    def note(self, cause: Cause, count: int, reason: str, cluster: str | None = None, pool: str | None = None) -> None:
        """Note a move at the present time."""
        self._moves.append(Move(at=self.now, cause=cause, count=count, reason=reason, cluster=cluster, pool=pool))

    def taken(self) -> tuple[Move, ...]:
        """Return the moves and forget them."""
        moves, self._moves = tuple(self._moves), []
        return moves
