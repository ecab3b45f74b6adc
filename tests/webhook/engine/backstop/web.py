"""Policies for the pods of ``web`` in the namespace ``shop``, everything that they may write, and such a pod."""

from typing import Any

from tests.webhook.engine.backstop.reports import Object
from webhook.engine.fields import Fields, NodeOperator, NodeRequirement, NodeTerm, PreferredTerm, Toleration
from webhook.engine.policy import NamespaceMatch, Policy
from webhook.engine.selector import Selector

TERM = NodeTerm(match_expressions=(NodeRequirement("pool", NodeOperator.IN, ("a",)),))
VIRTUAL = Toleration(key="virtual", operator="Equal", value="x", effect="NoSchedule")
EVERYTHING = Fields(
    labels={"l": "1"},
    annotations={"a": "1"},
    scheduler_name="volcano",
    priority_class_name="high",
    node_selector={"disk": "ssd"},
    tolerations=(VIRTUAL,),
    required=(TERM,),
    preferred=(PreferredTerm(5, TERM),),
)
EACH = [
    Fields(labels={"l": "1"}),
    Fields(annotations={"a": "1"}),
    Fields(scheduler_name="volcano"),
    Fields(priority_class_name="high"),
    Fields(node_selector={"disk": "ssd"}),
    Fields(tolerations=(VIRTUAL,)),
    Fields(required=(TERM,)),
    Fields(preferred=(PreferredTerm(5, TERM),)),
]


def web_policy(name: str = "p", app: str = "web", **fields: Any) -> Policy:
    """Make a policy for the pods of an app."""
    return Policy(
        **{
            "name": name,
            "priority": 0,
            "namespaces": NamespaceMatch(names=("shop",)),
            "pods": Selector.of({"app": app}),
            **fields,
        }
    )


def web_pod(**labels: str) -> Object:
    """Make a pod that no webhook has seen."""
    return {"metadata": {"labels": {"app": "web", **labels}}, "spec": {"schedulerName": "default-scheduler", "containers": [{}]}}
