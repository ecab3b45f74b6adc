"""What of a pod is looked at beyond single values: what its pools cannot run, and what is odd about its containers.

Most pods show nothing here, and then decisions about them can be shared.
"""

from typing import Final, NamedTuple

from webhook.engine.anatomy import Subject
from webhook.engine.containers import Lopsided, fractional, lopsided
from webhook.engine.notes import Notes
from webhook.engine.plan import Plan
from webhook.engine.pod import Metadata, Pod
from webhook.engine.policy import Verdict
from webhook.engine.runtimes import Problem, problems

Claims = dict[str, str]
"""CSI drivers by the names of claims, of one namespace."""

NO_CLAIMS: Final[Claims] = {}


class Findings(NamedTuple):
    """What is to be said, or done, about one pod."""

    problems: list[Problem]
    lopsided: list[Lopsided]
    fractional: list[str]


def inspect(plan: Plan, pod: Pod, metadata: Metadata, claims: Claims) -> Findings | None:
    """Look at a pod; None where there is nothing to say.

    Raises:
        msgspec.MsgspecError: a part of the pod is not of the types of core/v1.
        UnicodeDecodeError: text in a part of the pod is no UTF-8.
    """
    spec, placement = pod.spec, plan.placement
    incompatible: list[Problem] = []
    if placement is not None and placement.runtimes:
        owner = metadata.controller
        subject = Subject(
            spec,
            spec.containers,
            spec.init_containers,
            labels=metadata.labels,
            annotations=metadata.annotations,
            controller=owner.kind if owner else "",
            claims=claims,
        )
        incompatible = problems(placement.runtimes, subject)
    uneven = lopsided(spec, placement.mirrored_resources) if placement is not None and placement.mirrored_resources else []
    uncounted = fractional(spec) if plan.topology is not None else []
    return Findings(incompatible, uneven, uncounted) if incompatible or uneven or uncounted else None


_ONE_VIRTUAL_POOL: Final = frozenset({"aiNode", "eciLabel", "vciEnforce"})
"""Mechanisms with which a pod can run on nodes of one runtime and nowhere else."""


def report(plan: Plan, found: Findings, notes: Notes, *, bound: bool) -> None:
    """Warn about what was found, or deny the pod.

    A pod that is bound to a node is past the scheduler's features. If it may be bound to a real one, which runs everything, it is not
    denied for what a virtual one cannot run: ``kubectl debug node`` makes such pods, with host paths.
    """
    if plan.owner is not None and plan.placement is not None:
        elsewhere = bound and plan.placement.mechanism not in _ONE_VIRTUAL_POOL
        denying = plan.placement.incompatible is Verdict.DENY and not elsewhere
        for problem in found.problems:
            if problem.row.verdict is Verdict.DENY and denying:
                notes.deny(plan.owner, problem.text)
            else:
                notes.warn(plan.owner, problem.text)
    if plan.topology is not None and found.fractional and not bound:
        names = ", ".join(found.fractional)
        notes.warn(plan.topology, f"no CPUs are bound to {names}: limits.cpu has to be a whole number there")
