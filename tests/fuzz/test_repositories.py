"""A few seconds of what ``make fuzz`` does for as long as one likes."""

from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.fuzz.properties import examine, examine_bytes
from tests.fuzz.repositories import Mutator, corpus

MUTATOR = Mutator(corpus())


@given(st.randoms(use_true_random=False))
def test_any_repository_is_compiled_or_refused(random: Random) -> None:
    """Whatever a repository holds, there is no traceback; findings have places, errors stop the output, and all is the same twice."""
    examine(MUTATOR.repository(random))


@given(st.randoms(use_true_random=False))
def test_any_bytes_are_read_or_refused(random: Random) -> None:
    """Whatever bytes a file has, it gives documents or findings within the file, and never both."""
    for raw in MUTATOR.repository(random).values():
        examine_bytes(raw)


@pytest.mark.parametrize(
    "raw",
    [
        b"{tiis",
        b"[",
        b"",
        b"\xef\xbb\xbf\xef\xbb\xbf",
    ],
)
def test_what_fuzzers_found(raw: bytes) -> None:
    """Inputs that a fuzzer has found something with."""
    examine_bytes(raw)
    examine({"overbank.yaml": raw})


def test_a_name_that_is_no_text_beside_patterns() -> None:
    """A file name that is no UTF-8 is matched with patterns like any other."""
    repository = b"apiVersion: overbank.dev/v1alpha1\nkind: Repository\nspec: {exclude: [a]}\n"
    examine({"overbank.yaml": repository, "\udcff.yaml": b"a: 1\n"})
