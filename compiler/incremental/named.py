"""Documents by kind and name, as far as their heads tell."""

from collections.abc import Iterable, Iterator, Mapping
from operator import attrgetter
from typing import Final

from msgspec import Struct, field

from compiler.incremental.facts import Head
from compiler.incremental.memory import listed

KINDS: Final = ("Cluster", "AcceleratorClass", "BurstPolicy", "PolicyTest", "FederationHost", "PlacementPolicy")

Names = Mapping[str, Head]
"""The documents of a kind by name, sorted by name; the first of two with one name."""


class View(Struct, frozen=True):
    """Clusters and accelerator classes, each sorted by name; ``digests`` is all of them as one part of what a slice is given."""

    clusters: tuple[Head, ...]
    accelerators: tuple[Head, ...]
    digests: bytes


def view_of(clusters: tuple[Head, ...], accelerators: tuple[Head, ...]) -> View:
    """Return the view of these."""
    return View(clusters, accelerators, b"%d:" % len(clusters) + listed([head.digest for head in (*clusters, *accelerators)]))


class Named(Struct, frozen=True, kw_only=True):
    """All documents of a repository.

    Attributes:
        settings: the repository's own.
        twice: documents that share kind and name with others, and Repository documents beside the settings, by path and place in the file.
        scenarios: all of them, twins too.
    """

    settings: Head
    clusters: Names
    accelerators: Names
    policies: Names
    tests: Names
    hosts: Names
    placements: Names
    scenarios: tuple[Head, ...]
    twice: tuple[Head, ...]

    @property
    def federated(self) -> bool:
        """Whether anything is about federation."""
        return bool(self.hosts or self.placements or any(cluster.host for cluster in self.clusters.values()))

    views: dict[tuple[bool, tuple[str, ...], str], View] = field(default_factory=dict)
    """What was worked out already: many documents look at the same."""

    def view(self, head: Head) -> View:
        """Return what a document may look at beside itself: what it names, or all there is of a kind if some name does not exist."""
        asked = (head.everywhere, head.clusters, head.accelerator)
        found = self.views.get(asked)
        if found is None:
            clusters = tuple(self.clusters.values()) if head.everywhere else _named(head.clusters, self.clusters)
            accelerators = _named((head.accelerator,), self.accelerators) if head.accelerator else ()
            found = self.views[asked] = view_of(clusters, accelerators)
        return found


def _named(names: Iterable[str], known: Names) -> tuple[Head, ...]:
    try:
        return tuple([known[name] for name in names])
    except KeyError:
        return tuple(known.values())


def named(heads: Iterable[Head], settings: Head) -> Named:
    """Sort heads by kind and name."""
    by_kind: dict[str, dict[str, list[Head]]] = {kind: {} for kind in KINDS}
    scenarios, strays = [], []
    # Those of a file stand in their order.
    for head in sorted(heads, key=attrgetter("path")):
        of_kind = by_kind.get(head.kind)
        if of_kind is not None:
            of_kind.setdefault(head.name, []).append(head)
        elif head.kind == "PlanScenario":
            scenarios.append(head)
        elif head.kind == "Repository" and head is not settings:
            strays.append(head)
    first = {kind: {name: same[0] for name, same in sorted(of_kind.items())} for kind, of_kind in by_kind.items()}
    return Named(
        settings=settings,
        clusters=first["Cluster"],
        accelerators=first["AcceleratorClass"],
        policies=first["BurstPolicy"],
        tests=first["PolicyTest"],
        hosts=first["FederationHost"],
        placements=first["PlacementPolicy"],
        scenarios=tuple(scenarios),
        twice=tuple(sorted([*strays, *_twins(by_kind)], key=lambda each: (each.path, each.index))),
    )


def _twins(by_kind: Mapping[str, Mapping[str, list[Head]]]) -> Iterator[Head]:
    for of_kind in by_kind.values():
        for same in of_kind.values():
            if len(same) > 1:
                yield from same
