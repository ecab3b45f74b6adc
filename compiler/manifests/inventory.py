"""The manifests of the files under ``Repository.spec.workloads``, and the workloads among them."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any, Final

from compiler.codes import manifests as codes
from compiler.controllers import BATCH_LABELS_SINCE, INDEX_LABELS_SINCE
from compiler.diagnostics import Diagnostic, diagnose
from compiler.manifests.manifest import Manifest, manifests_of
from compiler.source import Document
from compiler.trial import NotAPodError, Sent, send
from compiler.versions import Version
from compiler.workloads import BrokenWorkloadError, NotAWorkloadError, TemplatePod, pods_of


@dataclass(slots=True)
class Template:
    """The pod of one template of a workload, defaulted once for all clusters.

    ``another`` is a later pod of the same template, None where there is none. ``rebased`` remembers what was worked out for a
    list of operations, by its JSON.
    """

    made: TemplatePod
    sent: Sent
    another: Sent | None = None
    rebased: dict[bytes, Any] = field(default_factory=dict)


@dataclass(slots=True)
class Workload:
    """A manifest with pods. They are made once for all clusters whose controllers make the same ones."""

    manifest: Manifest
    _templates: dict[tuple[bool, ...], tuple[Template, ...]] = field(default_factory=dict)

    def templates(self, kubernetes: Version) -> tuple[Template, ...]:
        """Return the templates with the pods of a cluster of this version.

        Raises:
            BrokenWorkloadError, NotAPodError: no API server would take the manifest.
        """
        key = tuple(kubernetes >= since for since in (BATCH_LABELS_SINCE, INDEX_LABELS_SINCE))
        found = self._templates.get(key)
        if found is None:
            found = tuple(_template(each) for each in pods_of(self.manifest.value, kubernetes) if _runs(each))
            self._templates[key] = found
        return found

    @property
    def newest(self) -> tuple[Template, ...]:
        """The templates with the pods of a recent cluster."""
        return self.templates(_NEWEST)


@dataclass(frozen=True, slots=True, kw_only=True)
class Inventory:
    """All manifests, in the order of their places; ``workloads`` are those that have pods."""

    manifests: tuple[Manifest, ...] = ()
    workloads: tuple[Workload, ...] = ()

    def of_kind(self, group: str, kind: str) -> Iterator[Manifest]:
        """Yield the manifests of a kind."""
        return (each for each in self.manifests if each.kind == kind and each.group == group)


MEND: Final = "mend the manifest, or take the file out of `spec.workloads` if it is none"
_NEWEST: Final = Version.parse("1.99")


def take_stock(documents: Iterable[Document]) -> tuple[Inventory, list[Diagnostic]]:
    """Read the manifests of documents that are not Overbank's.

    Documents that are no Kubernetes objects are passed over: the files may hold anything. Workloads are checked as far as
    an API server would before admission, and must be unique.
    """
    found: list[Manifest] = []
    workloads: list[Workload] = []
    diagnostics: list[Diagnostic] = []
    for document in documents:
        for manifest in manifests_of(document):
            found.append(manifest)
            workload = Workload(manifest)
            try:
                if not workload.newest:
                    continue
            except (BrokenWorkloadError, NotAPodError) as error:
                where = manifest.at(*error.route) if isinstance(error, NotAPodError) else manifest.at()
                diagnostics.append(
                    diagnose(codes.BROKEN, where, f"{manifest.title} cannot be created", notes=[str(error)], help=[MEND])
                )
                continue
            except NotAWorkloadError:
                continue
            if manifest.nowhere:
                diagnostics.append(_nowhere(manifest))
                continue
            workloads.append(workload)
    workloads.sort(key=lambda each: each.manifest.place)
    inventory = Inventory(
        manifests=tuple(sorted(found, key=lambda each: each.place)),
        workloads=tuple(workloads),
    )
    return inventory, [*diagnostics, *_nameless(workloads), *_twins(workloads)]


def _template(made: TemplatePod) -> Template:
    """Default the pods of a template.

    Raises:
        NotAPodError: no API server would take the template; the error's route is one in the manifest.
    """
    try:
        return Template(made, send(made.pod), send(made.another) if made.another else None)
    except NotAPodError as error:
        error.route = (*made.route, *error.route)
        raise


def _runs(made: TemplatePod) -> bool:
    """Say whether a template is one of pods: other kinds have templates too, such as the machines of Cluster API."""
    return isinstance(made.template.get("spec"), dict) and bool(made.template["spec"].get("containers"))


def _nowhere(manifest: Manifest) -> Diagnostic:
    help_lines = ["write the namespace out, or take the file out of `workloads` in overbank.yaml"]
    message = (
        f"{manifest.kind} `{manifest.name}` has the namespace `{manifest.nowhere}`, which no API server takes; it gets no patch"
    )
    return diagnose(codes.NAMELESS, manifest.at("metadata", "namespace"), message, help=help_lines)


def _nameless(workloads: Iterable[Workload]) -> Iterator[Diagnostic]:
    for workload in workloads:
        manifest = workload.manifest
        if not manifest.name:
            help_lines = ["give it a name, or take the file out of `workloads` in overbank.yaml"]
            written = manifest.document.get(*manifest.base, "metadata", "name")
            wrong = f"{manifest.kind} has the name `{written}`, which no API server takes; a patch cannot be bound to it"
            message = wrong if written else f"{manifest.kind} has no name that a patch could be bound to"
            yield diagnose(codes.NAMELESS, manifest.at("metadata", "name"), message, help=help_lines)


def _twins(workloads: Iterable[Workload]) -> Iterator[Diagnostic]:
    first: dict[tuple[str, str, str, str], Manifest] = {}
    for workload in workloads:
        manifest = workload.manifest
        twin = first.setdefault(manifest.identity, manifest)
        if twin is manifest or not manifest.name:
            continue
        message = f"{manifest.title} stands in Git twice"
        help_lines = ['take overlays out with a pattern such as "!apps/**/overlays/**" under `workloads` in overbank.yaml']
        yield diagnose(codes.TWINS, manifest.at_name(), message, related=[(twin.at_name(), "first here")], help=help_lines)
