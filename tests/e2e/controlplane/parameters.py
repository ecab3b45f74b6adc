"""Keeps the API server's copy of ConfigMaps alive, which policies of admission take their parameters from.

When the last binding to a policy with a parameter of a built-in kind is deleted, the API server stops the informer of that kind, and never
starts it again: later policies see ConfigMaps as they were then (kubernetes/kubernetes#130887, open with 1.36). Tests that clean up would
spoil those behind them.
"""

from typing import Final

from tests.e2e.controlplane.client import Client

_VERSION: Final = "admissionregistration.k8s.io/v1"
_NAME: Final = "e2e-keeps-parameters"


def keep(client: Client) -> None:
    """Register a policy that is about nothing, and stays."""
    rules = {"apiGroups": ["e2e.invalid"], "apiVersions": ["*"], "resources": ["*"], "operations": ["CREATE"]}
    policy = {
        "paramKind": {"apiVersion": "v1", "kind": "ConfigMap"},
        "matchConstraints": {"resourceRules": [rules]},
        "validations": [{"expression": "true"}],
    }
    parameter = {"name": _NAME, "namespace": "default", "parameterNotFoundAction": "Allow"}
    binding = {"policyName": _NAME, "paramRef": parameter, "validationActions": ["Warn"]}
    for kind, spec in (("ValidatingAdmissionPolicy", policy), ("ValidatingAdmissionPolicyBinding", binding)):
        client.create({"apiVersion": _VERSION, "kind": kind, "metadata": {"name": _NAME}, "spec": spec})
