"""What a file can hold: one case a class of input."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from compiler.load import MAX_BYTES
from compiler.pipeline import Result

Compile = Callable[[Mapping[str, str | bytes]], Result]

OURS = "apiVersion: overbank.dev/v1alpha1\n"
CLUSTER = f"""{OURS}kind: Cluster
metadata: {{name: edge}}
spec:
  platform: kubernetes
  kubernetesVersion: "1.30"
  pools:
  - {{name: idc, type: idc}}
"""


@dataclass(frozen=True, slots=True)
class Case:
    """A class of input: its name, the bytes of a file, and its findings as code and line; none where it is handled."""

    name: str
    content: str | bytes
    findings: tuple[tuple[str, int], ...] = ()


CASES = (
    Case("duplicate keys", "a: 1\nb: 2\na: 3\n", (("OB0102", 3),)),
    Case("duplicate keys of a flow mapping", '{a: 1, "a": 2}\n', (("OB0102", 1),)),
    Case("a bool of YAML 1.1 where a string is expected", CLUSTER.replace("{name: edge}", "{name: edge, labels: {a: yes, b: on, c: n}}")),
    Case("a bool of YAML 1.1 where a bool is expected", CLUSTER.replace("type: idc", "type: idc, autoscaling: yes"), (("OB1103", 8),)),
    Case("an octal number of YAML 1.1 where a string is expected", CLUSTER.replace("edge}", "edge, labels: {a: 012}}"), (("OB1103", 3),)),
    Case("an octal number of YAML 1.1 where a number is expected", CLUSTER.replace("type: idc", "type: idc, nodes: {min: 1, max: 012}"), (("OB1104", 8),)),
    Case("an octal number of YAML 1.2", CLUSTER.replace("edge}", "edge, labels: {a: 0o14}}"), (("OB1103", 3),)),
    Case("a float where a string is expected", CLUSTER.replace('"1.30"', "1.30"), (("OB1103", 6),)),
    Case("an exponent where a string is expected", CLUSTER.replace("edge}", "edge, labels: {a: 1e3}}"), (("OB1103", 3),)),
    Case("a number of YAML 1.1 that is text in YAML 1.2", CLUSTER.replace("edge}", "edge, labels: {a: 1_000, b: 0b11, c: 2001-01-01}}")),
    Case("not a number", CLUSTER.replace("type: idc", "type: idc, pricePerHour: .nan"), (("OB1104", 8),)),
    Case("infinity", CLUSTER.replace("type: idc", "type: idc, pricePerHour: -.inf"), (("OB1104", 8),)),
    Case("a float that is too large", CLUSTER.replace("type: idc", "type: idc, pricePerHour: 1e999"), (("OB1104", 8),)),
    Case("an integer that is too large", CLUSTER.replace("type: idc", f"type: idc, nodes: {{min: 1, max: {'9' * 3000}}}"), (("OB1104", 8),)),
    Case("an unknown tag", "a: !Ref b\n", (("OB0104", 1),)),
    Case("a tag that would run code", "a: !!python/object/apply:os.system [echo]\n", (("OB0104", 1),)),
    Case("a merge key", "a: &a {b: 1}\nc:\n  <<: *a\n", (("OB0105", 3),)),
    Case("an alias to nothing", "a: *b\n", (("OB0107", 1),)),
    Case("an alias to what contains it", "a: &a\n  b: [*a]\n", (("OB0107", 2),)),
    Case("nesting through aliases", "a: &a0 [x]\n" + "".join(f"a{n}: &a{n} [*a{n - 1}]\n" for n in range(1, 300)), (("OB0106", 100),)),
    Case("a long text through aliases", f"a: &a {'x' * 100_000}\nb: [{'*a, ' * 1000}]\n", (("OB0106", 2),)),
    Case("a long key through aliases", f"? {'x' * 1000}\n: &a {{? {'y' * 100_000} : 1}}\n? b\n: [{'*a, ' * 1000}]\n", (("OB0106", 4),)),
    Case("NUL", b"a: b\0\n", (("OB0108", 1),)),
    Case("an escape sequence of terminals", b"a: 1\nb: \x1b[2J\n", (("OB0108", 2),)),
    Case("a byte order mark of UTF-8", b"\xef\xbb\xbfa: 1\n"),
    Case("a byte order mark in the middle", "a: 1\nb: \ufeffc\n", (("OB0108", 2),)),
    Case("UTF-16, little end first", "a: 1\n".encode("utf-16-le"), (("OB0108", 1),)),
    Case("UTF-16 with a byte order mark", "a: 1\n".encode("utf-16"), (("OB0108", 1),)),
    Case("UTF-16, big end first", b"\xfe\xff" + "a: 1\n".encode("utf-16-be"), (("OB0108", 1),)),
    Case("UTF-32", "a: 1\n".encode("utf-32"), (("OB0108", 1),)),
    Case("CRLF", CLUSTER.replace("\n", "\r\n")),
    Case("CR alone", "a: 1\rb: 2\r", (("OB0108", 1),)),
    Case("NEL", "a: 1 # comment\u0085b: 2\n", (("OB0108", 1),)),
    Case("a line separator", "a: 1 # comment\u2028b: 2\n", (("OB0108", 1),)),
    Case("a tab as indentation", "a:\n\tb: 1\n", (("OB0101", 2),)),
    Case("tabs between words", "a:\t1\t# comment\n"),
    Case("invalid UTF-8", b"a: 1\nb: \xff\n", (("OB0108", 2),)),
    Case("UTF-8 that is longer than it must be", b"a: \xc0\x80\n", (("OB0108", 1),)),
    Case("half a character at the end", b"a: \xe6\xbc", (("OB0108", 1),)),
    Case("a surrogate in UTF-8", b"a: \xed\xa0\x80\n", (("OB0108", 1),)),
    Case("a surrogate as an escape", 'a: "\\ud800"\n', (("OB0101", 1),)),
    Case("beyond Unicode", b"a: \xf4\x90\x80\x80\n", (("OB0108", 1),)),
    Case("an empty file", b""),
    Case("a byte order mark alone", b"\xef\xbb\xbf"),
    Case("comments only", "# a\n# b\n"),
    Case("a document marker only", "---\n"),
    Case("ends of documents only", "...\n...\n", (("OB0101", 1),)),
    Case("several documents", "---\na: 1\n---\n---\nb: 2\n...\n"),
    Case("another language", "{{- if .Values.x }}\na: {{ .Values.y }}\n{{- end }}\n", (("OB0103", 1),)),
    Case("no line break at the end, and no end", "{a", (("OB0101", 1),)),
    Case("letters that look like others", CLUSTER.replace("spec:", "sp\u0435c:"), (("OB1101", 4), ("OB1102", 1))),
    Case("an apiVersion that looks like ours", CLUSTER.replace("overbank", "\u043everbank"), (("OB0113", 1),)),
    Case("a key that looks like apiVersion", CLUSTER.replace("apiV", "\u0430piV"), (("OB0113", 1),)),
    Case("an accent in two encodings", f"{OURS}kind: e\u0301\n---\n{OURS}kind: \u00e9\n", (("OB1105", 2), ("OB1105", 5))),
    Case("names that differ in case only", CLUSTER.replace("edge", "Edge"), (("OB1104", 3),)),
    Case("text that is shown in another order", CLUSTER + "# \u202egpj.exe\n", (("OB0113", 9),)),
    Case("text in another order in what other tools read", "a: \u2067b\u2069\n"),
    Case("a very long name", CLUSTER.replace("edge", "e" * 100_000), (("OB1104", 3),)),
    Case("a very long key", CLUSTER + f"  {'k' * 1000}: 1\n", (("OB1101", 9),)),
    Case("a key that is longer than YAML lets it be", CLUSTER + f"  {'k' * 2000}: 1\n", (("OB0101", 9),)),
    Case("an empty key", CLUSTER + '  "": 1\n', (("OB1101", 9),)),
    Case("a control character in a key", CLUSTER + '  "\\e[31m": 1\n', (("OB1101", 9),)),
)  # fmt: skip


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_input_is_handled_or_has_a_finding_at_its_line(compiled: Compile, minimal: dict[str, str], case: Case) -> None:
    """A file of this class is read as it is meant, or refused at the line where the matter is; the rest is unaffected."""
    result = compiled({**minimal, "hostile.yaml": case.content})
    found = [(each.code.id, each.primary.where.locate()) for each in result.diagnostics]
    assert sorted((code, place.span.line if place.span else 0) for code, place in found) == sorted(case.findings)
    assert {place.path for _, place in found} <= {"hostile.yaml"}
    assert bool(result.files) is not bool(case.findings)


def test_booleans_of_yaml_1_1_arrive_as_text(compiled: Compile, minimal: dict[str, str]) -> None:
    """A `yes` without quotes is text, and is written so that no reader takes it for a boolean."""
    policy = minimal["burst/web.yaml"].replace("  pools:", "  inject: {annotations: {answer: yes, number: 1_000}}\n  pools:")
    result = compiled({**minimal, "burst/web.yaml": policy})
    assert result.diagnostics == []
    bundle = result.files["clusters/idc/webhook/bundle.json"].decode()
    assert '"answer":"yes"' in bundle.replace(" ", "")
    assert '"number":"1_000"' in bundle.replace(" ", "")


@pytest.mark.parametrize(
    ("written", "note"),
    [
        ("012", "YAML 1.1 reads it as 10, YAML 1.2 as 12"),
        ("0o14", "YAML 1.2 reads it as a number, YAML 1.1 as text"),
        ("1e3", "YAML 1.2 reads it as a number, YAML 1.1 as text"),
        ("089", "YAML 1.2 reads it as a number, YAML 1.1 as text"),
    ],
)
def test_findings_say_what_readers_disagree_about(compiled: Compile, minimal: dict[str, str], written: str, note: str) -> None:
    """Where a scalar is not the same to readers of YAML 1.1 and 1.2, the finding says what it is to each."""
    (found,) = compiled({**minimal, "hostile.yaml": CLUSTER.replace("edge}", f"edge, labels: {{a: {written}}}}}")}).diagnostics
    assert [line for line in found.notes if note in line]
    assert found.help == (f'write "{written}"',)


def test_a_broken_document_takes_its_file_with_it_and_no_other(compiled: Compile, minimal: dict[str, str]) -> None:
    """Of a file with a document that is no YAML nothing is checked, since nobody knows where that document ends; other files are."""
    broken = f"{OURS}kind: Unknown\n---\na: [\n---\n{OURS}kind: Unknown\n"
    result = compiled({**minimal, "broken.yaml": broken, "other.yaml": f"{OURS}kind: Unknown\n"})
    assert [(each.code.id, str(each.primary.where.locate())) for each in result.diagnostics] == [
        ("OB0101", "broken.yaml:5:1"),
        ("OB1105", "other.yaml:2:7"),
    ]


def test_a_document_of_the_wrong_shape_does_not_hide_the_next(compiled: Compile, minimal: dict[str, str]) -> None:
    """Documents that are YAML are all checked, whatever is wrong with the shape of one of them."""
    result = compiled({**minimal, "some.yaml": f"{OURS}kind: A\n---\n{CLUSTER}---\n{OURS}kind: B\n"})
    assert [each.primary.where.locate().span.line for each in result.diagnostics] == [2, 14]  # type: ignore[union-attr]


def _text(*parts: str) -> bytes:
    return "".join(parts).encode()


@pytest.mark.parametrize(
    "pod",
    [
        "{containers: .inf}",
        "{containers: [{name: a, image: b, resources: .nan}]}",
        "{containers: [{name: a, image: b, resources: {limits: .inf}}]}",
        "{containers: [{name: a, image: b, volumeMounts: .nan}]}",
        "{containers: [{name: a, image: b}], tolerations: .inf}",
        "{containers: [{name: a, image: b}], priority: .nan}",
        "{containers: [{name: a, image: b}]}, metadata: .inf",
        "{containers: [{name: a, image: b}]}, metadata: {name: a, labels: .nan}",
    ],
)
def test_numbers_that_no_json_has_in_manifests(compiled: Compile, minimal: dict[str, str], pod: str) -> None:
    """A manifest with such a number, which JSON encoders write as null, is one that no API server takes; it ends nothing."""
    repository = minimal["overbank.yaml"].replace("{}", '{workloads: ["apps/**"]}')
    manifest = f"{{apiVersion: v1, kind: Pod, spec: {pod}{'' if 'metadata' in pod else ', metadata: {name: a}'}}}\n"
    result = compiled({**minimal, "overbank.yaml": repository, "apps/a.yaml": manifest})
    assert [each.code.id for each in result.diagnostics] == ["OB8101"]


LARGE: dict[str, tuple[Callable[[], bytes], str, int]] = {
    "100 MB": (lambda: b"a: 1\n" * 20_000_000, "OB0106", 0),
    "a line of 50 MB": (lambda: b"a: " + b"x" * 50_000_000, "OB0106", 0),
    "a line of 7 MB": (lambda: b"a: " + b"x" * 7_000_000, "", 0),
    "a line of 7 MB with a mistake in it": (lambda: b"a: " + b"x" * 7_000_000 + b" \\\x01", "OB0108", 1),
    "a million short lines": (lambda: b"- a\n" * 1_000_000, "OB0106", 499_999),
    "a million lines of the same key": (lambda: b"a: 1\n" * 1_000_000, "OB0111", 1002),
    "empty lines": (lambda: b"\n" * MAX_BYTES, "", 0),
    "a million documents": (lambda: b"a\n---\n" * 1_000_000, "OB0106", 500_000),
    "a million documents of nothing": (lambda: b"---\n" * 1_000_000, "OB0106", 250_001),
    "300,000 documents of ours": (lambda: b"apiVersion: overbank.dev/v9\n---\n" * 100_000, "OB0111", 2001),
    "100,000 levels, flow": (lambda: b"[" * 100_000, "OB0106", 1),
    "100,000 levels, flow mappings": (lambda: b"{a: " * 100_000, "OB0106", 1),
    "100,000 levels, block": (lambda: b"- " * 100_000, "OB0106", 1),
    "100,000 levels, keys": (lambda: b"? " * 100_000, "OB0103", 1),
    "2,000 levels by indentation": (lambda: b"".join(b" " * level + b"a:\n" for level in range(2000)), "OB0106", 101),
    "a wide alias bomb": (lambda: b"a0: &a0 [x]\n" + b"".join(b"a%d: &a%d [%s]\n" % (n, n, b",".join([b"*a%d" % (n - 1)] * 100)) for n in range(1, 20)), "OB0106", 4),
    "a deep alias bomb": (lambda: b"a0: &a0 [x]\n" + b"".join(b"a%d: &a%d [*a%d, *a%d]\n" % (n, n, n - 1, n - 1) for n in range(1, 90)), "OB0106", 18),
    "400,000 tag directives": (lambda: b"".join(b"%%TAG !a%d! x:\n" % n for n in range(400_000)) + b"---\na: 1\n", "OB0106", 101),
    "200,000 anchors": (lambda: b"[" + b",".join(b"&a%d x" % n for n in range(200_000)) + b"]", "", 0),
    "200,000 wrong values": (lambda: _text(OURS, "kind: Cluster\nmetadata: {name: a}\nspec: {pools: [", "1," * 200_000, "]}\n"), "OB0111", 1),
    "200,000 unknown fields": (lambda: _text(OURS, "kind: Cluster\n", *(f"k{n}: 1\n" for n in range(200_000))), "OB0111", 1),
    "200,000 numbers that are none": (lambda: _text(OURS, "kind: Cluster\nspec: [", ".nan," * 200_000, "]\n"), "OB1104", 3),
    "500,000 hidden characters": (lambda: OURS.encode() + "# \u202e\n".encode() * 500_000, "OB0113", 2),
    "integers that take long to read": (lambda: b"[" + (b"9" * 3999 + b",") * 2000 + b"]", "", 0),
}  # fmt: skip


@pytest.mark.parametrize("name", LARGE)
def test_large_input_is_bounded(
    write: Callable[..., Path], minimal: dict[str, str], confined: Callable[..., Any], name: str
) -> None:
    """A file that is as large as it may be, or larger, is read or refused at its line, in bounded time, memory and output."""
    make, code, line = LARGE[name]
    root = write({**minimal, "hostile.yaml": make()})
    done = confined("check", "--format", "concise", root, memory=1024)
    assert done.code == (1 if code else 0), done.err[-2000:]
    place = f"hostile.yaml:{line}:" if line else "hostile.yaml: "
    assert not code or [each for each in done.out.splitlines() if place in each and f"[{code}]" in each]
    assert len(done.out) < 100_000
    assert done.peak < 512
