"""Reach against a brute-force model that shares nothing with it: every pod of a small universe, in every namespace that there may be.

``OVERBANK_REACH_CASES=100000`` plays that many random cases; without it a few thousand are.
"""

import os
from collections.abc import Callable, Iterator
from functools import cache
from itertools import chain, combinations, product
from random import Random
from typing import NamedTuple

import pytest
from hypothesis import given
from hypothesis import strategies as st

from compiler.reach import (
    Kinds,
    Reach,
    Relation,
    Remainder,
    Space,
    UndecidedError,
    Witness,
    compare,
    contained,
    left,
    outside,
    overlap,
    satisfiable,
    some,
)
from compiler.reach.finder import Finder
from webhook.engine.match import Index
from webhook.engine.pod import Container, Metadata, OwnerReference, Pod, Resources, Spec
from webhook.engine.policy import NamespaceMatch, Owner, Policy
from webhook.engine.selector import Operator, Requirement, Selector

CASES = int(os.environ.get("OVERBANK_REACH_CASES", "3000"))

HASH = "pod-template-hash"
NAME = "kubernetes.io/metadata.name"
VALUES = ("any", "x", "y")
MENTIONED = {"a": VALUES, "b": ("x",), HASH: ("any",), "t": VALUES, NAME: ("d1", "e1", "u1")}
"""The values that matches name, by key."""

OTHER = "zz"
"""A value, and the name of a namespace, that no match names."""

JOB, DEPLOYMENT, REPLICA_SET = Owner("Job", "batch"), Owner("Deployment", "apps"), Owner("ReplicaSet", "apps")
RESOURCES = ("g", "h")
ANYWHERE = NamespaceMatch(all=True)
DECLARED = {"d1": {"t": "x"}, "d2": {}}
EXCLUDED = ("e1",)
UNDECLARED = ("u1", OTHER)


class Place(NamedTuple):
    """A namespace: ``labels`` is None where they are unknown."""

    name: str
    labels: tuple[tuple[str, str], ...] | None


class Point(NamedTuple):
    """A pod in a namespace."""

    labels: tuple[tuple[str, str], ...]
    owner: Owner | None
    requests: tuple[str, ...]
    place: Place


def _maps(**choices: tuple[str | None, ...]) -> Iterator[tuple[tuple[str, str], ...]]:
    for values in product(*choices.values()):
        yield tuple((key.replace("_", "-"), value) for key, value in zip(choices, values, strict=True) if value is not None)


def _places(*, named: bool) -> Iterator[Place]:
    for name, labels in DECLARED.items():
        yield Place(name, tuple(sorted({**labels, **({NAME: name} if named else {})}.items())))
    for name in UNDECLARED:
        for labels in _maps(t=(None, *VALUES, OTHER)):
            for own in (name,) if named else (None, "d1", "e1", "u1", OTHER):
                yield Place(name, (*labels, *(((NAME, own),) if own else ())))
        yield Place(name, None)


class World:
    """Every pod of the universe; sets of pods are bits of one number."""

    def __init__(self, *, named: bool) -> None:
        self.named = named
        self.space = Space(
            declared={name: {**labels, **({NAME: name} if named else {})} for name, labels in DECLARED.items()},
            excluded=EXCLUDED,
            named=named,
        )
        requests = list(chain.from_iterable(combinations(RESOURCES, number) for number in range(3)))
        labels = list(_maps(a=(None, *VALUES, OTHER), b=(None, "x", OTHER), pod_template_hash=(None, "any", OTHER)))
        points = (Point(*each) for each in product(labels, (None, JOB, REPLICA_SET), requests, _places(named=named)))
        self.points = sorted(points, key=lambda point: len(point.labels) + len(point.requests) + (point.owner is not None))
        self.everything = (1 << len(self.points)) - 1
        self.condition = cache(lambda reach: self._where(lambda point: _takes(reach, point)))
        self.known = self._where(lambda point: point.place.labels is not None)
        self.declared = self._where(lambda point: point.place.name in DECLARED)
        pods: dict[object, int] = {}
        for index, point in enumerate(self.points):
            if point.place.name == "u1":
                pods[point[:3]] = pods.get(point[:3], 0) | 1 << index
        self.variants = list(pods.values())

    def _where(self, holds: Callable[[Point], bool]) -> int:
        return int("".join("1" if holds(point) else "0" for point in reversed(self.points)), 2)

    def mask(self, reach: Reach) -> int:
        """Return the pods that a match takes: those that each of its conditions takes, which are few and come again and again."""
        parts = [Reach(namespaces=reach.namespaces, pods=Selector())]
        parts += [Reach(namespaces=ANYWHERE, pods=Selector((each,))) for each in reach.pods.requirements]
        parts.append(Reach(namespaces=ANYWHERE, pods=Selector(), requests=reach.requests))
        parts.append(Reach(namespaces=ANYWHERE, pods=Selector(), owners=reach.owners))
        found = self.everything
        for part in parts:
            found &= self.condition(part)
        return found

    def size(self, mask: int) -> int:
        """Return how much has to be said about the smallest pod of a set."""
        point = self.points[(mask & -mask).bit_length() - 1]
        return len(point.labels) + len(point.requests) + (point.owner is not None)

    def certain(self, mask: int, inner: tuple[Reach, ...]) -> int:
        """Return the pods of a set that stand in a declared namespace, or in one that is named, whatever its labels are."""
        found = mask & self.declared
        if any(reach.namespaces.names for reach in inner):
            found |= sum(variants for variants in self.variants if variants & mask == variants)
        return found


def _holds(requirement: Requirement, labels: dict[str, str]) -> bool:
    present, value = requirement.key in labels, labels.get(requirement.key)
    if requirement.operator == "In":
        return present and value in requirement.values
    if requirement.operator == "NotIn":
        return not present or value not in requirement.values
    return present is (requirement.operator == "Exists")


def _takes(reach: Reach, point: Point) -> bool:
    labels = dict(point.labels)
    if not all(_holds(each, labels) for each in reach.pods.requirements):
        return False
    if reach.requests and not set(reach.requests) & set(point.requests):
        return False
    if reach.owners and point.owner not in reach.owners:
        deployed = point.owner == REPLICA_SET and HASH in labels
        if not (deployed and DEPLOYMENT in reach.owners):
            return False
    if reach.namespaces.names:
        return point.place.name in reach.namespaces.names
    if reach.namespaces.selector is not None:
        inside = point.place.labels
        return inside is not None and all(_holds(each, dict(inside)) for each in reach.namespaces.selector.requirements)
    return True


WORLDS = {named: World(named=named) for named in (True, False)}


def _requirement(random: Random, keys: tuple[str, ...]) -> Requirement:
    operator = random.choice(list(Operator))
    key = random.choice(keys)
    known = MENTIONED[key]
    values = () if operator in (Operator.EXISTS, Operator.DOES_NOT_EXIST) else random.sample(known, random.randint(1, len(known)))
    return Requirement(key, operator, tuple(sorted(values)))


def _reach(random: Random) -> Reach:
    match random.randrange(3):
        case 0:
            namespaces = NamespaceMatch(all=True)
        case 1:
            namespaces = NamespaceMatch(names=tuple(sorted(random.sample(["d1", "d2", "e1", "u1"], random.randint(1, 3)))))
        case _:
            chosen = [_requirement(random, ("t", "t", NAME)) for _ in range(random.randint(1, 2))]
            namespaces = NamespaceMatch(selector=Selector.of(expressions=chosen))
    return Reach(
        namespaces=namespaces,
        pods=Selector.of(expressions=[_requirement(random, ("a", "a", "b", HASH)) for _ in range(random.randrange(4))]),
        requests=tuple(sorted(random.sample(RESOURCES, random.choice([0, 0, 1, 2])))),
        owners=tuple(sorted(random.sample([JOB, DEPLOYMENT, REPLICA_SET], random.choice([0, 0, 1, 2])))),
    )


def _shows(world: World, witness: Witness | None, mask: int, inner: tuple[Reach, ...], outer: tuple[Reach, ...] = ()) -> None:
    """Make sure that a witness is there if and only if the set has a pod, that it is one, and that none is smaller."""
    if witness is None:
        assert not mask
        return
    assert mask
    assert witness.namespace not in EXCLUDED
    certain = world.certain(mask, inner)
    size = len(witness.labels) + len(witness.requests) + (witness.owner is not None)
    if any(each.namespaces.selector for each in outer):
        # A named namespace that no selector can take, whatever its labels are, may be called possible; a declared one never.
        assert witness.proved is bool(certain) or not certain & world.declared
        if witness.proved and certain & world.declared:
            assert size <= world.size(certain & world.declared)
        best = certain if witness.proved else (mask & world.known) or mask
        assert size >= world.size(best)
    else:
        assert witness.proved is bool(certain)
        best = certain or (mask & world.known) or mask
        assert size == world.size(best)
    assert witness.known is bool(best & world.known)
    labels = None
    if witness.known:
        name = {NAME: witness.namespace} if world.named else {}
        labels = tuple(sorted({**witness.namespace_labels, **name}.items()))
    point = Point(tuple(sorted(witness.labels.items())), witness.owner, witness.requests, Place(witness.namespace, labels))
    assert all(_takes(reach, point) for reach in inner)
    assert not any(_takes(reach, point) for reach in outer)
    if witness.proved and witness.namespace in DECLARED:
        assert witness.namespace_labels == world.space.declared[witness.namespace]


def _play(random: Random) -> None:
    world = WORLDS[random.random() < 0.7]
    first, second, third, fourth = (_reach(random) for _ in range(4))
    one, two, three, four = (world.mask(each) for each in (first, second, third, fourth))
    _shows(world, satisfiable(first, world.space), one, (first,))
    _shows(world, overlap((first, second), world.space), one & two, (first, second))
    _shows(world, overlap((first, second, third), world.space), one & two & three, (first, second, third))
    _shows(world, outside(first, (second,), world.space), one & ~two, (first,), (second,))
    others = (second, third, fourth)
    rest = one & ~two & ~three & ~four
    _shows(world, outside(first, others, world.space), rest, (first,), others)
    _shows(world, left((first, second), (third, fourth), world.space), one & two & ~three & ~four, (first, second), (third, fourth))
    assert contained((first,), others, world.space) is (rest == 0)
    rest_of = Remainder((first,), Kinds((first, *others)), world.space)
    for other in others:
        rest_of.take(other)
    assert (rest_of.witness() is None) is (rest == 0)
    assert some((first,), others, world.space) is None or rest
    relation = compare(first, second, world.space).relation
    expected = {
        (True, True): Relation.EQUAL,
        (False, True): Relation.NARROWER,
        (True, False): Relation.WIDER,
        (False, False): Relation.INCOMPARABLE,
    }[one & ~two == 0, two & ~one == 0]
    assert relation is expected
    try:
        bounded = outside(first, others, world.space, bound=random.randrange(6))
    except UndecidedError:
        return
    assert bounded == outside(first, others, world.space)


def test_reach_agrees_with_brute_force() -> None:
    """Emptiness, overlap, containment in one and in several matches, and the relation are those of the model; witnesses are smallest."""
    for seed in range(CASES):
        try:
            _play(Random(seed))
        except BaseException as error:
            error.add_note(f"case {seed}")
            raise


@given(st.integers(min_value=0))
def test_reach_agrees_with_brute_force_on_cases_that_hypothesis_draws(seed: int) -> None:
    """Likewise for cases that are not always the same."""
    _play(Random(seed))


@given(st.integers(min_value=0))
def test_model_matches_as_the_engine_does(seed: int) -> None:
    """The model that reach is held to is the engine's own idea of which pods a policy matches."""
    random = Random(seed)
    world, reach = WORLDS[True], _reach(random)
    policy = Policy(
        name="p", priority=0, namespaces=reach.namespaces, pods=reach.pods, requests=reach.requests, owners=reach.owners
    )
    index = Index((policy,))
    for point in random.sample(world.points, 50):
        references = [OwnerReference(f"{point.owner.group}/v1", point.owner.kind, "o", controller=True)] if point.owner else None
        metadata = Metadata(labels=dict(point.labels), owner_references=references)
        container = Container(resources=Resources(limits=dict.fromkeys(point.requests, "1")))
        labels = None if point.place.labels is None else dict(point.place.labels)
        table = index.table(point.place.name, labels)
        found = table.matching(dict(point.labels))
        matches = any(each.holds(Pod(Spec(containers=[container]), metadata), metadata, point.place.name) for each in found)
        assert matches is _takes(reach, point)


@given(st.integers(min_value=0))
def test_finder_finds_what_takes_a_pod(seed: int) -> None:
    """Of many matches, those that take a witness are found, in order and once, whatever they are found by."""
    random = Random(seed)
    world = WORLDS[random.random() < 0.7]
    reaches = [_reach(random) for _ in range(8)]
    witness = satisfiable(_reach(random), world.space)
    if witness is None:
        return
    labels = {**witness.namespace_labels, **({NAME: witness.namespace} if world.named else {})}
    place = Place(witness.namespace, tuple(labels.items()))
    point = Point(tuple(witness.labels.items()), witness.owner, witness.requests, place)
    expected = [position for position, reach in enumerate(reaches) if _takes(reach, point)]
    assert list(Finder(reaches, named=world.named).taking(witness)) == expected


def test_a_question_beyond_its_bound_is_not_decided() -> None:
    """Many matches that each take a little away are too many regions, and the answer is none, rather than a wrong one."""
    everything = Reach(namespaces=NamespaceMatch(all=True), pods=Selector())
    several = [
        Reach(namespaces=NamespaceMatch(all=True), pods=Selector.of({f"k{number}": "x", f"l{number}": "x"})) for number in range(20)
    ]
    with pytest.raises(UndecidedError):
        outside(everything, several, WORLDS[True].space)
    assert not contained((everything,), several, WORLDS[True].space)
