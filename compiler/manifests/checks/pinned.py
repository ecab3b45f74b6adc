"""Pods that are pinned to nodes, and so fit onto none of their policy's pools, or onto one."""

from collections.abc import Iterator, Sequence

from compiler.codes import capacity as codes
from compiler.diagnostics import Diagnostic, diagnose
from compiler.manifests.checks.gathering import Gathered
from compiler.manifests.inventory import Inventory
from compiler.manifests.landing import Landed
from compiler.manifests.placing import Placed
from compiler.platforms.fitting import Fit, Fitting, alternatives, pinnable
from compiler.resolve import Binding
from compiler.rules.injected_pins import Memory, answers, closes_all
from compiler.source import Where
from compiler.spelling import listing


def check(inventory: Inventory, placed: Placed) -> Iterator[Diagnostic]:  # noqa: ARG001 - what was placed is all there is to see
    """Yield templates whose own node selector and affinity leave at most one of several pools, or, with what policies add, none."""
    gathered = Gathered()
    memory: Memory = {}
    for each in placed.landed:
        binding = each.binding
        if binding is None or not pinnable(binding.mechanism):
            continue
        demands = alternatives(each.sent)
        if not any(demands):
            continue
        own = answers(binding, demands, memory)
        final = alternatives(each.pod)
        whole = own if final == demands else answers(binding, final, memory)
        if all(answer.fit is Fit.NEVER for answer in whole):
            if not closes_all(binding):  # which is the policy's own mistake, and found there
                _add(gathered, each, binding, whole)
        elif len(own) > 1 and sum(answer.fit is Fit.FITS for answer in own) <= 1:
            _add(gathered, each, binding, own)
    yield from gathered.diagnostics()


def _where(landed: Landed) -> Where:
    spec = landed.written["spec"]
    route = ("spec", "nodeSelector") if spec.get("nodeSelector") else ("spec", "affinity", "nodeAffinity")
    return landed.at_key(*route)


def _add(gathered: Gathered, landed: Landed, binding: Binding, answers: Sequence[Fitting]) -> None:
    policy = binding.policy
    closed = [answer for answer in answers if answer.fit is not Fit.FITS]
    proved = all(answer.fit is Fit.NEVER for answer in closed)
    none = len(closed) == len(answers) and proved
    code = codes.PINNED_AWAY if none else codes.NEVER_BURSTS
    left = listing(answer.pool.name for answer in answers if answer.fit is Fit.FITS)
    only = f"only pool {left} is left to them" if left else "perhaps no pool is left to them"
    reasons = tuple(answer.why for answer in closed)

    def make(on: str) -> Diagnostic:
        message = (
            f"{landed.subject} are pinned to nodes that are in no pool of policy `{policy.name}` {on}"
            if none
            else f"{landed.subject} are pinned and never burst with policy `{policy.name}`: {only} {on}"
        )
        related = [(policy.at_key("spec", "pools"), "these pools")]
        notes = [f"{'proved' if answer.fit is Fit.NEVER else 'possible'}: {answer.why}" for answer in closed]
        route = "nodeSelector" if _where(landed).route[-1] == "nodeSelector" else "nodeAffinity"
        help_lines = [f"remove the {route}, or keep the workload out of policy `{policy.name}`"]
        return diagnose(code, _where(landed), message, related=related, notes=notes, help=help_lines)

    gathered.add(landed.manifest, (landed.template.made.route, policy.name, none, reasons), landed.cluster.name, make)
