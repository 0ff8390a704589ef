"""Settings tried one after the other, proposed by Optuna's TPE sampler; the first trial is the defaults.

Trial `n` is proposed from the trials before it and a seed of its own. A tuning that goes on after a break, with the
records of the trials done before, therefore proposes what it would have proposed without the break.
"""

from __future__ import annotations

import math
import time
from typing import TYPE_CHECKING, Any

from hqnn_dsl.diagnostics.diagnostic import Refusal
from hqnn_dsl.diagnostics.notices import warnings_ignored
from hqnn_dsl.science.extra import needs
from hqnn_dsl.science.tuning.records import SamplerRecord, Trial, Tuning
from hqnn_dsl.seeds import stream

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from optuna.study import Study
    from optuna.trial import FrozenTrial

    from hqnn_dsl.science.tuning.space import Setting, Space, Value

    Objective = Callable[[Setting], float | None]
    """The value of a setting on the validation rows, to be made small; None, NaN or a `Refusal` if it has failed."""

SAMPLER = "TPESampler"
OPTIONS: dict[str, Any] = {"n_startup_trials": 4, "multivariate": True}
"""The options of the sampler that are not left to Optuna's defaults: the first proposals are independent draws."""


def tune(  # noqa: PLR0913 - what a tuning can be told
    space: Space,
    objective: Objective,
    trials: int,
    seed: int,
    *,
    done: Sequence[Trial] = (),
    on_trial: Callable[[Trial], None] | None = None,
) -> Tuning:
    """Returns the records of so many trials of a space, and the number of the best; of equal ones the first.

    `done` are trials of the same space and seed that a broken-off tuning has recorded, in order; they are not tried
    again. `on_trial` is called with the record of each trial when it has ended, to be written down. A space without
    dimensions has one trial. The objective sees validation rows only: what it returns chooses the setting.

    Raises `Refusal` E0680 without Optuna, `ValueError` if `done` is not of this space, and what the objective raises
    other than a `Refusal`, or a refusal of the environment (exit code 3).
    """
    needs("optuna")
    wanted = trials if space.dimensions else 1
    for trial in done:
        space.check(trial.setting)
    found = list(done[:wanted])
    if any(trial.number != place for place, trial in enumerate(found)):
        raise ValueError("the trials that are done are not numbered from 0")
    proposals = Proposals(space, seed)
    for trial in found:
        proposals.tell(trial)
    while len(found) < wanted:
        trial = _tried(objective, proposals.next(), len(found))
        found.append(trial)
        proposals.tell(trial)
        if on_trial is not None:
            on_trial(trial)
    return Tuning(sampler=sampler_record(seed), space=space.to_json(), asked=trials, trials=found, best=_best(found))


def _tried(objective: Objective, setting: Setting, number: int) -> Trial:
    begun = time.perf_counter()
    value, reason = None, ""
    try:
        value = objective(setting)
    except Refusal as refusal:
        if refusal.exit_code == 3:  # the environment fails in every trial
            raise
        reason = f"{refusal.diagnostics[0].code}: {refusal.diagnostics[0].headline}"
    seconds = time.perf_counter() - begun
    if value is not None and math.isfinite(value):
        return Trial(number=number, setting=dict(setting), state="done", value=float(value), seconds=seconds)
    reason = reason or "the value of the objective is not finite"
    return Trial(number=number, setting=dict(setting), state="failed", reason=reason, seconds=seconds)


def _best(trials: Sequence[Trial]) -> int | None:
    done = [(trial.value, trial.number) for trial in trials if trial.value is not None]
    return min(done)[1] if done else None


def sampler_record(seed: int) -> SamplerRecord:
    """Returns what is recorded of the sampler."""
    import optuna

    return SamplerRecord(name=SAMPLER, optuna=optuna.__version__, seed=seed, options=OPTIONS)


def sampler_of(seed: int, number: int) -> Any:
    """Returns Optuna's sampler for the proposal of one trial by its number."""
    import optuna

    with warnings_ignored():  # `multivariate` is an experimental option to Optuna
        return optuna.samplers.TPESampler(seed=stream(seed, f"trial/{number}"), **OPTIONS)


class Proposals:
    """Proposes settings of a space, one after the other; each is followed by its trial.

    The next one depends on the seed and the trials so far, and on nothing else.
    """

    def __init__(self, space: Space, seed: int) -> None:
        self.space, self.seed = space, seed
        self._told: list[FrozenTrial] = []

    def next(self) -> dict[str, Value]:
        """Returns the setting of the next trial."""
        number, queue = len(self._told), self.space.queue
        if number < len(queue):
            return dict(queue[number])
        study = quiet_study()
        study.add_trials(self._told)
        study.sampler = sampler_of(self.seed, number)
        params = study.ask(self.space.distributions()).params
        return {name: params[name] for name in self.space.dimensions}

    def tell(self, trial: Trial) -> None:
        """Take a trial that has ended into account."""
        self._told.append(_frozen(self.space, trial))


def _frozen(space: Space, trial: Trial) -> FrozenTrial:
    import optuna

    is_done = trial.value is not None
    return optuna.trial.create_trial(
        state=optuna.trial.TrialState.COMPLETE if is_done else optuna.trial.TrialState.FAIL,
        value=trial.value,
        params=dict(trial.setting),
        distributions=space.distributions(),
    )


def quiet_study(**options: Any) -> Study:
    """Returns a study that makes values small, in memory unless its options say otherwise; Optuna says errors only."""
    import optuna

    optuna.logging.set_verbosity(optuna.logging.ERROR)
    return optuna.create_study(direction="minimize", **options)
