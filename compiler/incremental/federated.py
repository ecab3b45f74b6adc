"""The slices about federation: hosts, their members, and placement policies."""

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

from msgspec import Struct, field

from compiler.diagnostics import Diagnostic
from compiler.incremental.facts import Head
from compiler.incremental.findings import Finding, kept
from compiler.incremental.memory import listed
from compiler.incremental.named import Named, View, view_of
from compiler.incremental.objects import Objects
from compiler.incremental.rendering import Made
from compiler.incremental.work import Work

if TYPE_CHECKING:
    from compiler.diagnostics import Diagnostic as Found
    from compiler.federation.resolve import Federated

Workload = tuple[str, str, str, str, str]
"""Host, namespace, group, kind and name."""


class Placed(Struct, array_like=True, frozen=True):
    """What is known of a placement policy; one that is not bound places no workloads."""

    findings: tuple[Finding, ...]
    bound: bool
    workloads: tuple[Workload, ...]


class Reached(Struct, array_like=True, frozen=True):
    """The names of the clusters that a host's placements place on."""

    clusters: tuple[str, ...]


class Sight(Struct, frozen=True, kw_only=True):
    """What the slice of a placement may look at."""

    policy: Head
    hosts: tuple[Head, ...]
    view: View

    def heads(self, settings: Head) -> tuple[Head, ...]:
        """Return the documents that the slice is given."""
        return (settings, self.policy, *self.hosts, *self.view.clusters, *self.view.accelerators)


class HostSite(Struct, kw_only=True):
    """A host with its placements, sorted by name."""

    host: Head
    placements: list[Sight] = field(default_factory=list)
    key: bytes = b""


class Federation:
    """Hosts and placement policies."""

    def __init__(self, work: Work, objects: Objects, documents: Named) -> None:
        self._work = work
        self._objects = objects
        self._documents = documents
        self._members: dict[str, set[str]] = {}
        for name, cluster in documents.clusters.items():
            self._members.setdefault(cluster.host, set()).add(name)

    def memberships(self) -> list[Diagnostic]:
        """Find clusters with an unknown host, and members that two clusters claim to be."""
        work, documents = self._work, self._documents
        hosts = tuple(documents.hosts.values())
        clusters = tuple(cluster for cluster in documents.clusters.values() if cluster.host)
        settings = documents.settings

        def find() -> tuple[Finding, ...]:
            from compiler.federation.model import Declared  # noqa: PLC0415 - as all that follows: a run that knows everything needs none
            from compiler.federation.resolve import memberships  # noqa: PLC0415

            declared = Declared(hosts=tuple(map(self._objects.host, hosts)), policies=())
            found = [*memberships(declared, self._objects.model(clusters))]
            return kept(found, self._objects.given((*hosts, *clusters)))

        given = (listed([each.digest for each in hosts]), listed([each.digest for each in clusters]))
        return work.found(work.key("memberships", settings.digest, *given), (*hosts, *clusters), find)

    def placements(self) -> tuple[list[Diagnostic], list[HostSite]]:
        """Look at every placement policy; the outcome is every host with those that are bound to it."""
        work, documents = self._work, self._documents
        settings = documents.settings
        sights = [self._sight(head) for head in documents.placements.values()]
        keys = [self._key(sight) for sight in sights]
        answers = work.answers.each(Placed, keys, lambda position: self._placed(sights[position]))
        diagnostics: list[Diagnostic] = []
        sites = {name: HostSite(host=host) for name, host in documents.hosts.items()}
        named: dict[Workload, list[Sight]] = {}
        for sight, answer in zip(sights, answers, strict=True):
            if answer.findings:
                diagnostics += work.shown(answer.findings, sight.heads(settings))
            if answer.bound:
                sites[sight.policy.host].placements.append(sight)
                for workload in answer.workloads:
                    named.setdefault(workload, []).append(sight)
        diagnostics += self._taken([sight for same in named.values() if len(same) > 1 for sight in same])
        for site in sites.values():
            site.key = work.key("host", site.host.digest, listed([self._key(sight) for sight in site.placements]))
        return diagnostics, list(sites.values())

    def documents(self, sites: Sequence[HostSite]) -> tuple[Head, ...]:
        """Return the documents of hosts and of all that is bound to them."""
        sights = [sight for site in sites for sight in site.placements]
        heads = (*(site.host for site in sites), *(head for sight in sights for head in sight.heads(self._documents.settings)))
        return tuple({(head.path, head.index): head for head in heads}.values())

    def reached(self, sites: Sequence[HostSite]) -> frozenset[str]:
        """Return the names of the clusters that hosts' placements place on."""

        def find(position: int) -> Reached:
            federated = self.everything((sites[position],))
            names = {member.cluster.name for placement in federated.placements for member in placement.members}
            return Reached(tuple(sorted(names)))

        keys = [self._work.key("reached", site.key) for site in sites]
        return frozenset(name for answer in self._work.answers.each(Reached, keys, find) for name in answer.clusters)

    def everything(self, sites: Sequence[HostSite]) -> "Federated":
        """Return hosts with what is bound to them, sorted by name."""
        sights = sorted((sight for site in sites for sight in site.placements), key=lambda each: each.policy.name)
        return self._federated([site.host for site in sites], sights)[0]

    def render(self, site: HostSite) -> Made:
        """Make the folder of a host. Assumes that nothing was found to be wrong."""
        from compiler import inputs  # noqa: PLC0415
        from compiler.emit import kubeadmiral  # noqa: PLC0415
        from compiler.federation.lower import lower  # noqa: PLC0415

        federated, _ = self._federated((site.host,), site.placements)
        (host,) = lower(federated)
        (digests,) = inputs.digests(inputs.of_hosts(federated)).values()
        return kubeadmiral.emit(host), digests

    def _sight(self, head: Head) -> Sight:
        documents = self._documents
        view = documents.view(head)
        # Who names what is no member is told which clusters are.
        others = not head.everywhere and not {each.name for each in view.clusters} <= self._members.get(head.host, set())
        if others:
            view = view_of(tuple(documents.clusters.values()), view.accelerators)
        known = head.host in documents.hosts and not others
        hosts = (documents.hosts[head.host],) if known else tuple(documents.hosts.values())
        return Sight(policy=head, hosts=hosts, view=view)

    def _key(self, sight: Sight) -> bytes:
        hosts = listed([host.digest for host in sight.hosts])
        return self._work.key("placement", self._documents.settings.digest, sight.policy.digest, hosts, sight.view.digests)

    def _placed(self, sight: Sight) -> Placed:
        from compiler.rules import federation as rules  # noqa: PLC0415

        federated, found = self._federated(sight.hosts, (sight,))
        diagnostics = [*found, *rules.check_placements(federated)]
        workloads = tuple(
            (each.host.name, each.policy.namespace, workload.group, workload.kind, workload.name)
            for each in federated.placements
            for workload in each.policy.workloads
        )
        findings = kept(diagnostics, self._objects.given(sight.heads(self._documents.settings)))
        return Placed(findings, bool(federated.placements), workloads)

    def _taken(self, sights: Sequence[Sight]) -> list[Diagnostic]:
        """Find workloads that two policies of a host name."""
        if not sights:
            return []
        work = self._work
        chosen = {sight.policy.name: sight for sight in sights}
        ordered = [chosen[name] for name in sorted(chosen)]
        heads = tuple(sight.policy for sight in ordered)

        def find() -> tuple[Finding, ...]:
            from compiler.rules import federation as rules  # noqa: PLC0415

            federated, _ = self._federated(tuple(self._documents.hosts.values()), ordered)
            return kept(rules.check_hosts(federated), self._objects.given(heads))

        return work.found(work.key("taken", listed([self._key(sight) for sight in ordered])), heads, find)

    def _federated(self, hosts: Iterable[Head], sights: Sequence[Sight]) -> "tuple[Federated, list[Found]]":
        """Bind placements among all that their slices may look at."""
        from compiler.federation.model import Declared  # noqa: PLC0415
        from compiler.federation.resolve import Federated, placed  # noqa: PLC0415

        objects = self._objects
        declared = Declared(
            hosts=tuple(map(objects.host, hosts)), policies=tuple(objects.placement(each.policy) for each in sights)
        )
        clusters = {each.name: each for sight in sights for each in sight.view.clusters}
        accelerators = {each.name: each for sight in sights for each in sight.view.accelerators}
        model = objects.model([clusters[name] for name in sorted(clusters)], [accelerators[name] for name in sorted(accelerators)])
        placements, diagnostics = placed(declared, model)
        return Federated(hosts=declared.hosts, placements=placements), diagnostics
