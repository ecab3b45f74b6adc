"""What goes on for long, and is told once."""

from dataclasses import dataclass, field
from typing import Any

from webhook.telemetry.logs import log


@dataclass(slots=True)
class Complaints:
    """What was last said about each matter that is not over."""

    _said: dict[str, str] = field(default_factory=dict)

    def new(self, matter: str, text: str) -> bool:
        """Say whether this is news, and remember it."""
        if self._said.get(matter) == text:
            return False
        self._said[matter] = text
        return True

    def tell(self, matter: str, text: str, level: int, event: str, **fields: Any) -> None:
        """Log it, if it is news."""
        if self.new(matter, text):
            log(level, event, reason=text, **fields)

    def over(self, matter: str) -> None:
        """Forget a matter: if it comes again, it is news."""
        self._said.pop(matter, None)
