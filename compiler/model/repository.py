"""A whole repository."""

from dataclasses import dataclass

from compiler.model.documents import PolicyTest, Repository
from compiler.model.inventory import AcceleratorClass, Cluster
from compiler.model.policy import BurstPolicy


@dataclass(frozen=True, slots=True, kw_only=True)
class Model:
    """All documents of a repository, each kind sorted by name."""

    repository: Repository
    clusters: tuple[Cluster, ...]
    accelerators: tuple[AcceleratorClass, ...]
    policies: tuple[BurstPolicy, ...]
    tests: tuple[PolicyTest, ...]
