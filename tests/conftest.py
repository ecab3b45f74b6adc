"""Fixtures that all tests share. What a folder shares is in its own conftest, or in a module beside its tests."""

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, settings

from compiler.cli import main
from compiler.load import decode, load
from compiler.pipeline import Result, compile_repository
from compiler.source import Document
from compiler.sources.tree import Tree
from tests.examples import SAME, draw_the_same, examples

# Machines in CI are shared: how long an example takes says nothing about the code.
settings.register_profile(
    "overbank",
    max_examples=examples(100),
    deadline=None,
    derandomize=SAME,
    database=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)
settings.load_profile("overbank")
draw_the_same()

ROOT = Path(__file__).parent.parent

Files = Mapping[str, str | bytes]

_SURROUNDINGS = re.compile(
    r"NO_COLOR|FORCE_COLOR|CLICOLOR|CLICOLOR_FORCE|COLUMNS|LINES|(HTTP|HTTPS|ALL|NO)_PROXY|KUBECONFIG|KUBERNETES_.*|GIT_.*|GITHUB_.*|GITLAB_.*",
    re.IGNORECASE,
)

_REPOSITORY = """\
apiVersion: overbank.dev/v1alpha1
kind: Repository
spec: {}
"""

_CLUSTER = """\
apiVersion: overbank.dev/v1alpha1
kind: Cluster
metadata: {name: idc}
spec:
  platform: ack-registered
  kubernetesVersion: "1.30"
  pools:
  - {name: idc, type: idc}
  - {name: cloud, type: ecs, nodeSelector: {pool: cloud}}
  - {name: serverless, type: eci}
"""

_POLICY = """\
apiVersion: overbank.dev/v1alpha1
kind: BurstPolicy
metadata: {name: web}
spec:
  match:
    clusters: {names: [idc]}
    namespaces: {names: [shop]}
    pods: {matchLabels: {app: web}}
  pools:
  - {name: idc, max: 3}
  - {name: serverless}
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What a command printed, and how it ended."""

    code: int
    out: str
    err: str


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> Any:
    """Give each free process the next test, but all tests of ``tests/e2e`` to one of them, first of all: they share one control plane.

    xdist's own ``--dist loadgroup`` would say the same with marks; with pytest 9 it does not group.
    """
    from xdist.scheduler import LoadScopeScheduling  # noqa: PLC0415 - without xdist there is no such hook

    class Scheduling(LoadScopeScheduling):
        def _split_scope(self, nodeid: str) -> str:
            return "tests/e2e" if nodeid.startswith("tests/e2e/") else nodeid

    return Scheduling(config, log)


def _write(folder: Path, files: Files) -> Path:
    for path, content in files.items():
        target = folder / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(content if isinstance(content, bytes) else content.encode())
    return folder


@pytest.fixture(scope="session", autouse=True)
def surroundings(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Keep from all tests what the terminal, the proxy, the cluster, the Git and the umask of whoever runs them would change."""
    git = tmp_path_factory.mktemp("git") / "config"
    git.write_text("[user]\nname = author\nemail = author@example.com\n")
    mask = os.umask(0o022)
    with pytest.MonkeyPatch.context() as patch:
        for name in [name for name in os.environ if _SURROUNDINGS.fullmatch(name)]:
            patch.delenv(name)
        patch.setenv("GIT_CONFIG_GLOBAL", str(git))
        patch.setenv("GIT_CONFIG_NOSYSTEM", "1")
        yield
    os.umask(mask)


@pytest.fixture(scope="session", autouse=True)
def cache(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """Give all tests of a session one cache of their own, and return its folder: what one leaves must not matter to another."""
    with pytest.MonkeyPatch.context() as patch:
        folder = tmp_path_factory.mktemp("cache") / "overbank"
        patch.setenv("OVERBANK_CACHE_DIR", str(folder))
        yield folder


@pytest.fixture(scope="session")
def sample() -> Path:
    """Return the folder of the sample policy repository."""
    return ROOT / "policies"


@pytest.fixture(scope="session")
def golden() -> Path:
    """Return the folder of the golden cases."""
    return Path(__file__).parent / "golden"


@pytest.fixture(scope="session")
def minimal() -> dict[str, str]:
    """Return the files of a small repository: a registered cluster ``idc`` and a policy ``web`` over two of its pools."""
    return {"overbank.yaml": _REPOSITORY, "clusters/idc.yaml": _CLUSTER, "burst/web.yaml": _POLICY}


@pytest.fixture
def write(tmp_path: Path) -> Callable[..., Path]:
    """Return a function that writes files by path below a new folder ``repo`` (or another name), and returns the folder."""

    def run(files: Files, name: str = "repo") -> Path:
        return _write(tmp_path / name, files)

    return run


@pytest.fixture
def compiled(write: Callable[..., Path]) -> Callable[[Files], Result]:
    """Return a function that compiles a repository given by its files."""

    def run(files: Files) -> Result:
        return compile_repository(Tree(write(files)))

    return run


@pytest.fixture(scope="session")
def parse() -> Callable[[str], list[Document]]:
    """Return a function that reads YAML, which must be without findings, into documents."""

    def run(text: str) -> list[Document]:
        file, problems = decode("test.yaml", text.encode())
        assert file is not None, problems
        documents, found = load(file)
        assert found == []
        return documents

    return run


@pytest.fixture
def cli(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Callable[..., Outcome]:
    """Return a function that runs a command in this process, without the colour variables of whoever runs the tests."""
    for name in ("NO_COLOR", "FORCE_COLOR", "CLICOLOR_FORCE"):
        monkeypatch.delenv(name, raising=False)

    def run(*arguments: str | Path) -> Outcome:
        capsys.readouterr()
        try:
            code = main([str(argument) for argument in arguments])
        except SystemExit as exit_:  # argparse ends usage errors and --help itself
            code = exit_.code if isinstance(exit_.code, int) else 1
        printed = capsys.readouterr()
        return Outcome(code=code, out=printed.out, err=printed.err)

    return run


@pytest.fixture(scope="session")
def overbank() -> Callable[..., subprocess.CompletedProcess[bytes]]:
    """Return a function that runs the installed ``overbank`` as a process of its own."""
    program = Path(sys.executable).with_name("overbank")

    def run(*arguments: str | Path, env: Mapping[str, str] | None = None, **options: Any) -> subprocess.CompletedProcess[bytes]:
        kept = {key: value for key, value in os.environ.items() if key not in {"NO_COLOR", "FORCE_COLOR", "CLICOLOR_FORCE"}}
        options.setdefault("stdout", subprocess.PIPE)
        options.setdefault("stderr", subprocess.PIPE)
        options.setdefault("timeout", 60)
        return subprocess.run([program, *arguments], check=False, env={**kept, **(env or {})}, **options)

    return run


@pytest.fixture(scope="session")
def kubectl() -> str:
    """Return the path of kubectl; without it the test is skipped, and says so."""
    found = shutil.which("kubectl")
    if found is None:
        pytest.skip("kubectl is not on PATH: the check against a real Kubernetes reader did NOT run")
    return found
