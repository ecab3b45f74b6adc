"""The API server's time, as this process knows it: its last answer's date, and how long ago that was."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final

DOUBT: Final = timedelta(minutes=10)
"""Beyond this difference the API server's clock or ours is wrong."""


def _wall() -> datetime:
    return datetime.now(UTC)


@dataclass(slots=True, kw_only=True)
class ServerClock:
    """A clock that is set by answers, and that runs on by one that nobody can set.

    Attributes:
        wall: this machine's time; followed until there has been an answer.
        uptime: seconds that never jump.
    """

    wall: Callable[[], datetime] = _wall
    uptime: Callable[[], float] = time.monotonic
    _heard: tuple[datetime, float] | None = None

    def hear(self, date: datetime | None) -> None:
        """Take the date of an answer that has just come; None changes nothing."""
        if date is not None:
            self._heard = date, self.uptime()

    def now(self) -> datetime:
        """Return the API server's time."""
        if self._heard is None:
            return self.wall()
        date, at = self._heard
        return date + timedelta(seconds=self.uptime() - at)

    @property
    def doubtful(self) -> bool:
        """Whether this machine has another time."""
        return abs(self.now() - self.wall()) > DOUBT
