"""A webhook alone, under load, while something goes wrong: nothing fails and nothing is lost. ``make faults`` is the long form."""

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.faults.catalogue import ALONE
from tests.faults.ground import Ground, ground
from tests.faults.tally import Row
from webhook.serving import KEEP_ALIVE_SECONDS

API_SERVER_IDLE_SECONDS = 90
"""How long the API server keeps an idle connection to a webhook; see ``KEEP_ALIVE_SECONDS``."""


@pytest.mark.parametrize("fault", ALONE, ids=lambda fault: fault.__name__)
def test_nothing_fails_and_nothing_is_lost(fault: Callable[[Ground], Row], tmp_path: Path) -> None:
    """Every request under this fault is answered, by a patch that one bundle explains."""
    if fault.__name__ == "clock_jump" and shutil.which("cc") is None:
        pytest.skip("there is no C compiler, and so no clock that can be set for one process")
    with ground(tmp_path) as place:
        row = fault(place)
    assert row.sent > 20
    assert (row.failed, row.lost) == (0, 0), row


def test_the_server_is_more_patient_than_its_client() -> None:
    """Idle connections are closed by the API server, well before the webhook would: whoever closes first races with nobody."""
    assert KEEP_ALIVE_SECONDS >= API_SERVER_IDLE_SECONDS + 15
