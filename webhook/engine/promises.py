"""Labels and amounts that hang on the pod: its gang, and its share of GPUs.

What they hang on is read from the pod as it is going to be, so that admitting the result finds the same.
"""

from collections.abc import Mapping

from webhook.engine.containers import GPU_COUNT_LABEL, Amounts, NoShareError, Place, settle_share, sharer
from webhook.engine.gang import NAME_LABEL, SIZE_LABEL, UnusableSourceError, resolve
from webhook.engine.notes import Notes
from webhook.engine.plan import Plan
from webhook.engine.pod import Spec
from webhook.engine.steps import Offer, Step, label, outcome


def share(plan: Plan, spec: Spec, amounts: Amounts, notes: Notes) -> Place | None:
    """Give a container its share of GPUs, and return it; None where there is none to give."""
    if plan.share is None:
        return None
    candidate, wanted, policies = plan.share
    try:
        place = sharer(spec, wanted)
    except NoShareError as error:
        notes.warn(candidate.name, f"no share of a GPU is given, since {error}")
        return None
    settle_share(place=place, share=wanted, policies=policies, override=candidate.override, amounts=amounts, notes=notes)
    return place


def fulfilled(
    plan: Plan, labels: Mapping[str, str] | None, annotations: Mapping[str, str] | None, notes: Notes, *, asked: bool, shared: bool
) -> list[Step]:
    """Return the steps for the labels that are promised.

    Args:
        plan: what is promised.
        labels: the pod's own.
        annotations: likewise.
        notes: told where the pod does not say to which gang it belongs.
        asked: whether the pod asks for the accelerator.
        shared: whether it gets a share of GPUs.
    """
    values: dict[str, str] = {}
    if plan.share is not None and shared:
        values[GPU_COUNT_LABEL] = str(plan.share.wanted.gpus)
    if plan.gang is not None:
        sources = outcome(plan.certain, labels)
        try:
            values |= resolve(plan.gang.wanted, sources, outcome(plan.annotations[asked], annotations))
        except UnusableSourceError as error:
            if not {NAME_LABEL, SIZE_LABEL} <= (labels or {}).keys():  # otherwise the author made a gang by hand
                notes.warn(plan.gang.candidate.name, f"the pod joins no gang, since {error}")
    steps = []
    for key, offers in plan.promised:
        filled = [
            Offer(each.candidate, values[key]) if each.promised else each for each in offers if not each.promised or key in values
        ]
        if filled:
            steps.append(label(key, filled))
    return steps
