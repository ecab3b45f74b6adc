"""Fills the cache with the programs of a control plane, built from the Go modules beside this file.

Each program is built under another name and renamed when it answers with its version, so a build that is stopped at any moment goes on
where it was. Two builds at once wait for each other. Only the standard library is used: this runs before there is an environment.
"""

import errno
import fcntl
import os
import re
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from tests.e2e.controlplane.assets import HERE, KUBECTL, PROGRAMS, VARIABLE, Versions, absent, cache, kubectl_of

FREE_BYTES: Final = 6 << 30
"""The Go build cache takes 4 GB for the first build, the modules one, and the programs 0.4."""

_QUESTIONS: Final[Mapping[str, Sequence[str]]] = {KUBECTL: ("version", "--client")}
_ANSWER_SECONDS: Final = 60


class BuildError(Exception):
    """A program cannot be had. The text says why, and what to do."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Program:
    """What is built, and from what.

    Attributes:
        module: folder of its ``go.mod``.
        package: its Go package.
        version: what it has to answer, without ``v``.
        variables: what the linker sets.
    """

    name: str
    module: Path
    package: str
    version: str
    variables: Mapping[str, str]


def build(environment: Mapping[str, str] = os.environ) -> Path:
    """Make the programs be there.

    Returns:
        The folder that has them.

    Raises:
        BuildError: they cannot be had.
    """
    named = environment.get(VARIABLE)
    if named and not absent(Path(named)) and kubectl_of(Path(named), environment):
        _say(f"{VARIABLE} has every program: {named}; nothing to build")
        return Path(named)
    if named:
        lacking = ", ".join(absent(Path(named)) or [KUBECTL])
        _say(f"{VARIABLE} is set, but {named} has no {lacking}; all programs are built, so that they have one version")
    versions = Versions.wanted()
    folder = cache(versions, environment)
    with _writing(folder), _only(folder):
        programs = _programs(versions, with_kubectl=shutil.which(KUBECTL, path=environment.get("PATH")) is None)
        wanted = [each for each in programs if not _answers(folder / each.name, each)]
        kept = [each.name for each in programs if each not in wanted]
        if kept:
            _say(f"there already: {', '.join(kept)}")
        if wanted:
            _build_all(wanted, folder, environment)
    _say(f"complete: {folder}")
    return folder


def _programs(versions: Versions, *, with_kubectl: bool) -> list[Program]:
    major, minor, _ = versions.kubernetes.split(".", 2)
    variables: dict[str, str] = {}
    # Without them the programs call themselves v0.0.0, and clients cannot tell what the server has.
    for package in ("k8s.io/component-base/version", "k8s.io/client-go/pkg/version"):
        variables |= {
            f"{package}.gitVersion": f"v{versions.kubernetes}",
            f"{package}.gitMajor": major,
            f"{package}.gitMinor": minor,
        }
    names = [name for name in PROGRAMS if name != "etcd"] + ([KUBECTL] if with_kubectl else [])
    etcd = Program(name="etcd", module=HERE / "etcd", package="go.etcd.io/etcd/server/v3", version=versions.etcd, variables={})
    return [etcd] + [
        Program(
            name=name,
            module=HERE / "kubernetes",
            package=f"k8s.io/kubernetes/cmd/{name}",
            version=versions.kubernetes,
            variables=variables,
        )
        for name in names
    ]


def _build_all(programs: Sequence[Program], folder: Path, environment: Mapping[str, str]) -> None:
    go = _go(environment)
    _room(folder)
    _say(f"building {', '.join(each.name for each in programs)} with {go[1]} into {folder}")
    _say("the first time this takes about 15 minutes on 2 cores, with module downloads of 0.3 GB; with a warm build cache, one")
    begun = time.monotonic()
    for each in programs:
        started = time.monotonic()
        _say(f"{each.name} {each.version} ...")
        _build_one(go[0], each, folder, environment)
        size = (folder / each.name).stat().st_size >> 20
        _say(f"{each.name} {each.version}: {size} MiB, {time.monotonic() - started:.0f} s")
    _say(f"built in {time.monotonic() - begun:.0f} s")


def _build_one(go: str, program: Program, folder: Path, environment: Mapping[str, str]) -> None:
    unfinished = folder / f".{program.name}.unfinished"
    linked = " ".join(["-s", "-w", *(f"-X {name}={value}" for name, value in program.variables.items())])
    command = [go, "build", "-buildvcs=false", "-trimpath", "-ldflags", linked, "-o", str(unfinished), program.package]
    ran = subprocess.run(
        command,
        cwd=program.module,
        env=_settings(environment),
        stdin=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
        check=False,
    )
    if ran.returncode:
        unfinished.unlink(missing_ok=True)
        raise BuildError(f"{program.name} {program.version} cannot be built: {_reason(ran.stderr)}")
    if not _answers(unfinished, program):
        unfinished.unlink(missing_ok=True)
        raise BuildError(f"{program.name} was built, but does not answer with version {program.version}")
    unfinished.replace(folder / program.name)


def _go(environment: Mapping[str, str]) -> tuple[str, str]:
    """Return the path of Go and its version; with a toolchain that Go may fetch, that one's."""
    found = shutil.which("go", path=environment.get("PATH"))
    if not found:
        raise BuildError(
            "there is no `go` on the PATH. Install Go (https://go.dev/doc/install), or fill a folder with "
            f"{', '.join(PROGRAMS)} and {KUBECTL} and let {VARIABLE} name it"
        )
    modules = [HERE / "kubernetes", HERE / "etcd"]
    for module in modules:
        ran = subprocess.run(
            [found, "env", "GOVERSION"], cwd=module, env=_settings(environment), capture_output=True, text=True, check=False
        )
        if ran.returncode:
            raise BuildError(f"this Go cannot build {module.name}: {_reason(ran.stderr)}")
    return found, ran.stdout.strip()


def _settings(environment: Mapping[str, str]) -> dict[str, str]:
    return {**environment, "CGO_ENABLED": "0", "GOFLAGS": "-mod=readonly", "GOWORK": "off"}


def _answers(path: Path, program: Program) -> bool:
    """Say whether a program is there, starts, and has the version that is wanted."""
    if not os.access(path, os.X_OK):
        return False
    question = _QUESTIONS.get(program.name, ("--version",))
    try:
        ran = subprocess.run([path, *question], capture_output=True, text=True, timeout=_ANSWER_SECONDS, check=False)
    except (OSError, subprocess.TimeoutExpired):
        return False
    return ran.returncode == 0 and re.search(rf"\bv?{re.escape(program.version)}\b", ran.stdout) is not None


def _reason(said: str) -> str:
    """Return what Go said, and what to do about it where that is known."""
    text = said.strip() or "go said nothing"
    kept = "\n".join(text.splitlines()[-15:])
    known = {
        r"requires go >= |requires newer Go": "this Go is too old; install a newer one, or let it fetch one with GOTOOLCHAIN=auto",
        r"no space left on device": "the disk is full; Go's own caches are emptied by `go clean -cache -modcache`",
        r"dial tcp|no such host|i/o timeout|proxyconnect|connection refused|module lookup disabled|\b(403|404|407|502|503)\b": (
            "the modules cannot be fetched; let GOPROXY name a module proxy that this machine reaches, and see `go env GOPROXY GONOSUMDB`"
        ),
        r"SECURITY ERROR|checksum mismatch": "what the module proxy gives is not what go.sum says; nothing of it was used",
        r"signal: killed": "the build was killed, most often for want of memory; the largest program takes 2.1 GB to build",
    }
    advice = next((advice for pattern, advice in known.items() if re.search(pattern, text)), None)
    return f"{advice}\n{kept}" if advice else kept


def _room(folder: Path) -> None:
    free = shutil.disk_usage(folder).free
    if free < FREE_BYTES:
        _say(f"only {free / (1 << 30):.1f} GiB are free at {folder}; a first build takes up to {FREE_BYTES >> 30}")


@contextmanager
def _writing(folder: Path) -> Iterator[None]:
    """Make a folder, and turn what the disk refuses into words."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        yield
    except OSError as error:
        full = "; the disk is full" if error.errno in {errno.ENOSPC, errno.EDQUOT} else ""
        raise BuildError(f"cannot write {error.filename or folder}: {error.strerror}{full}") from error


@contextmanager
def _only(folder: Path) -> Iterator[None]:
    """Let only one process at a time fill the folder; the lock goes with the process, however it ends."""
    with (folder / ".lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            _say(f"waiting for another build of {folder}")
            fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _say(text: str) -> None:
    sys.stdout.write(f"control-plane: {text}\n")
    sys.stdout.flush()
