"""One form for policy files: the order of the schemas, two spaces, comments where they were. Nothing here touches the disk.

Text to a tree of entries that still have their own words and comments (``reading``), to the order of the schema of their kind (``order``),
to text (``writing``); and no text is given out before it was read again and says the same (``proving``). A scalar is never written anew:
its quotes, and all that they mean, stay as its author wrote them.
"""

from compiler.formatting.files import DeclinedError, formatted

__all__ = ["DeclinedError", "formatted"]
