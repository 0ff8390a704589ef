"""`hqnn init`: a first spec for a table checks clean, says each guess, and trains as it stands."""

from __future__ import annotations

import json
import math
import re
import shlex
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import hqnn
from hqnn_dsl.data.preprocess import prepare
from hqnn_dsl.data.tables import read_table
from hqnn_dsl.diagnostics.diagnostic import Refusal
from hqnn_dsl.draft_data import guess_target
from hqnn_dsl.spec_draft import draft_of, model_name, read_of, sizes_of

ROWS = 60


def frame() -> pd.DataFrame:
    rng = np.random.default_rng(0)
    return pd.DataFrame(
        {
            "size": rng.normal(size=ROWS).round(3),
            "colour": rng.choice(["red", "green", "blue"], ROWS),
            "price": rng.normal(size=ROWS).round(3),
        }
    )


def written(text: str, setting: str) -> str:
    """The value of a setting of the section `data`, without its comment."""
    found = re.search(rf"^    {setting} +([^#\n]*)", text, re.MULTILINE)
    return found.group(1).strip() if found else ""


def test_the_last_column_is_the_target_and_each_guess_has_its_reason():
    text = draft_of(frame()).text
    assert written(text, "target") == "price"
    assert written(text, "task") == "regression"
    assert written(text, "categories") == "one_hot(most: 20)"
    assert "# colour (3 levels)" in text
    assert written(text, "missing") == ""
    assert "another: --target" in text


@pytest.mark.parametrize(
    ("change", "target"),
    [
        (lambda table: table, "price"),
        (lambda table: table.assign(note=[f"text {i}" for i in range(ROWS)]), "size"),
        (lambda table: table.assign(z=np.where(np.arange(ROWS) == 3, np.nan, 1.5)), "size"),
        (lambda table: table.assign(z=1.0), "size"),
        (lambda table: table.assign(z=pd.date_range("2024-01-01", periods=ROWS)), "size"),
        (lambda table: table.rename(columns={"size": "Target"}), "Target"),
        (lambda table: table[["price", "colour", "size"]], "size"),
    ],
)
def test_the_target_is_the_last_column_that_can_be_one_or_the_first(change, target):
    assert guess_target(read_table(change(frame())))[0] == target


def test_columns_that_cannot_be_read_are_left_out_with_the_reason():
    table = frame()
    table["odd"] = [*map(str, range(ROWS - 1)), "3h"]
    table = table[["odd", "size", "colour", "price"]]
    text = draft_of(table).text
    assert written(text, "features") == "* except odd"
    assert "3h" in text


def test_an_identifier_is_left_out_by_name():
    table = frame()
    table.insert(0, "id", [f"sample {i}" for i in range(ROWS)])
    assert written(draft_of(table).text, "features") == "* except id"


def test_gaps_are_filled_and_named():
    table = frame()
    table.loc[[3, 9], "size"] = np.nan
    text = draft_of(table).text
    assert written(text, "missing") == "median(indicator: true)"
    assert "size (2 cells missing)" in text


@pytest.mark.parametrize("target", ["price", "colour"])
def test_a_target_with_gaps_drops_its_rows_and_no_others(target, tmp_path, hqnn_command):
    table = frame().assign(day=pd.date_range("2024-01-01", periods=ROWS).astype(str), full=np.arange(ROWS) % 7)
    table.loc[[3, 9], [target, "full"]] = np.nan
    table.loc[[4, 5, 9], ["size", "day"]] = np.nan
    table.to_csv(tmp_path / "goods.csv", index=False)
    assert hqnn_command("init", "goods.csv", "--target", target, cwd=tmp_path).code == 0
    text = (tmp_path / "goods.hqnn").read_text()
    assert written(text, "missing") == "drop_rows"
    assert f"rows without a target are left out: {target} (2 cells missing)" in text
    filled = "{ size: median(indicator: true); day: [median(indicator: true), days, month] }"
    assert written(text, "columns") == filled
    assert "filled: size (2 cells missing) and day (2 cells missing)" in text
    parts = prepare(hqnn.compile(text).spec, read_table(table)).preparation.parts
    assert sorted(np.concatenate([parts.train, parts.validation, parts.test])) == sorted({*range(ROWS)} - {3, 9})
    given = ["goods.hqnn", "goods.csv", "--set", "epochs=2", "--set", "backend=reference"]
    trained = hqnn_command("train", *given, "-o", "run", cwd=tmp_path)
    assert trained.code == 0, trained.err
    refused = hqnn_command("check", "goods.hqnn", "goods.csv", "--set", "missing=median", cwd=tmp_path)
    assert "E0512" in refused.err
    assert "write `missing drop_rows` in `data` to train without rows" in refused.err


def test_a_target_without_a_value_is_refused():
    with pytest.raises(Refusal, match="E0512") as caught:
        draft_of(frame().assign(price=np.nan), ("price",))
    assert "drop_rows" not in str(caught.value)


def test_classes_are_guessed_from_words():
    text = draft_of(frame(), ("colour",)).text
    assert written(text, "task") == "classification"
    assert "3 classes: blue, green and red" in text
    assert "target:" not in written(text, "scale")


def test_many_classes_with_long_names_are_no_endless_comment():
    names = [f"the long name of class {n}, with a comma" for n in range(9)]
    table = frame().assign(**{"a, b": np.resize(["x, y", "z"], ROWS), "kind": np.resize(names, ROWS)})
    table = table.assign(**{f"identifier {n}": [f"sample {n} {i}" for i in range(ROWS)] for n in range(9)})
    draft = draft_of(table, ("kind",))
    lines = draft.text.splitlines()
    comments = [line for line in lines if line.lstrip().startswith("# ")]
    assert [line for line in comments if f'classes: "{names[0]}" and 8 more' in line]
    assert '# colour (3 levels) and "a, b" (2 levels)' in draft.text
    assert all(len(line) <= 120 for line in lines if not line.startswith("    features"))
    assert hqnn.compile(draft.text).spec.data.target == ("kind",)
    fitted = {column.column: column.fitted for column in draft.prepared.report}
    assert fitted["a, b"] == '2 levels: "x, y" and z'


@pytest.mark.parametrize("name", ["day", "the day"])
@pytest.mark.parametrize("target", ["price", "colour"])
def test_the_comment_of_split_names_the_column_of_time(name, target):
    table = frame()
    table[name] = pd.date_range("2024-01-01", periods=ROWS).astype(str)[::-1]
    text = draft_of(table, (target,)).text
    advised = re.search(r"# .*; in time order: (split by: time\(.*\))$", text, re.MULTILINE)
    assert advised is not None
    timed = hqnn.compile(re.sub(r"^    split +valid.*$", advised[1], text, flags=re.MULTILINE))
    parts = prepare(timed.spec, read_table(table)).preparation.parts
    assert sorted(parts.test) == list(range(len(parts.test)))  # the latest days are the first rows
    assert "time order" not in draft_of(frame(), (target,)).text


def test_the_task_can_be_said():
    table = frame().assign(grade=np.arange(ROWS) % 3)
    assert written(draft_of(table).text, "task") == "classification"
    assert written(draft_of(table, task="regression").text, "task") == "regression"


def test_a_name_with_a_line_break_stays_in_its_comment():
    table = frame().rename(columns={"colour": "a\nb } } #"})
    draft = draft_of(table)
    assert hqnn.compile(draft.text).spec.data.target == ("price",)


@pytest.mark.parametrize(
    ("file", "name"),
    [("auto-mpg.csv", "auto_mpg"), ("2024 yachts.csv.gz", "table_2024_yachts"), ("true.csv", "table_true"),
     ("Größe.csv", "gr_e"), ("-", "table"), ("x" * 300, "x" * 255)],
)  # fmt: skip
def test_the_name_of_the_model_is_that_of_the_file(file, name):
    assert model_name(file) == name


def test_sizes_follow_the_documented_rules():
    small, middle, large = sizes_of(1, 40), sizes_of(10, 278), sizes_of(12, 140_000)
    assert (small.qubits, middle.qubits, large.qubits) == (2, 6, 6)
    assert sizes_of(10, 99).qubits == 4
    assert (small.batch, middle.batch, large.batch) == (8, 16, 256)
    assert (sizes_of(3, 999).hidden, sizes_of(3, 1000).hidden) == (16, 32)
    for sizes, rows in ((small, 40), (middle, 278), (large, 140_000)):
        assert 20 <= sizes.epochs <= 200
        steps = sizes.epochs * math.ceil(rows / sizes.batch)
        assert steps <= 8000 or sizes.epochs == 20


def test_the_command_writes_a_spec_that_trains_unedited(tmp_path, hqnn_command):
    table = tmp_path / "goods.csv"
    frame().to_csv(table, index=False, sep=";", decimal=",")
    done = hqnn_command("init", table, cwd=tmp_path)
    assert done.code == 0, done.err
    spec = tmp_path / "goods.hqnn"
    assert written(spec.read_text(), "read") == 'delimiter: ";", decimal: ","'
    checked = hqnn_command("check", spec, table)
    assert (checked.code, checked.err) == (0, "")
    trained = hqnn_command(
        "train", spec, table, "-o", tmp_path / "run", "--set", "epochs=2", "--set", "backend=reference"
    )
    assert trained.code == 0, trained.err


def test_an_export_with_points_in_dates_and_between_thousands_gets_a_spec_that_fits(tmp_path, hqnn_command):
    days = pd.date_range("2024-01-03", periods=ROWS).strftime("%d.%m.%Y")
    lines = [f"{day};{index},5;{1 + index}.250,75" for index, day in enumerate(days)]
    table, spec = tmp_path / "export.csv", tmp_path / "export.hqnn"
    table.write_text("\n".join(["day;size;price", *lines, ""]), encoding="utf-8")
    assert hqnn_command("init", str(table), "--out", str(spec))[0] == 0
    text = spec.read_text(encoding="utf-8")
    assert written(text, "columns") == "{ day: [days, month] }"
    assert 'thousands: "."' in text
    assert hqnn_command("check", str(spec), str(table))[0] == 0


MARKED = ["192.168.100.200", "10.0.0.1", "10.0.0.2", "10.0.0.3"]


@pytest.mark.parametrize(
    ("name", "cells", "thousands"),
    [
        ("address", MARKED, False),
        ("version", ["1.200.300", "1.10.2", "2.0.1"], False),
        ("version", ["1.200", "1.2.3", "1.2.4"], False),
        ("version", ["1.200", "1.2.3", "1.2.x"], True),
        ("day", ["03.01.2024", "04.01.2024"], True),
        ("word", ["a.b", "c"], True),
    ],
)
def test_a_draft_reads_the_table_as_it_was_read(tmp_path, hqnn_command, name, cells, thousands):
    table, spec = tmp_path / "export.csv", tmp_path / "export.hqnn"
    lines = [f"{cells[n % len(cells)]};{n},5;{1 + n}.250,75" for n in range(ROWS)]
    table.write_text("\n".join([f"{name};size;price", *lines, ""]), encoding="utf-8")
    assert hqnn_command("init", table, "--out", spec).code == 0
    read = hqnn.compile(spec).spec.data.read
    assert (read.delimiter, read.decimal, read.thousands == ".") == (";", ",", thousands)
    assert hqnn_command("check", spec, table).code == 0
    again = read_table(table, read)
    assert list(again.frame["price"]) == [1000 * (1 + n) + 250.75 for n in range(ROWS)]
    assert list(again.frame[name][:2]) == cells[:2]


def test_a_table_that_can_be_read_only_once_gets_no_thousands(tmp_path):
    table = tmp_path / "export.csv"
    table.write_text("\n".join(["a;price", *(f"{n},5;{1 + n}.250,75" for n in range(ROWS)), ""]), encoding="utf-8")
    assert written(draft_of(table).text, "read") == 'delimiter: ";", decimal: ",", thousands: "."'
    assert written(draft_of(read_table(table)).text, "read") == 'delimiter: ";", decimal: ","'


def test_nothing_is_overwritten_and_a_wrong_column_is_named(tmp_path, hqnn_command):
    table = tmp_path / "goods.csv"
    frame().to_csv(table, index=False)
    (tmp_path / "goods.hqnn").write_text("mine")
    assert hqnn_command("init", table, cwd=tmp_path).code != 0
    assert (tmp_path / "goods.hqnn").read_text() == "mine"
    wrong = hqnn_command("init", table, "--target", "prise", "-o", "-")
    assert wrong.code == 1
    assert "did you mean `price`" in wrong.err
    assert hqnn_command("init", table, "--task", "regress", "-o", "-").code == 2


def test_what_cannot_be_guessed_of_a_file_is_told(tmp_path, hqnn_command):
    table = tmp_path / "prices.csv"
    rows = "".join(f'"1,{number}23",{number}\n' for number in range(1, 10))
    table.write_text(f"price,y\n{rows}")
    refused = hqnn_command("init", table, cwd=tmp_path)
    assert refused.code == 1
    advised = re.findall(r"`(--read [^`]+)`", refused.err)
    assert advised == ["--read 'thousands: \",\"'", "--read 'decimal: \",\"'"]
    assert "data {" not in refused.err
    for advice, first in zip(advised, (1123.0, 1.123), strict=True):
        done = hqnn_command("init", table, *shlex.split(advice), "-o", "-", "--json")
        draft = json.loads(done.out)
        assert written(draft["text"], "read") == advice.split(" ", 1)[1].strip("'")
        read = hqnn.compile(draft["text"]).spec.data.read
        assert read_table(table, read).frame["price"][0] == first


NO_FILE = {".": "name a file in it, such as `--out goods.hqnn`", "/dev/stdout": "write `--out -`, for standard output"}


@pytest.mark.parametrize("out", NO_FILE)
def test_a_spec_for_no_plain_file_is_printed_or_gets_a_name(tmp_path, hqnn_command, out):
    frame().to_csv(tmp_path / "goods.csv", index=False)
    refused = hqnn_command("init", "goods.csv", "-o", out, cwd=tmp_path)
    assert refused.code != 0
    assert NO_FILE[out] in refused.err
    name, option = re.search(r"`--out ([^`]*)`", refused.err)[1], "-o"
    assert hqnn_command("init", "goods.csv", option, name, cwd=tmp_path).code == 0


@pytest.mark.parametrize(
    ("rows", "options", "codes", "advice"),
    [
        (["1,2.5", "2,3"], (), ["E0521"], "add rows to the table"),
        ([f"{n % 7},{n * 1.37:.3f}" for n in range(40)], ("--task", "classification"), ["E0583"], "another target"),
        ([f"{n % 7},{'k' if n < 20 else 'l'}" for n in range(40)], ("--task", "regression"), ["E0517"],
         "`--task classification`"),
        ([f"{n % 7},{'-' if n == 5 else n * 1.37}" for n in range(40)], (), ["E0515"], "`--read 'missing: [\"-\"]'`"),
        ([f"{n % 7},1{n % 9}{n}" for n in range(30)], ("--task", "classification"), ["E0583"], "another target"),
    ],
)  # fmt: skip
def test_advice_names_no_setting_of_a_spec_that_is_not_there(tmp_path, hqnn_command, rows, options, codes, advice):
    table = tmp_path / "goods.csv"
    table.write_text("\n".join(["a,y", *rows, ""]), encoding="utf-8")
    refused = hqnn_command("init", table, "-t", "y", *options, "-o", "-")
    said = " ".join(refused.err.split())
    assert refused.code == 1
    assert re.findall(r"\w+\[(\w+)\]", said) == codes
    assert advice in said
    assert not re.search(r"`by: |smaller|in `data|`task |in the split", said)


def test_a_wrong_option_of_reading_is_shown_in_its_place(tmp_path, hqnn_command):
    table = tmp_path / "goods.csv"
    frame().to_csv(table, index=False)
    wrong = hqnn_command("init", table, "--read", 'dezimal: ","', "-o", "-")
    assert wrong.code == 2
    assert "--> --read:1:1" in wrong.err
    assert "did you mean `decimal`" in wrong.err
    for text in ("", "delimiter=;", '","'):
        nameless = hqnn_command("init", table, "--read", text, "-o", "-")
        assert nameless.code == 2
        assert (
            f"""takes what `data {{ read … }}` takes, such as `delimiter: ";"`, not `{text or "nothing"}`"""
            in nameless.err
        )
    other = hqnn_command("init", table, "--read", 'delimiter: ";"', "-o", "-")
    assert other.code == 1
    assert "take `delimiter` out of `--read`" in other.err


def test_all_options_of_reading_are_written_down():
    assert written(draft_of(frame(), read=read_of('missing: ["x", "?"]')).text, "read") == 'missing: ["x", "?"]'


def test_json_has_the_guesses_and_the_columns(tmp_path, hqnn_command):
    table = tmp_path / "goods.csv"
    frame().to_csv(table, index=False)
    found = json.loads(hqnn_command("init", table, "--json", "-o", "-").out)
    assert found["target"] == ["price"]
    assert [column["column"] for column in found["columns"]] == ["size", "colour", "price"]
    assert hqnn.compile(found["text"]).spec.data.task == "regression"


def test_a_table_without_a_feature_is_refused():
    with pytest.raises(Refusal):
        draft_of(frame()[["price"]])


SHARED = Path(__file__).parents[3] / "shared" / "data"


@pytest.mark.skipif(not SHARED.is_dir(), reason="the data sets are not here")
@pytest.mark.parametrize(
    ("name", "codes"),
    [("auto_mpg", []), ("penguins", []), ("concrete", ["W0453"]), ("yacht", []), ("energy", []), ("diabetes", [])],
)
def test_real_tables_get_a_spec_that_fits(name, codes):
    draft = draft_of(SHARED / f"{name}.csv")
    assert draft.name == name
    assert [note.code for note in draft.prepared.notes] == codes  # concrete has rows twice
