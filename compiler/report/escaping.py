"""Text as text in GitHub's Markdown: names and reasons come from strangers."""

import re
from typing import Final

from compiler.report.style import printable

_SIGNS: Final = re.compile(r"[\\`*_\[\]<>#|~&$@]")
_LINKING: Final = re.compile(r"(?<=[@#])|(?<=:)(?=//)|(?<=:)(?=[A-Za-z+-][\w+-]*:)|(?i:(?<=www)(?=\.)|(?<=\bGH)(?=-\d))")
"""Where GitHub would make a mention, a reference, a link or a picture of what follows, which entities alone do not prevent."""
_BREAK: Final = "\N{ZERO WIDTH SPACE}"


def escaped(text: str) -> str:
    """Write a text so that Markdown, HTML and GitHub show it as it is: on one line, inside of a line or of a table's cell.

    Signs become numeric entities, which can never be structure (CommonMark 6.2). Mentions, issue numbers and addresses are found by GitHub
    in what the entities stand for, so a space without width takes them apart.
    """
    broken = _LINKING.sub(_BREAK, printable(text).replace("\t", " "))
    return _SIGNS.sub(lambda found: f"&#{ord(found[0])};", broken)
