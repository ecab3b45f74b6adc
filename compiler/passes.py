"""The passes that a repository may do without: clusters and policies, federation, manifests of workloads, scenarios, files.

Each is imported where there is something for it: imports are what a check of a few documents spends its time on. In which order they
run, and where it ends, is for ``compiler.pipeline`` and ``compiler.incremental`` to say.
"""

from typing import TYPE_CHECKING

from compiler.codes import output
from compiler.diagnostics import Diagnostic, diagnose
from compiler.model import Model
from compiler.progress import Phase, Progress, counted
from compiler.resolve import Resolved
from compiler.source import Document
from compiler.sources import Source

if TYPE_CHECKING:
    from compiler.federation.ir import HostIR
    from compiler.federation.resolve import Federated
    from compiler.inputs import Inputs
    from compiler.ir import ClusterIR
    from compiler.manifests.inventory import Inventory
    from compiler.manifests.placing import Placed
    from compiler.plan.stage import Stage


def checked(resolved: Resolved, progress: Progress) -> list[Diagnostic]:
    """Run the rules, if there is anything to look at."""
    model = resolved.model
    if not (model.clusters or model.policies or model.accelerators or model.tests):
        return []
    from compiler import rules  # noqa: PLC0415 - see the module's docstring

    return rules.check(resolved, progress)


def unnamed(ours: list[Document], built: Model, federated: "Federated | None") -> list[Diagnostic]:
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


def idle(resolved: Resolved, federated: "Federated | None") -> list[Diagnostic]:
    """Find pools, clusters and tests that no policy reaches."""
    from compiler.rules import unused  # noqa: PLC0415 - see the module's docstring

    placed = {member.cluster.name for each in (federated.placements if federated else ()) for member in each.members}
    without = {cluster.name: cluster for cluster in resolved.model.clusters if not resolved.of(cluster)}
    return [
        *unused.pools(resolved),
        *unused.clusters(cluster for name, cluster in without.items() if name not in placed),
        *unused.tests(test for test in resolved.model.tests if test.cluster in without),
    ]


def clusters_of(resolved: Resolved, progress: Progress) -> "tuple[ClusterIR, ...]":
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


def files_of(
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
        from compiler.emit import kubeadmiral  # noqa: PLC0415

        for host in hosts:
            files.update(kubeadmiral.emit(host))
    return files


def inputs_of(
    resolved: Resolved, inventory: "Inventory | None", placed: "Placed | None", federated: "Federated | None"
) -> "Inputs":
    """Return what the files of every folder are made of."""
    from compiler import inputs  # noqa: PLC0415 - see the module's docstring

    return inputs.of_clusters(resolved, inventory, placed) | (inputs.of_hosts(federated) if federated else {})
