"""Fields that policies write: labels, tolerations, requirements on nodes."""

from hypothesis import strategies as st
from hypothesis.strategies import SearchStrategy

from tests.webhook.engine.strategies.combinators import featured, half_full, sorted_subset, subset
from tests.webhook.engine.strategies.vocabulary import (
    EFFECTS,
    NODE_KEYS,
    PRIORITY_CLASSES,
    SCHEDULERS,
    TAINT_KEYS,
    VALUES,
    WRITTEN_ANNOTATIONS,
    WRITTEN_LABELS,
)
from webhook.engine.fields import Fields, NodeOperator, NodeRequirement, NodeTerm, PreferredTerm, Toleration


def _toleration(key: str, operator: str, value: str, effect: str, seconds: int | None) -> Toleration:
    """Build a toleration that the schema of policies accepts."""
    operator = operator if key else "Exists"
    return Toleration(
        key=key,
        operator=operator,
        value="" if operator == "Exists" else value,
        effect=effect,
        toleration_seconds=seconds if effect == "NoExecute" else None,
    )


_TOLERATIONS = st.builds(
    _toleration,
    st.sampled_from(TAINT_KEYS),
    st.sampled_from(("Equal", "Exists")),
    st.sampled_from(VALUES[:3]),
    st.sampled_from(("", *EFFECTS)),
    st.sampled_from((None, 0, 300)),
)
SCHEDULER_NAMES = st.sampled_from((None, None, *SCHEDULERS))
_PRIORITY_CLASSES = st.sampled_from(PRIORITY_CLASSES)
_NODE_SELECTORS = subset(NODE_KEYS, 4).map(lambda found: dict(sorted(found.items())))


def _node_requirement(key: str, operator: NodeOperator, values: set[str]) -> NodeRequirement:
    return NodeRequirement(key, operator, tuple(sorted(values)) if operator in (NodeOperator.IN, NodeOperator.NOT_IN) else ())


_NODE_TERMS = st.lists(
    st.builds(
        _node_requirement,
        st.sampled_from((*NODE_KEYS, "type")),
        st.sampled_from((NodeOperator.IN, NodeOperator.IN, NodeOperator.NOT_IN, NodeOperator.EXISTS, NodeOperator.DOES_NOT_EXIST)),
        st.sets(st.sampled_from(VALUES[1:]), min_size=1, max_size=2),
    ),
    min_size=1,
    max_size=2,
    unique=True,
).map(lambda found: NodeTerm(tuple(sorted(found))))
CONJUNCTS = st.sampled_from((True, True, False)).flatmap(
    lambda some: st.lists(_NODE_TERMS, min_size=1, max_size=2, unique=True).map(tuple) if some else st.just(())
)
_PREFERENCES = st.sampled_from((True, True, False)).flatmap(
    lambda some: st.tuples(st.builds(PreferredTerm, st.sampled_from((1, 50)), _NODE_TERMS)) if some else st.just(())
)
_FIELD_SETS = (
    "labels annotations scheduler_name",
    "labels annotations tolerations scheduler_name",
    "labels annotations priority_class_name",
    "annotations node_selector required",
    "node_selector scheduler_name",
    "tolerations node_selector preferred",
    "required preferred",
    "scheduler_name priority_class_name required preferred",
)


def written_fields(tolerations: int) -> SearchStrategy[Fields]:
    """Draw some fields that agree with each other, with at most so many tolerations."""
    return featured(
        Fields,
        _FIELD_SETS,
        labels=sorted_subset(WRITTEN_LABELS),
        annotations=sorted_subset(WRITTEN_ANNOTATIONS),
        scheduler_name=SCHEDULER_NAMES,
        priority_class_name=_PRIORITY_CLASSES,
        node_selector=_NODE_SELECTORS,
        tolerations=half_full(_TOLERATIONS, tolerations).map(tuple),
        required=CONJUNCTS,
        preferred=_PREFERENCES,
    )
