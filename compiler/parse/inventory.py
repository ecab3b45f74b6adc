"""Clusters and accelerators."""

from collections.abc import Iterable

from compiler.model import AcceleratorClass, Cluster, Membership, NodeRange, Platform, Pool, PoolType, Taint, namespace_labels
from compiler.parse.selection import node_requirements
from compiler.source import Document
from compiler.versions import Version


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
            nodes=_nodes(pool["nodes"]) if "nodes" in pool else None,
            pods_per_node=pool.get("podsPerNode"),
            allocatable=pool.get("allocatable", {}),
            taints=tuple(
                Taint(key=taint["key"], value=taint.get("value", ""), effect=taint["effect"]) for taint in pool.get("taints", ())
            ),
            autoscaling=pool.get("autoscaling", False),
            stock_aware=pool.get("stockAware", False),
            price=pool.get("pricePerHour"),
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
        uid=spec.get("uid", ""),
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


def _nodes(written: dict[str, int]) -> NodeRange:
    return NodeRange(min=written.get("min", written["max"]), max=written["max"])


def _claims(written: Iterable[dict[str, str]]) -> dict[str, dict[str, str]]:
    found: dict[str, dict[str, str]] = {}
    for each in written:
        found.setdefault(each["namespace"], {})[each["name"]] = each["driver"]
    return found
