"""Documents that nothing refers to. Names alone decide, so callers say which these are: see ``compiler.unreferenced``."""

from collections.abc import Iterable, Iterator

from compiler.codes import names as codes
from compiler.diagnostics import Diagnostic, diagnose
from compiler.model import AcceleratorClass, Cluster, Named, PolicyTest
from compiler.resolve import Resolved
from compiler.spelling import listing


def accelerators(unused: Iterable[AcceleratorClass]) -> Iterator[Diagnostic]:
    """Yield accelerator classes that no policy names."""
    for accelerator in unused:
        message = f"no policy names accelerator class `{accelerator.name}`"
        advice = [f"write `accelerator: {accelerator.name}` in a policy, or delete the document"]
        yield diagnose(codes.UNUSED_ACCELERATOR, accelerator.at_name(), message, help=advice)


def hosts(unused: Iterable[Named]) -> Iterator[Diagnostic]:
    """Yield federation hosts with neither members nor policies."""
    for host in unused:
        message = f"federation host `{host.name}` has no members, and no placement policy is for it"
        advice = [f"declare its members, `federation: {{host: {host.name}}}` in their Cluster documents, or delete the document"]
        yield diagnose(codes.UNUSED_HOST, host.at_name(), message, help=advice)


def pools(resolved: Resolved) -> Iterator[Diagnostic]:
    """Yield the pools of clusters that none of the policies there uses. Clusters without policies are not looked into."""
    for cluster in resolved.model.clusters:
        bindings = resolved.of(cluster)
        used = {pool.name for binding in bindings for _, pool in binding.pools}
        for pool in cluster.pools.values() if bindings else ():
            if pool.name not in used:
                message = f"no policy brings pods onto pool `{pool.name}` of cluster `{cluster.name}`"
                notes = [f"policies there: {listing(binding.policy.name for binding in bindings)}"]
                advice = ["list it under `pools` of a policy, or take it out of the Cluster document"]
                where = cluster.at("spec", "pools", pool.index, "name")
                yield diagnose(codes.UNUSED_POOL, where, message, notes=notes, help=advice)


def clusters(unused: Iterable[Cluster]) -> Iterator[Diagnostic]:
    """Yield clusters that no policy of either kind reaches."""
    for cluster in unused:
        message = f"no policy is bound to cluster `{cluster.name}`, and none places workloads on it"
        advice = ["name it in a policy, correct its labels, or delete its document"]
        yield diagnose(codes.UNUSED_CLUSTER, cluster.at_name(), message, help=advice)


def tests(unreached: Iterable[PolicyTest]) -> Iterator[Diagnostic]:
    """Yield tests of clusters to which no burst policy is bound."""
    for test in unreached:
        message = f"test `{test.name}` is about cluster `{test.cluster}`, to which no policy is bound"
        advice = ["correct the cluster, or the clusters of the policy that is tested"]
        yield diagnose(codes.UNREACHED_TEST, test.at("spec", "cluster"), message, help=advice)
