"""Volumes of ConfigMaps and Secrets, as a kubelet mounts them."""

from collections.abc import Mapping
from pathlib import Path
from uuid import uuid4


def mount(folder: Path, files: Mapping[str, bytes]) -> None:
    """Write all files of a volume at once: into a folder for this version, which a link is then turned to."""
    version = folder / f"..{uuid4()}"
    version.mkdir(parents=True)
    for name, raw in files.items():
        (version / name).write_bytes(raw)
        link = folder / name
        if not link.is_symlink():
            link.symlink_to(f"..data/{name}")
    swap = folder / "..data_tmp"
    swap.symlink_to(version.name)
    swap.replace(folder / "..data")
