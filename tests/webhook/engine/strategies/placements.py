"""Placements of policies, and how they have pods scheduled."""

from hypothesis import strategies as st

from tests.webhook.engine.strategies.combinators import featured, sorted_subset
from tests.webhook.engine.strategies.fields import CONJUNCTS, SCHEDULER_NAMES, written_fields
from tests.webhook.engine.strategies.vocabulary import (
    EFFECTS,
    FOREIGN_KEYS,
    GANG_SIZES,
    GANG_SOURCES,
    RESOURCES,
    TAINT_KEYS,
    VALUES,
    WRITTEN_ANNOTATIONS,
    WRITTEN_LABELS,
)
from webhook.engine.fields import Fields, Gang, GpuShare, Scheduling
from webhook.engine.fields import Taint as NodeTaint
from webhook.engine.policy import Accelerator, Foreign, Placement, Runtime, Verdict

_ACCELERATORS = st.none() | st.builds(
    Accelerator, st.sampled_from(RESOURCES), sorted_subset(WRITTEN_ANNOTATIONS), required=CONJUNCTS
)
_TAINTS = st.builds(NodeTaint, st.sampled_from(TAINT_KEYS[1:]), st.sampled_from(VALUES[:3]), st.sampled_from(EFFECTS))
_COUNTING = st.sampled_from(((), (), ("x", "y")))
_INTENTS = st.builds(
    Foreign,
    verdict=st.sampled_from((Verdict.ALLOW, Verdict.WARN, Verdict.STRIP, Verdict.STRIP, Verdict.DENY, Verdict.DENY)),
    labels=st.dictionaries(st.sampled_from(FOREIGN_KEYS), _COUNTING, min_size=1, max_size=2),
    annotations=st.dictionaries(st.sampled_from(FOREIGN_KEYS), _COUNTING, min_size=1, max_size=2),
    taints=st.lists(_TAINTS, min_size=1, max_size=2).map(tuple),
)
PLACEMENTS = featured(
    Placement,
    (
        "mechanism fields",
        "mechanism marker fields accelerator",
        "mechanism marker fields foreign",
        "mechanism fields foreign",
        "mechanism foreign",
        "mechanism fields runtimes incompatible",
        "mechanism accelerator mirrored_resources",
    ),
    mechanism=st.just("resourcePolicy"),
    marker=st.booleans(),
    fields=written_fields(1),
    accelerator=_ACCELERATORS,
    runtimes=st.sampled_from(((Runtime.ECI,), (Runtime.AI_NODE,), (Runtime.VCI, Runtime.ECI))),
    incompatible=st.sampled_from((Verdict.DENY, Verdict.DENY, Verdict.WARN)),
    foreign=_INTENTS,
    mirrored_resources=st.just(("nvidia.com/gpu",)),
)


def _gang(name: str, how: str, size: str) -> Gang:
    if how == "number":
        return Gang(name, min_available=3)
    return Gang(name, min_available_label=size) if how == "label" else Gang(name, min_available_annotation=size)


_GANGS = st.builds(
    _gang, st.sampled_from(GANG_SOURCES), st.sampled_from(("number", "label", "annotation")), st.sampled_from(GANG_SIZES)
)
_SHARES = st.builds(
    GpuShare, st.sampled_from((8, 16)), gpus=st.sampled_from((1, 2, 2)), container=st.sampled_from(("", "main", "main", "gone"))
)
_SCHEDULING_FIELDS = st.builds(Fields, labels=sorted_subset(WRITTEN_LABELS), scheduler_name=SCHEDULER_NAMES)
SCHEDULINGS = st.sampled_from((True, False, False)).flatmap(
    lambda some: (
        st.builds(
            Scheduling,
            fields=_SCHEDULING_FIELDS,
            gang=st.none() | _GANGS,
            gpu_share=st.none() | _SHARES,
            cpu_topology=st.booleans(),
        )
        if some
        else st.none()
    )
)
