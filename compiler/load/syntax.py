"""Text that is no YAML: what libyaml says of it, where the mistake more likely is, and what it may have been meant for."""

from typing import Any

import yaml

from compiler.codes import reading
from compiler.diagnostics import Diagnostic, diagnose
from compiler.source import Location, SourceFile, Span


def unparsable(file: SourceFile, error: yaml.YAMLError) -> Diagnostic:
    """Return the finding for what libyaml refuses."""
    if not isinstance(error, yaml.MarkedYAMLError):
        return diagnose(reading.SYNTAX, Location(file.path, None, file), str(error))
    span, begun = _marked(file, error.problem_mark or error.context_mark), _marked(file, error.context_mark)
    if _noticed_late(error):
        span, begun = begun, span
    # "while parsing a flow mapping": where that begins is often where the mistake is.
    apart = begun is not None and begun != span
    related = [(Location(file.path, begun, file), error.context or "")] if apart else []
    notes = [error.context] if error.context and not apart else []
    problem = error.problem or "the text cannot be parsed"
    help_lines = advice(file, span) if span else []
    where = Location(file.path, span, file)
    return diagnose(reading.SYNTAX, where, problem, related=related, notes=notes, help=help_lines)


def advice(file: SourceFile, span: Span) -> list[str]:
    """Return help for the ways in which files that people take for YAML are none."""
    line = file.line(span.line)
    if line.startswith(("<<<<<<<", "=======", ">>>>>>>")):
        return ["a merge conflict was committed: keep one side, and take the three marker lines out"]
    if "{{" in line:
        return ["a template (of Helm, say) is no YAML; in a repository, take it out with `exclude` in overbank.yaml"]
    if line[span.column - 1 : span.column] == "\t":
        return ["YAML is indented with spaces; here is a tab"]
    return []


def _noticed_late(error: yaml.MarkedYAMLError) -> bool:
    """Say whether libyaml noticed a mistake on a later line than it began: a key without a colon, a brace that is not closed."""
    begun, noticed, problem = error.context_mark, error.problem_mark, error.problem or ""
    late = "could not find expected ':'" in problem or "did not find expected ',' or" in problem
    return late and begun is not None and noticed is not None and begun.line < noticed.line


def _marked(file: SourceFile, mark: Any) -> Span | None:
    """Return one character; where the last line has no line break, libyaml finds the end of the text on a line of its own."""
    return min(Span(mark.line + 1, mark.column + 1, mark.line + 1, mark.column + 2), file.end()) if mark else None
