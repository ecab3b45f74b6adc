"""Bundles that can be told apart in every answer: two policies write the same number into a pod, by a label and by an annotation."""

import base64
import json
from typing import Any, Final

from webhook.engine.bundle import VERSION, Bundle, Cluster, encode
from webhook.engine.fields import Fields
from webhook.engine.policy import NamespaceMatch, Policy
from webhook.engine.selector import Selector

NAMESPACE: Final = "faults"
CLUSTER: Final = "site"
KEY: Final = "example.com/generation"


def generation(number: int, *, cluster: str = CLUSTER, more: int = 0) -> bytes:
    """Return a bundle that writes a number into every pod of ``NAMESPACE``; ``more`` policies in it match none."""
    text = f"g{number}"
    where = NamespaceMatch(names=(NAMESPACE,))
    policies = (
        Policy("first", 20, where, Selector(), inject=Fields(labels={KEY: text})),
        Policy("second", 10, where, Selector(), inject=Fields(annotations={KEY: text})),
        *(
            Policy(f"other-{each:06}", 0, where, Selector.of({"app": f"other-{each}"}), inject=Fields(labels={"x": str(each)}))
            for each in range(more)
        ),
    )
    return encode(
        Bundle(
            version=VERSION,
            cluster=Cluster(cluster, "kubernetes"),
            excluded_namespaces=("kube-system",),
            namespaces={},
            policies=policies,
        )
    )


def pod(size: int = 0, **metadata: object) -> dict[str, Any]:
    """Return a pod of ``NAMESPACE`` that every generation changes, with so many bytes of environment in it."""
    variables = [{"name": f"V{number}", "value": "x" * 1000} for number in range(size // 1024)]
    return {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {"generateName": "p-", "namespace": NAMESPACE, **metadata},
        "spec": {"containers": [{"name": "main", "image": "none", "env": variables}]},
    }


def review(sent: dict[str, Any], uid: str = "705ab4f5-6393-11e8-b7cc-42010a800002") -> bytes:
    """Return the AdmissionReview of its creation."""
    kind = {"group": "", "version": "v1", "kind": "Pod"}
    resource = {"group": "", "version": "v1", "resource": "pods"}
    request = {"uid": uid, "kind": kind, "resource": resource, "requestKind": kind, "requestResource": resource}
    request |= {
        "namespace": NAMESPACE,
        "operation": "CREATE",
        "userInfo": {"username": "somebody"},
        "object": sent,
        "dryRun": False,
    }
    return json.dumps({"kind": "AdmissionReview", "apiVersion": "admission.k8s.io/v1", "request": request}).encode()


def written(answer: bytes) -> set[str]:
    """Return the numbers that an answer writes: one, unless it is a mixture of two bundles or no mutation at all."""
    response = json.loads(answer)["response"]
    operations = json.loads(base64.b64decode(response.get("patch", "") or "W10="))
    found: set[str] = set()
    for operation in operations:
        value = operation.get("value")
        if isinstance(value, dict):
            found |= {str(value.get(KEY, "none"))}
        elif operation["path"].endswith(KEY.replace("/", "~1")):
            found.add(str(value))
    return found or {"none"}


def carried(admitted: dict[str, Any]) -> set[str]:
    """Return the numbers that are in a pod, one per policy."""
    metadata = admitted["metadata"]
    return {str((metadata.get(part) or {}).get(KEY, "none")) for part in ("labels", "annotations")}
