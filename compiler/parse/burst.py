"""Burst policies."""

from collections.abc import Iterable
from typing import Any, Final

from compiler.model import (
    AckResourcePolicy,
    AckUnit,
    Advance,
    BurstPolicy,
    Mechanism,
    PoolUse,
    Scheduling,
    Selection,
    Strategy,
)
from compiler.parse.selection import integer, node_requirements, scope, selector
from compiler.source import Document
from webhook.engine.fields import Fields, Gang, GpuShare, NodeTerm, PreferredTerm, Toleration
from webhook.engine.policy import Owner, Verdict

BUILT_IN_GROUPS: Final = {
    "CronJob": "batch",
    "DaemonSet": "apps",
    "Deployment": "apps",
    "Job": "batch",
    "ReplicaSet": "apps",
    "ReplicationController": "",
    "StatefulSet": "apps",
}
"""API groups of the workload kinds of Kubernetes itself, which authors need not write."""

# What most policies leave out, made once.
_NO_ACK: Final = AckResourcePolicy()
_NO_UNIT_ACK: Final = AckUnit()
_NO_SCHEDULING: Final = Scheduling()


def policy(document: Document) -> BurstPolicy:
    """Read a BurstPolicy."""
    spec = document.get("spec")
    match = spec["match"]
    advance = spec.get("advance", {})
    return BurstPolicy(
        name=document.get("metadata", "name"),
        document=document,
        clusters=scope(match["clusters"]),
        namespaces=scope(match["namespaces"]),
        pods=selector(match["pods"]),
        requests=tuple(sorted(match["pods"].get("requestsResource", ()))),
        owners=tuple(sorted({_owner(each) for each in match["pods"].get("owners", ())})),
        priority=int(spec.get("priority", 0)),  # JSON Schema takes 1e2 for an integer
        pools=tuple(_pool_use(index, use) for index, use in enumerate(spec.get("pools", ()))),
        strategy=Strategy(spec["strategy"]) if "strategy" in spec else None,
        mechanism=Mechanism(spec.get("mechanism", "auto")),
        namespace_wide=spec.get("namespaceWide", False),
        mirror_label=spec.get("mirrorLabel", True),
        selection=Selection(spec["selection"]) if "selection" in spec else None,
        accelerator=spec.get("accelerator"),
        advance=Advance(advance["policy"]) if "policy" in advance else None,
        advance_timeout=advance.get("timeout"),
        ack=_ack(spec["resourcePolicy"].get("ack", {})) if "resourcePolicy" in spec else _NO_ACK,
        scheduling=_scheduling(spec["scheduling"]) if "scheduling" in spec else _NO_SCHEDULING,
        inject=_inject(spec.get("inject", {})),
        override=spec.get("merge") == "override",
        foreign_intent=Verdict(spec.get("foreignIntent", "warn")),
        incompatible=Verdict(spec.get("incompatible", "deny")),
        audit=spec.get("mode") == "audit",
        rollout=round(spec.get("rollout", {}).get("percentage", 100) * 100),
    )


def _ack(written: dict[str, Any]) -> AckResourcePolicy:
    return AckResourcePolicy(
        preempt_policy=written.get("preemptPolicy"),
        ignore_previous_pod=written.get("ignorePreviousPod"),
        ignore_terminating_pod=written.get("ignoreTerminatingPod"),
        match_label_keys=tuple(written.get("matchLabelKeys", ())),
    )


def _inject(written: dict[str, Any]) -> Fields:
    affinity = written.get("nodeAffinity", {})
    return Fields(
        labels=written.get("labels", {}),
        annotations=written.get("annotations", {}),
        scheduler_name=written.get("schedulerName"),
        priority_class_name=written.get("priorityClassName"),
        node_selector=written.get("nodeSelector", {}),
        tolerations=tuple(_tolerations(written.get("tolerations", ()))),
        required=tuple(
            _node_term(term)
            for term in affinity.get("requiredDuringSchedulingIgnoredDuringExecution", {}).get("nodeSelectorTerms", ())
        ),
        preferred=tuple(
            PreferredTerm(weight=int(each["weight"]), preference=_node_term(each["preference"]))
            for each in affinity.get("preferredDuringSchedulingIgnoredDuringExecution", ())
        ),
    )


def _pool_use(index: int, written: dict[str, Any]) -> PoolUse:
    ack = written.get("ack")
    return PoolUse(
        index=index,
        name=written["name"],
        max=integer(written.get("max")),
        overrides={name: int(each["max"]) for each in reversed(written.get("overrides", ())) for name in each["clusters"]},
        skip_if_missing=written.get("skipIfMissing", False),
        ack=AckUnit(
            pod_labels=ack.get("podLabels", {}),
            pod_annotations=ack.get("podAnnotations", {}),
            max_resources=ack.get("maxResources", {}),
        )
        if ack
        else _NO_UNIT_ACK,
    )


def _scheduling(written: dict[str, Any]) -> Scheduling:
    gang, share = written.get("gang"), written.get("gpuShare")
    source = gang.get("minAvailableFrom", {}) if gang else {}
    return Scheduling(
        gang=Gang(
            name_label=gang["nameFrom"]["label"],
            min_available=integer(gang.get("minAvailable")),
            min_available_label=source.get("label"),
            min_available_annotation=source.get("annotation"),
        )
        if gang
        else None,
        allow_split=bool(gang and gang.get("allowSplit", False)),
        cpu_topology=written.get("cpuTopology", False),
        gpu_share=GpuShare(
            memory_gib=int(share["memoryGiB"]),
            gpus=int(share.get("gpus", 1)),
            container=share.get("container", ""),
        )
        if share
        else None,
    )


def _owner(written: dict[str, str]) -> Owner:
    return Owner(kind=written["kind"], group=written.get("apiGroup", BUILT_IN_GROUPS.get(written["kind"], "")))


def _node_term(written: dict[str, Any]) -> NodeTerm:
    return NodeTerm(
        match_expressions=node_requirements({}, written.get("matchExpressions", ())),
        match_fields=node_requirements({}, written.get("matchFields", ())),
    )


def _tolerations(written: Iterable[dict[str, Any]]) -> Iterable[Toleration]:
    for entry in written:
        yield Toleration(
            key=entry.get("key", ""),
            operator=entry.get("operator", "Equal"),
            value=entry.get("value", ""),
            effect=entry.get("effect", ""),
            toleration_seconds=integer(entry.get("tolerationSeconds")),
        )
