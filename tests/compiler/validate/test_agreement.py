"""Two validators, a fast one and one that explains, agree on whatever is done to documents."""

import copy
import json
import random
from collections.abc import Callable, Iterator
from typing import Any

import pytest

import schemas
from compiler import misshapen
from compiler import validate as module
from compiler.diagnostics import Diagnostic
from compiler.load import decode, load
from compiler.source import Document
from compiler.validate import validate
from tests.compiler.validate.documents import VALID

ALTERNATIVES: tuple[Any, ...] = (
    None, True, False, 0, 1, -1, 3, 1.5, 3.0, 10**9, 10**30, float("inf"), "", "a", "A b", "-a", "a\n", "1.30", "all", "In", "漢", "x" * 64,
    [], ["a"], ["a", "a"], [1], [None], {}, {"a": "b"}, {"a": 1}, {"all": True}, {"name": "a"}, {"names": []},
)  # fmt: skip


def _routes(value: Any, route: tuple[str | int, ...] = ()) -> Iterator[tuple[str | int, ...]]:
    yield route
    steps = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for step, inner in steps:
        yield from _routes(inner, (*route, step))


Change = Callable[[Any, Any], None]


def _drop(holder: Any, step: Any) -> None:
    del holder[step]


def _rename_or_double(holder: Any, step: Any) -> None:
    if isinstance(holder, dict):
        holder[f"{step}x"] = holder.pop(step)
    else:
        holder.insert(step, copy.deepcopy(holder[step]))


def _add(holder: Any, step: Any) -> None:
    inner = holder[step]
    if isinstance(inner, dict):
        inner["unknown"] = "value"
    elif isinstance(inner, list):
        inner.append({"unknown": "value"})


def _set(value: Any) -> Change:
    def change(holder: Any, step: Any) -> None:
        holder[step] = copy.deepcopy(value)

    return change


CHANGES: tuple[Change, ...] = (_drop, _rename_or_double, _add, *(_set(value) for value in ALTERNATIVES))


def _changed(value: Any, route: tuple[str | int, ...], change: Change) -> Any:
    mutant = copy.deepcopy(value)
    holder = mutant
    for step in route[:-1]:
        holder = holder[step]
    change(holder, route[-1])
    return mutant


def _places(value: Any) -> list[tuple[str | int, ...]]:
    """Return the routes of what can be changed: everything but the kind, by which the schema is found."""
    return [route for route in _routes(value) if route and route[0] not in ("apiVersion", "kind")]


def _document(value: Any) -> Document:
    """Write a value as YAML (JSON is YAML 1.2) and read it back, so that it has positions."""
    text = json.dumps(value, indent=1, ensure_ascii=False).replace("Infinity", ".inf")
    file, _ = decode("test.yaml", text.encode())
    assert file is not None
    documents, found = load(file)
    assert found == []
    return documents[0]


def _check(value: dict[str, Any]) -> list[Diagnostic]:
    """Validate by both validators, and check what must hold for any outcome."""
    document = _document(value)
    kind = value["kind"]
    accepts = module._accepting(kind).is_valid(document.value)
    explains = list(misshapen._explaining(kind).iter_errors(document.value))
    assert accepts is not bool(explains), (value, [error.message for error in explains])
    found = validate(document)
    assert bool(found) is not accepts
    for each in found:
        location = each.primary.where.locate()
        assert location.span is not None
        assert location.file is document.file
        assert each.message.strip()
    return found


@pytest.mark.parametrize("kind", schemas.KINDS)
def test_valid_documents_are_valid(kind: str) -> None:
    """The documents that the mutations start from use every field of their kind and are without findings."""
    used = set()
    for valid in VALID[kind]:
        assert _check(valid) == []
        used |= set(valid["spec"])
    assert used == set(schemas.schema(kind)["properties"]["spec"]["properties"])


@pytest.mark.parametrize("kind", schemas.KINDS)
def test_validators_agree_on_mutated_documents(kind: str) -> None:
    """Whatever is done to a document, the fast validator refuses it exactly when the explaining one has something to say."""
    mutants = [_changed(valid, route, change) for valid in VALID[kind] for route in _places(valid) for change in CHANGES]
    refused = sum(bool(_check(mutant)) for mutant in mutants)
    assert len(mutants) > 150
    assert 0 < refused < len(mutants)


def test_validators_agree_on_documents_with_several_changes() -> None:
    """The same holds for documents with two to four things changed; three thousand, drawn with a fixed seed."""
    draw = random.Random(1)
    for _ in range(3000):
        mutant = draw.choice(VALID[draw.choice(schemas.KINDS)])
        for _ in range(draw.randint(2, 4)):
            places = _places(mutant)
            if places:
                mutant = _changed(mutant, draw.choice(places), draw.choice(CHANGES))
        _check(mutant)
