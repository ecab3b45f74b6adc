"""Manifests on a stream, mutated as the webhook would mutate their pods; and the same as a KRM function.

A KRM function reads and writes a ``ResourceList`` (KRM Functions Specification v1,
https://github.com/kubernetes-sigs/kustomize/blob/master/cmd/config/docs/api-conventions/functions-spec.md).
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any, Final

from compiler.manifests.editing import applied, edited, rewritten
from compiler.manifests.inventory import Workload
from compiler.manifests.manifest import Manifest, manifests_of
from compiler.manifests.placing import try_out, whose
from compiler.manifests.rebase import Operations, pointer
from compiler.source import Document
from compiler.trial import Bench, NotAPodError
from compiler.workloads import BrokenWorkloadError, NotAWorkloadError

FUNCTION_GROUP: Final = "config.kubernetes.io"


class RefusedError(Exception):
    """A manifest that no API server would take; the text says which and why."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Remark:
    """Something to say about the pods of a manifest: a denial or a warning."""

    manifest: Manifest = field(repr=False)
    denial: bool
    text: str

    def result(self) -> dict[str, Any]:
        """Return the remark as a result of a KRM function."""
        manifest = self.manifest
        reference = {"apiVersion": manifest.value["apiVersion"], "kind": manifest.kind}
        reference |= {key: value for key, value in (("name", manifest.name), ("namespace", manifest.namespace)) if value}
        return {"message": self.text, "severity": "error" if self.denial else "warning", "resourceRef": reference}


@dataclass(slots=True, kw_only=True)
class Mutated:
    """The stream after mutation.

    Attributes:
        text: the whole stream. workloads: how many it has. rewritten: the first of each document that lost its comments.
    """

    text: str = ""
    workloads: int = 0
    remarks: list[Remark] = field(default_factory=list)
    rewritten: list[Manifest] = field(default_factory=list)

    @property
    def denied(self) -> bool:
        """Whether the webhook would refuse a pod."""
        return any(remark.denial for remark in self.remarks)


def function_cluster(documents: Iterable[Document | None]) -> tuple[bool, str | None]:
    """Say whether a stream is the input of a KRM function, and which cluster its configuration names, if any."""
    found = [document for document in documents if document is not None]
    if len(found) != 1 or not _is_resource_list(found[0]):
        return False, None
    for holder in ("data", "spec"):
        cluster = found[0].get("functionConfig", holder, "cluster")
        if isinstance(cluster, str):
            return True, cluster
    return True, None


def mutate(parts: Iterable[tuple[str, Document | None]], bench: Bench, namespace: str | None = None) -> Mutated:
    """Mutate a stream that was split into documents.

    Args:
        parts: the text of every document, and the document.
        bench: of the cluster.
        namespace: for objects that name none (None: ``default``).

    Raises:
        RefusedError: a manifest is no manifest, or a ResourceList no list.
    """
    outcome = Mutated()
    for text, document in parts:
        if document is None:
            outcome.text += text
            continue
        if _is_resource_list(document) and not isinstance(document.get("items"), list | None):
            raise RefusedError(f"{document.at('items').locate()}: `items` of a ResourceList is a list")
        operations: Operations = []
        remarks: list[Remark] = []
        changed: list[Manifest] = []
        for manifest in manifests_of(document):
            found, said, pods = _tried(manifest, bench, namespace)
            operations += found
            remarks += said
            outcome.workloads += pods
            if found:
                changed.append(manifest)
        outcome.remarks += remarks
        if _is_resource_list(document):
            denied = any(remark.denial for remark in remarks)
            operations = [*([] if denied else operations), *_results(document, remarks)]
            # Whoever runs functions brings the comments of their input back (kyaml, CopyComments).
            outcome.text += rewritten(text, applied(operations, document.value)) if operations else text
            continue
        if not operations:
            outcome.text += text
            continue
        new, kept = edited(text, operations)
        outcome.text += new
        if not kept:
            outcome.rewritten.append(changed[0])
    return outcome


def _tried(manifest: Manifest, bench: Bench, namespace: str | None) -> tuple[Operations, list[Remark], bool]:
    inside = manifest.namespace or namespace or manifest.effective_namespace
    try:
        templates = Workload(manifest).templates(bench.cluster.kubernetes)
        pods = list(try_out(bench, templates, inside))
    except (BrokenWorkloadError, NotAPodError) as error:
        where = manifest.at(*error.route) if isinstance(error, NotAPodError) else manifest.at()
        raise RefusedError(f"{where.locate()}: {manifest.title} cannot be created: {error}") from error
    except NotAWorkloadError:
        return [], [], False
    if manifest.nowhere and templates:
        at = manifest.at("metadata", "namespace").locate()
        raise RefusedError(
            f"{at}: {manifest.kind} `{manifest.name}` has the namespace `{manifest.nowhere}`, which no API server takes"
        )
    operations: Operations = []
    remarks = []
    for tried in pods:
        base = pointer(manifest.base)
        operations += [{**each, "path": base + each["path"]} for each in tried.operations]
        made = tried.template.made
        subject = f"{whose(made)} of {manifest.title}" if made.route else manifest.title
        denials = [f"{subject} would be denied: {reason}" for reason in tried.decision.denied]
        remarks += [Remark(manifest=manifest, denial=True, text=text) for text in denials]
        warnings = [f"{subject}: {text}" for text in tried.decision.warnings]
        if tried.uneven:
            warnings.append(f"{subject} do not all get the same, so they are left as they are: {'; '.join(tried.uneven)}")
        remarks += [Remark(manifest=manifest, denial=False, text=text) for text in warnings]
    return operations, remarks, bool(templates)


def _is_resource_list(document: Document) -> bool:
    version = document.get("apiVersion")
    return document.get("kind") == "ResourceList" and isinstance(version, str) and version.startswith(f"{FUNCTION_GROUP}/")


def _results(document: Document, remarks: list[Remark]) -> Iterator[dict[str, Any]]:
    if not remarks:
        return
    results = [remark.result() for remark in remarks]
    if isinstance(document.get("results"), list) and document.get("results"):
        yield from ({"op": "add", "path": "/results/-", "value": result} for result in results)
    else:
        yield {"op": "add", "path": "/results", "value": results}
