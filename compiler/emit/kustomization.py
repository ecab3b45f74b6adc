"""``kustomization.yaml`` of a cluster: everything that ``kubectl apply -k`` shall apply."""

import re
from collections.abc import Iterable
from typing import Final

from compiler.emit.manifest import render

_COMPONENT: Final = re.compile("components/[^/]+/")
"""Where components are, for other kustomizations to use. The objects of a namespace of that name are one folder higher."""


def emit(paths: Iterable[str]) -> dict[str, bytes]:
    """Return the kustomization that lists the YAML files among ``paths``, which are relative to its folder."""
    manifest = {
        "apiVersion": "kustomize.config.k8s.io/v1beta1",
        "kind": "Kustomization",
        "resources": sorted(path for path in paths if path.endswith(".yaml") and not _COMPONENT.match(path)),
    }
    return {"kustomization.yaml": render(manifest)}
