"""Comments go where what they are about goes."""

import pytest

from compiler.formatting import DeclinedError, files, formatted

HEAD = "apiVersion: overbank.dev/v1alpha1\nkind: BurstPolicy\n"

CASES = {
    "above the document": (
        "# licence\n\n# about\nkind: BurstPolicy\napiVersion: overbank.dev/v1alpha1\n",
        "# licence\n\n# about\napiVersion: overbank.dev/v1alpha1\nkind: BurstPolicy\n",
    ),
    "above and beside the dashes": (
        f"# head\n--- # beside\n# about\n{HEAD}---   # next\n{HEAD}# foot\n",
        f"# head\n# beside\n# about\n{HEAD}---\n# next\n{HEAD}# foot\n",
    ),
    "above a field that moves": (
        f"{HEAD}spec:\n  # the pools,\n  # in their order\n  pools: 1\n\n  # which pods\n  match: 2\n",
        f"{HEAD}spec:\n  # which pods\n  match: 2\n  # the pools,\n  # in their order\n  pools: 1\n",
    ),
    "beside a field that moves": (
        f"{HEAD}spec: # s\n  pools: 1     # p\n               # goes on\n  match: 2 # m\n",
        f"{HEAD}spec:  # s\n  match: 2  # m\n  pools: 1     # p\n               # goes on\n",
    ),
    "beside a key whose value is below": (
        f"{HEAD}spec:   # s\n    # inside\n    match:   # m\n      2\n    pools:\n      # why\n      3\n",
        f"{HEAD}spec:   # s\n  # inside\n  match: 2   # m\n  # why\n  pools: 3\n",
    ),
    "in lists": (
        (
            f"{HEAD}spec:\n  pools: # p\n    # first\n    - name: a # a\n      # foot of a\n    # second\n    - # dash\n      # n\n      name: b\n    -\n"
            "      # hoisted\n      name: c\n    # foot of pools\n  strategy: x\n"
        ),
        (
            f"{HEAD}spec:\n  pools:  # p\n  # first\n  - name: a  # a\n    # foot of a\n  # second\n  - # dash\n    # n\n    name: b\n"
            "  # hoisted\n  - name: c\n  # foot of pools\n  strategy: x\n"
        ),
    ),
    "items that were taken out": (
        f"{HEAD}spec:\n  pools:\n  - name: a\n  # - name: b\n  # the match\n  match: x\n",
        f"{HEAD}spec:\n  # the match\n  match: x\n  pools:\n  - name: a\n  # - name: b\n",
    ),
    "behind the last field": (
        f"{HEAD}spec:\n    inject:\n        labels: {{}}\n        # of inject\n    # of spec\n# of the document\n",
        f"{HEAD}spec:\n  inject:\n    labels: {{}}\n    # of inject\n  # of spec\n# of the document\n",
    ),
    "in braces": (
        f"{HEAD}spec: {{ # open\n  pools: 1, # beside\n  # above\n  match: 2\n  # foot\n  }} # closed\n",
        f"{HEAD}# closed\nspec:  # open\n  # above\n  match: 2\n  pools: 1  # beside\n  # foot\n",
    ),
    "in brackets": (
        f"{HEAD}spec: [a, # one\n  # two\n  b, {{c: d # three\n  }}]\n",
        f"{HEAD}spec:\n- a  # one\n# two\n- b\n- c: d  # three\n",
    ),
    "beside braces": (f"{HEAD}spec: {{a: 1}} # x\n", f"{HEAD}spec: {{a: 1}}  # x\n"),
    "in nothing": (f"{HEAD}spec: {{ # a\n  # b\n  }}\n", f"{HEAD}# b\nspec: {{}}  # a\n"),
    "at a block scalar": (
        f"{HEAD}spec:\n    a: |  # header\n        text\n        # text too\n      # foot\n    b: 1\n",
        f"{HEAD}spec:\n  a: |  # header\n    text\n    # text too\n  # foot\n  b: 1\n",
    ),
    "beside nothing": (f"{HEAD}spec:   # nothing\n# below\n", f"{HEAD}spec:   # nothing\n# below\n"),
    "that are wide": (
        f"{HEAD}spec:\n    '🙂': '🙂'   # 🙂\n                 # 🙂 goes on\n",
        f"{HEAD}spec:\n  '🙂': '🙂'   # 🙂\n               # 🙂 goes on\n",
    ),
    "with blanks at their ends": (f"{HEAD}#   x  \t\n", f"{HEAD}#   x\n"),
    "in another order of levels": (
        f"{HEAD}spec:\n  inject:\n    labels: {{}}\n    # in\n  # out\n    # out too\n  mode: audit\n",
        f"{HEAD}spec:\n  inject:\n    labels: {{}}\n    # in\n  # out\n  # out too\n  mode: audit\n",
    ),
}


@pytest.mark.parametrize("case", CASES)
def test_comments(case: str) -> None:
    """A comment at each place where one may stand is where it belongs afterwards, and stays there."""
    before, after = CASES[case]
    assert formatted(before) == after
    assert formatted(after) == after


def test_a_lost_comment_is_no_outcome(monkeypatch: pytest.MonkeyPatch) -> None:
    """If the outcome had not the comments of the text, the text would be left alone."""
    written = files.written
    monkeypatch.setattr(files, "written", lambda root, shape: written(root, shape).replace("# x\n", "\n"))
    with pytest.raises(DeclinedError, match="comment"):
        formatted(f"{HEAD}metadata: {{name:  y}} # x\n")


def test_comments_that_are_alike_are_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    """Two comments of one text are two."""
    text = f"{HEAD}# x\nmetadata:  1 # x\n"
    assert formatted(text).count("# x\n") == 1 + 1
    written = files.written
    monkeypatch.setattr(files, "written", lambda root, shape: written(root, shape).replace("# x\n", "\n", 1))
    with pytest.raises(DeclinedError, match="comment"):
        formatted(text)
