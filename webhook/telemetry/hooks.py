"""What admission reports: how every request ended, and what there was to say about its pod."""

from collections.abc import Sequence
from enum import StrEnum
from typing import Protocol


class Outcome(StrEnum):
    """What became of a request: one of the answers to a review, or why there was none."""

    PATCHED = "patched"
    UNCHANGED = "unchanged"
    DENIED = "denied"
    EXEMPT = "exempt"
    IGNORED = "ignored"
    MALFORMED = "malformed"
    FAILED = "failed"
    NOT_READY = "not_ready"
    NOT_FOUND = "not_found"
    METHOD_NOT_ALLOWED = "method_not_allowed"
    UNSUPPORTED_MEDIA_TYPE = "unsupported_media_type"
    TOO_LARGE = "too_large"
    TIMED_OUT = "timed_out"
    OVERLOADED = "overloaded"
    LATE = "late"
    DISCONNECTED = "disconnected"


class Hooks(Protocol):
    """What admission reports. Every request ends in exactly one of ``admitted`` and ``refused``."""

    def admitted(self, outcome: Outcome, seconds: float) -> None:
        """Report an answered review; ``seconds`` from the request's headers to the end of the answer."""

    def refused(self, outcome: Outcome) -> None:
        """Report a request that got no decision."""

    def mutated(self, applied: str) -> None:
        """Report a pod that is patched; ``applied`` is the value of its applied annotation."""

    def unknown_namespace(self) -> None:
        """Report a pod of a namespace whose labels are not known."""

    def warned(self, count: int) -> None:
        """Report warnings that were sent to a user."""

    def audited(self, policies: Sequence[str]) -> None:
        """Report a pod about which these policies in audit mode would have it decided otherwise."""
