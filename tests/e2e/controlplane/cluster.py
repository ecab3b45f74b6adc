"""The cluster as a test has it: namespaces of its own, objects that go with it, and questions about pods."""

import http
import itertools
import json
from functools import partial
from typing import Any, Final

from tests.e2e.controlplane.client import ApiError, Client, Object, path_of
from tests.e2e.controlplane.plane import Plane
from tests.e2e.controlplane.processes import until

_NUMBERS: Final = itertools.count(1)
_PATCH: Final = "patch.webhook.admission.k8s.io/"


class Cluster:
    """One test's view of a cluster that it shares with others.

    Attributes:
        api: an administrator's client.
    """

    def __init__(self, plane: Plane) -> None:
        self.api: Client = plane.client
        self._plane = plane
        self._made: list[Object] = []

    def namespace(self, labels: dict[str, str] | None = None) -> str:
        """Make a namespace with a name that no other test has; it goes with the test."""
        name = self.standing(f"e2e-{next(_NUMBERS)}", labels)
        self._made.append(self.api.read("Namespace", name))
        return name

    def standing(self, name: str, labels: dict[str, str] | None = None) -> str:
        """Make a namespace of this name if there is none, ready for pods; it stays for the tests that follow."""
        self.api.apply({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name, "labels": labels or {}}})
        until(lambda: self._exists("ServiceAccount", "default", name), f"namespace {name} has its service account")
        return name

    def create(self, manifest: Object) -> Object:
        """Create an object and return what was stored; it is deleted after the test."""
        stored = self.api.create(manifest)
        self._made.append(stored)
        return stored

    def clean(self) -> None:
        """Delete what was made, and return once it is gone; namespaces go on their own time."""
        for each in reversed(self._made):
            self.api.delete(each, seconds=0)
        for each in self._made:
            if each["kind"] != "Namespace":
                until(partial(self._gone, each), f"{each['kind']} {each['metadata']['name']} is gone")

    def again(self, stored: Object) -> Object:
        """Read an object once more."""
        return self.api.request("GET", path_of(stored))

    def node_of(self, pod: Object) -> str:
        """Return the name of the node that a pod is bound to, once it is."""
        return str(until(lambda: self.again(pod)["spec"].get("nodeName"), f"pod {pod['metadata']['name']} is scheduled"))

    def refusal_of(self, pod: Object) -> str:
        """Return why the scheduler finds no node for a pod, once it has said so."""

        def refusal() -> str | None:
            conditions = self.again(pod)["status"].get("conditions", [])
            said = (each["message"] for each in conditions if (each["type"], each["status"]) == ("PodScheduled", "False"))
            return next(said, None)

        return until(refusal, f"pod {pod['metadata']['name']} cannot be scheduled")

    def patches(self, pod: Object) -> list[list[dict[str, Any]]]:
        """Return the patches by which webhooks changed a pod, as the audit log has them, in their order."""
        metadata = pod["metadata"]

        def event() -> Object | None:
            events = self._plane.audited(metadata["namespace"])
            return next((each for each in events if _uid(each) == metadata["uid"]), None)

        annotations = until(event, f"the audit log has the creation of {metadata['name']}").get("annotations", {})
        return [json.loads(value)["patch"] for key, value in sorted(annotations.items()) if key.startswith(_PATCH)]

    def _exists(self, kind: str, name: str, namespace: str) -> bool:
        try:
            self.api.read(kind, name, namespace)
        except ApiError:
            return False
        return True

    def _gone(self, stored: Object) -> bool:
        try:
            current = self.again(stored)
        except ApiError as error:
            return error.status == http.HTTPStatus.NOT_FOUND
        return bool(current["metadata"]["uid"] != stored["metadata"]["uid"])


def _uid(event: Object) -> str | None:
    """Return the uid of the pod that an audit event is about; a refusal has none."""
    found = event.get("responseObject", {}).get("metadata", {}).get("uid")
    return None if found is None else str(found)
