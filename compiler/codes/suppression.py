"""Codes of comments that suppress findings."""

from typing import Final

from compiler.diagnostics import Code, Severity

UNUSED: Final = Code(
    "OB0114",
    Severity.WARNING,
    "suppression without a finding",
    """A comment suppresses a finding that there is not: the mistake was mended, or the comment stands in another line. Left
there, it would hide the next one of the kind without a word.

Remove the comment, or the code from its list. The comment belongs at the end of the line to which the finding points (`-->`),
or alone on a line above it. Codes that only other commands find (those of `lint`, say) are not counted as unused by `check`.""",
)
NO_REASON: Final = Code(
    "OB0115",
    Severity.WARNING,
    "suppression without a reason",
    """A suppressed finding is a decision, and whoever reads the line next year needs to know what it rests on. A comment without
a reason suppresses nothing.

Write it behind the codes:

    merge: override  # overbank: ignore[OB4107] the labels are defaults, teams may change them""",
)
MALFORMED: Final = Code(
    "OB0116",
    Severity.WARNING,
    "suppression that means nothing",
    """A comment begins as a suppression does, but it does not name codes that exist, so it suppresses nothing. Whole codes
are needed, since a prefix would also hide what later versions find, and findings about suppressions cannot be suppressed.

The form is `# overbank: ignore[CODE, CODE] reason`. `overbank rules` lists all codes.""",
)
ERROR: Final = Code(
    "OB0117",
    Severity.ERROR,
    "error that cannot be suppressed",
    """A comment is to suppress an error. Warnings and infos are advice, and you may know better. After an error there is nothing that
could be built: a name that leads nowhere, a value that cannot be read. To go on as if it were not there would mean to guess what
was meant, and a guess decides where pods run and what they cost.

Mend what is wrong, or take the document out with `exclude` in overbank.yaml, and remove the comment.""",
)
