"""The kinds of vendors, as far as the facts allow, and of the Prometheus Operator: custom resource definitions, and their installation."""

import copy
from pathlib import Path
from typing import Final

import yaml

from tests.e2e.controlplane.client import ApiError, Client, Object
from tests.e2e.controlplane.processes import until

FOLDER: Final = Path(__file__).parent.parent / "crds"
_CLUSTER_WIDE: Final = ("PropagationPolicy", "OverridePolicy")


def definitions() -> list[Object]:
    """Return all definitions. KubeAdmiral's cluster-wide kinds have the schemas of the namespaced ones, so they are made of them."""
    found = [each for file in sorted(FOLDER.glob("*.yaml")) for each in yaml.safe_load_all(file.read_bytes())]
    return found + [_cluster_wide(each) for each in found if each["spec"]["names"]["kind"] in _CLUSTER_WIDE]


def install(client: Client) -> None:
    """Install all definitions, and return once objects of all kinds can be created."""
    wanted = definitions()
    for each in wanted:
        client.apply(each)
    until(lambda: all(_served(client, each) for each in wanted), "all custom resources are served")


def _served(client: Client, definition: Object) -> bool:
    spec = definition["spec"]
    collection = f"/apis/{spec['group']}/{spec['versions'][0]['name']}/{spec['names']['plural']}"
    try:
        client.request("GET", collection)
    except ApiError:
        return False
    return True


def _cluster_wide(definition: Object) -> Object:
    made = copy.deepcopy(definition)
    spec, names = made["spec"], made["spec"]["names"]
    names |= {"kind": f"Cluster{names['kind']}", "listKind": f"Cluster{names['listKind']}", "plural": f"cluster{names['plural']}"}
    names |= {"singular": f"cluster{names['singular']}", "shortNames": [f"c{name}" for name in names["shortNames"]]}
    spec["scope"] = "Cluster"
    made["metadata"] = {"name": f"{names['plural']}.{spec['group']}"}
    return made
