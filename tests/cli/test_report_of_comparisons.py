"""`hqnn report` of comparisons and analyses: where pages go, what is exported, and what is refused."""

from __future__ import annotations

import csv
import json
import shutil
import webbrowser
from typing import TYPE_CHECKING

import pytest

import hqnn_dsl as hqnn

if TYPE_CHECKING:
    from pathlib import Path

SPEC = """hqnn 1
model small {
  data { target y; split validation: 0.25, test: 0.25 }
  circuit on 2 qubits { feature_map angle(); ansatz real_amplitudes(reps: 1) }
  decoder { dense }
  train { epochs 1; batch 16; stop none; device cpu }
  backend native(precision: double)
}
"""


@pytest.fixture(scope="module")
def made(tmp_path_factory) -> Path:
    """A folder with a comparison `c`, another one `d` of another table, and an analysis `a.json`."""
    folder = tmp_path_factory.mktemp("reports")
    lines = [f"{k / 40},{k % 7},{k / 20 + k % 5}" for k in range(40)]
    (folder / "c.csv").write_text("\n".join(["a,b,y", *lines, ""]))
    found = hqnn.compare(
        hqnn.compile_text(SPEC), folder / "c.csv", folds=2, repeats=1, trials=1, contenders=("no_circuit", "linear"),
        out=folder / "c", progress=False,
    )  # fmt: skip
    assert found.record["state"] == "complete"
    shutil.copytree(folder / "c", folder / "d")
    record = json.loads((folder / "d" / "comparison.json").read_text(encoding="utf-8"))
    record["table"]["sha256"] = "0" * 64
    (folder / "d" / "comparison.json").write_text(json.dumps(record), encoding="utf-8")
    hqnn.analyze(SPEC, only=("entanglement", "algebra"), samples=5).write(folder / "a.json")
    return folder


def test_the_page_of_a_comparison_lies_in_it_and_is_replaced_by_the_next(made, tmp_path, hqnn_command):
    folder = shutil.copytree(made / "c", tmp_path / "c")
    before = {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}
    pages = set()
    for _ in range(2):
        ended = hqnn_command("report", folder)
        assert (ended.code, ended.out) == (0, f"report: {folder / 'report.html'}\n")
        pages.add((folder / "report.html").read_text(encoding="utf-8"))
    (page,) = pages
    assert "<h1>small: report of a comparison</h1>" in page
    assert {path: path.read_bytes() for path in before} == before
    for kept in ("comparison.json", "specs/no_circuit.hqnn", "results/linear/0001.json"):
        ended = hqnn_command("report", folder, "--out", folder / kept, "--force")
        assert (ended.code, "E0551" in ended.err) == (2, True)


def test_the_page_of_an_analysis_lies_beside_it_and_is_kept(made, tmp_path, hqnn_command, monkeypatch):
    shutil.copy(made / "a.json", tmp_path / "a.json")
    opened = []
    monkeypatch.setattr(webbrowser, "open", opened.append)
    ended = hqnn_command("report", tmp_path / "a.json", "--open")
    assert (ended.code, ended.out) == (0, f"report: {tmp_path / 'a.html'}\n")
    assert opened == [(tmp_path / "a.html").as_uri()]
    ended = hqnn_command("report", tmp_path / "a.json")
    assert (ended.code, "E0550" in ended.err) == (2, True)
    assert hqnn_command("report", tmp_path / "a.json", "--force").code == 0
    ended = hqnn_command("report", tmp_path / "a.json", "--out", tmp_path / "a.json", "--force")
    assert (ended.code, "E0551" in ended.err) == (2, True)


def test_several_comparisons_have_one_page_here(made, tmp_path, hqnn_command):
    ended = hqnn_command("report", made / "c", made / "d", cwd=tmp_path)
    assert (ended.code, ended.out) == (0, "report: comparisons.html\n")
    assert "<h1>2 comparisons over data sets</h1>" in (tmp_path / "comparisons.html").read_text(encoding="utf-8")


def test_an_export_has_every_figure_and_table_with_all_digits(made, tmp_path, hqnn_command):
    ended = hqnn_command("report", made / "c", "--export", tmp_path / "files")
    assert ended.code == 0
    names = {path.name for path in (tmp_path / "files").iterdir()}
    assert {
        f"{name}.{form}" for name in ("unit-scores", "forest") for form in ("png", "svg", "pdf", "csv", "tex")
    } <= names
    tex = (tmp_path / "files" / "table-differences-1.tex").read_text(encoding="utf-8")
    assert r"\begin{tabular}" in tex
    rows = list(csv.DictReader((tmp_path / "files" / "forest.csv").open(encoding="utf-8")))
    record = json.loads((made / "c" / "comparison.json").read_text(encoding="utf-8"))
    expected = sorted(one["difference"] for one in record["statistics"][0]["comparisons"])
    assert sorted(float(row["model − it"]) for row in rows) == expected
    assert hqnn_command("report", made / "a.json", "--export", tmp_path / "of-a").code == 0
    assert (tmp_path / "of-a" / "q-of-states.pdf").read_bytes().startswith(b"%PDF")


def test_options_of_runs_are_refused_with_a_sentence(made, tmp_path, hqnn_command):
    for path, kind in ((made / "c", "a comparison"), (made / "a.json", "an analysis")):
        for words in (("--card",), ("--data", made / "c.csv")):
            ended = hqnn_command("report", path, *words)
            assert (ended.code, "E0653" in ended.err) == (2, True)
            assert f"`{words[0]}` does not go with {kind}" in ended.err
    for words in (("--out", tmp_path / "y"), ("--open",)):
        ended = hqnn_command("report", made / "c", "--export", tmp_path / "x", *words)
        assert (ended.code, "E0653" in ended.err) == (2, True)
    assert not (tmp_path / "x").exists()


def test_what_is_neither_is_refused(made, tmp_path, hqnn_command):
    for path, code in (
        (made / "c" / "comparison.json", "E0688"),
        (made / "c.csv", "E0688"),
        (made / "c" / "specs", "E0532"),
        (tmp_path / "nothing", "E0532"),
    ):
        ended = hqnn_command("report", path)
        assert (ended.code, code in ended.err) == (1, True)
    cut = tmp_path / "cut"
    shutil.copytree(made / "c", cut)
    (cut / "comparison.json").write_bytes((cut / "comparison.json").read_bytes()[:500])
    assert "E0533" in hqnn_command("report", cut).err
    for words, code in (((made / "c", made / "a.json"), "E0689"), ((made / "c", made / "c"), "E0654")):
        ended = hqnn_command("report", *words)
        assert (ended.code, code in ended.err) == (2, True)
