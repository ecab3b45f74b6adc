"""Objects that a repository builds already: importing the same dump again adds what is new and nothing else."""

from collections.abc import Mapping
from typing import Any

from compiler.emit.kubeadmiral import folder
from compiler.emit.manifest import file_name
from compiler.importing.resource_policies import IGNORE_DEFAULTS, Ordered, Unit, read
from compiler.load import decode, load
from compiler.manifests.manifest import Manifest, manifests_of
from compiler.model import PoolType


def hosted_already(manifest: Manifest, host: str, name: str, files: Mapping[str, bytes]) -> bool:
    """Say whether rendered files have an object of a federation host that says the same under a name."""
    built = built_object(place_of(manifest, host_folder(host), name), files)
    return built is not None and built.value.get("spec") == manifest.value.get("spec")


def ordered_already(manifest: Manifest, cluster: str, files: Mapping[str, bytes]) -> bool:
    """Say whether rendered files have a ResourcePolicy of this name that says the same."""
    built = built_object(place_of(manifest, cluster_folder(cluster), manifest.name), files)
    if built is None:
        return False
    if built.value.get("spec") == manifest.value.get("spec"):
        return True
    (one, unsaid), (other, _) = read(manifest, cluster), read(built, cluster)
    return one is not None and other is not None and not unsaid and values(one) == values(other)


def cluster_folder(cluster: str) -> str:
    """Return the folder of a cluster, below the output folder."""
    return f"clusters/{cluster}"


def host_folder(host: str) -> str:
    """Return the folder of a federation host, below the output folder."""
    return folder(host)


def place_of(manifest: Manifest, below: str, name: str) -> str:
    """Return the path of an object like this one, called ``name``, below the output folder."""
    return f"{below}/{manifest.effective_namespace}/{file_name(manifest.value['apiVersion'], manifest.kind, name)}"


def built_object(path: str, files: Mapping[str, bytes]) -> Manifest | None:
    """Return the object in a rendered file, None where there is no such file."""
    if path not in files:
        return None
    file, _ = decode(path, files[path])
    documents, _ = load(file) if file else ([], [])
    return next((manifest for document in documents for manifest in manifests_of(document)), None)


def values(ordered: Ordered) -> dict[str, Any]:
    """Return what matters of a ResourcePolicy, without what is documented to have no effect, or to be the default."""
    return {
        "selector": ordered.selector,
        "strategy": ordered.strategy,
        "units": [_unit(unit) for unit in ordered.units],
        "resourcePolicy.ack": {key: value for key, value in ordered.ack.items() if IGNORE_DEFAULTS.get(key) is not value},
        "advance": ordered.advance,
    }


def _unit(unit: Unit) -> tuple[Any, ...]:
    # Their names are those of pools, which are called differently only with a warning.
    selector = unit.node_selector if unit.type in (PoolType.ECS, PoolType.VCI) else {}
    return (str(unit.type), selector, unit.max, unit.ack)
