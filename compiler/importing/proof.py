"""Whether policy files build the objects back that they were made of: both are read alike, and what was read is compared."""

from collections.abc import Iterator, Mapping
from typing import Any, Final

from compiler.codes import importing as codes
from compiler.diagnostics import Diagnostic, Severity, diagnose
from compiler.emit.kubeadmiral import API_VERSION, folder
from compiler.emit.manifest import file_name
from compiler.importing import federation
from compiler.importing.already import built_object, cluster_folder, place_of, values
from compiler.importing.injections import unlike
from compiler.importing.resource_policies import Ordered, read
from compiler.importing.run import Imported
from compiler.manifests.manifest import Manifest
from compiler.pipeline import Result
from compiler.sources import Source, SourceError

_RESCHEDULING: Final[dict[str, Any]] = {
    "avoidDisruption": True,
    "when": {
        "policyContentChanged": True,
        "clusterJoined": False,
        "clusterLabelsChanged": False,
        "clusterAPIResourcesChanged": False,
    },
}


class Overlay:
    """A source with more files laid over it, which have to be new."""

    def __init__(self, below: Source | None, files: Mapping[str, str]) -> None:
        self._below = below
        self._files = {path: text.encode() for path, text in files.items()}

    def paths(self) -> tuple[str, ...]:
        """Return all paths, sorted."""
        return tuple(sorted({*self._files, *(self._below.paths() if self._below else ())}))

    def links(self) -> tuple[str, ...]:
        """Return the links of what is below."""
        return self._below.links() if self._below else ()

    def unreadable(self) -> dict[str, str]:
        """Return what cannot be read of what is below."""
        return self._below.unreadable() if self._below else {}

    def read(self, path: str, limit: int) -> bytes:
        """Return a file.

        Raises:
            SourceError: there is none.
        """
        if path in self._files:
            return self._files[path][:limit]
        if self._below is None:
            raise SourceError("there is no such file")
        return self._below.read(path, limit)


def differences(found: Imported, result: Result) -> list[Diagnostic]:
    """Return a finding for each object that does not come back as it was."""
    if result.failed:
        errors = [each for each in result.diagnostics if each.code.severity is Severity.ERROR]
        source = next(each for draft in found.drafts for each in draft.sources)
        notes = [f"{each.primary.where.locate()}: {each.message}" for each in errors[:10]]
        message = "the policy files that come of these objects have errors"
        return [diagnose(codes.NOT_THE_SAME, source.at_name(), message, notes=notes)]
    # By identity, since a file may be given for several clusters, and come back under several names.
    names = {id(source): draft.name for draft in found.drafts for source in draft.sources}
    return [
        *(each for ordered in found.ordered for each in _ordered(ordered, names.get(id(ordered.manifest)), result.files)),
        *_federated(found, names, result.files),
        *unlike(found.injected, result.clusters),
    ]


def _ordered(given: Ordered, name: str | None, files: Mapping[str, bytes]) -> Iterator[Diagnostic]:
    manifest = given.manifest
    if name is None:
        return
    path = place_of(manifest, cluster_folder(given.cluster), name)
    built = built_object(path, files)
    again = read(built, given.cluster)[0] if built else None
    if again is None:
        yield _different(manifest, f"no such ResourcePolicy is built: there is no {path}")
        return
    before, after = values(given), values(again)
    for field, value in before.items():
        if value != after[field]:
            yield _different(manifest, f"{field}: {value} was read, and {after[field]} is built", path)


def _federated(found: Imported, names: Mapping[int, str], files: Mapping[str, bytes]) -> Iterator[Diagnostic]:
    hosts = {draft.name: draft.spec["host"] for draft in found.drafts if draft.kind == "PlacementPolicy"}
    members = {
        draft.spec["federation"]["member"]: draft.name
        for draft in found.drafts
        if draft.kind == "Cluster" and "federation" in draft.spec
    }
    for manifest in found.federation.propagations:
        name = names.get(id(manifest))
        if name is None:
            continue
        path = f"{folder(hosts[name])}/{manifest.effective_namespace}/{file_name(API_VERSION, manifest.kind, name)}"
        built = built_object(path, files)
        if built is None:
            yield _different(manifest, f"no such PropagationPolicy is built: there is no {path}")
            continue
        before = _defaulted(federation.propagation(manifest, members.get, []).spec)
        after = _defaulted(federation.propagation(built, members.get, []).spec)
        for field in sorted(before.keys() | after.keys()):
            if before.get(field) != after.get(field):
                yield _different(manifest, f"{field}: {before.get(field)} was read, and {after.get(field)} is built", path)
    for manifest in found.federation.overrides:
        for name in {draft.name for draft in found.drafts if any(each is manifest for each in draft.sources)}:
            path = f"{folder(hosts[name])}/{manifest.effective_namespace}/{file_name(API_VERSION, manifest.kind, name)}"
            built = built_object(path, files)
            if (
                built is None
                or federation.overrides(manifest, members.get, []).spec != federation.overrides(built, members.get, []).spec
            ):
                yield _different(manifest, f"its rules are not those of {path}")
    for manifest in found.federation.autoscalers:
        for name in {draft.name for draft in found.drafts if any(each is manifest for each in draft.sources)}:
            path = f"{folder(hosts[name])}/{manifest.effective_namespace}/{file_name('autoscaling/v2', manifest.kind, name)}"
            built = built_object(path, files)
            one = federation.autoscaling(manifest, []).spec["autoscaling"]
            other = federation.autoscaling(built, []).spec["autoscaling"] if built else None
            if {"minReplicas": 1, **one} != other:
                yield _different(manifest, f"what it scales by is not what {path} does")


def _defaulted(spec: dict[str, Any]) -> dict[str, Any]:
    """Return a placement with KubeAdmiral's defaults written out (pkg/apis/core/v1alpha1)."""
    rescheduling = spec.get("rescheduling", {})
    when = {**_RESCHEDULING["when"], **rescheduling.get("when", {})}
    found = {**spec, "rescheduling": {**_RESCHEDULING, **rescheduling, "when": when}}
    if "autoMigration" in spec:
        found["autoMigration"] = {"after": "1m", "keepUnschedulable": False, **spec["autoMigration"]}
    return found


def _different(manifest: Manifest, note: str, path: str = "") -> Diagnostic:
    notes = [note, *([f"built as {path}"] if path else [])]
    return diagnose(codes.NOT_THE_SAME, manifest.at_name(), f"{manifest.title} does not build back", notes=notes)
