"""Before Kubernetes 1.21 excluded namespaces can be kept from the webhook only by a label of their own."""

from collections.abc import Iterator

from compiler.codes import platforms as codes
from compiler.diagnostics import Diagnostic, diagnose
from compiler.model import NAME_LABEL, NAME_LABEL_SINCE
from compiler.resolve import Resolved
from compiler.spelling import listing
from webhook.engine.keys import EXCLUDE_LABEL


def check(resolved: Resolved) -> Iterator[Diagnostic]:
    """Yield old clusters with policies whose excluded namespaces are not declared with the label."""
    excluded = resolved.model.repository.webhook.excluded_namespaces
    for cluster in resolved.model.clusters:
        if cluster.kubernetes >= NAME_LABEL_SINCE or not resolved.of(cluster):
            continue
        missing = [name for name in excluded if cluster.namespaces.get(name, {}).get(EXCLUDE_LABEL) != "true"]
        if missing:
            declared = list(cluster.namespaces)
            named = [cluster.at("spec", "namespaces", declared.index(name)) for name in missing if name in cluster.namespaces]
            yield diagnose(
                codes.EXCLUSION_LABEL,
                named[0] if named else cluster.at("spec", "kubernetesVersion"),
                f"Kubernetes {cluster.kubernetes} cannot exclude {listing(missing)} by name",
                notes=[f"the label {NAME_LABEL} is on every namespace from {NAME_LABEL_SINCE} on (KEP-2161)"],
                help=[f'label {_them(missing)} {EXCLUDE_LABEL}="true", and declare {_them(missing)} with it in `spec.namespaces`'],
            )


def _them(names: list[str]) -> str:
    return "it" if len(names) == 1 else "them"
