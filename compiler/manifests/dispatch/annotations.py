"""Annotations by which a workload places itself, whatever its policy says (pkg/controllers/scheduler/schedulingunit.go; read in source)."""

from collections.abc import Iterator
from typing import Final

from compiler.codes import dispatch as codes
from compiler.diagnostics import Diagnostic, diagnose
from compiler.federation.resolve import Federated
from compiler.manifests.dispatch.subjects import subjects
from compiler.manifests.inventory import Inventory

_READ: Final = {
    "kubeadmiral.io/affinity": "only clusters that it matches get the workload",
    "kubeadmiral.io/clusterSelector": "only clusters that it matches get the workload",
    "kubeadmiral.io/maxClusters": "it says on how many clusters the workload may be",
    "kubeadmiral.io/migration-configuration": "it caps what clusters get, below their `max` and even below their `min`",
    "kubeadmiral.io/no-scheduling": "with it, KubeAdmiral does not schedule the workload",
    "kubeadmiral.io/placements": "its clusters, weights and bounds count in place of the policy's",
    "kubeadmiral.io/scheduling-mode": "it says whether replicas are divided",
    "kubeadmiral.io/sticky-cluster": "with it, the workload stays where it is",
    "kubeadmiral.io/tolerations": "it says which tainted clusters the workload may be on",
}


def check(inventory: Inventory, federated: Federated) -> Iterator[Diagnostic]:
    """Yield workloads of placement policies that carry scheduling annotations of their own."""
    for subject in subjects(inventory, federated):
        manifest, policy = subject.manifest, subject.placement.policy
        for key in sorted(manifest.annotations.keys() & _READ.keys()):
            where = manifest.at_key("metadata", "annotations", key)
            message = f"annotation {key} of {manifest.title} wins over placement policy `{policy.name}`"
            related = [(policy.at("spec", "workloads", subject.workload.index, "name"), "the policy places the workload")]
            advice = ["take the annotation out, and say it in the policy"]
            yield diagnose(codes.OWN_ANNOTATION, where, message, related=related, notes=[_READ[key]], help=advice)
