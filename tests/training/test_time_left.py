"""The time that is left, on a clock that the tests set: warm-up, validation, pauses, resumed runs, many trainings."""

from __future__ import annotations

import io
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import pytest

from hqnn_dsl.training import bar as bar_module
from hqnn_dsl.training.bar import Bar
from hqnn_dsl.training.loop import Epoch
from hqnn_dsl.training.many_bar import ManyBar
from hqnn_dsl.training.time_left import Mean, TimeLeft

if TYPE_CHECKING:
    from hqnn_dsl.training.time_left import Expected


class Clock:
    """A clock that goes on when it is told to."""

    now = 0.0

    def __call__(self) -> float:
        return self.now

    def on(self, seconds: float) -> None:
        self.now += seconds


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    made = Clock()
    monkeypatch.setattr(bar_module, "time", SimpleNamespace(perf_counter=made))
    return made


def told(epochs: int = 10, steps: int = 4, *, done: int = 0, judged: float = 0.5) -> tuple[TimeLeft, Clock]:
    clock = Clock()
    return TimeLeft(epochs, steps, done=done, judged=judged, now=clock), clock


def epoch(left: TimeLeft, clock: Clock, *, step: float, end: float, steps: int = 4) -> None:
    for _ in range(steps):
        clock.on(step)
        left.stepped(1)
    clock.on(end)
    left.ended()


def ended(number: int) -> Epoch:
    return Epoch(number, 0.01, 0.01, 0.5, None, is_best=True)


def test_nothing_is_known_after_the_first_step_which_may_compile():
    left, clock = told()
    clock.on(500.0)
    left.stepped(1)
    assert left.left is None
    clock.on(2.0)
    left.stepped(1)
    # 38 steps of 2 s, and ten ends of epochs that take at most as long as half of an epoch's four steps.
    assert left.left == pytest.approx(38 * 2 + 10 * 0.5 * 4 * 2)


def test_validation_is_counted_by_its_own_time_and_the_first_one_is_left_out():
    left, clock = told()
    epoch(left, clock, step=2.0, end=300.0)
    assert left.left == pytest.approx(9 * (8 + 4)), "not longer than steps on as many rows, until it is known"
    epoch(left, clock, step=2.0, end=1.0)
    assert left.is_epoch_known
    assert left.left == pytest.approx(8 * (8 + 1))
    clock.on(2.0)
    left.stepped(1)
    assert left.left == pytest.approx(8 * 9 - 2)
    epoch(left, clock, step=2.0, end=1.0, steps=3)
    assert left.left == pytest.approx(7 * 9)
    for _ in range(7):
        epoch(left, clock, step=2.0, end=1.0)
    assert left.left == pytest.approx(0.0)


def test_a_pause_of_the_process_is_not_its_pace():
    left, clock = told()
    for _ in range(3):
        epoch(left, clock, step=0.5, end=0.25)
    clock.on(3600.0)
    epoch(left, clock, step=0.5, end=0.25)
    assert left.left == pytest.approx(6 * 2.25)


def test_a_long_step_is_no_pause_if_the_others_are_as_long():
    left, clock = told(steps=1)
    for _ in range(3):
        epoch(left, clock, step=600.0, end=60.0, steps=1)
    assert left.left == pytest.approx(7 * 660)


def test_a_resumed_run_counts_what_is_left_of_it_by_its_own_pace():
    left, clock = told(done=5 * 4 + 3)
    clock.on(90.0)  # the first step
    left.stepped(1)
    clock.on(1.0)
    left.ended()
    epoch(left, clock, step=1.0, end=1.0)
    assert left.left == pytest.approx(3 * 5)


def test_another_pace_is_followed():
    left, clock = told(epochs=1000)
    for _ in range(100):
        epoch(left, clock, step=1.0, end=0.0)
    for _ in range(100):
        epoch(left, clock, step=2.0, end=0.0)
    assert left.left == pytest.approx(800 * 8, rel=1e-3)


def test_many_steps_in_a_call_count_as_many():
    mean = Mean()
    mean.take(1, 9.0)
    mean.take(100, 50.0)
    assert mean.each == pytest.approx(0.5)
    mean.take(0, 1.0)
    assert mean.each == pytest.approx(0.5)


# -------------------------------------------------------------------------------------------------------------- the bar


@pytest.mark.parametrize(("is_bound", "words"), [(True, "at most 18 s left"), (False, "about 18 s left")])
def test_at_most_is_said_if_a_stop_may_end_it(clock, is_bound, words):
    stream = io.StringIO()
    with Bar(4, 2, done=0, progress=stream, is_bound=is_bound) as bar:
        for number in (1, 2):
            for _ in range(2):
                clock.on(4.0)
                bar.update()
            clock.on(1.0)
            bar.show(ended(number))
            clock.on(0.0)
    assert stream.getvalue().splitlines()[-1].endswith(words)


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def paced(clock: Clock, step: float, epochs: int = 100, stream: Any = False) -> list[tuple[float, Expected]]:
    """What is told of the pace of a training with three steps an epoch, each time with the time on the clock."""
    found: list[tuple[float, Expected]] = []

    def tell(expected: Expected) -> None:
        found.append((clock.now, expected))
        if stream:
            stream.write("PACE\n")

    with Bar(epochs, 3, done=0, progress=stream, judged=1.0, on_pace=tell) as bar:
        for number in range(1, epochs + 1):
            for _ in range(3):
                clock.on(step)
                bar.update()
            clock.on(step)
            bar.show(ended(number))
    return found


def test_the_pace_of_a_long_training_is_told_once_after_some_steps(clock):
    ((at, expected),) = paced(clock, 60.0)
    assert at == 120.0
    assert (expected.epochs, expected.epoch) == (100, pytest.approx(6 * 60))
    assert expected.left == pytest.approx(100 * 360 - 120)


def test_the_pace_of_a_shorter_one_is_told_once_its_epochs_are_known(clock):
    ((at, expected),) = paced(clock, 0.01)
    assert 0.2 < at < 0.6
    assert expected.epoch == pytest.approx(0.04)
    assert expected.left == pytest.approx(4.0 - at)


def test_the_pace_of_a_moment_is_not_told(clock):
    assert paced(clock, 0.002) == []


def test_the_pace_stands_above_the_bar(clock):
    stream = Terminal()
    paced(clock, 0.05, 20, stream)
    before, after = stream.getvalue().split("PACE\n")
    assert before.endswith(" \r"), "the line is wiped before"
    assert before.rpartition("\r")[0].rpartition("\r")[2].isspace()
    assert after.lstrip("\r").startswith("epoch ")


# ------------------------------------------------------------------------------------------------------- many trainings


OUTLOOK: Any = SimpleNamespace(train=SimpleNamespace(epochs=10))


def run_one(bar: ManyBar, clock: Clock, number: int, *, epoch: float = 1.0, epochs: int = 10) -> None:
    bar.begin(number)
    clock.on(2.0)
    bar.tell(number, OUTLOOK)
    for done in range(1, epochs + 1):
        clock.on(epoch)
        bar.note(number, ended(done))
    clock.on(3.0)
    bar.end(number)


def left_of(bar: ManyBar) -> tuple[float | None, bool]:
    return bar._left()


def test_many_trainings_count_set_ups_epochs_and_endings(clock):
    bar = ManyBar([1.0] * 4, progress=False)
    run_one(bar, clock, 1)
    assert left_of(bar) == (pytest.approx(3 * 15.0), True)
    bar.begin(2)
    clock.on(2.0)
    bar.tell(2, OUTLOOK)
    clock.on(1.0)
    bar.note(2, ended(1))
    assert left_of(bar) == (pytest.approx(12 + 2 * 15.0), True)


def test_trainings_that_a_stop_has_ended_make_no_promise_for_the_others(clock):
    bar = ManyBar([1.0] * 3, progress=False)
    run_one(bar, clock, 1, epochs=4)
    assert left_of(bar) == (pytest.approx(2 * 15.0), True)


def test_trainings_on_more_rows_take_longer(clock):
    bar = ManyBar([1.0, 1.0, 5.0], progress=False, is_bound=False)
    run_one(bar, clock, 1)
    run_one(bar, clock, 2)
    assert left_of(bar) == (pytest.approx(2 + 10 * 5 + 3), False)


def test_trainings_at_once_are_dealt_out(clock):
    bar = ManyBar([1.0] * 5, progress=False, workers=2)
    run_one(bar, clock, 1)
    run_one(bar, clock, 2)
    assert left_of(bar)[0] == pytest.approx(30.0), "two beside each other, and one after them"


def test_trainings_that_were_done_before_are_not_left(clock):
    bar = ManyBar([1.0] * 3, progress=False)
    bar.skip(1)
    clock.on(1000.0)
    run_one(bar, clock, 2)
    assert left_of(bar)[0] == pytest.approx(15.0)


def test_fits_without_epochs_are_told_by_those_that_have_ended(clock):
    said = io.StringIO()
    with ManyBar([1.0] * 6, progress=said, workers=2, noun="result") as bar:
        bar.begin(1)
        assert left_of(bar) == (None, False)
        clock.on(20.0)
        bar.end(1)
        assert left_of(bar) == (pytest.approx(20.0 * 5 / 2), False)
        assert said.getvalue() == "1 of 6 results: 20 s, about 50 s left\n"
        bar.begin(2)
        clock.on(20.0)
        bar.end(2)
    assert said.getvalue().splitlines()[-1] == "2 of 6 results: 40 s, about 40 s left"


def test_the_time_of_many_trainings_is_told_once(clock):
    found: list[Expected] = []
    bar = ManyBar([1.0] * 4, progress=False, on_pace=found.append)
    for number in range(1, 5):
        run_one(bar, clock, number)
    (expected,) = found
    assert (expected.trainings, expected.epochs, expected.epoch) == (4, 10, pytest.approx(1.0))
    assert expected.left == pytest.approx(7 + 3 * 12)
    assert not expected.is_bound, "before one has ended, what comes after its epochs is not known"
