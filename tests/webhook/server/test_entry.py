"""The script before there is a server: where its libraries are missing, and where it is stopped while they are loaded."""

import signal
import subprocess
import sys

import pytest

WITHOUT_UVICORN = """
import sys
sys.modules["uvicorn"] = None
from webhook.entry import main
raise SystemExit(main())
"""

STOPPED_WHILE_IT_STARTS = """
import os, signal, sys

class Loading:
    def find_spec(self, name, *_):
        if name == "uvicorn":
            os.kill(os.getpid(), signal.Signals[sys.argv[1]])

sys.meta_path.insert(0, Loading())
from webhook.entry import main
raise SystemExit(main())
"""


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_while_it_starts_is_heeded(number: signal.Signals) -> None:
    """A pod that is deleted as soon as it was made ends at once, and without a word."""
    command = [sys.executable, "-c", STOPPED_WHILE_IT_STARTS, number.name]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert (done.returncode, done.stderr) == (0, "")


def test_a_missing_extra_is_named() -> None:
    """Without the server's libraries the script says what to install, in one line, and ends with 2."""
    done = subprocess.run([sys.executable, "-c", WITHOUT_UVICORN], capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 2
    assert done.stderr == "overbank-webhook: error: uvicorn is not installed; install overbank[webhook]\n"
