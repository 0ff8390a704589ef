"""`bench`: results are compared before anything is timed, and times are of what they say."""

from __future__ import annotations

import pytest
import torch
from wrong_backends import SPEC, changed, not_a_number, quick_rows_only, wrong_gradients, wrong_values

import hqnn_dsl as hqnn
from hqnn_dsl.backends import offered
from hqnn_dsl.crosscheck.bench import bench
from hqnn_dsl.crosscheck.memory import peak_bytes
from hqnn_dsl.diagnostics.codes.environment import AerMissing
from hqnn_dsl.diagnostics.diagnostic import Refusal


@pytest.fixture(autouse=True)
def _without_aer(monkeypatch):
    yield from quick_rows_only()


def by_title(found):
    return {row.title: row for row in found.rows}


def test_all_numbers_are_positive_and_the_fastest_has_ratio_one():
    found = bench(hqnn.compile_text(SPEC), batch=6, seconds=0.2)
    assert found.batch == 6
    assert found.oracle == "reference (double)"
    for row in found.rows:
        assert row.verdict == "timed"
        assert row.rows == 6
        assert not row.is_estimate
        assert row.repetitions >= 1
        assert 0 < row.forward_minimum <= row.forward
        assert 0 < row.step_minimum <= row.step
        assert row.first > 0
        assert row.peak_bytes is None or row.peak_bytes >= 0
    assert min(found.ratio(row) for row in found.rows) == 1


def test_the_batch_is_the_spec_s_where_nobody_says():
    assert bench(hqnn.compile_text(SPEC), seconds=0.05).batch == 4


@pytest.mark.parametrize("change", [wrong_values, wrong_gradients])
def test_a_wrong_backend_gets_no_times(monkeypatch, change):
    monkeypatch.setitem(offered(), "wrong", changed("wrong", change))
    found = bench(hqnn.compile_text(SPEC), seconds=0.05)
    assert {row.title for row in found.disagreeing} == {"wrong (double)", "wrong (single)"}
    row = by_title(found)["wrong (single)"]
    assert row.step is None
    assert found.ratio(row) is None
    assert "differ" in row.reason
    assert by_title(found)["reference (single)"].step > 0


def test_where_nothing_agrees_nothing_is_timed(monkeypatch):
    for name in offered():
        monkeypatch.setitem(offered(), name, changed(name, not_a_number))
    found = bench(hqnn.compile_text(SPEC), seconds=0.05)
    assert found.disagreeing == found.rows
    assert all(row.step is None for row in found.rows)


def test_what_cannot_run_is_a_row_that_says_why(monkeypatch):
    def refuse(circuit, options, seed):
        raise Refusal(AerMissing(extra="aer"))

    monkeypatch.setitem(offered(), "lacking", changed("lacking", wrong_values, build=refuse))
    row = by_title(bench(hqnn.compile_text(SPEC), seconds=0.05))["lacking (double)"]
    assert (row.verdict, row.step) == ("cannot", None)
    assert "not installed" in row.reason
    monkeypatch.delitem(offered(), "reference")
    for name in set(offered()) - {"lacking"}:
        monkeypatch.delitem(offered(), name)
    with pytest.raises(Refusal):
        bench(hqnn.compile_text(SPEC, set={"backend": "lacking"}), seconds=0.05)


def test_a_backend_too_slow_for_the_batch_runs_fewer_rows(monkeypatch):
    monkeypatch.setitem(offered(), "slow", changed("slow", lambda outputs: outputs, pace=1.0))
    row = by_title(bench(hqnn.compile_text(SPEC), batch=10**5, seconds=0.1))["slow (double)"]
    assert row.is_estimate
    assert 1 <= row.rows < 10**5
    assert row.step > 0


def test_peak_memory_sees_what_a_call_allocates():
    found = peak_bytes(lambda: torch.ones(16 * 2**20 // 4), "cpu")
    if found is None:
        pytest.skip("this system does not let a process set its high-water mark back")
    assert 15 * 2**20 < found < 64 * 2**20
