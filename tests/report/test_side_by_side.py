"""Runs side by side: what can be compared, what differs in meaning, and the page."""

from __future__ import annotations

import json
import re
import shutil

import numpy as np
import pandas as pd
import pytest
from browser import MISSING, browser
from test_report_pages import DRAWN, Read, figure_data
from trained_runs import TAGGED
from unbound_runs import unbind

from hqnn_dsl.diagnostics.diagnostic import Refusal
from hqnn_dsl.report.beside_facts import rows_hash
from hqnn_dsl.report.beside_scores import difference, groups_of
from hqnn_dsl.report.beside_settings import settings_by_path, settled
from hqnn_dsl.report.card import card_of
from hqnn_dsl.report.reading import read_run
from hqnn_dsl.report.side_by_side import (
    labels_of,
    read_runs,
    shown_labels,
    side_by_side_html,
    side_by_side_sections,
)


def read(trained, *names):
    return read_runs([trained / name for name in names])


def tables_of(runs):
    return {
        block.title: block
        for section in side_by_side_sections(runs)
        for block in section.blocks
        if block.kind == "table"
    }


def sentences_of(runs):
    return [
        block.text for section in side_by_side_sections(runs) for block in section.blocks if block.kind == "sentence"
    ]


# -------------------------------------------------------------------------------------------------------------- scores


def test_scores_are_those_of_the_runs_and_the_better_one_is_named(trained):
    names = ("numbers", "other")
    runs = read(trained, *names)
    scores = tables_of(runs)["Scores of the test rows, numbers"]
    own = [json.loads((trained / name / "metrics.json").read_text())["test"] for name in names]
    assert [row[0] for row in scores.rows] == list(names)
    place = scores.header.index("RMSE")
    assert [row[place].value for row in scores.rows] == [one["rmse"] for one in own]
    best = names[int(np.argmin([one["rmse"] for one in own]))]
    assert sentences_of(runs)[0].startswith(f"On the same 30 test rows {best} has the smallest RMSE")
    assert not any("cannot be compared" in text for text in sentences_of(runs)[:3])


def test_runs_on_other_rows_targets_or_tasks_are_not_compared(trained):
    runs = read(trained, "numbers", "other-rows", "two", "classes", "other")
    groups = groups_of(labels_of(runs), runs)
    assert [group.labels for group in groups] == [("numbers", "other"), ("other-rows",), ("two",), ("classes",)]
    said = next(text for text in sentences_of(runs) if text.startswith("Scores of different groups"))
    assert "A and B: they were tested on other rows" in said
    assert "A and C: they predict other columns" in said
    assert "A and D: one predicts numbers, the other classes" in said
    assert {"Scores of the test rows, numbers", "Scores of the test rows, classes"} <= set(tables_of(runs))


def test_the_same_rows_of_another_table_are_other_rows(trained, tmp_path):
    unbind(shutil.copytree(trained / "other", tmp_path / "altered"))
    file = tmp_path / "altered" / "preprocess.json"
    data = json.loads(file.read_text())
    data["table"]["columns"]["y"] = "0" * 16
    file.write_text(json.dumps(data))
    runs = read_runs([trained / "numbers", tmp_path / "altered"])
    assert len(groups_of(labels_of(runs), runs)) == 2
    assert any("the tables are others" in text for text in sentences_of(runs))
    data["table"]["columns"] = None  # as runs of earlier versions, which know the whole table only
    file.write_text(json.dumps(data))
    runs = read_runs([trained / "numbers", tmp_path / "altered"])
    assert len(groups_of(labels_of(runs), runs)) == 2


def test_a_difference_is_clear_only_if_its_interval_is_on_one_side(trained):
    first, second = read(trained, "numbers", "other")
    (group,) = groups_of(["numbers", "other"], [first, second])
    found = difference(group, first, second)
    own = [run.predictions["y_predicted"] - run.predictions["y_true"] for run in (first, second)]
    apart = np.sqrt((own[0] ** 2).mean()) - np.sqrt((own[1] ** 2).mean())
    assert found.low < apart < found.high
    assert difference(group, first, first) is None  # the same predictions
    perfect = second.predictions["y_true"] + 1e-3
    second.predictions["y_predicted"] = perfect
    second.metrics["test"]["rmse"] = 1e-3
    found = difference(group, first, second)
    assert 0 < found.low < found.high
    assert "other has the smallest RMSE, 0.001; better than numbers" in sentences_of([first, second])[0]


def test_runs_with_the_same_score_are_as_good(trained, tmp_path):
    copies = [shutil.copytree(trained / "numbers", tmp_path / f"copy-{place}") for place in range(8)]
    runs = read_runs([trained / "numbers", *copies, trained / "other"])
    first = sentences_of(runs)[0]
    assert re.search(r"; as good as (copy-\d \([\d.]+\), ){5}copy-5 \([\d.]+\) and 2 others;", first), first
    assert "other (" in first


def test_a_run_that_has_not_ended_has_curves_and_no_scores(trained, tmp_path):
    shutil.copytree(trained / "other", tmp_path / "begun")
    for name in ("metrics.json", "predictions.csv", "environment.json"):
        (tmp_path / "begun" / name).unlink()
    runs = read_runs([trained / "numbers", tmp_path / "begun"])
    assert any("have not come to the end of their training: begun" in text for text in sentences_of(runs))
    assert any("No environment.json in begun" in text for text in sentences_of(runs))
    (drawn,) = [one for section in side_by_side_sections(runs) for one in section.blocks
                if one.kind == "figure" and one.name == "training-regression"]  # fmt: skip
    assert [trace["name"] for trace in drawn.traces if trace.get("showlegend", True)] == ["numbers", "begun"]
    alone = read_runs([tmp_path / "begun", shutil.copytree(tmp_path / "begun", tmp_path / "begun-2")])
    assert sentences_of(alone)[0] == "No run has scores of test rows, so none can be called better."


# -------------------------------------------------------------------------------------------------------------- curves


def test_curves_are_the_histories_of_the_runs(trained):
    runs = read(trained, "numbers", "other", "classes")
    figures = {one.name: one for section in side_by_side_sections(runs) for one in section.blocks
               if one.kind == "figure"}  # fmt: skip
    assert set(figures) == {f"{kind}-{task}" for kind in ("training", "validation")
                            for task in ("regression", "classification")}  # fmt: skip
    table = figures["validation-regression"].table
    for place, name in enumerate(("numbers", "other"), start=1):
        history = pd.read_csv(trained / name / "history.csv")
        lines = [one for one in figures["validation-regression"].traces if one["name"] == name]
        np.testing.assert_allclose(lines[0]["y"], history["validation_loss"], rtol=1e-5)
        assert [row[place].value for row in table.rows] == history["validation_loss"].tolist()
    looks = {(one["line"]["color"], one["line"]["dash"]) for figure in figures.values() for one in figure.traces
             if "line" in one}  # fmt: skip
    assert len(looks) == 3


def test_curves_of_other_units_are_said_to_be(trained):
    assert not any("heights" in text for text in sentences_of(read(trained, "numbers", "other")))
    assert any("scaled otherwise" in text for text in sentences_of(read(trained, "numbers", "other-rows")))


# ------------------------------------------------------------------------------------------------------ what differs


def test_specs_that_are_written_otherwise_and_mean_the_same_do_not_differ(trained):
    runs = read(trained, "numbers", "written-otherwise")
    assert runs[0].text != runs[1].text
    assert "Settings in which the specs differ" not in tables_of(runs)
    assert any(text.startswith("The specs say the same") for text in sentences_of(runs))


def test_settings_that_differ_are_listed_by_path(trained):
    rows = {
        row[0]: row[1:]
        for row in tables_of(read(trained, "numbers", "other"))["Settings in which the specs differ"].rows
    }
    assert rows["train.optimizer.lr"] == ("0.05", "0.02")
    assert rows["train.intervals"] == ("conformal", "none")
    assert rows["train.intervals.level"] == ("0.9", "not there")
    assert "dense(width: 3, bias: true); silu; dense(width: 2" in rows["encoder"][1]
    assert set(rows) == {"train.optimizer.lr", "train.intervals", "train.intervals.level", "encoder"}


def test_another_circuit_is_listed_as_it_is_built(trained, tmp_path):
    run = unbind(shutil.copytree(trained / "numbers", tmp_path / "deeper"))
    text = (run / "spec.resolved.hqnn").read_text()
    (run / "spec.resolved.hqnn").write_text(text.replace("real_amplitudes(reps: 1)", "real_amplitudes(reps: 2)"))
    rows = {
        row[0]: row[1:]
        for row in tables_of(read_runs([trained / "numbers", run]))["Settings in which the specs differ"].rows
    }
    assert rows["circuit.ansatz"] == ("real_amplitudes(reps: 1)", "real_amplitudes(reps: 2)")
    assert "4 weights" in rows["the circuit as built"][0]
    assert "6 weights" in rows["the circuit as built"][1]


def test_paths_of_settings_are_those_that_set_takes(trained):
    found = settings_by_path((trained / "numbers" / "spec.resolved.hqnn").read_text())
    assert found["train.epochs"] == "4"
    assert found["train.optimizer"] == "adamw"
    assert found["train.optimizer.lr"] == "0.05"
    assert found["data.split.validation"] == "30"
    assert found["circuit.feature_map"] == "angle()"
    assert found["let width"] == "2"
    assert settled(read_run(trained / "classes"))["train.loss"] == "cross_entropy"


def test_data_that_differ_are_listed(trained):
    tables = tables_of(read(trained, "numbers", "other-rows"))
    rows = {row[0]: row[1:] for row in tables["Tables and rows of parts"].rows}
    assert set(rows) == {"which training rows", "which validation rows", "which test rows"}
    split = [
        json.loads((trained / name / "preprocess.json").read_text())["split"] for name in ("numbers", "other-rows")
    ]
    assert rows["which test rows"] == tuple(rows_hash(one["test"]) for one in split)
    title = next(title for title in tables if title.startswith("Columns that differ"))
    columns = {row[0]: row[1:] for row in tables[title].rows}
    assert {"a", TAGGED, "y"} <= set(columns)
    assert all("mean" in text for text in columns["a"])
    same = sentences_of(read(trained, "numbers", "other"))
    assert "All were trained on the same cells and columns, with the same rows in each part." in same
    assert "Every column has the same cells, rules and fitted numbers in all." in same


def test_environments_that_differ_are_listed(trained, tmp_path):
    run = shutil.copytree(trained / "numbers", tmp_path / "elsewhere")
    file = run / "environment.json"
    data = json.loads(file.read_text())
    data["packages"]["torch"], data["threads"]["torch"], data["run"]["seconds"] = "1.0", 7, 99.0
    file.write_text(json.dumps(data))
    tables = tables_of(read_runs([trained / "numbers", run]))
    rows = {row[0]: row[2] for row in tables["Versions and surroundings that differ"].rows}
    assert rows == {"torch": "1.0", "threads": "7"}
    assert {row[0]: row[2] for row in tables["What each training took"].rows}["seconds"] == "99"


# ------------------------------------------------------------------------------------------------------------ the runs


def test_a_run_given_twice_and_folders_that_are_no_run_are_refused_together(trained, tmp_path):
    (tmp_path / "link").symlink_to(trained / "numbers")
    with pytest.raises(Refusal) as refusal:
        read_runs([trained / "numbers", tmp_path / "link", trained / "two"])
    assert [one.code for one in refusal.value.diagnostics] == ["E0654"]
    (tmp_path / "empty").mkdir()
    with pytest.raises(Refusal) as refusal:
        read_runs([trained / "numbers", tmp_path / "empty", tmp_path])
    assert [one.code for one in refusal.value.diagnostics] == ["E0532", "E0532"]


def test_many_trainings_are_refused_with_the_runs_that_they_have_kept(tmp_path):
    (tmp_path / "cv.json").write_text("{}")
    with pytest.raises(Refusal) as refusal:
        read_runs([tmp_path])
    (found,) = refusal.value.diagnostics
    assert (found.code, "--keep-runs" in found.help) == ("E0655", True)
    for number in (1, 2, 3):
        (tmp_path / "runs" / f"000{number}").mkdir(parents=True)
    with pytest.raises(Refusal) as refusal:
        read_runs([tmp_path])
    assert f"{tmp_path}/runs/0001 {tmp_path}/runs/0002`" in refusal.value.diagnostics[0].help


FILES = ("spec.resolved.hqnn", "preprocess.json", "metrics.json", "environment.json", "history.csv", "predictions.csv")


@pytest.mark.parametrize(("name", "other"), [("numbers", "classes"), ("classes", "numbers"), ("two", "numbers")])
def test_files_of_another_run_or_cut_off_are_refused_or_shown(trained, tmp_path, name, other):
    run = shutil.copytree(trained / name, tmp_path / "run")
    refused = 0
    for file in FILES:
        whole = (run / file).read_bytes()
        for data in ((trained / other / file).read_bytes(), whole[: len(whole) // 2], b""):
            (run / file).write_bytes(data)
            try:
                card_of(read_run(run))
                side_by_side_sections(read_runs([trained / name, run]))
            except Refusal:
                refused += 1
        (run / file).write_bytes(whole)
    assert refused > 8


def test_labels_tell_runs_apart(trained, tmp_path):
    (tmp_path / "b").mkdir()
    other = shutil.copytree(trained / "numbers", tmp_path / "b" / "numbers")
    runs = read_runs([trained / "numbers", other, trained / "two"])
    assert labels_of(runs) == [f"{trained.name}/numbers", "b/numbers", "two"]
    long = [f"a-very-long-name-of-a-model-and-its-data-{seed}" for seed in (1, 2)]
    shown = shown_labels([*long, "<b>"])
    assert len(set(shown)) == 3
    assert shown[2] == "&lt;b&gt;"
    alike = shown_labels([f"{'x' * 30}{seed}{'y' * 30}" for seed in (1, 2)])
    assert len(set(alike)) == 2


# ------------------------------------------------------------------------------------------------------------ the page


NAMES = ("numbers", "other", "other-rows", "classes", "truth")


@pytest.fixture(scope="module")
def page(trained, tmp_path_factory):
    path = tmp_path_factory.mktemp("pages") / "compared.html"
    path.write_text(side_by_side_html(read(trained, *NAMES)), encoding="utf-8")
    return path


def test_the_page_is_whole_and_names_are_text(page):
    text = page.read_text(encoding="utf-8")
    found = Read(text)
    assert not found.open
    assert [one["id"] for one in found.all("section")] == [
        "verdict", "scores", "curves", "specs", "data", "environment",
    ]  # fmt: skip
    assert len(found.all("script")) == 3
    assert not [tag for tag, _ in found.elements if tag in {"b", "i"}]
    assert any(TAGGED in text for text in found.texts["th"])
    for tag, attributes in found.elements:
        for attribute in ("src", "href", "action", "data", "srcset"):
            value = attributes.get(attribute)
            assert value is None or value.startswith(("#", "data:")), (tag, value)
    plots = [one for one in found.all("div") if one.get("class") == "plot"]
    assert len(plots) == len(figure_data(found)) == 4
    assert all(one["role"] == "img" and len(one["aria-label"]) > 20 for one in plots)
    assert len(text.encode()) < 6_000_000


@pytest.mark.parametrize(("width", "dark"), [(380, True), (1200, False)])
def test_in_a_browser_it_is_drawn_and_does_not_scroll_sideways(page, width, dark):
    if MISSING:
        pytest.skip(MISSING)
    with browser() as chromium:
        chromium.open(page, width, dark=dark)
        assert chromium.log("browser") == []
        assert chromium.run("return document.documentElement.scrollWidth") <= width
        counts = chromium.run(DRAWN)
        assert len(counts) == 4
        assert all(counts)
        asked = [json.loads(entry["message"])["message"] for entry in chromium.log("performance")]
        urls = [one["params"]["request"]["url"] for one in asked if one["method"] == "Network.requestWillBeSent"]
        assert all(url.startswith(("file:", "data:", "blob:")) for url in urls), urls
        printed = chromium.printed()
    assert printed.startswith(b"%PDF")
