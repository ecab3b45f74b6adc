"""What is said of a pod."""

from dataclasses import dataclass
from enum import StrEnum

from compiler.source import Where
from compiler.sweep.ownership import Workload


class Verdict(StrEnum):
    """What a pod is beside what it would be today."""

    RIGHT = "as-it-should-be"
    MISSED = "missed"
    DIFFERS = "differs"
    DENIED = "denied-today"
    UNKNOWN = "cannot-tell"
    UNCONCERNED = "unconcerned"

    @property
    def is_finding(self) -> bool:
        """Whether something ought to be done."""
        return self in (Verdict.MISSED, Verdict.DIFFERS, Verdict.DENIED)


@dataclass(frozen=True, slots=True, kw_only=True, order=True)
class Difference:
    """One field of a pod that is not what it would be.

    Attributes:
        has: what stands there, None for nothing. wants: what would stand there today, likewise.
        policy: the policy that decides about it today; empty where none does. where: the line that says so.
        why: where there is more to say.
    """

    field: str
    has: str | None
    wants: str | None
    policy: str = ""
    why: str = ""
    where: Where | None = None

    def __hash__(self) -> int:
        return hash((self.field, self.has, self.wants, self.policy, self.why))


@dataclass(frozen=True, slots=True, kw_only=True)
class Judged:
    """A pod and its verdict.

    Attributes:
        awaiting: whether it waits for a node. then: the forms of policies (``name@digest``) that made it what it is, as its annotation
            says. now: those that would today.
        differences: by field. reasons: why it would be denied. why: why the verdict is this one, where that needs words.
        source: what was taken for its author's words. labels: its own, since budgets select by them.
    """

    name: str
    workload: Workload
    verdict: Verdict
    awaiting: bool
    ready: bool
    labels: dict[str, str]
    then: tuple[str, ...] = ()
    now: tuple[str, ...] = ()
    differences: tuple[Difference, ...] = ()
    reasons: tuple[str, ...] = ()
    why: str = ""
    source: str = ""
