"""ResourcePolicies of both vendors, read into one shape. What the fields mean stands beside what writes them (``compiler.emit``)."""

from dataclasses import dataclass, field
from typing import Any, Final

from compiler.diagnostics import Diagnostic
from compiler.emit import ack, vke
from compiler.importing.fields import Fields
from compiler.manifests.manifest import Manifest
from compiler.model import Platform, PoolType
from compiler.platforms.keys import VIRTUAL_KUBELET_TYPE
from webhook.engine.keys import PLACEMENT_LABEL

_ACK_TYPES: Final = (PoolType.IDC, PoolType.ECS, PoolType.ECI, PoolType.ACS)
_VKE_TYPES: Final = (PoolType.ECS, PoolType.VCI)
IGNORE_DEFAULTS: Final = {"ignorePreviousPod": False, "ignoreTerminatingPod": True}
"""Defaults of ACK Pro's scheduler from 6.4 on, which are written out (``compiler.lower``)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Unit:
    """A unit or subset. ``name`` is empty where the vendor has none; ``ack`` is in the words of the policy language."""

    type: PoolType
    name: str
    node_selector: dict[str, str]
    max: int | None
    ack: dict[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Ordered:
    """A ResourcePolicy.

    Attributes:
        platforms: on which of them it can be. ack, advance: in the words of the policy language.
    """

    manifest: Manifest
    cluster: str
    platforms: tuple[Platform, ...]
    selector: dict[str, str]
    strategy: str
    units: tuple[Unit, ...]
    ack: dict[str, Any] = field(default_factory=dict)
    advance: dict[str, Any] = field(default_factory=dict)


def is_resource_policy(manifest: Manifest) -> bool:
    """Say whether an object is a ResourcePolicy of a vendor."""
    return manifest.kind == ack.KIND and manifest.group in (ack.API_VERSION.partition("/")[0], vke.API_VERSION.partition("/")[0])


def read(manifest: Manifest, cluster: str) -> tuple[Ordered | None, list[Diagnostic]]:
    """Read a ResourcePolicy of a cluster; None where what is left of it would be no policy."""
    findings: list[Diagnostic] = []
    spec = Fields(manifest, ("spec",), findings, manifest.value.get("spec") or {})
    of = _volcengine if manifest.group == vke.API_VERSION.partition("/")[0] else _alibaba
    known = (ack.API_VERSION, vke.API_VERSION)
    if manifest.value["apiVersion"] not in known:
        spec.unsaid(
            manifest.at("apiVersion"), f"{manifest.title} is of an API version that is not known", f"known: {', '.join(known)}"
        )
    found = of(manifest, cluster, spec)
    spec.end()
    if not found.units:
        spec.unsaid(manifest.at_key("spec"), f"{manifest.title} has no pools")
    if not found.selector:
        spec.unsaid(
            manifest.at_key("spec"),
            f"{manifest.title} selects no labels, and what that means is not documented",
            "select a label that its pods have",
        )
    elif PLACEMENT_LABEL in found.selector:
        spec.unsaid(
            spec.at("selector", PLACEMENT_LABEL),
            f"{manifest.title} was rendered by overbank: it selects the label that the webhook writes",
            "look for the policy files that it comes from",
        )
    meant = found.units and found.selector and PLACEMENT_LABEL not in found.selector
    return (found if meant else None), findings


def _alibaba(manifest: Manifest, cluster: str, spec: Fields) -> Ordered:
    selector = spec.labels("selector")
    strategy = spec.text("strategy", ("prefer", "require")) or "prefer"
    units, pro, registered = [], False, False
    for entry in spec.each("units"):
        type_ = PoolType(entry.text("resource", _ACK_TYPES) or PoolType.ECS)
        node_selector, most = entry.labels("nodeSelector"), entry.whole("max")
        written = {"maxResources": entry.quantities("maxResources")}
        written |= {key: entry.labels(key) for key in ("podLabels", "podAnnotations")}
        entry.end()
        maps = {key: value for key, value in written.items() if value}
        pro |= bool(maps) or type_ is PoolType.ACS
        registered |= type_ is PoolType.IDC
        units.append(Unit(type=type_, name="", node_selector=node_selector, max=most, ack=maps))
    ack_fields = {
        "preemptPolicy": spec.text("preemptPolicy"),
        "ignorePreviousPod": spec.flag("ignorePreviousPod"),
        "ignoreTerminatingPod": spec.flag("ignoreTerminatingPod"),
        "matchLabelKeys": spec.texts("matchLabelKeys") or None,
    }
    own = {key: value for key, value in ack_fields.items() if value is not None}
    advance: dict[str, Any] = {}
    if when := spec.inner("whenTryNextUnits"):
        given = {"policy": when.text("policy"), "timeout": when.text("timeout")}
        advance = {key: value for key, value in given.items() if value is not None}
        when.end()
    pro |= bool(own or advance)
    platforms = (
        (Platform.ACK_REGISTERED,) if registered else (Platform.ACK_PRO,) if pro else (Platform.ACK_PRO, Platform.ACK_REGISTERED)
    )
    return Ordered(
        manifest=manifest,
        cluster=cluster,
        platforms=platforms,
        selector=selector,
        strategy=strategy,
        units=tuple(units),
        ack=own,
        advance=advance,
    )


def _volcengine(manifest: Manifest, cluster: str, spec: Fields) -> Ordered:
    selector = spec.labels("selector")
    strategy = spec.text("strategy", ("prefer", "require")) or "prefer"
    units = []
    for entry in spec.each("subsets"):
        name, most = entry.text("name") or "", entry.whole("maxReplicas")
        type_ = PoolType(entry.text("type", _VKE_TYPES) or PoolType.ECS)
        node_selector = _terms(entry)
        entry.end()
        if type_ is PoolType.VCI and node_selector == dict([VIRTUAL_KUBELET_TYPE]):
            node_selector = {}  # what is written for every VCI pool
        units.append(Unit(type=type_, name=name, node_selector=node_selector, max=most, ack={}))
    return Ordered(
        manifest=manifest, cluster=cluster, platforms=(Platform.VKE,), selector=selector, strategy=strategy, units=tuple(units)
    )


def _terms(entry: Fields) -> dict[str, str]:
    """Read ``nodeSelectorTerm``, a bare list of requirements, as far as it says what a map of labels can."""
    found: dict[str, str] = {}
    for term in entry.each("nodeSelectorTerm"):
        key, operator, values = term.text("key") or "", term.text("operator"), term.texts("values")
        term.end()
        if operator != "In" or len(values) != 1 or key in found:
            message = f"{entry.manifest.title}: a pool is known by labels of its nodes, each with one value"
            entry.unsaid(term.at(), message, "give the nodes of the pool a label of their own")
        else:
            found[key] = values[0]
    return dict(sorted(found.items()))
