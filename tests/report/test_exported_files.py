"""Figures and tables of a page as files: the same numbers, legible, reproducible, safe to write and to set."""

from __future__ import annotations

import csv
import io
import json
import re
import shutil
import subprocess
import sys
import xml.etree.ElementTree as ET

import numpy as np
import pandas as pd
import pytest
from pandas.io.formats.style_render import _escape_latex
from trained_runs import CLOSING, PERCENT, TAGGED

from hqnn_dsl.data.tables import read_table
from hqnn_dsl.diagnostics.diagnostic import Refusal
from hqnn_dsl.report import drawing
from hqnn_dsl.report.asking import ask_run
from hqnn_dsl.report.export import CONTENTS, Written, check_export, exported, write_export
from hqnn_dsl.report.parts import Figure, Picture, measured, plot_text, table
from hqnn_dsl.report.reading import read_run
from hqnn_dsl.report.sections import sections_of
from hqnn_dsl.report.side_by_side import side_by_side_sections
from hqnn_dsl.report.table_files import csv_of, escaped, latex_of

ASKED = ("numbers", "two", "classes", "truth", "columns")


@pytest.fixture(scope="module")
def pages(trained):
    """The sections of a page with responses of each kind of run, and those of several side by side."""
    data = read_table(trained / "table.csv")
    found = {name: sections_of(read_run(trained / name), ask_run(trained / name, data)) for name in ASKED}
    beside = [read_run(trained / name) for name in ("numbers", "other", "classes")]
    return found | {"side by side": side_by_side_sections(beside)}


def blocks_of(sections, kind):
    return [block for section in sections for block in section.blocks if isinstance(block, kind)]


@pytest.fixture(scope="module")
def figures(pages):
    return {(name, one.name): one for name, sections in pages.items() for one in blocks_of(sections, Figure)}


# ------------------------------------------------------------------------------------------------------------- figures


def test_every_figure_of_every_page_is_drawn_with_its_title_and_axes(figures):
    assert len(figures) > 30
    for figure in figures.values():
        axes = drawing.drawing(figure).axes[0]
        title = axes.get_title(loc="left").replace("\n", " ")
        assert title == figure.title
        for name in ("xaxis", "yaxis"):
            wanted = figure.layout[name].get("title", {}).get("text", "")
            lines = getattr(axes, name).get_label_text().split("\n")
            assert "<br>".join(plot_text(line) for line in lines) == wanted
        assert len(axes.lines) + len(axes.images) + len(axes.containers) + len(axes.collections) > 0


def test_lines_have_the_numbers_of_the_page(figures):
    losses = figures["numbers", "losses"]
    lines = drawing.drawing(losses).axes[0].lines
    for trace, line in zip(losses.traces, lines, strict=False):
        np.testing.assert_allclose(line.get_ydata(), trace["y"])
        np.testing.assert_allclose(line.get_xdata(), trace["x"])
    axes = drawing.drawing(figures["classes", "confusion"]).axes[0]
    np.testing.assert_allclose(axes.images[0].get_array(), figures["classes", "confusion"].traces[0]["z"])
    cells = [text.get_text() for text in axes.texts]
    assert cells == [one["text"] for one in figures["classes", "confusion"].layout["annotations"]]
    low, high = axes.get_ylim()
    assert low > high  # the first class is on top, as on the page
    bars = drawing.drawing(figures["numbers", "importance"]).axes[0].patches
    np.testing.assert_allclose([bar.get_width() for bar in bars], figures["numbers", "importance"].traces[0]["x"])


def test_whiskers_are_the_intervals_of_the_run(figures, trained):
    predictions = pd.read_csv(trained / "numbers" / "predictions.csv")
    (whiskers,) = drawing.drawing(figures["numbers", "predicted-0"]).axes[0].collections
    ends = np.array([path.vertices[:, 1] for path in whiskers.get_paths()])
    np.testing.assert_allclose(ends, predictions[["y_low", "y_high"]], rtol=1e-3, atol=1e-3)


def test_names_are_text_in_figures(figures):
    found = drawing.drawing(figures["classes", "roc"])
    names = [text.get_text() for text in found.legends[0].get_texts()]
    assert any(name.startswith(CLOSING) for name in names)
    ticks = [text.get_text() for text in drawing.drawing(figures["numbers", "importance"]).axes[0].get_yticklabels()]
    assert len(ticks) == 3
    assert {"a", PERCENT} < set(ticks)
    (tagged,) = {*ticks} - {"a", PERCENT}
    assert TAGGED.startswith(tagged.removesuffix("…"))
    strange = Figure("odd", r"$\frac$ & 100%", "alt", [
        {"type": "scatter", "mode": "lines", "name": plot_text("_hidden $x$"), "x": [0, 1], "y": [1, None]},
        {"type": "scatter", "mode": "lines+markers", "name": plot_text("a^b_"), "x": [0, 1], "y": [2, 3]},
    ], {"xaxis": {"title": {"text": plot_text("$a_b%$")}}, "yaxis": {}}, None)  # fmt: skip
    assert [text.get_text() for text in drawing.drawing(strange).legends[0].get_texts()] == ["_hidden $x$", "a^b_"]
    files = drawing.pictures(strange)
    assert set(files) == {"png", "svg", "pdf"}


def test_a_kind_of_trace_that_is_not_known_is_no_silent_gap():
    odd = Figure("odd", "odd", "alt", [{"type": "pie"}], {}, None)
    with pytest.raises(ValueError, match="pie"):
        drawing.drawing(odd)


def test_areas_across_a_figure_are_drawn():
    area = {"type": "rect", "x0": 2.5, "x1": 4.5, "y0": 0, "y1": 1, "yref": "paper", "fillcolor": "--band"}
    line = [{"type": "scatter", "mode": "lines", "name": "n", "x": [1, 5], "y": [1, 10]}]
    found = drawing.drawing(
        Figure("f", "t", "alt", line, {"xaxis": {}, "yaxis": {"type": "log"}, "shapes": [area]}, None)
    )
    (drawn,) = found.axes[0].patches
    assert (drawn.get_x(), drawn.get_width()) == (2.5, 2.0)
    with pytest.raises(ValueError, match="circle"):
        drawing.drawing(Figure("f", "t", "alt", line, {"shapes": [area | {"type": "circle"}]}, None))


def test_colours_are_the_light_ones_of_the_page():
    assert drawing.colour("--first") == "#2f6fab"
    assert drawing.colour("--band") == pytest.approx((47 / 255, 111 / 255, 171 / 255, 0.18))
    assert drawing.colour("#123456") == "#123456"


def test_pictures_are_whole_and_the_same_each_time(figures):
    for name in (("numbers", "predicted-0"), ("classes", "confusion"), ("columns", "response-3")):
        files = drawing.pictures(figures[name])
        assert files["png"].startswith(b"\x89PNG")
        assert files["pdf"].startswith(b"%PDF")
        assert b"CreationDate" not in files["pdf"]
        tags = [element.tag for element in ET.fromstring(files["svg"]).iter()]
        assert not [tag for tag in tags if tag.endswith("script")]
        assert b"<dc:date>" not in files["svg"]
        assert files == drawing.pictures(figures[name])


PROGRAM = """
import hashlib, sys
from hqnn_dsl.report.drawing import pictures
from hqnn_dsl.report.parts import Figure
traces = [{"type": "scatter", "mode": "lines", "name": name, "x": [1, 2], "y": [3, 5]} for name in ("abc", "déf")]
found = pictures(Figure("f", "A title", "alt", traces, {"xaxis": {}, "yaxis": {}}, None))
print({form: hashlib.sha256(data).hexdigest() for form, data in found.items()})
"""


def test_pictures_are_the_same_in_another_process(monkeypatch):
    found = set()
    for seed in ("1", "2"):
        monkeypatch.setenv("PYTHONHASHSEED", seed)
        done = subprocess.run([sys.executable, "-c", PROGRAM], capture_output=True, text=True, check=True)
        found.add(done.stdout)
    assert len(found) == 1


# -------------------------------------------------------------------------------------------------------------- tables


def test_csv_has_the_digits_of_the_files_of_the_run(pages, trained):
    tables = {block.title: block for section in pages["two"] for block in section.blocks if block.kind == "table"}
    scores = pd.read_csv(
        io.StringIO(csv_of(tables["Scores of every part, and of the baselines on the test rows"])), index_col=0
    )
    metrics = json.loads((trained / "two" / "metrics.json").read_text())
    for part in ("train", "validation", "test"):
        for key, title in (("rmse", "RMSE"), ("mae", "MAE"), ("r2", "R²"), ("loss", "loss (scaled)")):
            assert scores.loc[part, title] == metrics[part][key]
    for name in ("mean", "least squares", "gradient boosting"):
        assert scores.loc[f"{name} (test)", "RMSE"] == metrics["baselines"][name.replace(" ", "_")]["rmse"]
    rmse = pd.read_csv(io.StringIO(csv_of(tables["RMSE of each target on the test rows"])), index_col=0)
    for target, own in metrics["test"]["targets"].items():
        assert rmse.loc[target, "the model"] == own["rmse"]


def test_tables_behind_figures_have_the_digits_of_the_files_of_the_run(figures, trained):
    losses = pd.read_csv(io.StringIO(csv_of(figures["numbers", "losses"].table)), index_col="epoch")
    history = pd.read_csv(trained / "numbers" / "history.csv", index_col="epoch")
    assert losses["training"].tolist() == history["train_loss"].tolist()
    assert losses["validation"].tolist() == history["validation_loss"].tolist()
    rows = pd.read_csv(io.StringIO(csv_of(figures["numbers", "predicted-0"].table)), index_col="row").sort_index()
    predictions = pd.read_csv(trained / "numbers" / "predictions.csv", index_col="row").sort_index()
    for column, name in (("true", "y_true"), ("predicted", "y_predicted"), ("low", "y_low"), ("high", "y_high")):
        assert rows[column].tolist() == predictions[name].tolist()
    counts = pd.read_csv(io.StringIO(csv_of(figures["classes", "confusion"].table)), index_col=0)
    assert (
        counts.to_numpy().tolist()
        == json.loads((trained / "classes" / "metrics.json").read_text())["test"]["confusion"]
    )
    assert list(counts) == [CLOSING, "low", "mid $a"]


def test_a_cell_keeps_its_number_and_a_lacking_one_is_empty():
    found = table("t", ("a,b", "n\nm"), [('say "x"', measured(1 / 3)), ("-", measured(None)), ("€", measured(-1e-9))])
    assert found.numeric == {1}
    rows = list(csv.reader(io.StringIO(csv_of(found))))
    assert rows == [["a,b", "n\nm"], ['say "x"', repr(1 / 3)], ["-", ""], ["€", "-1e-09"]]


SIGNS = "& % $ # _ { } ~ ^ \\"


@pytest.mark.parametrize("text", [SIGNS, PERCENT, "100 % of $x_1^2$ \\alpha {b} #1 ~", "\\\\", "a&b"])
def test_signs_of_latex_are_escaped_as_pandas_does(text):
    r"""Pandas ends a command with a blank, and a blank that follows is a `\space` of its own."""
    blank = re.sub(r"(\\text[a-z]+)\{\}", r"\1 ", escaped(text))
    assert blank == _escape_latex(text).replace("\\space ", " ")


def test_other_signs_of_latex_are_set_as_they_are():
    assert escaped(TAGGED) == r"\textless{}script\textgreater{}alert(1)\textless{}/script\textgreater{}"
    assert escaped("R² − 1…") == r"R\textsuperscript{2} \ensuremath{-} 1\ldots{}"
    assert "\n" not in escaped("a\nb")
    assert "\u202e" not in escaped("a\u202eb")


def test_a_table_in_latex_has_a_line_a_row_and_aligned_numbers():
    text = latex_of(table("A & B", ("name_1", "n"), [("[x]", measured(-0.5)), ("*", measured(None))]), "tab:t")
    lines = text.splitlines()
    assert lines[0] == r"% \usepackage{booktabs,textcomp}"
    assert r"\caption{A \& B}\label{tab:t}" in lines
    assert r"\begin{tabular}{lr}" in lines
    body = lines[lines.index(r"\toprule") + 1 : lines.index(r"\bottomrule")]
    assert body == [r"name\_1 & n \\", r"\midrule", r"{}[x] & \ensuremath{-}0.5 \\", r"{}* & -- \\"]
    long = latex_of(table("t", ("a",), [(str(place),) for place in range(50)]), "tab:t")
    assert long.count(r"\begin{longtable}") == long.count(r"\end{longtable}") == 1
    wide = latex_of(table("t", ("a", "b"), [("x", "word " * 20)]), "tab:t")
    assert r"\begin{tabular}{lp{0.40\linewidth}}" in wide


def test_every_table_of_every_page_has_as_many_cells_in_every_line(pages):
    for sections in pages.values():
        for section in sections:
            for block in section.blocks:
                found = block if block.kind == "table" else getattr(block, "table", None)
                if found is None:
                    continue
                rows = [line for line in latex_of(found, "tab:t").splitlines() if line.endswith(r" \\")]
                assert {len(re.findall(r"(?<!\\)&", row)) for row in rows} == {len(found.header) - 1}
                assert {len(row) for row in csv.reader(io.StringIO(csv_of(found)))} == {len(found.header)}
                assert all(row.isascii() or "é" in row or "·" in row for row in rows)


# ---------------------------------------------------------------------------------------------------------- the folder


@pytest.fixture(scope="module")
def folder(trained, pages, tmp_path_factory):
    place = tmp_path_factory.mktemp("exports") / "numbers"
    kept = [section for section in pages["numbers"] if section.name in {"scores", "predictions", "circuit"}]
    circuit = read_run(trained / "numbers").program.logical_export.page.file
    write_export(place, exported(kept, circuit), force=False)
    return place


def test_the_folder_has_a_file_of_each_form_and_a_list(folder):
    names = {path.name for path in folder.iterdir()}
    for figure in ("predicted-0", "residuals-0"):
        assert {f"{figure}.{form}" for form in ("png", "svg", "pdf")} <= names
    assert {f"circuit.{form}" for form in ("png", "svg", "pdf", "txt")} <= names
    assert {"predicted-0.csv", "predicted-0.tex", "table-scores-1.csv", "table-scores-1.tex", CONTENTS} <= names
    listed = pd.read_csv(folder / CONTENTS)
    assert set(listed["file"]) == names - {CONTENTS}
    assert listed["title"].notna().all()
    assert (folder / "circuit.pdf").read_bytes().startswith(b"%PDF")


def test_no_text_of_a_table_is_in_a_name(pages):
    for sections in pages.values():
        names = [one.name for one in blocks_of(sections, Figure)]
        assert all(re.fullmatch("[a-z0-9-]+", name) for name in names)
        assert len(set(names)) == len(names)
    strange = Figure("../x", "t", "alt", [], {}, None)
    section = pages["numbers"][0].__class__("s", "S", (strange,))
    with pytest.raises(ValueError, match="no name of a file"):
        list(exported([section]))
    assert not blocks_of(pages["side by side"], Picture)


@pytest.fixture
def copied(folder, tmp_path):
    return shutil.copytree(folder, tmp_path / "copied")


def one_file(data=b"1"):
    return iter([Written("roc.csv", "S", "T", "", data)])


def test_a_folder_of_an_export_is_replaced_whole(copied):
    write_export(copied, one_file(), force=False)
    assert sorted(path.name for path in copied.iterdir()) == [CONTENTS, "roc.csv"]


@pytest.mark.parametrize("force", [False, True])
def test_a_file_that_no_export_wrote_is_left_alone(copied, force):
    (copied / "notes.csv").write_text("mine")
    before = {path.name: path.read_bytes() for path in copied.iterdir()}
    for write in (check_export, lambda place, force: write_export(place, one_file(), force=force)):
        with pytest.raises(Refusal) as refusal:
            write(copied, force=force)
        assert refusal.value.diagnostics[0].code == "E0602"
    assert {path.name: path.read_bytes() for path in copied.iterdir()} == before


def test_a_file_that_was_edited_is_replaced_only_with_force(copied):
    (copied / "predicted-0.csv").write_text("edited")
    with pytest.raises(Refusal) as refusal:
        write_export(copied, one_file(), force=False)
    assert "--force" in refusal.value.diagnostics[0].help
    assert (copied / "predicted-0.csv").read_text() == "edited"
    write_export(copied, one_file(), force=True)
    assert not (copied / "predicted-0.csv").exists()


def test_a_folder_without_a_list_is_no_export(tmp_path):
    (tmp_path / "roc.csv").write_text("mine")
    with pytest.raises(Refusal) as refusal:
        check_export(tmp_path, force=True)
    assert refusal.value.diagnostics[0].code == "E0602"
    with pytest.raises(Refusal) as refusal:
        check_export(tmp_path / "roc.csv", force=True)
    assert refusal.value.diagnostics[0].code == "E0603"
