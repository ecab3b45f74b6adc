"""Two sides of a repository, compared."""

from collections.abc import Iterable
from dataclasses import dataclass, field

from compiler.diff.corpus import Tried
from compiler.diff.live import Observed
from compiler.diff.objects import ObjectChange, compare
from compiler.diff.policies import Effect, PolicyChange, gathered, in_cluster
from compiler.diff.running import Consequence, of_object
from compiler.diff.side import Side, bundle_path


@dataclass(frozen=True, slots=True, kw_only=True)
class Diff:
    """What lies between two states of a repository.

    Attributes:
        before, after: how people call them.
        clusters, hosts: names that are on the new side only, and on the old side only.
        objects: all files that differ, by path.
        consequences: what objects that are no single policy's do to running pods.
        tried: pods of manifests under both sides. observed: running pods, by cluster.
    """

    before: str
    after: str
    clusters: tuple[tuple[str, ...], tuple[str, ...]]
    hosts: tuple[tuple[str, ...], tuple[str, ...]]
    policies: tuple[PolicyChange, ...]
    objects: tuple[ObjectChange, ...] = field(repr=False)
    consequences: tuple[tuple[ObjectChange, Consequence], ...]
    tried: Tried = field(default_factory=Tried)
    observed: tuple[Observed, ...] = ()

    @property
    def is_empty(self) -> bool:
        """Whether nothing differs. Everything else follows from the policies and the objects that are rendered."""
        return not (self.objects or self.policies or any((*self.clusters, *self.hosts)))


def changed_clusters(before: Side, after: Side) -> list[str]:
    """Return the clusters that are there on both sides and whose webhook gets something else."""
    old, new = before.files.digests, after.files.digests
    return [
        name
        for name in sorted(before.clusters.keys() & after.clusters.keys())
        if old.get(bundle_path(name)) != new.get(bundle_path(name))
    ]


def diff(before: Side, after: Side) -> Diff:
    """Compare two sides."""
    objects = compare(before.files, after.files)
    by_folder: dict[str, list[ObjectChange]] = {}
    for each in objects:
        by_folder.setdefault(each.folder, []).append(each)
    effects: dict[str, dict[str, Effect]] = {}
    for name in sorted(before.clusters.keys() & after.clusters.keys()):
        mine = by_folder.get(f"clusters/{name}", [])
        if mine:
            effects[name] = in_cluster(name, before, after, mine)
    consequences = [(each, found) for each in objects if not each.derived and (found := of_object(each)) is not None]
    return Diff(
        before=before.name,
        after=after.name,
        clusters=_only(before.clusters.keys(), after.clusters.keys()),
        hosts=_only(before.hosts, after.hosts),
        policies=gathered(effects, before, after),
        objects=objects,
        consequences=tuple(consequences),
    )


def _only(before: Iterable[str], after: Iterable[str]) -> tuple[tuple[str, ...], tuple[str, ...]]:
    old, new = set(before), set(after)
    return tuple(sorted(new - old)), tuple(sorted(old - new))
