"""Replicas behind a real API server, while something goes wrong. ``make faults`` is the long form."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.e2e.controlplane.assets import Assets
from tests.e2e.controlplane.plane import Plane, running
from tests.faults import cluster
from tests.faults.ground import Ground, ground
from tests.faults.tally import Row

Fault = Callable[[Ground, Plane], Row]


@pytest.fixture(scope="module")
def plane(assets: Assets, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Plane]:
    """Return a control plane of these tests' own, because they stop its processes."""
    with running(assets, tmp_path_factory.mktemp("faults")) as started:
        yield started


@pytest.fixture
def row(plane: Plane, tmp_path: Path) -> Callable[[Fault], Row]:
    """Return a function that lets a fault happen."""

    def run(fault: Fault) -> Row:
        with ground(tmp_path) as place:
            return fault(place, plane)

    return run


UNDER_WAY = 20
"""Requests that may be on their way to a replica when it dies, or come before that is known: four creators, two deaths, and a look each 0.2 s."""


@pytest.mark.parametrize(
    ("fault", "most"), [(cluster.killed_one_ignore, None), (cluster.killed_two_ignore, UNDER_WAY)], ids=("one", "two")
)
def test_a_dead_webhook_blocks_nobody(fault: Fault, most: int | None, row: Callable[[Fault], Row]) -> None:
    """With the default failure policy every pod goes through; of two replicas one is enough but for what is under way."""
    found = row(fault)
    assert found.failed == 0, found
    assert most is None or found.lost <= most, found


@pytest.mark.parametrize("fault", [cluster.killed_one_fail, cluster.killed_two_fail], ids=("one", "two"))
def test_nothing_goes_through_unchanged_where_that_is_refused(fault: Fault, row: Callable[[Fault], Row]) -> None:
    """With failurePolicy Fail no pod loses its mutation, however many replicas die."""
    found = row(fault)
    assert found.lost == 0, found


@pytest.mark.parametrize("fault", [cluster.ended_two, cluster.renewed, cluster.watch_dropped], ids=lambda fault: fault.__name__)
def test_an_orderly_change_is_not_noticed(fault: Fault, row: Callable[[Fault], Row]) -> None:
    """An upgrade, a new certificate, and watches that break, cost no request and no mutation."""
    found = row(fault)
    assert found.sent > 20
    assert (found.failed, found.lost) == (0, 0), found


@pytest.mark.parametrize("fault", [cluster.api_server, cluster.etcd], ids=lambda fault: fault.__name__)
def test_the_webhook_outlives_the_control_plane(fault: Fault, row: Callable[[Fault], Row]) -> None:
    """While the control plane is away requests fail; none that goes through is unchanged, and afterwards everything is as before."""
    found = row(fault)
    assert found.lost == 0, found
