"""Writes deploy/kustomize/base from the chart's default values, so that both ways of installing have the same result.

``python deploy/kustomize/render.py HELM`` rewrites the folder. A test compares the two object by object.
"""

import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any, Final

import yaml

from compiler.emit.manifest import file_name, render

HERE: Final = Path(__file__).resolve().parent
CHART: Final = HERE.parent / "chart"
NAMESPACE: Final = "overbank-system"
KUBERNETES: Final = "1.30"
HEADING: Final = b"# Rendered from deploy/chart by deploy/kustomize/render.py; change it there.\n"


def objects(helm: str, *arguments: str) -> list[dict[str, Any]]:
    """Return what the chart renders, in the order of kinds in which Helm installs.

    Raises:
        subprocess.CalledProcessError: Helm refuses.
    """
    command = [helm, "template", "overbank", str(CHART), "--namespace", NAMESPACE, "--kube-version", KUBERNETES, *arguments]
    ran = subprocess.run(command, capture_output=True, check=True)  # noqa: S603 - helm, as whoever runs this names it
    return [each for each in yaml.safe_load_all(ran.stdout) if each]


def files(manifests: list[dict[str, Any]]) -> dict[str, bytes]:
    """Return the base by file name: an object a file, and the kustomization that lists them."""
    found = {file_name(each["apiVersion"], each["kind"], each["metadata"]["name"]): HEADING + render(each) for each in manifests}
    listed = {"apiVersion": "kustomize.config.k8s.io/v1beta1", "kind": "Kustomization", "resources": sorted(found)}
    return dict(sorted({**found, "kustomization.yaml": HEADING + render(listed)}.items()))


def main(helm: str) -> None:
    """Rewrite the base."""
    base = HERE / "base"
    shutil.rmtree(base, ignore_errors=True)
    base.mkdir()
    for name, content in files(objects(helm, "--set", "namespace.create=true")).items():
        (base / name).write_bytes(content)


if __name__ == "__main__":
    main(sys.argv[1])
