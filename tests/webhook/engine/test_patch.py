"""RFC 6902 operations: pointers, missing parents, and the encoded document."""

import json
from typing import Any

import jsonpatch
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from webhook.engine.fields import Toleration
from webhook.engine.patch import Add, Append, Operation, Remove, Write, append, edit_list, edit_map, encode, escape, write

HOSTILE = st.text("~/01a", max_size=5) | st.text(max_size=5)
MAPS = st.dictionaries(HOSTILE, st.text(max_size=2), max_size=4)


def _writes(members: dict[str, str], path: str = "/labels") -> list[Write]:
    return [write(path, key, value) for key, value in members.items()]


def _appends(items: list[Toleration]) -> list[Append]:
    return [append("/tolerations", item) for item in items]


def _apply(operations: list[Operation], document: dict[str, Any]) -> dict[str, Any]:
    return jsonpatch.JsonPatch(json.loads(encode(operations))).apply(document)


@pytest.mark.parametrize(
    ("key", "escaped"), [("app", "app"), ("a/b", "a~1b"), ("a~b", "a~0b"), ("~1", "~01"), ("~0/", "~00~1"), ("", "")]
)
def test_keys_are_escaped_for_pointers(key: str, escaped: str) -> None:
    """A tilde becomes ~0 and a slash ~1, and a key that looks escaped already is escaped all the same."""
    assert escape(key) == escaped


@given(current=MAPS, additions=MAPS, data=st.data())
def test_a_map_gets_the_additions_and_loses_the_removals(
    current: dict[str, str], additions: dict[str, str], data: st.DataObject
) -> None:
    """Whatever the keys look like, the result has each addition, lacks each removal, and keeps the rest."""
    removable = sorted(current.keys() - additions.keys())
    removals = tuple(data.draw(st.lists(st.sampled_from(removable), unique=True))) if removable else ()
    after = _apply(edit_map("/labels", current, _writes(additions), removals), {"labels": dict(current)})
    assert after == {"labels": {key: value for key, value in {**current, **additions}.items() if key not in removals}}


@given(additions=MAPS, before=st.sampled_from(({}, {"labels": None}, {"labels": {}})))
def test_a_missing_null_or_empty_map_is_created(additions: dict[str, str], before: dict[str, Any]) -> None:
    """Where there is no map to add to, one operation brings it whole."""
    assume(additions)
    operations = edit_map("/labels", before.get("labels"), _writes(additions))
    assert len(operations) == 1
    assert _apply(operations, before) == {"labels": additions}


@pytest.mark.parametrize("current", [None, {}, {"app": "x"}])
def test_nothing_to_edit_gives_no_operations(current: dict[str, str] | None) -> None:
    """A map that needs no change is not created either."""
    assert edit_map("/labels", current, []) == []


def test_an_existing_map_is_edited_member_by_member() -> None:
    """A map that has members is never replaced, since others may add to it as well."""
    operations = edit_map("/labels", {"a/b": "1", "c": "2"}, _writes({"d~": "3", "c": "4"}), ("a/b",))
    assert operations == [Add("/labels/d~0", "3"), Add("/labels/c", "4"), Remove("/labels/a~1b")]


@pytest.mark.parametrize("before", [{}, {"tolerations": None}])
def test_a_missing_or_null_list_is_created(before: dict[str, Any]) -> None:
    """Appending to a list that is not there creates it with all items."""
    items = [Toleration(key="a"), Toleration(key="b")]
    after = _apply(edit_list("/tolerations", before.get("tolerations"), _appends(items)), before)
    assert after == {"tolerations": [{"key": "a"}, {"key": "b"}]}


@pytest.mark.parametrize("existing", [[], [{"key": "x", "unknown": 1}]])
def test_items_are_appended_in_order(existing: list[dict[str, Any]]) -> None:
    """Items come after those that are there, which keep their unknown fields."""
    items = [Toleration(key="b"), Toleration(key="a")]
    after = _apply(edit_list("/tolerations", existing, _appends(items)), {"tolerations": existing})
    assert after == {"tolerations": [*existing, {"key": "b"}, {"key": "a"}]}


@pytest.mark.parametrize("existing", [None, [], [{"key": "x"}]])
def test_no_items_give_no_operations(existing: list[dict[str, Any]] | None) -> None:
    """A list that gets nothing is left alone, also where it is missing."""
    assert edit_list("/tolerations", existing, []) == []


def test_the_document_is_plain_rfc_6902() -> None:
    """Each operation has op, path and value only, and tolerations are written with the fields that are set."""
    toleration = Toleration(key="k", operator="Equal", value="v", effect="NoExecute", toleration_seconds=0)
    document = json.loads(encode([Add("/a", {"k": "v"}), Add("/b/-", toleration), Remove("/c")]))
    assert document == [
        {"op": "add", "path": "/a", "value": {"k": "v"}},
        {
            "op": "add",
            "path": "/b/-",
            "value": {"key": "k", "operator": "Equal", "value": "v", "effect": "NoExecute", "tolerationSeconds": 0},
        },
        {"op": "remove", "path": "/c"},
    ]


def test_items_are_removed_from_the_last_on() -> None:
    """Each index is still right when its turn comes, and what is appended comes afterwards."""
    item = append("/spec/tolerations", Toleration(key="k", operator="Exists"))
    assert edit_list("/spec/tolerations", ["a", "b", "c"], [item], (0, 2)) == [
        Remove("/spec/tolerations/2"),
        Remove("/spec/tolerations/0"),
        item.operation,
    ]


def test_a_member_that_is_written_is_not_removed_first() -> None:
    """Adding replaces, so one operation is enough."""
    written = write("/m", "k", "new")
    assert edit_map("/m", {"k": "old", "l": "old"}, [written], ("k", "l")) == [written.operation, Remove("/m/l")]
