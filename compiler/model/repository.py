"""A whole repository."""

from msgspec import Struct

from compiler.model.documents import PolicyTest, Repository
from compiler.model.inventory import AcceleratorClass, Cluster
from compiler.model.policy import BurstPolicy


class Model(Struct, frozen=True, kw_only=True):
    """All documents of a repository, each kind sorted by name."""

    repository: Repository
    clusters: tuple[Cluster, ...]
    accelerators: tuple[AcceleratorClass, ...]
    policies: tuple[BurstPolicy, ...]
    tests: tuple[PolicyTest, ...]
