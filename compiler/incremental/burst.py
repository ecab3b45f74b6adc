"""The slices about clusters and burst policies."""

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from compiler.diagnostics import Diagnostic
from compiler.incremental.facts import Head
from compiler.incremental.findings import Finding, kept
from compiler.incremental.memory import listed
from compiler.incremental.named import Named, View
from compiler.incremental.objects import Objects
from compiler.incremental.site import Bound, Judged, Said, Site
from compiler.incremental.work import Found, Work
from compiler.progress import Phase, Progress

if TYPE_CHECKING:
    from compiler.ir import ClusterIR
    from compiler.resolve import Resolved


class Burst:
    """Clusters, burst policies and their tests."""

    def __init__(self, work: Work, objects: Objects, documents: Named, progress: Progress) -> None:
        self._work = work
        self._objects = objects
        self._documents = documents
        self._progress = progress
        self._resolved: dict[str, Resolved] = {}
        self._lowered: dict[str, ClusterIR] = {}

    def names(self) -> list[Diagnostic]:
        """Find documents with the same name, and settings that count for nothing."""
        work, twice, settings = self._work, self._documents.twice, self._documents.settings
        if not twice:
            return []

        def find() -> tuple[Finding, ...]:
            from compiler.assemble import strays  # noqa: PLC0415 - as all that follows: a run that knows everything needs none of it
            from compiler.references import by_name  # noqa: PLC0415

            given = self._objects.given((*twice, settings))
            documents = [document for document, _ in given[:-1]]
            kinds = {head.kind for head in twice} - {"Repository"}
            found = [*by_name(documents, kinds)[1], *strays(documents, self._objects.repository())]
            return kept(found, given)

        return work.found(work.key("names", settings.digest, listed(each.digest for each in twice)), (*twice, settings), find)

    def identities(self) -> list[Diagnostic]:
        """Find clusters that cannot be told apart."""
        work, documents = self._work, self._documents
        if len(documents.clusters) < 2:  # noqa: PLR2004 - one alone shares nothing
            return []
        heads = (documents.settings, *documents.clusters.values())

        def find() -> tuple[Finding, ...]:
            from compiler import rules  # noqa: PLC0415
            from compiler.resolve import Resolved  # noqa: PLC0415

            resolved = Resolved(model=self._objects.model(heads[1:]), bindings=())
            return kept(rules.check_fleet(resolved), self._objects.given(heads))

        return work.found(work.key("fleet", listed([each.digest for each in heads])), heads, find)

    def policies(self) -> tuple[list[Diagnostic], dict[str, tuple[str, ...]]]:
        """Look at every policy; the outcome is the names of the clusters that each is bound to."""
        work, documents = self._work, self._documents
        heads = list(documents.policies.values())
        views = [documents.view(head) for head in heads]
        settings = documents.settings.digest
        keys = [work.key("policy", settings, head.digest, view.digests) for head, view in zip(heads, views, strict=True)]

        def policy(position: int) -> Bound:
            self._progress(Phase.CHECKING, position, len(heads))
            return self._policy(heads[position], views[position])

        diagnostics: list[Diagnostic] = []
        bound: dict[str, tuple[str, ...]] = {}
        answers = work.answers.each(Bound, keys, policy)
        for head, view, answer in zip(heads, views, answers, strict=True):
            bound[head.name] = answer.clusters
            if answer.findings:
                diagnostics += work.shown(answer.findings, (documents.settings, head, *view.clusters, *view.accelerators))
        return diagnostics, bound

    def _policy(self, head: Head, view: View) -> Bound:
        from compiler import rules  # noqa: PLC0415
        from compiler.assemble import repeated  # noqa: PLC0415
        from compiler.resolve import resolve  # noqa: PLC0415

        objects = self._objects
        resolved, found = resolve(objects.model(view.clusters, view.accelerators, (head,)), objects.known)
        for binding in resolved.bindings:
            objects.bindings[head.name, binding.cluster.name] = binding
        diagnostics = [*repeated(objects.policy(head)), *found, *rules.check_policies(resolved)]
        given = objects.given((self._documents.settings, head, *view.clusters, *view.accelerators)) if diagnostics else ()
        return Bound(kept(diagnostics, given), tuple(binding.cluster.name for binding in resolved.bindings))

    def tests(self) -> list[Diagnostic]:
        """Look at every test as far as it needs no pod."""
        work, documents = self._work, self._documents
        heads = list(documents.tests.values())
        views = [documents.view(head) for head in heads]
        settings = documents.settings.digest
        keys = [work.key("test", settings, head.digest, view.digests) for head, view in zip(heads, views, strict=True)]

        def find(position: int) -> Found:
            from compiler.assemble import repeated  # noqa: PLC0415
            from compiler.resolve import resolve  # noqa: PLC0415

            head, clusters = heads[position], views[position].clusters
            _, found = resolve(self._objects.model(clusters, tests=(head,)))
            diagnostics = [*repeated(self._objects.test(head)), *found]
            return Found(kept(diagnostics, self._objects.given((documents.settings, head, *clusters))))

        diagnostics: list[Diagnostic] = []
        for head, view, answer in zip(heads, views, work.answers.each(Found, keys, find), strict=True):
            if answer.findings:
                diagnostics += work.shown(answer.findings, (documents.settings, head, *view.clusters))
        return diagnostics

    def sites(self, bound: dict[str, tuple[str, ...]]) -> list[Site]:
        """Return every cluster with what is bound to it, sorted by name."""
        work, documents = self._work, self._documents
        sites = {name: Site(cluster=cluster) for name, cluster in documents.clusters.items()}
        classes: dict[str, set[str]] = {name: set() for name in sites}
        for name, clusters in bound.items():
            head = documents.policies[name]
            for cluster in clusters:
                sites[cluster].policies.append(head)
                classes[cluster].add(head.accelerator)
        for name, site in sites.items():
            site.accelerators = [documents.accelerators[each] for each in sorted(classes[name]) if each in documents.accelerators]
            site.key = work.key(
                "site",
                documents.settings.digest,
                site.cluster.digest,
                listed([each.digest for each in site.policies]),
                listed([each.digest for each in site.accelerators]),
            )
        return list(sites.values())

    def clusters(self, sites: Sequence[Site]) -> list[Diagnostic]:
        """Look at every cluster with its policies."""
        work, settings = self._work, self._documents.settings

        def find(position: int) -> Judged:
            from compiler import rules  # noqa: PLC0415
            from compiler.assemble import repeated  # noqa: PLC0415

            self._progress(Phase.CHECKING, position, len(sites))
            site = sites[position]
            resolved = self.resolved(site)
            found = [*repeated(self._objects.cluster(site.cluster)), *rules.check_clusters(resolved)]
            said = list(rules.verdicts(resolved))
            given = self._objects.given(site.heads(settings)) if found or said else ()
            findings = iter(kept([each for verdict in said for each in (verdict.idle, verdict.here) if each is not None], given))

            def one(diagnostic: Diagnostic | None) -> tuple[Finding, ...]:
                return () if diagnostic is None else (next(findings),)

            return Judged(kept(found, given), tuple(Said(each.policy, one(each.idle), one(each.here)) for each in said))

        answers = list(work.answers.each(Judged, [work.key("cluster", site.key) for site in sites], find))
        found = [
            diagnostic
            for site, answer in zip(sites, answers, strict=True)
            if answer.findings
            for diagnostic in work.shown(answer.findings, site.heads(settings))
        ]
        return [*found, *self._settled(sites, answers)]

    def _settled(self, sites: Sequence[Site], answers: Sequence[Judged]) -> list[Diagnostic]:
        """Put together what the clusters say of their policies."""
        if not any(answer.said for answer in answers):
            return []
        from compiler.rules.verdicts import Verdict, settled  # noqa: PLC0415 - most repositories have nothing to put together

        bound: dict[str, list[str]] = {}
        verdicts = []
        for site, answer in zip(sites, answers, strict=True):
            for policy in site.policies:
                bound.setdefault(policy.name, []).append(site.cluster.name)
            heads = site.heads(self._documents.settings)

            def one(findings: tuple[Finding, ...], heads: list[Head] = heads) -> Diagnostic | None:
                return next(iter(self._work.shown(findings, heads)), None)

            verdicts += [
                Verdict(policy=each.policy, cluster=site.cluster.name, idle=one(each.idle), here=one(each.here))
                for each in answer.said
            ]
        return settled(verdicts, bound)

    def sizes(self, sites: Sequence[Site]) -> list[Diagnostic]:
        """Find the bundles that are too large. Assumes that nothing else was found to be wrong."""

        def find(position: int) -> list[Diagnostic]:
            from compiler.passes import oversized  # noqa: PLC0415

            self._progress(Phase.MEASURING, position, len(sites))
            site = sites[position]
            return oversized(self.lowered(site), self.resolved(site).model)

        return self.everywhere("size", sites, find)

    def everywhere(self, slices: str, sites: Sequence[Site], find: Callable[[int], list[Diagnostic]]) -> list[Diagnostic]:
        """Return what is found in each of the sites, by their position; only what is not known yet is looked for."""
        work, settings = self._work, self._documents.settings

        def look(position: int) -> Found:
            found = find(position)
            return Found(kept(found, self._objects.given(sites[position].heads(settings)) if found else ()))

        answers = work.answers.each(Found, [work.key(slices, site.key) for site in sites], look)
        return [
            diagnostic
            for site, answer in zip(sites, answers, strict=True)
            if answer.findings
            for diagnostic in work.shown(answer.findings, site.heads(settings))
        ]

    def resolved(self, site: Site) -> "Resolved":
        """Return a cluster with its bindings."""
        from compiler.resolve import Resolved, bind, in_order  # noqa: PLC0415

        name = site.cluster.name
        found = self._resolved.get(name)
        if found is None:
            model = self._objects.model((site.cluster,), site.accelerators, site.policies)
            made = [self._objects.bindings.get((policy.name, name)) for policy in model.policies]
            known = [binding for binding in made if binding is not None]
            bindings = in_order(known) if len(known) == len(made) else bind(model)
            found = self._resolved[name] = Resolved(model=model, bindings=bindings, known=self._objects.known)
        return found

    def lowered(self, site: Site) -> "ClusterIR":
        """Return the normal form of a cluster."""
        from compiler.lower import lower  # noqa: PLC0415

        name = site.cluster.name
        found = self._lowered.get(name)
        if found is None:
            (found,) = lower(self.resolved(site))
            self._lowered[name] = found
        return found
