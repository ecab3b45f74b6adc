"""The Containerfile, as far as it can be looked at without an engine to build it."""

import ast
import importlib.metadata
import json
import re
import shlex
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml
from packaging.requirements import Requirement

import webhook

ROOT = Path(__file__).resolve().parent.parent.parent
FILE = ROOT / "deploy" / "Containerfile"

Instruction = tuple[str, str]


@pytest.fixture(scope="module")
def stages() -> list[list[Instruction]]:
    """Return the instructions of each stage; what comes before the first is left out."""
    text = re.sub(r"^#.*\n", "", FILE.read_text(), flags=re.MULTILINE).replace("\\\n", " ")
    found: list[list[Instruction]] = [[]]
    for line in filter(None, map(str.strip, text.splitlines())):
        word, _, rest = line.partition(" ")
        assert re.fullmatch("[A-Z]+", word), line
        if word == "FROM":
            found.append([])
        found[-1].append((word, rest.strip()))
    return found[1:]


def _of(stage: list[Instruction], word: str) -> list[str]:
    return [rest for each, rest in stage if each == word]


def test_every_source_exists_and_is_sent_to_the_builder(stages: list[list[Instruction]]) -> None:
    """What is copied from the context is there, and .containerignore lets it, and nothing else, through."""
    if not (ROOT / "compiler").exists():
        pytest.skip("these tests run beside a wheel and not in a checkout: what is sent to the builder was NOT looked at")
    sources = {
        path
        for stage in stages
        for copied in _of(stage, "COPY")
        if not copied.startswith("--from=")
        for path in shlex.split(copied)[:-1]
    }
    assert all((ROOT / path).exists() for path in sources)
    lines = (ROOT / ".containerignore").read_text().splitlines()
    assert lines[1] == "*"
    assert {line.removeprefix("!") for line in lines if line.startswith("!")} == sources


def test_what_runs_is_no_root_and_cannot_install(stages: list[list[Instruction]]) -> None:
    """The last stage takes the environment only, runs as the user of the chart, and leaves health to the kubelet."""
    last = stages[-1]
    assert len(stages) == 2
    assert _of(last, "USER") == ["65532:65532"]
    assert not _of(last, "HEALTHCHECK")
    assert not _of(last, "ADD")
    assert all("pip install" not in run for run in _of(last, "RUN"))
    assert any("rm -rf" in run and "/pip*" in run for run in _of(last, "RUN"))
    words = [word for word, _ in last]
    assert words.index("USER") > max(index for index, word in enumerate(words) if word in ("RUN", "COPY"))


def test_it_starts_the_program_that_the_package_installs(stages: list[list[Instruction]]) -> None:
    """The entry point is the script in the environment that is copied, and the chart's arguments come after it."""
    (entry,) = _of(stages[-1], "ENTRYPOINT")
    assert json.loads(entry) == ["/opt/overbank/bin/overbank-webhook"]
    assert "overbank-webhook" in {each.name for each in importlib.metadata.entry_points(group="console_scripts")}


def test_ports_and_user_are_those_of_the_deployment(stages: list[list[Instruction]]) -> None:
    """The image and the manifests agree on who runs and where it listens."""
    deployment = yaml.safe_load((ROOT / "deploy/kustomize/base/deployment.apps-overbank-webhook.yaml").read_text())
    pod = deployment["spec"]["template"]["spec"]
    ports = [str(each["containerPort"]) for each in pod["containers"][0]["ports"]]
    assert _of(stages[-1], "EXPOSE") == [" ".join(ports)]
    context = pod["securityContext"]
    assert _of(stages[-1], "USER") == [f"{context['runAsUser']}:{context['runAsGroup']}"]


def test_every_package_in_the_image_is_pinned(stages: list[list[Instruction]]) -> None:
    """Every install is held to constraints.txt, which pins all that the extras of the image pull in."""
    installs = [command for run in _of(stages[0], "RUN") for command in run.split("&&") if re.search(r"\binstall\b", command)]
    assert len(installs) == 2
    assert all("--constraint constraints.txt" in command for command in installs)
    extras = re.search(r"\.whl\)\[(.*)\]", installs[-1])
    assert extras
    pinned = {re.sub(r"[-_.]+", "-", line.split("==")[0]).lower() for line in (ROOT / "constraints.txt").read_text().splitlines()}
    assert {*_needed("overbank", frozenset(extras[1].split(",")), set()), "pip", "hatchling"} - {"overbank"} <= pinned


def test_the_image_has_what_the_server_imports(stages: list[list[Instruction]]) -> None:
    """The extras of the image bring every library that the server imports, also those that only a setting of the chart asks for."""
    extras = re.search(r"\.whl\)\[(.*)\]", _of(stages[0], "RUN")[-1])
    assert extras
    brought = {*_needed("overbank", frozenset(extras[1].split(",")), set())}
    owners = importlib.metadata.packages_distributions()
    files = Path(webhook.__path__[0]).rglob("*.py")
    names = {name.partition(".")[0] for file in files for node in ast.walk(ast.parse(file.read_text())) for name in _imported(node)}
    foreign = names - sys.stdlib_module_names - {"webhook", "schemas"}
    assert {"kubernetes", "cryptography"} <= foreign
    assert {name for name in foreign if not brought & {owner.lower().replace("_", "-") for owner in owners[name]}} == set()


def _imported(node: ast.AST) -> list[str]:
    if isinstance(node, ast.Import):
        return [each.name for each in node.names]
    return [node.module] if isinstance(node, ast.ImportFrom) and node.module and not node.level else []


def test_shell_can_read_every_command(stages: list[list[Instruction]]) -> None:
    """Every RUN is a command line that sh parses."""
    for command in [command for stage in stages for command in _of(stage, "RUN")]:
        assert subprocess.run(["/bin/sh", "-n", "-c", command], check=False).returncode == 0


def _needed(name: str, extras: frozenset[str], seen: set[str]) -> Iterator[str]:
    """Yield the distributions that one needs, itself included, on the platform that this runs on."""
    normal = re.sub(r"[-_.]+", "-", name).lower()
    if normal in seen and not extras:
        return
    seen.add(normal)
    yield normal
    for text in importlib.metadata.requires(name) or ():
        wanted = Requirement(text)
        environments: list[dict[str, str]] = [
            {"extra": extra, "python_full_version": sys.version.split()[0]} for extra in (extras or {""})
        ]
        if wanted.marker is None or any(wanted.marker.evaluate(each) for each in environments):
            yield from _needed(wanted.name, frozenset(wanted.extras), seen)
