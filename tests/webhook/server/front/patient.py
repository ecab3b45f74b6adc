"""``overbank-webhook`` that waits longer at its end for requests which are on their way: a busy machine may need more than it gives them."""

from webhook.entry import main
from webhook.front import connection

if __name__ == "__main__":
    connection.LAST_CHANCE_SECONDS = 60.0  # type: ignore[misc]
    raise SystemExit(main())
