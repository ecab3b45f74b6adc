"""The passes, top to bottom. A pass takes a value and returns a value and findings; the pipeline stops at the gates only.

What a repository may do without (clusters and policies, federation, manifests of workloads) is imported where it has them: imports are
what a check of a few documents spends its time on.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from compiler.assemble import build_model
from compiler.codes import output
from compiler.codes.names import ON_REQUEST
from compiler.diagnostics import Diagnostic, diagnose, has_errors, in_order
from compiler.model import Model
from compiler.progress import Phase, Progress, counted, silent
from compiler.reading import REPOSITORY_FILE, Reading, read
from compiler.resolve import Resolved, resolve
from compiler.source import Document, Location
from compiler.sources import Source
from compiler.suppression.ignore import Suppressed
from compiler.suppression.settling import settle, unused

if TYPE_CHECKING:
    from compiler.federation.ir import HostIR
    from compiler.federation.resolve import Federated
    from compiler.inputs import Inputs
    from compiler.ir import ClusterIR
    from compiler.manifests.inventory import Inventory
    from compiler.manifests.placing import Placed
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
    diagnostics += _rules(resolved, progress)
    federated, found = federation_of(ours, built)
    diagnostics += found
    diagnostics += _unused(ours, built, federated)
    inventory, found = inventory_of(reading.theirs if workloads else []) if repository.workloads else (None, [])
    diagnostics += found
    if has_errors(diagnostics):
        return _result(reading, model=built)

    diagnostics += _idle(resolved, federated) if idle else []
    clusters = _clusters(resolved, progress)
    placed, found = placed_on(inventory, clusters, progress) if inventory else (None, [])
    diagnostics += found
    diagnostics += dispatched(inventory, federated) if inventory and federated else []
    played = ours if scenarios is None else list(scenarios)
    stages, found = stages_of(played, pods or source, resolved, clusters, federated, progress=progress)
    diagnostics += found
    if has_errors(diagnostics):
        return _result(reading, model=built, stages=stages)

    for cluster in counted(clusters, Phase.MEASURING, progress):
        diagnostics += oversized(cluster, built)
    hosts = hosts_of(federated) if federated else ()
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
        files=_files(clusters, hosts, placed, progress) if files else {},
        inputs=_inputs(resolved, inventory, placed, federated) if files else {},
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


def _rules(resolved: Resolved, progress: Progress) -> list[Diagnostic]:
    """Run the rules, if there is anything to look at."""
    model = resolved.model
    if not (model.clusters or model.policies or model.accelerators or model.tests):
        return []
    from compiler import rules  # noqa: PLC0415 - see the module's docstring

    return rules.check(resolved, progress)


def _unused(ours: list[Document], built: Model, federated: "Federated | None") -> list[Diagnostic]:
    """Find accelerator classes and hosts that nothing refers to."""
    if not built.accelerators and federated is None:
        return []
    from compiler.rules import unused  # noqa: PLC0415 - see the module's docstring
    from compiler.unreferenced import unreferenced  # noqa: PLC0415

    accelerators = {each.name: each for each in built.accelerators}
    hosts = {host.name: host for host in federated.hosts} if federated else {}
    named = [document.get("spec", "accelerator") or "" for document in ours]
    members = [document.get("spec", "federation", "host") or document.get("spec", "host") or "" for document in ours]
    return [
        *unused.accelerators(unreferenced(accelerators, named)),
        *unused.hosts(unreferenced(hosts, members)),
    ]


def _idle(resolved: Resolved, federated: "Federated | None") -> list[Diagnostic]:
    """Find pools, clusters and tests that no policy reaches."""
    from compiler.rules import unused  # noqa: PLC0415 - see the module's docstring

    placed = {member.cluster.name for each in (federated.placements if federated else ()) for member in each.members}
    without = {cluster.name: cluster for cluster in resolved.model.clusters if not resolved.of(cluster)}
    return [
        *unused.pools(resolved),
        *unused.clusters(cluster for name, cluster in without.items() if name not in placed),
        *unused.tests(test for test in resolved.model.tests if test.cluster in without),
    ]


def _clusters(resolved: Resolved, progress: Progress) -> "tuple[ClusterIR, ...]":
    """Return the normal form of every cluster."""
    if not resolved.model.clusters:
        return ()
    from compiler.lower import lower  # noqa: PLC0415 - see the module's docstring

    return lower(resolved, progress)


def federation_of(ours: list[Document], built: Model) -> "tuple[Federated | None, list[Diagnostic]]":
    """Bind and check what is about federation, if anything is."""
    kinds = {document.get("kind") for document in ours}
    if not kinds & {"FederationHost", "PlacementPolicy"} and not any(cluster.federation for cluster in built.clusters):
        return None, []
    from compiler.federation import parse  # noqa: PLC0415 - see the module's docstring
    from compiler.federation.resolve import resolve  # noqa: PLC0415
    from compiler.rules import federation  # noqa: PLC0415

    declared, diagnostics = parse.declared(ours)
    federated, found = resolve(declared, built)
    return federated, [*diagnostics, *found, *federation.check(federated)]


def hosts_of(federated: "Federated") -> "tuple[HostIR, ...]":
    """Return the normal form of every host."""
    from compiler.federation.lower import lower  # noqa: PLC0415 - see the module's docstring

    return lower(federated)


def _files(
    clusters: "tuple[ClusterIR, ...]", hosts: "tuple[HostIR, ...]", placed: "Placed | None", progress: Progress
) -> dict[str, bytes]:
    """Return the files of all clusters and hosts."""
    from compiler import emit  # noqa: PLC0415 - a check needs none of it

    files: dict[str, bytes] = {}
    for cluster in counted(clusters, Phase.EMITTING, progress):
        emitted = emit.emit(cluster)
        if placed:
            emitted |= component(cluster, placed)
        files.update(sorted(emitted.items()))
    if hosts:
        from compiler.emit import kubeadmiral  # noqa: PLC0415 - see the module's docstring

        for host in hosts:
            files.update(kubeadmiral.emit(host))
    return files


def _inputs(resolved: Resolved, inventory: "Inventory | None", placed: "Placed | None", federated: "Federated | None") -> "Inputs":
    """Return what the files of every folder are made of."""
    from compiler import inputs  # noqa: PLC0415 - see the module's docstring

    return inputs.of_clusters(resolved, inventory, placed) | (inputs.of_hosts(federated) if federated else {})


def inventory_of(theirs: list[Document]) -> "tuple[Inventory, list[Diagnostic]]":
    """Take stock of the manifests in Git."""
    from compiler.manifests.inventory import take_stock  # noqa: PLC0415 - see the module's docstring

    return take_stock(theirs)


def stages_of(
    documents: list[Document],
    source: Source,
    resolved: Resolved,
    clusters: "tuple[ClusterIR, ...]",
    federated: "Federated | None",
    *,
    progress: Progress,
) -> "tuple[tuple[Stage, ...], list[Diagnostic]]":
    """Bind the scenarios, if there are any."""
    if all(document.get("kind") != "PlanScenario" for document in documents):
        return (), []
    from compiler.plan import parse  # noqa: PLC0415 - see the module's docstring
    from compiler.plan.bind import bind  # noqa: PLC0415
    from compiler.plan.compiled import Compiled  # noqa: PLC0415

    scenarios, diagnostics = parse.declared(documents)
    stages, found = bind(scenarios, Compiled(source=source, resolved=resolved, clusters=clusters, federated=federated), progress)
    return stages, [*diagnostics, *found]


def placed_on(inventory: "Inventory", clusters: "tuple[ClusterIR, ...]", progress: Progress) -> "tuple[Placed, list[Diagnostic]]":
    """Try all workloads on all clusters, and check what a pod alone cannot show."""
    from compiler.manifests.checks import check  # noqa: PLC0415 - see the module's docstring
    from compiler.manifests.placing import place  # noqa: PLC0415

    placed, diagnostics = place(inventory, clusters, progress)
    return placed, [*diagnostics, *check(inventory, placed)]


def dispatched(inventory: "Inventory", federated: "Federated") -> list[Diagnostic]:
    """Check manifests in Git against the placement policies of their workloads."""
    from compiler.manifests.dispatch import check  # noqa: PLC0415 - see the module's docstring

    return check(inventory, federated)


def component(cluster: "ClusterIR", placed: "Placed") -> dict[str, bytes]:
    """Return the files of the Component with the patches of a cluster's workloads."""
    from compiler.emit import folder, patches  # noqa: PLC0415 - see the module's docstring

    component = patches.emit(placed.patches[cluster.name])
    return {f"{folder(cluster.name)}/{path}": content for path, content in component.items()}


def oversized(cluster: "ClusterIR", built: Model) -> list[Diagnostic]:
    """Find the bundle that no webhook would read."""
    from webhook.engine.bundle import MAX_BUNDLE_BYTES, encode  # noqa: PLC0415 - see the module's docstring

    size = len(encode(cluster.bundle))
    if size <= MAX_BUNDLE_BYTES:
        return []
    where = next(each for each in built.clusters if each.name == cluster.name).at_name()
    message = f"the bundle of cluster `{cluster.name}` has {size:,} bytes, and a webhook reads {MAX_BUNDLE_BYTES:,} at most"
    return [diagnose(output.BUNDLE_TOO_LARGE, where, message)]
