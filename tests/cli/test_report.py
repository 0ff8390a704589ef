"""`hqnn report`: where its page goes, what it leaves alone, and what is refused."""

from __future__ import annotations

import random
import shutil
import webbrowser

import pytest

SPEC = """hqnn 1
model small {
  data { target y; features a, b }
  circuit on 2 qubits { feature_map angle(); ansatz real_amplitudes(reps: 1) }
  decoder { dense }
  train { epochs 1; batch 16; device cpu }
  backend reference
}
"""


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    import hqnn

    place = tmp_path_factory.mktemp("reported")
    lines = [f"{k / 40},{k % 7},{k / 20 + k % 7}" for k in range(40)]
    (place / "table.csv").write_text("\n".join(["a,b,y", *lines, ""]))
    (place / "model.hqnn").write_text(SPEC)
    hqnn.train(place / "model.hqnn", place / "table.csv", place / "run", progress=False)
    return place


@pytest.fixture
def run(folder, tmp_path):
    return shutil.copytree(folder / "run", tmp_path / "run")


def files_of(run):
    return {path: path.read_bytes() for path in run.rglob("*") if path.is_file() and path.name != "report.html"}


def test_the_page_lies_in_the_run_and_is_replaced_by_the_next(run, hqnn_command):
    before = files_of(run)
    for _ in range(2):
        ended = hqnn_command("report", run)
        assert (ended.code, ended.out) == (0, f"report: {run / 'report.html'}\n")
    assert files_of(run) == before
    assert "<h1>small: report of a run</h1>" in (run / "report.html").read_text(encoding="utf-8")


def test_the_page_is_the_same_each_time(run, hqnn_command, folder):
    pages = set()
    for _ in range(2):
        assert hqnn_command("report", run, "--data", folder / "table.csv").code == 0
        pages.add((run / "report.html").read_bytes())
    assert len(pages) == 1
    assert b"importance" in pages.pop()


def test_another_file_is_replaced_only_if_that_is_said(run, tmp_path, hqnn_command):
    page = tmp_path / "page.html"
    assert hqnn_command("report", run, "--out", page).code == 0
    assert not (run / "report.html").exists()
    ended = hqnn_command("report", run, "--out", page)
    assert (ended.code, "E0550" in ended.err) == (2, True)
    assert hqnn_command("report", run, "--out", page, "--force").code == 0


@pytest.mark.parametrize("name", ["metrics.json", "checkpoints/best.pt"])
def test_a_file_of_the_run_is_never_replaced(run, name, hqnn_command):
    before = files_of(run)
    ended = hqnn_command("report", run, "--out", run / name, "--force")
    assert (ended.code, "E0551" in ended.err) == (2, True)
    assert files_of(run) == before


def test_the_page_is_opened_if_asked(run, hqnn_command, monkeypatch):
    opened = []
    monkeypatch.setattr(webbrowser, "open", opened.append)
    assert hqnn_command("report", run, "--open").code == 0
    assert opened == [(run / "report.html").as_uri()]


def test_a_run_that_has_not_ended_has_a_page_that_says_so(run, hqnn_command):
    for name in ("metrics.json", "predictions.csv", "environment.json"):
        (run / name).unlink()
    assert hqnn_command("report", run).code == 0
    text = (run / "report.html").read_text(encoding="utf-8")
    assert "The training has not come to its end" in text
    assert "There are no predicted test rows." in text
    assert "The run has no environment.json." in text


@pytest.mark.parametrize(
    ("name", "content", "code"),
    [
        ("preprocess.json", None, "E0532"),
        ("metrics.json", b"{", "E0533"),
        ("environment.json", b'{"version": 9}', "E0533"),
        ("history.csv", b"epoch\n1\n", "E0533"),
        ("history.csv", b"epoch,train_loss,validation_loss,best\n1,x,1,1\n", "E0533"),
        ("history.csv", b"epoch,train_loss,validation_loss,best\n1.5,1,1,1\n", "E0533"),
        ("predictions.csv", b"row,y_true\n1,2\n", "E0533"),
        ("predictions.csv", b"row,y_true,y_predicted\n1,2,=1+1\n", "E0533"),
        ("predictions.csv", b"row,y_true,y_predicted\nx,2,1\n", "E0533"),
        ("spec.resolved.hqnn", b"\xff\xfe", "E0533"),
    ],
)
def test_a_damaged_run_is_refused_and_no_page_is_written(run, name, content, code, hqnn_command):
    (run / name).unlink()
    if content is not None:
        (run / name).write_bytes(content)
    ended = hqnn_command("report", run)
    assert (ended.code, code in ended.err) == (1, True), ended.err
    assert not (run / "report.html").exists()


@pytest.fixture(scope="module")
def other(folder):
    """A run of classes, whose files stand in the places of another's."""
    import hqnn

    text = SPEC.replace("target y", "target b; task classification").replace("features a, b", "features a, y")
    hqnn.train(text, folder / "table.csv", folder / "other", progress=False)
    return folder / "other"


FILES = ("spec.resolved.hqnn", "preprocess.json", "metrics.json", "environment.json", "history.csv", "predictions.csv")


@pytest.mark.parametrize("name", FILES)
def test_a_file_that_is_cut_off_flipped_or_of_another_run_is_refused_or_shown(run, other, name, hqnn_command):
    whole, draw = (run / name).read_bytes(), random.Random(name)
    kinds = [b"", whole[: len(whole) // 2], whole[:-2], (other / name).read_bytes(), b"\x00\xff" * 20]
    for _ in range(4):
        at = draw.randrange(len(whole))
        kinds.append(whole[:at] + bytes([draw.randrange(256)]) + whole[at + 1 :])
    codes = set()
    for content in kinds:
        (run / name).write_bytes(content)
        ended = hqnn_command("report", run)  # which holds that there is no traceback
        assert ended.code in {0, 1}, ended.err
        assert ended.code == 0 or "error[E" in ended.err
        codes.add(ended.code)
    assert 1 in codes


def test_a_table_without_the_columns_is_refused(run, tmp_path, hqnn_command):
    (tmp_path / "other.csv").write_text("a,y\n1,2\n2,3\n")
    ended = hqnn_command("report", run, "--data", tmp_path / "other.csv")
    assert (ended.code, "E0523" in ended.err) == (1, True)
    assert not (run / "report.html").exists()


def test_a_folder_that_is_no_run_is_refused(tmp_path, hqnn_command):
    ended = hqnn_command("report", tmp_path)
    assert (ended.code, "E0532" in ended.err) == (1, True)
