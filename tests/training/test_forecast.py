"""The forecast: counts against those that a training arrives at, seconds and memory as ratios, nothing left behind."""

from __future__ import annotations

import subprocess
import sys
import time
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import pytest
import torch

import hqnn_dsl as hqnn
from hqnn_dsl.backends.aer.simulation import Machine
from hqnn_dsl.backends.primitive import placement
from hqnn_dsl.backends.primitive.device import LocalDevice
from hqnn_dsl.data.split import split_rows
from hqnn_dsl.data.tables import read_table
from hqnn_dsl.diagnostics.diagnostic import Refusal
from hqnn_dsl.report.at_the_end import rehearse
from hqnn_dsl.seeds import stream
from hqnn_dsl.training.checkpoint import Unwritten
from hqnn_dsl.training.forecast.bounds import bounds_of, over
from hqnn_dsl.training.forecast.fixed import Fixed
from hqnn_dsl.training.forecast.forecast import forecast
from hqnn_dsl.training.forecast.gradients import DRAWS, gradient_spread
from hqnn_dsl.training.forecast.probe import Pace, probe
from hqnn_dsl.training.forecast.whole import Each, Work, between, of_many, of_one, together
from hqnn_dsl.training.loop import Watch, fit
from hqnn_dsl.training.many_plan import plan_of
from hqnn_dsl.training.run import set_up
from hqnn_dsl.training.second_process import Here

if TYPE_CHECKING:
    from pathlib import Path

    from hqnn_dsl.training.run import Setup

SPEC = """hqnn 1
model tiny {
  data { target y; split validation: 4, test: 4 }
  ENCODER
  circuit on 2 qubits { feature_map angle(); ansatz real_amplitudes(reps: 1); measure z, x[0] }
  decoder { dense }
  train { epochs 2; batch 5; stop none; seed 3 }
  BACKEND
}
"""
ENCODED = "encoder { dense(2); tanh * pi }"
WITHIN_SECONDS, WITHIN_MEMORY = 0.3, 0.2


def program(backend: str = "backend native", *, encoder: str = ENCODED, **changes: object) -> Any:
    text = SPEC.replace("ENCODER", encoder).replace("BACKEND", backend)
    return hqnn.compile_text(text, {name: str(value) for name, value in changes.items()})


def frame(rows: int = 20) -> pd.DataFrame:
    rng = np.random.default_rng(0)
    x = rng.normal(size=(rows, 2))
    return pd.DataFrame({"a": x[:, 0], "b": x[:, 1], "y": np.sin(x[:, 0])})


def table(rows: int = 20) -> Any:
    return read_table(frame(rows), program().spec.data.read)


def ready(made: Any, rows: int = 20) -> Setup:
    return set_up(made, table(rows), None, split_rows)


# --------------------------------------------------------------------------------------------------------------- counts


class Counting(LocalDevice):
    """A local exact device that counts the circuits that arrive."""

    arrived = 0

    def submit(self, question: Any, shots: Any, seed: int, tag: str) -> Any:
        Counting.arrived += len(question.rows) * len(question.bases)
        return super().submit(question, shots, seed, tag)


@pytest.fixture(params=[True])
def device(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> type[Counting]:
    """A device `ibm_test` on this machine, which costs, unless the test says that it does not."""

    def place(circuit: Any, settings: Any, seed: int) -> Any:
        device = Counting(settings.name, is_paid=request.param)
        return placement.placed(circuit, placement.shiftable_circuit(circuit), device)

    monkeypatch.setattr("hqnn_dsl.backends.primitive.executable.place", place)
    monkeypatch.setattr(Counting, "arrived", 0)
    return Counting


@pytest.mark.parametrize("encoder", [ENCODED, ""])
@pytest.mark.parametrize("gradient", ["", ", gradient: spsa(samples: 3)"])
def test_circuits_are_those_that_arrive_at_the_device(device, encoder, gradient, tmp_path):
    made = program(f'backend primitive("ibm_test", shots: 100{gradient})', encoder=encoder)
    found = forecast(made, table(), None, Here())
    assert device.arrived == 0, "nothing may be run on a device that is paid for"
    assert found.seconds is None
    assert found.pace is None
    assert found.gradient is None
    hqnn.train(made, frame(), tmp_path / "run", agree=True, progress=False)
    assert found.circuits is not None
    assert found.circuits.circuits == device.arrived
    assert found.circuits.shots == 100 * device.arrived
    # Two bases of five rows. Four weights have two shifts each, and behind an encoder so have the two inputs.
    shifted = 6 if gradient else 12 if encoder else 8
    assert found.counted is not None
    assert found.counted.step is not None
    assert found.counted.step.circuits == 2 * 5 * (1 + shifted)


SHARED = """hqnn 1
ansatz tied(reps: int = 2) {
  weight w[2]
  for l in 0..reps { for q in 0..qubits { ry(w[0]) q }; cx 0, 1; rz(w[1]) 1 }
}
feature_map again(reps: int = 3) {
  input x[qubits]
  for l in 0..reps { for q in 0..qubits { ry(2 * x[q]) q } }
}
model tiny {
  data { target y; split validation: 4, test: 4 }
  ENCODER
  circuit on 2 qubits { feature_map again(); ansatz tied(); measure z, z[0] * z[1], x[0], x[1] }
  decoder { dense }
  train { epochs 2; batch 5; stop none; seed 3 }
  backend primitive("ibm_test", shots: 100)
}
"""
"""Weights and inputs in several gates each, and five observables that two bases measure."""


@pytest.mark.parametrize("encoder", [ENCODED, ""])
def test_gates_that_share_angles_and_grouped_observables_are_counted_as_they_arrive(device, encoder, tmp_path):
    made = hqnn.compile_text(SHARED.replace("ENCODER", encoder))
    found = forecast(made, table(), None, Here())
    assert device.arrived == 0
    hqnn.train(made, frame(), tmp_path / "run", agree=True, progress=False)
    assert found.circuits is not None
    assert found.circuits.circuits == device.arrived
    assert found.counted is not None
    assert found.counted.step is not None
    # Two bases for five rows; six gates of weights have two shifts each, and behind an encoder so have six of inputs.
    assert found.counted.step.circuits == 2 * 5 * (1 + 2 * 6 + (2 * 6 if encoder else 0))


@pytest.mark.parametrize("encoder", [ENCODED, ""])
@pytest.mark.parametrize(
    "options",
    [
        "",
        "shots: 50",
        "gradient: spsa(samples: 2)",
        "shots: 50, noise: depolarizing(p1: 0.01, p2: 0.02)",
    ],
)
def test_circuits_of_aer_are_those_that_it_is_given(options, encoder, monkeypatch, tmp_path):
    made = program(f"backend aer({options})" if options else "backend aer", encoder=encoder, epochs=1)
    found = forecast(made, table(), None, Here())
    given: list[int] = []
    run = Machine.run

    def counted(self: Machine, circuit: Any, rows: Any, *more: Any, **options: Any) -> Any:
        given.append(len(rows))
        return run(self, circuit, rows, *more, **options)

    monkeypatch.setattr(Machine, "run", counted)
    hqnn.train(made, frame(), tmp_path / "run", progress=False)
    assert found.circuits is not None
    assert found.circuits.circuits == sum(given) > 0


def test_a_simulator_runs_no_circuits_one_by_one_and_the_others_are_told():
    found = forecast(program(), table(), None, Here())
    assert found.circuits is not None
    assert (found.circuits.circuits, found.circuits.shots) == (0, 0)
    others = {one.backend.partition("(")[0]: one for one in found.others}
    assert "native" not in others
    assert others["reference"].step is not None
    assert others["reference"].step.circuits == 0
    # Three states at work, and one for each of 8 gates and one product that is not of Z, of 4 complex numbers a row.
    operations = len(program().logical.operations)
    assert others["reference"].states == 5 * (3 + operations + 1) * 4 * 8
    assert others["primitive"].step is not None
    assert others["primitive"].step.circuits == 2 * 5 * 13


@pytest.mark.parametrize("device", [False], indirect=True)
def test_folds_and_rows_are_counted_training_by_training(device, tmp_path):
    made = program('backend primitive("ibm_test", shots: 10)', epochs=1)
    plan = plan_of(3, None, 2, [6, "all"], 3)
    found = forecast(made, table(), plan, Here())
    assert found.trainings == 12
    device.arrived = 0
    hqnn.cross_validate(made, frame(), 3, seeds=2, rows=[6, "all"], out=tmp_path / "cv", progress=False)
    assert found.circuits is not None
    assert found.circuits.circuits == device.arrived


# ------------------------------------------------------------------------------------------------------ nothing is left


def trained(setup: Setup) -> tuple[list[float], dict[str, torch.Tensor]]:
    fitted = fit(setup.training, setup.samples, Unwritten(), watch=Watch(progress=False))
    return [epoch.train_loss for epoch in fitted.history], setup.training.net.state_dict()


@pytest.mark.parametrize("step", ["compiled", "torch"])
def test_a_probed_training_has_the_bits_of_one_that_was_not(step):
    changes = {"train.step": step, "epochs": 4}
    encoder = "encoder { dense(4); silu; dropout(0.2); dense(2); tanh * pi }"
    losses, weights = trained(ready(program(encoder=encoder, **changes)))
    setup = ready(program(encoder=encoder, **changes))
    probe(setup.training, setup.samples, 0.05)
    assert gradient_spread(setup.training, setup.samples, 0.0) is not None
    again, same = trained(setup)
    assert again == losses
    assert all(torch.equal(same[name], value) for name, value in weights.items())


# ------------------------------------------------------------------------------------------------------------ gradients


@pytest.mark.parametrize("step", ["compiled", "torch"])
def test_the_variance_is_that_of_the_derivative_over_draws(step):
    made = program(**{"train.step": step, "train.clip": 1e-3})
    setup = ready(made)
    found = gradient_spread(setup.training, setup.samples, 0.0)
    assert found is not None
    assert found.draws == DRAWS
    oracle = made.network(2, 1, backend="reference(precision: double)").double()
    rows = setup.samples.train
    gradients = []
    for number in range(DRAWS):
        oracle.circuit.reset_parameters(stream(stream(3, "forecast"), str(number)))
        weight = oracle.circuit.take(found.weight)
        loss = torch.nn.functional.mse_loss(oracle(rows.features[:5].double()), rows.targets[:5].double())
        gradients.append(float(torch.autograd.grad(loss, [weight])[0].reshape(-1)[0]))
    assert found.variance == pytest.approx(np.var(gradients, ddof=1), rel=1e-4)
    assert found.mean == pytest.approx(np.mean(gradients), rel=1e-3, abs=1e-6)


def test_no_variance_is_told_of_weights_that_are_not_drawn_or_of_steps_that_take_long():
    setup = ready(program())
    assert gradient_spread(setup.training, setup.samples, 1.0) is None
    text = SPEC.replace("ENCODER", ENCODED).replace("BACKEND", "backend native")
    fixed = hqnn.compile_text(text.replace("measure z, x[0]", "measure z, x[0]; initial real_amplitudes.w zeros"))
    setup = ready(fixed)
    assert gradient_spread(setup.training, setup.samples, 0.0) is None


# ----------------------------------------------------------------------------------------------------------- the ratios


@pytest.mark.parametrize(("step", "rows"), [("compiled", 2000), ("torch", 200)])
def test_the_seconds_of_an_epoch_are_those_that_it_takes(step, rows):
    """The machine may be busy with something else in either of both, so the best of several tries counts."""
    setup = ready(program(**{"train.step": step, "epochs": 40}), rows)
    off = []
    for _ in range(8):
        pace = probe(setup.training, setup.samples, 0.3)
        again = ready(program(**{"train.step": step, "epochs": 40}), rows)
        begin = time.perf_counter()
        fit(again.training, again.samples, Unwritten(), watch=Watch(progress=False))
        taken = time.perf_counter() - begin
        told = 40 * pace.epoch(len(range(0, rows - 8, 5)))
        off.append(abs(told / taken - 1))
        if off[-1] < WITHIN_SECONDS / 2:
            break
    assert min(off) < WITHIN_SECONDS, off


WIDE = """hqnn 1
model wide {
  data { target y; split validation: 4, test: 4 }
  encoder { dense(12); tanh * pi }
  circuit on 12 qubits { feature_map angle(); ansatz real_amplitudes(reps: 2) }
  decoder { dense }
  train { epochs 2; batch 64; stop none; seed 3 }
  backend BACKEND
}
"""


TRAINED = """
import atexit, re, sys
from pathlib import Path
from hqnn_dsl.cli.main import main
atexit.register(lambda: print("PEAK", re.search(r"VmHWM:\\s*(\\d+)", Path("/proc/self/status").read_text())[1]))
sys.argv = ["hqnn", *sys.argv[1:]]
main()
"""
"""A command that says at its end the most memory that it had: `ru_maxrss` is at least that of the tests' process."""


def most_memory(words: list[str], folder: Path) -> int:
    """The most resident memory of a command, in bytes."""
    command = [sys.executable, "-c", TRAINED, *words]
    said = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=True).stdout
    return int(said.splitlines()[-1].removeprefix("PEAK ")) * 1024


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="only Linux says how much memory a process has")
@pytest.mark.parametrize(
    ("backend", "seeds"),
    [
        pytest.param("reference", None, marks=pytest.mark.slow),  # the C library gives blocks back when it likes
        ("native", None),
        ("native(precision: double)", 4),
    ],
)
def test_the_memory_is_that_of_a_training(backend, seeds, tmp_path, monkeypatch):
    """Of one, and of four of which two run at once, in one process with the baselines."""
    if seeds is not None:
        monkeypatch.setenv("OMP_NUM_THREADS", "2")
    (tmp_path / "wide.hqnn").write_text(WIDE.replace("BACKEND", backend))
    frame(72).to_csv(tmp_path / "data.csv", index=False)
    elsewhere = "SecondProcess()" if seeds is None else "nullcontext(Here())"
    told_by = (
        "from contextlib import nullcontext; from hqnn_dsl import api;"
        "from hqnn_dsl.training.forecast.forecast import forecast;"
        "from hqnn_dsl.training.many_plan import plan_of; from hqnn_dsl.data.tables import read_table;"
        "from hqnn_dsl.training.second_process import Here, SecondProcess;"
        "p = api.compile('wide.hqnn')\n"
        f"plan = {seeds} and plan_of(None, None, {seeds}, None, 3)\n"
        f"with {elsewhere} as elsewhere:\n"
        "    f = forecast(p, read_table('data.csv', p.spec.data.read), plan, elsewhere)\n"
        "print(f.memory.process)"
    )
    many = [] if seeds is None else ["--seeds", str(seeds)]
    off = []
    for number in range(4):  # torch's own memory varies by a tenth and more from one run to the next
        said = subprocess.run([sys.executable, "-c", told_by], cwd=tmp_path, capture_output=True, check=True).stdout
        taken = most_memory(["train", "wide.hqnn", "data.csv", "--out", f"run-{number}", *many], tmp_path)
        off.append(abs(int(said) / taken - 1))
        if off[-1] < WITHIN_MEMORY:
            break
    assert min(off) < WITHIN_MEMORY, off


def test_of_one_training_imports_beside_it_are_not_waited_for():
    pace = Pace(step=0.01, judging=0.1, rest=0.05, loading=0.5, steps=1, epochs=1)
    work = Work(epochs=10, batch=5, probed=(20, 4, 30))
    fixed = Fixed(imports=3.5, baselines=0.5, pictures=0.25, memory=1)
    found = of_one(pace, work, 1.0, fixed)
    assert found.epoch == pytest.approx(4 * 0.01 + 0.1 + 0.05)
    # 1.5 s before the first step and 1.9 s of epochs: of 3.5 s of imports 0.1 s is left; 30 rows are 7.5 times 4.
    assert found.whole == pytest.approx(1.5 + 1.9 + 0.1 + 0.75 + 0.75)


def test_the_page_of_one_training_is_made_for_its_seconds_and_that_of_many_is_not():
    made, given = program(), table()
    asked = []

    def page(setup: Setup, *_where: object) -> float:
        asked.append(setup)
        return 1000.0

    without = forecast(made, given, None, Here()).seconds
    with_page = forecast(made, given, None, Here(), page=page).seconds
    assert without is not None
    assert with_page is not None
    assert without.ending < 500
    assert with_page.ending == pytest.approx(1000.0, rel=0.5)
    assert with_page.whole == pytest.approx(with_page.beginning + with_page.epochs + with_page.ending)
    forecast(made, given, plan_of(None, None, 2, None, 3), Here(), page=page)
    assert len(asked) == 1


def test_a_page_is_made_of_a_training_that_has_not_begun_and_changes_nothing(tmp_path, monkeypatch):
    written = []

    class Noting(Here):
        """Carries a call out at once, and notes the page that it has written."""

        def begin(self, module: str, function: str, *arguments: Any) -> Any:
            super().begin(module, function, *arguments)()
            written.append((arguments[0] / "report.html").read_text(encoding="utf-8"))
            return lambda: None

    monkeypatch.setenv("TMPDIR", str(tmp_path))
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    setup = ready(program())
    before = setup.training.snapshot()
    assert rehearse(setup, table(), Noting()) > 0
    (page,) = written
    assert 'id="importance"' in page  # the network was asked
    assert not list(tmp_path.iterdir())
    assert all(torch.equal(value, before["model"][name]) for name, value in setup.training.net.state_dict().items())
    assert setup.training.net.training


def of(rows: int, epoch: float, *, around: float = 0.5) -> Each:
    return Each(rows=rows, epochs=10, beginning=around, epoch=epoch, ending=around)


def test_many_trainings_run_beside_each_other():
    each = [of(5, 0.1), of(10, 0.2), of(20, 0.4)]  # 2, 3 and 5 s
    assert of_many(each, 1, 1.0, 1.0).whole == pytest.approx(1.0 + 10.0)
    # 2 s beside the first 2 of 3 s, then 1 s beside the first of 5 s: 4 s of it are left, half as long alone.
    assert of_many(each, 2, 1.0, 1.0).whole == pytest.approx(1.0 + 7.0)
    assert of_many(each, 2, 0.5, 1.0).whole == pytest.approx(1.0 + 3.0 + 4.0 / 2)
    # With three workers, two of them beside each other take three quarters of what all three do.
    assert together([1.0, 2.0, 4.0], 3, 0.5) == pytest.approx(1.0 + 0.75 + 2.0 * 0.5)


def test_seconds_on_other_rows_lie_between_two_measurements():
    fewest, most = of(10, 0.1, around=0.2), of(30, 0.3, around=0.4)
    assert (between(fewest, most, 20).epoch, between(fewest, most, 20).ending) == pytest.approx((0.2, 0.3))
    assert (between(fewest, most, 5).epoch, between(fewest, most, 99).epoch) == pytest.approx((0.1, 0.3))
    assert between(most, most, 15).epoch == most.epoch


# ----------------------------------------------------------------------------------------------------------- the bounds


@pytest.mark.parametrize(
    ("text", "most"),
    [
        ("minutes=10", 10.0),
        ("minutes = 0.5", 0.5),
        ("memory=4GiB", 4 * 2.0**30),
        ("memory=1.5 mib", 1.5 * 2.0**20),
        ("memory=2GB", 2e9),
        ("memory=1e3B", 1e3),
        ("circuits=1e6", 1e6),
        ("shots=0", 0.0),
    ],
)
def test_a_bound_is_read(text, most):
    (bound,) = bounds_of([text])
    assert (bound.what, bound.most) == (text.partition("=")[0].strip(), most)


@pytest.mark.parametrize(
    "text",
    [
        *("", "minutes", "minutes=", "minutes=ten", "minutes=-1", "minutes=nan", "minutes=inf", "hours=1", "=1"),
        *("memory=4", "memory=GiB", "memory=4XiB", "memory=-1GiB", "circuits=1e", "memory=eGiB"),
    ],
)
def test_a_wrong_bound_is_a_mistake_of_the_command_line(text):
    with pytest.raises(Refusal) as refused:
        bounds_of([text])
    (said,) = refused.value.diagnostics
    assert (said.code, refused.value.exit_code) == ("E0605", 2)
    assert text in said.headline


def test_what_is_over_is_named_with_by_how_much():
    bounds = bounds_of(["minutes=10", "memory=1GiB", "circuits=5", "circuits=100", "shots=7"])
    found = over(bounds, {"minutes": 25.0, "memory": 2.0**30, "circuits": 250.0, "shots": None})
    assert [item.code for item in found] == ["E0646", "E0646", "E0647"]
    assert "25 minutes" in found[0].headline
    assert "2.5 times" in found[0].headline
    assert "250 circuits" in found[1].headline
    assert "shots" in found[2].headline
    assert all(item.exit_code == 1 for item in found)
