"""What authors wrote, as typed values. Built only from documents that their schema accepts.

Each value keeps its document, so that later passes can point at the field that they object to.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from compiler.source import Document, Where
from compiler.versions import Version
from webhook.engine.bundle import Fields, Toleration
from webhook.engine.selector import Operator, Requirement, Selector

NAME_LABEL = "kubernetes.io/metadata.name"
NAME_LABEL_SINCE = Version.parse("1.21")
"""Every namespace carries its name as a label (KEP-2161, on by default in 1.21)."""


class Platform(StrEnum):
    """Vendor products whose scheduler places the pods."""

    ACK_REGISTERED = "ack-registered"
    ACK_PRO = "ack-pro"
    VKE = "vke"


class PoolType(StrEnum):
    """What a pool is made of."""

    IDC = "idc"
    ECS = "ecs"
    ECI = "eci"
    VCI = "vci"


class Mechanism(StrEnum):
    """By which vendor feature pods get onto their pools."""

    AUTO = "auto"
    NONE = "none"
    ECI_LABEL = "eciLabel"
    VCI_ENFORCE = "vciEnforce"
    RESOURCE_POLICY = "resourcePolicy"


class Strategy(StrEnum):
    """Whether pods may run outside of their pools."""

    PREFER = "prefer"
    REQUIRE = "require"


class Selection(StrEnum):
    """How a ResourcePolicy finds its pods."""

    DIRECT = "direct"
    MARKER = "marker"


@dataclass(frozen=True, slots=True, kw_only=True)
class Named:
    """A document with a name."""

    name: str
    document: Document = field(repr=False)

    def at(self, *route: str | int) -> Where:
        """Return the place of a field of the document."""
        return self.document.at(*route)

    def at_key(self, *route: str | int) -> Where:
        """Return the place of the key that leads to a field."""
        return self.document.at_key(*route)

    def at_name(self) -> Where:
        """Return the place of the name."""
        return self.document.at("metadata", "name")


@dataclass(frozen=True, slots=True, kw_only=True)
class WebhookSettings:
    """How the webhook is run and called."""

    namespace: str
    failure_policy: str
    timeout_seconds: int
    excluded_namespaces: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Repository:
    """Settings of the whole repository."""

    document: Document = field(repr=False)
    output: str
    exclude: tuple[str, ...]
    webhook: WebhookSettings


@dataclass(frozen=True, slots=True, kw_only=True)
class Pool:
    """A pool of a cluster; ``index`` is its place in the list."""

    index: int
    name: str
    type: PoolType
    node_selector: dict[str, str]
    pod_annotations: dict[str, str]
    autoscaling: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Cluster(Named):
    """A cluster. ``addons`` says of each declared add-on whether it is there."""

    labels: dict[str, str]
    platform: Platform
    kubernetes: Version
    scheduler: Version | None
    scheduler_name: str | None
    addons: dict[str, bool]
    namespaces: dict[str, dict[str, str]]
    pools: dict[str, Pool]


@dataclass(frozen=True, slots=True, kw_only=True)
class AcceleratorClass(Named):
    """A requirement for accelerators; empty tuples where there are no candidates."""

    resource: str
    eci_specs: tuple[str, ...]
    vci_types: tuple[str, ...]
    vci_families: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Scope:
    """Which clusters or namespaces: names, a selector, or all; exactly one is set."""

    names: tuple[str, ...] = ()
    selector: Selector | None = None
    all: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class PoolUse:
    """A pool as a policy uses it; ``index`` is its place in the list."""

    index: int
    name: str
    max: int | None
    skip_if_missing: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class BurstPolicy(Named):
    """A policy as written. ``strategy`` and ``selection`` are None where the author left the choice open."""

    clusters: Scope
    namespaces: Scope
    pods: Selector
    priority: int
    pools: tuple[PoolUse, ...]
    strategy: Strategy | None
    mechanism: Mechanism
    selection: Selection | None
    accelerator: str | None
    inject: Fields
    override: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class TestCase:
    """One pod and what is expected of it; ``index`` is its place in the list. ``file`` and ``inline`` exclude each other."""

    index: int
    name: str
    file: str | None
    inline: dict[str, Any] | None
    expect: dict[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class PolicyTest(Named):
    """Cases in one cluster and namespace; ``namespace_labels`` is None where the cluster's declaration holds."""

    cluster: str
    namespace: str
    namespace_labels: dict[str, str] | None
    cases: tuple[TestCase, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Model:
    """All documents of a repository, each kind sorted by name."""

    repository: Repository
    clusters: tuple[Cluster, ...]
    accelerators: tuple[AcceleratorClass, ...]
    policies: tuple[BurstPolicy, ...]
    tests: tuple[PolicyTest, ...]


def repository(document: Document) -> Repository:
    """Read a Repository."""
    spec = document.get("spec") or {}
    webhook = spec.get("webhook", {})
    namespace = webhook.get("namespace", "overbank-system")
    return Repository(
        document=document,
        output=spec.get("output", "rendered"),
        exclude=tuple(spec.get("exclude", ())),
        webhook=WebhookSettings(
            namespace=namespace,
            failure_policy=webhook.get("failurePolicy", "Ignore"),
            timeout_seconds=webhook.get("timeoutSeconds", 2),
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


def namespace_labels(kubernetes: Version, name: str, labels: dict[str, str]) -> dict[str, str]:
    """Return a namespace's labels as they are in the cluster: the API server adds the name from 1.21 on (KEP-2161)."""
    return {**labels, NAME_LABEL: name} if kubernetes >= NAME_LABEL_SINCE else labels


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
        priority=spec.get("priority", 0),
        pools=tuple(
            PoolUse(index=index, name=use["name"], max=use.get("max"), skip_if_missing=use.get("skipIfMissing", False))
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
            toleration_seconds=entry.get("tolerationSeconds"),
        )
