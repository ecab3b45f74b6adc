"""How many random examples a test tries: ``OVERBANK_EXAMPLES`` multiplies all of these numbers, and has new ones drawn.

The default run draws the same examples each time, so that a failure is the fault of the change under test.
"""

import os
from typing import Final

from hypothesis.internal.conjecture import providers
from hypothesis.internal.constants_ast import Constants

_MULTIPLIER: Final = float(os.environ.get("OVERBANK_EXAMPLES", "1"))

SAME: Final = _MULTIPLIER == 1
"""Whether the examples of each run are the same."""


def examples(number: int) -> int:
    """Return how many examples to try where ``number`` is right for the default run."""
    return max(1, round(number * _MULTIPLIER))


def draw_the_same() -> None:
    """Keep Hypothesis from mixing in numbers and texts of the code under test where the examples of each run are the same.

    It takes them from the modules that are loaded when it draws, and which ones are hangs on the tests that ran before in this process.
    There is no setting for it; ``tests/test_examples.py`` fails where this has no effect any more.
    """
    if SAME:
        providers._get_local_constants = Constants
