"""Comments that can go without a change to what stays."""

import re
from typing import Final

from compiler.diagnostics import Edit, Fix
from compiler.fixing.removing import joins_comment, keeps_blank_lines
from compiler.source import Location, SourceFile

_NEXT: Final = r"[ \t]#"


def uncommented(file: SourceFile, line: int, column: int) -> Fix | None:
    """Offer to remove a comment, with its line if it stands there alone, but not another comment behind it.

    There is none where the line ends a block scalar that would then have more lines.

    Args:
        file: which has it.
        line: its line.
        column: where it begins, at its ``#``.
    """
    start, first = file.offset(line, column), file.offset(line, 1)
    end = start + len(file.line(line, column - 1))
    following = re.compile(_NEXT).search(file.text, start + 1, end)
    before = file.text[first:start]
    if following is not None:
        end = following.end() - 1
    elif before.strip():
        start -= len(before) - len(before.rstrip())
    else:
        start, end = first, file.offset(line + 1, 1)
        if keeps_blank_lines(file.text) or joins_comment(file.text, start, end):
            return None
    return Fix("remove the comment", (Edit(Location(file.path, file.between(start, end), file), ""),), safe=True)
