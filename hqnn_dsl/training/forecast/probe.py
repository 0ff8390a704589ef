"""The seconds of an epoch, from real steps on this machine that leave the training as it was."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from statistics import fmean
from typing import TYPE_CHECKING

from hqnn_dsl.backends.once import effort
from hqnn_dsl.training.bar import Bar
from hqnn_dsl.training.loop import epochs_of, judged, own_randomness
from hqnn_dsl.training.samples import batch_bounds

if TYPE_CHECKING:
    from hqnn_dsl.training.loop import Training
    from hqnn_dsl.training.samples import Samples
    from hqnn_dsl.training.torch_epochs import Epochs

SECONDS = 1.0
"""About how long steps are probed, after the first ones."""
MOST_EPOCHS = 2000
"""Epochs that are enough, however short they are."""


@dataclass(frozen=True, kw_only=True)
class Pace:
    """Seconds of a training's parts. An epoch is its steps, the loss of all judged rows, and `rest`."""

    step: float
    """A step on a batch, on the average over an epoch's batches."""
    judging: float
    """The loss at the end of an epoch, on its validation rows, or else on its training rows."""
    rest: float
    """Whatever else an epoch takes: its order of rows, checks, the copy of the best weights."""
    loading: float
    """How much longer the first step and the first judging took, with what comes before them: kept kernels are read,
    memory is taken. Compiling of kernels is not in it."""
    steps: int
    """How many steps were timed."""
    epochs: int
    """How many whole epochs were timed."""

    def epoch(self, num_steps: int, judged_share: float = 1.0) -> float:
        """Returns the seconds of an epoch of so many steps, with so many times the judged rows of the probe."""
        return num_steps * self.step + judged_share * self.judging + self.rest


@dataclass
class _Times:
    """Sums of steps, and the seconds of each part of each whole epoch."""

    steps: int = 0
    stepping: float = 0.0
    whole: list[tuple[float, float, float]] = field(default_factory=list)
    """Of each whole epoch its steps, its judging, and all of it."""


class _Probe:
    """A training under way, in parts that end at a time."""

    def __init__(self, training: Training, samples: Samples, epochs: Epochs, bar: Bar) -> None:
        self._training, self._samples, self._epochs, self._bar = training, samples, epochs, bar
        self.times = _Times()

    def some(self, until: float) -> None:
        """Train to the end of the epoch or to a time on the clock, whichever comes first, but one call at least."""
        training, begin, before = self._training, time.perf_counter(), self._training.step
        loss = self._epochs.train(lambda: int(time.perf_counter() >= until), self._bar)
        stepped = time.perf_counter()
        self.times.steps += training.step - before
        self.times.stepping += stepped - begin
        if loss is None:
            return
        training.refuse_weights()
        validation, end = self._judged()
        judging = time.perf_counter() - stepped
        if training.finish_epoch(loss, validation, end).is_best:
            training.snapshot()
        if before == 0:
            self.times.whole.append((stepped - begin, judging, time.perf_counter() - begin))

    def judge(self) -> float:
        """Returns the seconds of the loss at the end of an epoch."""
        begin = time.perf_counter()
        self._judged()
        return time.perf_counter() - begin

    def _judged(self) -> tuple[float | None, float | None]:
        validation = judged(self._training, self._epochs, self._samples.validation, "validation")
        if validation is not None:
            return validation, None
        return None, judged(self._training, self._epochs, self._samples.train, "training")


def probe(training: Training, samples: Samples, seconds: float = SECONDS) -> Pace:
    """Returns the pace of a training that has not begun, which is then as it was before.

    One step and one judging come first and are not part of the pace. Whole epochs follow, or if one takes longer than
    `seconds`, some steps of one. Raises `Refusal` as the training itself would.
    """
    batches = batch_bounds(len(samples.train), training.settings.batch)
    before = training.snapshot()
    with (
        own_randomness(training, None),
        training.precision.elsewhere(),
        Bar(MOST_EPOCHS, len(batches), done=0, progress=False) as bar,
    ):
        try:
            with effort() as loading:
                training.epochs = epochs = epochs_of(training, samples.train, batches)
                probing = _Probe(training, samples, epochs, bar)
                probing.some(0.0)
                probing.judge()
            return _paced(probing, len(batches), seconds, loading.seconds)
        finally:
            training.epochs = None
            training.restore(before)


def _paced(probing: _Probe, num_steps: int, seconds: float, loading: float) -> Pace:
    first = probing.times.steps
    probing.times = _Times()
    until = time.perf_counter() + seconds
    while True:
        probing.some(until)
        if time.perf_counter() >= until or len(probing.times.whole) >= MOST_EPOCHS:
            break
    times = probing.times
    steps, judging, whole = (fmean(part) for part in zip(*times.whole, strict=True)) if times.whole else (0.0,) * 3
    step = steps / num_steps if times.whole else times.stepping / max(times.steps, 1)
    judging = judging if times.whole else probing.judge()
    return Pace(
        step=step,
        judging=judging,
        rest=max(0.0, whole - steps - judging),
        loading=max(0.0, loading - first * step - judging),
        steps=times.steps,
        epochs=len(times.whole),
    )
