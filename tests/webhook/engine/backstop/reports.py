"""What the API server would report of a pod, by evaluating the emitted policy as it does."""

from typing import Any

import celpy
import yaml

from compiler.emit import backstop
from compiler.ir import ClusterIR
from tests.webhook.engine.apiserver import program, selected

Object = dict[str, Any]

_PARTS = ("limits", "requests")


def _kept(value: Any, *keys: str) -> Object:
    """Return some members of an object as the API server keeps them, which drops what is null or empty."""
    return {key: value[key] for key in keys if value.get(key) not in (None, {}, [], "")} if value else {}


def _seen(pod: Object) -> Object:
    """Return the part of a pod that conditions are about as the API server sees it, decoded into core/v1 types and back."""
    spec = pod.get("spec") or {}
    seen = _kept(spec, "nodeName", "schedulerName", "priorityClassName", "nodeSelector")
    if tolerations := spec.get("tolerations"):
        seen["tolerations"] = [_kept(each, "key", "operator", "value", "effect") for each in tolerations]
    if nodes := (spec.get("affinity") or {}).get("nodeAffinity"):
        # Only whether they are there is asked for, and that list of terms is never empty.
        present = {key: [{}] for key in nodes if key.endswith("IgnoredDuringExecution") and nodes[key] not in (None, [])}
        seen["affinity"] = {"nodeAffinity": present}
    for containers in ("containers", "initContainers"):
        found = [
            {
                part: {key: str(amount) for key, amount in amounts.items()}
                for part, amounts in _kept(each.get("resources"), *_PARTS).items()
            }
            for each in spec.get(containers) or ()
        ]
        if found:
            seen[containers] = [{"resources": each} for each in found]
    return {"metadata": _kept(pod.get("metadata"), "labels", "annotations", "ownerReferences"), "spec": seen}


def emitted_policy(ir: ClusterIR) -> Object:
    """Return the spec of the emitted policy; without one, it asks for nothing."""
    for path, content in backstop.emit(ir).items():
        found: Object = yaml.safe_load(content)
        if found["kind"] == backstop.POLICY and path.startswith("_cluster/"):
            return found["spec"]
    return {"validations": [], "matchConditions": [], "variables": []}


def reports_of(ir: ClusterIR, pod: Object, namespace: str, labels: dict[str, str] | None, off: str | None = None) -> list[str]:
    """Return the messages that the API server would warn with, at the end of a pod's admission; ``off`` is the emergency switch."""
    policy = emitted_policy(ir)
    if not policy["validations"]:
        return []
    namespace_labels = {**(labels or {}), "kubernetes.io/metadata.name": namespace}
    seen = _seen(pod)
    constraints = policy["matchConstraints"]
    assert {
        each["operator"] for part in ("namespaceSelector", "objectSelector") for each in constraints[part]["matchExpressions"]
    } == {"NotIn"}
    if not selected(constraints["namespaceSelector"]["matchExpressions"], namespace_labels):
        return []
    if not selected(constraints["objectSelector"]["matchExpressions"], seen["metadata"].get("labels", {})):
        return []
    given: Object = {
        "object": celpy.json_to_cel(seen),
        "request": celpy.json_to_cel({"namespace": namespace}),
        "namespaceObject": celpy.json_to_cel({"metadata": {"name": namespace, "labels": namespace_labels}}),
        "params": celpy.json_to_cel({"data": {"disable": off}} if off is not None else {"metadata": {}}),
    }
    if not all(program(each["expression"]).evaluate(given) for each in policy["matchConditions"]):
        return []
    variables = {each["name"]: program(each["expression"]).evaluate(given) for each in policy["variables"]}
    given["variables"] = celpy.celtypes.MapType({celpy.celtypes.StringType(name): value for name, value in variables.items()})
    return [each["message"] for each in policy["validations"] if not program(each["expression"]).evaluate(given)]
