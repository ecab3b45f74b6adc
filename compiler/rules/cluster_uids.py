"""Identities of clusters, which no two of them share."""

from collections.abc import Iterator

from compiler.codes import names as codes
from compiler.diagnostics import Diagnostic, diagnose
from compiler.model import Cluster
from compiler.resolve import Resolved


def check(resolved: Resolved) -> Iterator[Diagnostic]:
    """Yield clusters whose UID another one has already."""
    first: dict[str, Cluster] = {}
    for cluster in resolved.model.clusters:
        if not cluster.uid:
            continue
        other = first.setdefault(cluster.uid, cluster)
        if other is not cluster:
            related = [(other.at("spec", "uid"), f"cluster `{other.name}` has it here")]
            message = f"cluster `{cluster.name}` has the UID of cluster `{other.name}`"
            advice = ["ask each cluster: kubectl get namespace kube-system -o jsonpath={.metadata.uid}"]
            yield diagnose(codes.SHARED_UID, cluster.at("spec", "uid"), message, related=related, help=advice)
