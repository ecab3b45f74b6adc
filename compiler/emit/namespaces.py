"""Labels that a policy puts on whole namespaces: a Namespace with these labels, and nothing else that is ours.

The namespace belongs to somebody else. The object has only its name, the labels and annotations that keep every tool from deleting
the namespace when the file goes; it does not say that Overbank manages it.
"""

import re
from typing import Final

from compiler.emit import gitops
from compiler.emit.manifest import file_name, render
from compiler.ir import ClusterIR

API_VERSION: Final = "v1"
KIND: Final = "Namespace"
PATH: Final = re.compile(r"clusters/(?P<cluster>[^/]+)/_cluster/namespace-(?P<name>[^/]+)\.yaml")
"""A file of this back end, below the output folder."""


def emit(ir: ClusterIR) -> dict[str, bytes]:
    """Return one file for each namespace that gets labels."""
    return {
        f"_cluster/{file_name(API_VERSION, KIND, name)}": _manifest(name, labels)
        for name, labels in sorted(ir.namespace_labels.items())
        if labels
    }


def _manifest(name: str, labels: dict[str, str]) -> bytes:
    metadata = {
        "name": name,
        "labels": dict(sorted(labels.items())),
        "annotations": gitops.wave(KIND) | gitops.NEVER_DELETED,
    }
    return render({"apiVersion": API_VERSION, "kind": KIND, "metadata": metadata})
