"""Regions: conjunctions of conditions on a pod, its controller and its namespace, some of them turned round."""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import combinations
from typing import NamedTuple

from compiler.reach.labels import Values, complement, least, narrowed
from compiler.reach.match import Controller, Reach, Witness
from compiler.reach.space import Space
from webhook.engine.selector import Requirement

_HANDFUL = 3


class Region(NamedTuple):
    """A set of pods with one kind of controller.

    Attributes:
        labels: what their labels may be.
        asks: of each of these sets a pod asks for one resource at least. declines: it asks for none of these.
        names: their namespaces, None for any; never one of ``banned``; each meets ``requirements``.
        known: whether the labels of their namespaces are known; otherwise no selector matches these.
    """

    controller: Controller
    labels: dict[str, Values]
    asks: tuple[frozenset[str], ...] = ()
    declines: frozenset[str] = frozenset()
    names: frozenset[str] | None = None
    banned: frozenset[str] = frozenset()
    requirements: tuple[Requirement, ...] = ()
    known: bool = True

    @classmethod
    def everything(cls, controller: Controller, *, known: bool = True) -> "Region":
        """Return all pods with a controller of this kind, in namespaces whose labels are known, or not."""
        return cls(controller=controller, labels=narrowed({}, controller.requirements()) or {}, known=known)

    def witness(self, space: Space) -> Witness | None:
        """Return the smallest pod of the region, or None if it is empty."""
        if self.known:
            namespace = space.find(self.names, self.banned, self.requirements)
        else:
            namespace = space.find_unknown(self.names, self.banned)
        if namespace is None:
            return None
        return Witness(
            labels=least(self.labels),
            requests=_least_requests(self.asks, self.declines),
            owner=self.controller.owner,
            namespace=namespace.name,
            namespace_labels=namespace.labels,
            proved=namespace.proved,
            known=namespace.known,
        )

    def within(self, reach: Reach) -> "Region | None":
        """Return what of the region a match takes, None if its pods' conditions exclude each other; namespaces are not looked at."""
        if not self.controller.is_among(reach.owners):
            return None
        # All conditions at once, since this is asked of every match; one by one they are ``conditions``.
        labels = narrowed(self.labels, reach.pods.requirements)
        if labels is None:
            return None
        asks, names, requirements = self.asks, self.names, self.requirements
        if reach.requests:
            resources = frozenset(reach.requests)
            if resources <= self.declines:
                return None
            if resources not in asks:
                asks = (*asks, resources)
        if reach.namespaces.names:
            names = (
                frozenset(reach.namespaces.names) if names is None else names.intersection(reach.namespaces.names)
            ) - self.banned
            if not names:
                return None
        elif reach.namespaces.selector is not None:
            if not self.known:
                return None
            requirements = (*requirements, *(each for each in reach.namespaces.selector.requirements if each not in requirements))
            if narrowed({}, requirements) is None:
                return None
        return Region(self.controller, labels, asks, self.declines, names, self.banned, requirements, self.known)


class Condition:
    """One of the conditions of a match."""

    def kept(self, region: Region) -> Region | None:
        """Return the part of a region that meets it, None if that is plainly empty."""
        raise NotImplementedError

    def refused(self, region: Region) -> Region | None:
        """Return the part of a region that does not meet it, None if that is plainly empty."""
        raise NotImplementedError


@dataclass(frozen=True, slots=True)
class Labelled(Condition):
    """The pod's labels meet a requirement."""

    requirement: Requirement

    def kept(self, region: Region) -> Region | None:
        """Return the part that meets it."""
        return self._with(region, self.requirement)

    def refused(self, region: Region) -> Region | None:
        """Return the part that does not."""
        return self._with(region, complement(self.requirement))

    @staticmethod
    def _with(region: Region, requirement: Requirement) -> Region | None:
        labels = narrowed(region.labels, (requirement,))
        return None if labels is None else region._replace(labels=labels)


@dataclass(frozen=True, slots=True)
class Asking(Condition):
    """The pod asks for one of these resources."""

    resources: frozenset[str]

    def kept(self, region: Region) -> Region | None:
        """Return the part that meets it."""
        if self.resources <= region.declines:
            return None
        return region if self.resources in region.asks else region._replace(asks=(*region.asks, self.resources))

    def refused(self, region: Region) -> Region | None:
        """Return the part that does not."""
        declines = region.declines | self.resources
        return None if any(each <= declines for each in region.asks) else region._replace(declines=declines)


@dataclass(frozen=True, slots=True)
class Named(Condition):
    """The namespace has one of these names."""

    names: frozenset[str]

    def kept(self, region: Region) -> Region | None:
        """Return the part that meets it."""
        names = (self.names if region.names is None else region.names & self.names) - region.banned
        return region._replace(names=names) if names else None

    def refused(self, region: Region) -> Region | None:
        """Return the part that does not."""
        if region.names is None:
            return region._replace(banned=region.banned | self.names)
        names = region.names - self.names
        return region._replace(names=names) if names else None


@dataclass(frozen=True, slots=True)
class Inside(Condition):
    """The namespace's labels are known and meet a requirement."""

    requirement: Requirement

    def kept(self, region: Region) -> Region | None:
        """Return the part that meets it."""
        return self._with(region, self.requirement) if region.known else None

    def refused(self, region: Region) -> Region | None:
        """Return the part that does not."""
        return self._with(region, complement(self.requirement)) if region.known else region

    @staticmethod
    def _with(region: Region, requirement: Requirement) -> Region | None:
        if requirement in region.requirements:
            return region
        requirements = (*region.requirements, requirement)
        return None if narrowed({}, requirements) is None else region._replace(requirements=requirements)


def conditions(reach: Reach) -> Iterator[Condition]:
    """Yield the conditions of a match that do not concern the controller."""
    yield from (Labelled(each) for each in reach.pods.requirements)
    if reach.requests:
        yield Asking(frozenset(reach.requests))
    if reach.namespaces.names:
        yield Named(frozenset(reach.namespaces.names))
    elif reach.namespaces.selector is not None:
        yield from map(Inside, reach.namespaces.selector.requirements)


def _least_requests(asks: tuple[frozenset[str], ...], declines: frozenset[str]) -> tuple[str, ...]:
    """Return the fewest resources, least in order, that hit every set. Of more than a handful of sets, few, but perhaps not fewest."""
    resources = sorted(frozenset().union(*asks) - declines)
    if len(asks) > _HANDFUL:
        return _greedy(asks, resources)
    for number in range(len(asks) + 1):
        for chosen in combinations(resources, number):
            if all(each.intersection(chosen) for each in asks):
                return chosen
    raise ValueError("no resource is left to ask for")


def _greedy(asks: tuple[frozenset[str], ...], resources: list[str]) -> tuple[str, ...]:
    left, chosen = list(asks), list[str]()
    while left:
        chosen.append(min(resources, key=lambda resource: (-sum(resource in each for each in left), resource)))
        left = [each for each in left if chosen[-1] not in each]
    return tuple(sorted(chosen))
