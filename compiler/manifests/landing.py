"""What a cluster's policies make of the pods of a template: what checks of workloads look at."""

from dataclasses import dataclass, field
from typing import Any

from compiler.ir import ClusterIR
from compiler.manifests.inventory import Template
from compiler.manifests.manifest import Manifest
from compiler.resolve import Binding
from compiler.source import Where
from webhook.engine.decision import Decision


@dataclass(frozen=True, slots=True, kw_only=True)
class Landed:
    """The pod of a template on a cluster, as the API server stores it.

    Attributes:
        binding: of the policy that owns its placement, None where none does.
    """

    manifest: Manifest
    template: Template
    cluster: ClusterIR
    binding: Binding | None
    decision: Decision
    pod: dict[str, Any] = field(repr=False)

    @property
    def labels(self) -> dict[str, str]:
        """The pod's labels."""
        found: dict[str, str] = self.pod["metadata"].get("labels") or {}
        return found

    @property
    def annotations(self) -> dict[str, str]:
        """The pod's annotations."""
        found: dict[str, str] = self.pod["metadata"].get("annotations") or {}
        return found

    @property
    def sent(self) -> dict[str, Any]:
        """The pod before any policy."""
        return self.template.sent.pod

    @property
    def written(self) -> dict[str, Any]:
        """The template as its author wrote it; a Pod is its own."""
        return self.template.made.template

    def at(self, *route: str | int) -> Where:
        """Return the place of a field of the template."""
        return self.manifest.at(*self.template.made.route, *route)

    def at_key(self, *route: str | int) -> Where:
        """Return the place of the key that leads to a field of the template."""
        return self.manifest.at_key(*self.template.made.route, *route)

    @property
    def subject(self) -> str:
        """The pods for people: ``the Worker pods of TFJob `shop/train```."""
        role = self.template.made.role
        return f"the {role} pods of {self.manifest.title}" if role else f"the pods of {self.manifest.title}"
