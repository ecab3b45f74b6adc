"""What the API server does to a pod before mutating webhooks see it, for pods that come from a file.

Only what a decision could hang on, or an author would miss in the result:

- ``schedulerName: default-scheduler`` (core/v1 defaults, ``SetDefaults_PodSpec``);
- ``resources`` of every container, empty where nothing is asked for (core/v1 types: the field is always written);
- requests from limits, per container and resource (core/v1 defaults, ``SetDefaults_Pod``);
- the service account ``default``, its token volume and mounts (ServiceAccount admission plugin);
- tolerations of not-ready and unreachable nodes for 300 s (DefaultTolerationSeconds admission plugin);
- priority 0 and preemption where no priority class is named (Priority admission plugin).

These plugins run before webhooks: https://kubernetes.io/docs/reference/access-authn-authz/admission-controllers/
"""

import copy
from typing import Any

TOKEN_VOLUME = "kube-api-access-xxxxx"  # noqa: S105 - a volume's name; the API server draws the last five characters
TOKEN_PATH = "/var/run/secrets/kubernetes.io/serviceaccount"  # noqa: S105 - a path
GRACE_SECONDS = 300


def defaulted(pod: dict[str, Any]) -> dict[str, Any]:
    """Return a copy of a pod as the API server would send it to a webhook."""
    pod = copy.deepcopy(pod)
    pod.setdefault("apiVersion", "v1")
    pod.setdefault("kind", "Pod")
    pod["metadata"] = pod.get("metadata") or {}
    spec = pod["spec"] = pod.get("spec") or {}
    if not spec.get("schedulerName"):
        spec["schedulerName"] = "default-scheduler"
    containers = [each for part in ("initContainers", "containers") for each in spec.get(part) or () if isinstance(each, dict)]
    for container in containers:
        # The field is a struct without omitempty in Kubernetes' Go types, so every container has it by the time a webhook sees it.
        if container.get("resources") is None:
            container["resources"] = {}
        _requests(container)
    _service_account(spec, containers)
    _tolerations(spec)
    if not spec.get("priorityClassName"):
        spec.setdefault("priority", 0)
        spec.setdefault("preemptionPolicy", "PreemptLowerPriority")
    return pod


def _requests(container: dict[str, Any]) -> None:
    resources = container.get("resources") or {}
    limits = resources.get("limits")
    if isinstance(limits, dict) and limits:
        resources["requests"] = {**limits, **(resources.get("requests") or {})}


def _service_account(spec: dict[str, Any], containers: list[dict[str, Any]]) -> None:
    account = spec.get("serviceAccountName") or spec.get("serviceAccount") or "default"
    spec["serviceAccountName"] = spec["serviceAccount"] = account
    if spec.get("automountServiceAccountToken") is False:
        return
    mounted = False
    for container in containers:
        mounts = container["volumeMounts"] = list(container.get("volumeMounts") or [])
        if not any(mount.get("mountPath") == TOKEN_PATH for mount in mounts):
            mounts.append({"name": TOKEN_VOLUME, "readOnly": True, "mountPath": TOKEN_PATH})
            mounted = True
    if mounted:
        volumes = spec["volumes"] = list(spec.get("volumes") or [])
        volumes.append({"name": TOKEN_VOLUME, "projected": {"defaultMode": 420, "sources": _token_sources()}})


def _token_sources() -> list[dict[str, Any]]:
    namespace = {"path": "namespace", "fieldRef": {"apiVersion": "v1", "fieldPath": "metadata.namespace"}}
    return [
        {"serviceAccountToken": {"expirationSeconds": 3607, "path": "token"}},
        {"configMap": {"name": "kube-root-ca.crt", "items": [{"key": "ca.crt", "path": "ca.crt"}]}},
        {"downwardAPI": {"items": [namespace]}},
    ]


def _tolerations(spec: dict[str, Any]) -> None:
    tolerations = spec["tolerations"] = list(spec.get("tolerations") or [])
    for key in ("node.kubernetes.io/not-ready", "node.kubernetes.io/unreachable"):
        tolerated = any(
            each.get("key") in (key, None, "") and each.get("effect") in ("NoExecute", None, "") for each in tolerations
        )
        if not tolerated:
            tolerations.append({"key": key, "operator": "Exists", "effect": "NoExecute", "tolerationSeconds": GRACE_SECONDS})
