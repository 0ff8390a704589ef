"""Jobs in threads: their order, their ends, signals, notices, torch's threads and generators, and the bits alone."""

from __future__ import annotations

import signal
import sys
import threading
import time
import warnings
from functools import partial
from pathlib import Path

import pytest
import torch
from test_loop import CPU, samples
from toy_model import layer_of, make_spec, network

import hqnn_dsl as hqnn
from hqnn_dsl.diagnostics.notices import each_notice_once, notice, notices_sent_to, warnings_ignored
from hqnn_dsl.network.torch_seeds import seeds_of_torch
from hqnn_dsl.training.checkpoint import Unwritten
from hqnn_dsl.training.fit_many import Outcome, fit_many, is_one_of_many, is_single_threaded
from hqnn_dsl.training.interruption import interruptible, pass_on
from hqnn_dsl.training.loop import Training, Watch, fit
from hqnn_dsl.training.threads import suited_threads

LONGEST_WAIT = 60.0
"""Seconds after which a job that is never told to end gives up, so that its test fails and does not hang."""


def until_asked() -> int:
    """A job that ends when it is asked to. Returns the signal, 0 if it has waited in vain."""
    begin = time.monotonic()
    with interruptible() as asked:
        while not asked() and time.monotonic() - begin < LONGEST_WAIT:
            time.sleep(0.001)
        return asked()


def results(many):
    return [None if outcome is None else outcome.result for outcome in many.outcomes]


@pytest.fixture
def often_switched():
    """Threads take turns thousands of times more often than usual."""
    before = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    yield
    sys.setswitchinterval(before)


# ------------------------------------------------------------------------------------------------- results and errors


@pytest.mark.parametrize("workers", [1, 2, 3, 9])
def test_outcomes_are_in_the_order_of_jobs_and_told_in_the_calling_thread(workers):
    told = []

    def job(number):
        time.sleep(0.002 * (5 - number))
        return number * number

    def on_end(index, outcome):
        told.append((index, outcome.result, threading.current_thread()))

    many = fit_many([lambda number=number: job(number) for number in range(5)], workers, on_end)
    assert results(many) == [0, 1, 4, 9, 16]
    assert many.ended_by == 0
    assert sorted(told, key=lambda item: item[0]) == [
        (number, number * number, threading.current_thread()) for number in range(5)
    ]


def test_as_many_jobs_run_at_once_as_there_are_workers():
    together = threading.Barrier(3)
    arrived = [lambda: together.wait(LONGEST_WAIT) for _ in range(6)]
    assert all(outcome.error is None for outcome in fit_many(arrived, 3).outcomes)


def test_no_jobs_have_no_outcomes_and_no_workers_are_an_error():
    assert fit_many([], 3).outcomes == ()
    with pytest.raises(ValueError, match="not 0"):
        fit_many([lambda: 1], 0)


@pytest.mark.parametrize("workers", [1, 2])
def test_a_job_that_fails_does_not_end_the_others(workers):
    def failing():
        raise LookupError("of this job")

    told: list[Outcome] = []
    many = fit_many([lambda: 1, failing, lambda: 3], workers, lambda _index, outcome: told.append(outcome))
    assert results(many) == [1, None, 3]
    assert isinstance(many.outcomes[1].error, LookupError)
    assert [many.outcomes[0].error, many.outcomes[2].error] == [None, None]
    assert {id(outcome) for outcome in told} == {id(outcome) for outcome in many.outcomes}


# ----------------------------------------------------------------------------------------------------------- endings


@pytest.mark.parametrize("workers", [1, 2])
@pytest.mark.parametrize("name", ["SIGINT", "SIGTERM"])
def test_a_signal_is_told_to_all_and_no_further_job_is_begun(workers, name):
    number = getattr(signal, name)
    before = signal.getsignal(number)
    begun = threading.Barrier(workers)

    def first():
        begun.wait(LONGEST_WAIT)
        signal.raise_signal(number)
        return until_asked()

    def other():
        begun.wait(LONGEST_WAIT)
        return until_asked()

    many = fit_many([first, other, other, other], workers)
    assert results(many) == [number] * workers + [None] * (4 - workers)
    assert many.outcomes[workers:] == (None,) * (4 - workers)
    assert many.ended_by == number
    assert signal.getsignal(number) is before


def test_a_job_does_not_pass_the_signal_on():
    came = []
    before = signal.signal(signal.SIGTERM, lambda *_: came.append(1))
    try:
        fit_many([lambda: pass_on(signal.SIGTERM)] * 2, 2)
        fit_many([lambda: pass_on(signal.SIGTERM)], 1)
        assert came == []
        pass_on(signal.SIGTERM)
        assert came == [1]
    finally:
        signal.signal(signal.SIGTERM, before)


@pytest.mark.parametrize("error", [KeyboardInterrupt, SystemExit])
def test_a_job_that_ends_the_program_ends_all_jobs_first(error):
    begun = threading.Barrier(2)
    ended = []

    def ending():
        begun.wait(LONGEST_WAIT)
        raise error

    def other():
        begun.wait(LONGEST_WAIT)
        ended.append(until_asked())

    with pytest.raises(error):
        fit_many([ending, other, other, other], 2)
    assert ended == [signal.SIGINT]


def test_an_error_of_the_listener_ends_all_jobs_first():
    begun = threading.Barrier(2)
    ended = []

    def waiting():
        begun.wait(LONGEST_WAIT)
        ended.append(until_asked())

    def on_end(_index, _outcome):
        raise OSError("no space left")

    with pytest.raises(OSError, match="no space left"):
        fit_many([lambda: begun.wait(LONGEST_WAIT), waiting], 2, on_end)
    assert ended == [signal.SIGINT]


def test_a_second_ctrl_c_is_raised_at_once():
    begun, told, released = threading.Barrier(2), threading.Event(), threading.Event()
    ended = []

    def stuck():
        begun.wait(LONGEST_WAIT)
        signal.raise_signal(signal.SIGINT)
        assert told.wait(LONGEST_WAIT)
        signal.raise_signal(signal.SIGINT)
        released.wait(LONGEST_WAIT)
        ended.append("stuck")

    def watching():
        begun.wait(LONGEST_WAIT)
        if until_asked():
            told.set()

    try:
        with pytest.raises(KeyboardInterrupt):
            fit_many([stuck, watching], 2)
        assert ended == []
    finally:
        released.set()


# --------------------------------------------------------------------------------------------------- what jobs know


def test_jobs_know_that_they_are_of_many_and_whether_others_run_beside_them():
    assert not is_one_of_many()
    asked = lambda: (is_one_of_many(), is_single_threaded(), threading.current_thread() is threading.main_thread())  # noqa: E731
    assert results(fit_many([asked, asked], 2)) == [(True, True, False)] * 2
    assert results(fit_many([asked, asked], 1)) == [(True, False, True)] * 2
    assert not is_one_of_many()
    assert not is_single_threaded()


def test_jobs_beside_others_have_one_thread_of_torch_and_the_old_number_comes_back(monkeypatch):
    monkeypatch.delenv("OMP_NUM_THREADS", raising=False)
    before = torch.get_num_threads()
    torch.set_num_threads(3)
    net = network(make_spec(), 3, 1)

    def job(batch):
        with suited_threads(net, batch) as threads:
            return threads, torch.get_num_threads()

    try:
        jobs = [lambda: job(4), lambda: job(1 << 20), lambda: job(4)]
        assert results(fit_many(jobs, 2)) == [(1, 1)] * 3
        assert torch.get_num_threads() == 3
        assert results(fit_many(jobs, 1)) == [(1, 1), (3, 3), (1, 1)]
    finally:
        torch.set_num_threads(before)


# ----------------------------------------------------------------------------------------------------------- notices


def test_notices_of_jobs_point_at_the_line_that_runs_them():
    names: dict[str, object] = {"__name__": "hqnn_dsl.layer", "notice": notice}
    exec("def job():\n    notice('a sentence')\n", names)
    job = names["job"]
    with pytest.warns(hqnn.HQNNWarning, match="a sentence") as told:
        fit_many([job, job], 2)  # this line
    lines = Path(__file__).read_text(encoding="utf-8").splitlines()
    line = next(number for number, text in enumerate(lines, 1) if text.endswith("2)  # this line"))
    assert {(item.filename, item.lineno) for item in told} == {(__file__, line)}


def test_receivers_are_called_by_one_thread_at_a_time(often_switched):
    inside, most = [], []

    def receiver(warning):
        inside.append(warning)
        most.append(len(inside))
        time.sleep(0.0001)
        inside.pop()

    def job(number):
        for k in range(20):
            notice(f"notice {number}, {k}")

    with notices_sent_to(receiver):
        fit_many([lambda number=number: job(number) for number in range(4)], 4)
    assert len(most) == 80
    assert set(most) == {1}


def test_a_notice_is_sent_once_for_all_jobs_whoever_ends_first(often_switched):
    heard = []

    def job(number):
        with each_notice_once():
            for k in range(50):
                notice(f"notice {k}")
        notice(f"end of {number}")

    with notices_sent_to(heard.append), each_notice_once():
        fit_many([lambda number=number: job(number) for number in range(4)], 4)
    sentences = sorted(str(warning) for warning in heard)
    assert sentences == sorted([f"notice {k}" for k in range(50)] + [f"end of {number}" for number in range(4)])


def test_notices_are_not_lost_in_blocks_of_others_without_warnings_and_filters_come_back(often_switched):
    def job(number):
        for k in range(50):
            with warnings_ignored():
                time.sleep(0.0001)
                warnings.warn("of a library", UserWarning, stacklevel=1)
            notice(f"notice {number}, {k}")

    with warnings.catch_warnings(record=True) as told:
        warnings.simplefilter("always")
        filters = list(warnings.filters)
        fit_many([lambda number=number: job(number) for number in range(4)], 4)
        assert list(warnings.filters) == filters
    assert len({str(item.message) for item in told}) == len(told) == 200


# -------------------------------------------------------------------------------------------------------------- bits


LAYERS = tuple(layer_of("dense", None if k == 0 else 8, 8) for k in range(6))


def built(seed):
    net = network(make_spec(encoder=(*LAYERS, layer_of("dense", 8, 2)), seed=seed), 3, 1)
    return torch.cat([weight.detach().reshape(-1) for weight in net.parameters()])


def test_networks_that_are_built_at_once_have_the_weights_that_they_have_alone(often_switched):
    torch.manual_seed(5)
    before = torch.get_rng_state()
    many = fit_many([lambda seed=seed: built(seed) for seed in range(24)], 4)
    assert torch.equal(torch.get_rng_state(), before)
    assert all(torch.equal(found, built(seed)) for seed, found in enumerate(results(many)))


def dropped(seed):
    with seeds_of_torch():
        torch.manual_seed(seed)
        found = [torch.nn.functional.dropout(torch.ones(100)) for _ in range(5)]
        with seeds_of_torch():  # of a part of it, in the same thread
            torch.manual_seed(0)
        return torch.cat([*found, torch.rand(3)])


def test_code_that_holds_the_generators_draws_what_it_draws_alone(often_switched):
    many = fit_many([lambda seed=seed: dropped(seed) for seed in range(24)], 4)
    assert all(torch.equal(found, dropped(seed)) for seed, found in enumerate(results(many)))


def trained(net, settings):
    training = Training(net, settings, CPU)
    fitted = fit(training, samples(), Unwritten(), watch=Watch(progress=False))
    return fitted.history, torch.cat([weight.detach().reshape(-1) for weight in net.parameters()])


def test_trainings_at_once_have_the_bits_that_they_have_alone(often_switched):
    specs = [make_spec(seed=seed, epochs=3) for seed in range(5)]

    def jobs():
        return [partial(trained, network(spec, 3, 1), spec.train) for spec in specs]

    torch.manual_seed(5)
    before = torch.get_rng_state()
    at_once = results(fit_many(jobs(), 3))
    assert torch.equal(torch.get_rng_state(), before)
    for (history, weights), (expected_history, expected) in zip(at_once, [job() for job in jobs()], strict=True):
        assert history == expected_history
        assert torch.equal(weights, expected)


def test_a_training_is_ended_by_the_signal_that_ends_all():
    spec = make_spec(epochs=100_000)
    net = network(spec, 3, 1)

    def told(epoch):
        if epoch.number == 2:
            signal.raise_signal(signal.SIGTERM)

    def job():
        watch = Watch(progress=False, on_epoch=told)
        return fit(Training(net, spec.train, CPU), samples(), Unwritten(), watch=watch).ended_by

    many = fit_many([job, until_asked], 2)
    assert results(many) == [signal.SIGTERM] * 2
    assert many.ended_by == signal.SIGTERM
