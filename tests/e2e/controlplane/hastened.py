"""``overbank-webhook`` with the same steps of a rotation and shorter waits between them: minutes would be too long for a test.

Arguments: the seconds that an authority has to be carried for, then those of the program.
"""

import sys
from datetime import timedelta

from webhook.certificates import rotation
from webhook.entry import main

if __name__ == "__main__":
    # What is shortened is a module's constant; the product has no setting for it, since nobody should shorten it.
    rotation.SETTLE = timedelta(seconds=float(sys.argv.pop(1)))  # type: ignore[misc]
    rotation.SETTLE_SPREAD = timedelta(seconds=1)  # type: ignore[misc]
    raise SystemExit(main())
