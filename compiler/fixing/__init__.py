"""Edits that do away with findings: made where a rule finds something, done to texts when somebody asks. Nothing here touches the disk.

A fix is made of the text as it was read, and says of itself whether it is safe. ``making`` is for rules; ``removing`` finds what has to go
with an entry so that the rest reads as before; ``doing`` carries fixes out.
"""

from compiler.fixing.commenting import uncommented
from compiler.fixing.doing import Done, carried_out
from compiler.fixing.making import quoted, renamed, replaced, without

__all__ = ["Done", "carried_out", "quoted", "renamed", "replaced", "uncommented", "without"]
