"""Reviews as they are sent, and how often admission says what became of them."""

import json
from collections.abc import Callable
from typing import Any

from webhook.telemetry.metrics import Metrics

MakeReview = Callable[..., dict[str, Any]]

UID = "705ab4f5-6393-11e8-b7cc-42010a800002"
"""The uid of every request."""


def encoded(value: Any) -> bytes:
    """Return the JSON of a value."""
    return json.dumps(value).encode()


def counted(metrics: Metrics, outcome: str) -> float | None:
    """Return how often an outcome was counted."""
    return metrics.registry.get_sample_value("overbank_webhook_admissions_total", {"outcome": outcome})
