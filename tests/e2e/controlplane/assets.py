"""Where the programs of a control plane are: the folder that KUBEBUILDER_ASSETS names, or the cache of this project."""

import os
import platform
import re
import shutil
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

PROGRAMS: Final = ("etcd", "kube-apiserver", "kube-controller-manager", "kube-scheduler")
KUBECTL: Final = "kubectl"
VARIABLE: Final = "KUBEBUILDER_ASSETS"
HERE: Final = Path(__file__).parent

_MACHINES: Final = {"x86_64": "amd64", "aarch64": "arm64"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Versions:
    """The versions that this project's Go modules ask for, without their ``v``."""

    kubernetes: str
    etcd: str

    @classmethod
    def wanted(cls) -> "Versions":
        """Read them from the ``go.mod`` files beside this one."""
        return cls(
            kubernetes=_required(HERE / "kubernetes" / "go.mod", "k8s.io/kubernetes"),
            etcd=_required(HERE / "etcd" / "go.mod", "go.etcd.io/etcd/server/v3"),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Assets:
    """A complete set of programs.

    Attributes:
        folder: has all of ``PROGRAMS``.
        kubectl: of the same folder if there is one there, else the one on the PATH.
    """

    folder: Path
    kubectl: Path

    def program(self, name: str) -> Path:
        """Return the path of one of ``PROGRAMS``."""
        return self.folder / name


def cache(versions: Versions, environment: Mapping[str, str] = os.environ) -> Path:
    """Return the folder that programs of these versions are kept in, whether it exists or not."""
    base = environment.get("XDG_CACHE_HOME")
    # The specification of base directories tells to ignore relative paths.
    root = Path(base) if base and Path(base).is_absolute() else Path.home() / ".cache"
    machine = _MACHINES.get(platform.machine(), platform.machine())
    return root / "overbank" / "control-plane" / f"kubernetes-{versions.kubernetes}-etcd-{versions.etcd}-{sys.platform}-{machine}"


def find(environment: Mapping[str, str] = os.environ) -> Assets | str:
    """Return the programs, or one line that says what is missing."""
    named = environment.get(VARIABLE)
    folders = ([Path(named)] if named else []) + [cache(Versions.wanted(), environment)]
    found = []
    for folder in folders:
        missing = absent(folder)
        if not missing:
            kubectl = kubectl_of(folder, environment)
            if kubectl:
                return Assets(folder=folder, kubectl=kubectl)
            missing = [KUBECTL]
        found.append(f"{folder} has no {', '.join(missing)}")
    return f"{'; '.join(found)}. `make control-plane` gets what is missing"


def absent(folder: Path) -> list[str]:
    """Return those of ``PROGRAMS`` that a folder lacks."""
    return [name for name in PROGRAMS if not os.access(folder / name, os.X_OK)]


def kubectl_of(folder: Path, environment: Mapping[str, str]) -> Path | None:
    """Return kubectl: the folder's own, else the one on the PATH, else None."""
    if os.access(folder / KUBECTL, os.X_OK):
        return folder / KUBECTL
    found = shutil.which(KUBECTL, path=environment.get("PATH"))
    return Path(found) if found else None


def _required(module: Path, dependency: str) -> str:
    found = re.search(rf"^(?:require )?\s*{re.escape(dependency)} v(\S+)", module.read_text("utf-8"), re.MULTILINE)
    if not found:
        raise ValueError(f"{module} requires no {dependency}")
    return found[1]
