"""``make control-plane``."""

import sys

from tests.e2e.controlplane.build import BuildError, build

try:
    build()
except BuildError as error:
    sys.exit(f"control-plane: error: {error}")
except KeyboardInterrupt:
    sys.exit("control-plane: stopped; the next run goes on from here")
