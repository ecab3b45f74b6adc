"""``kustomization.yaml`` of a cluster: everything that ``kubectl apply -k`` shall apply."""

from collections.abc import Iterable

from compiler.emit.manifest import render


def emit(paths: Iterable[str]) -> dict[str, bytes]:
    """Return the kustomization that lists the YAML files among ``paths``, which are relative to its folder."""
    manifest = {
        "apiVersion": "kustomize.config.k8s.io/v1beta1",
        "kind": "Kustomization",
        # Components are for other kustomizations to use.
        "resources": sorted(path for path in paths if path.endswith(".yaml") and not path.startswith("components/")),
    }
    return {"kustomization.yaml": render(manifest)}
