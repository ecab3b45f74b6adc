"""Back ends: the normal form of a cluster in, files out. Pure; a path is relative to the output folder."""

from collections.abc import Callable
from typing import Final

from compiler.emit import ack, backstop, bundle, kustomization, namespaces, vke, webhook_config
from compiler.ir import ClusterIR

__all__ = ["EMITTERS", "Emitter", "emit", "folder"]

Emitter = Callable[[ClusterIR], dict[str, bytes]]
"""Gives the content of files by their path below the cluster's folder."""

EMITTERS: Final[tuple[Emitter, ...]] = (namespaces.emit, ack.emit, vke.emit, bundle.emit, webhook_config.emit, backstop.emit)


def folder(cluster: str) -> str:
    """Return the folder of a cluster, below the output folder."""
    return f"clusters/{cluster}"


def emit(ir: ClusterIR) -> dict[str, bytes]:
    """Return the files of one cluster by path below the output folder, sorted."""
    files: dict[str, bytes] = {}
    for emitter in EMITTERS:
        files.update(emitter(ir))
    files.update(kustomization.emit(files))
    return {f"{folder(ir.name)}/{path}": content for path, content in sorted(files.items())}
