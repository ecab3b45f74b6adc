"""Suppressions that suppress nothing, taken out of the text."""

from collections.abc import Sequence

from compiler.diagnostics import Edit, Fix
from compiler.fixing import uncommented
from compiler.source import Location, SourceFile
from compiler.suppression.ignore import Ignore


def removed(file: SourceFile, ignore: Ignore, idle: Sequence[Ignore]) -> Fix | None:
    """Offer to take a code out of its comment, or the comment out of the file if none of its codes suppresses anything.

    Args:
        file: which has the comment.
        ignore: the code.
        idle: all that suppress nothing in that file, this one among them.
    """
    line, column, _ = ignore.at
    text = file.line(line)
    opened, closed = text.rfind("[", 0, column - 1), text.find("]", column - 1)
    begun = text.rfind("#", 0, opened) if opened >= 0 else -1
    if begun < 0 or closed < 0:
        return None
    parts = text[opened + 1 : closed].split(",")
    unused = {each.code for each in idle if each.at[0] == line and opened < each.at[1] - 1 < closed}
    if {part.strip() for part in parts} <= unused:
        return uncommented(file, line, begun + 1)
    start, end = column - 1, column - 1 + len(ignore.code)
    comma = text.find(",", end, closed)
    if comma >= 0:
        end = comma + 1 + len(text[comma + 1 : closed]) - len(text[comma + 1 : closed].lstrip())
    else:
        start = text.rfind(",", opened, start)
    first = file.offset(line, 1)
    where = Location(file.path, file.between(first + start, first + end), file)
    return Fix(f"remove {ignore.code} from the comment", (Edit(where, ""),), safe=True)
