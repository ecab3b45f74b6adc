"""The script ``overbank-webhook``: the server, or a plain word where the server's libraries are not installed."""

import signal
import sys


def main() -> int:
    """Run the server; exit code 2 if the extra ``webhook`` is missing, 0 after a signal to stop."""
    # Until the server listens for signals itself: the first process of a container does not get one that nobody listens for, and the
    # node would wait for its end in vain.
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: sys.exit(0))
    try:
        from webhook.server import main as serve  # noqa: PLC0415 - what it imports may not be there
    except ModuleNotFoundError as error:
        if error.name and error.name.partition(".")[0] == "webhook":
            raise
        sys.stderr.write(f"overbank-webhook: error: {error.name} is not installed; install overbank[webhook]\n")
        return 2
    return serve()
