"""The store: answers come back as they were or not at all, whatever happens to the file."""

import os
import signal
import sqlite3
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from random import Random

import pytest

from compiler.cache import store as module
from compiler.cache.folder import STORE
from compiler.cache.store import Store

Opened = Callable[[], Store]

ANSWERS = {b"%020d" % number: bytes([number % 251]) * (number * 7 % 900) for number in range(400)}


@pytest.fixture
def filled(opened: Opened, place: Path) -> Path:
    """Return the file of a store with some answers."""
    store = opened()
    for key, value in ANSWERS.items():
        store.put(key, value)
    store.pack("one")
    store.close()
    return place / STORE


def test_answers_come_back(opened: Opened, filled: Path, warnings: list[str]) -> None:
    """What was put is found by the next one, with a pack and without; what was not is not."""
    assert filled.exists()
    store = opened()
    assert dict(store.get([*ANSWERS, b"other"])) == ANSWERS
    store = opened()
    store.pack("one")
    assert dict(store.get([*ANSWERS, b"other"])) == ANSWERS
    assert warnings == []


def test_only_the_owner_may_look_into_it(filled: Path) -> None:
    """The folder is closed to others: findings quote what people wrote."""
    assert filled.parent.stat().st_mode & 0o777 == 0o700


@pytest.mark.parametrize("part", [0, 1, 16, 99, 100, 0.1, 0.5, 0.9, 0.999])
def test_a_truncated_file_is_a_miss(part: float, opened: Opened, filled: Path, warnings: list[str]) -> None:
    """Of a file that ends too early, what is found is right; the next run has a store again."""
    size = filled.stat().st_size
    os.truncate(filled, part if isinstance(part, int) else int(size * part))
    _is_right_or_missing(opened, warnings)


@pytest.mark.parametrize("seed", range(60))
def test_flipped_bytes_are_a_miss(seed: int, opened: Opened, filled: Path, warnings: list[str]) -> None:
    """Whatever bytes are changed, what is found is right; the next run has a store again."""
    random = Random(seed)
    content = bytearray(filled.read_bytes())
    for _ in range(random.choice([1, 3, 30, 3000])):
        content[random.randrange(random.choice([100, 5000, len(content)]))] = random.randrange(256)
    filled.write_bytes(content)
    _is_right_or_missing(opened, warnings)


def test_a_complaint_that_is_no_text_is_one_all_the_same(opened: Opened, filled: Path, warnings: list[str]) -> None:
    """SQLite quotes the damage that it tells of, and Python then raises an error of its own."""
    content = filled.read_bytes()
    assert content.count(b"CREATE TABLE answers") == 1
    filled.write_bytes(content.replace(b"CREATE TABLE answers", b"CREATE TABL\xff answers"))
    _is_right_or_missing(opened, warnings)
    assert len(warnings) == 1
    assert "is damaged and was deleted" in warnings[0]


@pytest.mark.parametrize("content", [b"somebody's notes\n" * 100, b"\0" * 10_000, b"SQLite format 3\0" * 500])
def test_a_file_that_is_no_store_is_replaced(content: bytes, opened: Opened, filled: Path, warnings: list[str]) -> None:
    """In a folder that is ours, what has the store's name and is none goes."""
    filled.write_bytes(content)
    _is_right_or_missing(opened, warnings)
    store = opened()
    store.put(b"k" * 20, b"new")
    store.close()
    assert opened().get([b"k" * 20]) == {b"k" * 20: b"new"}
    assert len(warnings) == 1


def test_a_database_of_another_shape_is_replaced(opened: Opened, filled: Path, warnings: list[str]) -> None:
    """A file of SQLite with other tables is no store."""
    filled.unlink()
    with sqlite3.connect(filled) as connection:
        connection.execute("CREATE TABLE notes (text)")
    connection.close()
    _is_right_or_missing(opened, warnings)
    assert len(warnings) == 1


def _is_right_or_missing(opened: Opened, warnings: list[str]) -> None:
    store = opened()
    store.pack("one")
    found = dict(store.get(list(ANSWERS)))
    assert found.items() <= ANSWERS.items()
    for key, value in ANSWERS.items():
        store.put(key, value)
    store.close()
    assert len(warnings) <= 1
    # Damage may show only when something is written; then this run has begun anew.
    for _ in range(2):
        store = opened()
        for key, value in ANSWERS.items():
            store.put(key, value)
        store.close()
    assert dict(opened().get(list(ANSWERS))) == ANSWERS


def test_a_full_disk_is_no_failure(opened: Opened, filled: Path, warnings: list[str]) -> None:
    """What cannot be written is not there, what was there stays, and there is one warning."""
    store = opened()
    assert store._connection
    store._connection.execute("PRAGMA max_page_count = 1")
    for number in range(100):
        store.put(b"%020d" % (1000 + number), b"x" * 5000)
    store.close()
    assert len(warnings) == 1
    assert "full" in warnings[0]
    assert dict(opened().get(list(ANSWERS))) == ANSWERS
    assert filled.exists()


def test_a_file_that_cannot_be_opened_is_done_without(opened: Opened, place: Path, warnings: list[str]) -> None:
    """A folder in the place of the store ends nothing, and stays."""
    (place / STORE).mkdir()
    store = opened()
    store.put(b"k", b"v")
    assert store.get([b"k"]) == {}
    store.close()
    assert len(warnings) == 1
    assert (place / STORE).is_dir()


def test_a_store_that_may_only_be_read_is_read(opened: Opened, filled: Path, warnings: list[str]) -> None:
    """Answers are found in it; that nothing can be written is one warning."""
    store = opened()
    assert store._connection
    store._connection.execute("PRAGMA query_only = ON")
    assert dict(store.get(list(ANSWERS))) == ANSWERS
    store.put(b"k" * 20, b"v")
    store.close()
    assert len(warnings) == 1
    assert dict(opened().get(list(ANSWERS))) == ANSWERS
    assert filled.exists()


def test_whoever_has_locked_it_is_not_waited_for_forever(
    opened: Opened, filled: Path, warnings: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A store that another process holds on to is done without, and not deleted."""
    monkeypatch.setattr(module, "_PATIENCE", 0.0)
    other = sqlite3.connect(filled, isolation_level=None)
    other.execute("BEGIN EXCLUSIVE")
    store = opened()
    assert dict(store.get(list(ANSWERS))) == {}
    store.close()
    other.execute("ROLLBACK")
    other.close()
    assert len(warnings) == 1
    assert dict(opened().get(list(ANSWERS))) == ANSWERS


KILLED = """
import os, signal, sys
from pathlib import Path
from compiler.cache.store import Store
store = Store(Path(sys.argv[1]), print)
store._connection.execute("PRAGMA cache_size = 1")
store._connection.execute("BEGIN IMMEDIATE")
for number in range(400):
    row = (b"%020d" % number, b"half" * 1000, 1, 1)
    store._connection.execute("INSERT OR REPLACE INTO answers (key, value, checksum, used) VALUES (?, ?, ?, ?)", row)
os.kill(os.getpid(), signal.SIGKILL)
"""


def test_a_run_that_is_killed_while_it_writes_leaves_what_was_there(opened: Opened, filled: Path, warnings: list[str]) -> None:
    """Half of a transaction is rolled back by whoever comes next."""
    process = subprocess.run([sys.executable, "-c", KILLED, str(filled.parent)], check=False)
    assert process.returncode == -signal.SIGKILL
    assert filled.with_name(f"{STORE}-journal").exists()
    assert dict(opened().get(list(ANSWERS))) == ANSWERS
    assert warnings == []


def test_a_checksum_belongs_to_its_key(opened: Opened, filled: Path) -> None:
    """The answer to another question is no answer."""
    with sqlite3.connect(filled) as connection:
        value, checksum = connection.execute("SELECT value, checksum FROM answers WHERE key = ?", (b"%020d" % 1,)).fetchone()
        connection.execute("UPDATE answers SET value = ?, checksum = ? WHERE key = ?", (value, checksum, b"%020d" % 2))
    connection.close()
    assert opened().get([b"%020d" % 2]) == {}


def test_what_was_not_used_for_long_goes(opened: Opened, filled: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Answers that nobody asked for in thirty days are deleted; those that somebody asked for stay, packed or not."""
    assert filled.exists()
    used = list(ANSWERS)[:200]
    now = module.time.time()
    monkeypatch.setattr(module.time, "time", lambda: now + 20 * 86_400)
    store = opened()
    assert len(store.get(used[:100])) == 100
    store.close()
    monkeypatch.setattr(module.time, "time", lambda: now + 40 * 86_400)
    store = opened()
    store.put(b"k" * 20, b"v")
    store.close()
    assert set(opened().get([*ANSWERS, b"k" * 20])) == {*used[:100], b"k" * 20}


def test_a_day_is_noted_once(opened: Opened, filled: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The first run of a day notes that answers were asked for; those after it have nothing to write."""
    assert filled.exists()
    now = module.time.time()
    monkeypatch.setattr(module.time, "time", lambda: now + 86_400)
    written = []
    for _ in range(3):
        store = opened()
        said: list[str] = []
        assert store._connection
        store._connection.set_trace_callback(said.append)
        store.pack("one")
        assert dict(store.get([*ANSWERS])) == ANSWERS
        store.close()
        written.append("COMMIT" in said)
    assert written == [True, False, False]


def test_what_is_remembered_stays_as_long_as_it_is_recalled(opened: Opened, filled: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Packs and indices, which a run without a change does not write anew, do not become old while they are of use."""
    assert filled.exists()
    store = opened()
    store.remember(b"index", b"of files")
    store.close()
    now = module.time.time()
    for days in range(15, 90, 15):
        monkeypatch.setattr(module.time, "time", lambda days=days: now + days * 86_400)
        store = opened()
        store.pack("one")
        assert store.recall(b"index") == b"of files"
        assert len(store._pack) > 100
        store.get([*ANSWERS])
        store.close()


def test_it_does_not_grow_without_bound(opened: Opened, filled: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Above the bound the longest unused answers go, and the file becomes smaller."""
    monkeypatch.setattr(module, "MAX_BYTES", 400_000)
    for round_ in range(6):
        store = opened()
        for number in range(50):
            store.put(b"%010d%010d" % (round_, number), b"x" * 4000)
        store.close()
        assert filled.stat().st_size < 700_000
    assert len(opened().get([b"%010d%010d" % (5, number) for number in range(50)])) == 50


def test_a_pack_follows_what_is_asked_for(opened: Opened, filled: Path) -> None:
    """After a run that asked for other answers, the pack has those, and an answer that it lacks is found beside it."""
    assert filled.exists()
    keys = list(ANSWERS)
    for chosen in (keys[:300], keys[100:], keys):
        store = opened()
        store.pack("one")
        assert set(store.get(chosen)) == set(chosen)
        store.close()
        store = opened()
        store.pack("one")
        assert set(store._pack) == set(chosen)


def test_large_answers_are_not_packed(opened: Opened) -> None:
    """The files of a folder are looked for when somebody writes them."""
    store = opened()
    store.pack("one")
    store.put(b"k" * 20, b"x" * 100_000)
    store.close()
    store = opened()
    store.pack("one")
    assert store._pack == {}
    assert len(store.get([b"k" * 20])[b"k" * 20]) == 100_000
