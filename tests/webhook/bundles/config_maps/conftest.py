"""A webhook that is quick to try again, and bundles in many parts."""

import pytest

from webhook.bundles import config_maps, identity
from webhook.engine import split as splitting


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """Try again soon, and cut bundles into many parts."""
    monkeypatch.setattr(config_maps, "_RETRY_SECONDS", 0.02)
    monkeypatch.setattr(config_maps, "_PATIENCE_SECONDS", 0.0)
    monkeypatch.setattr(identity, "_FIRST_WAIT_SECONDS", 0.01)
    monkeypatch.setattr(splitting, "PART_BYTES", 200)
