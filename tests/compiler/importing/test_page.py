"""The page about importing: its example is what the command does."""

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from compiler.codes import importing

PAGE = Path(__file__).parents[3] / "docs" / "import.md"


def test_the_pages_example_is_what_comes_out(tmp_path: Path, cli: Callable[..., Any], monkeypatch: pytest.MonkeyPatch) -> None:
    """The page's ResourcePolicy becomes the page's policy and cluster, to the byte, with the page's last line."""
    text = PAGE.read_text(encoding="utf-8")
    given, policy, cluster = re.findall(r"^```yaml\n(.*?)^```", text, re.MULTILINE | re.DOTALL)
    (console,) = re.findall(r"^```console\n(.*?)^```", text, re.MULTILINE | re.DOTALL)
    (tmp_path / "idc.yaml").write_text(given)
    monkeypatch.chdir(tmp_path)
    outcome = cli("import", "idc=idc.yaml", "-o", "my-policies", "--platform", "idc=ack-registered")
    assert outcome.code == 0
    assert (tmp_path / "my-policies/burst/load-balance-policy.yaml").read_text() == policy
    assert (tmp_path / "my-policies/clusters/idc.yaml").read_text() == cluster
    assert outcome.err == console.splitlines(keepends=True)[-1]
    assert cli("check", "my-policies").code == 0


def test_the_page_names_every_code() -> None:
    """Each code of the command is on its page."""
    text = PAGE.read_text(encoding="utf-8")
    assert [
        code.id for code in (importing.UNSAID, importing.CHANGED, importing.NEEDED, importing.NOT_THE_SAME) if code.id not in text
    ] == []
