"""What is found out while a pod is looked at: what became of each value, and what its author should know."""

from collections.abc import Iterable

from webhook.engine.decision import Effect


def sentence(policy: str, text: str) -> str:
    """Return a sentence for the user who creates the pod, which names the policy that it comes from."""
    return f"overbank policy {policy}: {text}"


class Notes:
    """The findings on one pod, in the order in which they are explained.

    Attributes:
        denied: why the pod must not be created.
        complete: whether all that the plan wants stands in the pod.
    """

    __slots__ = ("complete", "denied", "effects", "warnings")

    def __init__(self, warnings: Iterable[str] = (), denied: Iterable[str] = ()) -> None:
        self.effects: list[Effect] = []
        self.warnings: list[str] = [*warnings]
        self.denied: list[str] = [*denied]
        self.complete = True

    def warn(self, policy: str, text: str) -> None:
        """Tell the user something."""
        self.warnings.append(sentence(policy, text))

    def deny(self, policy: str, text: str) -> None:
        """Refuse the pod for a reason."""
        self.denied.append(sentence(policy, text))
