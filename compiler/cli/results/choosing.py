"""Which findings a command shows, and which of them make it fail."""

import argparse
from collections.abc import Iterable
from typing import TYPE_CHECKING

from compiler.cli import CLEAN, FINDINGS, CommandError
from compiler.diagnostics import Diagnostic, Severity, has_errors

if TYPE_CHECKING:
    from compiler.report.selection import Chosen, Selection

_LEVELS = tuple(map(str, Severity))


def add_choosing(parser: argparse.ArgumentParser) -> None:
    """Add the choice of findings."""
    group = parser.add_argument_group("findings")
    for name, what in (("select", "only"), ("ignore", "without")):
        group.add_argument(
            f"--{name}",
            action="append",
            metavar="CODES",
            help=f"{what} these codes or prefixes of codes, such as OB41,OB3107; an error that is not shown still counts",
        )
    group.add_argument("--level", choices=_LEVELS, help="least severity that is shown (default: warning, or that of --fail-level)")
    group.add_argument(
        "--fail-level", choices=_LEVELS, default="error", help="least severity that gives exit code 1 (default: error)"
    )
    group.add_argument("--exit-zero", action="store_true", help="exit with 0 whatever is found")
    group.add_argument("--statistics", action="store_true", help="count the findings of each code, on standard error")


def selection_of(options: argparse.Namespace) -> "Selection":
    """Return what is asked for; commands without these options show warnings and errors.

    Raises:
        CommandError: there is no code with a prefix.
    """
    from compiler.report.selection import Selection, reaches  # noqa: PLC0415 - where nothing is found there is nothing to choose

    fail_level = Severity(getattr(options, "fail_level", "error"))
    default = fail_level if not reaches(fail_level, Severity.WARNING) else Severity.WARNING
    level = getattr(options, "level", None)
    return Selection(
        select=_prefixes("select", getattr(options, "select", None)),
        ignore=_prefixes("ignore", getattr(options, "ignore", None)),
        level=Severity(level) if level else default,
    )


def visible(diagnostics: Iterable[Diagnostic], options: argparse.Namespace) -> list[Diagnostic]:
    """Return the findings that a command shows."""
    return selection_of(options).divide(diagnostics).shown


def _prefixes(name: str, given: Iterable[str] | None) -> tuple[str, ...]:
    """Return the prefixes of an option, which is repeated or lists several with commas."""
    written = [part.strip() for each in given or () for part in each.split(",")]
    if not written:
        return ()
    for each in written:
        if not _begins_a_code(each):
            begun = next((each[:end] for end in range(len(each) - 1, 1, -1) if _begins_a_code(each[:end])), "")
            form = "a code is OB with four digits, and a prefix its beginning; `overbank rules` lists all"
            advice = f"did you mean `{begun.upper()}`?" if begun else form
            raise CommandError(f"--{name}: no code is or begins with `{each}`", help=advice)
    return tuple(each.upper() for each in written)


def _begins_a_code(written: str) -> bool:
    from compiler.codes.catalogue import BY_ID  # noqa: PLC0415 - only where it is asked for

    return len(written) >= len("OB") and any(code.startswith(written.upper()) for code in BY_ID)


def exit_code(diagnostics: Iterable[Diagnostic], options: argparse.Namespace) -> int:
    """Return how the command ends. Errors count although they are not selected, other findings only if they are."""
    found = list(diagnostics)
    if options.exit_zero or not found:
        return CLEAN
    if has_errors(found):
        return FINDINGS
    from compiler.report.selection import reaches  # noqa: PLC0415 - see above

    selection, level = selection_of(options), Severity(options.fail_level)
    return FINDINGS if any(selection.selects(each.code) and reaches(each.code.severity, level) for each in found) else CLEAN


def not_shown(chosen: "Chosen", suppressed: int, options: argparse.Namespace) -> str:
    """Return lines about findings that are not shown."""
    from compiler.cli.results.counting import count  # noqa: PLC0415 - see above

    lines = []
    errors = [each for each in chosen.unselected if each.code.severity is Severity.ERROR]
    if errors:
        counts = "" if options.exit_zero else ", and counted in the exit code"
        lines.append(f"  not selected, not shown{counts}: {count(errors)}")
    if chosen.below:
        level = next(each for each in reversed(Severity) if any(one.code.severity is each for one in chosen.below))
        lines.append(f"  not shown: {count(chosen.below)} (--level {level} shows them)")
    if suppressed:
        lines.append(f"  suppressed by comments: {suppressed}")
    return "".join(f"{line}\n" for line in lines)


def statistics(diagnostics: Iterable[Diagnostic]) -> str:
    """Return a line for each code: how often, the code, its severity and title; the most frequent first."""
    number: dict[str, int] = {}
    codes = {}
    for each in diagnostics:
        number[each.code.id] = number.get(each.code.id, 0) + 1
        codes[each.code.id] = each.code
    width = len(str(max(number.values(), default=0)))
    order = sorted(codes.values(), key=lambda code: (-number[code.id], code.id))
    return "".join(f"{number[code.id]:>{width}}  {code.id}  {code.severity:<7}  {code.title}\n" for code in order)
