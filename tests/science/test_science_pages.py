"""Pages of comparisons and analyses: numbers are those of the record, names are text, and every figure is drawn."""

from __future__ import annotations

import csv
import json
import shutil
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import pytest
from browser import MISSING, browser
from scipy import stats

import hqnn_dsl as hqnn
from hqnn_dsl.data.tables import read_table
from hqnn_dsl.diagnostics.diagnostic import Refusal
from hqnn_dsl.diagnostics.source import Source
from hqnn_dsl.pipeline import program as program_of
from hqnn_dsl.report.parts import Figure, Table
from hqnn_dsl.report.table_files import csv_of
from hqnn_dsl.science.analysis.analyze import MEASURES
from hqnn_dsl.science.comparison.experiment import Options, compare
from hqnn_dsl.science.pages.kinds import kind_of
from hqnn_dsl.science.pages.pages import reported
from hqnn_dsl.science.pages.reading import read_comparison_files
from hqnn_dsl.science.protocol import Asked

if TYPE_CHECKING:
    from pathlib import Path

NASTY, CLOSING = "<script>alert(1)</script>", "</script><b onclick=x>"
SPEC = """hqnn 1
model small {
  data { target "<script>alert(1)</script>"; split validation: 0.25, test: 0.25 }
  encoder { dense(2); tanh }
  circuit on 2 qubits { feature_map angle(); ansatz real_amplitudes(reps: 1) }
  decoder { dense(auto) }
  train { epochs 3; batch 16; optimizer adam(0.05); stop none; device cpu; seed 3 }
  backend native(precision: double)
}
"""
MEASURED = """hqnn 1
let width = 2
model tiny {
  circuit on width qubits { feature_map angle(); ansatz real_amplitudes(reps: 1) }
}
"""
OTHERS = ("frozen", "no_circuit", "linear")
NAMES = ("as_written", *OTHERS)
SECTIONS = [
    *("verdict", "differences", "contenders", "units", "curves", "epochs", "specs", "protocol", "simulation"),
    "environment",
]


def run(out: Path):
    random = np.random.default_rng(5)
    a, b = random.normal(size=(2, 48))
    data = pd.DataFrame({"a": a, "b": b, NASTY: np.sin(a) + 0.5 * b + 0.1 * random.normal(size=48)})
    program = program_of(Source("small.hqnn", SPEC, folder="."))
    asked = Asked(folds=2, repeats=1, trials=2, rows=(16, "all"), contenders=OTHERS)
    return compare(program, read_table(data, program.spec.data.read), asked, out, options=Options(progress=False))


@pytest.fixture(scope="module")
def made(tmp_path_factory) -> Path:
    """A comparison `c`, another one `d` with other numbers and another table, and an analysis `a.json`."""
    folder = tmp_path_factory.mktemp("pages")
    run(folder / "c")
    shutil.copytree(folder / "c", folder / "d")

    def other(record):
        record["table"] = {**record["table"], "name": "other.csv", "sha256": "0" * 64}
        for entry in record["statistics"]:
            for place, name in enumerate(NAMES):
                scores = [score * (1 + 0.3 * place) for score in entry["scores"][name]]
                entry["scores"][name] = scores
                entry["means"][name]["mean"] = float(np.mean(scores))

    edit(folder / "d" / "comparison.json", other)
    found = hqnn.analyze(MEASURED, samples=12, grid=5, widths="2..3", seed=1)
    found.write(folder / "a.json")
    return folder


def edit(path: Path, change) -> None:
    record = json.loads(path.read_text(encoding="utf-8"))
    change(record)
    path.write_text(json.dumps(record), encoding="utf-8")


def page_of(*paths: Path):
    return reported(paths, [kind_of(path) for path in paths])


def tables_of(page) -> dict[str, list[list[str]]]:
    """Every table of a page by its title, those of figures too, with all digits."""
    found = {}
    for section in page.sections:
        for block in section.blocks:
            listed = block.table if isinstance(block, Figure) else block
            if isinstance(listed, Table):
                assert listed.title not in found, listed.title
                found[listed.title] = list(csv.reader(csv_of(listed).splitlines()))[1:]
    return found


def figures_of(page) -> dict[str, Figure]:
    return {block.name: block for section in page.sections for block in section.blocks if isinstance(block, Figure)}


def record_of(path: Path):
    return json.loads((path / "comparison.json").read_text(encoding="utf-8"))


def numbers_in(cells) -> list[float]:
    return [float(cell) if cell else np.nan for cell in cells]


# ------------------------------------------------------------------------------------------------------- a comparison


def test_a_comparison_has_its_sections_and_the_verdict_first(made):
    page = page_of(made / "c")
    assert [section.name for section in page.sections] == SECTIONS
    record = record_of(made / "c")
    first, *others = [block.text for block in page.sections[0].blocks if block.kind == "sentence"]
    last = [line for line in record["verdict"] if not line.startswith("16 rows: ")]
    shown = [f"{line[:1].upper()}{line[1:]}." for line in last]
    assert sorted([first, *others]) == sorted(shown)
    assert first.startswith("All rows: ")
    (fewer,) = [block for block in page.sections[0].blocks if block.kind == "table"]
    assert [": ".join(row) for row in fewer.rows] == [line for line in record["verdict"] if line.startswith("16 rows")]


@pytest.mark.parametrize(("place", "at"), [(1, "all rows"), (0, "16 rows")])
def test_differences_and_means_are_those_of_the_record(made, place, at):
    entry = record_of(made / "c")["statistics"][place]
    found = tables_of(page_of(made / "c"))
    titles = {one["name"]: one["title"].removeprefix("the ") for one in record_of(made / "c")["contenders"]}
    intervals = {row[0]: numbers_in(row[1:7]) for row in found[f"Differences of RMSE with 95 % intervals, {at}"]}
    shares = {row[0]: numbers_in(row[1:4]) for row in found[f"Bayesian probabilities, {at}"]}
    effects = {row[0]: numbers_in(row[4:6]) for row in found[f"Effect sizes, {at}"]}
    assert len(intervals) == len(entry["comparisons"]) == len(OTHERS)
    for one in entry["comparisons"]:
        title = titles[one["other"]]
        expected = [one[key] for key in ("difference", "low", "high", "p", "adjusted", "half_region")]
        assert intervals[title] == expected
        assert shares[title] == [one["bayes"][key] for key in ("better", "equivalent", "worse")]
        assert effects[title] == [one["effect"][key] for key in ("d", "g")]
    means = {row[0]: numbers_in(row[2:4]) for row in found[f"All contenders by RMSE of the test rows, {at}"]}
    units = np.array([numbers_in(row[1:]) for row in found[f"RMSE of the test rows by unit, {at}"]])
    for column, name in enumerate(NAMES):
        own = entry["scores"][name]
        assert means[titles[name]] == pytest.approx([np.mean(own), np.std(own, ddof=1)], rel=1e-9)
        assert units[:, column].tolist() == own


def test_the_forest_is_sorted_by_gain_with_its_intervals_and_regions(made):
    figure = figures_of(page_of(made / "c"))["forest"]
    compared = sorted(record_of(made / "c")["statistics"][-1]["comparisons"], key=lambda one: one["difference"])
    points = sorted(
        (y, x) for t in figure.traces if t["mode"] == "markers" for x, y in zip(t["x"], t["y"], strict=True)
    )
    assert [x for _, x in points] == pytest.approx([one["difference"] for one in compared], rel=1e-5)
    lines = {}
    for trace in figure.traces:
        if trace["mode"] == "lines":
            for low, high, y in zip(trace["x"][::3], trace["x"][1::3], trace["y"][::3], strict=True):
                lines[y] = (low, high)
    assert [lines[k] for k in range(len(compared))] == [
        pytest.approx((one["low"], one["high"]), rel=1e-5) for one in compared
    ]
    rects = [shape for shape in figure.layout["shapes"] if shape["type"] == "rect"]
    assert [one["x1"] for one in rects] == pytest.approx([one["half_region"] for one in compared], rel=1e-5)
    assert all(one["x0"] == -one["x1"] and one["y0"] < k < one["y1"] for k, one in enumerate(rects))


def test_trials_and_best_settings_are_those_of_the_results(made):
    found = tables_of(page_of(made / "c"))
    best = {(row[0], row[1]): row for row in found["Best settings"]}
    for name, title in (("frozen", "frozen circuit"), ("linear", "linear model")):
        rows = found[f"Trials of the {title}"]
        values = []
        for number in range(1, 5):
            result = json.loads((made / "c" / "results" / name / f"{number:04d}.json").read_text())
            values += [trial["value"] for trial in result["tuning"]["trials"]]
            words = f"{'16 rows' if number < 3 else 'all rows'}, fold {2 - number % 2}"
            assert float(best[title, words][3]) == result["tuning"]["trials"][result["tuning"]["best"]]["value"]
        assert numbers_in(row[3] for row in rows) == values


def test_curves_are_the_means_by_the_rows_learned_from(made):
    entries = record_of(made / "c")["statistics"]
    figure = figures_of(page_of(made / "c"))["curves-by-rows"]
    assert figure.traces[0]["x"] == [16, 24]
    for trace, name in zip(figure.traces, NAMES, strict=True):
        assert trace["y"] == pytest.approx([entry["means"][name]["mean"] for entry in entries], rel=1e-5)


def test_protocol_simulation_specs_and_cost_are_there(made):
    page = page_of(made / "c")
    found, record = tables_of(page), record_of(made / "c")
    facts = {row[0]: row[1] for row in found["How easily the model's circuit is simulated classically"]}
    assert facts["qubits of the widest light cone of an output"] == str(record["simulability"]["widest_cone"])
    assert facts["dimension of the Lie algebra of all rotations"] == str(record["simulability"]["algebra"]["dimension"])
    texts = [block.text for section in page.sections for block in section.blocks if block.kind == "sentence"]
    assert "All quantum models were simulated classically." in texts
    assert any("no seal" in text for text in texts)
    assert ["targets", NASTY] in found["Protocol"]
    codes = [block for section in page.sections for block in section.blocks if block.kind == "code"]
    assert {code.title.partition(": ")[2] for code in codes} == {f"specs/{name}.hqnn" for name in NAMES[:3]}
    assert all(code.is_collapsed for code in codes)
    assert float(dict(found["Cost"])["trials"]) == record["cost"]["trials"] == 32


def test_a_seal_is_shown_with_its_hypotheses(made, tmp_path):
    folder = shutil.copytree(made / "c", tmp_path / "c")
    seal = {"path": "s.json", "sha256": "f" * 64, "sealed": "2024-01-01", "hypotheses": [NASTY]}
    edit(folder / "comparison.json", lambda record: record.update(seal=seal))
    rows = tables_of(page_of(folder))["Seal: stated before any test row was scored"]
    assert rows == [["file", "s.json"], ["sealed", "2024-01-01"], ["SHA-256", "f" * 64], ["hypothesis 1", NASTY]]


def test_an_unfinished_comparison_says_what_is_missing(made, tmp_path):
    folder = shutil.copytree(made / "c", tmp_path / "c")
    (folder / "results" / "frozen" / "0004.json").unlink()

    def cut(record):
        record["state"], record["statistics"][1] = "unfinished", None
        record["verdict"] = [line for line in record["verdict"] if line.startswith("16 rows")]

    edit(folder / "comparison.json", cut)
    page = page_of(folder)
    first = page.sections[0].blocks[0]
    assert first.is_verdict
    assert first.text.startswith("The comparison is not complete: 15 of 16 results are there; ")
    assert tables_of(page)["What is missing"] == [["frozen circuit", "3", "0", "0", "1"]]
    assert "RMSE of the test rows by unit, 16 rows" in tables_of(page)
    assert page.html()


def test_a_contender_that_has_failed_is_listed_and_not_drawn(made, tmp_path):
    folder = shutil.copytree(made / "c", tmp_path / "c")
    mistake = {"code": "E0700", "message": "it did not fit"}
    edit(
        folder / "results" / "linear" / "0004.json",
        lambda one: one.update(state="failed", tuning=None, scores={}, mistakes=[mistake]),
    )

    def fail(record):
        entry = record["statistics"][1]
        entry["scores"]["linear"][1] = None
        (one,) = [one for one in entry["comparisons"] if one["other"] == "linear"]
        empty = ("difference", "low", "high", "p", "adjusted", "effect", "bootstrap", "bayes", "needed")
        one.update(dict.fromkeys(empty), finding="untested")
        record["state"] = "unfinished"

    edit(folder / "comparison.json", fail)
    page = page_of(folder)
    found = tables_of(page)
    assert found["What has failed"] == [["linear model", "all rows, fold 2", "E0700: it did not fit"]]
    assert found["What is missing"] == [["linear model", "3", "1", "0", "0"]]
    assert found["Differences of RMSE with 95 % intervals, all rows"][-1][:3] == ["linear model", "", ""]
    texts = [block.text for block in page.sections[1].blocks if block.kind == "sentence"]
    assert "Not in the figure, since there is no interval: linear model." in texts
    assert "linear" not in str(figures_of(page)["forest"].layout["yaxis"]["ticktext"])
    assert page.html()


def test_names_are_text_wherever_they_stand(made, tmp_path):
    folder = shutil.copytree(made / "c", tmp_path / "c")

    def rename(record):
        for one in record["contenders"]:
            one["title"], one["note"] = f"{CLOSING} {one['name']}", NASTY
        for entry in record["statistics"]:
            for one in entry["comparisons"]:
                one["sentence"] = one["finding"] = CLOSING

    edit(folder / "comparison.json", rename)
    text = page_of(folder).html()
    assert NASTY not in text
    assert CLOSING not in text
    assert text.count("<script") == 3
    assert "&lt;/script&gt;&lt;b onclick=x&gt;" in text


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda r: r["statistics"][0]["comparisons"][0].update(p="small"), "p"),
        (lambda r: r["statistics"][1]["means"].pop("linear"), "means"),
        (lambda r: r["statistics"][1]["scores"]["linear"].append(1.0), "scores"),
        (lambda r: r["statistics"].pop(), "statistics"),
        (lambda r: r["contenders"][1].update(name="../c"), "contenders"),
        (lambda r: r["contenders"][1].update(spec="../../secret"), "spec"),
        (lambda r: r["simulability"].pop("gates"), "gates"),
    ],
)
def test_a_damaged_record_is_refused_with_the_field(made, tmp_path, change, said):
    folder = shutil.copytree(made / "c", tmp_path / "c")
    edit(folder / "comparison.json", change)
    with pytest.raises(Refusal) as refused:
        read_comparison_files(folder)
    (found,) = refused.value.diagnostics
    assert (found.code, found.file) == ("E0533", "comparison.json")
    assert said in found.reason


def test_a_result_of_another_unit_and_a_missing_spec_are_refused(made, tmp_path):
    folder = shutil.copytree(made / "c", tmp_path / "c")
    edit(folder / "results" / "linear" / "0002.json", lambda one: one.update(fold=0))
    with pytest.raises(Refusal) as refused:
        read_comparison_files(folder)
    assert refused.value.diagnostics[0].file == "results/linear/0002.json"
    folder = shutil.copytree(made / "c", tmp_path / "d")
    (folder / "specs" / "frozen.hqnn").unlink()
    with pytest.raises(Refusal) as refused:
        read_comparison_files(folder)
    assert refused.value.diagnostics[0].file == "specs/frozen.hqnn"


# ---------------------------------------------------------------------------------------------- several comparisons


def test_several_comparisons_are_tested_over_their_data_sets(made):
    """By hand: gains over the larger error, SciPy's Wilcoxon, and pandas' ranks."""
    page = page_of(made / "c", made / "d")
    found = tables_of(page)
    means = pd.DataFrame(
        {name: [record_of(made / f)["statistics"][-1]["means"][name]["mean"] for f in "cd"] for name in NAMES}
    )
    titles = {one["name"]: one["title"].removeprefix("the ") for one in record_of(made / "c")["contenders"]}
    tests = {row[0]: row for row in found["Tests over data sets"]}
    gains = {row[0]: numbers_in(row[1:]) for row in found["Gains of the model by data set"]}
    for name in OTHERS:
        own, other = means["as_written"], means[name]
        by_hand = ((other - own) / np.maximum(own, other)).tolist()
        assert gains[titles[name]] == pytest.approx(by_hand, rel=1e-9)
        assert float(tests[titles[name]][3]) == pytest.approx(stats.wilcoxon(by_hand, method="exact").pvalue)
        assert sum(numbers_in(tests[titles[name]][6:9])) == pytest.approx(1)
    ranked = {row[0]: float(row[1]) for row in found["Mean ranks, and Nemenyi's p-values of each pair"]}
    expected = means.rank(axis=1).mean()
    assert ranked == pytest.approx({titles[name]: expected[name] for name in NAMES})
    diagram = figures_of(page)["critical-difference"]
    assert diagram.traces[0]["x"] == pytest.approx(sorted(expected), rel=1e-5)


def test_comparisons_that_do_not_go_together_are_refused(made, tmp_path):
    def refused(*paths):
        with pytest.raises(Refusal) as found:
            page_of(*paths)
        return [(one.code, getattr(one, "why", "")) for one in found.value.diagnostics]

    other = shutil.copytree(made / "d", tmp_path / "d")
    edit(other / "comparison.json", lambda record: record["protocol"].update(region=0.02))
    for second, word in ((shutil.copytree(made / "c", tmp_path / "c"), "same table"), (other, "region")):
        ((code, said),) = refused(made / "c", second)
        assert code == "E0689"
        assert word in said
    edit(other / "comparison.json", lambda record: record["protocol"].update(region=0.01))
    edit(other / "comparison.json", lambda record: record["statistics"].__setitem__(1, None))
    assert "not complete" in refused(made / "c", other)[0][1]
    assert refused(made / "c", made / "a.json")[0][0] == "E0689"
    assert refused(made / "c", made / "c")[0][0] == "E0654"


# ------------------------------------------------------------------------------------------------------- an analysis


def test_an_analysis_shows_every_number_with_its_definition_and_source(made):
    document = json.loads((made / "a.json").read_text(encoding="utf-8"))
    page = page_of(made / "a.json")
    sections = {section.name: section for section in page.sections}
    assert list(sections) == ["verdict", *(f"measure-{name}" for name in MEASURES), "spec"]
    for finding in document["findings"]:
        blocks = sections[f"measure-{finding['measure']}"].blocks
        texts = [block.text for block in blocks if block.kind == "sentence"]
        assert f"Definition: {finding['definition']}" in texts
        assert f"Source: {finding['source']}." in texts
        numbers = next(block for block in blocks if block.kind == "table")
        rows = list(csv.reader(csv_of(numbers).splitlines()))[1:]
        assert [(row[0], row[3]) for row in rows] == [(one["name"], one["definition"]) for one in finding["figures"]]
        for row, one in zip(rows, finding["figures"], strict=True):
            assert row[1].startswith("unknown") if one["value"] is None else float(row[1]) == one["value"]
            assert (float(row[2]) if row[2] else None) == one["error"]


def test_figures_of_an_analysis_are_its_arrays(made):
    document = json.loads((made / "a.json").read_text(encoding="utf-8"))
    arrays = {finding["measure"]: finding["arrays"] for finding in document["findings"]}
    found = figures_of(page_of(made / "a.json"))
    assert {"fidelities", "q-of-states", "entropies", "gradients-widths", "gradients-by-weight", "coefficients-0",
            "fisher-eigenvalues", "effective-dimension", "landscape-0"} <= set(found)  # fmt: skip
    bars, haar = found["fidelities"].traces
    assert bars["y"] == pytest.approx(np.array(arrays["expressibility"]["counts"]) / 12, rel=1e-5)
    assert haar["y"] == pytest.approx(arrays["expressibility"]["haar"], rel=1e-5)
    assert sum(found["q-of-states"].traces[0]["y"]) == 12
    assert found["entropies"].traces[0]["y"] == pytest.approx(arrays["entropy"]["half_chain"], rel=1e-5)
    widths = arrays["gradients"]["widths"]
    assert found["gradients-widths"].traces[0]["x"] == widths["qubits"] == [2, 3]
    assert found["gradients-widths"].traces[0]["y"] == pytest.approx(widths["variance"], rel=1e-5)
    assert found["gradients-widths"].layout["yaxis"]["type"] == "log"
    by_input = arrays["coefficients"]["by_input"][0]
    assert found["coefficients-0"].traces[1]["y"] == pytest.approx(by_input["mean_square"][1], rel=1e-5)
    assert found["effective-dimension"].traces[0]["y"] == pytest.approx(
        arrays["fisher"]["effective_dimension"], rel=1e-5
    )
    surface = next(iter(arrays["landscape"]["surfaces"].values()))
    assert np.array(found["landscape-0"].traces[0]["z"]) == pytest.approx(np.array(surface)[::-1], rel=1e-5)


@pytest.mark.parametrize(
    ("measure", "change"),
    [
        ("expressibility", lambda arrays: arrays["counts"].pop()),
        ("entropy", lambda arrays: arrays["half_chain"].pop()),
        ("gradients", lambda arrays: arrays["table"][0].pop()),
        ("fisher", lambda arrays: arrays.pop("rows")),
        ("landscape", lambda arrays: next(iter(arrays["surfaces"].values())).pop()),
    ],
)
def test_arrays_that_do_not_fit_are_refused_with_the_measure(made, tmp_path, measure, change):
    path = tmp_path / "a.json"
    shutil.copy(made / "a.json", path)
    edit(path, lambda document: change(next(f for f in document["findings"] if f["measure"] == measure)["arrays"]))
    with pytest.raises(Refusal) as refused:
        page_of(path)
    (found,) = refused.value.diagnostics
    assert found.code == "E0688"
    assert f"`{measure}`" in found.reason


def test_an_analysis_without_numbers_says_why(made, tmp_path):
    path = tmp_path / "a.json"
    shutil.copy(made / "a.json", path)

    def empty(document):
        document["findings"][0].update(figures=[], arrays={}, reason="it would take <hours>")

    edit(path, empty)
    page = page_of(path)
    assert any(getattr(block, "text", "") == "Unknown: it would take <hours>." for block in page.sections[1].blocks)
    assert "&lt;hours&gt;" in page.html()


# --------------------------------------------------------------------------------------------------------- in a browser


@pytest.fixture(scope="module")
def chromium():
    if MISSING:
        pytest.skip(MISSING)
    with browser() as found:
        yield found


@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
@pytest.mark.parametrize("width", [380, 1200])
@pytest.mark.parametrize("names", [("c",), ("a.json",), ("c", "d")], ids=["comparison", "analysis", "several"])
def test_in_a_browser_figures_are_drawn_and_nothing_scrolls_sideways(made, tmp_path, chromium, names, width, dark):
    page = page_of(*(made / name for name in names))
    (tmp_path / "page.html").write_text(page.html(), encoding="utf-8")
    chromium.log("performance")
    chromium.open(tmp_path / "page.html", width, dark=dark)
    assert chromium.log("browser") == []
    assert chromium.run("return document.documentElement.scrollWidth") <= width
    drawn = """return [...document.querySelectorAll('.plot')].map(
        one => one.querySelectorAll('.trace, .points path, .heatmaplayer image').length)"""
    counts = chromium.run(drawn)
    assert len(counts) == len(figures_of(page))
    assert all(counts), counts
    ids = chromium.run("return [...document.querySelectorAll('[id]')].map(one => one.id)")
    assert len({*ids}) == len(ids)
    asked = [json.loads(entry["message"])["message"] for entry in chromium.log("performance")]
    urls = [one["params"]["request"]["url"] for one in asked if one["method"] == "Network.requestWillBeSent"]
    assert urls
    assert all(url.startswith(("file:", "data:", "blob:")) for url in urls), urls
