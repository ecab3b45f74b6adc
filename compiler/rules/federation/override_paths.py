"""Two overrides of one policy do not write the same field on one cluster (pkg/controllers/override/util.go: the later one wins)."""

from collections.abc import Iterator

from compiler.codes import federation as codes
from compiler.diagnostics import Diagnostic, diagnose
from compiler.federation.dialects import annotations
from compiler.federation.model import Override
from compiler.federation.resolve import Federated, Placement
from compiler.federation.templates import escaped, template
from compiler.source import Where

_READ_ONLY = "test"


def check(federated: Federated) -> Iterator[Diagnostic]:
    """Yield fields that an earlier override of the same cluster writes, or the accelerator class. Images are checked elsewhere."""
    for placement in federated.placements:
        first = _of_accelerator(placement)
        for override in placement.policy.overrides:
            for path, where in _written(placement, override):
                for cluster in override.clusters:
                    earlier = first.setdefault((cluster, path), (override.index, where))
                    if earlier[0] != override.index:
                        message = f"this override writes `{path}` on cluster `{cluster}`, where an earlier one has written it"
                        related = [(earlier[1], "it has no effect there" if earlier[0] is not None else "the class writes it")]
                        advice = ["narrow the clusters of one of the two, or write the field once"]
                        yield diagnose(codes.SAME_PATH, where, message, related=related, help=advice)
                        break


def _of_accelerator(placement: Placement) -> dict[tuple[str, str], tuple[int | None, Where]]:
    """Return what the accelerator class writes, by cluster and path."""
    policy, accelerator = placement.policy, placement.accelerator
    at = template(policy.workloads[0])
    if accelerator is None or at is None:
        return {}
    where = policy.at("spec", "accelerator")
    return {
        (member.cluster.name, f"{at}/metadata/annotations/{escaped(key)}"): (None, where)
        for member in placement.members
        for key in annotations(accelerator, member.cluster)
    }


def _written(placement: Placement, override: Override) -> Iterator[tuple[str, Where]]:
    """Yield the paths that an override writes, without those that add to the end of a list."""
    policy = placement.policy
    at = template(policy.workloads[0])
    for name in sorted(override.resources):
        where = policy.at("spec", "overrides", override.index, "resources", name)
        yield f"{at}/spec/containers/{override.container}/resources/limits/{escaped(name)}", where
    for index, operation in enumerate(override.json_patch):
        if operation.op != _READ_ONLY and not operation.path.endswith("/-"):
            yield operation.path, policy.at("spec", "overrides", override.index, "jsonPatch", index, "path")
