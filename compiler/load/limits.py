"""How much of a file is read."""

from typing import Final

from compiler import sources

MAX_BYTES: Final = sources.MAX_BYTES
MAX_DEPTH: Final = 100
MAX_VALUES: Final = 500_000
MAX_FINDINGS: Final = 1000
"""After so many findings in a file the rest of it is not read: nobody reads on either, and each costs memory."""
MAX_DIRECTIVES: Final = 100
WEIGHT: Final = 32
"""So many characters count as one value more, since aliases repeat long strings as well as large collections."""
