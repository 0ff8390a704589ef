"""Seals: what they state, what they notice, and whose rows they claim."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import pytest

import hqnn_dsl as hqnn
from hqnn_dsl.data.tables import read_table
from hqnn_dsl.diagnostics.diagnostic import Refusal
from hqnn_dsl.science import seal as sealing
from hqnn_dsl.science.protocol import Asked, Protocol, default_folds, hash_of
from hqnn_dsl.science.seal import (
    check_seal,
    claims,
    differences,
    experiment_of,
    read_seal,
    refuse_claimed,
    seal_of,
    sealed_as,
    write_seal,
)

if TYPE_CHECKING:
    from pathlib import Path

SPEC = """hqnn 1
model small {
  data { features a, b; target y }
  encoder { dense(2); tanh * pi }
  circuit on 2 qubits { feature_map angle(); ansatz real_amplitudes(reps: 1) }
  decoder { dense(1) }
  train { epochs 3; batch 8; device cpu; stop none }
  backend reference
}
"""
DRAWS = np.random.default_rng(0)
FRAME = pd.DataFrame(DRAWS.normal(size=(40, 4)).round(4), columns=["a", "b", "c", "y"])


def experiment(spec: str = SPEC, frame: pd.DataFrame = FRAME, **asked):
    return experiment_of(hqnn.compile_text(spec), read_table(frame), Asked(**asked))


@pytest.fixture(scope="module")
def one():
    return experiment()


@pytest.fixture
def folder(one, tmp_path) -> Path:
    """A folder with the seal of the experiment, `small-1.json`."""
    place = tmp_path / "seals"
    place.mkdir()
    write_seal(seal_of(one, ["the circuit helps"]), place / "small-1.json")
    return place


def test_a_seal_states_everything_and_reads_back(one, folder):
    found = read_seal(folder / "small-1.json")
    assert found.hypotheses == ["the circuit helps"]
    assert (found.protocol.folds, found.protocol.repeats, found.protocol.trials) == (5, 2, 5)
    assert (found.protocol.score, found.protocol.region, found.protocol.seed) == ("rmse", 0.01, 0)
    assert [split.sizes for split in found.splits] == [[27, 5, 8]] * 10 or all(
        sum(split.sizes) == 40 and split.sizes[2] == 8 for split in found.splits
    )
    assert found.tested == [[0, 39]]
    assert set(found.table.targets) == {"y"}
    assert set(found.table.columns) == {"a", "b"}
    assert {"hqnn", "python", "torch", "optuna", "scikit-learn"} <= set(found.versions)
    assert found.spec.sha256 == hash_of(found.spec.resolved)
    assert differences(found, one) == []


def test_the_rows_of_the_folds_are_those_of_many_trainings(one):
    """The hash of a fold is that of the training of the same fold of `hqnn train --folds 5 --repeats 2`."""
    from hqnn_dsl.data.preprocess import prepare
    from hqnn_dsl.training.many_plan import plan_of
    from hqnn_dsl.training.units import splitter_of

    program = hqnn.compile_text(SPEC)
    plan = plan_of(5, 2, None, None, program.spec.train.seed)
    made = [
        prepare(program.spec, read_table(FRAME), splitter=splitter_of(program, plan, training)).preparation.identity
        for training in plan.trainings()
    ]
    assert [split.sha256 for split in one.splits] == made
    assert len(set(made)) == 10


@pytest.mark.parametrize(
    "change",
    [
        lambda data: data["hypotheses"].append("and more"),
        lambda data: data["protocol"].update(trials=6),
        lambda data: data.update(sealed="2020-01-01T00:00:00+00:00"),
        lambda data: data["spec"].update(resolved="hqnn 1"),
        lambda data: data.update(seal="0" * 64),
        lambda data: data.pop("tested"),
        lambda data: data.update(version=2),
        lambda data: data["splits"].clear(),
    ],
)
def test_a_seal_that_was_changed_is_none(change, folder):
    path = folder / "small-1.json"
    data = json.loads(path.read_text())
    change(data)
    path.write_text(json.dumps(data))
    with pytest.raises(Refusal) as raised:
        read_seal(path)
    assert [item.code for item in raised.value.diagnostics] == ["E0683"]


@pytest.mark.parametrize("content", [b"", b"{", b"[]", b"\xff\xfe", b"null", b'{"version": 1}'])
def test_what_is_no_seal_is_refused(content, tmp_path):
    path = tmp_path / "x.json"
    path.write_bytes(content)
    with pytest.raises(Refusal, match="E0683"):
        read_seal(path)
    with pytest.raises(Refusal, match="E0683"):
        read_seal(tmp_path / "nothing.json")
    with pytest.raises(Refusal, match="E0683"):
        read_seal(tmp_path)


@pytest.mark.parametrize(
    ("asked", "spec", "said"),
    [
        ({"folds": 4}, SPEC, "`folds` 5, now 4"),
        ({"trials": 20}, SPEC, "`trials` 5, now 20"),
        ({"score": "mae"}, SPEC, "`score` rmse, now mae"),
        ({"region": 0.05}, SPEC, "`region` 0.01, now 0.05"),
        ({"size": 0.2}, SPEC, "`size` 0.1, now 0.2"),
        ({"contenders": ("linear",)}, SPEC, "`contenders` none, now linear"),
        ({"rows": (20, "all")}, SPEC, "`rows` all, now 20, all"),
        ({}, SPEC.replace("epochs 3", "epochs 30"), "another spec (`epochs 3"),
        ({}, SPEC.replace("features a, b", "features a, c"), "another spec"),
    ],
)
def test_another_experiment_is_refused_with_what_differs(asked, spec, said, folder):
    path = folder / "small-1.json"
    with pytest.raises(Refusal) as raised:
        check_seal(path, read_seal(path), experiment(spec, **asked))
    (found,) = raised.value.diagnostics
    assert found.code == "E0681"
    assert said in found.headline


def test_another_table_is_refused_with_its_columns(folder):
    path = folder / "small-1.json"
    changed = FRAME.copy()
    changed.loc[7, "b"] = 9.0
    with pytest.raises(Refusal, match=r"another table \(other cells in `b`\)"):
        check_seal(path, read_seal(path), experiment(frame=changed))
    with pytest.raises(Refusal, match=r"another table \(40 rows, now 39\)"):
        check_seal(path, read_seal(path), experiment(frame=FRAME.iloc[:39]))


def test_the_same_experiment_is_taken_and_other_versions_are_said(one, folder, monkeypatch, recwarn):
    path = folder / "small-1.json"
    check_seal(path, read_seal(path), experiment(frame=FRAME.assign(c=0.0)))  # a column that the spec does not read
    assert not [w for w in recwarn if "sealed with" in str(w.message)]
    monkeypatch.setattr(sealing, "installed_versions", lambda: {"torch": "1.0"})
    with pytest.warns(hqnn.HQNNWarning, match=r"sealed with other versions: .*torch .*, now 1\.0") as said:
        check_seal(path, read_seal(path), one)
    assert said[0].message.diagnostic.code == "W0489"


def test_rows_of_another_seal_are_refused_and_named(folder, one):
    other = experiment(SPEC.replace("features a, b", "features c"), FRAME)
    with pytest.raises(Refusal) as raised:
        refuse_claimed(folder, other)
    (found,) = raised.value.diagnostics
    assert found.code == "E0682"
    assert found.headline.startswith(f"40 rows to test on are claimed by {folder / 'small-1.json'}, a seal of 20")
    assert "another spec" in found.headline
    assert f"--seal {folder / 'small-1.json'}" in found.help
    refuse_claimed(folder, one)


def test_a_seal_of_its_own_stands_for_an_experiment(folder, one):
    other = experiment(folds=4)
    assert [claim.rows for claim in claims(folder, other)] == [40]
    assert sealed_as(folder, other) is None
    write_seal(seal_of(other, [], [claim.seal for claim in claims(folder, other)]), folder / "small-2.json")
    refuse_claimed(folder, other)
    path, made = sealed_as(folder, other)
    assert path.name == "small-2.json"
    assert made.beside == [read_seal(folder / "small-1.json").seal]
    assert sealed_as(folder, one)[0].name == "small-1.json"


def test_only_rows_of_the_same_targets_are_claimed(folder):
    assert claims(folder, experiment(frame=FRAME.assign(y=FRAME.y[::-1].to_numpy()), folds=4)) == []
    assert claims(folder, experiment(frame=FRAME.iloc[:39], folds=4)) == []
    renamed = SPEC.replace("target y", "target z")
    assert claims(folder, experiment(renamed, FRAME.rename(columns={"y": "z"})))[0].rows == 40
    assert claims(folder / "nothing", experiment(folds=4)) == []


def test_of_two_splits_only_the_test_rows_that_both_have_are_claimed(tmp_path):
    part = FRAME.assign(part=["train"] * 20 + ["validation"] * 5 + ["test"] * 15)
    spec = SPEC.replace("target y", "target y; split by: column(part)")
    one = experiment(spec, part)
    assert (one.protocol.folds, one.protocol.repeats, one.tested) == (None, 1, ((25, 39),))
    write_seal(seal_of(one, []), tmp_path / "one.json")
    other = part.assign(part=["test"] * 30 + ["train"] * 10)
    assert [claim.rows for claim in claims(tmp_path, experiment(spec, other))] == [5]
    apart = part.assign(part=["test"] * 25 + ["train"] * 15)
    assert claims(tmp_path, experiment(spec, apart)) == []
    assert default_folds(hqnn.compile_text(spec).spec) is None


def test_a_damaged_seal_in_the_folder_is_no_free_pass(folder):
    (folder / "small-2.json").write_text("{")
    with pytest.raises(Refusal, match="E0683"):
        claims(folder, experiment(folds=4))


def test_without_test_rows_there_is_nothing_to_seal():
    part = FRAME.assign(part=["train"] * 30 + ["validation"] * 10)
    with pytest.raises(Refusal, match="E0684"):
        experiment(SPEC.replace("target y", "target y; split by: column(part)"), part)


@pytest.mark.parametrize(
    ("asked", "code"),
    [
        ({"folds": 1}, "E0605"),
        ({"folds": 0}, "E0605"),
        ({"folds": 50}, "E0598"),
        ({"repeats": 0}, "E0605"),
        ({"trials": 0}, "E0605"),
        ({"region": 1.5}, "E0605"),
        ({"level": 0.0}, "E0605"),
        ({"size": 0.0}, "E0605"),
        ({"contenders": ("Linear",)}, "E0605"),
        ({"score": "accuracy"}, "E0605"),
        ({"rows": (500,)}, "E0598"),
    ],
)
def test_a_protocol_that_cannot_be_is_refused(asked, code):
    with pytest.raises(Refusal, match=code):
        experiment_of(hqnn.compile_text(SPEC), read_table(FRAME), Asked(**asked).checked())


def test_the_score_follows_from_the_targets():
    two = experiment(SPEC.replace("target y", "target y, c").replace("dense(1)", "dense(2)"))
    assert two.protocol.score == "r2"
    classes = FRAME.assign(y=["no", "yes"] * 20)
    text = SPEC.replace("target y", "target y; task classification").replace("dense(1)", "dense(2)")
    assert experiment(text, classes).protocol.score == "balanced_accuracy"


def test_a_protocol_has_a_hash_of_all_of_it():
    one = Protocol(score="rmse", region=0.01)
    assert one.sha256() == Protocol(score="rmse", region=0.01).sha256()
    assert one.sha256() != Protocol(score="rmse", region=0.01, trials=6).sha256()
    assert hash_of({"b": 1, "a": [2.5, None]}) == hash_of({"a": [2.5, None], "b": 1})
