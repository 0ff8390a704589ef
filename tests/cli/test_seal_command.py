"""`hqnn seal` as a user types it: where it writes, what it says, what it refuses."""

from __future__ import annotations

import json

import numpy as np
import pandas as pd
import pytest

from hqnn_dsl.science.seal import read_seal

SPEC = """hqnn 1
model small {
  data { target y }
  encoder { dense(2); tanh * pi }
  circuit on 2 qubits { feature_map angle(); ansatz real_amplitudes(reps: 1) }
  decoder { dense(1) }
  train { epochs 3; batch 8; device cpu; stop none }
  backend reference
}
"""


@pytest.fixture
def folder(tmp_path):
    draw = np.random.default_rng(0)
    (tmp_path / "tables").mkdir()
    frame = pd.DataFrame(draw.normal(size=(30, 3)).round(4), columns=["a", "b", "y"])
    frame.to_csv(tmp_path / "tables" / "data.csv", index=False)
    (tmp_path / "small.hqnn").write_text(SPEC)
    return tmp_path


def test_a_seal_lies_beside_the_table_and_is_said(hqnn_command, folder):
    words = ("--hypothesis", "the circuit helps", "--hypothesis", "boosting wins")
    found = hqnn_command("seal", "small.hqnn", "tables/data.csv", *words, cwd=folder)
    assert found.code == 0
    path = folder / "tables" / "seals" / "small-1.json"
    made = read_seal(path)
    assert made.hypotheses == ["the circuit helps", "boosting wins"]
    assert made.seal in found.out
    assert "protocol: 5 folds, 2 repetitions, 5 trials each, decided by rmse, all contenders" in found.out
    assert "hypothesis 2: boosting wins" in found.out
    assert found.out.splitlines()[-1] == "sealed: tables/seals/small-1.json"


def test_a_second_seal_names_the_first(hqnn_command, folder):
    hqnn_command("seal", "small.hqnn", "tables/data.csv", cwd=folder)
    found = hqnn_command("seal", "small.hqnn", "tables/data.csv", "--folds", 3, "--json", cwd=folder)
    assert found.code == 0
    assert "W0488" in found.err
    data = json.loads(found.out)
    assert data["beside"] == ["tables/seals/small-1.json"]
    made = read_seal(folder / data["seal"])
    assert (made.seal, made.protocol.folds) == (data["sha256"], 3)
    assert made.beside == [read_seal(folder / "tables/seals/small-1.json").seal]


def test_the_same_experiment_may_be_sealed_again_without_a_warning(hqnn_command, folder):
    hqnn_command("seal", "small.hqnn", "tables/data.csv", cwd=folder)
    found = hqnn_command("seal", "small.hqnn", "tables/data.csv", cwd=folder)
    assert (found.code, "W0488" in found.err) == (0, False)


def test_a_file_and_a_folder_of_ones_own(hqnn_command, folder):
    words = ("--seals", "mine", "--contenders", "linear, boosting", "--rows", "10,all", "--score", "mae")
    assert hqnn_command("seal", "small.hqnn", "tables/data.csv", *words, cwd=folder).code == 0
    made = read_seal(folder / "mine" / "small-1.json")
    assert (made.protocol.contenders, made.protocol.rows) == (["boosting", "linear"], [10, None])
    assert hqnn_command("seal", "small.hqnn", "tables/data.csv", "-o", "one.json", cwd=folder).code == 0
    again = hqnn_command("seal", "small.hqnn", "tables/data.csv", "-o", "one.json", cwd=folder)
    assert (again.code, "E0550" in again.err) == (2, True)


def test_settings_are_sealed_as_they_are_set(hqnn_command, folder):
    hqnn_command("seal", "small.hqnn", "tables/data.csv", "--set", "epochs=7", "--set", "train.seed=5", cwd=folder)
    made = read_seal(folder / "tables" / "seals" / "small-1.json")
    assert "epochs    7" in made.spec.resolved
    assert made.protocol.seed == 5


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        (("--trials", 0), 2, "E0605"),
        (("--folds", 1), 2, "E0605"),
        (("--folds", 40), 2, "E0598"),
        (("--score", "accuracy"), 2, "E0605"),
        (("--hypothesis", " "), 2, "E0605"),
        (("--contenders", "linear,,"), 2, "E0605"),
        (("--region", 2), 2, "E0605"),
        (("--set", "split.by=none"), 2, "E0206"),
    ],
)
def test_what_cannot_be_sealed_leaves_no_file(words, code, said, hqnn_command, folder):
    found = hqnn_command("seal", "small.hqnn", "tables/data.csv", *words, cwd=folder)
    assert (found.code, said in found.err) == (code, True), found.err
    assert not (folder / "tables" / "seals").exists()


def test_a_damaged_seal_beside_the_table_is_refused(hqnn_command, folder):
    (folder / "tables" / "seals").mkdir()
    (folder / "tables" / "seals" / "small-1.json").write_text("{}")
    found = hqnn_command("seal", "small.hqnn", "tables/data.csv", cwd=folder)
    assert (found.code, "E0683" in found.err) == (1, True)


def test_nothing_is_trained(hqnn_command, folder, monkeypatch):
    monkeypatch.setattr("hqnn_dsl.training.run.fit", lambda *_args, **_options: pytest.fail("a seal trains nothing"))
    assert hqnn_command("seal", "small.hqnn", "tables/data.csv", cwd=folder).code == 0
    assert not (folder / "runs").exists()
