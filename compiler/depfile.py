"""Files and folders that decide the output, as a rule that make includes and ninja reads.

Both read the syntax that compilers write for them (``cc -MD -MP``). Every input is a target without a recipe as well: a file that has gone
then makes the rule run again, instead of ending make with "No rule to make target".
"""

import re
from collections.abc import Iterable
from typing import Final

_UNWRITABLE: Final = re.compile("[\x00-\x1f\x7f=%]")
"""Line breaks cannot be written in a Makefile; what has an equals sign in it is read as a variable, a per cent sign as a pattern."""

_SPECIAL: Final = re.compile(r"(\\*)([ #])")


class DepfileError(Exception):
    """A path cannot be written in a depfile; the text says which."""


def render(targets: Iterable[str], inputs: Iterable[str]) -> str:
    """Return the rule; targets and inputs are paths as the build tool knows them, in the order in which they are written.

    Raises:
        DepfileError: a path has a control character, an equals sign or a per cent sign.
    """
    made, read = [_escaped(each) for each in targets], [_escaped(each) for each in inputs]
    rule = " \\\n  ".join([" \\\n".join(made) + ":", *read])
    return "\n".join([rule, *(f"\n{each}:" for each in read), ""])


def _escaped(path: str) -> str:
    if _UNWRITABLE.search(path):
        raise DepfileError(f"{path!r} cannot be written in a depfile: no control characters, `=` or `%` in its name")
    # Backslashes count only before what they would escape.
    text = _SPECIAL.sub(lambda found: found[1] * 2 + "\\" + found[2], path).replace("$", "$$").replace(":", "\\:")
    return f"./{text}" if text.startswith("~") else text
