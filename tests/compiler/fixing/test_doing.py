"""Fixes done to texts: whole or not at all, in whatever order they come."""

from compiler.diagnostics import Edit, Fix
from compiler.fixing import carried_out, quoted, renamed, replaced, uncommented
from compiler.load import load
from compiler.source import Document, Location, SourceFile, Span


def _fix(file: SourceFile, *edits: tuple[int, int, str]) -> Fix:
    return Fix("x", tuple(Edit(Location(file.path, file.between(start, end), file), text) for start, end, text in edits), safe=True)


def _document(text: str) -> Document:
    (document,), found = load(SourceFile("x", text))
    assert not found
    return document


def _done(text: str, *fixes: Fix | None) -> str:
    return carried_out([each for each in fixes if each], lambda _: text, lambda _path, _text: True).texts["x"]


def test_fixes_that_do_not_touch_are_done_at_once() -> None:
    """Edits are done by their places in the text that was read, whatever comes before them."""
    file = SourceFile("x", "ab\ncd\nef\n")
    done = carried_out([_fix(file, (6, 8, "F")), _fix(file, (0, 1, "AAA"), (3, 3, "-"))], lambda _: file.text, lambda *_: True)
    assert done.texts == {"x": "AAAb\n-cd\nF\n"}
    assert done.number == 2


def test_of_fixes_that_touch_the_first_is_done() -> None:
    """Two that overlap, or that meet, do not know of each other; one that is offered twice is done once."""
    file = SourceFile("x", "abcdef")
    done = carried_out(
        [_fix(file, (1, 3, "")), _fix(file, (2, 4, "")), _fix(file, (3, 4, "")), _fix(file, (1, 3, "")), _fix(file, (5, 6, "!"))],
        lambda _: file.text,
        lambda *_: True,
    )
    assert (done.texts, done.number) == ({"x": "ade!"}, 2)


def test_a_fix_over_several_files_is_done_in_all_or_none() -> None:
    """If one of its edits cannot be done, neither can the others."""
    files = {path: SourceFile(path, "abc") for path in "xy"}
    both = Fix("x", tuple(Edit(Location(path, Span(1, 1, 1, 2), file), "!") for path, file in files.items()), safe=True)
    first = _fix(files["y"], (0, 1, "?"))
    assert carried_out([both], lambda path: files[path].text, lambda *_: True).texts == {"x": "!bc", "y": "!bc"}
    assert carried_out([first, both], lambda path: files[path].text, lambda *_: True).texts == {"y": "?bc"}


def test_a_fix_that_breaks_its_file_is_not_done() -> None:
    """What could not be read afterwards is left out, and what goes with the rest is done."""
    file = SourceFile("x", "a b c d")
    fixes = [_fix(file, (0, 1, "A")), _fix(file, (2, 3, "BAD")), _fix(file, (4, 5, "C")), _fix(file, (6, 7, "D"))]
    done = carried_out(fixes, lambda _: file.text, lambda _path, text: "BAD" not in text)
    assert done.number > 0
    assert "BAD" not in done.texts["x"]
    assert carried_out(fixes[1:2], lambda _: file.text, lambda _path, text: "BAD" not in text).texts == {}


def test_places_that_are_none_are_left_alone() -> None:
    """A place without a position, or behind the end of a text that was shortened meanwhile, cannot be edited."""
    file = SourceFile("x", "abc")
    nowhere = Fix("x", (Edit(Location("x"), "!"),), safe=True)
    assert carried_out([nowhere, _fix(file, (2, 3, "!"))], lambda _: "a", lambda *_: True).number == 0


def test_another_key() -> None:
    """A key is written anew in its own quotes, unless the mapping has the right one already."""
    text = "a:\n  'nmae': x\n  maxx: {\"mni\": 1}\n"
    document = _document(text)
    fixes = [
        renamed(document, "a", "nmae", to="name"),
        renamed(document, "a", "maxx", to="max"),
        renamed(document, "a", "maxx", "mni", to="min"),
    ]
    assert _done(text, *fixes) == "a:\n  'name': x\n  max: {\"min\": 1}\n"
    assert not any(each.safe for each in fixes if each)
    assert renamed(document, "a", "maxx", to="nmae") is None


def test_another_value() -> None:
    """A text is written anew in its own quotes, and in quotes where it would be read as something else."""
    text = "a: [one, 'two', \"three\", one]\n"
    document = _document(text)
    fixes = [
        replaced(document.at("a", 0), "one", "eins"),
        replaced(document.at("a", 1), "two", "zw'ei"),
        replaced(document.at("a", 2), "three", 'dr"ei'),
        replaced(document.at("a", 3), "one", "yes"),
    ]
    assert _done(text, *fixes) == 'a: [eins, \'zw\'\'ei\', "dr\\"ei", "yes"]\n'
    assert replaced(document.at("a", 0), "another", "x") is None
    assert replaced(document.at("b"), "another", "x") is None
    assert replaced(document.at_key("a"), "a", "x") is None


def test_quotes() -> None:
    """A number becomes text in quotes, as it was written."""
    text = "a: {b: 010, c: 1.50, d: true, e: [x]}\n"
    document = _document(text)
    fixes = [quoted(document, "a", key, safe=True) for key in "bcde"]
    assert fixes[3] is None
    assert _done(text, *fixes) == 'a: {b: "010", c: "1.50", d: "true", e: [x]}\n'


def test_characters_beyond_the_basic_plane() -> None:
    """Columns count characters, so an emoji before a place moves nothing."""
    text = "a: ['🙂', one] # 🙂\n"
    assert _done(text, replaced(_document(text).at("a", 1), "one", "two")) == "a: ['🙂', two] # 🙂\n"


def test_comments_go_with_their_line_or_the_blanks_before_them() -> None:
    """A comment beside something leaves no blanks at the end of its line; one alone leaves no line; line ends stay."""
    for text, line, column, after in (
        ("a: 1  # x\nb: 2\n", 1, 7, "a: 1\nb: 2\n"),
        ("a: 1  # x\r\nb: 2\r\n", 1, 7, "a: 1\r\nb: 2\r\n"),
        ("a: 1\n  # x\nb: 2\n", 2, 3, "a: 1\nb: 2\n"),
        ("a: 1 # x", 1, 6, "a: 1"),
        ("a: 1\n# x", 2, 1, "a: 1\n"),
    ):
        assert _done(text, uncommented(SourceFile("x", text), line, column)) == after
