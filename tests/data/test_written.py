"""How the training's table wrote its numbers settles what a table of that form means; a table against it is told."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from hqnn_dsl.data.columns import needed_by
from hqnn_dsl.data.tables import read_table
from hqnn_dsl.data.written import Purpose, Written
from hqnn_dsl.diagnostics.diagnostic import Refusal
from hqnn_dsl.diagnostics.source import Source
from hqnn_dsl.pipeline import program
from hqnn_dsl.semantics.spec import Read


@pytest.fixture(autouse=True)
def _here(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)


def read(content: str, *, needs=lambda _name: True, trained: str | None = None, **told: str):
    """A table, as a run reads it that was trained on another one."""
    Path("old.csv").write_text(trained or "", encoding="utf-8")
    written = read_table("old.csv").written if trained else None
    if written is not None:
        assert Written.from_json(json.loads(json.dumps(written.to_json()))) == written
    Path("new.csv").write_text(content, encoding="utf-8")
    return read_table("new.csv", Read(**told), purpose=Purpose(needs, written))


COMMAS = 'a,p\n"1,234.5",12%\n7,5%\n'
GERMAN = "a;p\n1.234,5;12\n7;5\n"
QUOTED = 'a,p\n"1,5",12\n7,5\n'
BLANKS = "a;p\n1 234,5;12\n7;5\n"
POINTS = "a,p\n1.5,12\n7,5\n"


@pytest.mark.parametrize(
    ("trained", "content", "expected"),
    [
        (COMMAS, 'a,p\n"1,234",12%\n', {"a": [1234], "p": [12]}),
        (COMMAS, 'a,p\n3,"1,234%"\n', {"a": [3], "p": [1234]}),
        (COMMAS, 'p,a\n12%,"1,234.25"\n', {"a": [1234.25], "p": [12]}),
        (COMMAS, "a;p\n1,5;2,5%\n", {"a": [1.5], "p": [2.5]}),
        (COMMAS, "a;p\n1234;2%\n", {"a": [1234], "p": [2]}),
        (COMMAS, "a,p\n1.234,2%\n", {"a": [1.234], "p": [2]}),
        (GERMAN, "a;p\n1.234;5\n", {"a": [1234], "p": [5]}),
        (GERMAN, "a;p\n1.234;5.678\n", {"a": [1234], "p": [5678]}),
        (GERMAN, "a;p\n1,234;5\n", {"a": [1.234], "p": [5]}),
        (GERMAN, "a;p\n1.5;5\n", {"a": [1.5], "p": [5]}),
        (QUOTED, 'a,p\n"1,234",5\n', {"a": [1.234], "p": [5]}),
        (QUOTED, "a,p\n1.234,5\n", {"a": [1.234], "p": [5]}),
        (BLANKS, "a;p\n1 234;5\n", {"a": [1234], "p": [5]}),
        (POINTS, "a;p\n1,5;5\n", {"a": [1.5], "p": [5]}),
        (POINTS, "a;p\n1,234;5\n", {"a": [1.234], "p": [5]}),
        ("a;b\n1.5;2\n", "a;b\n1.234;2\n", {"a": [1.234], "b": [2]}),
    ],
)  # fmt: skip
def test_a_run_reads_tables_of_its_trainings_form_as_its_training_did(trained, content, expected):
    found = read(content, trained=trained)
    assert found.frame[list(expected)].to_dict("list") == expected
    assert all(note.severity == "note" for note in found.notes)


@pytest.mark.parametrize(
    ("trained", "content", "value", "both"),
    [
        (COMMAS, "a;p\n1,234;12%\n", "1,234", ("makes it 1234", "it is 1.234", "commas between thousands")),
        (COMMAS, "a;p\n7;12%\n1,234;12%\n", "1,234", ("makes it 1234", "it is 1.234", "semicolons")),
        (GERMAN, "a,p\n1.234,12\n", "1.234", ("makes it 1234", "it is 1.234", "points between thousands")),
    ],
)
def test_a_number_of_another_form_that_the_training_had_between_thousands_is_refused(trained, content, value, both):
    with pytest.raises(Refusal) as caught:
        read(content, trained=trained)
    (item,) = caught.value.diagnostics
    assert (item.code, item.value) == ("E0564", value)
    assert all(part in item.help for part in both)
    assert "`" not in item.help  # advice for runs would take its place
    read(content)


@pytest.mark.parametrize(
    ("trained", "content", "expected", "shown"),
    [
        (COMMAS, "a;b\n7;0,5\n1,234;0,5\n", [7, 1.234], ("`1,234` in line 3 is 1.234", "means 1234")),
        (GERMAN, "a,b\n1.234,0.5\n", [1.234], ("`1.234` in line 2 is 1.234", "means 1234")),
    ],
)
def test_it_is_a_warning_if_other_numbers_show_the_decimal_sign(trained, content, expected, shown):
    found = read(content, trained=trained)
    assert found.frame["a"].tolist() == expected
    (warning,) = (note for note in found.notes if note.severity == "warning")
    assert warning.code == "W0468"
    assert all(part in f"{warning.headline}; {warning.help}" for part in shown)


def test_what_is_told_is_neither_settled_nor_warned_of():
    assert read("a;p\n1,234;12%\n", trained=COMMAS, decimal=",").frame["a"].tolist() == [1.234]
    assert read("a;p\n1,234;12%\n", trained=COMMAS, thousands=",").frame["a"].tolist() == [1234]


@pytest.mark.parametrize(
    "content",
    [
        'a,p\n"1,234",5\n',  # nothing in the training says what a comma is
        "a;p\n1.234;5\n",  # another delimiter than that of the training
    ],
)
def test_a_doubt_that_the_training_does_not_settle_stays_one(content):
    with pytest.raises(Refusal) as caught:
        read(content, trained=POINTS)
    assert [item.code for item in caught.value.diagnostics] == ["E0564"]


def test_frames_have_no_marks():
    assert read_table(pd.DataFrame({"a": [1.5]})).written == Written()
    assert read_table(pd.DataFrame({"a": np.arange(2)})).written.marks == frozenset()


# ---------------------------------------------------------------------------------- columns that are not needed


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        ('a,d\n1.5,"1,5"\n', [1.5]),
        ('a,d\n12,"1,234"\n', [12]),
        ("a,d\n12,3%\n13,4\n", [12, 13]),
        ('a,d\n12,"1,5"\n' + '13,"1,5"\n' * 150 + '1.5,"1,5"\n', [12, *[13] * 150, 1.5]),
        ("a,d\n12,7\n" + "13,7\n" * 150 + '1.25,"1,5"\n', [12, *[13] * 150, 1.25]),
        ('a,d\n"1,5","1.5"\n"2,25",x\n', [1.5, 2.25]),
    ],
)
def test_columns_that_are_not_needed_do_not_refuse_a_table(content, expected):
    with pytest.raises(Refusal) as caught:
        read(content)
    assert {item.code for item in caught.value.diagnostics} <= {"E0564", "E0565"}
    found = read(content, needs={"a"}.__contains__)
    assert found.frame["a"].tolist() == expected
    with pytest.raises(Refusal):
        read(content, needs={"d", "a"}.__contains__)


def test_a_column_that_is_not_needed_shows_what_a_table_has():
    with pytest.raises(Refusal) as caught:
        read('a,d\n1.234,"1,5"\n', needs={"a"}.__contains__)
    assert [item.column for item in caught.value.diagnostics] == ["a"]


SPEC = """hqnn 1
model small {
  data { DATA }
  encoder { dense(2); tanh }
  circuit on 2 qubits { feature_map angle(); ansatz real_amplitudes(reps: 1) }
  decoder { dense }
}
"""


@pytest.mark.parametrize(
    ("data", "needed"),
    [
        ("target y; features a, b", "yab"),
        ("target y; features *", "yabcdw"),
        ("target y; features * except d, c", "yabw"),
        ("target y; features a, b; weights w", "yabw"),
        ("target y; features a; split by: group(d)", "yad"),
        ("target y; features a; split by: time(d)", "yad"),
        ("target y; features * except d; split by: column(d)", "yabcdw"),
        ("features a, b", "yabcdw"),
    ],
)
def test_a_spec_needs_the_columns_that_it_reads(data, needed):
    needs = needed_by(program(Source("small", SPEC.replace("DATA", data))).spec.data)
    assert {name for name in "yabcdw" if needs(name)} == set(needed)
