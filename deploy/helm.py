"""Gets helm for the tests and for deploy/kustomize: built from its Go module into the user's cache, once for each version.

``python deploy/helm.py`` prints the path of a helm and builds it if there is none. OVERBANK_HELM names one that is there already. Only
the standard library is used: this runs before there is an environment.
"""

import contextlib
import fcntl
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Final

VERSION: Final = "v3.22.0"
VARIABLE: Final = "OVERBANK_HELM"
PACKAGE: Final = "helm.sh/helm/v3/cmd/helm"


def cache(environment: Mapping[str, str] = os.environ) -> Path:
    """Return where this version is kept, whether it is there or not."""
    base = environment.get("XDG_CACHE_HOME")
    # The specification of base directories tells to ignore relative paths.
    root = Path(base) if base and Path(base).is_absolute() else Path.home() / ".cache"
    return root / "overbank" / "helm" / f"{VERSION}-{sys.platform}-{os.uname().machine}" / "helm"


def find(environment: Mapping[str, str] = os.environ) -> Path | None:
    """Return a helm that is there: the one that OVERBANK_HELM names, or else the one in the cache."""
    named = environment.get(VARIABLE)
    found = Path(named) if named else cache(environment)
    return found if os.access(found, os.X_OK) else None


def build(environment: Mapping[str, str] = os.environ) -> Path:
    """Return a helm, built if there is none; builds at the same time wait for each other.

    Raises:
        SystemExit: it cannot be had. The text says why.
    """
    go = shutil.which("go", path=environment.get("PATH"))
    target = cache(environment)
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        with (target.parent / ".lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            found = find(environment)
            if found is None and go is None:
                raise SystemExit(f"helm: there is no `go` to build it with; install Go, or let {VARIABLE} name a helm {VERSION}")
            return found or _install(str(go), target, environment)
    except OSError as error:
        raise SystemExit(f"helm: cannot write {error.filename or target}: {error.strerror}") from error


def _install(go: str, target: Path, environment: Mapping[str, str]) -> Path:
    sys.stderr.write(f"helm: building {PACKAGE}@{VERSION} into {target}; this takes about 3 minutes on 2 cores\n")
    with tempfile.TemporaryDirectory(dir=target.parent) as folder:
        settings = {**environment, "GOBIN": folder, "CGO_ENABLED": "0", "GOWORK": "off", "GOFLAGS": ""}
        command = [go, "install", "-trimpath", "-ldflags=-s -w", f"{PACKAGE}@{VERSION}"]
        ran = subprocess.run(command, env=settings, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False)  # noqa: S603 - Go, with our own arguments
        if ran.returncode:
            kept = "\n".join(ran.stderr.splitlines()[-15:])
            raise SystemExit(f"helm: {VERSION} cannot be built; `go env GOPROXY` says where modules come from\n{kept}")
        (Path(folder) / "helm").replace(target)
    return target


if __name__ == "__main__":
    with contextlib.suppress(BrokenPipeError):
        sys.stdout.write(f"{find() or build()}\n")
