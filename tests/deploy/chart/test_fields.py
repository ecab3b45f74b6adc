"""Whatever is switched on, objects have the fields and types that Kubernetes knows.

They are held against the classes of the Kubernetes client, which are generated from Kubernetes' OpenAPI document: every field exists,
has its type, and what is required is there. The end-to-end tests ask a real API server.
"""

import re
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from kubernetes import client

from tests.deploy.chart.objects import one

Object = dict[str, Any]
Render = Callable[..., list[Object]]


def _model(api_version: str, kind: str) -> str | None:
    """Return the client's class of a kind."""
    group, _, version = api_version.rpartition("/")
    base = f"{version[0].upper()}{version[1:]}{kind}"
    return base if hasattr(client, base) and not group.endswith("coreos.com") else None


def _faults(value: Any, kind: str, where: str) -> Iterator[str]:
    """Yield what is wrong with a value by a type of the client: ``V1Pod``, ``List[V1Pod]``, ``Dict[str, str]``, ``str``."""
    if inner := re.fullmatch(r"[Ll]ist\[(.*)\]", kind):
        if not isinstance(value, list):
            yield f"{where}: no list"
            return
        for index, each in enumerate(value):
            yield from _faults(each, inner[1], f"{where}[{index}]")
    elif inner := re.fullmatch(r"[Dd]ict[(\[]str, (.*)[)\]]", kind):
        for key, each in value.items():
            yield from _faults(each, inner[1], f"{where}.{key}")
    elif hasattr(client, kind):
        model = getattr(client, kind)
        names = {written: attribute for attribute, written in model.attribute_map.items()}
        for key, each in value.items():
            if key in names:
                yield from _faults(each, model.openapi_types[names[key]], f"{where}.{key}")
            else:
                yield f"{where}.{key}: no such field"
        try:
            model(**{names[key]: each for key, each in value.items() if key in names})
        except ValueError as error:
            yield f"{where}: {error}"
    else:
        known: dict[str, type | tuple[type, ...]] = {"str": str, "int": int, "bool": bool, "float": (int, float), "object": object}
        if not isinstance(value, known[kind]):
            yield f"{where}: {value!r} is no {kind}"


def test_kubernetes_knows_every_field(render: Render, values: Object) -> None:
    """Whatever is switched on, objects have the fields and types of Kubernetes' OpenAPI document; their names are unique."""
    objects = render(values)
    names = [(each["kind"], each["metadata"].get("namespace"), each["metadata"]["name"]) for each in objects]
    assert len(set(names)) == len(names)
    for each in objects:
        model = _model(each["apiVersion"], each["kind"])
        assert model or each["apiVersion"] == "monitoring.coreos.com/v1"
        if model:
            assert list(_faults(each, model, each["kind"])) == []


@pytest.mark.parametrize(
    ("kubernetes", "version"), [("1.20.9", "policy/v1beta1"), ("1.21.0", "policy/v1"), ("v1.30.1-aliyun.1", "policy/v1")]
)
def test_old_clusters_get_what_they_serve(render: Render, kubernetes: str, version: str) -> None:
    """The versions of vendors are read, and below 1.21 the budget is of the beta that is served there."""
    assert one(render({}, kubernetes), "PodDisruptionBudget")["apiVersion"] == version
