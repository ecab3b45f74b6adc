"""Anti-affinity and topology spread by hostname, which let hardly a pod onto a virtual node: it is one host, whatever runs on it."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from compiler.codes import capacity as codes
from compiler.diagnostics import Diagnostic, diagnose
from compiler.manifests.checks.gathering import Gathered
from compiler.manifests.checks.selection import label_selector
from compiler.manifests.counting import Count, count, scalers
from compiler.manifests.inventory import Inventory
from compiler.manifests.landing import Landed
from compiler.manifests.placing import Placed
from compiler.model import NAME_LABEL, Mechanism, PoolType, namespace_labels
from compiler.resolve import Binding
from compiler.source import Route
from compiler.spelling import listing

_HOST_NAME: Final = "kubernetes.io/hostname"
_ONE_HOST: Final = frozenset({PoolType.ECI, PoolType.VCI, PoolType.VNODE})
_SCHEDULED: Final = (Mechanism.RESOURCE_POLICY, Mechanism.AFFINITY, Mechanism.BURST_ANNOTATION)
"""Mechanisms that leave the choice to a scheduler; the ECI label overrides affinity and spread (``keys.ECI_LABEL``)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Limit:
    """A constraint on one host.

    Attributes:
        most: how many pods of the workload a host may have; beyond the emptiest one where ``relative``.
        route: where it stands in the pod.
    """

    most: int
    relative: bool
    route: Route


def check(inventory: Inventory, placed: Placed) -> Iterator[Diagnostic]:
    """Yield templates that may have to burst more pods than one host may take."""
    known = scalers(inventory)
    gathered = Gathered()
    for each in placed.landed:
        binding = each.binding
        if binding is None or binding.mechanism not in _SCHEDULED:
            continue
        virtual = [pool for _, pool in binding.pools if pool.type in _ONE_HOST]
        limit = _limit(each) if virtual else None
        if limit is not None:
            asked = count(each, known)
            before = _before(binding, limit)
            if (asked.most if before is None else asked.most - before) > limit.most:
                _add(gathered, each, limit, asked, before)
    yield from gathered.diagnostics()


def _limit(landed: Landed) -> _Limit | None:
    """Return the tightest constraint, None where there is none, or what stands there is none that the API server would take."""
    try:
        return min(_limits(landed), key=lambda each: (each.most, each.relative), default=None)
    except (AttributeError, TypeError):
        return None


def _limits(landed: Landed) -> Iterator[_Limit]:
    spec, labels = landed.pod["spec"], landed.labels
    anti = (spec.get("affinity") or {}).get("podAntiAffinity") or {}
    route: Route = ("spec", "affinity", "podAntiAffinity", "requiredDuringSchedulingIgnoredDuringExecution")
    for index, term in enumerate(anti.get(route[-1]) or ()):
        if term.get("topologyKey") == _HOST_NAME and _at_home(term, landed) and _selects(term, labels):
            yield _Limit(most=1, relative=False, route=(*route, index))
    for index, each in enumerate(spec.get("topologySpreadConstraints") or ()):
        hard = each.get("whenUnsatisfiable", "DoNotSchedule") == "DoNotSchedule"
        skew = each.get("maxSkew")
        if hard and each.get("topologyKey") == _HOST_NAME and isinstance(skew, int) and _selects(each, labels):
            yield _Limit(most=skew, relative=True, route=("spec", "topologySpreadConstraints", index))


def _at_home(term: Mapping[str, Any], landed: Landed) -> bool:
    """Say whether a term is known to look at pods of the pod's own namespace (core/v1 PodAffinityTerm)."""
    home, names, written = landed.manifest.effective_namespace, term.get("namespaces"), term.get("namespaceSelector")
    if not names and written is None:
        return True
    if home in (names or ()):
        return True
    selector, declared = label_selector(written), landed.cluster.bundle.namespaces
    if selector is None or (home not in declared and any(each.key != NAME_LABEL for each in selector.requirements)):
        return False
    return selector.matches(namespace_labels(landed.cluster.kubernetes, home, dict(declared.get(home, {}))))


def _selects(term: Mapping[str, Any], labels: dict[str, str]) -> bool:
    selector = label_selector(term.get("labelSelector"))
    return selector is not None and selector.matches(labels)


def _before(binding: Binding, limit: _Limit) -> int | None:
    """Return how many pods the pools of machines take at most, None where that is not known."""
    total = 0
    for use, pool in binding.pools:
        if pool.type in _ONE_HOST:
            continue
        hosts = pool.nodes.max if pool.nodes else None
        fits = hosts if not limit.relative else pool.capacity
        limits = [each for each in (use.max, fits) if each is not None]
        if not limits:
            return None
        total += min(limits)
    return total


def _add(gathered: Gathered, landed: Landed, limit: _Limit, asked: Count, before: int | None) -> None:
    binding = landed.binding
    if binding is None:
        return
    policy = binding.policy
    pool = next(each for _, each in binding.pools if each.type in _ONE_HOST)
    real = [each.name for _, each in binding.pools if each.type not in _ONE_HOST]

    def make(on: str) -> Diagnostic:
        takes = f"{limit.most} pod{'s' if limit.most > 1 else ''}"
        what = f"`maxSkew: {limit.most}` by hostname" if limit.relative else "anti-affinity by hostname"
        message = f"{what} lets {takes} of {landed.manifest.title} burst onto a node of pool `{pool.name}` {on}"
        scaled = f" (autoscaled to {asked.most})" if asked.most > asked.now else ""
        pods = f"{asked.most} pods{scaled}"
        if not real:
            sum_ = f"{pods} - {takes} on the virtual node = {asked.most - limit.most} that stay Pending"
        elif before is None:
            sum_ = f"{pods}: when {listing(real)} {'are' if len(real) > 1 else 'is'} full, {takes} may go to the virtual node, and the others stay Pending"
        else:
            rest = asked.most - before
            sum_ = (
                f"{pods} - {before} on {listing(real)} = {rest} to burst; {takes} on the virtual node, {rest - limit.most} Pending"
            )
        # How many virtual nodes there are, nobody declares: ack-virtual-node names them after zones (``virtual-kubelet-ZONE``).
        sure = "possible: while some node has none of the pods, " if limit.relative else "possible: with one virtual node, "
        notes = [
            f"{sure}{sum_}",
            "a virtual node is one host, whatever number of pods the vendor runs behind it; one more for each zone takes as many",
        ]
        return diagnose(
            codes.ONE_HOSTNAME,
            landed.at(*limit.route),
            message,
            related=[(policy.at_key("spec", "pools"), "bursts here")],
            notes=notes,
            help=[_remedy(limit)],
        )

    gathered.add(
        landed.manifest, (landed.template.made.route, policy.name, limit.route, before, asked.most), landed.cluster.name, make
    )


def _remedy(limit: _Limit) -> str:
    if limit.relative:
        return "write `whenUnsatisfiable: ScheduleAnyway`, or spread by `topology.kubernetes.io/zone`"
    return "write `preferredDuringSchedulingIgnoredDuringExecution` instead, or spread by `topology.kubernetes.io/zone`"
