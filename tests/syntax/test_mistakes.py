"""One report for one mistake, on its line; what stands around it is read all the same."""

from __future__ import annotations

import random

import pytest
from syntax.examples import ACCEPTED
from syntax.mistakes import BLOCK, IN_BLOCK, IN_MODEL, MISTAKES, MODEL
from syntax.trees import bare

from hqnn_dsl.diagnostics.codes import letters, syntax
from hqnn_dsl.diagnostics.codes.letters import MoreMistakes, UnclosedBrace
from hqnn_dsl.diagnostics.diagnostic import Diagnostic
from hqnn_dsl.diagnostics.source import Source
from hqnn_dsl.limits import MAX_SHOWN_MISTAKES
from hqnn_dsl.syntax import recovery
from hqnn_dsl.syntax.parser import parse, parse_value

RAW = ("NAME", "NUMBER", "STRING", "SEP", "CALL_OPEN", "INDEX_OPEN", "$END", "ERROR", "PATH", "LPAR")


def found(text):
    source = Source("mistake", text)
    _, reports = parse(source)
    return [(report.code, source.position(report.span.start)[0]) for report in reports]


@pytest.mark.parametrize(("code", "line", "text"), MISTAKES, ids=range(len(MISTAKES)))
def test_one_report_on_its_line(code, line, text):
    assert found(text) == [(code, line)]


@pytest.mark.parametrize(("code", "line", "text"), MISTAKES, ids=range(len(MISTAKES)))
def test_sentences_are_filled_and_human(code, line, text):
    _, (report,) = parse(Source("mistake", text))
    sentence = f"{report.headline} {report.caption} {report.help}"
    assert report.headline
    assert not any(word in sentence for word in RAW)
    assert "{}" not in sentence


@pytest.mark.parametrize("text", [text for _, _, text in IN_BLOCK])
def test_what_comes_after_in_a_file_is_read(text):
    file, _ = parse(Source("mistake", BLOCK.format(text)))
    assert file.statements[-1].name.name == "after"


@pytest.mark.parametrize("text", [text for _, _, text in IN_MODEL])
def test_what_comes_after_a_model_is_read(text):
    file, _ = parse(Source("mistake", MODEL.format(text)))
    assert file.statements[-1].name.name == "after"


def test_independent_mistakes_are_all_reported():
    alone = ("E0110", "E0111")  # braces that do not balance are a mistake of the whole text
    lines = [
        (code, text)
        for code, line, text in IN_BLOCK
        if line == 4
        and code not in alone
        and text.count("{") == text.count("}")
        and "\n" not in text
        and "else" not in text
    ]
    assert len(lines) > 45
    for start in range(0, len(lines), 10):
        chosen = lines[start : start + 10]
        text = "hqnn 1\nansatz a {\n" + "\n".join(text for _, text in chosen) + "\n}\n"
        assert found(text) == [(code, number) for number, (code, _) in enumerate(chosen, 3)]


def test_a_broken_head_does_not_hide_what_is_in_it():
    text = "hqnn 1\nmodel 3 {\n  data { target }\n  circuit on four of qubits {\n    h\n  }\n  data { x } \n}"
    assert [line for _, line in found(text)] == [2, 3, 4, 5, 7]


def test_several_named_with_equals():
    assert found("hqnn 1\nansatz a { f(x=1, y=2) 0 }") == [("E0131", 2), ("E0131", 2)]


def test_the_brace_left_open_is_found_by_indentation():
    source = Source("x", "hqnn 1\nmodel m {\n  data {\n    target y\n  encoder { dense(4) }\n}\n")
    file, (report,) = parse(source)
    assert isinstance(report, UnclosedBrace)
    assert source.position(report.span.start) == (3, 8)
    (note,) = report.notes
    assert source.position(note.span.start) == (5, 3)
    assert [part.keyword.name for part in file.statements[0].parts] == ["data", "encoder"]


def test_a_comma_that_goes_on_is_pointed_at():
    source = Source("x", "hqnn 1\nmodel m { data { target a,\n  features b } }")
    _, (report,) = parse(source)
    assert [note.text for note in report.notes] == ["the statement goes on after this comma"]


def test_many_mistakes_are_capped():
    _, reports = parse(Source("x", "hqnn 1\nansatz a {\n" + "  h\n" * 5000 + "}\n"))
    assert len(reports) == MAX_SHOWN_MISTAKES + 1
    assert isinstance(reports[-1], MoreMistakes)


def test_reports_come_in_order_of_place():
    _, reports = parse(Source("x", "hqnn 1\nansatz a {\n  h\n  rx(.5) 0\n  cx 0 1\n  rx('a') 0\n"))
    starts = [report.span.start for report in reports]
    assert starts == sorted(starts)


def test_every_code_of_this_stage_is_shown():
    shown = {code for code, _, _ in MISTAKES} | {MoreMistakes.code}
    things = [*vars(letters).values(), *vars(syntax).values()]
    classes = [thing for thing in things if isinstance(thing, type) and issubclass(thing, Diagnostic)]
    assert shown == {thing.code for thing in classes if thing is not Diagnostic}


PIECES = [
    "{", "}", "(", ")", "[", "]", ",", ";", ":", "=", "\n", " ", "..", "for", "if", "else", "in", "let", "model",
    "circuit", "qubits", "not", "0", "x", "a.b", '"', "'", "@", "é", "\\", "//", "#", "##", " = ", "{\n", "}\n", "use",
    "hqnn 1", "\x00",
]  # fmt: skip


def broken(text, dice):
    """The text, cut off or with a few pieces put in, struck or replaced."""
    if dice.random() < 0.3:
        return text[: dice.randrange(len(text) + 1)]
    for _ in range(dice.randrange(1, 5)):
        place = dice.randrange(len(text) + 1)
        text = text[:place] + dice.choice(PIECES) + text[place + dice.choice([0, 0, 1, 3]) :]
    return text


@pytest.mark.parametrize("seed", range(4))
def test_broken_texts_are_reported_and_never_raise(seed, monkeypatch):
    met = []
    resume = recovery.Recovery.resume
    monkeypatch.setattr(recovery.Recovery, "resume", lambda self, index: met.append(index) or resume(self, index))
    dice = random.Random(seed)
    texts = list(ACCEPTED.values())
    for _ in range(600):
        text = broken(dice.choice(texts), dice)
        met.clear()
        file, reports = parse(Source("broken", text))
        assert not met or reports, text
        assert all(report.headline and 0 <= report.span.start <= report.span.end <= len(text) for report in reports)
        assert all(statement is not None for statement in file.statements)


@pytest.mark.parametrize(
    "text",
    [
        "}" * 50_000, ")" * 50_000, "(\n" * 30_000, "f(a\n" * 20_000, "x (\n" * 30_000, '"' * 100_000, '"\n' * 30_000,
        "," * 50_000, ";" * 50_000, "\n" * 100_000, "@ " * 50_000, "@\n" * 50_000,
        "é " * 30_000, "'" * 50_000, " " * 500_000,
        "1" * 300_000,
        '"' + "\\q" * 50_000 + '"', "a " * 50_000, "a: " * 50_000, "." * 50_000, "## x\n" * 30_000 + "let a = 1",
        bytes(range(256)).decode("latin-1") * 300,
    ],
    ids=range(22),
)  # fmt: skip
def test_hostile_texts_end(text):
    _, reports = parse(Source("hostile", text))
    assert 1 <= len(reports) <= MAX_SHOWN_MISTAKES + 1
    assert parse_value(Source("hostile", text)) is None or text.strip("1a. ") == ""


def test_a_mistake_does_not_change_what_stands_before_it():
    good, _ = parse(Source("x", "hqnn 1\nansatz a { h 0 }\n"))
    bad, reports = parse(Source("x", "hqnn 1\nansatz a { h 0 }\nansatz b { h }\n"))
    assert len(reports) == 1
    assert bare(bad.statements[0]) == bare(good.statements[0])
