"""Semantic checks, one a file. Each takes what is resolved and yields findings; the order of rules never shows.

A rule has a scope, and runs on no more than that (``compiler.incremental``): what it does not see cannot change what it finds.
"""

from collections.abc import Callable, Iterator, Mapping
from typing import Final

from compiler.diagnostics import Diagnostic
from compiler.model import Cluster
from compiler.progress import Phase, Progress, counted, silent
from compiler.resolve import Resolved
from compiler.rules import (
    accelerator_candidates,
    accelerator_specs,
    addons,
    advance,
    autoscaled_max,
    backstop,
    best_effort,
    ceilings,
    cluster_uids,
    eci_annotations,
    equal_priority,
    exclusion_label,
    gang,
    idle,
    impossible_match,
    indistinct_pools,
    inert_selector,
    injected_pins,
    label_feedback,
    mechanism_keys,
    namespace_wide,
    namespaces,
    opted_out,
    owners,
    partly_shadowed,
    policy_edits,
    pools_without_nodes,
    redundant,
    reserved_keys,
    scale_in,
    schedulers,
    scheduling,
    secrets,
    selection,
    self_contradiction,
    shadowed,
    stock_aware,
    strategy,
    unreachable,
    unreached,
    untolerated_taints,
    vacuous,
    values,
    vendor_fields,
    version_gates,
)
from compiler.rules.verdicts import Verdict, settled

__all__ = [
    "CLUSTER_RULES",
    "POLICY_RULES",
    "VERDICT_RULES",
    "Rule",
    "check",
    "check_clusters",
    "check_policies",
    "settled",
    "verdicts",
]

Rule = Callable[[Resolved], Iterator[Diagnostic]]

POLICY_RULES: Final[tuple[Rule, ...]] = (
    accelerator_candidates.check,
    accelerator_specs.check,
    advance.check,
    autoscaled_max.check,
    backstop.check,
    best_effort.check,
    ceilings.check,
    eci_annotations.check,
    gang.check,
    idle.check_policies,
    impossible_match.check,
    indistinct_pools.check,
    inert_selector.check_policies,
    injected_pins.check,
    mechanism_keys.check_policies,
    namespace_wide.check_policies,
    namespaces.check,
    opted_out.check,
    owners.check,
    policy_edits.check,
    reserved_keys.check_policies,
    scale_in.check,
    scheduling.check,
    secrets.check_policies,
    selection.check_policies,
    self_contradiction.check,
    strategy.check,
    unreachable.check,
    unreached.check,
    vacuous.check,
    untolerated_taints.check,
    values.check_policies,
    vendor_fields.check,
    version_gates.check,
)
"""What is found in a policy by looking at it, the clusters that it means, its accelerator class and the settings: nothing else is there
where they run for one policy."""

CLUSTER_RULES: Final[tuple[Rule, ...]] = (
    addons.check,
    equal_priority.check,
    exclusion_label.check,
    idle.check_clusters,
    inert_selector.check_clusters,
    label_feedback.check,
    mechanism_keys.check_clusters,
    namespace_wide.check_clusters,
    pools_without_nodes.check,
    reserved_keys.check_clusters,
    schedulers.check,
    secrets.check_clusters,
    selection.check_clusters,
    stock_aware.check,
    values.check_clusters,
)
"""What is found in a cluster by looking at it, the policies that are bound to it, their accelerator classes and the settings."""


VERDICT_RULES: Final[tuple[Callable[[Resolved, Cluster], Iterator[Verdict]], ...]] = (
    partly_shadowed.verdicts,
    redundant.verdicts,
    shadowed.verdicts,
)
"""What is said of a policy by looking at one cluster, as the rules above do, and means something else if every cluster says it."""


FLEET_RULES: Final[tuple[Rule, ...]] = (cluster_uids.check,)
"""What is found by looking at all clusters together, and at nothing else."""


def check(resolved: Resolved, progress: Progress = silent) -> list[Diagnostic]:
    """Run all rules."""
    rules = (*POLICY_RULES, *CLUSTER_RULES, *FLEET_RULES)
    found = [diagnostic for rule in counted(rules, Phase.CHECKING, progress) for diagnostic in rule(resolved)]
    return [*found, *settled(verdicts(resolved), _bound(resolved))]


def verdicts(resolved: Resolved) -> Iterator[Verdict]:
    """Yield what each cluster, one or all of them, says of its policies; ``settled`` makes findings of what all of them say."""
    return (verdict for cluster in resolved.model.clusters for rule in VERDICT_RULES for verdict in rule(resolved, cluster))


def _bound(resolved: Resolved) -> Mapping[str, list[str]]:
    """Return the clusters that each policy is bound to."""
    found: dict[str, list[str]] = {}
    for binding in resolved.bindings:
        found.setdefault(binding.policy.name, []).append(binding.cluster.name)
    return found


def check_policies(resolved: Resolved) -> list[Diagnostic]:
    """Run the rules about policies, on one or on all of them."""
    return [diagnostic for rule in POLICY_RULES for diagnostic in rule(resolved)]


def check_clusters(resolved: Resolved) -> list[Diagnostic]:
    """Run the rules about clusters, on one or on all of them."""
    return [diagnostic for rule in CLUSTER_RULES for diagnostic in rule(resolved)]


def check_fleet(resolved: Resolved) -> list[Diagnostic]:
    """Run the rules about clusters that are looked at together."""
    return [diagnostic for rule in FLEET_RULES for diagnostic in rule(resolved)]
