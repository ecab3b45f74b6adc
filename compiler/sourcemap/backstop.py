"""Where the fields of the ValidatingAdmissionPolicy and its binding come from."""

from collections.abc import Sequence
from typing import Any, Final

from compiler.resolve import Binding
from compiler.source import Document, Route
from compiler.sourcemap import selectors
from compiler.sourcemap.origin import ENGINE, FORM, GITOPS, OWNED, Fixed, Origins, Trace, UntracedError, at, written

_READ: Final = Fixed("reads what the conditions are about")


def trace(repository: Document, bindings: Sequence[Binding], manifest: dict[str, Any]) -> Trace:
    """Return the origins of the object's fields; ``bindings`` are those of the cluster."""
    policies = {each.policy.name: each.policy for each in bindings}

    def origins(route: Route) -> Origins:
        match route:
            case ("metadata", "labels", _):
                return [OWNED]
            case ("metadata", "annotations", _):
                return [GITOPS]
            case ("spec", "paramRef", "namespace"):
                return written(repository, "spec", "webhook", "namespace")
            case ("spec", "validationActions", int()):
                return written(repository, "spec", "webhook", "backstop")
            case ("spec", "matchConstraints", "namespaceSelector", "matchExpressions", 0, "values", int()):
                return selectors.excluded(repository, at(manifest, route))
            case ("spec", "matchConstraints" | "matchConditions", *_):
                return [ENGINE]
            case ("spec", "variables", int(), _):
                return [_READ]
            case ("spec", "validations", int(), _):
                # The message begins as every sentence of ours does: with the policy that it is about.
                policy = policies[at(manifest, (*route[:3], "message")).split(":")[0].rpartition(" ")[2]]
                return [policy.at_name() if route[3] == "message" else policy.at("spec", "match")]
            case ("apiVersion" | "kind" | "metadata" | "spec", *_):
                return [FORM]
        raise UntracedError(route)

    return origins
