"""Tuning: defaults first, ranges kept, the same proposals after a break, and every trial recorded."""

from __future__ import annotations

import json
import logging
import math
import subprocess
import sys

import pytest

from hqnn_dsl.diagnostics.codes.command import CannotWrite
from hqnn_dsl.diagnostics.codes.science import ScienceMissing
from hqnn_dsl.diagnostics.diagnostic import Refusal
from hqnn_dsl.science import extra
from hqnn_dsl.science.tuning.records import Trial, Tuning
from hqnn_dsl.science.tuning.space import OneOf, Real, Space, Whole
from hqnn_dsl.science.tuning.tune import quiet_study, tune

SPACE = Space({
    "rate": Real(low=1e-4, high=1.0, default=0.01, log=True),
    "width": Whole(low=1, high=64, default=8, log=True),
    "kind": OneOf(values=("relu", "tanh", True), default="relu"),
})  # fmt: skip


def bowl(setting) -> float:
    """Smallest at rate 0.1, width 16 and `tanh`."""
    return (math.log10(setting["rate"]) + 1) ** 2 + (math.log2(setting["width"]) - 4) ** 2 + (setting["kind"] != "tanh")


@pytest.fixture(scope="module")
def tuning() -> Tuning:
    return tune(SPACE, bowl, 25, seed=3)


def test_the_first_trial_is_the_defaults_and_no_tuning_is_worse_than_they(tuning):
    assert tuning.trials[0].setting == SPACE.defaults
    assert tuning.value == min(trial.value for trial in tuning.trials) <= bowl(SPACE.defaults)
    assert tuning.setting == tuning.trials[tuning.best].setting


def test_every_trial_is_in_its_ranges_and_of_its_type(tuning):
    assert [trial.number for trial in tuning.trials] == list(range(25))
    for trial in tuning.trials:
        SPACE.check(trial.setting)
        assert type(trial.setting["width"]) is int
        assert trial.value == bowl(trial.setting)


def test_it_finds_more_than_chance(tuning):
    """A third of all settings have a value above 4; the best of 25 proposals is far below."""
    assert tuning.value < 1.0


def test_a_tuning_goes_on_as_if_it_had_not_stopped(tuning):
    written: list[str] = []

    def stops(setting) -> float:
        if len(written) == 9:
            raise KeyboardInterrupt
        return bowl(setting)

    with pytest.raises(KeyboardInterrupt):
        tune(SPACE, stops, 25, seed=3, on_trial=lambda trial: written.append(json.dumps(trial.model_dump())))
    done = [Trial.model_validate(json.loads(text)) for text in written]
    tried: list[int] = []
    again = tune(SPACE, bowl, 25, seed=3, done=done, on_trial=lambda trial: tried.append(trial.number))
    assert tried == list(range(9, 25))
    assert [trial.setting for trial in again.trials] == [trial.setting for trial in tuning.trials]
    assert again.best == tuning.best


def test_more_trials_begin_with_the_same_ones_and_another_seed_with_others(tuning):
    few, other = tune(SPACE, bowl, 8, seed=3), tune(SPACE, bowl, 8, seed=4)
    assert [trial.setting for trial in few.trials] == [trial.setting for trial in tuning.trials[:8]]
    assert few.trials[0] == other.trials[0].model_copy(update={"seconds": few.trials[0].seconds})
    assert few.trials[1].setting != other.trials[1].setting


def test_the_sampler_is_recorded(tuning):
    import optuna

    record = tuning.sampler
    assert (record.name, record.optuna, record.seed) == ("TPESampler", optuna.__version__, 3)
    assert record.options["multivariate"] is True
    assert Tuning.model_validate(json.loads(tuning.model_dump_json())) == tuning
    assert tuning.space["rate"] == {"kind": "Real", "low": 1e-4, "high": 1.0, "default": 0.01, "log": True}


def test_settings_can_be_put_first():
    space = SPACE.starting_with({"rate": 0.5}, {"width": 64, "kind": True}, SPACE.defaults)
    found = tune(space, bowl, 5, seed=0).trials
    assert [trial.setting for trial in found[:3]] == [
        SPACE.defaults, {**SPACE.defaults, "rate": 0.5}, {**SPACE.defaults, "width": 64, "kind": True},
    ]  # fmt: skip
    with pytest.raises(ValueError, match="out of its range"):
        SPACE.starting_with({"width": 65})


def test_trials_that_fail_are_recorded_and_never_the_best():
    def breaks(setting) -> float | None:
        if setting["rate"] == 0.01:
            return float("nan")
        if setting["kind"] != "tanh":
            raise Refusal(CannotWrite(path="x", reason="for a test"))
        return bowl(setting)

    found = tune(SPACE, breaks, 20, seed=1)
    failed = [trial for trial in found.trials if trial.state == "failed"]
    assert failed[0].reason == "the value of the objective is not finite"
    assert any(trial.reason.startswith("E0603: ") for trial in failed)
    assert all(trial.value is None for trial in failed)
    assert found.setting["kind"] == "tanh"
    nothing = tune(SPACE, lambda _setting: None, 3, seed=1)
    assert (nothing.best, nothing.setting, nothing.value) == (None, None, None)


def test_a_refusal_of_the_environment_ends_the_tuning():
    def stops(_setting) -> float:
        raise Refusal(ScienceMissing(packages="`x`"))

    with pytest.raises(Refusal):
        tune(SPACE, stops, 3, seed=1)


def test_of_equal_trials_the_first_is_the_best_and_an_empty_space_has_one():
    assert tune(SPACE, lambda _setting: 1.0, 4, seed=1).best == 0
    alone = tune(Space(), lambda _setting: 2.0, 10, seed=1)
    assert (len(alone.trials), alone.setting, alone.value) == (1, {}, 2.0)


def test_trials_of_another_space_are_refused():
    wrong = Trial(number=0, setting={"depth": 3}, state="done", value=1.0)
    with pytest.raises(ValueError, match="no setting of the space"):
        tune(SPACE, bowl, 3, seed=1, done=[wrong])
    skipped = Trial(number=1, setting=SPACE.defaults, state="done", value=1.0)
    with pytest.raises(ValueError, match="numbered from 0"):
        tune(SPACE, bowl, 3, seed=1, done=[skipped])


@pytest.mark.parametrize(
    "make",
    [
        lambda: Real(low=0.0, high=1.0, default=0.5, log=True),
        lambda: Real(low=0.0, high=1.0, default=2.0),
        lambda: Whole(low=3, high=2, default=3),
        lambda: OneOf(values=("a", "b"), default="c"),
        lambda: OneOf(values=("a", "a"), default="a"),
    ],
)
def test_a_range_that_is_none_is_an_error(make):
    with pytest.raises(ValueError, match=r"default|twice"):
        make()


def test_spaces_are_joined():
    both = SPACE.joined(Space({"scale": Real(low=0.1, high=10.0, default=1.0, log=True)}))
    assert list(both.defaults) == ["rate", "width", "kind", "scale"]


def test_optuna_says_nothing(caplog, capfd):
    with caplog.at_level(logging.INFO):
        study = quiet_study()
        tune(SPACE, bowl, 6, seed=0)
        study.optimize(lambda trial: trial.suggest_float("x", 0, 1), n_trials=2)
    assert capfd.readouterr() == ("", "")


def test_without_the_extra_the_advice_installs_it(monkeypatch):
    monkeypatch.setattr(extra, "find_spec", lambda _name: None)
    with pytest.raises(Refusal) as raised:
        tune(SPACE, bowl, 3, seed=0)
    (found,) = raised.value.diagnostics
    assert (found.code, found.exit_code) == ("E0680", 3)
    assert found.help == "run `pip install 'hqnn-dsl[science]'`"


def test_a_space_imports_no_optuna():
    code = "import sys, hqnn_dsl.science.tuning.tune, hqnn_dsl.science.classical.table; print('optuna' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["False"]
