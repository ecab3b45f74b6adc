"""Documents about federation that their schema accepts, read into the model: defaults filled in, selectors normalised."""

from collections.abc import Iterable
from typing import Any, Final

from compiler.diagnostics import Diagnostic
from compiler.federation.model import (
    AutoMigration,
    Autoscaling,
    Choice,
    Declared,
    FederationHost,
    ImageOverride,
    Mode,
    Operation,
    Override,
    PlacementPolicy,
    Rescheduling,
    Workload,
)
from compiler.parse import selector
from compiler.references import by_name
from compiler.source import Document
from compiler.versions import Version

KINDS: Final = frozenset({"FederationHost", "PlacementPolicy"})


def declared(documents: Iterable[Document]) -> tuple[Declared, list[Diagnostic]]:
    """Read all documents of these kinds; the first of two with one name counts."""
    found, diagnostics = by_name(documents, KINDS)
    return Declared(
        hosts=tuple(host(document) for document in found["FederationHost"]),
        policies=tuple(policy(document) for document in found["PlacementPolicy"]),
    ), diagnostics


def host(document: Document) -> FederationHost:
    """Read a FederationHost."""
    return FederationHost(
        name=document.get("metadata", "name"),
        document=document,
        kubernetes=Version.parse(document.get("spec", "kubernetesVersion")),
    )


def policy(document: Document) -> PlacementPolicy:
    """Read a PlacementPolicy."""
    spec = document.get("spec")
    return PlacementPolicy(
        name=document.get("metadata", "name"),
        document=document,
        host=spec["host"],
        namespace=spec["namespace"],
        workloads=tuple(
            Workload(index=index, api_version=each["apiVersion"], kind=each["kind"], name=each["name"])
            for index, each in enumerate(spec["workloads"])
        ),
        mode=Mode(spec["mode"]),
        clusters=tuple(_choice(index, each) for index, each in enumerate(spec.get("clusters", ()))),
        selector=selector(spec["selector"]) if "selector" in spec else None,
        max_clusters=_integer(spec.get("maxClusters")),
        accelerator=spec.get("accelerator"),
        overrides=tuple(_override(index, each) for index, each in enumerate(spec.get("overrides", ()))),
        migration=_migration(spec["autoMigration"]) if "autoMigration" in spec else None,
        rescheduling=_rescheduling(spec.get("rescheduling", {})),
        autoscaling=_autoscaling(spec["autoscaling"]) if "autoscaling" in spec else None,
    )


def _choice(index: int, written: dict[str, Any]) -> Choice:
    numbers = {field: _integer(written.get(field)) for field in ("weight", "priority", "min", "max")}
    return Choice(index=index, name=written["name"], **numbers)


def _override(index: int, written: dict[str, Any]) -> Override:
    image = written.get("image")
    return Override(
        index=index,
        clusters=tuple(written["clusters"]),
        image=ImageOverride(
            **{part: image.get(part) for part in ("registry", "repository", "tag", "digest")},
            containers=tuple(image.get("containers", ())),
        )
        if image
        else None,
        container=int(written.get("container", 0)),
        resources=written.get("resources", {}),
        json_patch=tuple(
            Operation(op=each["op"], path=each["path"], value=each.get("value")) for each in written.get("jsonPatch", ())
        ),
    )


def _migration(written: dict[str, Any]) -> AutoMigration:
    """Fill in the default of upstream's schema (types_propagationpolicy.go: one minute)."""
    return AutoMigration(after=written.get("after", "1m"), keep_unschedulable=written.get("keepUnschedulable"))


def _rescheduling(written: dict[str, Any]) -> Rescheduling:
    """Fill in the defaults of upstream's schema (types_propagationpolicy.go), ``avoidDisruption: true`` among them."""
    when = written.get("when", {})
    return Rescheduling(
        avoid_disruption=written.get("avoidDisruption", True),
        policy_content_changed=when.get("policyContentChanged", True),
        cluster_joined=when.get("clusterJoined", False),
        cluster_labels_changed=when.get("clusterLabelsChanged", False),
        cluster_api_resources_changed=when.get("clusterAPIResourcesChanged", False),
    )


def _autoscaling(written: dict[str, Any]) -> Autoscaling:
    return Autoscaling(
        min_replicas=int(written.get("minReplicas", 1)),
        max_replicas=int(written["maxReplicas"]),
        metrics=tuple(_plain(metric) for metric in written["metrics"]),
        behavior=_plain(written["behavior"]) if "behavior" in written else None,
    )


def _plain(written: Any, field: str = "") -> Any:
    """Write quantities of autoscaling/v2 as strings, and integral numbers as integers, as the API server stores them."""
    if isinstance(written, dict):
        target = {"averageValue", "value"} if field == "target" else set()
        return {key: str(value) if key in target else _plain(value, key) for key, value in written.items()}
    if isinstance(written, list):
        return [_plain(each, field) for each in written]
    return int(written) if isinstance(written, float) and written.is_integer() else written


def _integer(written: float | None) -> int | None:
    return None if written is None else int(written)
