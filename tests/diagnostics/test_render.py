"""Positions, the text of a diagnostic and its data: one place computes lines and columns, and these hold it."""

from __future__ import annotations

import json

import pytest

from hqnn_dsl.diagnostics.codes.meaning import DefinedTwice, UnknownName
from hqnn_dsl.diagnostics.codes.warnings import UnboundedEncoder
from hqnn_dsl.diagnostics.diagnostic import Findings, Note, Refusal
from hqnn_dsl.diagnostics.render import as_data, as_text, most_telling, summary
from hqnn_dsl.diagnostics.source import Source, Span
from hqnn_dsl.limits import MAX_SHOWN_TEXT

TEXT = "first\n\tsecönd é\n\nlast"


@pytest.mark.parametrize(
    ("offset", "line", "column"),
    [(0, 1, 1), (5, 1, 6), (6, 2, 1), (7, 2, 2), (15, 2, 10), (16, 3, 1), (17, 4, 1), (21, 4, 5)],
)
def test_lines_and_columns_count_from_one(offset, line, column):
    assert Source("s", TEXT).position(offset) == (line, column)


def test_lines_come_without_their_ends():
    source = Source("s", TEXT.replace("\n", "\r\n"))
    assert [source.line(number) for number in (1, 2, 3, 4)] == ["first", "\tsecönd é", "", "last"]


def test_carets_stand_under_the_text_whatever_stands_before_it():
    source = Source("s.hqnn", TEXT)
    item = UnknownName(span=Span(source, 14, 15), name="é", hint="write `e`")
    assert as_text(item).splitlines() == [
        "error[E0201]: nothing here is called `é`",
        " --> s.hqnn:2:9",
        "  |",
        "2 |  secönd é",
        "  |         ^ unknown name",
        "  = help: write `e`",
    ]


def test_a_span_over_several_lines_is_underlined_on_its_first():
    source = Source("s", "abc def\nghi")
    text = as_text(UnknownName(span=Span(source, 4, 11), name="x"))
    assert "  |     ^^^ unknown name" in text.splitlines()


def test_an_empty_span_at_the_end_has_a_caret():
    source = Source("s", "abc")
    assert "  |    ^ unknown name" in as_text(UnknownName(span=Span(source, 3, 3), name="x")).splitlines()


def test_control_characters_do_not_reach_the_terminal():
    source = Source("s", "let \x1b[31m = 1")
    text = as_text(UnknownName(span=Span(source, 4, 5), name="x"))
    assert "\x1b" not in text


def test_notes_of_other_files_have_their_own_place():
    here, there = Source("here.hqnn", "let a = 1"), Source("there.hqnn", "\nlet a = 2")
    note, plain = Note("the first one", Span(there, 5, 6)), Note("a plain sentence")
    text = as_text(DefinedTwice(span=Span(here, 4, 5), what="`a`", notes=(note, plain)))
    assert text.index("--> here.hqnn:1:5") < text.index("::: there.hqnn:2:5")
    assert "    - the first one" in text
    assert "= note: a plain sentence" in text


def test_colours_are_only_there_where_asked_for():
    item = UnknownName(span=Span(Source("s", "abc"), 0, 3), name="abc")
    assert "\x1b" not in as_text(item)
    assert "\x1b[" in as_text(item, colour=True)


def test_data_say_the_same_as_the_text():
    source = Source("s", TEXT)
    found = as_data(UnknownName(span=Span(source, 7, 13), name="x", notes=(Note("why"),)))
    assert json.loads(json.dumps(found)) == found
    assert found["place"] == {
        "file": "s",
        "start": {"line": 2, "column": 2, "offset": 7},
        "end": {"line": 2, "column": 8, "offset": 13},
    }
    assert found["notes"] == [{"text": "why", "place": None}]
    assert as_data(UnknownName(name="x"))["place"] is None


def test_findings_are_ordered_and_said_once():
    source = Source("s", "abcdef")
    late, early = (UnknownName(span=Span(source, at, at + 1), name="x") for at in (4, 1))
    placeless, warning = UnknownName(name="y"), UnboundedEncoder(span=Span(source, 2, 3))
    findings = Findings()
    for item in (late, placeless, early, late, warning):
        findings.add(item)
    assert findings.items == (early, warning, late, placeless)
    assert summary(findings.items) == "3 errors, 1 warning"
    with pytest.raises(Refusal) as caught:
        findings.raise_errors()
    assert caught.value.diagnostics == findings.items


def test_warnings_alone_raise_nothing():
    findings = Findings()
    findings.add(UnboundedEncoder(span=Span(Source("s", "abc"), 0, 1)))
    findings.raise_errors()
    assert not findings.has_errors


def test_what_is_wrong_with_an_option_is_the_command_lines_mistake():
    option, file = Source("--set a", "b", is_option=True), Source("s", "b")
    assert Refusal(UnknownName(span=Span(file, 0, 1), name="b")).exit_code == 1
    assert Refusal(UnknownName(span=Span(option, 0, 1), name="b")).exit_code == 2


def test_of_a_long_line_the_part_around_the_mark_is_shown():
    text = "let a = [" + "0, " * 300_000 + "wrong]"
    start = text.index("wrong")
    shown = as_text(UnknownName(span=Span(Source("s", text), start, start + 5), name="wrong"))
    line, carets = shown.splitlines()[3:5]
    assert len(shown) < 1_000
    assert line.startswith("1 | …")
    assert line[carets.index("^") : carets.rindex("^") + 1] == "wrong"


@pytest.mark.parametrize("start", [0, 10, 199, 200, 201, 5_000, 9_990, 9_999])
def test_carets_stand_under_the_text_of_a_long_line(start):
    text = "".join(chr(ord("a") + place % 26) for place in range(10_000))
    item = UnknownName(span=Span(Source("s", text), start, start + 3), name="n")
    line, carets = as_text(item).splitlines()[3:5]
    first = carets.index("^")
    assert line[first : first + carets.count("^")] == text[start : start + 3]


def test_marks_far_from_each_other_in_a_line_are_shown_apart():
    text = "first" + " " * 5_000 + "second"
    source = Source("s", text)
    item = UnknownName(span=Span(source, 5_005, 5_011), name="n", notes=(Note("see here", Span(source, 0, 5)),))
    lines = as_text(item).splitlines()
    assert sum(line.startswith("1 |") for line in lines) == 2
    assert any(line.endswith("^^^^^^ unknown name") for line in lines)
    assert any(line.endswith("----- see here") for line in lines)


def test_sentences_that_quote_a_whole_file_are_cut():
    item = UnknownName(span=None, name="n" * 1_000_000, hint="m" * 1_000_000)
    assert len(as_text(item)) < 3 * MAX_SHOWN_TEXT
    assert len(json.dumps(as_data(item))) < 4 * MAX_SHOWN_TEXT
    assert len(str(Refusal(*[item] * 1_000))) < 50 * MAX_SHOWN_TEXT


def test_of_very_many_findings_errors_come_first_and_keep_their_order():
    source = Source("s", "x" * 500)
    warnings = [UnboundedEncoder(span=Span(source, place, place + 1)) for place in range(400)]
    errors = [UnknownName(span=Span(source, place, place + 1), name="n") for place in (450, 460)]
    found = most_telling([*warnings, *errors], 10)
    assert [item.span.start for item in found] == [*range(8), 450, 460]
    assert most_telling(errors, 10) == errors
