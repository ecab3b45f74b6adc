"""What a live cluster has, of the kinds that are asked for: one list a kind, and nothing else."""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import Final

from compiler.live.problems import explained
from compiler.live.session import RefusedError, Session
from compiler.observed.objects import Kind, Object, Objects, controller_of, mapping, mappings, sequence
from compiler.observed.resource import Resource

_FORBIDDEN: Final = 403
_ROUNDS: Final = 4
"""A pod's ReplicaSet, its Deployment, and two more, such as a JobSet above a Job."""

PODS: Final = Kind("Pod")


@contextmanager
def opened(context: str | None, kubeconfig: str | None, timeout: float) -> Iterator[Session]:
    """Open a session in which whatever goes wrong is explained.

    Raises:
        LiveError: the cluster cannot be asked.
    """
    session = Session(context, kubeconfig, timeout=timeout)
    with explained(session.host, timeout):
        yield session


def version(session: Session, into: Objects) -> None:
    """Read the version of the API server; it stays unknown where it may not be read."""
    try:
        found = session.document("/version").get("gitVersion")
    except RefusedError:
        return
    into.version = found if isinstance(found, str) else None


def read(session: Session, resources: Iterable[Resource], into: Objects) -> None:
    """Read collections and single objects. What may not be read is remembered with the permission that it takes."""
    for each in resources:
        try:
            if each.name:
                found = session.document(each.path)
                into.add([{**found, "kind": each.kind.name, "apiVersion": f"{each.kind.group}/{each.version}".lstrip("/")}])
            else:
                query = {"fieldSelector": each.selector} if each.selector else {}
                for page in session.listed(each.path, **query):
                    into.add(_named(page, each))
            into.listed.add(each.kind)
        except RefusedError as refused:
            if refused.status == _FORBIDDEN:
                into.refused[each.kind] = f"no permission: {each.permission}"
            else:
                into.listed.add(each.kind)  # not served, or not there: there are none


def _named(page: Iterable[Object], resource: Resource) -> Iterator[Object]:
    """Give objects the kind that was asked for, which items of a list do not name."""
    api_version = f"{resource.kind.group}/{resource.version}".lstrip("/")
    for each in page:
        yield {**each, "kind": resource.kind.name, "apiVersion": each.get("apiVersion") or api_version}


def owners(session: Session, into: Objects, namespaces: tuple[str, ...]) -> None:
    """Read the kinds that control the pods, and those that control these; of the namespaces only, if there are any."""
    asked = {PODS}
    for _ in range(_ROUNDS):
        wanted: dict[Kind, str] = {}
        for kind in into.kinds():
            for each in into.of(kind) if kind in asked else ():
                for owner in sequence(mapping(each, "metadata"), "ownerReferences"):
                    found = controller_of(each)
                    if found is not None and isinstance(owner, dict) and owner.get("controller") and found.kind not in asked:
                        wanted.setdefault(found.kind, str(owner.get("apiVersion") or "").rpartition("/")[2])
        if not wanted:
            return
        for kind, api in sorted(wanted.items()):
            asked.add(kind)
            plural = _plural(session, kind, api, into)
            if plural is not None:
                read(session, [Resource(kind, api, plural, each) for each in namespaces or ("",)], into)


def discover(session: Session, api_version: str, into: Objects) -> None:
    """Find out which resources an API version has, or that it is not served. Any user may ask (``system:discovery``)."""
    try:
        answer = session.document(f"/apis/{api_version}" if "/" in api_version else f"/api/{api_version}")
    except RefusedError as refused:
        if refused.status != _FORBIDDEN:
            into.served[api_version] = None
        return
    found = (str(each.get("name")) for each in mappings(answer, "resources"))
    into.served[api_version] = frozenset(name for name in found if "/" not in name)


_PLURALS: Final[dict[Kind, str]] = {
    Kind("ReplicaSet", "apps"): "replicasets",
    Kind("Deployment", "apps"): "deployments",
    Kind("StatefulSet", "apps"): "statefulsets",
    Kind("DaemonSet", "apps"): "daemonsets",
    Kind("Job", "batch"): "jobs",
    Kind("CronJob", "batch"): "cronjobs",
    Kind("ReplicationController"): "replicationcontrollers",
}


def _plural(session: Session, kind: Kind, api: str, into: Objects) -> str | None:
    """Return the resource of a kind, None where it is not served; mirror pods are controlled by nodes, which nobody asks for here."""
    if kind in _PLURALS or kind == Kind("Node"):
        return _PLURALS.get(kind)
    try:
        answer = session.document(f"/apis/{kind.group}/{api}" if kind.group else f"/api/{api}")
    except RefusedError:
        into.refused[kind] = f"{kind} is not served"
        return None
    names = [
        str(each.get("name"))
        for each in sequence(answer, "resources")
        if isinstance(each, dict) and each.get("kind") == kind.name and "/" not in str(each.get("name"))
    ]
    return names[0] if names else None
