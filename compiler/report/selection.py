"""Which findings are shown, by their codes and severities."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Final

from compiler.diagnostics import Code, Diagnostic, Severity

_RANKS: Final = {severity: rank for rank, severity in enumerate(Severity)}


@dataclass(frozen=True, slots=True, kw_only=True)
class Chosen:
    """Findings as they are asked for: those that are ``shown``, not ``selected`` by their code, or ``below`` the level."""

    shown: list[Diagnostic] = field(default_factory=list)
    unselected: list[Diagnostic] = field(default_factory=list)
    below: list[Diagnostic] = field(default_factory=list)


@dataclass(frozen=True, slots=True, kw_only=True)
class Selection:
    """What is asked for.

    Attributes:
        select: prefixes of codes; all codes if there is none.
        ignore: prefixes of codes that are left out. Of two prefixes that fit a code the longer one decides, of equal ones this.
        level: the least severity.
    """

    select: tuple[str, ...] = ()
    ignore: tuple[str, ...] = ()
    level: Severity = Severity.WARNING

    def selects(self, code: Code) -> bool:
        """Say whether a code is selected."""
        chosen = max((len(each) for each in self.select if code.id.startswith(each)), default=-1 if self.select else 0)
        left_out = max((len(each) for each in self.ignore if code.id.startswith(each)), default=-1)
        return chosen > left_out

    def divide(self, diagnostics: Iterable[Diagnostic]) -> Chosen:
        """Divide findings, each part in their order."""
        chosen = Chosen()
        for each in diagnostics:
            if not self.selects(each.code):
                chosen.unselected.append(each)
            elif reaches(each.code.severity, self.level):
                chosen.shown.append(each)
            else:
                chosen.below.append(each)
        return chosen


def reaches(severity: Severity, level: Severity) -> bool:
    """Say whether something is at least as bad as a level."""
    return _RANKS[severity] <= _RANKS[level]


def by_severity(diagnostics: Iterable[Diagnostic]) -> list[Diagnostic]:
    """Return findings, the most severe first, otherwise in their order."""
    return sorted(diagnostics, key=lambda each: _RANKS[each.code.severity])
