"""A cluster with what is bound to it, and what is kept of policies and clusters that were looked at."""

from msgspec import Struct, field

from compiler.incremental.facts import Head
from compiler.incremental.findings import Finding


class Bound(Struct, array_like=True, frozen=True):
    """What is known of a policy: ``clusters`` are the names of those that it is bound to."""

    findings: tuple[Finding, ...]
    clusters: tuple[str, ...]


class Said(Struct, array_like=True, frozen=True):
    """What a cluster says of a policy (``compiler.rules.verdicts``)."""

    policy: str
    idle: tuple[Finding, ...]
    here: tuple[Finding, ...]


class Judged(Struct, array_like=True, frozen=True):
    """What is found in a cluster, and what it says of its policies."""

    findings: tuple[Finding, ...]
    said: tuple[Said, ...]


class Site(Struct, kw_only=True):
    """A cluster with what is bound to it, sorted by name; the slice of this key may look at nothing else."""

    cluster: Head
    policies: list[Head] = field(default_factory=list)
    accelerators: list[Head] = field(default_factory=list)
    key: bytes = b""

    def heads(self, settings: Head) -> list[Head]:
        """Return the documents that the slice is given."""
        return [settings, self.cluster, *self.policies, *self.accelerators]
