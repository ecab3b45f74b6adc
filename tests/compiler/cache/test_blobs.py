"""What is known of the files of a revision."""

from compiler.cache.blobs import BlobIndex

TOKEN = b"t" * 20


def test_a_file_is_known_by_its_object() -> None:
    """A token holds for the path and object that it was learned for, and for no other."""
    first = BlobIndex(None, {"a.yaml": b"1" * 40, "b.yaml": b"2" * 40})
    assert first.tokens(["a.yaml"]) == {}
    first.learn("a.yaml", TOKEN)
    first.learn("b.yaml", TOKEN)
    again = BlobIndex(first.content(), {"a.yaml": b"1" * 40, "b.yaml": b"3" * 40, "c.yaml": b"1" * 40})
    assert again.tokens(["a.yaml", "b.yaml", "c.yaml"]) == {"a.yaml": TOKEN}


def test_nothing_is_kept_that_was_not_learned() -> None:
    """Without anything new nothing is written, and what is damaged counts for nothing."""
    objects = {"a.yaml": b"1" * 40, "\udcff.yaml": b"2" * 40}
    index = BlobIndex(b"damaged", objects)
    assert index.content() is None
    index.learn("a.yaml", TOKEN)
    index.learn("\udcff.yaml", TOKEN)
    index.learn("gone.yaml", TOKEN)
    assert BlobIndex(index.content(), objects).tokens(list(objects)) == {"a.yaml": TOKEN}
