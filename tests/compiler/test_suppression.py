"""Comments that suppress findings: where they stand, what they reach, and that a cache does not show."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from compiler.load import decode
from compiler.pipeline import Result, compile_repository
from compiler.sources.tree import Tree
from compiler.suppression.comments import ignores_in
from compiler.suppression.ignore import Ignore

Write = Callable[..., Path]
Cli = Callable[..., Any]
COMMENT = "# overbank: ignore[OB3105] the autoscaler wants it"


def _ignores(text: str) -> tuple[tuple[Ignore, ...], list[str]]:
    file, problems = decode("a.yaml", text.encode())
    assert file is not None, problems
    ignores, found = ignores_in(file)
    return ignores, [each.code.id for each in found]


@pytest.fixture
def warned(write: Write, minimal: dict[str, str]) -> Callable[[str], Path]:
    """Return a function that writes a repository with one warning, OB3105, with a comment at the end of its line."""

    def run(comment: str) -> Path:
        cluster = minimal["clusters/idc.yaml"].replace("type: eci}", f"type: eci, nodeSelector: {{a: b}}}} {comment}")
        return write({**minimal, "clusters/idc.yaml": cluster})

    return run


@pytest.mark.parametrize(
    ("text", "line"),
    [
        (f"a: 1 {COMMENT}\n", 1),
        (f"a: 1\t{COMMENT}\r\nb: 2\r\n", 1),
        (f"{COMMENT}\na: 1\n", 2),
        (f"a: 1\n  {COMMENT}\n\n# more\n---\n%not: content\nb: 2\n".replace("%not: content\n", ""), 6),
        (f"a: 1 # known {COMMENT}\n", 1),
        (f"a: | {COMMENT}\n  text\n", 1),
        (f"a: |\n  text\n{COMMENT}\nb: 2\n", 4),
        (f"a: 'text' {COMMENT}\n", 1),
        (f"a: 'x # y' {COMMENT}\n", 1),
        (f"a: [1,\n  2, {COMMENT}\n  3]\n", 2),
        (f"漢: 1 {COMMENT}\n", 1),
        (f"{COMMENT}", 1),
    ],
)
def test_comments_are_found(text: str, line: int) -> None:
    """A comment is about its own line, or, alone on a line, about the next one with content."""
    ignores, problems = _ignores(text)
    assert problems == []
    assert [(each.line, each.code, each.reason) for each in ignores] == [(line, "OB3105", "the autoscaler wants it")]


@pytest.mark.parametrize(
    "text",
    [
        f"a: |\n  {COMMENT}\n  text\nb: 2\n",
        f"a: >-\n\n  text\n  {COMMENT}\n",
        f"a: '{COMMENT}'\n",
        f'a: "x\n  {COMMENT}"\n',
        f"a: b{COMMENT}\n",
        f"# write `{COMMENT}` at the end\na: 1\n",
        f"# - a: 1 {COMMENT}\n",
        "a: 1 # overbank: ignored\n",
        f'a: "x {COMMENT}\n',
    ],
)
def test_text_is_no_comment(text: str) -> None:
    """What stands in a scalar, or within another comment that has its line to itself, suppresses nothing; nor does what is no YAML."""
    assert _ignores(text) == ((), [])


@pytest.mark.parametrize(
    "text",
    [
        "# overbank: ignore\n" * 200_000,
        f"{COMMENT}\n" * 100_000,
        f"# {'# overbank: ignore[' * 100_000}\n",
        f"a: 1 {'# overbank: ignore[OB3105] b ' * 100_000}\n",
        f"a: 1 # overbank: ignore[{'x,' * 1_000_000}]\n",
        f"a: 1 # overbank: ignore[{'x,' * 200}] b\n" * 2000,
    ],
)
def test_many_comments_are_bounded(text: str) -> None:
    """A file that is made of suppressions takes no longer to read than a second or two, and says that there are too many."""
    ignores, codes = _ignores(text)
    assert len(ignores) <= 1000
    assert len(codes) <= 101


def test_several_codes_and_another_comment() -> None:
    """A list suppresses each of its codes, and the reason ends where another comment begins."""
    ignores, problems = _ignores("a: 1 #overbank:ignore[ OB3105 ,OB4107 ]  both  # OB9\n")
    assert problems == []
    assert [(each.code, each.at, each.reason) for each in ignores] == [
        ("OB3105", (1, 24, 30), "both"),
        ("OB4107", (1, 32, 38), "both"),
    ]


@pytest.mark.parametrize(
    ("comment", "codes"),
    [
        ("# overbank: ignore", ["OB0116"]),
        ("# overbank: ignore[OB3105", ["OB0116"]),
        ("# overbank: ignore[OB3105]", ["OB0115"]),
        ("# overbank: ignore[OB3105] # because", ["OB0115"]),
        ("# overbank: ignore[OB31] because", ["OB0116"]),
        ("# overbank: ignore[nothing] because", ["OB0116"]),
        ("# overbank: ignore[OB2104] because", ["OB0117"]),
        ("# overbank: ignore[OB2104, OB3106] because", ["OB0117"]),
        ("# overbank: ignore[OB0115] because", ["OB0116"]),
        ("# overbank: ignores[OB3105] because", ["OB0116"]),
        ("# overbank: disable(OB3105) because", ["OB0116"]),
        ("# Overbank: ignore[OB3105] because", ["OB0116"]),
        ("# overbank: see OB3105", []),
    ],
)
def test_what_is_wrong_is_said(comment: str, codes: list[str]) -> None:
    """A comment that begins as a suppression is one, or is reported."""
    assert _ignores(f"a: 1 {comment}\n")[1][:1] == codes


def test_a_comment_at_the_wrong_line_is_sent_to_the_right_one(
    compiled: Callable[[dict[str, str]], Result], minimal: dict[str, str]
) -> None:
    """Where a finding of the code stands in another line of the file, an unused suppression says which."""
    cluster = minimal["clusters/idc.yaml"].replace("type: eci}", "type: eci, nodeSelector: {a: b}}")
    found = compiled({**minimal, "clusters/idc.yaml": f"{COMMENT}\n{cluster}"}).diagnostics
    place = next(each for each in found if each.code.id == "OB3105").primary.where.locate()
    (unused,) = [each for each in found if each.code.id == "OB0114"]
    assert place.span is not None
    assert unused.help == (f"it is found in line {place.span.line}; move the comment to the end of that line",)


def test_warm_and_cold_say_the_same(warned: Callable[[str], Path], cli: Cli) -> None:
    """With a cache, without, and with an empty one a check has the same bytes, before and after the comment is no longer needed."""
    repo = warned(f"{COMMENT}")
    for expected, edit in ((0, ""), (1, "type: eci} " + COMMENT)):
        if edit:
            path = repo / "clusters/idc.yaml"
            path.write_text(path.read_text().replace("type: eci, nodeSelector: {a: b}} " + COMMENT, edit))
        told = [cli("check", repo, "--format", "json-v1", *more) for more in ((), (), ("--no-cache",))]
        assert told[0] == told[1] == told[2]
        report = json.loads(told[0].out)
        assert [each["code"] for each in report["diagnostics"]] == ["OB0114"] * expected
        assert [each["justification"] for each in report["suppressed"]] == ["the autoscaler wants it"] * (1 - expected)
        result = compile_repository(Tree(repo))
        assert [each.code.id for each in result.diagnostics] == ["OB0114"] * expected
        assert len(result.suppressed) == 1 - expected


def test_suppressed_findings_are_counted(warned: Callable[[str], Path], cli: Cli) -> None:
    """People do not see a suppressed finding, but how many there are."""
    repo = warned(COMMENT)
    outcome = cli("check", repo, "--fail-level", "warning")
    assert (outcome.code, outcome.out) == (0, "")
    assert outcome.err == "no findings in 3 documents\n  suppressed by comments: 1\n"
    assert cli("build", repo).err.count("OB3105") == 0


def test_an_error_stays_an_error(write: Write, minimal: dict[str, str], cli: Cli) -> None:
    """An error at the line of a comment is reported and fails, whatever the comment says."""
    policy = minimal["burst/web.yaml"].replace("[idc]}", f"[icd]}}  {COMMENT}")
    outcome = cli("check", write({**minimal, "burst/web.yaml": policy}))
    assert outcome.code == 1
    assert "error[OB2104]" in outcome.out
    assert "OB0114" not in outcome.out, "what comes after an error was not looked for"


def test_what_was_not_looked_at_is_not_unused(write: Write, minimal: dict[str, str], cli: Cli) -> None:
    """Commands that leave manifests out say nothing of comments in them, and no check judges the codes of other commands."""
    app = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}  # overbank: ignore[%s] known\n"
    repo = write(
        {
            **minimal,
            "overbank.yaml": minimal["overbank.yaml"].replace("{}", "{workloads: [apps/**]}"),
            "apps/a.yaml": app % "OB8106",
        }
    )
    assert [each.code.id for each in compile_repository(Tree(repo)).diagnostics] == ["OB0114"]
    assert compile_repository(Tree(repo), workloads=False).diagnostics == []
    (repo / "apps/a.yaml").write_text(app % "OB5404")
    assert cli("check", repo).out == ""


def test_comments_reach_lint(write: Write, cli: Cli) -> None:
    """A warning about a webhook configuration is suppressed like any other."""
    text = (
        "apiVersion: admissionregistration.k8s.io/v1\nkind: MutatingWebhookConfiguration\nmetadata: {name: a}\nwebhooks:\n- name: a.b.c\n"
        "  clientConfig: {url: 'https://a.b/c'}\n  admissionReviewVersions: [v1]\n  sideEffects: None\n  timeoutSeconds: 2\n"
        "  failurePolicy: Ignore\n  reinvocationPolicy: IfNeeded\n  rules: [{apiGroups: [''], apiVersions: [v1], resources: [pods], operations: [CREATE]}]\n"
    )
    path = write({"a.yaml": text}) / "a.yaml"
    found = json.loads(cli("lint", path, "--format", "json-v1").out)["diagnostics"]
    warning = next(each for each in found if each["severity"] == "warning")
    lines = text.splitlines()
    lines[warning["location"]["span"]["line"] - 1] += f"  # overbank: ignore[{warning['code']}] known"
    path.write_text("\n".join(lines))
    report = json.loads(cli("lint", path, "--format", "json-v1").out)
    assert [each["code"] for each in report["suppressed"]] == [warning["code"]]
    assert len(report["diagnostics"]) == len(found) - 1


def test_results_keep_the_order_of_findings(compiled: Callable[[dict[str, str]], Result], minimal: dict[str, str]) -> None:
    """Unused suppressions stand among the other findings, in the order of files and lines."""
    policy = minimal["burst/web.yaml"].replace("max: 3}", f"max: 3}}  {COMMENT}").replace("name: web}", f"name: web}}  {COMMENT}")
    found = compiled({**minimal, "burst/web.yaml": policy}).diagnostics
    places = [each.primary.where.locate() for each in found]
    assert [(each.path, each.span.line if each.span else 0) for each in places] == [("burst/web.yaml", 3), ("burst/web.yaml", 10)]


def test_build_lists_what_is_suppressed(warned: Callable[[str], Path], cli: Cli) -> None:
    """Programs that read the report of a build see suppressed findings as such; SARIF has none, since GitHub would show them as open."""
    repo = warned(COMMENT)
    report = json.loads(cli("build", repo, "--format", "json-v1").err)
    assert (report["diagnostics"], [each["code"] for each in report["suppressed"]]) == ([], ["OB3105"])
    sarif = json.loads(cli("build", repo, "--check", "--format", "sarif").out)
    assert sarif["runs"][0]["results"] == []
