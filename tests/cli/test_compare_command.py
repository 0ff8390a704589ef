"""`hqnn compare` as a user types it: what it prints and writes, how it goes on, what it refuses."""

from __future__ import annotations

import json
import re
import shlex
import shutil
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from hqnn_dsl.science.comparison.files import read_comparison

SPEC = """hqnn 1
model small {
  data { target y; split validation: 0.25, test: 0.25 }
  encoder { dense(2); tanh }
  circuit on 2 qubits { feature_map angle(); ansatz real_amplitudes(reps: 1) }
  decoder { dense(1) }
  train { epochs 2; batch 16; optimizer adam(0.05); device cpu; stop none; seed 3 }
  backend reference
}
"""
PROTOCOL = ("--folds", "2", "--repeats", "1", "--trials", "1", "--contenders", "no_circuit,linear")
WORDS = ("compare", "small.hqnn", "data.csv", *PROTOCOL)


def fill(folder):
    draw = np.random.default_rng(0)
    frame = pd.DataFrame(draw.normal(size=(40, 3)).round(4), columns=["a", "b", "y"])
    frame.to_csv(folder / "data.csv", index=False)
    (folder / "small.hqnn").write_text(SPEC)
    return folder


@pytest.fixture
def folder(tmp_path):
    return fill(tmp_path)


@pytest.fixture
def done(hqnn_command, folder):
    """A comparison, and what the command has written."""
    return folder, hqnn_command(*WORDS, cwd=folder)


def test_a_table_the_verdict_and_the_folder_are_printed(done):
    folder, found = done
    assert found.code == 0, found.err
    path = folder / "runs" / "small-comparison-1"
    record = read_comparison(path)
    lines = found.out.splitlines()
    assert [line.split("  ")[0] for line in lines[2:5]] == [
        "the model",
        "the network without a circuit",
        "the linear model",
    ]
    assert lines[0].split("  ")[0] == "contender"
    assert "test RMSE" in lines[0]
    (entry,) = record.statistics
    for line, name in zip(lines[2:5], ("as_written", "no_circuit", "linear"), strict=True):
        assert f"{entry['means'][name]['mean']:.4g}" in line
    said = " ".join(found.out.split())
    assert record.verdict
    assert all(f"verdict: {line}" in said for line in record.verdict)
    assert "simulation: all quantum models were simulated classically: the widest light cone of an output has" in said
    assert lines[-1] == "comparison: runs/small-comparison-1"
    assert "3 contenders on 2 folds, 1 trial each: at most 6 fits" in found.err


def test_json_is_one_document_and_nothing_else(hqnn_command, folder):
    found = hqnn_command(*WORDS, "--json", cwd=folder)
    assert found.code == 0
    data = json.loads(found.out)
    record = read_comparison(folder / data.pop("comparison"))
    assert data == record.model_dump(exclude={"version"})


def test_emitted_specs_run_on_their_own_and_nothing_is_compared(hqnn_command, folder):
    found = hqnn_command("compare", "small.hqnn", "data.csv", "--emit-specs", "controls", cwd=folder)
    assert found.code == 0
    assert not (folder / "runs").exists()
    written = sorted(path.stem for path in (folder / "controls").glob("*.hqnn"))
    assert {"as_written", "frozen", "no_circuit", "width_twin", "surrogate"} <= {*written}
    assert all(f"controls/{name}.hqnn" in found.out for name in written)
    for name in written:
        assert hqnn_command("check", f"controls/{name}.hqnn", cwd=folder).code == 0


def test_ctrl_c_ends_with_the_line_that_goes_on(hqnn_command, folder, monkeypatch):
    """The first training is ended by a signal; what is typed then finishes the comparison."""
    import signal

    from hqnn_dsl.science.comparison import hybrid

    real = hybrid.fit_only
    calls = []

    def interrupted(setup, watch):
        calls.append(setup)
        if len(calls) == 2:
            signal.raise_signal(signal.SIGINT)
        return real(setup, watch)

    monkeypatch.setattr(hybrid, "fit_only", interrupted)
    found = hqnn_command(*WORDS, "--set", "epochs=3", cwd=folder)
    assert found.code == 130, found.err
    (line,) = [text for text in found.err.replace(" \\\n", " ").splitlines() if text.startswith("to go on: ")]
    words = shlex.split(line.removeprefix("to go on: "))
    assert words[0] == "hqnn"
    assert {"--resume", "--set", "epochs=3"} <= {*words}
    monkeypatch.setattr(hybrid, "fit_only", real)
    again = hqnn_command(*words[1:], cwd=folder)
    assert again.code == 0, again.err
    assert read_comparison(folder / "runs" / "small-comparison-1").state == "complete"


def test_another_protocol_does_not_go_on(done, hqnn_command):
    folder, _ = done
    words = [*WORDS, "--out", "runs/small-comparison-1", "--resume"]
    words[words.index("--trials") + 1] = "3"
    found = hqnn_command(*words, cwd=folder)
    assert (found.code, "E0687" in found.err, "trials" in found.err) == (1, True, True), found.err


@pytest.mark.parametrize("words", [("--trials", "2"), ("--out", "c"), ("--resume",), ("--json",), ("--seal", "s.json")])
def test_options_of_a_comparison_are_refused_beside_emitted_specs(words, hqnn_command, folder):
    found = hqnn_command("compare", "small.hqnn", "data.csv", "--emit-specs", "controls", *words, cwd=folder)
    said = found.err + found.out  # with --json the refusal is the document
    assert (found.code, "E0599" in said, words[0] in said) == (2, True, True)
    assert not (folder / "controls").exists()


def test_a_finished_folder_is_gone_on_with_to_the_same_words(done, hqnn_command):
    folder, first = done
    shutil.rmtree(folder / "runs" / "small-comparison-1" / "results" / "linear")
    again = hqnn_command(*WORDS, "--out", "runs/small-comparison-1", "--resume", cwd=folder)
    costs = re.compile(r"cost: .*?(?=^comparison:)", re.DOTALL | re.MULTILINE)
    assert (again.code, costs.sub("", again.out)) == (0, costs.sub("", first.out))


def test_contenders_that_fail_are_named_with_the_reason(hqnn_command, folder):
    found = hqnn_command(*WORDS, "--set", "optimizer=sgd(1e30)", "--set", "epochs=6", cwd=folder)
    assert found.code == 1
    said = " ".join(found.err.split())
    assert "failed: the model on 2 of 2 folds: " in said
    assert "not comparable" in found.out or "untested" in found.out
    assert "to go on: hqnn compare" in found.err


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        (("--contenders", "forrest"), 2, "E0605"),
        (("--trials", "0"), 2, "E0605"),
        (("--resume",), 1, "E0544"),
        (("--score", "accuracy"), 2, "E0605"),
        (("--folds", "50"), 2, "E0598"),
    ],
)
def test_what_cannot_be_compared_leaves_no_folder(words, code, said, hqnn_command, folder):
    found = hqnn_command("compare", "small.hqnn", "data.csv", *words, cwd=folder)
    assert (said in found.err, found.code) == (True, code), found.err
    assert not (folder / "runs").exists()


def test_rows_that_another_seal_claims_are_refused(hqnn_command, folder):
    assert hqnn_command("seal", "small.hqnn", "data.csv", "--folds", "4", cwd=folder).code == 0
    found = hqnn_command(*WORDS, cwd=folder)
    assert (found.code, "E0682" in found.err) == (1, True), found.err
    assert not (folder / "runs").exists()


def test_the_sealed_experiment_runs_with_its_seal(hqnn_command, folder):
    hypothesis = ("--hypothesis", "the circuit helps")
    assert hqnn_command("seal", "small.hqnn", "data.csv", *PROTOCOL, *hypothesis, cwd=folder).code == 0
    found = hqnn_command(*WORDS, "--seal", "seals/small-1.json", "--json", cwd=folder)
    assert found.code == 0, found.err
    assert json.loads(found.out)["seal"]["hypotheses"] == ["the circuit helps"]
    other = hqnn_command(*WORDS, "--seal", "seals/small-1.json", "--score", "mae", cwd=folder)
    assert (other.code, "E0681" in other.err) == (1, True), other.err


def test_a_device_that_costs_is_refused_before_anything_is_sent(hqnn_command, folder, monkeypatch):
    """With the stand-in for such a device that the tests of budgets have."""
    monkeypatch.syspath_prepend(str(Path(__file__).resolve().parent.parent / "training"))
    from test_budget import Paid, place_paid

    from hqnn_dsl.backends.primitive import executable

    monkeypatch.setattr(executable, "place", place_paid)
    Paid.arrived = 0
    paid = SPEC.replace("backend reference", 'backend primitive("ibm_test", shots: 100)')
    (folder / "small.hqnn").write_text(paid)
    found = hqnn_command(*WORDS, cwd=folder)
    assert (found.code, "E0599" in found.err, Paid.arrived) == (2, True, 0), found.err
    assert not (folder / "runs").exists()
    advised = hqnn_command(*WORDS, "--set", "backend=native", cwd=folder)
    assert advised.code == 0, advised.err


def test_the_lines_of_the_page_are_understood(hqnn_command, folder):
    """Each line as it stands, with `--resume` and no folder, which is refused once all else of the line is read."""
    page = (Path(__file__).resolve().parents[2] / "docs" / "compare.md").read_text(encoding="utf-8")
    lines = [shlex.split(line, comments=True) for line in page.splitlines() if line.startswith("hqnn compare ")]
    assert len(lines) >= 4
    (folder / "small.hqnn").rename(folder / "model.hqnn")
    for words in lines:
        if "--emit-specs" in words:
            assert hqnn_command(*words[1:], cwd=folder).code == 0
        else:
            found = hqnn_command(*words[1:], "--resume", cwd=folder)
            assert (found.code, "E0544" in found.err, "`--out`" in found.err) == (1, True, True), found.err
    assert (folder / "controls" / "frozen.hqnn").exists()
