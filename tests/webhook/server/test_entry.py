"""The script where the server's libraries are missing."""

import subprocess
import sys

WITHOUT_UVICORN = """
import sys
sys.modules["uvicorn"] = None
from webhook.entry import main
raise SystemExit(main())
"""


def test_a_missing_extra_is_named() -> None:
    """Without the server's libraries the script says what to install, in one line, and ends with 2."""
    done = subprocess.run([sys.executable, "-c", WITHOUT_UVICORN], capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 2
    assert done.stderr == "overbank-webhook: error: uvicorn is not installed; install overbank[webhook]\n"
