"""From objects to policy files: the objects that are understood are sorted out, clusters are found or made up, and policies drafted."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from compiler.codes import importing as codes
from compiler.diagnostics import Diagnostic, diagnose
from compiler.importing.drafts import Draft
from compiler.importing.injections import injections, not_written_yet
from compiler.importing.needs import least_scheduler
from compiler.importing.placements import Federation, placement_policies
from compiler.importing.pods import ByHand
from compiler.importing.policies import burst_policies
from compiler.importing.pools import Site, platform_of
from compiler.importing.resource_policies import Ordered
from compiler.importing.sorting import Given, sorted_out
from compiler.ir import ClusterIR
from compiler.model import Cluster, Platform
from compiler.versions import Version


@dataclass(frozen=True, slots=True, kw_only=True)
class Known:
    """What the repository has. ``names`` are those of its documents, by kind.

    Attributes:
        new: there is no repository yet.
        platforms, schedulers: of clusters that are not declared, where somebody says so. kubernetes: their version.
        members: names of clusters by what the federation host calls them.
        host: name of the federation host.
        files, engines: what the repository builds.
    """

    new: bool
    kubernetes: Version
    clusters: Mapping[str, Cluster] = field(default_factory=dict)
    names: Mapping[str, set[str]] = field(default_factory=dict)
    platforms: Mapping[str, Platform] = field(default_factory=dict)
    schedulers: Mapping[str, Version] = field(default_factory=dict)
    members: Mapping[str, str] = field(default_factory=dict)
    host: str = "federation"
    files: Mapping[str, bytes] = field(default_factory=dict)
    engines: Sequence[ClusterIR] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Imported:
    """What came of it.

    Attributes:
        ordered, federation, injected: the objects that were understood, to compare what is built with. passed: how many others there are.
        there: how many the repository builds already.
    """

    drafts: tuple[Draft, ...]
    ordered: tuple[Ordered, ...]
    federation: Federation
    injected: tuple[tuple[Draft, ByHand], ...]
    passed: int
    there: int
    diagnostics: tuple[Diagnostic, ...]


def imported(given: Iterable[Given], known: Known) -> Imported:
    """Read objects into drafts of policy files."""
    pile = sorted_out(given, known.files)
    diagnostics, ordered, federation = list(pile.diagnostics), pile.ordered, pile.federation
    handwritten = not_written_yet(pile.handwritten, known.engines)
    written = {id(each.manifest) for each in pile.handwritten} - {id(each.manifest) for each in handwritten}
    sites, problems = _sites([*ordered, *handwritten], known, federation=bool(federation))
    diagnostics += problems
    placeable = []
    for each in (each for each in ordered if each.cluster in sites):
        if sites[each.cluster].platform in each.platforms:
            placeable.append(each)
        else:
            diagnostics.append(_elsewhere(each, sites[each.cluster]))
    policies, problems = burst_policies(placeable, sites, known.names.get("BurstPolicy", set()))
    diagnostics += problems
    placements, hosted, problems = placement_policies(
        federation, known.host, sites, known.names.get("PlacementPolicy", set()), known.files
    )
    diagnostics += problems
    taken = {draft.name for draft in policies}.union(*(known.names.get(kind, ()) for kind in ("BurstPolicy", "AcceleratorClass")))
    injected, classes, problems = injections(handwritten, placeable, sites, taken)
    diagnostics += problems
    policies += {draft.name: draft for draft, _ in injected}.values()
    drafts = [*classes, *_surroundings(sites.values(), known, federation=bool(federation)), *policies, *placements]
    return Imported(
        drafts=tuple(drafts),
        ordered=tuple(placeable),
        federation=federation,
        injected=tuple(injected),
        passed=pile.passed,
        there=pile.there + len(written) + hosted,
        diagnostics=tuple(diagnostics),
    )


def _elsewhere(ordered: Ordered, site: Site) -> Diagnostic:
    known = " or ".join(ordered.platforms)
    message = f"{ordered.manifest.title} has what only {known} knows, and cluster `{site.name}` is {site.platform}"
    related = [(site.declared.at("spec", "platform"), "here")] if site.declared else []
    return diagnose(codes.UNSAID, ordered.manifest.at_name(), message, related=related)


def _sites(ordered: Sequence[Ordered | ByHand], known: Known, *, federation: bool) -> tuple[dict[str, Site], list[Diagnostic]]:
    """Return the clusters that objects come from, and members of the federation."""
    sites: dict[str, Site] = {}
    diagnostics: list[Diagnostic] = []
    members = {name: member for member, name in known.members.items()}
    for name in sorted({each.cluster for each in ordered} | (set(members) if federation else set())):
        own = [each for each in ordered if each.cluster == name]
        declared = known.clusters.get(name)
        if declared is not None:
            platform = declared.platform
        elif name in known.platforms or not own:
            platform = known.platforms.get(name, Platform.KUBERNETES)
        else:
            try:
                platform = platform_of(own)
            except ValueError:
                message = f"the objects of cluster `{name}` belong to different platforms"
                related = [(each.manifest.at_name(), f"on {' or '.join(each.platforms)}") for each in own[1:]]
                diagnostics.append(diagnose(codes.UNSAID, own[0].manifest.at_name(), message, related=related))
                continue
        sites[name] = Site(
            name=name,
            platform=platform,
            kubernetes=declared.kubernetes if declared else known.kubernetes,
            scheduler=declared.scheduler if declared else _scheduler(name, platform, own, known),
            declared=declared,
            member=members.get(name, "") if federation else "",
            host=known.host,
        )
    for name, cluster in known.clusters.items():
        if federation and cluster.federation is not None and cluster.federation.host == known.host and name not in members:
            member = Site(name=name, platform=cluster.platform, kubernetes=cluster.kubernetes, declared=cluster)
            site = sites.setdefault(name, member)
            site.member, site.host = cluster.federation.member, known.host
    return sites, diagnostics


def _scheduler(name: str, platform: Platform, own: Sequence[Ordered | ByHand], known: Known) -> Version | None:
    policies = [each for each in own if isinstance(each, Ordered)]
    return known.schedulers.get(name) or (least_scheduler(policies) if platform is Platform.ACK_PRO else None)


def _surroundings(sites: Iterable[Site], known: Known, *, federation: bool) -> list[Draft]:
    """Return the documents that policies refer to and the repository does not have."""
    drafts = [Draft(kind="Repository", name="", spec={})] if known.new else []
    if federation and known.host not in known.names.get("FederationHost", set()):
        spec = {"engine": "kubeadmiral", "kubernetesVersion": str(known.kubernetes)}
        comments = ("The objects do not tell the version of the host's API server: correct it.",)
        drafts.append(Draft(kind="FederationHost", name=known.host, spec=spec, comments=comments))
    for site in sites:
        if site.declared is not None:
            continue
        cluster = {
            "platform": str(site.platform),
            "kubernetesVersion": str(site.kubernetes),
            **({"scheduler": {"version": str(site.scheduler)}} if site.scheduler else {}),
            **({"federation": {"host": site.host, "member": site.member}} if site.member else {}),
            # A member of a federation that no ResourcePolicy was given of has nodes of some kind.
            "pools": [{"name": name, **pool} for name, pool in site.pools.items()] or [{"name": "nodes", "type": "idc"}],
        }
        unknown = [
            "The objects tell neither versions nor add-ons, and no more about pools than how their nodes are chosen: complete it",
            "(`overbank inventory` does from the nodes).",
        ]
        if site.scheduler and site.name not in known.schedulers:
            unknown.append(f"Scheduler {site.scheduler} is the lowest that has the fields of these ResourcePolicies.")
        drafts.append(Draft(kind="Cluster", name=site.name, spec=cluster, comments=tuple(unknown)))
    return drafts
