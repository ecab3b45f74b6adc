"""What the tests of importing share: the guides' own YAML, an import through the command line, and a comparison of objects."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import yaml

from compiler.pipeline import compile_repository
from compiler.sources.tree import Tree

_DEFAULTS = {"ignorePreviousPod": False, "ignoreTerminatingPod": True}
_RESCHEDULING: dict[str, Any] = {
    "disableRescheduling": False,
    "replicaRescheduling": {"avoidDisruption": True},
    "rescheduleWhen": {
        "clusterAPIResourcesChanged": False,
        "clusterJoined": False,
        "clusterLabelsChanged": False,
        "policyContentChanged": True,
    },
}

Built = dict[tuple[str, str, str, str], dict[str, Any]]
"""Objects by folder (a cluster, or empty for a host), kind, namespace and name."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparison:
    """An object and what came back. ``how`` says in which of the known ways the two differ."""

    given: dict[str, Any]
    built: dict[str, Any]
    how: frozenset[str]

    @property
    def same(self) -> bool:
        """Whether they do not differ in any other way."""
        return self.given == self.built


@pytest.fixture(scope="session")
def guides() -> Path:
    """Return the folder of the guides' own YAML.

    In two ResourcePolicies of ``registered-nodes*.yaml``, comments began with ``//`` and a node selector had ``=``, which is no YAML.
    """
    return Path(__file__).parent / "guides"


@pytest.fixture(scope="session")
def built() -> Callable[[Path], Built]:
    """Return a function that compiles a repository into its objects; it must have no errors."""

    def run(folder: Path) -> Built:
        result = compile_repository(Tree(folder), workloads=False)
        assert not result.failed, result.diagnostics
        found: Built = {}
        for path, content in result.files.items():
            if path.endswith(".yaml") and "/components/" not in path:
                value = yaml.safe_load(content)
                metadata = value.get("metadata", {})
                where = path.split("/")[1] if path.startswith("clusters/") else ""
                found[where, value["kind"], metadata.get("namespace", ""), metadata.get("name", "")] = value
        return found

    return run


@pytest.fixture(scope="session")
def compare() -> Callable[..., Comparison]:
    """Return a function that compares a given object with the one that came back, apart from the closed list of known differences."""

    def run(given: dict[str, Any], back: dict[str, Any]) -> Comparison:
        how: set[str] = set()
        one, other = _bare(given), _bare(back)
        if back["metadata"].get("labels", {}).get("app.kubernetes.io/managed-by") == "overbank" and "managed-by" not in str(given):
            how.add("who manages it")
        if "namespace" not in one["metadata"]:
            one["metadata"]["namespace"] = "default"
            how.add("the namespace is written out")
        if one["metadata"]["name"] != other["metadata"]["name"]:
            one["metadata"]["name"] = other["metadata"]["name"]
            how.add("its name is that of the policy")
        {"ResourcePolicy": _ordered, "PropagationPolicy": _propagated, "HorizontalPodAutoscaler": _scaled}.get(
            given["kind"], lambda *_: None
        )(one, other, how)
        return Comparison(given=one, built=other, how=frozenset(how))

    return run


def _bare(value: dict[str, Any]) -> dict[str, Any]:
    """Return a copy without labels, annotations and what the API server writes."""
    metadata = {key: each for key, each in value["metadata"].items() if key in ("name", "namespace")}
    copied: dict[str, Any] = yaml.safe_load(yaml.safe_dump(value["spec"]))
    return {"apiVersion": value["apiVersion"], "kind": value["kind"], "metadata": metadata, "spec": copied}


def _ordered(one: dict[str, Any], other: dict[str, Any], how: set[str]) -> None:
    for key, value in _DEFAULTS.items():
        if other["spec"].get(key) is value and key not in one["spec"]:
            one["spec"][key] = value
            how.add("defaults of scheduler 6.4 are written out")
    for before, after in zip(one["spec"].get("units", ()), other["spec"].get("units", ()), strict=True):
        if before["resource"] != "ecs" and "nodeSelector" in before and "nodeSelector" not in after:
            del before["nodeSelector"]
            how.add("a nodeSelector without effect is left out")


def _propagated(one: dict[str, Any], other: dict[str, Any], how: set[str]) -> None:
    given, policy = one["spec"], one["spec"].setdefault("reschedulePolicy", {})
    full = {
        "disableRescheduling": policy.get("disableRescheduling", False),
        **{key: {**_RESCHEDULING[key], **policy.get(key, {})} for key in ("replicaRescheduling", "rescheduleWhen")},
    }
    if full != policy:
        given["reschedulePolicy"] = full
        how.add("defaults of KubeAdmiral are written out")
    assert other["spec"]["schedulingMode"] == given.get("schedulingMode", "Duplicate")


def _scaled(one: dict[str, Any], other: dict[str, Any], how: set[str]) -> None:
    if one["apiVersion"] == "autoscaling/v2beta2":
        one["apiVersion"] = other["apiVersion"]
        how.add("autoscaling/v2 in the place of its beta")
