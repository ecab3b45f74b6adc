"""BurstPolicies from what pods say by hand, and the proof that the engine says the same to pods that do not."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from msgspec import json

from compiler.codes import importing as codes
from compiler.diagnostics import Diagnostic, diagnose
from compiler.importing.drafts import Draft
from compiler.importing.pods import ByHand
from compiler.importing.pools import Site, as_name, free
from compiler.importing.resource_policies import Ordered, Unit
from compiler.ir import ClusterIR
from compiler.model import Platform, PoolType
from compiler.trial import Bench, NotAPodError, send


def injections(
    found: Sequence[ByHand], ordered: Sequence[Ordered], sites: Mapping[str, Site], taken: set[str]
) -> tuple[list[tuple[Draft, ByHand]], list[Draft], list[Diagnostic]]:
    """Return the policies with the pods that they are for, their accelerator classes, and what is wrong.

    Pods that only name the scheduler of a ResourcePolicy which selects them need no policy of their own: that one's writes it.
    """
    diagnostics: list[Diagnostic] = []
    groups: dict[bytes, tuple[dict[str, Any], list[ByHand]]] = {}
    nearby: dict[tuple[str, str], list[dict[str, str]]] = {}
    for other in ordered:
        nearby.setdefault((other.cluster, other.manifest.effective_namespace), []).append(other.selector)
    for each in found:
        around = nearby.get((each.cluster, each.manifest.effective_namespace), [])
        if each.cluster not in sites or _covered(each, around):
            continue
        spec, problem = _spec(each, sites[each.cluster])
        diagnostics += [problem] if problem else []
        if spec is not None:
            groups.setdefault(json.encode((spec, each.use_specs)), (spec, []))[1].append(each)
    drafts: list[tuple[Draft, ByHand]] = []
    classes: list[Draft] = []
    names = set(taken)
    templates = Counter(id(each.manifest) for each in found)
    for spec, members in groups.values():
        first = members[0]
        # The pods of a workload that all say the same need no role in the name of their policy.
        alone = sum(each.manifest is first.manifest for each in members) == templates[id(first.manifest)]
        name = free(as_name(first.manifest.name if alone else f"{first.manifest.name}-{first.role}") or "imported", names)
        names.add(name)
        if first.use_specs:
            spec["accelerator"] = name
            content = {"resource": first.resources[0], "eci": {"useSpecs": list(first.use_specs)}}
            classes.append(Draft(kind="AcceleratorClass", name=name, spec=content))
        # The templates of one workload stand in one manifest.
        sources = {each.manifest.place: each.manifest for each in members}
        draft = Draft(kind="BurstPolicy", name=name, spec=spec, sources=tuple(sources.values()))
        drafts += [(draft, each) for each in members]
    return drafts, classes, diagnostics


def _covered(each: ByHand, selectors: Sequence[dict[str, str]]) -> bool:
    labels = each.all_labels
    return "inject" in each.spec and any(all(labels.get(key) == value for key, value in selector.items()) for selector in selectors)


def _pool(wanted: PoolType, site: Site) -> str | None:
    """Return the pool; the nodes of a registered cluster that nothing more is known of are the data centre's."""
    type_ = PoolType.IDC if wanted is PoolType.ECS and site.platform is Platform.ACK_REGISTERED else wanted
    return site.pool_for(Unit(type=type_, name="", node_selector={}, max=None, ack={}))


def _spec(each: ByHand, site: Site) -> tuple[dict[str, Any] | None, Diagnostic | None]:
    """Return what a policy says for pods, None where that cannot be said, and a finding about it."""
    manifest, problem = each.manifest, None
    if not each.labels and not each.resources:
        message = f"the pods of {manifest.title} have no label by which a policy could know them"
        return None, diagnose(codes.NEEDED, manifest.at_name(), message, help=["give its pods a label of their own"])
    pools = [_pool(type_, site) for type_ in each.types]
    if None in pools:
        message = f"cluster `{site.name}` has no {' or '.join(each.types)} pool for the pods of {manifest.title}"
        return None, diagnose(codes.NEEDED, manifest.at_name(), message, help=["add it to the cluster's pools"])
    pods: dict[str, Any] = {"matchLabels": each.labels}
    if not each.labels:
        pods = {"requestsResource": list(each.resources)}
        wide = f"the policy is for all pods of namespace `{manifest.effective_namespace}` that ask for {', '.join(each.resources)}"
        advice = "give its pods a label of their own, and match that"
        message = f"the pods of {manifest.title} have no label of their own"
        problem = diagnose(codes.CHANGED, manifest.at_name(), message, notes=[wide], help=[advice])
    spec: dict[str, Any] = {
        "match": {
            "clusters": {"names": [each.cluster]},
            "namespaces": {"names": [manifest.effective_namespace]},
            "pods": pods,
        }
    }
    if pools:
        spec["pools"] = [{"name": pool} for pool in pools]
    return {**spec, **each.spec}, problem


def not_written_yet(found: Sequence[ByHand], clusters: Sequence[ClusterIR]) -> list[ByHand]:
    """Return the pods to which the policies that are there do not write what they have by hand."""
    benches = {cluster.name: Bench(cluster) for cluster in clusters} if found else {}
    return [each for each in found if each.cluster not in benches or _missing(each, benches[each.cluster])]


def unlike(found: Sequence[tuple[Draft, ByHand]], clusters: Sequence[ClusterIR]) -> Iterator[Diagnostic]:
    """Yield a finding for each pod that the engine would not make again of what is left without the hand-written fields."""
    benches = {cluster.name: Bench(cluster) for cluster in clusters} if found else {}
    for draft, each in found:
        manifest = each.manifest
        if notes := _missing(each, benches[each.cluster]):
            message = f"the pods of {manifest.title} do not come back from policy `{draft.name}`"
            yield diagnose(codes.NOT_THE_SAME, manifest.at_name(), message, notes=notes)


def _missing(each: ByHand, bench: Bench) -> list[str]:
    """Return in which fields a pod differs after admission, and why it would be denied."""
    try:
        trial = bench.admit(each.bare, each.manifest.effective_namespace)
        wanted = send(each.pod).pod
    except NotAPodError as error:
        return [str(error)]
    before, after = dict(_fields(wanted)), dict(_fields(trial.after))
    notes = [
        f"{field}: {before.get(field, 'nothing')} was read, and {after.get(field, 'nothing')} is written"
        for field in sorted(before.keys() | after.keys())
        if before.get(field) != after.get(field)
    ]
    return [*notes, *trial.decision.denied]


def _fields(pod: dict[str, Any]) -> Iterator[tuple[str, Any]]:
    metadata = pod.get("metadata", {})
    for part in ("labels", "annotations"):
        for key, value in (metadata.get(part) or {}).items():
            if not key.startswith("overbank.dev/"):
                yield f"{part}[{key}]", value
    for key, value in pod.get("spec", {}).items():
        if key == "tolerations":
            # The API server keeps an operator that is not there for Equal (core/v1 Toleration).
            found = sorted(({"operator": "Equal", **each} for each in value), key=lambda each: repr(sorted(each.items())))
            yield key, found
        elif value not in ({}, []):
            yield key, value
