"""The log of the server: one JSON object a line.

Exceptions are logged by type and place, without their texts, which may hold something of a pod: the text of a KeyError is the key.
"""

import json
import logging
import sys
import traceback
from datetime import UTC, datetime
from typing import Any, Protocol


class JsonLines(logging.Formatter):
    """Formats a record as one line of JSON: time, level, event, and the fields that ``log`` was given."""

    def format(self, record: logging.LogRecord) -> str:
        """Return the line, without its end."""
        line: dict[str, Any] = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "logger": record.name,
            "event": record.getMessage().strip(),
            **getattr(record, "fields", {}),
        }
        if record.exc_info and record.exc_info[1]:
            line["exception"] = describe(record.exc_info[1])
        return json.dumps(line, default=str)


class Stream(Protocol):
    """As much of a text stream as a log needs."""

    def write(self, text: str, /) -> object:
        """Write a line."""

    def flush(self) -> object:
        """Make sure that it arrives."""


def configure_logging(stream: Stream | None = None) -> None:
    """Write every log of this process as JSON lines to ``stream``, stderr by default."""
    handler: logging.Handler = logging.StreamHandler(stream or sys.stderr)
    handler.setFormatter(JsonLines())
    root = logging.getLogger()
    root.handlers = [handler]
    root.setLevel(logging.INFO)


def log(level: int, event: str, /, **fields: Any) -> None:
    """Log an event of the server with its facts."""
    logging.getLogger("overbank.webhook").log(level, event, extra={"fields": fields})


def describe(error: BaseException) -> dict[str, Any]:
    """Return the type of an exception and the places it came through, without its text."""
    frames = traceback.extract_tb(error.__traceback__)
    return {"type": type(error).__qualname__, "frames": [f"{frame.filename}:{frame.lineno} {frame.name}" for frame in frames]}
