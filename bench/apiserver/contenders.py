"""What changes the pods of each namespace: our policy, and a native policy and a webhook configuration that do the same."""

import base64
import json
from pathlib import Path
from typing import Any

from webhook.engine.bundle import VERSION, Bundle, Cluster, encode
from webhook.engine.fields import Fields, Toleration
from webhook.engine.policy import NamespaceMatch, Policy
from webhook.engine.selector import Selector

LOCAL = "127.0.0.1"
ADMISSION = "admissionregistration.k8s.io/v1"
MARK = b'"cost-centre":"4711"'
TOLERATIONS = (
    {"key": "virtual-kubelet.io/provider", "operator": "Equal", "value": "alibabacloud", "effect": "NoSchedule"},
    {"key": "gpu", "operator": "Exists", "effect": "NoSchedule"},
)
ANNOTATIONS = {"k8s.aliyun.com/eci-vswitch": "vsw-a,vsw-b", "k8s.aliyun.com/eci-use-specs": "ecs.gn6i-c4g1.xlarge"}


def the_bundle() -> bytes:
    """Return a bundle with one policy, for every namespace."""
    wanted = Fields(
        labels={"cost-centre": "4711"},
        annotations=ANNOTATIONS,
        scheduler_name="volcano",
        tolerations=tuple(Toleration(**each) for each in TOLERATIONS),
    )
    policy = Policy("bench", 10, NamespaceMatch(all=True), Selector.of({"app": "bench"}), inject=wanted)
    return encode(
        Bundle(version=VERSION, cluster=Cluster("bench", "kubernetes"), excluded_namespaces=(), namespaces={}, policies=(policy,))
    )


def pod(namespace: str) -> dict[str, Any]:
    """Return a pod of about 3 KB."""
    variables = [{"name": f"SETTING_{number:02}", "value": f"value-of-setting-{number:02}"} for number in range(30)]
    container = {"name": "main", "image": "registry.example.com/team/main:1", "env": variables}
    container["resources"] = {"limits": {"cpu": "1", "memory": "1Gi"}, "requests": {"cpu": "1", "memory": "1Gi"}}
    metadata = {"generateName": "bench-", "namespace": namespace, "labels": {"app": "bench"}, "annotations": {"a": "b"}}
    spec = {"containers": [container, {**container, "name": "side"}]}
    return {"apiVersion": "v1", "kind": "Pod", "metadata": metadata, "spec": spec}


def operations(applied: str) -> list[dict[str, Any]]:
    """Return what our webhook does to ``pod``, as the API server has defaulted it by then."""
    notes = {**ANNOTATIONS, "overbank.dev/applied": applied}
    found: list[dict[str, Any]] = [{"op": "add", "path": "/metadata/labels/cost-centre", "value": "4711"}]
    found += [
        {"op": "add", "path": f"/metadata/annotations/{key.replace('/', '~1')}", "value": value} for key, value in notes.items()
    ]
    found += [{"op": "replace", "path": "/spec/schedulerName", "value": "volcano"}]
    return [*found, *({"op": "add", "path": "/spec/tolerations/-", "value": each} for each in TOLERATIONS)]


def native(namespace: str, applied: str) -> list[dict[str, Any]]:
    """Return a MutatingAdmissionPolicy and its binding."""

    def expression(operation: dict[str, Any]) -> str:
        value = operation["value"]
        text = json.dumps(value)
        if isinstance(value, dict):
            text = f"Object.spec.tolerations{{{', '.join(f'{key}: {json.dumps(each)}' for key, each in value.items())}}}"
        return f'JSONPatch{{op: "{operation["op"]}", path: "{operation["path"]}", value: {text}}}'

    rule = {"apiGroups": [""], "apiVersions": ["v1"], "operations": ["CREATE"], "resources": ["pods"]}
    patch = {"expression": f"[{', '.join(expression(each) for each in operations(applied))}]"}
    spec = {
        "reinvocationPolicy": "Never",  # these expressions would append the tolerations again; ours knows what is there
        "failurePolicy": "Fail",
        "matchConstraints": {
            "resourceRules": [rule],
            "namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": namespace}},
        },
        "mutations": [{"patchType": "JSONPatch", "jsonPatch": patch}],
    }
    binding = {"policyName": "bench"}
    return [
        {"apiVersion": ADMISSION, "kind": "MutatingAdmissionPolicy", "metadata": {"name": "bench"}, "spec": spec},
        {"apiVersion": ADMISSION, "kind": "MutatingAdmissionPolicyBinding", "metadata": {"name": "bench"}, "spec": binding},
    ]


def calling(name: str, port: int, authority: Path) -> dict[str, Any]:
    """Return the configuration of a webhook for the namespace of that name."""
    rule = {"apiGroups": [""], "apiVersions": ["v1"], "operations": ["CREATE"], "resources": ["pods"]}
    made = {
        "name": f"{name}.example.com",
        "admissionReviewVersions": ["v1"],
        "sideEffects": "None",
        "reinvocationPolicy": "Never" if name == "constant" else "IfNeeded",
        "failurePolicy": "Ignore",  # as derived; what is lost is counted
        "timeoutSeconds": 2,
        "clientConfig": {"url": f"https://{LOCAL}:{port}/mutate", "caBundle": base64.b64encode(authority.read_bytes()).decode()},
        "namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": f"bench-{name}"}},
        "rules": [rule],
    }
    return {"apiVersion": ADMISSION, "kind": "MutatingWebhookConfiguration", "metadata": {"name": name}, "webhooks": [made]}
