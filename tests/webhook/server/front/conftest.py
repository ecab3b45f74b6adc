"""What most clients send."""

import json
from typing import Any

import pytest

from tests.webhook.server.reviews import MakeReview


@pytest.fixture
def body(make_review: MakeReview, pod: dict[str, Any]) -> bytes:
    """Return a review that is answered with a patch."""
    return json.dumps(make_review(pod)).encode()
