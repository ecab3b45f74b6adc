"""The pods that ``overbank diff`` tries on both sides: of manifests in Git, of tests, and of files that are named."""

import sys
from collections.abc import Iterable, Iterator
from pathlib import Path

from compiler.cli import NOTHING, CommandError
from compiler.cli.steps.sides import State
from compiler.diff.corpus import Sample
from compiler.incremental.contents import ChangedError
from compiler.incremental.facts import Head
from compiler.load import MAX_BYTES, decode, load
from compiler.model import Cluster, namespace_labels
from compiler.observed import dump
from compiler.observed.objects import Key, Kind, Object, Objects, controller_of, key_of, mapping
from compiler.report.style import printable
from compiler.source import Document
from compiler.sources import SourceError
from compiler.sources.tree import Tree
from compiler.sweep.authored import Basis, authored
from compiler.sweep.ownership import POD, workload_of
from compiler.trial import NotAPodError
from compiler.workloads import NotAWorkloadError, TemplatePod, pods_of

_SCHEDULED = ("nodeName",)


def of_repository(state: State, clusters: Iterable[str]) -> Iterator[Sample]:
    """Yield the pods of manifests in Git, and those of tests, for some clusters.

    Raises:
        ChangedError: a file was written since the repository was rendered.
    """
    names = sorted(clusters)
    yield from _manifests(state, [state.side.clusters[name] for name in names])
    for head in state.outcome.heads:
        if head.kind == "PolicyTest" and head.clusters[0] in names:
            yield from _test(state, head)


def _manifests(state: State, clusters: Iterable[Cluster]) -> Iterator[Sample]:
    if not state.outcome.manifests:
        return
    from compiler.passes import inventory_of  # noqa: PLC0415 - for those that have manifests

    documents: list[Document] = []
    for path in state.outcome.manifests:
        try:
            file, _ = decode(path, state.source.read(path, MAX_BYTES + 1))
        except SourceError as error:
            raise ChangedError(path) from error
        documents += load(file)[0] if file is not None else []
    inventory, _ = inventory_of([each for each in documents if isinstance(each.value, dict)])
    for workload in inventory.workloads:
        tried: dict[int, tuple[TemplatePod, list[str]]] = {}
        for cluster in clusters:
            try:
                templates = workload.templates(cluster.kubernetes)
            except (NotAWorkloadError, NotAPodError):
                break
            for each in templates:
                tried.setdefault(id(each), (each.made, []))[1].append(cluster.name)
        manifest = workload.manifest
        for made, names in tried.values():
            title = f"{manifest.kind} {manifest.effective_namespace}/{manifest.name}"
            yield Sample(
                title=f"{title} ({made.role})" if made.role else title,
                path=manifest.document.file.path,
                pod=made.pod,
                namespace=manifest.effective_namespace,
                clusters=tuple(names),
            )


def _test(state: State, head: Head) -> Iterator[Sample]:
    if state.outcome.document is None:
        return
    from compiler import parse  # noqa: PLC0415 - for those that have tests
    from compiler.policytest import CaseError, manifest_pods  # noqa: PLC0415

    test = parse.policy_test(state.outcome.document(head))
    labels = test.namespace_labels
    if labels is not None:
        labels = namespace_labels(state.side.clusters[test.cluster].kubernetes, test.namespace, labels)
    for case in test.cases:
        try:
            pods = manifest_pods(test.document, case.file, case.inline, state.source)
        except (CaseError, NotAWorkloadError):
            continue  # `overbank test` says so
        for made in pods:
            role = f" ({made.role})" if made.role else ""
            yield Sample(
                title=f"test {test.name}, case {case.name}{role}",
                path=head.path,
                pod=made.pod,
                namespace=test.namespace,
                labels=labels,
                clusters=(test.cluster,),
            )


def of_files(paths: Iterable[str]) -> list[Sample]:
    """Return the pods of folders of manifests, and of dumps as kubectl writes them.

    Raises:
        CommandError: one cannot be read (2), or there are no pods (3).
    """
    found: list[Sample] = []
    for path in paths:
        samples = list(_folder(path) if Path(path).is_dir() else _objects(path, _dumped(path)))
        if not samples:
            raise CommandError(f"there are no pods in {path}", code=NOTHING)
        found += samples
    return found


def _folder(path: str) -> Iterator[Sample]:
    tree = Tree(Path(path))
    for each in tree.paths():
        shown = f"{path.rstrip('/')}/{each}"
        try:
            objects = dump.read(shown, tree.read(each, dump.MAX_BYTES + 1))
        except (dump.NotADumpError, SourceError) as error:
            sys.stderr.write(f"note: {printable(f'{shown} is passed over: {error}')}\n")
            continue
        yield from _objects(shown, objects)


def _dumped(path: str) -> list[Object]:
    try:
        raw = Path(path).read_bytes() if path != "-" else sys.stdin.buffer.read(dump.MAX_BYTES + 1)
    except OSError as error:
        raise CommandError(f"cannot read {path}: {(error.strerror or str(error)).lower()}") from error
    try:
        return dump.read(path, raw)
    except dump.NotADumpError as error:
        raise CommandError(f"{path} is no list of objects: {error}") from error


def _objects(path: str, objects: list[Object]) -> Iterator[Sample]:
    """Yield one pod for each way in which pods were sent: of workloads from their templates, of running pods as their authors sent them."""
    known = Objects()
    known.add(objects)
    seen: set[object] = set()
    with_pods: set[Key] = set()
    for pod in known.of(POD):
        source = authored(pod, known, None)
        key = key_of(pod)
        siblings = (key.namespace, *source.siblings) if source.siblings is not None else key
        workload = workload_of(pod, known)
        with_pods.add(Key(workload.kind, workload.namespace, workload.name))
        if siblings in seen:
            continue
        seen.add(siblings)
        sent = source.pod
        if source.basis is Basis.ITSELF and mapping(pod, "status"):
            spec = {name: value for name, value in mapping(sent, "spec").items() if name not in _SCHEDULED}
            sent = {**sent, "spec": spec}
        yield Sample(title=str(workload), path=path, pod=sent, namespace=key.namespace or "default")
    for kind in known.kinds():
        if kind != POD:
            yield from _workloads(path, known, kind, with_pods)


def _workloads(path: str, known: Objects, kind: Kind, with_pods: set[Key]) -> Iterator[Sample]:
    for each in known.of(kind):
        key = key_of(each)
        if controller_of(each) is not None or key in with_pods:
            continue
        try:
            pods = pods_of(each)
        except NotAWorkloadError:
            continue
        for made in pods:
            title = f"{kind.name} {key.namespace or 'default'}/{key.name}"
            yield Sample(
                title=f"{title} ({made.role})" if made.role else title,
                path=path,
                pod=made.pod,
                namespace=key.namespace or "default",
            )
