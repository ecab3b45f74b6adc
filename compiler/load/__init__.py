"""Bytes to documents: YAML 1.2 core schema over libyaml, through PyYAML's binding.

Two readers read the same language, as two validators read the same schemas. ``values`` accepts: it builds the values of plain files, which
is what nearly all files are, and declines whatever is out of the ordinary. ``positions`` decides about the rest and explains: it knows where
everything was written, and is asked for that only where somebody looks, which nobody does while there is nothing to say.
"""

from compiler.load.documents import load
from compiler.load.limits import MAX_BYTES, MAX_DEPTH, MAX_FINDINGS, MAX_VALUES
from compiler.load.scalars import MAX_DIGITS
from compiler.load.text import decode

__all__ = ["MAX_BYTES", "MAX_DEPTH", "MAX_DIGITS", "MAX_FINDINGS", "MAX_VALUES", "decode", "load"]
