"""The script ``overbank-webhook``: the server, or a plain word where the server's libraries are not installed."""

import sys


def main() -> int:
    """Run the server; exit code 2 if the extra ``webhook`` is missing."""
    try:
        from webhook.server import main as serve  # noqa: PLC0415 - what it imports may not be there
    except ModuleNotFoundError as error:
        if error.name and error.name.partition(".")[0] == "webhook":
            raise
        sys.stderr.write(f"overbank-webhook: error: {error.name} is not installed; install overbank[webhook]\n")
        return 2
    return serve()
