"""All faults, in the order of the table."""

from collections.abc import Callable
from typing import Final

from tests.e2e.controlplane.plane import Plane
from tests.faults import clients, cluster, files
from tests.faults.ground import Ground
from tests.faults.tally import Row

ALONE: Final[tuple[Callable[[Ground], Row], ...]] = (
    files.replaced,
    files.refused,
    files.certificate_mounted,
    files.disk_full,
    files.clock_jump,
    clients.slow,
    clients.large,
    clients.many,
    clients.idle,
    clients.fuzzed,
)
"""Faults of a webhook alone, which need no control plane."""

TOGETHER: Final[tuple[Callable[[Ground, Plane], Row], ...]] = (
    cluster.killed_one_ignore,
    cluster.killed_one_fail,
    cluster.killed_two_ignore,
    cluster.killed_two_fail,
    cluster.ended_two,
    cluster.renewed,
    cluster.api_server,
    cluster.etcd,
    cluster.watch_dropped,
)
"""Faults behind a real API server; two of them stop its processes, so they have a control plane of their own."""
