"""Bounds: of terms, of copies, of time and of memory."""

from unittest import mock

import pytest

from tests.webhook.engine.affinity.edits import ADDED, POOL, PRESENT, VIRTUAL, edit_of, edited, pod_with, require, term_of, terms_of
from webhook.engine import terms
from webhook.engine.affinity import MAX_COPIED_BYTES, MAX_TERMS, TooManyTermsError, Wishes


def test_too_many_terms_are_refused() -> None:
    """Products up to the bound are made; beyond it nothing is."""
    terms = [{"matchExpressions": [{"key": "zone", "operator": "In", "values": [str(number)]}]} for number in range(MAX_TERMS // 2)]
    wishes = Wishes([(POOL, VIRTUAL)])
    assert len(terms_of(edited(pod_with(*terms), wishes))) == MAX_TERMS
    with pytest.raises(TooManyTermsError, match=f"at most {MAX_TERMS}"):
        edit_of(pod_with(*terms, terms[0]), wishes)


def test_conjuncts_alone_can_be_too_many() -> None:
    """A pod without terms is refused as well, each time."""
    conjuncts = [tuple(term_of(require(f"{number}", "In", str(value))) for value in range(5)) for number in range(4)]
    wishes = Wishes(conjuncts)
    for _ in range(2):
        with pytest.raises(TooManyTermsError):
            edit_of({"spec": {}}, wishes)


def test_an_author_may_have_more_terms_than_we_would_make() -> None:
    """Only growth is bounded."""
    term = {"matchExpressions": [{"key": "zone", "operator": "Exists"}]}
    assert len(terms_of(edited(pod_with(*[term] * (MAX_TERMS + 1)), Wishes([(POOL,)])))) == MAX_TERMS + 1


def test_a_long_term_is_looked_at_once() -> None:
    """What a term implies is found in one pass over it, however many terms the policies have: an author may write megabytes."""
    own, wanted = 500, 20
    conjunct = tuple(term_of(require("zone", "In", str(number))) for number in range(wanted))
    term = {"matchExpressions": [{"key": "zone", "operator": "Exists"}] * own}
    with mock.patch("webhook.engine.terms.implies", wraps=terms.implies) as implied:
        edit = edit_of(pod_with(term), Wishes([conjunct]))
    assert len(edit.operations) == wanted
    assert implied.call_count <= own * wanted + 3 * wanted**2


def test_terms_that_imply_the_same_are_multiplied_once() -> None:
    """What is added to a term hangs on what it implies, so the terms of a pod share it."""
    nested = tuple(term_of(require("pool", "In", *map(str, range(size + 1)))) for size in range(40))
    pod = pod_with(*({"matchExpressions": [{"key": "zone", "operator": "In", "values": [str(number)]}]} for number in range(100)))
    with mock.patch("webhook.engine.terms.implies", wraps=terms.implies) as implied:
        edit = edit_of(pod, Wishes([nested]))
    assert len(edit.operations) == 100
    assert implied.call_count <= 4 * 40**2


def test_copies_of_long_terms_are_refused() -> None:
    """A few copies of a huge term would not fit into an object either, and the answer would be many times the request."""
    long = {"matchExpressions": [{"key": "zone", "operator": "Exists"}] * (MAX_COPIED_BYTES // 100)}
    third = term_of(require("type", "In", "other"))
    assert edit_of(pod_with(long), Wishes([(POOL, VIRTUAL)])).operations
    with pytest.raises(TooManyTermsError, match=f"more than {MAX_COPIED_BYTES} bytes"):
        edit_of(pod_with(long, long), Wishes([(POOL, VIRTUAL, third)]))


def test_memory_for_products_is_bounded() -> None:
    """When more kinds of terms come than are remembered, the memory is cleared and the answers stay right."""
    wishes = Wishes([(term_of(require("a", "In", "1")), term_of(require("b", "In", "1")))])
    with mock.patch("webhook.engine.affinity._MAX_REMEMBERED", 1):
        for key in ("zone", "a", "zone", "b", "zone"):
            grows = key == "zone"
            edit = edit_of(pod_with({"matchExpressions": [{"key": key, "operator": "In", "values": ["1"]}]}), wishes)
            assert (len(edit.operations), edit.conjuncts) == ((2, (ADDED,)) if grows else (0, (PRESENT,)))
