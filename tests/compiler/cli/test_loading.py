"""What commands load: start-up time is a feature."""

import subprocess
import sys
from pathlib import Path

import pytest


@pytest.mark.parametrize(
    ("arguments", "unwanted"),
    [
        (["--help"], ["yaml", "msgspec", "decimal", "jsonschema_rs", "compiler.pipeline", "shutil", "typing", "dataclasses"]),
        (["explain", "OB3501"], ["yaml", "msgspec", "decimal", "compiler.pipeline", "compiler.source", "shutil", "dataclasses"]),
        (
            ["check"],
            [
                "compiler.plan",
                "compiler.inventory",
                "compiler.federation",
                "compiler.manifests",
                "fractions",
                "pathspec",
            ],
        ),
        (
            ["check", "../smallest"],
            [
                "compiler.codes.catalogue",
                "compiler.emit",
                "compiler.ir",
                "compiler.lower",
                "compiler.misshapen",
                "compiler.platforms",
                "compiler.report",
                "compiler.rules",
                "difflib",
                "json",
                "jsonschema",
                "shutil",
                "subprocess",
            ],
        ),
        (["plan", "--help"], ["jinja2", "compiler.plan.views.page", "compiler.cli.steps.against", "subprocess"]),
        (["inventory", "--help"], ["kubernetes", "urllib3", "compiler.live"]),
    ],
    ids=["help", "explain", "check", "check one document", "plan", "inventory"],
)
def test_commands_import_what_they_need_only(repo: Path, arguments: list[str], unwanted: list[str]) -> None:
    """Start-up time is a feature: what a command does not need it does not load, and what is large nobody loads to begin with."""
    smallest = repo.parent / "smallest"
    smallest.mkdir()
    (smallest / "overbank.yaml").write_text("apiVersion: overbank.dev/v1alpha1\nkind: Repository\nspec: {}\n")
    script = (
        "import sys; bare = set(sys.modules); from compiler.cli import main\n"
        f"try: main({arguments!r})\n"
        "except SystemExit: pass\n"
        "sys.stderr.write(','.join(set(sys.modules) - bare))"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True, cwd=repo, timeout=60)
    loaded = set(done.stderr.splitlines()[-1].split(","))
    assert sorted(loaded & {*unwanted, "rich", "numpy", "httpx"}) == []
