"""What the strategies are put together from: maps, lists, objects with members that are missing or unknown."""

from collections.abc import Callable
from typing import Any

from hypothesis import strategies as st
from hypothesis.strategies import SearchStrategy

from tests.webhook.engine.strategies.vocabulary import VALUES

ABSENT = object()


def subset(keys: tuple[str, ...], absent: int = 6) -> SearchStrategy[dict[str, str]]:
    """Draw a map over some of the keys; ``absent`` weighs against the number of values.

    Draws each key on its own: collections of Hypothesis are mostly small, and then policies and pods hardly ever meet.
    """
    values = st.tuples(*[st.sampled_from((None,) * absent + VALUES)] * len(keys))
    return values.map(lambda drawn: {key: value for key, value in zip(keys, drawn, strict=True) if value is not None})


def half_full(items: SearchStrategy[Any], most: int) -> SearchStrategy[list[Any]]:
    """Draw a list, half full on average."""
    return st.lists(items, min_size=0, max_size=0) | st.integers(1, most).flatmap(
        lambda size: st.lists(items, min_size=size, max_size=size)
    )


def maybe(strategy: SearchStrategy[Any], *others: Any) -> SearchStrategy[Any]:
    """Draw from the strategy three times out of four, and else one of the others."""
    return st.sampled_from((True, True, True, False)).flatmap(lambda usual: strategy if usual else st.sampled_from(others))


def objects(**fields: SearchStrategy[Any]) -> SearchStrategy[dict[str, Any]]:
    """Draw an object; a field that is drawn as ``ABSENT`` is left out."""
    return st.fixed_dictionaries(fields).map(lambda drawn: {key: value for key, value in drawn.items() if value is not ABSENT})


def featured(kind: Callable[..., Any], sets: tuple[str, ...], **fields: SearchStrategy[Any]) -> SearchStrategy[Any]:
    """Build a value with one of the sets of optional fields, each written as words; the others are left to their defaults.

    Not all at once: cases of many draws are few, and Hypothesis draws small ones instead.
    """
    return st.sampled_from(sets).flatmap(lambda chosen: st.builds(kind, **{name: fields[name] for name in chosen.split()}))


def sorted_subset(keys: tuple[str, ...]) -> SearchStrategy[dict[str, str]]:
    """Draw a map as lowering writes it."""
    return subset(keys, 8).map(lambda found: dict(sorted(found.items())))


_ANYTHING: SearchStrategy[Any] = st.sampled_from(
    (
        None,
        False,
        0,
        -1.5,
        12345678901234567890,
        "",
        '~1/é\n"\\',
        [],
        {},
        [None, [{}], {"labels": {"app": "x"}}],
        {"~": {"/": []}, "": None, "tolerations": [{"key": 1}]},
        {"metadata": {"labels": {"overbank.dev/placement": "x"}}},
    )
)


def around(known: SearchStrategy[dict[str, Any]], *decoys: str) -> SearchStrategy[dict[str, Any]]:
    """Put fields that the engine does not know around, before or after, those that it does."""
    unknown = st.dictionaries(st.sampled_from(("~", "a/b", "", "ünknown", *decoys)), _ANYTHING, max_size=2)
    return st.builds(
        lambda fields, others, first: {**others, **fields} if first else {**fields, **others}, known, unknown, st.booleans()
    )


def merged(*maps: SearchStrategy[dict[str, str]]) -> SearchStrategy[dict[str, str]]:
    """Draw a map out of several; later ones win."""
    return st.tuples(*maps).map(lambda drawn: {key: value for each in drawn for key, value in each.items()})
