"""For which objects a webhook is called: rules, namespaces, and what narrows them (G1 to G3)."""

from collections.abc import Iterator
from typing import Any, Final

from compiler.codes import webhooks as codes
from compiler.diagnostics import Diagnostic, diagnose
from compiler.lint.objects import Webhook
from compiler.spelling import listing

_SYSTEM: Final = ("kube-system", "kube-node-lease")
_NAME_LABEL: Final = "kubernetes.io/metadata.name"
_VITAL_GROUPS: Final = frozenset({"coordination.k8s.io", "authentication.k8s.io", "authorization.k8s.io"})


def check(webhook: Webhook) -> Iterator[Diagnostic]:
    """Yield what is wrong with the choice of objects."""
    yield from _rules(webhook)
    if any(webhook.get("rules", index, "scope") != "Cluster" for index, _ in webhook.rules()):
        yield from _namespaces(webhook)
    if webhook.get("matchPolicy") == "Exact":
        yield diagnose(
            codes.EXACT,
            webhook.at("matchPolicy"),
            f"webhook {webhook.name} does not see requests of other API versions",
            help=["write `matchPolicy: Equivalent`, or leave it out"],
        )
    if not (_selects(webhook, "objectSelector") or webhook.items("matchConditions") or _names(webhook)):
        yield diagnose(
            codes.NOT_NARROWED,
            webhook.at(),
            f"nothing keeps objects that webhook {webhook.name} would not change from it",
            help=["write an `objectSelector` of the labels that it is about, or `matchConditions` (from Kubernetes 1.28 on)"],
        )


def _rules(webhook: Webhook) -> Iterator[Diagnostic]:
    for index, rule in webhook.rules():
        broad = [part for part in ("apiGroups", "resources", "operations") if any("*" in each for each in rule[part])]
        if broad:
            where = webhook.at("rules", index, broad[0])
            yield diagnose(
                codes.WILDCARD,
                where,
                f"webhook {webhook.name} is called for `*` of {listing(broad)}",
                help=["name what it changes, such as `operations: [CREATE]` of `resources: [pods]`"],
            )
        if _VITAL_GROUPS & {*rule["apiGroups"]}:
            where = webhook.at("rules", index, "apiGroups")
            vital = sorted(_VITAL_GROUPS & {*rule["apiGroups"]})
            yield diagnose(
                codes.VITAL, where, f"webhook {webhook.name} is called for objects of {listing(vital)}", help=["take this rule out"]
            )
        subresources = [each for each in rule["resources"] if "/" in each and "*" not in each]
        if subresources:
            where = webhook.at("rules", index, "resources")
            yield diagnose(
                codes.TOO_BROAD,
                where,
                f"webhook {webhook.name} is called for {listing(subresources)}",
                help=[f"take {listing(subresources)} out"],
            )
        others = [each for each in rule["operations"] if each not in ("CREATE", "*")]
        if "pods" in rule["resources"] and others:
            where = webhook.at("rules", index, "operations")
            yield diagnose(
                codes.TOO_BROAD,
                where,
                f"webhook {webhook.name} is called for pods at {listing(others)} too",
                help=["write `operations: [CREATE]`"],
            )


def _namespaces(webhook: Webhook) -> Iterator[Diagnostic]:
    own = webhook.mapping("clientConfig", "service").get("namespace")
    conditions = " ".join(
        str(webhook.get("matchConditions", index, "expression")) for index in range(len(webhook.items("matchConditions")))
    )
    seen = [
        name
        for name in dict.fromkeys([*_SYSTEM, *([str(own)] if own else [])])
        if _called_for(webhook, name) and not (f'"{name}"' in conditions or f"'{name}'" in conditions)
    ]
    if not seen:
        return
    labels = sorted(
        {str(each.get("key")) for each in _expressions(webhook) if each.get("operator") in ("NotIn", "DoesNotExist")}
        - {_NAME_LABEL}
    )
    advice = [f"write {{key: {_NAME_LABEL}, operator: NotIn, values: [{', '.join(seen)}]}} under `matchExpressions`"]
    if labels:
        message = f"webhook {webhook.name} is kept from {listing(seen)} only where they carry {listing(labels)}"
        yield diagnose(codes.LABELLED_NAMESPACES, webhook.at("namespaceSelector"), message, help=advice)
    else:
        yield diagnose(
            codes.SYSTEM_NAMESPACES,
            webhook.at("namespaceSelector"),
            f"webhook {webhook.name} is called for {listing(seen)}",
            help=advice,
        )


def _called_for(webhook: Webhook, namespace: str) -> bool:
    """Say whether the selector takes a namespace that has no label but the one with its name."""
    labels = {_NAME_LABEL: namespace}
    if any(labels.get(key) != value for key, value in webhook.mapping("namespaceSelector", "matchLabels").items()):
        return False
    for each in _expressions(webhook):
        value, values = labels.get(str(each.get("key"))), each.get("values") or ()
        held = {
            "In": value in values,
            "NotIn": value not in values,
            "Exists": value is not None,
            "DoesNotExist": value is None,
        }
        if not held.get(str(each.get("operator")), True):
            return False
    return True


def _expressions(webhook: Webhook) -> list[dict[str, Any]]:
    return [each for each in webhook.items("namespaceSelector", "matchExpressions") if isinstance(each, dict)]


def _selects(webhook: Webhook, selector: str) -> bool:
    return bool(webhook.mapping(selector, "matchLabels") or webhook.items(selector, "matchExpressions"))


def _names(webhook: Webhook) -> bool:
    """Say whether namespaces have to be named, or to opt in, for the webhook to be called."""
    positive = any(each.get("operator") in ("In", "Exists") for each in _expressions(webhook))
    return positive or bool(webhook.mapping("namespaceSelector", "matchLabels"))
