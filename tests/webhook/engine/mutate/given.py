"""Policies that place or inject, and the pods that they are tried on."""

from typing import Any

from tests.webhook.engine.builders import policy_of
from webhook.engine.fields import Fields, Toleration
from webhook.engine.policy import Accelerator, Placement, Policy

SPOT = Toleration(key="spot", operator="Equal", value="true", effect="NoSchedule")


def placing_policy(name: str = "p", *, marker: bool = False, accelerator: Accelerator | None = None, **given: Any) -> Policy:
    """Make a policy with a placement; fields that a placement has no place for are the policy's own."""
    known = {"labels", "annotations", "scheduler_name", "tolerations"}
    fields = Fields(**{key: value for key, value in given.items() if key in known})
    placement = Placement(mechanism="resourcePolicy", marker=marker, fields=fields, accelerator=accelerator)
    return policy_of(name, placement=placement, **{key: value for key, value in given.items() if key not in known})


def injecting_policy(name: str = "p", *, priority: int = 0, override: bool = False, **fields: Any) -> Policy:
    """Make a policy that injects fields."""
    return policy_of(name, priority=priority, override=override, inject=Fields(**fields))


def mark_of(*policies: Policy) -> str:
    """Return the applied annotation of policies, in the order given."""
    return ",".join(f"{policy.name}@{policy.digest()[:12]}" for policy in policies)


def pod_of(metadata: dict[str, Any] | None = None, **spec: Any) -> dict[str, Any]:
    """Make a pod of its metadata and its spec."""
    return {"metadata": metadata or {}, "spec": spec}


def labelled(**labels: str) -> dict[str, Any]:
    """Make a pod with labels; two underscores stand for a slash."""
    return pod_of({"labels": {key.replace("__", "/"): value for key, value in labels.items()}})


EVERYTHING = placing_policy(
    marker=True,
    scheduler_name="s",
    labels={"l": "1"},
    annotations={"a": "1"},
    override=True,
    inject=Fields(tolerations=(SPOT,)),
)
