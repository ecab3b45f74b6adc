"""How long the API server waits, as its query says."""

import pytest

from webhook.front.deadline import DEFAULT_SECONDS, SHARE, Deadlines, timeout


@pytest.mark.parametrize(
    ("query", "seconds"),
    [
        (b"timeout=2s", 2),
        (b"timeout=30s", 30),
        (b"timeout=1m0s", 60),
        (b"timeout=500ms", 0.5),
        (b"timeout=1.5s", 1.5),
        (b"dryRun=All&timeout=3s", 3),
        (b"", DEFAULT_SECONDS),
        (b"timeout=", DEFAULT_SECONDS),
        (b"timeout=0s", DEFAULT_SECONDS),
        (b"timeout=2", DEFAULT_SECONDS),
        (b"timeout=-2s", DEFAULT_SECONDS),
        (b"mytimeout=2s", DEFAULT_SECONDS),
        (b"timeout=2s2", DEFAULT_SECONDS),
        (b"timeout=\xff", DEFAULT_SECONDS),
    ],
)
def test_reads_durations_as_go_writes_them(query: bytes, seconds: float) -> None:
    """What is a duration counts; anything else is as if nothing had been said."""
    assert timeout(query) == pytest.approx(seconds)


def test_leaves_time_for_the_way_back() -> None:
    """We answer within a part of the time, also for more queries than are remembered."""
    deadlines = Deadlines()
    for number in range(1, 200):
        assert deadlines.seconds(b"timeout=%ds" % number) == pytest.approx(number * SHARE)
    assert deadlines.seconds(b"timeout=1s") == pytest.approx(SHARE)
    assert len(deadlines._known) <= 64
