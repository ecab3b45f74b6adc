"""What every view is given."""

from dataclasses import dataclass

from compiler.diagnostics import Diagnostic
from compiler.plan.trace import Plan


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """One scenario as it is shown: ``plan`` and what is wrong with it; ``before`` is the same scenario under another revision."""

    plan: Plan
    diagnostics: tuple[Diagnostic, ...] = ()
    before: Plan | None = None
    base: str | None = None  # name of the other revision; None: nothing is compared
