"""Why this process should not be sent admission reviews, if there is a reason."""

from dataclasses import dataclass, field


@dataclass(slots=True)
class Readiness:
    """Reasons by the part that gives them; without any the process is ready.

    Attributes:
        draining: set once, on the first signal to stop; requests that arrived before are still answered.
    """

    draining: bool = False
    _reasons: dict[str, str] = field(default_factory=dict)

    def hold(self, part: str, reason: str) -> None:
        """Say what is missing for a part; a later reason of the same part takes the earlier one's place."""
        self._reasons[part] = reason

    def release(self, part: str) -> None:
        """Say that a part has all that it needs."""
        self._reasons.pop(part, None)

    @property
    def reason(self) -> str:
        """Why not, empty where it is ready. A process that is about to end says so first."""
        return "draining" if self.draining else "; ".join(self._reasons[part] for part in sorted(self._reasons))
