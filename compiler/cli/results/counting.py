"""How many findings there are, in words, and where to read about them."""

from collections.abc import Iterable

from compiler.diagnostics import Diagnostic, Severity


def count(diagnostics: Iterable[Diagnostic]) -> str:
    """Return ``2 errors, 1 warning``, or ``no findings``."""
    found = list(diagnostics)
    parts = []
    for severity in Severity:
        number = sum(each.code.severity is severity for each in found)
        if number:
            parts.append(f"{number} {severity}{'s' if number > 1 else ''}")
    return ", ".join(parts) or "no findings"


def hint(diagnostics: Iterable[Diagnostic]) -> str:
    """Return where to read more, if there is anything to read more about."""
    ids = sorted({each.code.id for each in diagnostics})
    return f"  for more: overbank explain {' '.join(ids[:3])}\n" if ids else ""
