"""The ECI label on a whole namespace: it reaches every pod, whatever other policies say."""

from collections.abc import Iterator

from compiler.codes import policies as codes
from compiler.diagnostics import Diagnostic, diagnose
from compiler.model import Mechanism
from compiler.overlap import overlaps
from compiler.platforms.keys import ECI_LABEL
from compiler.platforms.mechanisms import SERVES
from compiler.resolve import Binding, Resolved
from webhook.engine.selector import Selector


def check_policies(resolved: Resolved) -> Iterator[Diagnostic]:
    """Yield namespace-wide policies that do not mean all pods, and policies for pods that their namespace sends elsewhere."""
    for binding in resolved.bindings:
        if binding.policy.namespace_wide:
            yield from _alone(binding)
        elif (
            binding.pools
            and binding.mechanism is not Mechanism.ECI_LABEL
            and binding.cluster.platform in SERVES[Mechanism.ECI_LABEL]
        ):
            yield from _labelled(binding)


def check_clusters(resolved: Resolved) -> Iterator[Diagnostic]:
    """Yield namespace-wide policies that other placing policies contradict."""
    for cluster in resolved.model.clusters:
        placing = [binding for binding in resolved.of(cluster) if binding.pools]
        if any(binding.policy.namespace_wide for binding in placing):
            for overlap in overlaps(resolved, cluster, _both_place):
                for one, other in ((overlap.first, overlap.second), (overlap.second, overlap.first)):
                    # No selector matches a namespace that is not declared.
                    if overlap.witness.proved and one.policy.namespace_wide and other.mechanism is not Mechanism.ECI_LABEL:
                        yield _overridden(one, other, overlap.witness.namespace)


def _both_place(first: Binding, second: Binding) -> bool:
    """Say whether both place pods, one of them by a label on the namespace."""
    return bool(first.pools and second.pools) and (first.policy.namespace_wide or second.policy.namespace_wide)


def _alone(binding: Binding) -> Iterator[Diagnostic]:
    policy, cluster = binding.policy, binding.cluster
    where = policy.at("spec", "namespaceWide")
    if binding.mechanism is not Mechanism.ECI_LABEL:
        message = f"`namespaceWide` is for a single `eci` pool, and policy `{policy.name}` is {binding.mechanism} on cluster `{cluster.name}`"
        yield diagnose(codes.NAMESPACE_WIDE, where, message)
    if policy.pods != Selector() or policy.requests or policy.owners:
        message = f"policy `{policy.name}` does not match all pods, and a label on the namespace reaches all"
        yield diagnose(codes.NAMESPACE_WIDE, where, message, related=[(policy.at("spec", "match", "pods"), "write `all: true`")])
    if policy.partial:
        part = "mode" if policy.audit else "rollout"
        message = f"policy `{policy.name}` holds for some pods only, and a label on the namespace reaches all"
        related = [(policy.at_key("spec", part), f"because of `{part}`")]
        yield diagnose(codes.NAMESPACE_WIDE, where, message, related=related, help=[f"take out `{part}` or `namespaceWide`"])
    if not binding.namespaces:
        related = [(cluster.at("spec"), "declare `namespaces` here")]
        message = f"cluster `{cluster.name}` declares no namespace that policy `{policy.name}` selects"
        yield diagnose(codes.NAMESPACES_UNKNOWN, policy.at_key("spec", "match", "namespaces"), message, related=related)


def _overridden(binding: Binding, other: Binding, namespace: str) -> Diagnostic:
    return diagnose(
        codes.NAMESPACE_WIDE,
        binding.policy.at("spec", "namespaceWide"),
        f"namespace `{namespace}` of cluster `{binding.cluster.name}` gets the ECI label, which overrides the placement of policy "
        f"`{other.policy.name}`",
        related=[(other.policy.at_key("spec", "pools"), "placed here, by " + str(other.mechanism))],
        notes=["the label overrides ResourcePolicy, node affinity and burst-resource, whatever the priorities are"],
    )


def _labelled(binding: Binding) -> Iterator[Diagnostic]:
    """Yield declared namespaces that carry the ECI label already."""
    policy, cluster = binding.policy, binding.cluster
    for name in binding.namespaces:
        if cluster.namespaces.get(name, {}).get(ECI_LABEL) == "true":
            index = next(index for index, each in enumerate(cluster.document.get("spec", "namespaces")) if each["name"] == name)
            yield diagnose(
                codes.SECOND_MECHANISM,
                policy.at_key("spec", "pools"),
                f"namespace `{name}` of cluster `{cluster.name}` sends all its pods to ECI, so policy `{policy.name}` places none of them",
                related=[
                    (cluster.at("spec", "namespaces", index, "labels", ECI_LABEL), "the label overrides every other mechanism")
                ],
            )
