"""The tables are those of the grammar, the grammar has no conflicts, and reading a text is quick and light."""

from __future__ import annotations

import subprocess
import sys
import time

import pytest
from lark.exceptions import GrammarError
from syntax.examples import BODIES, WHOLE
from syntax.trees import bare

from hqnn_dsl.diagnostics.source import Source
from hqnn_dsl.syntax import tables
from hqnn_dsl.syntax.parser import parse


def test_the_kept_tables_are_fresh():
    text = tables.as_json(tables.generate(tables.grammar_text()))
    assert tables.TABLES.read_text(encoding="utf-8") == text, "run `python -m hqnn_dsl.syntax.tables`"


def test_a_conflict_is_refused():
    with pytest.raises(GrammarError):
        tables.generate(tables.grammar_text() + '\nsetting: NAME "on"? star -> setting\nfrozen: NAME\n?value: frozen\n')


def test_no_domain_name_is_a_word_of_the_grammar():
    words = {*tables.load().words, *tables.load().reserved}
    assert not words & {
        "angle",
        "dense",
        "adamw",
        "target",
        "features",
        "epochs",
        "rx",
        "cx",
        "zz",
        "tanh",
        "weights",
        "z",
    }
    assert {"model", "feature_map", "repeat", "except", "budget"} <= words
    assert set(tables.load().reserved) == {"and", "or", "not", "true", "false", "pi", "auto", "qubits"}


def test_a_changed_grammar_is_read_anew(tmp_path, monkeypatch):
    changed = tmp_path / "hqnn.lark"
    changed.write_text(tables.grammar_text().replace('"without"', '"omit"'), encoding="utf-8")
    monkeypatch.setattr(tables, "GRAMMARS", (changed,))
    tables.load.cache_clear()
    try:
        assert "omit" in tables.load().words
        file, reports = parse(Source("x", "hqnn 1\nansatz a { omit entanglers }"))
        assert not reports
        assert file.statements[0].body[0].what.name == "entanglers"
    finally:
        tables.load.cache_clear()


def test_tables_alone_suffice(monkeypatch):
    monkeypatch.setattr(tables, "GRAMMARS", ())
    tables.load.cache_clear()
    try:
        assert parse(Source("x", WHOLE))[1] == ()
    finally:
        tables.load.cache_clear()


def test_the_grammar_is_found_in_the_package_too(tmp_path, monkeypatch):
    assert tables.GRAMMARS[0] == tables.FOLDER / "hqnn.lark"
    copy = tmp_path / "hqnn.lark"
    copy.write_text("installed", encoding="utf-8")
    monkeypatch.setattr(tables, "GRAMMARS", (copy, tables.GRAMMARS[1]))
    assert tables.grammar_text() == "installed"


def test_reading_imports_nothing_heavy():
    program = (
        "import sys\nfrom hqnn_dsl.diagnostics.source import Source\nfrom hqnn_dsl.syntax.parser import parse\n"
        "file, reports = parse(Source('x', sys.stdin.read()))\nassert not reports and len(file.statements) == 2\n"
        "heavy = {'lark', 'torch', 'pydantic', 'numpy', 'qiskit', 'pandas', 'typer', 'hqnn_dsl.syntax.recovery',"
        " 'hqnn_dsl.diagnostics.codes'}\nprint(sorted(heavy & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", program], input=WHOLE, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_two_thousand_lines_are_read_quickly():
    inside = BODIES.split("{\n", 1)[1].rsplit("}", 1)[0]
    text = "hqnn 1\n" + "".join(f"ansatz block_{number} {{\n{inside}}}\n" for number in range(80))
    assert text.count("\n") > 2000
    source = Source("long", text)
    parse(source)
    times = []
    for _ in range(3):
        begin = time.process_time()
        file, reports = parse(source)
        times.append(time.process_time() - begin)
    assert not reports
    assert bare(file.statements[0].body) == bare(file.statements[-1].body)
    assert min(times) < 0.5
