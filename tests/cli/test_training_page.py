"""The page that `hqnn train` writes at its end: what it has, when there is none, and that it fails no training."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import time

import pytest

import hqnn
from hqnn_dsl.report import at_the_end

SPEC = """hqnn 1
model small {
  data { target y; features a, b; split validation: 0.2, test: 0.3 }
  circuit on 2 qubits { feature_map angle(); ansatz real_amplitudes(reps: 1) }
  decoder { dense }
  train { epochs 2; batch 16; device cpu }
  backend native
}
"""


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    place = tmp_path_factory.mktemp("paged")
    lines = [f"{k / 40},{k % 7},{k / 20 + k % 7}" for k in range(40)]
    (place / "table.csv").write_text("\n".join(["a,b,y", *lines, ""]))
    (place / "model.hqnn").write_text(SPEC)
    return place


@pytest.fixture
def train(folder, tmp_path, hqnn_command):
    def run(*options, out="run"):
        return hqnn_command("train", folder / "model.hqnn", folder / "table.csv", "--out", tmp_path / out, *options)

    return run


def test_the_page_of_a_training_is_that_of_report_and_named_last(train, folder, tmp_path, hqnn_command):
    ended = train()
    page = tmp_path / "run" / "report.html"
    assert (ended.code, ended.out.splitlines()[-1]) == (0, f"report: {page}")
    written = page.read_bytes()
    assert b'id="importance"' in written
    assert b'id="observables-0"' in written
    assert b'id="errors-1"' in written
    assert hqnn_command("report", tmp_path / "run", "--data", folder / "table.csv").code == 0
    assert page.read_bytes() == written


def test_json_names_the_page_and_without_one_it_says_so(train, tmp_path):
    for options, expected in (((), str(tmp_path / "with" / "report.html")), (("--no-report",), None)):
        ended = train("--json", *options, out="with" if expected else "without")
        assert json.loads(ended.out)["report"] == expected
    assert not (tmp_path / "without" / "report.html").exists()
    assert (tmp_path / "without" / "metrics.json").exists()


def test_without_a_page_the_last_line_is_the_run(train, tmp_path):
    assert train("--no-report").out.splitlines()[-1] == f"run: {tmp_path / 'run'}"


def test_resuming_writes_the_page_anew_or_takes_the_old_one_away(train, tmp_path):
    train()
    page = tmp_path / "run" / "report.html"
    before = page.read_bytes()
    assert train("--resume", "--set", "epochs=4").code == 0
    assert page.read_bytes() != before
    assert b"Losses over 4 epochs" in page.read_bytes()
    assert train("--resume", "--set", "epochs=5", "--no-report").code == 0
    assert not page.exists()  # it was of another training


def test_a_page_and_a_card_of_a_run_without_a_checkpoint_keep_it_from_no_training(train, tmp_path, hqnn_command):
    train()
    run = tmp_path / "run"
    for name in ("checkpoints", "metrics.json", "history.csv"):
        shutil.rmtree(run / name) if (run / name).is_dir() else (run / name).unlink()
    (run / "started.json").write_text('{"at": "2026-01-01T00:00:00+00:00"}')
    assert hqnn_command("report", run, "--card").code == 0
    ended = train("--resume", "--no-report")
    assert (ended.code, "W0472" in ended.err) == (0, True), ended.err
    assert f"the card is still that of before, to write it anew: hqnn report {run} --card" in ended.err
    assert not (run / "report.html").exists()


@pytest.mark.parametrize(
    ("error", "said"),
    [(OSError(28, "No space left on device"), "no space left on device"), (ZeroDivisionError("deep"), "deep")],
)
def test_a_page_that_cannot_be_made_fails_no_training(train, tmp_path, monkeypatch, error, said):
    def fail(*_given, **_named):
        raise error

    monkeypatch.setattr(at_the_end, "ask", fail)
    ended = train()
    assert ended.code == 0
    assert ended.out.splitlines()[-1] == f"run: {tmp_path / 'run'}"
    (line,) = [line for line in ended.err.splitlines() if "W0476" in line]
    assert said in line
    assert (tmp_path / "run" / "metrics.json").exists()
    assert not (tmp_path / "run" / "report.html").exists()


def test_a_page_whose_place_is_taken_is_said_from_the_second_process_too(folder, tmp_path, hqnn_command, monkeypatch):
    """The folder cannot take the page, in whichever process it is made."""
    from hqnn_dsl.report import write

    def taken(run, _answers):
        (run / "report.html").mkdir()
        return write.write_text(run / "report.html", "page")

    monkeypatch.setattr(write, "write_in_run", taken)
    with pytest.warns(hqnn.HQNNWarning, match="is not written"):
        run = hqnn.train(folder / "model.hqnn", folder / "table.csv", tmp_path / "run", progress=False, report=True)
    assert run.metrics["test"] is not None


def test_many_trainings_write_no_page_and_take_no_word_of_it(train, tmp_path):
    ended = train("--folds", "2", "--keep-runs", "--set", "epochs=1", out="many")
    assert ended.code == 0
    assert (tmp_path / "many" / "runs" / "0001" / "metrics.json").exists()
    assert not list((tmp_path / "many").rglob("report.html"))
    ended = train("--folds", "2", "--no-report", out="other")
    assert (ended.code, "E0599" in ended.err) == (2, True)
    assert "many trainings write no pages" in ended.err


def test_from_python_a_page_is_written_if_asked(folder, tmp_path):
    run = hqnn.train(folder / "model.hqnn", folder / "table.csv", tmp_path / "run", progress=False)
    page = run.path / "report.html"
    assert not page.exists()
    assert hqnn.write_report(run) == page
    assert b"--data DATA" in page.read_bytes()
    assert hqnn.write_report(str(run.path), folder / "table.csv") == page
    with_table = page.read_bytes()
    assert b'id="importance"' in with_table
    again = hqnn.train(folder / "model.hqnn", folder / "table.csv", tmp_path / "again", progress=False, report=True)
    assert (again.path / "report.html").read_bytes().count(b"<figure") == with_table.count(b"<figure")
    other = hqnn.write_report(run, out=tmp_path / "page.html")
    with pytest.raises(hqnn.Refusal, match="E0550"):
        hqnn.write_report(run, out=other)
    assert hqnn.write_report(run, out=other, force=True) == other
    with pytest.raises(hqnn.Refusal, match="E0551"):
        hqnn.write_report(run, folder / "table.csv", out=folder / "table.csv", force=True)
    with pytest.raises(hqnn.Refusal, match="E0532"):
        hqnn.write_report(tmp_path)


@pytest.mark.slow
@pytest.mark.skipif(os.name != "posix", reason="it sends a signal to a process")
def test_after_ctrl_c_the_page_is_written_too(folder, tmp_path):
    run = tmp_path / "run"
    words = ["train", folder / "model.hqnn", folder / "table.csv", "--out", run, "--set", "epochs=10000000"]
    process = subprocess.Popen(
        [sys.executable, "-c", "from hqnn_dsl.cli.main import main; main()", *map(str, words), "--set", "stop=none"],
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip
    try:
        for _ in range(1200):
            if (run / "checkpoints" / "best.pt").exists() or process.poll() is not None:
                break
            time.sleep(0.1)
        process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=120)
    finally:
        process.kill()
    assert out.splitlines()[-1] == f"report: {run / 'report.html'}", err
    assert "interrupted" in (run / "report.html").read_text(encoding="utf-8")
