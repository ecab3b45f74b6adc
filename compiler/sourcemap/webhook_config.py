"""Where the fields of the MutatingWebhookConfiguration come from."""

from collections.abc import Sequence
from typing import Any

from compiler.model import NAME_LABEL
from compiler.resolve import Binding
from compiler.source import Document, Route
from compiler.sourcemap import selectors
from compiler.sourcemap.origin import ENGINE, FORM, GITOPS, NARROWED, OWNED, Origins, Trace, UntracedError, at, written


def trace(repository: Document, bindings: Sequence[Binding], manifest: dict[str, Any]) -> Trace:
    """Return the origins of the configuration's fields; ``bindings`` are those of the cluster."""
    policies = [each.policy for each in bindings]
    named = selectors.naming(policies)

    def origins(route: Route) -> Origins:
        match route:
            case ("metadata", "labels", _):
                return [OWNED]
            case ("metadata", "annotations", _):
                return [GITOPS]
            case ("apiVersion" | "kind" | "metadata", *_):
                return [FORM]
            case ("webhooks", int(), "clientConfig", "service", "namespace"):
                return written(repository, "spec", "webhook", "namespace")
            case ("webhooks", int(), "failurePolicy" | "timeoutSeconds" as name):
                return written(repository, "spec", "webhook", name)
            case ("webhooks", int(), "namespaceSelector", "matchExpressions", int(), "values", int()):
                if at(manifest, (*route[:5], "operator")) == "In":
                    return named.get(at(manifest, route)) or [NARROWED]
                by_name = at(manifest, (*route[:5], "key")) == NAME_LABEL
                return selectors.excluded(repository, at(manifest, route)) if by_name else [NARROWED]
            case ("webhooks", int(), "namespaceSelector", *_):
                return [NARROWED]
            case ("webhooks", int(), "matchConditions", int(), "expression"):
                if at(manifest, (*route[:4], "name")) == "a-policy-may-match":
                    return [policy.at("spec", "match", "pods") for policy in policies]
                return [ENGINE]
            case ("webhooks", *_):
                return [FORM]
        raise UntracedError(route)

    return origins
