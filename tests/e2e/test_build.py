"""``make control-plane``, with a Go that only pretends: what is built, what is kept, and what is said when it cannot be done."""

import fcntl
import os
import subprocess
import sys
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

from tests.e2e.controlplane import assets, build
from tests.e2e.controlplane.assets import KUBECTL, PROGRAMS, Assets, Versions

ROOT = Path(__file__).parent.parent.parent

GO = """\
#!/bin/sh
echo "$*" >>{log}
if [ "$1" = env ]; then {env}; exit; fi
for last; do :; done
while [ "$1" != -o ]; do shift; done
case "$last" in {fails}) echo "{says}" >&2; exit 1;; esac
case "$last" in *etcd*) version={etcd};; *) version={kubernetes};; esac
printf '#!/bin/sh\\necho v%s\\n' $version >"$2"
chmod +x "$2"
"""

Environment = dict[str, str]


@pytest.fixture
def machine(tmp_path: Path) -> Callable[..., Environment]:
    """Return a maker of environments: an empty cache, and a Go that builds programs which know their version, or fails as is told."""

    def make(fails: str = "nothing", says: str = "", env: str = "echo go1.26.8", *, go: bool = True) -> Environment:
        folder = tmp_path / "bin"
        folder.mkdir(exist_ok=True)
        versions = Versions.wanted()
        fake = folder / "go"
        fake.unlink(missing_ok=True)
        if go:
            fields = {"log": tmp_path / "go.log", "etcd": versions.etcd, "kubernetes": versions.kubernetes}
            fake.write_text(GO.format(env=env, fails=fails, says=says, **fields))
            fake.chmod(0o755)
        for tool in ("sh", "chmod"):
            if not (folder / tool).exists():
                (folder / tool).symlink_to(f"/bin/{tool}")
        return {"PATH": str(folder), "XDG_CACHE_HOME": str(tmp_path / "cache"), "HOME": str(tmp_path)}

    return make


def _built(environment: Mapping[str, str]) -> list[str]:
    log = Path(environment["HOME"]) / "go.log"
    lines = log.read_text().splitlines() if log.exists() else []
    return [line.rpartition("/")[2] for line in lines if line.startswith("build")]


def test_everything_is_built_once(machine: Callable[..., Environment], capsys: pytest.CaptureFixture[str]) -> None:
    """The first run builds etcd, Kubernetes and, where there is none, kubectl, and says so; the second builds nothing."""
    environment = machine()
    folder = build.build(environment)
    assert sorted(path.name for path in folder.iterdir() if not path.name.startswith(".")) == sorted([*PROGRAMS, KUBECTL])
    assert Versions.wanted().kubernetes in folder.name
    said = capsys.readouterr().out
    assert "15 minutes" in said
    assert f"complete: {folder}" in said
    before = _built(environment)
    assert len(before) == 5
    assert build.build(environment) == folder
    assert _built(environment) == before
    assert assets.find(environment) == Assets(folder=folder, kubectl=folder / KUBECTL)


def test_a_build_goes_on_where_it_was_stopped(machine: Callable[..., Environment]) -> None:
    """What was built before a failure is kept, nothing unfinished is left under a program's name, and the next run builds the rest."""
    environment = machine(fails="*scheduler", says="signal: killed")
    with pytest.raises(build.BuildError, match=r"kube-scheduler .* cannot be built: the build was killed"):
        build.build(environment)
    folder = assets.cache(Versions.wanted(), environment)
    assert assets.absent(folder) == ["kube-scheduler"]
    done = len(_built(environment))
    build.build(machine())
    assert _built(environment)[done:] == ["kube-scheduler", "kubectl"]


def test_a_program_that_does_not_answer_is_built_again(machine: Callable[..., Environment]) -> None:
    """A file that is cut short, or of another version, is not taken for the program."""
    environment = machine()
    folder = build.build(environment)
    (folder / "etcd").write_text("#!/bin/sh\necho v0.0.1\n")
    (folder / "kube-apiserver").write_bytes(b"\x7fELF")
    done = len(_built(environment))
    build.build(environment)
    assert _built(environment)[done:] == ["v3", "kube-apiserver"]


def test_programs_that_are_named_are_used(
    machine: Callable[..., Environment], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """With KUBEBUILDER_ASSETS complete nothing is built; incomplete, it is said what is missing, and all are built and used."""
    named = tmp_path / "assets"
    named.mkdir()
    environment = machine() | {assets.VARIABLE: str(named)}
    for name in (*PROGRAMS[:-1], KUBECTL):
        (named / name).touch(0o755)
    folder = build.build(environment)
    assert folder != named
    assert f"{named} has no kube-scheduler" in capsys.readouterr().out
    assert assets.find(environment) == Assets(folder=folder, kubectl=folder / KUBECTL)
    (named / PROGRAMS[-1]).touch(0o755)
    assert build.build(environment) == named
    assert assets.find(environment) == Assets(folder=named, kubectl=named / KUBECTL)


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        ({"go": False}, "no `go` on the PATH"),
        ({"env": "echo 'go: go.mod requires go >= 1.26.0 (running go 1.22.2)' >&2; exit 1"}, "this Go is too old"),
        ({"fails": "*", "says": "dial tcp: lookup proxy.example.com: no such host"}, "the modules cannot be fetched"),
        ({"fails": "*", "says": "write /x: no space left on device"}, "the disk is full"),
        ({"fails": "*", "says": "SECURITY ERROR"}, "not what go.sum says"),
    ],
)
def test_what_is_in_the_way_is_said(machine: Callable[..., Environment], options: dict[str, str], expected: str) -> None:
    """Each obstacle that is known has a sentence on what to do about it."""
    with pytest.raises(build.BuildError, match=expected):
        build.build(machine(**options))


def test_a_cache_that_cannot_be_written_is_said(machine: Callable[..., Environment], tmp_path: Path) -> None:
    """The error names the path."""
    environment = machine()
    (tmp_path / "cache").write_text("a file")
    with pytest.raises(build.BuildError, match=f"cannot write {tmp_path}"):
        build.build(environment)


def test_two_builds_wait_for_each_other(machine: Callable[..., Environment]) -> None:
    """The second says that it waits, and goes on when the first is done."""
    environment = machine()
    folder = assets.cache(Versions.wanted(), environment)
    folder.mkdir(parents=True)
    with (folder / ".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        command = [sys.executable, "-m", "tests.e2e.controlplane"]
        with subprocess.Popen(command, cwd=ROOT, env=environment, stdout=subprocess.PIPE, text=True) as second:
            assert second.stdout
            assert second.stdout.readline() == f"control-plane: waiting for another build of {folder}\n"
            fcntl.flock(lock, fcntl.LOCK_UN)
            assert "complete" in second.stdout.read()
    assert second.returncode == 0
    assert _built(environment)


def test_what_is_missing_is_named(machine: Callable[..., Environment]) -> None:
    """Without programs, the reason for skipping names the folder, the programs, and the command that gets them."""
    said = assets.find(machine())
    assert isinstance(said, str)
    assert all(name in said for name in (*PROGRAMS, "make control-plane"))
    assert os.fspath(assets.cache(Versions.wanted(), machine())) in said
