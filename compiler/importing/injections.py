"""BurstPolicies from what pods say by hand, and the proof that the engine says the same to pods that do not."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

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
    drafts: list[tuple[Draft, ByHand]] = []
    classes: list[Draft] = []
    diagnostics: list[Diagnostic] = []
    names, said = set(taken), dict[str, str]()
    for each in found:
        site = sites.get(each.cluster)
        if site is None or _covered(each, ordered):
            continue
        manifest = each.manifest
        if not each.labels and not each.resources:
            message = f"the pods of {manifest.title} have no label by which a policy could know them"
            diagnostics.append(diagnose(codes.NEEDED, manifest.at_name(), message, help=["give its pods a label of their own"]))
            continue
        pools = [_pool(type_, site) for type_ in each.types]
        if None in pools:
            message = f"cluster `{site.name}` has no {' or '.join(each.types)} pool for the pods of {manifest.title}"
            diagnostics.append(diagnose(codes.NEEDED, manifest.at_name(), message, help=["add it to the cluster's pools"]))
            continue
        spec = _spec(each, [str(pool) for pool in pools])
        if said.setdefault(repr(spec), manifest.name) != manifest.name or any(
            draft.spec == spec for draft, other in drafts if other.manifest is manifest
        ):
            continue  # another template of it has the same pods
        name = free(as_name(f"{manifest.name}-{each.role}" if each.role else manifest.name) or "imported", names)
        names.add(name)
        if each.use_specs:
            spec["accelerator"] = name
            content = {"resource": each.resources[0], "eci": {"useSpecs": list(each.use_specs)}}
            classes.append(Draft(kind="AcceleratorClass", name=name, spec=content))
        drafts.append((Draft(kind="BurstPolicy", name=name, spec=spec, sources=(manifest,)), each))
    return drafts, classes, diagnostics


def _covered(each: ByHand, ordered: Sequence[Ordered]) -> bool:
    return "inject" in each.spec and any(
        other.cluster == each.cluster
        and other.manifest.effective_namespace == each.manifest.effective_namespace
        and other.selector.items() <= each.pod.get("metadata", {}).get("labels", {}).items()
        for other in ordered
    )


def _pool(wanted: PoolType, site: Site) -> str | None:
    """Return the pool; the nodes of a registered cluster that nothing more is known of are the data centre's."""
    type_ = PoolType.IDC if wanted is PoolType.ECS and site.platform is Platform.ACK_REGISTERED else wanted
    return site.pool_for(Unit(type=type_, name="", node_selector={}, max=None, ack={}))


def _spec(each: ByHand, pools: Sequence[str]) -> dict[str, Any]:
    pods: dict[str, Any] = {"matchLabels": each.labels} if each.labels else {"requestsResource": list(each.resources)}
    spec: dict[str, Any] = {
        "match": {
            "clusters": {"names": [each.cluster]},
            "namespaces": {"names": [each.manifest.effective_namespace]},
            "pods": pods,
        }
    }
    if pools:
        spec["pools"] = [{"name": pool} for pool in pools]
    return {**spec, **each.spec}


def unlike(found: Sequence[tuple[Draft, ByHand]], clusters: Sequence[ClusterIR]) -> Iterator[Diagnostic]:
    """Yield a finding for each pod that the engine would not make again of what is left without the hand-written fields."""
    benches = {cluster.name: Bench(cluster) for cluster in clusters}
    for draft, each in found:
        manifest = each.manifest
        try:
            trial = benches[each.cluster].admit(each.bare, manifest.effective_namespace)
            wanted = send(each.pod).pod
        except NotAPodError as error:
            message = f"the pods of {manifest.title} cannot be made"
            yield diagnose(codes.NOT_THE_SAME, manifest.at_name(), message, notes=[str(error)])
            continue
        before, after = dict(_fields(wanted)), dict(_fields(trial.after))
        notes = [
            f"{field}: {before.get(field, 'nothing')} was read, and {after.get(field, 'nothing')} is written"
            for field in sorted(before.keys() | after.keys())
            if before.get(field) != after.get(field)
        ]
        if notes or trial.decision.denied:
            message = f"the pods of {manifest.title} do not come back from policy `{draft.name}`"
            yield diagnose(codes.NOT_THE_SAME, manifest.at_name(), message, notes=[*notes, *trial.decision.denied])


def _fields(pod: dict[str, Any]) -> Iterator[tuple[str, Any]]:
    metadata = pod.get("metadata", {})
    for part in ("labels", "annotations"):
        for key, value in (metadata.get(part) or {}).items():
            if not key.startswith("overbank.dev/"):
                yield f"{part}[{key}]", value
    for key, value in pod.get("spec", {}).items():
        if value not in ({}, []):
            yield key, sorted(value, key=repr) if key == "tolerations" else value
