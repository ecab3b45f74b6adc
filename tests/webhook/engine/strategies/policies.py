"""Policies that pass the compiler's rules about single fields, and bundles of them.

What tests draw from are composites, since their names are all that a failure report prints of them.
"""

from collections.abc import Sequence

import msgspec
from hypothesis import strategies as st
from hypothesis.strategies import DrawFn, SearchStrategy

from tests.webhook.engine.builders import rank
from tests.webhook.engine.strategies.combinators import featured, subset
from tests.webhook.engine.strategies.fields import written_fields
from tests.webhook.engine.strategies.placements import PLACEMENTS, SCHEDULINGS
from tests.webhook.engine.strategies.vocabulary import CLAIMS, EXCLUDED, MATCHED_KEYS, NAMESPACE_KEYS, NAMESPACES, RESOURCES, VALUES
from webhook.engine.bundle import VERSION, Bundle, Cluster, seal
from webhook.engine.fields import Fields
from webhook.engine.policy import NamespaceMatch, Owner, Policy
from webhook.engine.selector import Operator, Requirement, Selector


def _requirement(key: str, operator: Operator, values: set[str]) -> Requirement:
    takes_values = operator in (Operator.IN, Operator.NOT_IN)
    return Requirement(key, operator, tuple(sorted(values)) if takes_values else ())


def _selectors(keys: tuple[str, ...]) -> SearchStrategy[Selector]:
    requirements = st.builds(
        _requirement,
        st.sampled_from(keys),
        st.sampled_from((Operator.IN, Operator.IN, Operator.NOT_IN, Operator.EXISTS, Operator.DOES_NOT_EXIST)),
        st.sets(st.sampled_from(VALUES), min_size=1, max_size=3),
    )
    narrow = st.builds(Selector.of, subset(keys, 30), st.lists(requirements, max_size=2))
    return st.one_of(st.just(Selector()), narrow, st.builds(Selector.of, st.none(), st.lists(requirements, min_size=1, max_size=1)))


_POD_SELECTORS = _selectors(MATCHED_KEYS)
_NAMESPACE_MATCHES = st.one_of(
    st.just(NamespaceMatch(all=True)),
    st.just(NamespaceMatch(names=("default", "team-a", "team-b"))),
    st.sets(st.sampled_from(NAMESPACES), min_size=1).map(lambda names: NamespaceMatch(names=tuple(sorted(names)))),
    st.builds(lambda selector: NamespaceMatch(selector=selector), _selectors(NAMESPACE_KEYS)),
)


def _agreeing(fields: Fields, higher: Fields) -> Fields:
    """Bring what comes later in a policy in line with what comes earlier."""
    return msgspec.structs.replace(
        fields,
        labels={key: higher.labels.get(key, value) for key, value in fields.labels.items()},
        annotations={key: higher.annotations.get(key, value) for key, value in fields.annotations.items()},
        node_selector={key: higher.node_selector.get(key, value) for key, value in fields.node_selector.items()},
        scheduler_name=higher.scheduler_name or fields.scheduler_name,
        priority_class_name=higher.priority_class_name or fields.priority_class_name,
    )


def _consistent(policy: Policy) -> Policy:
    """Remove what the rule self_contradiction refuses: one policy that wants two values for one field."""
    inject, placement, scheduling = policy.inject, policy.placement, policy.scheduling
    if placement is not None:
        placed, accelerator = placement.fields, placement.accelerator
        if accelerator:
            annotations = {key: placed.annotations.get(key, value) for key, value in accelerator.annotations.items()}
            accelerator = msgspec.structs.replace(accelerator, annotations=annotations)
            placement = msgspec.structs.replace(placement, accelerator=accelerator)
        chosen = {**(accelerator.annotations if accelerator else {}), **placed.annotations}
        higher = msgspec.structs.replace(placed, annotations=chosen)
        inject = _agreeing(inject, higher)
        if scheduling is not None:
            scheduling = msgspec.structs.replace(scheduling, fields=_agreeing(scheduling.fields, higher))
    if scheduling is not None:
        inject = _agreeing(inject, scheduling.fields)
    return msgspec.structs.replace(policy, inject=inject, placement=placement, scheduling=scheduling)


_OWNER_KINDS = (Owner("ReplicaSet", "apps"), Owner("Deployment", "apps"), Owner("Job", "batch"), Owner("Pod"))
_UNNAMED = featured(
    Policy,
    (
        "name priority namespaces pods override inject",
        "name priority namespaces pods override placement",
        "name priority namespaces pods override placement",
        "name priority namespaces pods override placement inject",
        "name priority namespaces pods scheduling",
        "name priority namespaces pods override scheduling",
        "name priority namespaces pods override scheduling inject",
        "name priority namespaces pods override placement scheduling",
        "name priority namespaces pods override placement inject audit",
        "name priority namespaces pods override inject requests owners rollout",
        "name priority namespaces pods override placement rollout",
    ),
    name=st.just(""),
    priority=st.sampled_from((0, 0, 1, 100)),
    namespaces=_NAMESPACE_MATCHES,
    pods=_POD_SELECTORS,
    requests=st.sampled_from(((), RESOURCES[:1], RESOURCES)),
    owners=st.sampled_from(((), _OWNER_KINDS[:1], _OWNER_KINDS[1:2], _OWNER_KINDS[1:])),
    placement=PLACEMENTS,
    scheduling=SCHEDULINGS,
    inject=written_fields(2),
    override=st.booleans(),
    audit=st.just(True),  # noqa: FBT003 - the strategy's value
    rollout=st.sampled_from((10_000, 9_000, 5_000, 0)),
).map(_consistent)
NAMES = ("a", "a-b", "b", "burst", "zz")


def sealed_bundle(unnamed: list[Policy], names: Sequence[str]) -> Bundle:
    """Make a bundle as `overbank build` would, of policies that get their names here."""
    policies = [msgspec.structs.replace(policy, name=name) for policy, name in zip(unnamed, names, strict=False)]
    return seal(
        Bundle(
            version=VERSION,
            cluster=Cluster(name="ack-poc", platform="ack-pro"),
            excluded_namespaces=EXCLUDED,
            namespaces={"default": {"env": "x"}, "team-a": {}},
            policies=tuple(sorted(policies, key=rank)),
            claims=CLAIMS,
        )
    )


_POLICIES = st.sampled_from((1, 2, 3, 4, 5, 5)).flatmap(lambda count: st.lists(_UNNAMED, min_size=count, max_size=count))
_BUNDLES = st.builds(sealed_bundle, _POLICIES, st.permutations(NAMES))


@st.composite
def drawn_bundles(draw: DrawFn) -> Bundle:
    """Draw a bundle with one to five policies."""
    return draw(_BUNDLES)


@st.composite
def drawn_added_policies(draw: DrawFn) -> Policy:
    """Draw a policy that comes after those of any bundle."""
    return msgspec.structs.replace(draw(_UNNAMED), name="zzz", priority=-1)
