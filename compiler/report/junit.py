"""Diagnostics as JUnit XML, for CI servers that show tests: a case for each finding, which fails if the finding counts.

The elements are those that Jenkins, GitLab and Azure Pipelines agree on (junit-10.xsd of Jenkins' xUnit plugin). Without findings there
is one case that passes, since a report without a case counts as an error in some of them.
"""

import posixpath
import re
from collections import Counter
from collections.abc import Iterable
from html import escape
from typing import Final

from compiler.diagnostics import Diagnostic, Severity
from compiler.report.selection import reaches
from compiler.report.style import printable
from compiler.report.text import render as render_text

_NO_XML: Final = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
"""What XML 1.0 has no character for (section 2.2)."""


def render(diagnostics: Iterable[Diagnostic], *, root: str = ".", fail_level: Severity = Severity.ERROR) -> str:
    """Return the document.

    Args:
        diagnostics: findings.
        root: the repository's folder as seen from the root of the checkout.
        fail_level: the least severity of a case that fails; others pass and have their text as output.
    """
    found = list(diagnostics)
    seen: Counter[tuple[str, str]] = Counter()
    cases, failures = [], 0
    for each in found:
        failed = reaches(each.code.severity, fail_level)
        failures += failed
        cases.append(_case(each, root, seen, failed=failed))
    if not found:
        cases.append('    <testcase classname="overbank" name="no findings" time="0"/>\n')
    counts = f'tests="{len(cases)}" failures="{failures}" errors="0"'
    return (
        '<?xml version="1.0" encoding="UTF-8"?>\n'
        "<testsuites>\n"
        f'  <testsuite name="overbank" {counts} skipped="0" time="0">\n{"".join(cases)}  </testsuite>\n'
        "</testsuites>\n"
    )


def _case(diagnostic: Diagnostic, root: str, seen: "Counter[tuple[str, str]]", *, failed: bool) -> str:
    place = diagnostic.primary.where.locate()
    path = posixpath.normpath(posixpath.join(root, place.path))
    # Servers compare runs by these two names, so they hold no line, which moves.
    seen[path, diagnostic.code.id] += 1
    number = seen[path, diagnostic.code.id]
    name = f"{diagnostic.code.id} {diagnostic.code.title}{f' ({number})' if number > 1 else ''}"
    text = render_text([diagnostic], root=root).rstrip("\n")
    opened = f'    <testcase classname="{_written(path)}" name="{_written(name)}" time="0">\n'
    if failed:
        attributes = f'message="{_written(diagnostic.message)}" type="{diagnostic.code.severity}"'
        return f"{opened}      <failure {attributes}>{_text(text)}</failure>\n    </testcase>\n"
    return f"{opened}      <system-out>{_text(text)}</system-out>\n    </testcase>\n"


def _written(text: str) -> str:
    return escape(_NO_XML.sub("\N{REPLACEMENT CHARACTER}", printable(text)))


def _text(text: str) -> str:
    return escape(_NO_XML.sub("\N{REPLACEMENT CHARACTER}", text), quote=False)
