"""A memory for several runs of one process."""

from compiler.incremental import Nothing, Shared


def test_runs_of_one_process_share_answers() -> None:
    """What was put in is known at once, whether it is kept beyond the process or not."""
    memory = Shared(Nothing())
    assert (memory.keeps, memory.salt) == (True, b"")
    memory.put(b"k", b"v")
    assert memory.get([b"k", b"other"]) == {b"k": b"v"}


def test_what_is_known_beyond_is_asked_for() -> None:
    """What the process does not know is looked for beyond, and what it learns is told there."""
    beyond = Shared(Nothing())
    beyond.put(b"k", b"v")
    memory = Shared(beyond)
    memory.put(b"l", b"w")
    assert memory.get([b"k"]) == {b"k": b"v"}
    assert beyond.get([b"l"]) == {b"l": b"w"}
