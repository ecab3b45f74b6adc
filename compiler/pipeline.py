"""The passes, top to bottom. A pass takes a value and returns a value and findings; the pipeline stops at the gates only.

What a repository may do without stands in ``compiler.passes``, and is imported where there is something for it.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from compiler import passes
from compiler.assemble import build_model
from compiler.codes.names import ON_REQUEST
from compiler.diagnostics import Diagnostic, has_errors, in_order
from compiler.model import Model
from compiler.progress import Phase, Progress, counted, silent
from compiler.reading import Reading, read
from compiler.resolve import Resolved, resolve
from compiler.source import Document, Location
from compiler.sources import REPOSITORY_FILE, Source
from compiler.suppression.ignore import Suppressed
from compiler.suppression.settling import settle, unused

if TYPE_CHECKING:
    from compiler.federation.ir import HostIR
    from compiler.federation.resolve import Federated
    from compiler.inputs import Inputs
    from compiler.ir import ClusterIR
    from compiler.manifests.inventory import Inventory
    from compiler.plan.stage import Stage

__all__ = ["REPOSITORY_FILE", "Result", "compile_repository"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    """What came of a repository. After an error the later values are missing: ``model`` is None, the others are empty.

    Attributes:
        suppressed: findings that comments suppress, and that are not among ``diagnostics``.
        documents: how many documents are Overbank's. ignored: how many are not.
        resolved, federated, inventory: what the output was made of; the last two are None where a repository has nothing of the kind.
        stages: scenarios that can be played, sorted by name; those that cannot do not take the others with them.
        files: content by path below ``model.repository.output``.
        inputs: what the files of each folder were made of.
    """

    diagnostics: list[Diagnostic]
    suppressed: list[Suppressed] = field(default_factory=list)
    documents: int = 0
    ignored: int = 0
    model: Model | None = None
    resolved: Resolved | None = field(default=None, repr=False)
    federated: "Federated | None" = field(default=None, repr=False)
    inventory: "Inventory | None" = field(default=None, repr=False)
    clusters: "tuple[ClusterIR, ...]" = ()
    hosts: "tuple[HostIR, ...]" = ()
    stages: "tuple[Stage, ...]" = ()
    files: dict[str, bytes] = field(default_factory=dict)
    inputs: "Inputs" = field(default_factory=dict)

    @property
    def failed(self) -> bool:
        """Whether there is an error."""
        return has_errors(self.diagnostics)


def compile_repository(
    source: Source,
    *,
    workloads: bool = True,
    scenarios: Iterable[Document] | None = None,
    pods: Source | None = None,
    files: bool = True,
    idle: bool = False,
    progress: Progress = silent,
) -> Result:
    """Compile a policy repository.

    Args:
        source: where it is read from.
        workloads: False leaves out what the policies do to manifests in Git.
        scenarios: play these, instead of the repository's own.
        pods: where the files that scenarios name are read, if not from ``source``.
        files: False leaves out the files, and nothing that is found when they are made.
        idle: whether to look for what no policy reaches (``codes.names.ON_REQUEST``).
        progress: is told how far it is.
    """
    reading = read(source, progress)
    repository, ours, diagnostics = reading.repository, reading.ours, reading.diagnostics
    if repository is None or has_errors(diagnostics):
        return _result(reading)

    progress(Phase.RESOLVING, 0, 0)
    built, found = build_model(ours, repository)
    diagnostics += found
    resolved, found = resolve(built)
    diagnostics += found
    diagnostics += passes.checked(resolved, progress)
    federated, found = passes.federation_of(ours, built)
    diagnostics += found
    diagnostics += passes.unnamed(ours, built, federated)
    inventory, found = passes.inventory_of(reading.theirs if workloads else []) if repository.workloads else (None, [])
    diagnostics += found
    if has_errors(diagnostics):
        return _result(reading, model=built)

    diagnostics += passes.idle(resolved, federated) if idle else []
    clusters = passes.clusters_of(resolved, progress)
    placed, found = passes.placed_on(inventory, clusters, progress) if inventory else (None, [])
    diagnostics += found
    diagnostics += passes.dispatched(inventory, federated) if inventory and federated else []
    played = ours if scenarios is None else list(scenarios)
    stages, found = passes.stages_of(played, pods or source, resolved, clusters, federated, progress=progress)
    diagnostics += found
    if has_errors(diagnostics):
        return _result(reading, model=built, stages=stages)

    for cluster in counted(clusters, Phase.MEASURING, progress):
        diagnostics += passes.oversized(cluster, built)
    hosts = passes.hosts_of(federated) if federated else ()
    whole = workloads and scenarios is None and pods is None and not has_errors(diagnostics)
    return _result(
        reading,
        whole=whole,
        idle=idle,
        model=built,
        resolved=resolved,
        federated=federated,
        inventory=inventory,
        clusters=clusters,
        hosts=hosts,
        stages=stages,
        files=passes.files_of(clusters, hosts, placed, progress) if files else {},
        inputs=passes.inputs_of(resolved, inventory, placed, federated) if files else {},
    )


def _result(reading: Reading, *, whole: bool = False, idle: bool = False, **values: Any) -> Result:
    """Return what came of a repository. What suppresses nothing is known only if the ``whole`` of it was looked at."""
    diagnostics, suppressed = settle(in_order(reading.diagnostics), reading.ignores)
    if whole:
        looked = [each for each in reading.ignores if idle or each.code not in ON_REQUEST]
        files = reading.files
        found = unused(looked, suppressed, lambda each: Location(each.path, each.span(), files[each.path]), kept=diagnostics)
        diagnostics = in_order([*diagnostics, *found])
    return Result(diagnostics=diagnostics, suppressed=suppressed, documents=len(reading.ours), ignored=reading.ignored, **values)
