"""Rendered YAML is read the same way by every reader: ours, PyYAML, kustomize and kubectl."""

import json
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from compiler.emit.manifest import file_name, render
from compiler.load import decode, load

TRICKY = (
    # What some reader takes for a boolean, null or number.
    "y", "Y", "n", "N", "yes", "Yes", "YES", "no", "NO", "on", "On", "off", "OFF", "true", "True", "false", "FALSE",
    "null", "Null", "~", "", "nan", ".nan", "NaN", ".inf", "-.inf", "inf", "Infinity",
    "0", "1", "-1", "+1", "012", "0o14", "0O14", "0x1F", "0b11", "1e3", "1E3", "1.5", "1.", ".5", "1_000", "1,000", "190:20:30", "1:30",
    "12e03", "-1e-3", "6.4", "1.30", "2001-12-14", "2001-12-14t21:59:43.10-05:00", "4711", "0.0.0.0",
    # Indicators and syntax.
    "=", "<<", "-", "- a", "-a", "?", "? a", ":", ": ", "a: b", "a:b", "a:", ":a", "#", "# a", "a #b", "a#b", "&a", "*a", "!a", "!!str", "|",
    "|-", ">", "%", "%YAML", "@", "`", "'", '"', "''", '""', "'a'", '"a"', "[", "]", "[a]", "{", "}", "{a: b}", ",", "a, b", "\\", "\\n", "\\x41",
    "---", "...", "--- a", "... a", "<", "$", "${a}", "{{ .a }}", "/", "/mutate", "~a", "tag:yaml.org,2002:int 1", "00-overbank",
    # White space and line breaks.
    " ", "  ", " a", "a ", " a ", "\ta", "a\tb", "a\t", "\t", "\n", "\n\n", "a\n", "a\n\n", "\na", "a\nb", "a\nb\n", "a\n b\n", " a\nb\n", "a \nb\n",
    "a\n\nb\n", "a\n \nb\n", "\n a\n", "a\n#b\n", "- a\n- b\n", "a: b\nc: d\n", "a\r\nb\r\n", "a\rb", "a\r", '{\n  "a": 1\n}\n', "\ta\n\tb\n",
    "---\na\n", "a\n---\nb\n", "...\n", "a\n...\n",
    # Other scripts, invisible and control characters.
    "é", "漢字", "日本語: x", "😀", "a😀b", "👩‍👩‍👧", "e\u0301", "\u00a0", "\u200b", "\ufeff", "a\ufeffb", "\x85", "a\u2028b", "\u2029",
    "\x00", "\x07", "\x1b[31m", "\x7f", "\ufffe", "\U0010ffff", "\u202e",
    # Long ones.
    "x" * 127, "x" * 129, "x" * 5000, "word " * 2000, "word " * 2000 + "\n", "a" * 79 + " b", "漢" * 1000,
)  # fmt: skip

# What kustomize (5.5) itself cannot write, though it reads it: these characters anywhere; and as keys, which labels and annotations
# cannot be, `<<` (taken for a merge key even in quotes) and keys of more than 1024 characters.
_NOT_WRITTEN_BY_KUSTOMIZE = frozenset("\x85\x7f\ufffe")
_NO_KEY_FOR_KUSTOMIZE = "<<"
_LONGEST_KEY_FOR_KUSTOMIZE = 1024


def _config_map(data: dict[str, str]) -> dict[str, Any]:
    return {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "tricky", "namespace": "default"}, "data": data}


VALUES = _config_map({f"key-{index}": value for index, value in enumerate(TRICKY)})
KEYS = _config_map({value: f"value-{index}" for index, value in enumerate(TRICKY)})


def _loaded(content: bytes) -> Any:
    file, problems = decode("rendered.yaml", content)
    assert file is not None, problems
    documents, found = load(file)
    assert found == []
    (document,) = documents
    return document.value


def test_corpus_is_large_and_without_duplicates() -> None:
    """The corpus has more than sixty strings, none of them twice."""
    assert len(set(TRICKY)) == len(TRICKY) > 60


@pytest.mark.parametrize("manifest", [VALUES, KEYS], ids=["values", "keys"])
def test_tricky_strings_survive_our_own_reader(manifest: dict[str, Any]) -> None:
    """What is rendered is read back by YAML 1.2 rules as it was."""
    assert _loaded(render(manifest)) == manifest


@pytest.mark.parametrize("manifest", [VALUES, KEYS], ids=["values", "keys"])
def test_tricky_strings_survive_pyyaml(manifest: dict[str, Any]) -> None:
    """What is rendered is read back by YAML 1.1 rules as it was."""
    assert yaml.safe_load(render(manifest)) == manifest


def _kubectl_json(kubectl: str, content: bytes) -> Any:
    """Return a manifest as kubectl's own reader takes it; ``--local`` needs no cluster."""
    command = [kubectl, "annotate", "--local", "--filename", "-", "--output", "json", "read-by=kubectl"]
    run = subprocess.run(command, input=content, capture_output=True, check=True, timeout=60)
    manifest = json.loads(run.stdout)
    assert manifest["metadata"].pop("annotations") == {"read-by": "kubectl"}
    return manifest


@pytest.mark.parametrize("manifest", [VALUES, KEYS], ids=["values", "keys"])
def test_tricky_strings_survive_kubectl(kubectl: str, manifest: dict[str, Any]) -> None:
    """Kubectl takes every string for the string that it is."""
    assert _kubectl_json(kubectl, render(manifest)) == manifest


@pytest.mark.parametrize("manifest", [VALUES, KEYS], ids=["values", "keys"])
def test_tricky_strings_survive_kustomize(kubectl: str, manifest: dict[str, Any], tmp_path: Path) -> None:
    """Kustomize hands every string on, and kubectl reads from it what we wrote."""
    data = {
        key: value
        for key, value in manifest["data"].items()
        if not _NOT_WRITTEN_BY_KUSTOMIZE & {*key, *value}
        and key != _NO_KEY_FOR_KUSTOMIZE
        and len(key) <= _LONGEST_KEY_FOR_KUSTOMIZE
    }
    assert len(data) > 150
    expected = {**manifest, "data": data}
    (tmp_path / "tricky.yaml").write_bytes(render(expected))
    (tmp_path / "kustomization.yaml").write_bytes(render({"resources": ["tricky.yaml"]}))
    run = subprocess.run([kubectl, "kustomize", tmp_path], capture_output=True, check=True, timeout=60)
    assert _kubectl_json(kubectl, run.stdout) == expected


_STRINGS = st.text(st.characters(codec="utf-8"), max_size=40)


@given(st.dictionaries(_STRINGS, _STRINGS | st.integers() | st.booleans() | st.none() | st.lists(_STRINGS, max_size=3), max_size=5))
def test_anything_survives_both_readers(value: dict[str, Any]) -> None:
    """Any strings, numbers, booleans and lists come back from YAML 1.1 and YAML 1.2 alike."""
    content = render({"data": value})
    assert yaml.safe_load(content) == {"data": value}
    assert _loaded(content) == {"data": value}


@given(_STRINGS)
def test_rendered_text_is_plain(text: str) -> None:
    """Rendered files are UTF-8 with one final line break, without tabs, control or bidirectional characters in the open."""
    content = render({"text": text}).decode()
    assert content.endswith("\n")
    assert not content.endswith("\n\n") or text.endswith("\n")
    assert not any(character < " " and character != "\n" for character in content)


def test_order_of_keys_is_kept_and_lists_are_blocks() -> None:
    """The emitter's order of keys is the order in the file, block style throughout, quotes only where needed."""
    manifest = {"kind": "A", "b": {"z": 1, "a": True, "c": None}, "list": ["x", {"k": "1"}], "map": {}, "seq": [], "text": "a\nb\n"}
    assert render(manifest).decode() == (
        'kind: A\nb:\n  z: 1\n  a: true\n  c: null\nlist:\n- x\n- k: "1"\nmap: {}\nseq: []\ntext: |\n  a\n  b\n'
    )


def test_no_aliases_are_written() -> None:
    """A value that is used twice is written twice: patches and people would stumble over an alias."""
    shared = {"a": "b"}
    assert render({"one": shared, "two": shared}).decode() == "one:\n  a: b\ntwo:\n  a: b\n"


@pytest.mark.parametrize(
    ("api_version", "kind", "name"),
    [
        ("v1", "ConfigMap", "configmap-x.yaml"),
        ("apps/v1", "Deployment", "deployment.apps-x.yaml"),
        ("scheduling.alibabacloud.com/v1alpha1", "ResourcePolicy", "resourcepolicy.scheduling.alibabacloud.com-x.yaml"),
    ],
)
def test_file_name_has_kind_group_and_name(api_version: str, kind: str, name: str) -> None:
    """A file is named after its object alone, so that siblings never rename each other; the version is left out."""
    assert file_name(api_version, kind, "x") == name


def test_lines_in_any_script_stay_readable() -> None:
    """Text of several lines is written as a block, not as one quoted line, whatever script it is in."""
    value = {"data": {"bundle.json": '{\n  "说明": "先用机房,再上云"\n}\n'}}
    assert render(value).decode() == 'data:\n  bundle.json: |\n    {\n      "说明": "先用机房,再上云"\n    }\n'
