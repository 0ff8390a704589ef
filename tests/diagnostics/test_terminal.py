"""Foreign text reaches a terminal harmless: on its line, without controls, marks under the cells that it takes."""

from __future__ import annotations

import io
import json
import sys
import unicodedata

import pytest

from hqnn_dsl.cli import output
from hqnn_dsl.diagnostics.codes import every_code
from hqnn_dsl.diagnostics.codes.meaning import UnknownName
from hqnn_dsl.diagnostics.diagnostic import Note
from hqnn_dsl.diagnostics.render import as_data, as_text
from hqnn_dsl.diagnostics.source import Source, Span
from hqnn_dsl.diagnostics.terminal import READABLE, cells, padded, printable, printable_lines, say

HOSTILE = {
    "escape": "a\x1b[2J\x1b]0;title\x07b",
    "line breaks": "a\nerror[E9999]: forged\r\nb",
    "separators": "a\u2028error[E9999]: forged\u2029b\x85c\x0bd\x0ce",
    "c1": "a\x9b31mb\x90c",
    "delete": "a\x7f\x08b",
    "turned": "a\u202eb\u2066c\u2069\u200fd",
    "hidden": "a\u200b\u200d\u2060\ufeffb",
    "surrogate": "a\udc9bb\ud800c",
    "nul": "a\x00b",
}


def assert_harmless(text: str, lines: int | None = None) -> None:
    """No control character but line breaks, and none of those more than there should be."""
    for char in text:
        assert char == "\n" or char.isprintable(), f"U+{ord(char):04X} in {text!r}"
        assert unicodedata.category(char) not in {"Cc", "Cf", "Cs", "Zl", "Zp"} or char == "\n"
    if lines is not None:
        assert len(text.split("\n")) == lines, text


def filled(cls, text: str):
    """An instance of a diagnostic class with the text in all of its fields that take one."""
    facts: dict[str, object] = {}
    for name, kind in cls.__annotations__.items():
        if "ClassVar" in str(kind):
            continue
        facts[name] = {"str": text, "int": 3, "float": 0.5, "bool": True}.get(str(kind), (text,))
    source = Source(f"name{text}", f"{text}\nlet x = 1\n{text}")
    notes = (Note(text, Span(source, 0, 1)), Note(text))
    return cls(span=Span(source, 0, 3), notes=notes, hint=text, **facts)


@pytest.mark.parametrize("text", HOSTILE.values(), ids=HOSTILE)
def test_no_diagnostic_lets_text_through(text):
    plain = {code: as_text(filled(cls, "plain")).count("\n") for code, cls in every_code().items()}
    for code, cls in every_code().items():
        shown = as_text(filled(cls, text))
        assert_harmless(shown)
        assert "\nerror[" not in shown
        source_lines = filled(cls, text).span.source.line_starts
        assert shown.count("\n") <= plain[code] + (len(source_lines) - 3), code


@pytest.mark.parametrize("text", HOSTILE.values(), ids=HOSTILE)
def test_no_advice_of_a_class_lets_text_through(text):
    for cls in every_code().values():
        item = filled(cls, text)
        bare = type(item)(**{name: getattr(item, name) for name in vars(item) if name not in {"hint", "notes"}})
        assert_harmless(as_text(bare))


@pytest.mark.parametrize("text", HOSTILE.values(), ids=HOSTILE)
def test_data_are_exact_and_escaped(text, capfd):
    item = filled(UnknownName, text)
    output.write_json({"diagnostics": [as_data(item)], text: text})
    printed = capfd.readouterr().out
    assert_harmless(printed.rstrip("\n"))
    back = json.loads(printed)
    assert back[text] == text
    assert back["diagnostics"][0]["message"] == item.headline


@pytest.mark.parametrize("text", HOSTILE.values(), ids=HOSTILE)
def test_everything_that_is_printed_stays_on_its_line(text, capfd):
    output.write(f"run: {text}")
    output.tell(f"wrote {text}")
    say(text)
    output.write_lines(output.table([f"rows {text}", "R²"], [[text, text], ["x", 1]]))
    out, err = capfd.readouterr()
    assert_harmless(out, lines=1 + 4 + 1)
    assert_harmless(err, lines=2 + 1)


def test_what_is_printable_stays_as_it_is():
    for text in ("plain", "Größe (µm)", "面積", "e\u0301", "θ²"):
        assert printable(text) == text
    assert printable("a\tb") == "a b"
    assert printable_lines("a\x1b\nb") == "a·\nb"


@pytest.mark.parametrize(
    ("text", "wide"),
    [("abc", 3), ("面積", 4), ("e\u0301", 1), ("ｆｗ", 4), ("ﾊﾝ", 2), ("\U0001f600", 2), ("ñ", 1), ("", 0)],
)
def test_cells_are_those_of_a_terminal(text, wide):
    assert cells(text) == wide
    assert cells(padded(text, 6)) == cells(padded(text, 6, right=True)) == 6


@pytest.mark.parametrize(
    ("line", "word"),
    [
        ('target "面積", wrong', "wrong"),
        ("target 'e\u0301e\u0301', wrong", "wrong"),
        ('"面積", 面積', "面積"),
        ("a\twrong", "wrong"),
    ],
)
def test_carets_stand_under_the_cells_of_the_text(line, word):
    source, start = Source("s", line), line.rindex(word)
    shown = as_text(UnknownName(span=Span(source, start, start + len(word)), name="x")).splitlines()
    text, carets = shown[3], shown[4].removesuffix(" unknown name")
    assert cells(carets) - carets.count("^") == cells(text[: text.rindex(word)])
    assert carets.count("^") == cells(word)


def test_tables_are_aligned_by_cells():
    lines = output.table(["rows", "n"], [["面積", 1], ["abc", 22]]).splitlines()
    assert {cells(line) for line in lines[1:]} == {len("rows") + 2 + 2}


@pytest.mark.parametrize(
    ("encoding", "text", "written"),
    [
        ("ascii", "R² ≈ 1 → θ … ·", b"R^2 ~ 1 -> theta ... ."),
        ("ascii", "Größe", b"Gr\\xf6\\xdfe"),
        ("latin-1", "Größe ≈ 1", "Größe ~ 1".encode("latin-1")),
        ("utf-8", "R² ≈", "R² ≈".encode()),
        ("cp1252", "a\udc9bb", b"a\\udc9bb"),
    ],
)
def test_what_an_encoding_lacks_is_written_readably(encoding, text, written):
    raw = io.BytesIO()
    stream = io.TextIOWrapper(raw, encoding=encoding, errors=READABLE)
    stream.write(text)
    stream.flush()
    assert raw.getvalue() == written


def test_json_is_exact_in_every_encoding(monkeypatch):
    raw = io.BytesIO()
    monkeypatch.setattr(sys, "stdout", io.TextIOWrapper(raw, encoding="ascii", errors=READABLE))
    output.write_json({"Größe": "R² \x1b"})
    assert json.loads(raw.getvalue()) == {"Größe": "R² \x1b"}


def test_a_message_that_cannot_be_written_is_left_unsaid(monkeypatch):
    monkeypatch.setattr(sys, "stderr", None)
    say("nobody hears")
    output.show([UnknownName(name="x")])
    closed = io.StringIO()
    closed.close()
    monkeypatch.setattr(sys, "stderr", closed)
    say("nobody hears")
