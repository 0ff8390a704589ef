"""Jobs to a device that breaks: sent in pieces, tried again, kept on disk, taken up later, counted."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import pytest
import torch
from conformance import arguments
from test_primitive import exact, ladder_case, settings

from hqnn_dsl.backends.meter import Limits
from hqnn_dsl.backends.primitive import jobs as jobs_room
from hqnn_dsl.backends.primitive.device import LocalDevice, Question
from hqnn_dsl.backends.primitive.executable import PrimitiveExecutable
from hqnn_dsl.backends.primitive.placement import placed
from hqnn_dsl.backends.shifts.circuit import shiftable_circuit
from hqnn_dsl.diagnostics.diagnostic import Refusal
from hqnn_dsl.diagnostics.notices import HQNNWarning

if TYPE_CHECKING:
    from pathlib import Path

    import numpy as np
    from circuits_random import Case


class LineDown(Exception):
    """What the tests' device raises when its line is down."""


@dataclass
class TestJob:
    """A job at a place that outlives processes."""

    __test__ = False
    place: Place
    identity: str
    question: Question

    def values(self) -> np.ndarray:
        self.place.take("values")
        return LocalDevice("statevector").submit(self.question, None, 0, "").values()

    def seconds(self) -> float | None:
        return self.place.seconds_a_job


@dataclass
class Place:
    """A paid device that keeps jobs and fails at chosen calls: `failing` maps a call's number to what it raises.

    `after` says of a failing submit that the job arrived all the same.
    """

    name: str = "ibm_test"
    is_paid: bool = True
    is_seeded: bool = False
    jobs_ahead: int = 2
    failing: dict[int, Exception] = field(default_factory=dict)
    arrived: bool = False
    seconds_a_job: float | None = None
    kept: dict[str, tuple[str, Question]] = field(default_factory=dict)
    calls: list[str] = field(default_factory=list)

    def take(self, what: str) -> None:
        self.calls.append(what)
        error = self.failing.pop(len(self.calls) - 1, None)
        if error is not None:
            raise error

    def submit(self, question: Question, shots: int | None, seed: int, tag: str) -> TestJob:
        identity = f"job-{len(self.kept)}"
        if self.arrived and len(self.calls) in self.failing:
            self.kept[identity] = (tag, question)
        self.take("submit")
        self.kept[identity] = (tag, question)
        return TestJob(self, identity, question)

    def find(self, question: Question, tag: str) -> TestJob | None:
        self.take("find")
        found = [identity for identity, (known, _) in self.kept.items() if known == tag]
        return TestJob(self, found[0], question) if found else None

    def recall(self, question: Question, identity: str) -> TestJob:
        self.take("recall")
        assert identity in self.kept
        return TestJob(self, identity, self.kept[identity][1])

    def is_lost(self, error: BaseException) -> bool:
        return isinstance(error, LineDown)

    @property
    def sent(self) -> int:
        return len(self.kept)


CASE = ladder_case(3, batch=4)


@pytest.fixture
def waits(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """How long was waited, without waiting; and four circuits, so one row, a job."""
    monkeypatch.setattr(jobs_room, "MAX_JOB_CIRCUITS", 5)
    return []


def on(place: Place, waits: list[float], case: Case = CASE, **changes: Any) -> PrimitiveExecutable:
    placement = placed(case.circuit, shiftable_circuit(case.circuit), place)
    run = PrimitiveExecutable(case.circuit, settings(**changes), 0, placement)
    run.jobs.sleep = waits.append
    run.meter.agreed = True
    return run


def truth(case: Case = CASE) -> torch.Tensor:
    return exact(case.circuit, "double")(*arguments(case, "double"))


def code_of(refused: pytest.ExceptionInfo[Refusal]) -> str:
    return refused.value.diagnostics[0].code


def test_rows_go_in_jobs_of_bounded_size(waits: list[float]) -> None:
    place = Place()
    run = on(place, waits)
    assert 3 <= len(run.jobs.bases) <= 5
    assert torch.equal(run(*arguments(CASE, "double")), truth())
    assert place.sent == 4
    assert run.meter.spent == run.price(4)
    assert run.meter.jobs == 4
    # Two wait at a time: the third is sent when the first is answered.
    assert place.calls == ["submit", "submit", "values", "submit", "values", "submit", "values", "values"]


@pytest.mark.parametrize("call", range(8))
def test_a_lost_connection_is_waited_for(call: int, waits: list[float]) -> None:
    place = Place(failing={call: LineDown("the line is down")})
    expected = truth()
    with pytest.warns(HQNNWarning) as told:
        assert torch.equal(on(place, waits)(*arguments(CASE, "double")), expected)
    assert place.sent == 4
    assert waits == [jobs_room.RETRY_WAITS[0]]
    assert [(item.message.diagnostic.code, str(item.message)) for item in told] == [
        ("E0757", "the connection to `ibm_test` is lost (the line is down); trying again in 5 s")
    ]


def test_a_job_whose_receipt_was_lost_is_not_sent_again(waits: list[float]) -> None:
    place = Place(failing={0: LineDown("no receipt")}, arrived=True)
    run = on(place, waits)
    assert torch.equal(run(*arguments(CASE, "double")), truth())
    assert place.sent == 4
    assert place.calls[:3] == ["submit", "find", "submit"]
    assert run.meter.spent == run.price(4)


def test_waiting_ends(waits: list[float]) -> None:
    place = Place(failing={number: LineDown("down for good") for number in range(20)})
    with pytest.raises(Refusal) as refused:
        on(place, waits)(*arguments(CASE, "double"))
    assert code_of(refused) == "E0756"
    assert refused.value.exit_code == 3
    assert waits == list(jobs_room.RETRY_WAITS)
    assert "down for good" in refused.value.diagnostics[0].headline


def test_what_waiting_does_not_mend_is_not_waited_for(waits: list[float]) -> None:
    place = Place(failing={1: ValueError("1305: too many shots\nmore")})
    with pytest.raises(Refusal) as refused:
        on(place, waits)(*arguments(CASE, "double"))
    assert code_of(refused) == "E0755"
    assert refused.value.diagnostics[0].headline.endswith("1305: too many shots")
    assert waits == []


@pytest.mark.parametrize("broken", range(8))
def test_what_was_sent_or_answered_is_not_paid_twice(broken: int, waits: list[float], tmp_path: Path) -> None:
    """Broken off at any call; another process takes up what is there."""
    place = Place(failing={broken: KeyboardInterrupt()})  # type: ignore[dict-item]
    first = on(place, waits)
    first.keep_jobs_in(tmp_path)
    with pytest.raises(KeyboardInterrupt):
        first(*arguments(CASE, "double"))
    sent = place.sent
    again = on(place, waits)
    again.keep_jobs_in(tmp_path)
    assert again.meter.spent == first.meter.spent
    assert torch.equal(again(*arguments(CASE, "double")), truth())
    assert place.sent == 4
    assert again.meter.spent == again.price(4)
    assert again.meter.jobs == 4 - sent


@pytest.mark.parametrize("broken", [0, 1, 3])
def test_a_receipt_lost_with_the_process_is_found_too(broken: int, waits: list[float], tmp_path: Path) -> None:
    place = Place(failing={broken: KeyboardInterrupt()}, arrived=True)  # type: ignore[dict-item]
    first = on(place, waits)
    first.keep_jobs_in(tmp_path)
    with pytest.raises(KeyboardInterrupt):
        first(*arguments(CASE, "double"))
    again = on(place, waits)
    again.keep_jobs_in(tmp_path)
    assert torch.equal(again(*arguments(CASE, "double")), truth())
    assert place.sent == 4


def test_asking_the_same_again_is_another_measurement(waits: list[float], tmp_path: Path) -> None:
    place = Place()
    run = on(place, waits)
    run.keep_jobs_in(tmp_path)
    for times in (1, 2):
        run(*arguments(CASE, "double"))
        assert place.sent == 4 * times
    # And a run of its own does not take the jobs of this one.
    other = on(place, waits)
    other.keep_jobs_in(tmp_path / "other")
    other(*arguments(CASE, "double"))
    assert place.sent == 12


@pytest.mark.parametrize("change", [{"shots": 17}, {"resilience": 2}])
def test_other_settings_are_other_jobs(change: dict[str, Any], waits: list[float], tmp_path: Path) -> None:
    place = Place()
    for changes in ({}, change):
        run = on(place, waits, **changes)
        run.keep_jobs_in(tmp_path)
        run(*arguments(CASE, "double"))
    assert place.sent == 8


def test_a_job_that_failed_is_forgotten(waits: list[float], tmp_path: Path) -> None:
    place = Place(failing={2: RuntimeError("cancelled")})
    run = on(place, waits)
    run.keep_jobs_in(tmp_path)
    with pytest.raises(Refusal) as refused:
        run(*arguments(CASE, "double"))
    assert code_of(refused) == "E0755"
    again = on(place, waits)
    again.keep_jobs_in(tmp_path)
    assert torch.equal(again(*arguments(CASE, "double")), truth())
    assert place.sent == 5


def test_answers_on_disk_are_exact_and_say_where_they_come_from(waits: list[float], tmp_path: Path) -> None:
    run = on(Place(), waits)
    run.keep_jobs_in(tmp_path)
    run(*arguments(CASE, "double"))
    files = [json.loads(path.read_text()) for path in tmp_path.glob("*-0.json")]
    assert sorted(found["job"] for found in files) == ["job-0", "job-1", "job-2", "job-3"]
    assert {found["device"] for found in files} == {"ibm_test"}
    assert not list(tmp_path.glob("*.tmp"))


@pytest.mark.parametrize(
    ("limits", "jobs", "what"),
    [
        (Limits(circuits=9), 2, "circuits"),
        (Limits(shots=3 * 4096 * 4), 3, "shots"),
        (Limits(seconds=25.0), 3, "seconds"),
    ],
)
def test_nothing_is_sent_beyond_the_budget(limits: Limits, jobs: int, what: str, waits: list[float]) -> None:
    place = Place(seconds_a_job=8.0)
    run = on(place, waits)
    assert len(run.jobs.bases) == 4
    run.meter.limits = limits
    with pytest.raises(Refusal) as refused:
        run(*arguments(CASE, "double"))
    assert code_of(refused) == "E0758"
    assert what in refused.value.diagnostics[0].headline
    assert place.sent <= jobs
    assert not limits.exceeded(run.meter.spent)


def test_reported_seconds_take_the_place_of_the_estimate(waits: list[float]) -> None:
    run = on(Place(seconds_a_job=8.0), waits)
    run(*arguments(CASE, "double"))
    assert run.meter.spent.seconds == pytest.approx(32.0)
    assert run.metadata["quantum_seconds"] == pytest.approx(32.0)
    silent = on(Place(), waits)
    silent(*arguments(CASE, "double"))
    assert silent.meter.spent.seconds == pytest.approx(silent.price(4).seconds)
    assert silent.metadata["quantum_seconds"] is None


def test_nothing_is_sent_to_a_paid_device_before_somebody_agreed(waits: list[float]) -> None:
    place = Place()
    run = on(place, waits)
    run.meter.agreed = False
    with pytest.raises(Refusal) as refused:
        run(*arguments(CASE, "double"))
    assert code_of(refused) == "E0759"
    assert place.calls == []


def test_gradients_go_through_jobs_too(waits: list[float]) -> None:
    place = Place()
    run, given, true = (
        on(place, waits),
        arguments(CASE, "double", gradients=True),
        arguments(CASE, "double", gradients=True),
    )
    for executable, found in ((run, given), (exact(CASE.circuit, "double"), true)):
        executable(*found).square().sum().backward()
    for mine, theirs in zip(given, true, strict=True):
        assert mine is None or torch.allclose(mine.grad, theirs.grad, atol=1e-12)
    assert run.meter.spent == run.price(4, by_sample=True, by_shared=True)


@pytest.mark.parametrize(
    ("file", "text"),
    [
        ("state.json", "{"),
        ("state.json", "[]"),
        ("state.json", '{"run": "a"}'),
        ("state.json", '{"run": "a", "spent": {"circuits": -1, "shots": 0, "seconds": 0}}'),
        ("job", "{"),
        ("job", '{"job": "1", "values": [["x"]]}'),
        ("job", '{"job": "1", "values": [[NaN, NaN]]}'),
    ],
)
def test_damaged_files_of_paid_jobs_are_refused_and_nothing_is_sent_again(
    file: str, text: str, waits: list[float], tmp_path: Path
) -> None:
    place = Place()
    first = on(place, waits)
    first.keep_jobs_in(tmp_path)
    first(*arguments(CASE, "double"))
    places = [path for path in tmp_path.glob("*.json") if (path.name == "state.json") == (file == "state.json")]
    assert places
    for path in places:
        path.write_text(text)
    again = on(place, waits)
    with pytest.raises(Refusal) as refused:  # noqa: PT012 - some are read at once, others when they are asked for
        again.keep_jobs_in(tmp_path)
        again(*arguments(CASE, "double"))
    assert code_of(refused) == "E0533"
    assert place.sent == 4


def test_a_folder_of_jobs_that_cannot_be_written_is_said(waits: list[float], tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    run = on(Place(), waits)
    run.jobs.folder = tmp_path / "file" / "jobs"
    with pytest.raises(Refusal) as refused:
        run(*arguments(CASE, "double"))
    assert code_of(refused) == "E0531"
