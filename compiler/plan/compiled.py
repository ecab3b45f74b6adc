"""What scenarios are bound to."""

from dataclasses import dataclass

from compiler.federation.resolve import Federated
from compiler.ir import ClusterIR
from compiler.resolve import Resolved
from compiler.sources import Source


@dataclass(frozen=True, slots=True, kw_only=True)
class Compiled:
    """A repository without errors: ``source`` has the files that scenarios name, ``federated`` is None without federation."""

    source: Source
    resolved: Resolved
    clusters: tuple[ClusterIR, ...]
    federated: Federated | None
