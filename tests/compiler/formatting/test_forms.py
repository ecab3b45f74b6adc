"""The form itself: order, indentation, braces, blank lines, and what is left alone."""

import pytest

from compiler.formatting import DeclinedError, formatted

HEAD = "apiVersion: overbank.dev/v1alpha1\nkind: BurstPolicy\n"


def test_fields_have_the_order_of_the_schema() -> None:
    """Fields are sorted as the schema of the kind has them, also in braces; labels stay in their author's order."""
    text = (
        "spec:\n  pools: [{max: 3, name: idc}]\n  match: {}\n  inject: {labels: {z: a, a: z}}\n"
        "kind: BurstPolicy\nmetadata: {name: x}\napiVersion: overbank.dev/v1alpha1\n"
    )
    assert formatted(text) == (
        f"{HEAD}metadata: {{name: x}}\nspec:\n  match: {{}}\n  pools: [{{name: idc, max: 3}}]\n  inject: {{labels: {{z: a, a: z}}}}\n"
    )


def test_fields_that_nobody_knows_come_last() -> None:
    """A field that the schema does not have stands behind those that it has."""
    assert formatted(f"{HEAD}spec: {{strategi: x, match: y}}\n") == f"{HEAD}spec: {{match: y, strategi: x}}\n"


def test_lists_stand_in_the_column_of_their_key() -> None:
    """Two spaces are a level, and a list in a mapping takes none; a list in a list does."""
    text = f"{HEAD}spec:\n     pools:\n        -    name:   a\n             max: 1\n        -\n          - x\n          -   - y\n"
    assert formatted(text) == f"{HEAD}spec:\n  pools:\n  - name: a\n    max: 1\n  - - x\n    - - y\n"


def test_braces_stay_where_they_fit() -> None:
    """What was in braces is put on one line; if that is longer than 132 columns, it becomes a block, level by level."""
    text = f"{HEAD}spec: {{ match: {{pods: {{\n  all:   true}} }} }}\n"
    assert formatted(text) == f"{HEAD}spec: {{match: {{pods: {{all: true}}}}}}\n"
    fits = f"  inject: {{labels: {{a: {'b' * 107}}}}}\n"
    assert len(fits) == 133
    assert formatted(f"{HEAD}spec:\n{fits}") == f"{HEAD}spec:\n{fits}"
    longer = fits.replace("}}", "b}}")
    assert formatted(f"{HEAD}spec:\n{longer}") == f"{HEAD}spec:\n  inject:\n    labels: {{a: {'b' * 108}}}\n"


def test_blocks_stay_blocks() -> None:
    """What fits into a line and was none is left as it is."""
    text = f"{HEAD}metadata:\n  name: x\nspec:\n  pools:\n  - name: a\n"
    assert formatted(text) == text


def test_blank_lines() -> None:
    """Between entries there is at most one blank line, where a block begins none, and at the end of a file one line break."""
    text = f"\n\n{HEAD}\n\n\nmetadata:\n\n  name: x   \nspec:\n\n  pools:\n\n  - name: a\n\n\n  - name: b\n\n\n"
    assert formatted(text) == f"{HEAD}\nmetadata:\n  name: x\nspec:\n  pools:\n  - name: a\n\n  - name: b\n"
    assert formatted(HEAD.rstrip("\n")) == HEAD


def test_quotes_stay() -> None:
    """A scalar is never written anew, since what its quotes mean is its author's business."""
    text = f"{HEAD}metadata: {{name: \"x\", y: 'it''s', z: 0x1F, w: 1.50, v: ~, u: \"\\u00e9\"}}\n"
    assert formatted(text) == text


def test_nothing_is_written_as_null_in_braces() -> None:
    """A key without a value in braces gets the word for it, and one in a block stays without."""
    assert formatted(f"{HEAD}metadata: {{name: , x}}\nspec:\n") == f"{HEAD}metadata: {{name: null, x: null}}\nspec:\n"


def test_texts_of_several_lines_move_with_their_key() -> None:
    """Block scalars keep their lines, whatever is in them; text that goes on below is indented under its key."""
    text = (
        f'{HEAD}spec:\n    a: |\n          x # no comment\n            y\n\n          z\n    b: >2-\n         p\n    c: "q\n  r"\n'
        "    d: |+\n     kept\n\n\n    e: plain\n      text\n"
    )
    assert formatted(text) == (
        f'{HEAD}spec:\n  a: |\n    x # no comment\n      y\n\n    z\n  b: >2-\n       p\n  c: "q\n    r"\n  d: |+\n    kept\n\n\n  e: plain\n'
        "    text\n"
    )


def test_kept_blank_lines_do_not_become_more() -> None:
    """Behind a scalar that keeps the blank lines behind it, none is added that was above what now follows."""
    text = f"{HEAD}\nmetadata: {{}}\nspec:\n  inject: 1\n\n  pools: 2\n  match: |+\n    x\n"
    assert formatted(text) == f"{HEAD}\nmetadata: {{}}\nspec:\n  match: |+\n    x\n  pools: 2\n  inject: 1\n"


def test_documents_are_separated_by_dashes() -> None:
    """Between documents stand three dashes, and before the first none."""
    assert formatted(f"---\n{HEAD}---\n\n{HEAD}\n--- \n{HEAD}") == f"{HEAD}---\n{HEAD}---\n{HEAD}"


def test_documents_of_others_stay_as_they_are() -> None:
    """Manifests and whatever else is in a file are not touched, byte for byte; nor is a file that has nothing of ours."""
    theirs = "kind:   Pod   # x\n\n\napiVersion: v1\n"
    assert formatted(theirs) == theirs
    assert formatted(f"{theirs}---\nkind: Cluster\napiVersion: overbank.dev/v1alpha1\n---   # theirs\n{theirs}") == (
        f"{theirs}---\napiVersion: overbank.dev/v1alpha1\nkind: Cluster\n---   # theirs\n{theirs}"
    )


def test_line_ends_stay() -> None:
    """A file with line ends of Windows has them afterwards, also in its block scalars."""
    text = "kind: BurstPolicy\napiVersion:\toverbank.dev/v1alpha1 \nspec: {x: |\n".replace(" {x: |", "\n  x: |\n    a\n    b")
    assert formatted(text.replace("\n", "\r\n")) == formatted(text).replace("\n", "\r\n")
    assert "\t" not in formatted(text)


def test_fields_with_anchors_are_not_sorted() -> None:
    """An alias stands behind its anchor, so a document with either keeps its order."""
    text = "kind: BurstPolicy\napiVersion: overbank.dev/v1alpha1\nspec:\n  inject: &a\n    x: 1\n  match: &b [ 1 ]\n  pools: [*a, *b ]\n  c: &c 3\n"
    assert formatted(text) == text.replace("[ 1 ]", "[1]").replace("*b ]", "*b]")


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        (f"%YAML 1.2\n---\n{HEAD}", "directives"),
        (f"{HEAD}...\n", "ends of documents"),
        (f"{HEAD}metadata: {{? a\n b : 1}}\n", "several lines"),
        (f"{HEAD}metadata: {{&a name: x}}\n", "anchors or tags"),
        (f"{HEAD}metadata: &a # why\n  x\n", "another line"),
        (f"{HEAD}spec: ! {{a: 1}}\n", "tag on a mapping"),
        (f"{HEAD}spec: |\n  x", "read as before"),
    ],
)
def test_what_cannot_be_formatted_is_declined(text: str, reason: str) -> None:
    """Forms that hardly anybody writes are left alone with the reason, and so is what would be read as something else."""
    with pytest.raises(DeclinedError, match=reason):
        formatted(text)
