"""Model cards: the head as hubs read it, scores with intervals, limits, and code that works."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
import warnings

import numpy as np
import pytest
import yaml
from trained_runs import CLOSING, SPEC, TAGGED, frame

import hqnn
from hqnn_dsl.data.tables import read_table
from hqnn_dsl.diagnostics.diagnostic import Refusal
from hqnn_dsl.report.card import card_of, check_replaceable, scores_with_intervals
from hqnn_dsl.report.card_text import fenced, plain, yaml_of
from hqnn_dsl.report.reading import read_run

NAMES = ("numbers", "two", "classes", "truth", "columns")
SECTIONS = (
    *("## Model Details", "## Uses", "## Bias, Risks, and Limitations", "## How to Get Started with the Model"),
    *("## Training Details", "## Evaluation", "## Technical Specifications", "## Model Card Authors"),
)


@pytest.fixture(scope="module")
def cards(trained):
    return {name: card_of(read_run(trained / name)) for name in NAMES}


def head_of(card):
    assert card.startswith("---\n")
    return yaml.safe_load(card.split("---\n")[1])


def test_the_head_has_the_form_that_hubs_read(cards, trained):
    for name, card in cards.items():
        head = head_of(card)
        task = "tabular-classification" if name in {"classes", "truth"} else "tabular-regression"
        assert (head["library_name"], head["pipeline_tag"]) == ("hqnn", task)
        assert task in head["tags"]
        ((model,), (result,)) = head["model-index"], head["model-index"][0]["results"]
        assert set(model) == {"name", "results"}
        assert set(result) == {"task", "dataset", "metrics"}
        assert result["task"]["type"] == task
        assert (result["dataset"]["name"], result["dataset"]["split"]) == ("table.csv", "test")
        assert result["dataset"]["type"]
        data = json.loads((trained / name / "preprocess.json").read_text())
        assert result["dataset"]["args"] == {"rows": 30, "sha256": data["table"]["sha256"]}
        assert {one["type"] for one in result["metrics"]} == set(head["metrics"])


def test_the_scores_of_the_head_are_those_of_the_run(cards, trained):
    for name, card in cards.items():
        test = json.loads((trained / name / "metrics.json").read_text())["test"]
        (result,) = head_of(card)["model-index"][0]["results"]
        for one in result["metrics"]:
            key = {"r_squared": "r2"}.get(one["type"], one["type"])
            _, _, target = one["name"].partition(" of ")
            assert one["value"] == (test["targets"][target][key] if target else test[key])
            assert isinstance(one["value"], float)


def test_the_text_has_the_sections_of_the_template_and_the_scores_with_intervals(cards, trained):
    for name, card in cards.items():
        places = [card.index(f"\n{title}\n") for title in SECTIONS]
        assert places == sorted(places)
        found = scores_with_intervals(read_run(trained / name))
        for title, value, ends in found:
            cells = [plain(title), f"{value:.4g}"] + (
                ["-", "-"] if ends is None else [f"{end:.4g}" for end in (ends.low, ends.high)]
            )
            assert f"| {' | '.join(cells)} |" in card
        with_ends = [one for one in found if one[2] is not None]
        assert len(with_ends) >= 3
        assert all(ends.low <= value <= ends.high for _, value, ends in with_ends)
        assert "scipy.stats.bootstrap, 2000 draws of the test rows with a fixed seed" in card


def test_limits_are_stated(cards, trained):
    for name, card in cards.items():
        assert "The scores are of 30 test rows; the network was trained on 100." in card
        assert "simulated on a classical computer, by reference(precision: single); no quantum device took part" in card
        assert ("meant to hold 90% of new rows" in card) == (name == "numbers")
        assert "The run does not hold these ranges" in card
    assert "gradient boosting" in cards["numbers"].split("## Model Details")[0]


def test_a_run_on_a_device_says_so(trained, tmp_path):
    run = shutil.copytree(trained / "numbers", tmp_path / "run")
    data = json.loads((run / "environment.json").read_text())
    data["backend"] |= {"name": "primitive", "options": {"name": "ibm_torino", "shots": 1000}}
    (run / "environment.json").write_text(json.dumps(data))
    card = card_of(read_run(run))
    assert "was run on a quantum device, by primitive(name: ibm\\_torino, shots: 1000)" in card
    assert "simulated" not in card


@pytest.mark.parametrize("name", ["two", "truth", "columns"])
def test_the_code_of_a_card_works_and_predicts_one_row(cards, trained, name):
    code = re.search(r"(?s)```python\n(.*?)\n```", cards[name])[1]
    program = f"{code}\nassert len(run.predict(rows)) == 1, rows\nassert callable(network)\n"
    done = subprocess.run(
        [sys.executable, "-c", program], cwd=trained / name, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.strip()
    assert "note[" not in done.stderr  # such as of a level that no training row has


def test_ranges_are_those_of_the_training_rows(trained):
    run, table = read_run(trained / "columns"), frame()
    card = card_of(run, read_table(trained / "table.csv"))
    train, test = (table.iloc[rows] for rows in (run.preparation.parts.train, run.preparation.parts.test))
    low, high = train["a"].min(), train["a"].max()
    outside = int(((test["a"] < low) | (test["a"] > high)).sum())
    assert f"| a | number | {low:.4g} | {high:.4g} | {outside} |" in card
    assert f"| day | date | {train['day'].min()} | {train['day'].max()} |" in card
    assert "| flag | boolean | false and true | 2 levels | 0 |" in card
    assert "| 3 levels | 0 |" in card
    assert "The run does not hold these ranges" not in card


def test_another_table_has_no_ranges(trained):
    other = frame().assign(a=lambda table: table["a"] + 1)
    with pytest.raises(Refusal) as refusal:
        card_of(read_run(trained / "numbers"), read_table(other))
    assert refusal.value.diagnostics[0].code == "E0657"


def test_names_are_text_in_markdown_and_yaml(cards):
    card = cards["classes"].replace("```python", "").split("## How to Get Started")[0]
    assert TAGGED not in card
    assert CLOSING not in card
    assert r"\<script\>alert(1)\</script\>" in card
    assert plain("a|b*c_d`e`[f](g)<h>&amp;#$!~") == r"a\|b\*c\_d\`e\`\[f\](g)\<h\>\&amp;\#\$\!\~"
    assert plain("a\nb\u202e") == "a·b·"
    assert fenced("x\n```\ny")[0] == "````"
    data = {
        "texts": [
            "a: b",
            "- c",
            "#d",
            "é\U0001f600",
            'say "x" \\',
            "null",
            "yes",
            "1e5",
            "",
            "2024-01-01",
            "=",
            "a\nb",
        ],
        "numbers": [1e-5, 1e22, -0.5, 3, 1.0, 5e-324, 1e16],
        "deep": [{"name": "x", "list": [{"value": 1.5, "none": None, "flag": True}]}],
    }
    data["texts"][-1] = "a·b"
    assert yaml.safe_load(yaml_of(data)) == data
    assert [type(one) for one in yaml.safe_load(yaml_of(data))["numbers"]] == [
        float,
        float,
        float,
        int,
        float,
        float,
        float,
    ]
    with pytest.raises(ValueError, match="finite"):
        yaml_of({"x": float("nan")})


def test_no_folder_of_this_machine_is_in_a_card(cards, trained):
    assert all(str(trained) not in card and "table.csv" in card for card in cards.values())


def test_a_card_is_the_same_each_time(cards, trained):
    assert cards["numbers"] == card_of(read_run(trained / "numbers"))


def test_a_run_that_has_not_ended_has_a_card_without_scores(trained, tmp_path):
    run = shutil.copytree(trained / "numbers", tmp_path / "run")
    for name in ("metrics.json", "predictions.csv", "environment.json"):
        (run / name).unlink()
    card = card_of(read_run(run))
    assert "model-index" not in head_of(card)
    assert "There are no scores of test rows." in card
    assert "The training has not come to its end" in card
    assert "The run does not say what ran its circuit." in card


def test_weighted_rows_have_scores_without_intervals(tmp_path):
    table = frame()[["a", "y"]].assign(w=np.linspace(0.2, 3, 160))
    spec = (
        SPEC.replace("TARGET", "y")
        .replace("FEATURES", "a, b; weights w")
        .replace("TRAIN", "")
        .replace("epochs 4", "epochs 1")
    )
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", hqnn.HQNNWarning)
        hqnn.train(spec, table.assign(b=table["a"] ** 2), tmp_path / "run", progress=False)
    card = card_of(read_run(tmp_path / "run"))
    assert re.search(r"\| RMSE \| [\d.]+ \| - \| - \|", card)
    assert "Rows are weighted, and the weights are not kept with predictions" in card
    assert head_of(card)["model-index"][0]["results"][0]["dataset"]["name"] == "the table of the training"


def test_only_a_card_as_it_was_written_is_replaced(cards, tmp_path):
    path = tmp_path / "README.md"
    check_replaceable(path)
    path.write_text(cards["numbers"], encoding="utf-8")
    check_replaceable(path)
    for text in (
        f"{cards['numbers']}more\n",
        cards["numbers"].replace("[More Information Needed]", "MIT", 1),
        "# mine",
        "",
    ):
        path.write_text(text, encoding="utf-8")
        with pytest.raises(Refusal) as refusal:
            check_replaceable(path)
        assert refusal.value.diagnostics[0].code == "E0656"
    path.write_bytes(b"\xff\xfe")
    with pytest.raises(Refusal):
        check_replaceable(path)
