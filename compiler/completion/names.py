"""How scripts find the names of documents in a repository: with find and awk, so that it takes no start of Python.

It is for completion only, and reads YAML as people write it: block or flow ``metadata``, top-level keys at the beginning of a line.
"""

import shlex
from typing import Final

AWK: Final = r"""
function value(text) { sub(/^[ \t"']+/, "", text); sub(/[ \t\r"',}].*$/, "", text); return text }
function flush() { if (ours && kind == want && name != "") print name; ours = inside = 0; kind = name = "" }
FNR == 1 || /^---/ { flush() }
/^[a-zA-Z]/ { inside = 0 }
/^apiVersion: *["']?overbank\.dev\// { ours = 1 }
/^kind:/ { kind = value(substr($0, 6)) }
/^metadata:/ { inside = 1; if (match($0, /[{ ,]name: */)) name = value(substr($0, RSTART + RLENGTH)) }
inside && name == "" && /^ +name:/ { sub(/^ +name:/, ""); name = value($0) }
END { flush() }
"""
"""Prints the names of the documents of the kind ``want``."""


def command(folder: str, kind: str) -> str:
    """Return a POSIX pipeline that prints names, sorted; ``folder`` and ``kind`` are words of the shell as they are to be written."""
    find = f"find {folder} -name '.?*' -prune -o -type f '(' -name '*.yaml' -o -name '*.yml' ')' -print0"
    return f"{find} 2>/dev/null | xargs -0 awk -v want={kind} {shlex.quote(AWK)} 2>/dev/null | sort -u"
