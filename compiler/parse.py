"""Documents that their schema accepts, read into the model: defaults filled in, selectors in their normal form."""

from collections.abc import Iterable
from typing import Any

from compiler.model import (
    AcceleratorClass,
    BurstPolicy,
    Cluster,
    Mechanism,
    Platform,
    PolicyTest,
    Pool,
    PoolType,
    PoolUse,
    Repository,
    Scope,
    Selection,
    Strategy,
    TestCase,
    WebhookSettings,
    namespace_labels,
)
from compiler.source import Document
from compiler.versions import Version
from webhook.engine.fields import Fields, Toleration
from webhook.engine.selector import Operator, Requirement, Selector


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
    pools = [
        Pool(
            index=index,
            name=pool["name"],
            type=PoolType(pool["type"]),
            node_selector=pool.get("nodeSelector", {}),
            pod_annotations=pool.get("podAnnotations", {}),
            autoscaling=pool.get("autoscaling", False),
        )
        for index, pool in enumerate(spec["pools"])
    ]
    return Cluster(
        name=document.get("metadata", "name"),
        document=document,
        labels=document.get("metadata", "labels") or {},
        platform=platform,
        kubernetes=kubernetes,
        scheduler=Version.parse(version) if version else None,
        scheduler_name=scheduler.get("name", default_name),
        addons={name: value is not False for name, value in spec.get("addons", {}).items()},
        namespaces={
            entry["name"]: namespace_labels(kubernetes, entry["name"], entry.get("labels", {}))
            for entry in spec.get("namespaces", ())
        },
        pools={pool.name: pool for pool in reversed(pools)},
    )


def accelerator(document: Document) -> AcceleratorClass:
    """Read an AcceleratorClass."""
    return AcceleratorClass(
        name=document.get("metadata", "name"),
        document=document,
        resource=document.get("spec", "resource"),
        eci_specs=tuple(document.get("spec", "eci", "useSpecs") or ()),
        vci_types=tuple(document.get("spec", "vci", "instanceTypes") or ()),
        vci_families=tuple(document.get("spec", "vci", "instanceFamily") or ()),
    )


def policy(document: Document) -> BurstPolicy:
    """Read a BurstPolicy."""
    spec = document.get("spec")
    match = spec["match"]
    inject = spec.get("inject", {})
    return BurstPolicy(
        name=document.get("metadata", "name"),
        document=document,
        clusters=_scope(match["clusters"]),
        namespaces=_scope(match["namespaces"]),
        pods=_selector(match["pods"]),
        priority=int(spec.get("priority", 0)),  # JSON Schema takes 1e2 for an integer
        pools=tuple(
            PoolUse(index=index, name=use["name"], max=_integer(use.get("max")), skip_if_missing=use.get("skipIfMissing", False))
            for index, use in enumerate(spec.get("pools", ()))
        ),
        strategy=Strategy(spec["strategy"]) if "strategy" in spec else None,
        mechanism=Mechanism(spec.get("mechanism", "auto")),
        selection=Selection(spec["selection"]) if "selection" in spec else None,
        accelerator=spec.get("accelerator"),
        inject=Fields(
            labels=inject.get("labels", {}),
            annotations=inject.get("annotations", {}),
            scheduler_name=inject.get("schedulerName"),
            tolerations=tuple(_tolerations(inject.get("tolerations", ()))),
        ),
        override=spec.get("merge") == "override",
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
