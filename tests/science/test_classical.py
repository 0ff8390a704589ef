"""Classical contenders: on the fold's own inputs, in the targets' units, the same for the same seed, and no leak."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from sklearn import metrics

from hqnn_dsl import pipeline
from hqnn_dsl.data.folds import Fold
from hqnn_dsl.data.preprocess import prepare
from hqnn_dsl.data.tables import read_table
from hqnn_dsl.diagnostics.source import Source
from hqnn_dsl.science.classical.contender import Absent, Learned
from hqnn_dsl.science.classical.fold import learned_of, scores
from hqnn_dsl.science.classical.table import CONTENDERS
from hqnn_dsl.science.comparison.rows import made_small, selection
from hqnn_dsl.science.tuning.tune import tune
from hqnn_dsl.training.evaluate import Scored, judge
from hqnn_dsl.training.many_scores import plain_scores
from hqnn_dsl.training.results import questions_of

ROOT = Path(__file__).resolve().parents[2]
HERE = [name for name in CONTENDERS if name != "tabicl"]
SETTLED = [name for name in HERE if name != "constant"]
UNWEIGHTED = {"neighbours", "gaussian_process"}
DRAWS = np.random.default_rng(5)
INPUTS = DRAWS.uniform(-1, 1, size=(90, 3))
ONE = (3 * INPUTS[:, :1] - 2 * INPUTS[:, 1:2] + 0.05 * DRAWS.normal(size=(90, 1))) * 50 + 1000
TWO = np.column_stack([ONE, INPUTS[:, 2] * 0.001])
THREE = np.digitize(INPUTS[:, :1] + INPUTS[:, 1:2], [-0.4, 0.4]).astype(float)


def fitted(name: str, learned: Learned, seed: int = 1, **setting):
    contender = CONTENDERS[name]
    return contender.fit({**contender.space(learned).defaults, **setting}, seed, learned)


@pytest.mark.parametrize("name", SETTLED)
def test_numbers_are_predicted_in_their_own_units_for_every_target(name):
    found = fitted(name, Learned(INPUTS[:60], TWO[:60])).predict(INPUTS[60:])
    assert found.shape == (30, 2)
    for target in range(2):
        error = np.sqrt(np.mean((found[:, target] - TWO[60:, target]) ** 2))
        assert error < 0.6 * TWO[60:, target].std()


@pytest.mark.parametrize("name", SETTLED)
def test_classes_have_probabilities_also_those_that_no_row_has(name):
    known = THREE[:60, 0] < 2
    found = fitted(name, Learned(INPUTS[:60][known], THREE[:60][known], 4)).predict(INPUTS[60:])
    assert found.shape == (30, 4)
    assert found.sum(axis=1) == pytest.approx(np.ones(30))
    assert np.all(found >= 0)
    assert np.all(found[:, 2:] == 0)
    every = fitted(name, Learned(INPUTS[:60], THREE[:60], 3)).predict(INPUTS[60:])
    assert np.mean(np.argmax(every, axis=1) == THREE[60:, 0]) > 0.75


@pytest.mark.parametrize("name", HERE)
def test_the_same_seed_gives_the_same_bits_and_global_chance_has_no_part(name):
    learned = Learned(INPUTS[:40], THREE[:40], 3)
    np.random.seed(1)  # noqa: NPY002 - the generator that scikit-learn uses if it is given none
    one = fitted(name, learned).predict(INPUTS[60:])
    np.random.seed(2)  # noqa: NPY002
    assert np.array_equal(one, fitted(name, learned).predict(INPUTS[60:]))


@pytest.mark.parametrize("name", HERE)
def test_every_corner_of_a_space_can_be_fitted(name):
    for targets, classes in ((ONE[:20], None), (THREE[:20], 3)):
        learned = Learned(INPUTS[:20], targets, classes)
        space = CONTENDERS[name].space(learned)
        for side in ("low", "high"):
            corner = {key: getattr(row, side, row) for key, row in space.dimensions.items()}
            setting = {key: (value.values[-1] if hasattr(value, "values") else value) for key, value in corner.items()}
            assert _fits(name, learned, setting) == 0.0


def _fits(name: str, learned: Learned, setting) -> float:
    found = CONTENDERS[name].fit(setting, 0, learned).predict(INPUTS[30:35])
    assert np.isfinite(found).all()
    return 0.0


def test_ridge_by_hand():
    learned = Learned(INPUTS[:60], ONE[:60])
    scaled = (INPUTS - INPUTS[:60].mean(axis=0)) / INPUTS[:60].std(axis=0)
    middle, deviation = ONE[:60].mean(), ONE[:60].std()
    known = scaled[:60]
    slopes = np.linalg.solve(known.T @ known + 7.0 * np.eye(3), known.T @ ((ONE[:60] - middle) / deviation))
    assert fitted("linear", learned, alpha=7.0).predict(INPUTS[60:]) == pytest.approx(
        scaled[60:] @ slopes * deviation + middle, rel=1e-10
    )


def test_neighbours_by_hand():
    learned = Learned(INPUTS[:60], ONE[:60])
    scaled = INPUTS / INPUTS[:60].std(axis=0)
    nearest = np.argsort(((scaled[60:, None] - scaled[None, :60]) ** 2).sum(axis=2), axis=1)[:, :3]
    found = fitted("neighbours", learned, neighbours=3).predict(INPUTS[60:])
    assert found[:, 0] == pytest.approx(ONE[:60, 0][nearest].mean(axis=1))


def test_the_constant_by_hand_with_weights():
    weights = np.where(INPUTS[:60, 0] > 0, 3.0, 1.0)
    mean = fitted("constant", Learned(INPUTS[:60], TWO[:60], None, weights)).predict(INPUTS[60:])
    assert mean[7] == pytest.approx(np.average(TWO[:60], axis=0, weights=weights))
    own = Learned(INPUTS[:60], THREE[:60], 3, np.ones(60), weights)
    shares = fitted("constant", own).predict(INPUTS[60:])[0]
    assert shares == pytest.approx([weights[THREE[:60, 0] == k].sum() / weights.sum() for k in range(3)])


@pytest.mark.parametrize("name", SETTLED)
def test_weights_count_or_it_is_said_that_they_do_not(name):
    weights = np.where(INPUTS[:60, 0] > 0, 1.9, 0.1)
    for targets, classes in ((ONE[:60], None), (THREE[:60], 3)):
        plain, weighed = (fitted(name, Learned(INPUTS[:60], targets, classes, w)) for w in (None, weights))
        same = np.allclose(plain.predict(INPUTS[60:]), weighed.predict(INPUTS[60:]), rtol=1e-9)
        assert same == (name in UNWEIGHTED)
        assert plain.notes == ()
        assert bool(weighed.notes) == (name in UNWEIGHTED)


@pytest.mark.parametrize("name", ["linear", "forest", "boosting", "perceptron"])
def test_another_unit_of_the_target_changes_nothing_else(name):
    one = fitted(name, Learned(INPUTS[:60], ONE[:60])).predict(INPUTS[60:])
    other = fitted(name, Learned(INPUTS[:60], ONE[:60] * 1024)).predict(INPUTS[60:])
    assert other == pytest.approx(1024 * one, rel=1e-6)


@pytest.mark.parametrize("name", HERE)
def test_rows_of_one_class_predict_it(name):
    found = fitted(name, Learned(INPUTS[:20], np.ones((20, 1)), 3)).predict(INPUTS[60:])
    assert np.array_equal(found, np.tile([0.0, 1.0, 0.0], (30, 1)))


def test_a_class_with_one_row_does_not_stop_the_calibration():
    targets = np.zeros((30, 1))
    targets[:3] = 1.0
    targets[29] = 2.0
    found = fitted("support_vectors", Learned(INPUTS[:30], targets, 3)).predict(INPUTS[60:])
    assert found.sum(axis=1) == pytest.approx(np.ones(30))


def test_a_contender_with_too_many_rows_takes_some_of_each_class_and_says_so():
    rows = np.random.default_rng(0).normal(size=(500, 2))
    classes = np.zeros((500, 1))
    classes[:3] = 1.0
    few = Learned(rows, classes, 2).some(50, seed=3)
    assert (len(few), int(few.targets.sum())) == (50, 1)
    small = replace(CONTENDERS["gaussian_process"], most_rows=(40, 40))
    found = small.fit(small.space(Learned(rows, classes, 2)).defaults, 1, Learned(rows[:, :1], rows[:, 1:]))
    assert found.notes == ("fitted on 40 of 500 training rows, drawn by chance",)


def test_levels_of_a_category_are_spread_and_no_order_is_read_into_them():
    """The target jumps with the number of the level: a linear model has it only if levels are inputs of their own."""
    codes = np.random.default_rng(2).integers(0, 4, size=(80, 1)).astype(float)
    target = np.array([5.0, -3.0, 8.0, 0.0])[codes.astype(int)]
    spread = fitted("linear", Learned(codes[:60], target[:60], levels={0: 5})).predict(codes[60:])
    assert np.abs(spread - target[60:]).max() < 0.5
    unspread = fitted("linear", Learned(codes[:60], target[:60])).predict(codes[60:])
    assert np.abs(unspread - target[60:]).max() > 2
    boosted = fitted("boosting", Learned(codes[:60], target[:60], levels={0: 5}), rows_in_leaf=1).predict(codes[60:])
    assert np.abs(boosted - target[60:]).max() < 0.5


def test_what_is_not_installed_is_absent_with_its_reason(monkeypatch):
    monkeypatch.setattr("hqnn_dsl.science.classical.networks.find_spec", lambda _name: None)
    with pytest.raises(Absent, match="`tabicl` is not installed"):
        fitted("tabicl", Learned(INPUTS, ONE))


# --------------------------------------------------------------------------------------------------- on the fold itself

SPEC = """hqnn 1
model birds {
  data { target species; task classification; missing drop_rows; split validation: 0.2, by: random }
  encoder { dense(2); tanh * pi }
  circuit on 2 qubits { feature_map angle(); ansatz real_amplitudes(reps: 1) }
  decoder { dense(3) }
  train { seed 4 }
}
"""


def prepared(text: str, frame: pd.DataFrame, fold: int = 0):
    checked = pipeline.check(Source("spec", text))
    return prepare(checked.spec, read_table(frame), splitter=Fold(folds=5, fold=fold, root=4), reach=checked.reach)


@pytest.fixture(scope="module")
def birds() -> pd.DataFrame:
    return pd.read_csv(ROOT / "specs" / "data" / "penguins.csv").sample(120, random_state=0).reset_index(drop=True)


@pytest.fixture(scope="module")
def fold(birds):
    return prepared(SPEC, birds)


def test_it_learns_from_what_the_baselines_of_a_run_learn_from(fold):
    learned, questions = learned_of(fold), questions_of(fold, 0)
    assert np.array_equal(learned.inputs, questions.inputs)
    assert np.array_equal(learned.targets, questions.targets)
    assert learned.num_classes == 3
    assert np.isfinite(learned.inputs).all()


@pytest.mark.parametrize("name", ["linear", "boosting", "constant"])
def test_scores_are_those_of_scikit_learn(name, fold):
    found = scores(fold, fitted(name, learned_of(fold)), "test")
    rows = fold.preparation.parts.test
    true = fold.targets[rows, 0].astype(int)
    guess = np.argmax(fitted(name, learned_of(fold)).predict(fold.inputs[rows]), axis=1)
    assert found["balanced_accuracy"] == pytest.approx(metrics.balanced_accuracy_score(true, guess))
    assert set(found) == set(judge(_as_scored(fold, name)))


def _as_scored(fold, name):
    from hqnn_dsl.science.classical.fold import predicted

    rows = fold.preparation.parts.test
    return Scored(fold.preparation, fold.targets[rows], predicted(fold, fitted(name, learned_of(fold)), rows))


@pytest.mark.parametrize("name", ["linear", "neighbours", "boosting"])
def test_other_cells_in_test_rows_change_no_fit_and_no_choice(name, birds, fold):
    changed = birds.copy()
    rows = fold.preparation.parts.test
    changed.loc[rows, "bill_length_mm"] = changed.loc[rows, "bill_length_mm"].max() * 3
    changed.loc[rows, "species"] = changed.loc[rows, "species"].to_numpy()[::-1]
    other = prepared(SPEC, changed)
    assert np.array_equal(fold.preparation.parts.train, other.preparation.parts.train)
    one, two = (tune_of(name, each) for each in (fold, other))
    assert [trial.value for trial in one.trials] == [trial.value for trial in two.trials]
    asked = fold.inputs[fold.preparation.parts.validation]
    fits = [CONTENDERS[name].fit(one.setting, 1, learned_of(each)).predict(asked) for each in (fold, other)]
    assert np.array_equal(*fits)


def chosen_by(each):
    target = each.preparation.target
    return selection(each.preparation.task, len(target.names))


def objective(name, each, score=None):
    """The function of a setting that a comparison makes small: the score of the validation rows that chooses."""
    chosen = score or chosen_by(each)

    def value(setting):
        fit = CONTENDERS[name].fit(setting, 1, learned_of(each))
        return made_small(chosen, plain_scores(scores(each, fit, "validation")))

    return value


def tune_of(name, each):
    goal = objective(name, each)
    return tune(CONTENDERS[name].space(learned_of(each)), goal, 3, seed=2)


def test_tuning_chooses_by_the_validation_rows(fold):
    assert chosen_by(fold) == "log_loss"
    found = tune_of("linear", fold)
    rows = fold.preparation.parts.validation
    fit = CONTENDERS["linear"].fit(found.setting, 1, learned_of(fold))
    loss = metrics.log_loss(fold.targets[rows, 0], fit.predict(fold.inputs[rows]), labels=[0, 1, 2])
    assert found.value == pytest.approx(loss)
    better = objective("linear", fold, score="balanced_accuracy")({"alpha": 1.0})
    assert -1.0 <= better < 0.0
    assert fit.predict(fold.inputs[rows]).shape == (len(rows), 3)


def test_regression_on_a_fold_is_scored_in_the_targets_units(birds):
    text = SPEC.replace("target species; task classification", "target body_mass_g").replace("dense(3)", "dense(1)")
    fold = prepared(text, birds)
    rows, fit = fold.preparation.parts.test, fitted("linear", learned_of(fold))
    error = np.sqrt(np.mean((fit.predict(fold.inputs[rows])[:, 0] - birds.loc[rows, "body_mass_g"]) ** 2))
    found = scores(fold, fit, "test")
    assert found["rmse"] == pytest.approx(error)
    assert chosen_by(fold) == "rmse"
    assert objective("linear", fold)({"alpha": 1.0}) == pytest.approx(scores(fold, fit, "validation")["rmse"])
