"""Where kinds keep their pod template, and what KubeAdmiral's stock configuration knows of a kind."""

from typing import Final

from compiler.federation.model import Workload

TEMPLATES: Final[dict[tuple[str, str], str]] = {
    ("", "Pod"): "",
    ("apps", "DaemonSet"): "/spec/template",
    ("apps", "Deployment"): "/spec/template",
    ("apps", "StatefulSet"): "/spec/template",
    ("batch", "CronJob"): "/spec/jobTemplate/spec/template",
    ("batch", "Job"): "/spec/template",
}
"""JSON pointer to the pod template by group and kind: the kinds whose images KubeAdmiral finds by itself
(pkg/apis/core/v1alpha1/types_overridepolicy.go, ImageOverrider). A Pod is its own template."""

DIVISIBLE: Final = frozenset({("apps", "Deployment")})
"""Kinds with ``replicasSpec`` in KubeAdmiral's stock FederatedTypeConfigs (config/sample/host/01-ftc.yaml). Any other kind is
duplicated, whatever the policy's mode (pkg/controllers/scheduler/schedulingunit.go), until an operator adds the path."""

MIGRATABLE: Final = frozenset({("apps", "Deployment")})
"""Kinds that automatic migration works for (pkg/controllers/automigration/plugins)."""


def template(workload: Workload) -> str | None:
    """Return the JSON pointer to the workload's pod template, or None where it is not known."""
    return TEMPLATES.get((workload.group, workload.kind))


def escaped(key: str) -> str:
    """Write a key as one part of a JSON pointer (RFC 6901)."""
    return key.replace("~", "~0").replace("/", "~1")
