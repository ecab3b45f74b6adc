"""How many random examples a test tries: ``OVERBANK_EXAMPLES`` multiplies all of these numbers, and has new ones drawn.

The default run draws the same examples each time, so that a failure is the fault of the change under test.
"""

import os
from typing import Final

_MULTIPLIER: Final = float(os.environ.get("OVERBANK_EXAMPLES", "1"))

SAME: Final = _MULTIPLIER == 1
"""Whether the examples of each run are the same."""


def examples(number: int) -> int:
    """Return how many examples to try where ``number`` is right for the default run."""
    return max(1, round(number * _MULTIPLIER))
