"""What is found out while a pod is looked at: what became of each value, and what its author should know."""

from typing import Final

from webhook.engine.decision import Effect

MAX_SENTENCES: Final = 32
"""How many warnings, and how many reasons, one pod gets. The API server passes on 4,096 characters of warnings at most, and an author
could ask for a hundred thousand."""

MAX_LENGTH: Final = 512
"""Characters of one sentence. The API server cuts warnings at 256 if there are many."""


MAX_SHOWN: Final = 63
"""Characters of an author's value that a sentence quotes; a label's value is never longer."""


def quoted(value: str) -> str:
    """Quote an author's value, or the beginning of it."""
    return f'"{value}"' if len(value) <= MAX_SHOWN else f'"{value[:MAX_SHOWN]}…"'


def sentence(policy: str, text: str) -> str:
    """Return a sentence for the user who creates the pod, which names the policy that it comes from.

    Authors' values in it are made harmless: the API server drops a warning with control characters (apimachinery,
    ``net.NewWarningHeader``), and a terminal would obey them.
    """
    if len(text) > MAX_LENGTH:
        text = f"{text[: MAX_LENGTH - 1]}…"
    if not text.isprintable():
        text = "".join(each if each.isprintable() else each.encode("unicode_escape").decode() for each in text)
    return f"overbank policy {policy}: {text}"


class Notes:
    """The findings on one pod, in the order in which they are explained.

    Attributes:
        warnings: what the author should know. denied: why the pod must not be created. Of each the first ``MAX_SENTENCES``.
        complete: whether all that the plan wants stands in the pod.
    """

    __slots__ = ("_reasons", "_warnings", "complete", "effects")

    def __init__(self) -> None:
        self.effects: list[Effect] = []
        self._warnings: list[tuple[str, str]] = []
        self._reasons: list[tuple[str, str]] = []
        self.complete = True

    def warn(self, policy: str, text: str) -> None:
        """Tell the user something."""
        self._warnings.append((policy, text))

    def deny(self, policy: str, text: str) -> None:
        """Refuse the pod for a reason."""
        self._reasons.append((policy, text))

    @property
    def warnings(self) -> list[str]:
        """The sentences for the user."""
        return _sentences(self._warnings)

    @property
    def denied(self) -> tuple[str, ...]:
        """The reasons, none where the pod may be created."""
        return tuple(_sentences(self._reasons))


def _sentences(told: list[tuple[str, str]]) -> list[str]:
    sentences = [sentence(policy, text) for policy, text in told[:MAX_SENTENCES]]
    if len(told) > MAX_SENTENCES:
        sentences.append(sentence(told[MAX_SENTENCES][0], f"and {len(told) - MAX_SENTENCES} more of this kind"))
    return sentences
