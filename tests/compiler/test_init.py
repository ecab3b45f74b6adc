"""``overbank init``: what it writes works as it stands, and nothing of anybody else's is touched."""

import json
import re
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import yaml

import schemas
from compiler import scaffold
from compiler.sources.tree import Tree

Cli = Callable[..., Any]
Overbank = Callable[..., "subprocess.CompletedProcess[bytes]"]

KNOWN = schemas.schema("Cluster")["properties"]["spec"]["properties"]["platform"]["enum"]
PLATFORMS = [platform for platform in scaffold.PLATFORMS if platform in KNOWN]


def _content(root: Path) -> dict[str, bytes]:
    return {path.relative_to(root).as_posix(): path.read_bytes() for path in sorted(root.rglob("*")) if path.is_file()}


def test_every_platform_of_the_language_has_templates() -> None:
    """A platform that clusters may name is a platform that one can begin with."""
    assert set(KNOWN) <= set(scaffold.PLATFORMS)
    with pytest.raises(KeyError):
        scaffold.repository("openshift")


@pytest.mark.parametrize("platform", PLATFORMS)
def test_a_new_repository_passes_check_test_and_build(overbank: Overbank, tmp_path: Path, platform: str) -> None:
    """The installed program accepts what it has written: no errors, all tests pass, and there is something to apply."""
    root = tmp_path / "new" / "policies"
    made = overbank("init", "--platform", platform, root)
    assert made.returncode == 0, made.stderr
    commands = re.findall(r"^  overbank (\w+) (.*)$", made.stderr.decode(), re.MULTILINE)
    assert commands == [("check", str(root)), ("test", str(root)), ("build", str(root))]
    for command, folder in commands:
        run = overbank(command, folder)
        assert run.returncode == 0, run.stdout + run.stderr
        if command == "test":
            assert run.stderr.endswith(b"2 passed, 0 failed\n")
    assert (root / "rendered/clusters/main/kustomization.yaml").is_file()


def test_the_next_commands_work_in_the_folder_itself(overbank: Overbank, tmp_path: Path) -> None:
    """Without an argument the current folder is meant, in init as in the commands that it names."""
    made = overbank("init", cwd=tmp_path)
    assert made.returncode == 0
    assert made.stderr.decode().splitlines()[-3:] == ["  overbank check", "  overbank test", "  overbank build"]
    assert overbank("check", cwd=tmp_path).returncode == 0


def test_every_file_is_listed_on_stdout(cli: Cli, tmp_path: Path) -> None:
    """The result is the list of the files that were written, and there are no others."""
    outcome = cli("init", tmp_path / "new")
    assert outcome.code == 0
    listed = [line.removeprefix("wrote ") for line in outcome.out.splitlines()]
    assert sorted(listed) == sorted(_content(tmp_path / "new"))


@pytest.mark.parametrize("platform", PLATFORMS)
def test_modelines_lead_to_the_schema_of_the_documents(cli: Cli, tmp_path: Path, platform: str) -> None:
    """Editors find the right schema: each file names one that is there, for the one kind that the file has."""
    assert cli("init", "--platform", platform, tmp_path).code == 0
    seen = set()
    for path in Tree(tmp_path).paths():
        text = (tmp_path / path).read_text(encoding="utf-8")
        document = yaml.safe_load(text)
        modeline = re.match(r"# yaml-language-server: \$schema=(\S+)\n", text)
        if document["apiVersion"] != schemas.API_VERSION:
            assert modeline is None
            continue
        assert modeline is not None, path
        schema = json.loads((tmp_path / path).parent.joinpath(modeline[1]).read_bytes())
        jsonschema.Draft202012Validator(schema).validate(document)
        seen.add(document["kind"])
    assert seen == {"Repository", "Cluster", "BurstPolicy", "PolicyTest"}


def test_templates_of_all_platforms_are_yaml() -> None:
    """Also the templates of a platform that this version does not offer can be read."""
    for platform in scaffold.PLATFORMS:
        for path, content in scaffold.repository(platform).items():
            assert content.endswith(b"\n")
            assert path.endswith(".md") or yaml.safe_load(content)


def test_the_workflow_runs_commands_that_exist(cli: Cli, tmp_path: Path) -> None:
    """The example for CI checks, tests and builds, and fails if what is rendered is not committed."""
    assert cli("init", tmp_path).code == 0
    workflow = yaml.safe_load((tmp_path / ".github/workflows/policies.yaml").read_bytes())
    steps = [step.get("run", "").strip() for step in workflow["jobs"]["policies"]["steps"]]
    assert [step for step in steps if step.startswith("overbank")] == ["overbank check", "overbank test", "overbank build"]
    build = steps.index("overbank build")
    assert steps[build + 1].splitlines() == ["git add --intent-to-add rendered", "git diff --exit-code -- rendered"]


def test_the_workflow_notices_what_is_not_committed(cli: Cli, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Its last step passes on a committed tree, and fails where a build has changed, added or deleted a file."""
    git = shutil.which("git")
    if git is None:
        pytest.skip("git is not on PATH: the last step of the workflow was NOT run")
    assert cli("init", tmp_path).code == 0
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", "/dev/null")
    workflow = yaml.safe_load((tmp_path / ".github/workflows/policies.yaml").read_bytes())
    step = workflow["jobs"]["policies"]["steps"][-1]["run"]

    def verdict() -> int:
        assert cli("build", tmp_path).code == 0
        return subprocess.run(["bash", "-e", "-c", step], cwd=tmp_path, capture_output=True, check=False).returncode

    def commit() -> None:
        author = ["-c", "user.name=test", "-c", "user.email=test@example.com"]
        for arguments in (["init", "--quiet"], ["add", "--all"], [*author, "commit", "--quiet", "--message", "rendered"]):
            subprocess.run([git, *arguments], cwd=tmp_path, capture_output=True, check=True)

    assert cli("build", tmp_path).code == 0
    commit()
    assert verdict() == 0
    policy = tmp_path / "burst" / "web.yaml"
    written = policy.read_text()
    for changed in (written.replace("max: 3", "max: 4"), written.replace("names: [default]", "names: [default, shop]"), ""):
        policy.write_text(changed)
        assert verdict() == 1
        commit()
        assert verdict() == 0


def test_a_readme_that_is_there_stays(cli: Cli, tmp_path: Path) -> None:
    """A repository that a hoster has just made has a README.md; everything else is written beside it."""
    (tmp_path / "README.md").write_text("# Ours\n")
    outcome = cli("init", tmp_path)
    assert (outcome.code, (tmp_path / "README.md").read_text()) == (0, "# Ours\n")
    assert "README.md" not in outcome.out
    assert "kept README.md\n" in outcome.err
    assert (tmp_path / "overbank.yaml").is_file()


@pytest.mark.parametrize("taken", ["overbank.yaml", ".github/workflows/policies.yaml", "tests/pods/web.yaml"])
def test_a_file_that_is_there_is_never_overwritten(cli: Cli, tmp_path: Path, taken: str) -> None:
    """If anything that would be written is there, it is named, and nothing at all is written."""
    (tmp_path / taken).parent.mkdir(parents=True, exist_ok=True)
    (tmp_path / taken).write_text("mine")
    outcome = cli("init", tmp_path)
    assert (outcome.code, outcome.out) == (2, "")
    assert f"{tmp_path} has `{taken}` already; nothing was written" in outcome.err
    assert _content(tmp_path) == {taken: b"mine"}


def test_a_second_init_writes_nothing(cli: Cli, tmp_path: Path) -> None:
    """A repository is not made again over itself, and the advice is the command that refreshes the schemas."""
    assert cli("init", tmp_path).code == 0
    before = _content(tmp_path)
    outcome = cli("init", tmp_path)
    assert outcome.code == 2
    assert "`overbank init --schemas-only`" in outcome.err
    assert _content(tmp_path) == before


@pytest.mark.parametrize("place", ["clusters", ".overbank", "overbank.yaml", ".github"])
def test_links_are_not_written_through(cli: Cli, tmp_path: Path, place: str) -> None:
    """A link in the place of a folder or file is refused, wherever it leads, and nothing is written on either side."""
    (tmp_path / "outside").mkdir()
    root = tmp_path / "repo"
    root.mkdir()
    (root / place).symlink_to(tmp_path / "outside" / ("missing" if place.endswith(".yaml") else ""))
    outcome = cli("init", root)
    assert (outcome.code, outcome.out) == (2, "")
    assert "nothing was written" in outcome.err
    assert _content(tmp_path) == {}


@pytest.mark.parametrize("place", [".", "clusters"])
def test_a_file_in_the_place_of_a_folder_is_refused(cli: Cli, tmp_path: Path, place: str) -> None:
    """A file where a folder is needed is named, and nothing is written."""
    root = tmp_path / "repo"
    blocked = root / place
    blocked.parent.mkdir(exist_ok=True)
    blocked.write_text("mine")
    outcome = cli("init", root)
    assert (outcome.code, outcome.out) == (2, "")
    assert f"{blocked} is not a folder; nothing was written" in outcome.err


def test_a_write_that_fails_is_taken_back(cli: Cli, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """If a file cannot be written, those before it are removed again, so that the next try is not refused."""
    opened = Path.open

    def full(path: Path, mode: str = "r", *rest: Any, **named: Any) -> Any:
        if mode == "xb" and path.name == "overbank.yaml":
            raise OSError(28, "No space left on device", str(path))
        return opened(path, mode, *rest, **named)

    monkeypatch.setattr(Path, "open", full)
    outcome = cli("init", tmp_path)
    assert (outcome.code, outcome.out) == (2, "")
    assert f"cannot write {tmp_path / 'overbank.yaml'}: no space left on device" in outcome.err
    assert _content(tmp_path) == {}


def test_schemas_only_refreshes_the_schemas_and_nothing_else(cli: Cli, tmp_path: Path) -> None:
    """After an upgrade the schemas are brought up to date; what is up to date already is not written again."""
    assert cli("init", tmp_path).code == 0
    before = _content(tmp_path)
    assert cli("init", "--schemas-only", tmp_path).out == ""
    (tmp_path / ".overbank/schemas/Cluster.schema.json").write_text("{}")
    (tmp_path / ".overbank/schemas/BurstPolicy.schema.json").unlink()
    outcome = cli("init", "--schemas-only", tmp_path)
    assert outcome.code == 0
    assert outcome.out.splitlines() == [
        "wrote .overbank/schemas/BurstPolicy.schema.json",
        "wrote .overbank/schemas/Cluster.schema.json",
    ]
    assert _content(tmp_path) == before


def test_schemas_only_needs_a_repository(cli: Cli, tmp_path: Path) -> None:
    """Schemas are put into a policy repository only."""
    outcome = cli("init", "--schemas-only", tmp_path)
    assert (outcome.code, outcome.out) == (3, "")
    assert _content(tmp_path) == {}


def test_schemas_only_writes_through_no_link(cli: Cli, tmp_path: Path) -> None:
    """A link in the place of a schema is refused, and what it leads to stays as it is."""
    root = tmp_path / "repo"
    assert cli("init", root).code == 0
    mine = tmp_path / "mine.json"
    mine.write_text("{}")
    schema = root / ".overbank/schemas/Cluster.schema.json"
    schema.unlink()
    schema.symlink_to(mine)
    outcome = cli("init", "--schemas-only", root)
    assert outcome.code == 2
    assert f"{schema} is a link" in outcome.err
    assert mine.read_text() == "{}"


def test_platform_and_schemas_only_exclude_each_other(cli: Cli, tmp_path: Path) -> None:
    """Schemas are the same for all platforms, so asking for both is a mistake."""
    assert cli("init", "--platform", "vke", "--schemas-only", tmp_path).code == 2
