"""The manifests of the files under ``Repository.spec.workloads``: Kubernetes objects with their places, and the workloads among them."""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any, Final

from compiler.codes import manifests as codes
from compiler.controllers import BATCH_LABELS_SINCE, INDEX_LABELS_SINCE
from compiler.diagnostics import Diagnostic, diagnose
from compiler.source import Document, Route, Where
from compiler.trial import NotAPodError, Sent, send
from compiler.versions import Version
from compiler.workloads import BrokenWorkloadError, NotAWorkloadError, TemplatePod, pods_of

DEFAULT_NAMESPACE: Final = "default"
"""Where an object without a namespace is created, as kubectl and the GitOps tools do it."""

# https://kubernetes.io/docs/concepts/overview/working-with-objects/names/
_NAME: Final = re.compile(r"[a-z0-9]([-a-z0-9.]{0,251}[a-z0-9])?")
_NAMESPACE: Final = re.compile(r"[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?")
_KIND: Final = re.compile(r"[A-Za-z][A-Za-z0-9]{0,62}")
_API_VERSION: Final = re.compile(r"([a-z0-9]([-a-z0-9.]{0,251}[a-z0-9])?/)?[a-z][a-z0-9]{0,62}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Manifest:
    """A Kubernetes object in a file; ``base`` leads to it from the document's root (into a List).

    Attributes:
        namespace: as it is written, empty where it is not.
    """

    document: Document = field(repr=False)
    base: Route
    value: dict[str, Any] = field(repr=False)
    group: str
    version: str
    kind: str
    name: str
    namespace: str

    @property
    def effective_namespace(self) -> str:
        """The namespace that the object is created in."""
        return self.namespace or DEFAULT_NAMESPACE

    @property
    def nowhere(self) -> str:
        """A namespace that is written and none, such as a variable that is still to be filled in; empty where there is no such thing."""
        metadata = self.value.get("metadata")
        written = metadata.get("namespace") if isinstance(metadata, dict) and not self.namespace else None
        return str(written or "")

    @property
    def title(self) -> str:
        """The object for people: ``Deployment `shop/web```."""
        return f"{self.kind} `{self.effective_namespace}/{self.name}`" if self.name else f"{self.kind} without a name"

    @property
    def place(self) -> tuple[str, int, Route]:
        """A key that sorts as people read: file, document, route."""
        return (self.document.file.path, self.document.index, self.base)

    def at(self, *route: str | int) -> Where:
        """Return the place of a field of the object."""
        return self.document.at(*self.base, *route)

    def at_key(self, *route: str | int) -> Where:
        """Return the place of the key that leads to a field of the object."""
        return self.document.at_key(*self.base, *route)

    def at_name(self) -> Where:
        """Return the place of the object's name."""
        return self.at("metadata", "name")


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


def manifests_of(document: Document) -> Iterator[Manifest]:
    """Yield the Kubernetes objects of a document: itself, or the items of a List."""
    pending: list[tuple[Route, Any]] = [((), document.value)]
    while pending:
        base, value = pending.pop()
        if not isinstance(value, dict):
            continue
        api_version, kind, items = value.get("apiVersion"), value.get("kind"), value.get("items")
        if not isinstance(api_version, str) or not isinstance(kind, str):
            continue
        if not _API_VERSION.fullmatch(api_version) or not _KIND.fullmatch(kind):
            continue
        if kind.endswith("List") and isinstance(items, list):
            pending += [((*base, "items", index), item) for index, item in reversed(list(enumerate(items)))]
            continue
        metadata = value.get("metadata")
        metadata = metadata if isinstance(metadata, dict) else {}
        group, _, version = api_version.rpartition("/")
        yield Manifest(
            document=document,
            base=base,
            value=value,
            group=group,
            version=version,
            kind=kind,
            name=_text(metadata.get("name"), _NAME),
            namespace=_text(metadata.get("namespace"), _NAMESPACE),
        )


def _text(value: Any, form: re.Pattern[str]) -> str:
    """Return a name that an API server would take, or nothing: it becomes part of a path."""
    return value if isinstance(value, str) and form.fullmatch(value) else ""


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
        identity = (manifest.group, manifest.kind, manifest.effective_namespace, manifest.name)
        twin = first.setdefault(identity, manifest)
        if twin is manifest or not manifest.name:
            continue
        message = f"{manifest.title} stands in Git twice"
        help_lines = ['take overlays out with a pattern such as "!apps/**/overlays/**" under `workloads` in overbank.yaml']
        yield diagnose(codes.TWINS, manifest.at_name(), message, related=[(twin.at_name(), "first here")], help=help_lines)
