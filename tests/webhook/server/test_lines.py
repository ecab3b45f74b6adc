"""Log lines leave in order and whole, and never hold anybody up."""

import io
import logging
import os
import threading

import pytest

from webhook.telemetry import lines as module
from webhook.telemetry.lines import MAX_PENDING_BYTES, Lines


@pytest.fixture
def pipe() -> tuple[int, int]:
    """Return the two ends of a pipe: to read, to write."""
    return os.pipe()


@pytest.fixture
def patient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let lines be written to their end, however busy the machine is."""
    monkeypatch.setattr(module, "_CLOSE_SECONDS", 60.0)


@pytest.mark.usefixtures("patient")
def test_lines_arrive_in_order_and_whole(pipe: tuple[int, int]) -> None:
    """What several threads write comes out line by line, each thread's in its order, and all of it by the time of close."""
    reading, writing = pipe
    received = io.BytesIO()

    def read() -> None:
        while piece := os.read(reading, 1000):
            received.write(piece)

    lines = Lines(writing)
    reader = threading.Thread(target=read)
    reader.start()
    writers = [
        threading.Thread(target=lambda name=name: [lines.append(b"%d %d\n" % (name, number)) for number in range(2000)])
        for name in range(3)
    ]
    for each in writers:
        each.start()
    for each in writers:
        each.join()
    lines.close()
    os.close(writing)
    reader.join()
    os.close(reading)
    got = [line.split() for line in received.getvalue().splitlines()]
    assert len(got) == 6000
    for name in range(3):
        assert [int(number) for each, number in got if int(each) == name] == list(range(2000))
    assert lines.dropped == 0


def test_a_reader_that_is_stuck_holds_nobody_up(pipe: tuple[int, int]) -> None:
    """Nobody reads: lines are queued up to the bound, dropped and counted beyond it, and close does not wait for ever."""
    reading, writing = pipe
    lines = Lines(writing)
    line = b"x" * 1023 + b"\n"
    count = 2 * MAX_PENDING_BYTES // len(line)
    for _ in range(count):
        lines.append(line)
    assert 0 < lines.dropped < count
    assert [family.samples[0].value for family in lines.collect()] == [lines.dropped]
    os.set_blocking(reading, False)
    while lines._thread.is_alive():  # until the queue is empty; what is read makes room
        lines._closing.set()
        lines._something.set()
        try:
            os.read(reading, 1 << 20)
        except BlockingIOError:
            lines._thread.join(0.01)
    os.close(reading)
    os.close(writing)


@pytest.mark.usefixtures("patient")
def test_a_reader_that_is_gone_breaks_nothing(pipe: tuple[int, int]) -> None:
    """A closed pipe drops lines, and says so by their number."""
    reading, writing = pipe
    os.close(reading)
    lines = Lines(writing)
    lines.append(b"one\n")
    lines.append(b"two\n")
    lines.close()
    os.close(writing)
    assert lines.dropped == 2


@pytest.mark.usefixtures("patient")
def test_is_a_stream_for_logging(pipe: tuple[int, int]) -> None:
    """A handler of the standard library writes to it, odd characters included."""
    reading, writing = pipe
    lines = Lines(writing)
    handler = logging.StreamHandler(lines)
    handler.emit(logging.LogRecord("a", logging.INFO, "", 0, "text \udc80 ü", None, None))
    lines.close()
    os.close(writing)
    assert os.read(reading, 1000) == b"text \\udc80 \xc3\xbc\n"
    os.close(reading)
