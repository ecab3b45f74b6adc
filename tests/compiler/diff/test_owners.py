"""Reaches and owners before and after, held against all pods of a small world."""

from itertools import product
from random import Random

import pytest
from msgspec import structs

from compiler.diff.candidates import Candidates
from compiler.diff.extent import related
from compiler.diff.owners import moves
from compiler.reach import Reach, Space, overlap
from webhook.engine.bundle import VERSION, Bundle, Cluster
from webhook.engine.policy import NamespaceMatch, Placement, Policy
from webhook.engine.selector import Operator, Requirement, Selector

KEYS = ("a", "b")
VALUES = (None, "x", "y", "any")
SPACE = Space(declared={"n": {"t": "1"}, "m": {}}, excluded=())
PODS = [
    ({key: value for key, value in zip(KEYS, values, strict=True) if value is not None}, namespace)
    for values in product(VALUES, repeat=len(KEYS))
    for namespace in ("n", "m")
]
ALL, HALF = 10_000, 5_000


def _policy(name: str, random: Random) -> Policy:
    requirements = set()
    for key in random.sample(KEYS, random.randint(0, 2)):
        operator = random.choice([*Operator, Operator.IN])
        takes = operator in (Operator.IN, Operator.NOT_IN)
        values = tuple(sorted(random.sample(("x", "y"), random.randint(1, 2)))) if takes else ()
        requirements.add(Requirement(key, operator, values))
    names = random.choice([("n",), ("m",), ("m", "n")])
    return Policy(
        name=name,
        priority=random.randint(1, 3),
        namespaces=NamespaceMatch(names=names),
        pods=Selector(tuple(sorted(requirements))),
        placement=Placement(mechanism="affinity") if random.random() < 0.9 else None,
        audit=random.random() < 0.1,
        rollout=random.choice([ALL, ALL, ALL, HALF, 0]),
    )


def _bundle(policies: list[Policy]) -> Bundle:
    ordered = tuple(sorted(policies, key=lambda each: (-each.priority, each.name)))
    namespaces = {name: dict(labels) for name, labels in SPACE.declared.items()}
    return Bundle(
        version=VERSION, cluster=Cluster(name="c", platform="vke"), excluded_namespaces=(), namespaces=namespaces, policies=ordered
    )


def _pair(seed: int) -> tuple[Bundle, Bundle]:
    random = Random(seed)
    old = [_policy(name, random) for name in random.sample("pqr", random.randint(1, 3))]
    kept = [each for each in old if random.random() < 0.5]
    taken = {each.name for each in kept}
    return _bundle(old), _bundle(
        [*kept, *(_policy(name, random) for name in "pqrs" if name not in taken and random.random() < 0.6)]
    )


def _has(policy: Policy, pod: tuple[dict[str, str], str], in_half: frozenset[str]) -> bool:
    """Say whether a policy is in force for a pod whose workload is in the first half of the rollouts of ``in_half``."""
    labels, namespace = pod
    share = 0 if policy.audit else policy.rollout
    reached = share == ALL or (share == HALF and policy.name in in_half)
    return reached and policy.pods.matches(labels) and policy.namespaces.matches(namespace, SPACE.declared[namespace])


def _owner(bundle: Bundle, pod: tuple[dict[str, str], str], in_half: frozenset[str]) -> str:
    return next((each.name for each in bundle.policies if each.placement is not None and _has(each, pod, in_half)), "")


HALVES = [
    frozenset(name for name, is_in in zip("pqrs", chosen, strict=True) if is_in) for chosen in product((True, False), repeat=4)
]


@pytest.mark.parametrize("chunk", range(8))
def test_moves_are_those_that_some_pod_makes(chunk: int) -> None:
    """A move from one owner to another is reported exactly where there is such a pod, and its witness is one."""
    for seed in range(chunk * 100, chunk * 100 + 100):
        before, after = _pair(seed)
        expected = {
            (first, second)
            for pod in PODS
            for in_half in HALVES
            if (first := _owner(before, pod, in_half)) != (second := _owner(after, pod, in_half))
        }
        found = moves(before, after, SPACE)
        assert {(each.before, each.after) for each in found} == expected, seed
        for each in found:
            assert each.witness is not None
            pod = (each.witness.labels, each.witness.namespace)
            shown = {(_owner(before, pod, in_half), _owner(after, pod, in_half)) for in_half in HALVES}
            assert (each.before, each.after) in shown, seed


@pytest.mark.parametrize("chunk", range(4))
def test_extents_are_compared_as_sets_of_pods(chunk: int) -> None:
    """Match, audit and rollout together decide which pods a policy has gained and lost."""
    for seed in range(chunk * 200, chunk * 200 + 200):
        random = Random(seed)
        before, after = _policy("p", random), _policy("p", random)
        pairs = [(_has(before, pod, half), _has(after, pod, half)) for pod in PODS for half in HALVES]
        found = related(before, after, SPACE)
        assert (found.lost is not None) == any(had and not has for had, has in pairs), seed
        assert (found.gained is not None) == any(has and not had for had, has in pairs), seed


def test_candidates_leave_out_nobody_who_shares_a_pod() -> None:
    """The index only leaves out policies that can have no pod in common with the one that is asked about."""
    for seed in range(200):
        random = Random(seed)
        policies = [_policy(f"p{number}", random) for number in range(8)]
        beside = {each.name for each in Candidates(policies).beside(policies[0])}
        for each in policies:
            if overlap((Reach.of(policies[0]), Reach.of(each)), SPACE) is not None:
                assert each.name in beside, seed


def _overlapping(number: int, priority: int) -> Bundle:
    """Return a bundle of policies each of which requires a label of its own, so that all of them share pods."""
    policies = [
        Policy(
            name=f"p{index}",
            priority=priority + index,
            namespaces=NamespaceMatch(names=("n",)),
            pods=Selector.of({f"k{index}": "x"}),
            placement=Placement(mechanism="affinity"),
        )
        for index in range(number)
    ]
    return _bundle(policies)


def test_what_takes_too_long_is_not_decided() -> None:
    """Where many policies share pods and all have changed places, the rest of the moves is left undecided, and none is passed over."""
    before = _overlapping(25, 1)
    turned = _bundle([structs.replace(each, priority=100 - each.priority) for each in before.policies])
    exact = moves(before, turned, SPACE)
    assert len(exact) == 25 * 24 / 2
    assert all(each.witness is not None for each in exact)
    bounded = moves(before, turned, SPACE, budget=500)
    assert {(each.before, each.after) for each in bounded} == {(each.before, each.after) for each in exact}
    assert any(each.witness is None for each in bounded)


def test_more_policies_than_recursion_allows() -> None:
    """A thousand policies above two owners are too many to look at: what is left open is said to be, and nothing breaks."""
    before = _overlapping(1200, 1)
    last = before.policies[-1]
    assert moves(before, _bundle([*before.policies[:-1], structs.replace(last, priority=0)]), SPACE) == ()
    found = moves(before, _bundle([*before.policies[:-1], structs.replace(last, priority=5000)]), SPACE)
    assert {each.after for each in found} == {last.name}
    assert {each.witness is None for each in found} == {True, False}
