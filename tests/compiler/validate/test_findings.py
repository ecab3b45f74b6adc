"""What is wrong with a document: findings that name the place and the fix."""

from collections.abc import Callable
from typing import Any

import pytest

import schemas
from compiler.codes import documents as codes
from compiler.source import Document
from compiler.validate import is_ours, validate

Parse = Callable[[str], list[Document]]

API = schemas.API_VERSION


def _findings(parse: Parse, text: str) -> list[tuple[str, str, list[str]]]:
    (document,) = parse(text)
    return [(each.code.id, f"{each.primary.where.locate()} {each.message}", list(each.help)) for each in validate(document)]


def _policy(spec: str) -> str:
    match = "{clusters: {all: true}, namespaces: {all: true}, pods: {all: true}}"
    return f"apiVersion: {API}\nkind: BurstPolicy\nmetadata: {{name: web}}\nspec:\n  match: {match}\n{spec}"


@pytest.mark.parametrize(
    ("field", "hint"),
    [
        ("Priority", "did you mean `priority`?"),
        ("prioritty", "did you mean `priority`?"),
        ("pool", "did you mean `pools`?"),
        ("injects", "did you mean `inject`?"),
        (
            "zzz",
            "known here: `accelerator`, `advance`, `foreignIntent`, `incompatible`, `inject`, `match`, `mechanism`, `merge` and 10 more",
        ),
    ],
)
def test_unknown_field_names_the_nearest(parse: Parse, field: str, hint: str) -> None:
    """A misspelt field is pointed at by its key, with the nearest known one, or all of them."""
    found = _findings(parse, _policy(f"  {field}: 1\n"))
    assert found == [(codes.UNKNOWN_FIELD.id, f"test.yaml:6:3 unknown field `{field}` in `spec`", [hint])]


def test_every_unknown_field_is_reported(parse: Parse) -> None:
    """Two misspelt fields of one mapping are two findings, not one now and one after the next run."""
    found = _findings(parse, _policy("  prioritty: 1\n  merg: keep\n"))
    assert [message for _, message, _ in found] == [
        "test.yaml:6:3 unknown field `prioritty` in `spec`",
        "test.yaml:7:3 unknown field `merg` in `spec`",
    ]


def test_every_missing_field_is_reported(parse: Parse) -> None:
    """Two missing fields of one mapping are two findings, each with its own name."""
    text = f'apiVersion: {API}\nkind: Cluster\nmetadata: {{name: idc}}\nspec: {{kubernetesVersion: "1.30"}}\n'
    assert sorted(message for _, message, _ in _findings(parse, text)) == [
        "test.yaml:4:7 `spec` lacks `platform`",
        "test.yaml:4:7 `spec` lacks `pools`",
    ]


@pytest.mark.parametrize(
    ("spec", "code", "message"),
    [
        ("  priority: '1'\n", codes.WRONG_TYPE, "test.yaml:6:13 `spec.priority` has to be a whole number, not a string"),
        ("  priority: 1.5\n", codes.WRONG_TYPE, "test.yaml:6:13 `spec.priority` has to be a whole number, not a number"),
        ("  pools: {}\n", codes.WRONG_TYPE, "test.yaml:6:10 `spec.pools` has to be a list, not a mapping"),
        ("  pools: []\n", codes.BAD_VALUE, "test.yaml:6:10 `spec.pools` is empty"),
        ("  inject:\n", codes.WRONG_TYPE, "test.yaml:6:10 `spec.inject` has to be a mapping, not empty"),
        ("  strategy: yes\n", codes.BAD_VALUE, "test.yaml:6:13 `spec.strategy` cannot be `yes`"),
        ("  pools: [{name: a, skipIfMissing: 1}]\n", codes.WRONG_TYPE,
         "test.yaml:6:36 `spec.pools[0].skipIfMissing` has to be true or false, not a number"),
    ],
)  # fmt: skip
def test_wrong_values_name_the_field_and_what_it_takes(parse: Parse, spec: str, code: Any, message: str) -> None:
    """A wrong value is pointed at, with the field's path and the type it should have."""
    assert [(found, text) for found, text, _ in _findings(parse, _policy(spec))] == [(code.id, message)]


@pytest.mark.parametrize("written", ["1.30", "012", "true", "0x1F", "1e3", "~"])
def test_unquoted_strings_get_the_quoted_form_as_help(parse: Parse, written: str) -> None:
    """Where quotes are all that is missing, the help has what was written, in quotes, and not what YAML made of it."""
    found = _findings(parse, _policy(f"  inject: {{labels: {{a: {written}}}}}\n"))
    expected = [] if written == "~" else [f'write "{written}"']
    assert [(code, help_) for code, _, help_ in found] == [(codes.WRONG_TYPE.id, expected)]


def test_unquoted_version_of_an_add_on_gets_the_quoted_form_as_help(parse: Parse) -> None:
    """An add-on may be a boolean or a version; for a number the version is what was meant."""
    text = (
        f'apiVersion: {API}\nkind: Cluster\nmetadata: {{name: idc}}\nspec: {{platform: vke, kubernetesVersion: "1.30", '
        "pools: [{name: a, type: ecs}], addons: {scheduler-plugin: 2.10}}\n"
    )
    ((code, _, help_),) = _findings(parse, text)
    assert code == codes.WRONG_TYPE.id
    assert help_ == ['write "2.10"']


@pytest.mark.parametrize(
    ("text", "code", "message", "help_"),
    [
        (
            "apiVersion: overbank.dev/v1\nkind: Cluster\n",
            codes.UNKNOWN_VERSION,
            "test.yaml:1:13 unknown apiVersion `overbank.dev/v1`",
            ["write `overbank.dev/v1alpha1`"],
        ),
        (
            f"apiVersion: {API}\nkind: BurstPolic\n",
            codes.UNKNOWN_KIND,
            "test.yaml:2:7 unknown kind `BurstPolic`",
            ["did you mean `BurstPolicy`?"],
        ),
        (
            f"apiVersion: {API}\nkind: cluster\n",
            codes.UNKNOWN_KIND,
            "test.yaml:2:7 unknown kind `cluster`",
            ["did you mean `Cluster`?"],
        ),
    ],
)
def test_unknown_versions_and_kinds(parse: Parse, text: str, code: Any, message: str, help_: list[str]) -> None:
    """A document of ours in another version or of an unknown kind is an error, with the right word as help."""
    assert _findings(parse, text) == [(code.id, message, help_)]


@pytest.mark.parametrize(
    ("text", "ours"),
    [
        (f"apiVersion: {API}\n", True),
        ("apiVersion: overbank.dev/v9\n", True),
        ("apiVersion: overbank.dev\n", True),
        ("apiVersion: overbank.device/v1\n", False),
        ("apiVersion: x.overbank.dev/v1\n", False),
        ("apiVersion: apps/v1\n", False),
        ("apiVersion: [overbank.dev/v1alpha1]\n", False),
        ("kind: Cluster\n", False),
        ("- apiVersion: overbank.dev/v1alpha1\n", False),
        ("text\n", False),
    ],
)
def test_ours_is_said_by_the_api_group(parse: Parse, text: str, ours: bool) -> None:  # noqa: FBT001 - a table's column
    """Documents are ours by the group of their apiVersion, in any version; all others are somebody else's."""
    assert is_ours(parse(text)[0]) is ours


def test_line_break_at_the_end_is_part_of_a_value(parse: Parse) -> None:
    """A pattern's end is the very end of the value, as in ECMA-262, for both validators."""
    found = _findings(parse, _policy('  inject: {labels: {a: "b\\n"}}\n'))
    assert [code for code, _, _ in found] == [codes.BAD_VALUE.id]
