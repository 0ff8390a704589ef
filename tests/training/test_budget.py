"""What a training costs on a device: counted before, agreed to, bounded, and never paid twice."""

from __future__ import annotations

import io
import json
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import pytest

import hqnn_dsl as hqnn
from hqnn_dsl.backends.primitive import placement
from hqnn_dsl.backends.primitive.device import LocalDevice
from hqnn_dsl.diagnostics.diagnostic import Refusal

if TYPE_CHECKING:
    from pathlib import Path

    from hqnn_dsl.training.budget import Bill

SPEC = """hqnn 1
model tiny {
  data { target y; split validation: 4, test: 4 }
  ENCODER
  circuit on 2 qubits { feature_map angle(); ansatz real_amplitudes(reps: 1); measure z, x[0] }
  decoder { dense }
  train { epochs EPOCHS; batch 5; stop none }
  backend primitive("ibm_test", shots: 100GRADIENT)
  budget { BUDGET }
}
"""
ENCODED = "encoder { dense(2); tanh * pi }"


def program(budget: str = "circuits: 100000", *, encoder: str = ENCODED, epochs: int = 2, gradient: str = "") -> Any:
    text = SPEC.replace("BUDGET", budget).replace("ENCODER", encoder).replace("EPOCHS", str(epochs))
    return hqnn.compile_text(text.replace("GRADIENT", gradient))


def frame(rows: int = 20) -> pd.DataFrame:
    rng = np.random.default_rng(0)
    x = rng.normal(size=(rows, 2))
    return pd.DataFrame({"a": x[:, 0], "b": x[:, 1], "y": np.sin(x[:, 0])})


class Paid(LocalDevice):
    """A local exact device that says it costs, and counts the circuits that really arrive."""

    arrived = 0
    calls = 0
    breaks_at: int | None = None

    def submit(self, question: Any, shots: Any, seed: int, tag: str) -> Any:
        Paid.calls += 1
        if Paid.calls == Paid.breaks_at:
            raise KeyboardInterrupt
        Paid.arrived += len(question.rows) * len(question.bases)
        return super().submit(question, shots, seed, tag)


def place_paid(circuit: Any, settings: Any, seed: int) -> Any:
    device = Paid(settings.name, is_paid=True)
    return placement.placed(circuit, placement.shiftable_circuit(circuit), device)


@pytest.fixture(autouse=True)
def paid(monkeypatch: pytest.MonkeyPatch) -> type[Paid]:
    """`ibm_test` is on this machine, exact, and costs."""
    Paid.arrived, Paid.calls, Paid.breaks_at = 0, 0, None
    monkeypatch.setattr("hqnn_dsl.backends.primitive.executable.place", place_paid)
    return Paid


@pytest.mark.parametrize("encoder", [ENCODED, ""])
@pytest.mark.parametrize("gradient", ["", ", gradient: spsa(samples: 3)"])
def test_the_bill_is_what_is_run(encoder: str, gradient: str, tmp_path: Path) -> None:
    """12 rows train, in batches of 5, 5 and 2; 4 validate; 20 are predicted at the end."""
    bills: list[Bill] = []

    def agree(bill: Bill) -> bool:
        bills.append(bill)
        return True

    run = hqnn.train(program(encoder=encoder, gradient=gradient), frame(), tmp_path / "run", agree=agree)
    (bill,) = bills
    assert bill.device == "ibm_test"
    assert Paid.arrived == bill.total.circuits
    assert bill.total.shots == 100 * bill.total.circuits
    assert run.backend["metadata"]["circuits"] == bill.total.circuits
    # Two bases; the ansatz has 4 weights, the map 2 inputs, each angle two shifts.
    shifted = 2 * 3 if gradient else (2 * 6 if encoder else 2 * 4)
    by_hand = 2 * (2 * (12 * (1 + shifted) + 4) + 20)
    assert bill.total.circuits == by_hand
    assert [line.what for line in bill.lines] == [
        "training step on 5 rows",
        "training step on 2 rows",
        "validation on 4 rows",
        "prediction of all 20 rows",
    ]
    assert bill.rows()[-1][2] == f"{by_hand:,}"


def test_nothing_is_sent_before_somebody_agrees(tmp_path: Path) -> None:
    with pytest.raises(Refusal) as refused:
        hqnn.train(program(), frame(), tmp_path / "run")
    assert [item.code for item in refused.value.diagnostics] == ["E0759"]
    assert Paid.calls == 0
    assert not (tmp_path / "run").exists()


@pytest.mark.parametrize("budget", ["circuits: 100", "shots: 10000", "seconds: 3", "circuits: 100000, seconds: 1.5"])
def test_a_bill_over_the_budget_is_refused_with_its_table(budget: str, tmp_path: Path) -> None:
    asked: list[Bill] = []
    with pytest.raises(Refusal) as refused:
        hqnn.train(program(budget), frame(), tmp_path / "run", agree=lambda bill: bool(asked.append(bill)))
    (said,) = refused.value.diagnostics
    assert said.code == "E0760"
    assert refused.value.exit_code == 1
    assert asked == []
    assert Paid.calls == 0
    assert not (tmp_path / "run").exists()
    assert any(note.text.startswith("training step on 5 rows: 4 times, ") for note in said.notes)
    assert any(note.text.startswith("all: ") for note in said.notes)


@pytest.mark.parametrize("breaks_at", [1, 2, 5, 9, 14])
def test_an_interrupted_training_goes_on_without_paying_twice(breaks_at: int, tmp_path: Path) -> None:
    whole = hqnn.train(program(), frame(), tmp_path / "whole", agree=True)
    total, Paid.arrived, Paid.calls, Paid.breaks_at = Paid.arrived, 0, 0, breaks_at
    with pytest.raises(KeyboardInterrupt):
        hqnn.train(program(), frame(), tmp_path / "run", agree=True)
    assert Paid.arrived < total
    again = hqnn.train(program(), frame(), tmp_path / "run", resume=True, agree=True)
    assert Paid.arrived == total
    assert again.metrics == whole.metrics
    spent = json.loads((tmp_path / "run" / "jobs" / "state.json").read_text())["spent"]
    assert spent["circuits"] == total


def test_a_budget_that_runs_out_keeps_the_checkpoints_and_can_be_raised(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The device reports more seconds than were estimated."""
    from hqnn_dsl.backends.primitive.device import LocalJob

    monkeypatch.setattr(LocalJob, "seconds", lambda job: 50.0)
    with pytest.raises(Refusal) as refused:
        hqnn.train(program("seconds: 400"), frame(), tmp_path / "run", agree=True)
    (said,) = refused.value.diagnostics
    assert said.code == "E0758"
    assert (tmp_path / "run" / "checkpoints" / "last.pt").is_file()
    with pytest.raises(Refusal) as refused:
        hqnn.train(program("seconds: 401"), frame(), tmp_path / "run", resume=True, agree=True)
    assert [item.code for item in refused.value.diagnostics] == ["E0760"]
    calls = Paid.calls
    again = hqnn.train(program("seconds: 4000"), frame(), tmp_path / "run", resume=True, agree=True)
    assert Paid.calls > calls
    assert set(again.metrics) >= {"train", "test"}


def test_the_budget_stands_in_the_resolved_spec_and_in_no_evaluation(tmp_path: Path) -> None:
    found = program("circuits: 100000, seconds: 600.0")
    assert hqnn.compile_text(found.resolved).spec.budget == found.spec.budget
    assert found.spec.budget.shots is None
    hqnn.train(found, frame(), tmp_path / "run", agree=True)
    opened = hqnn.open_run(tmp_path / "run", {"backend": "reference"})
    assert opened.evaluate(frame())["all"]["rmse"] > 0


def test_the_command_shows_the_bill_and_asks(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    from hqnn_dsl.cli.main import main

    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("sys.stdin", io.StringIO())
    frame().to_csv("d.csv", index=False)
    (tmp_path / "m.hqnn").write_text(program().source.text)

    def command(*words: str) -> tuple[int, str, str]:
        monkeypatch.setattr("sys.argv", ["hqnn", *words])
        with pytest.raises(SystemExit) as left:
            main()
        said = capsys.readouterr()
        return int(left.value.code or 0), said.out, said.err

    code, out, err = command("train", "m.hqnn", "d.csv", "--out", "run")
    assert (code, out) == (2, "")
    assert "on ibm_test:" in err
    assert "prediction of all 20 rows" in err
    assert "E0759" in err
    assert Paid.calls == 0
    assert command("train", "m.hqnn", "d.csv", "--out", "run", "--yes")[0] == 0
    trained = Paid.arrived
    for words in (("predict", "run", "d.csv"), ("evaluate", "run", "d.csv")):
        assert command(*words)[0] == 2
        assert Paid.arrived == trained
    assert command("predict", "run", "d.csv", "--yes")[0] == 0
    assert Paid.arrived == trained + 40
    # An evaluation that breaks is taken up, and the next one measures anew.
    Paid.breaks_at = Paid.calls + 1
    assert command("evaluate", "run", "d.csv", "--yes")[0] == 130
    for times in (2, 3):
        assert command("evaluate", "run", "d.csv", "--yes")[0] == 0
        assert Paid.arrived == trained + 40 * times
    assert not list((tmp_path / "run" / "jobs").glob("evaluate-*"))


def test_evaluating_on_a_device_that_costs_asks_too(tmp_path: Path) -> None:
    hqnn.train(program(), frame(), tmp_path / "run", agree=True)
    before = Paid.arrived
    opened = hqnn.open_run(tmp_path / "run")
    with pytest.raises(Refusal) as refused:
        opened.settle(frame(), lambda bill: False)
    assert [item.code for item in refused.value.diagnostics] == ["E0759"]
    with pytest.raises(Refusal):
        opened.evaluate(frame())
    assert Paid.arrived == before
    opened.settle(frame(), lambda bill: bill.total.circuits == 40)
    opened.evaluate(frame())
    assert Paid.arrived == before + 40
