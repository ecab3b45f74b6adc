"""What every rendering of plans is given."""

from dataclasses import dataclass

from compiler.diagnostics import Diagnostic
from compiler.plan.trace import Plan


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """One scenario as it is shown: ``plan`` and what is wrong with it; ``before`` is the same scenario under another revision.

    ``base`` is the name of the other revision; None where nothing is compared. With a ``base`` and no ``before``, there is no plan there.
    """

    plan: Plan
    diagnostics: tuple[Diagnostic, ...] = ()
    before: Plan | None = None
    base: str | None = None
