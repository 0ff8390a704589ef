"""The line that says how far the reading of a table is."""

from __future__ import annotations

import io

import pytest

from hqnn_dsl.training import reading_bar
from hqnn_dsl.training.reading_bar import ReadingBar


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


@pytest.fixture
def clock(monkeypatch):
    """The time, which stands still until it is set."""
    now = [100.0]
    monkeypatch.setattr(reading_bar.time, "perf_counter", lambda: now[0])
    return now


def test_a_table_that_is_read_at_once_has_no_line(clock):
    for stream in (Terminal(), io.StringIO()):
        with ReadingBar("t.csv", progress=stream) as bar:
            bar(10, 100)
            clock[0] += 0.9
            bar(100, 100)
        assert stream.getvalue() == ""


def test_a_terminal_has_a_line_that_is_gone_at_the_end(clock):
    stream = Terminal()
    with ReadingBar("a\nb.csv", progress=stream) as bar:
        clock[0] += 1.5
        bar(1 << 20, 4 << 20)
        clock[0] += 0.05
        bar(2 << 20, 4 << 20)
        clock[0] += 0.1
        bar(3 << 20, 4 << 20)
    states = [state for state in stream.getvalue().split("\r") if state.strip()]
    assert states[0].startswith("reading a·b.csv  25%  1.0 MiB of 4.0 MiB read  1.5 s  [###")
    assert states[-1].startswith("reading a·b.csv  75%")
    assert len({state.rstrip() for state in states}) == 2
    assert all(len(state) < 80 for state in states)
    assert stream.getvalue().endswith(" \r")


def test_elsewhere_a_line_is_said_now_and_then(clock):
    stream = io.StringIO()
    with ReadingBar("t.csv", progress=stream) as bar:
        for _ in range(25):
            clock[0] += 1
            bar(5 << 20, None)
    assert stream.getvalue() == "reading t.csv, 5.0 MiB read, 10 s\nreading t.csv, 5.0 MiB read, 20 s\n"


def test_it_can_be_sent_away(clock, capsys):
    with ReadingBar("t.csv", progress=False) as bar:
        clock[0] += 100
        bar(1, 2)
    assert capsys.readouterr() == ("", "")
