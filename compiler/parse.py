"""Documents that their schema accepts, read into the model: defaults filled in, selectors in their normal form."""

from collections.abc import Iterable, Mapping
from typing import Any, Final

from compiler.model import (
    AcceleratorClass,
    AckResourcePolicy,
    AckUnit,
    Advance,
    BurstPolicy,
    Cluster,
    Mechanism,
    Membership,
    Platform,
    PolicyTest,
    Pool,
    PoolType,
    PoolUse,
    Repository,
    Scheduling,
    Scope,
    Selection,
    Strategy,
    TestCase,
    WebhookSettings,
    namespace_labels,
)
from compiler.source import Document
from compiler.versions import Version
from webhook.engine.bundle import Owner, Verdict
from webhook.engine.fields import Fields, Gang, GpuShare, NodeOperator, NodeRequirement, NodeTerm, PreferredTerm, Toleration
from webhook.engine.selector import Operator, Requirement, Selector

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


def repository(document: Document) -> Repository:
    """Read a Repository."""
    spec = document.get("spec") or {}
    webhook = spec.get("webhook", {})
    namespace = webhook.get("namespace", "overbank-system")
    return Repository(
        document=document,
        output=spec.get("output", "rendered"),
        exclude=tuple(spec.get("exclude", ())),
        workloads=tuple(spec.get("workloads", ())),
        webhook=WebhookSettings(
            namespace=namespace,
            failure_policy=webhook.get("failurePolicy", "Ignore"),
            timeout_seconds=int(webhook.get("timeoutSeconds", 2)),
            excluded_namespaces=tuple(sorted({*webhook.get("excludeNamespaces", ("kube-system", "kube-node-lease")), namespace})),
        ),
    )


def cluster(document: Document) -> Cluster:
    """Read a Cluster."""
    spec = document.get("spec")
    platform = Platform(spec["platform"])
    scheduler = spec.get("scheduler", {})
    default_name = "ack-co-scheduler" if platform is Platform.ACK_REGISTERED else None
    version = scheduler.get("version")
    kubernetes = Version.parse(spec["kubernetesVersion"])
    name = document.get("metadata", "name")
    federation = spec.get("federation")
    pools = [
        Pool(
            index=index,
            name=pool["name"],
            type=PoolType(pool["type"]),
            node_selector=pool.get("nodeSelector", {}),
            pod_annotations=pool.get("podAnnotations", {}),
            autoscaling=pool.get("autoscaling", False),
            capacity=_capacity(pool),
        )
        for index, pool in enumerate(spec["pools"])
    ]
    return Cluster(
        name=name,
        document=document,
        labels=document.get("metadata", "labels") or {},
        platform=platform,
        kubernetes=kubernetes,
        scheduler=Version.parse(version) if version else None,
        scheduler_name=scheduler.get("name", default_name),
        addons={name: Version.parse(value) if isinstance(value, str) else value for name, value in spec.get("addons", {}).items()},
        federation=Membership(host=federation["host"], member=federation.get("member", name)) if federation else None,
        namespaces={
            entry["name"]: namespace_labels(kubernetes, entry["name"], entry.get("labels", {}))
            for entry in spec.get("namespaces", ())
        },
        claims=_claims(spec.get("claims", ())),
        pools={pool.name: pool for pool in reversed(pools)},
    )


def accelerator(document: Document) -> AcceleratorClass:
    """Read an AcceleratorClass."""
    nodes = document.get("spec", "nodes") or {}
    return AcceleratorClass(
        name=document.get("metadata", "name"),
        document=document,
        resource=document.get("spec", "resource"),
        nodes=node_requirements(nodes.get("matchLabels", {}), nodes.get("matchExpressions", ())),
        eci_specs=tuple(document.get("spec", "eci", "useSpecs") or ()),
        vci_types=tuple(document.get("spec", "vci", "instanceTypes") or ()),
        vci_families=tuple(document.get("spec", "vci", "instanceFamily") or ()),
    )


def policy(document: Document) -> BurstPolicy:
    """Read a BurstPolicy."""
    spec = document.get("spec")
    match = spec["match"]
    inject = spec.get("inject", {})
    affinity = inject.get("nodeAffinity", {})
    advance = spec.get("advance", {})
    ack = spec.get("resourcePolicy", {}).get("ack", {})
    return BurstPolicy(
        name=document.get("metadata", "name"),
        document=document,
        clusters=_scope(match["clusters"]),
        namespaces=_scope(match["namespaces"]),
        pods=_selector(match["pods"]),
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
        ack=AckResourcePolicy(
            preempt_policy=ack.get("preemptPolicy"),
            ignore_previous_pod=ack.get("ignorePreviousPod"),
            ignore_terminating_pod=ack.get("ignoreTerminatingPod"),
            match_label_keys=tuple(ack.get("matchLabelKeys", ())),
        ),
        scheduling=_scheduling(spec.get("scheduling", {})),
        inject=Fields(
            labels=inject.get("labels", {}),
            annotations=inject.get("annotations", {}),
            scheduler_name=inject.get("schedulerName"),
            priority_class_name=inject.get("priorityClassName"),
            node_selector=inject.get("nodeSelector", {}),
            tolerations=tuple(_tolerations(inject.get("tolerations", ()))),
            required=tuple(
                _node_term(term)
                for term in affinity.get("requiredDuringSchedulingIgnoredDuringExecution", {}).get("nodeSelectorTerms", ())
            ),
            preferred=tuple(
                PreferredTerm(weight=int(each["weight"]), preference=_node_term(each["preference"]))
                for each in affinity.get("preferredDuringSchedulingIgnoredDuringExecution", ())
            ),
        ),
        override=spec.get("merge") == "override",
        foreign_intent=Verdict(spec.get("foreignIntent", "warn")),
        incompatible=Verdict(spec.get("incompatible", "deny")),
        audit=spec.get("mode") == "audit",
        rollout=round(spec.get("rollout", {}).get("percentage", 100) * 100),
    )


def policy_test(document: Document) -> PolicyTest:
    """Read a PolicyTest."""
    spec = document.get("spec")
    namespace = spec.get("namespace", {})
    return PolicyTest(
        name=document.get("metadata", "name"),
        document=document,
        cluster=spec["cluster"],
        namespace=namespace.get("name", "default"),
        namespace_labels=namespace.get("labels"),
        cases=tuple(
            TestCase(
                index=index,
                name=case["name"],
                file=case["pod"].get("file"),
                inline=case["pod"].get("inline"),
                expect=case["expect"],
            )
            for index, case in enumerate(spec["cases"])
        ),
    )


def node_requirements(labels: Mapping[str, str], expressions: Iterable[dict[str, Any]]) -> tuple[NodeRequirement, ...]:
    """Return label pairs and expressions as node requirements, sorted and without duplicates."""
    found = {NodeRequirement(key, NodeOperator.IN, (value,)) for key, value in labels.items()}
    for each in expressions:
        found.add(NodeRequirement(each["key"], NodeOperator(each["operator"]), tuple(sorted(set(each.get("values", ()))))))
    return tuple(sorted(found))


def _node_term(written: dict[str, Any]) -> NodeTerm:
    return NodeTerm(
        match_expressions=node_requirements({}, written.get("matchExpressions", ())),
        match_fields=node_requirements({}, written.get("matchFields", ())),
    )


def _capacity(pool: dict[str, Any]) -> int | None:
    if "nodes" not in pool or "podsPerNode" not in pool:
        return None
    return int(pool["nodes"]["max"]) * int(pool["podsPerNode"])


def _claims(written: Iterable[dict[str, str]]) -> dict[str, dict[str, str]]:
    found: dict[str, dict[str, str]] = {}
    for each in written:
        found.setdefault(each["namespace"], {})[each["name"]] = each["driver"]
    return found


def _owner(written: dict[str, str]) -> Owner:
    return Owner(kind=written["kind"], group=written.get("apiGroup", BUILT_IN_GROUPS.get(written["kind"], "")))


def _pool_use(index: int, written: dict[str, Any]) -> PoolUse:
    ack = written.get("ack", {})
    return PoolUse(
        index=index,
        name=written["name"],
        max=_integer(written.get("max")),
        overrides={name: int(each["max"]) for each in reversed(written.get("overrides", ())) for name in each["clusters"]},
        skip_if_missing=written.get("skipIfMissing", False),
        ack=AckUnit(
            pod_labels=ack.get("podLabels", {}),
            pod_annotations=ack.get("podAnnotations", {}),
            max_resources=ack.get("maxResources", {}),
        ),
    )


def _scheduling(written: dict[str, Any]) -> Scheduling:
    gang, share = written.get("gang"), written.get("gpuShare")
    source = gang.get("minAvailableFrom", {}) if gang else {}
    return Scheduling(
        gang=Gang(
            name_label=gang["nameFrom"]["label"],
            min_available=_integer(gang.get("minAvailable")),
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


def _scope(written: dict[str, Any]) -> Scope:
    selector = _selector(written["selector"]) if "selector" in written else None
    return Scope(names=tuple(sorted(written.get("names", ()))), selector=selector, all=written.get("all", False))


def _selector(written: dict[str, Any]) -> Selector:
    expressions = (
        Requirement(entry["key"], Operator(entry["operator"]), tuple(entry.get("values", ())))
        for entry in written.get("matchExpressions", ())
    )
    return Selector.of(written.get("matchLabels"), expressions)


def _tolerations(written: Iterable[dict[str, Any]]) -> Iterable[Toleration]:
    for entry in written:
        yield Toleration(
            key=entry.get("key", ""),
            operator=entry.get("operator", "Equal"),
            value=entry.get("value", ""),
            effect=entry.get("effect", ""),
            toleration_seconds=_integer(entry.get("tolerationSeconds")),
        )


def _integer(written: float | None) -> int | None:
    return None if written is None else int(written)
