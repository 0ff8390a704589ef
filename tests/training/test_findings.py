"""Plateaus, dead quantum halves and noise: seen in trainings that are made to have them, and in no others."""

from __future__ import annotations

import math

import numpy as np
import pandas as pd
import pytest

import hqnn
from hqnn_dsl.report.gradients import findings_in
from hqnn_dsl.report.reading import read_run
from hqnn_dsl.training.findings import Stage, findings_of, stages_of, warnings_of

HEAD = """hqnn 1
model course {
  data { target y; scale features: none, target: TARGET; split validation: 0, test: 0 }
  encoder { ENCODER }
  circuit on 1 qubits { CIRCUIT }
  decoder { DECODER }
  train { device cpu; seed 3; stop none; scheduler none; precision double; loss mse; TRAIN }
  backend native(precision: double)
}
"""


def spec(**parts: str) -> str:
    text = HEAD
    for name, part in ({"TARGET": "none", "ENCODER": "identity", "DECODER": "identity"} | parts).items():
        text = text.replace(name, part)
    return text


def trained(tmp_path, text: str, frame: pd.DataFrame, capsys=None):
    """Returns what a training shows, as its page finds it, and what it has said."""
    run = hqnn.train(text, frame, tmp_path / "run", progress=False)
    return findings_in(read_run(run.path)), "" if capsys is None else capsys.readouterr().err, run


def features(rows: int = 64) -> pd.DataFrame:
    draw = np.random.default_rng(1)
    return pd.DataFrame({"x": draw.uniform(-1, 1, rows)})


# -------------------------------------------------------------------------------------------------- trainings that show


@pytest.mark.parametrize(("epochs", "first_norm"), [(260, 1e-6), (100, 1e-9)])
@pytest.mark.usefixtures("printed_notices")
def test_a_start_at_a_maximum_is_a_plateau_until_it_is_left(tmp_path, capsys, epochs, first_norm):
    """The loss (cos(w) + 1)^2 has the slope -2 (cos(w) + 1) sin(w): gradient descent leaves 0 by a factor a step."""
    text = spec(
        CIRCUIT=f"feature_map fixed(start: {first_norm}); measure z",
        TRAIN=f"epochs {epochs}; batch 64; optimizer sgd(0.02)",
    )
    text = text.replace("model course", BLOCK + "model course")
    frame = (features() * 1e-12).assign(y=-1.0)  # no angle but the weight
    found, said, run = trained(tmp_path, text, frame, capsys)
    (plateau,) = found
    assert (plateau.kind, plateau.half, plateau.first) == ("plateau", "quantum", 1)
    growth = 1 + 0.02 * 4
    steps = math.log(0.04 / (4 * first_norm)) / math.log(growth)  # until the norm is a hundredth of the first loss
    assert plateau.last == pytest.approx(min(steps, epochs), abs=3)
    assert f"warning[W0473]: the training was on a plateau in epochs 1 to {plateau.last}" in said
    assert (run.history["train_loss"].iloc[-1] < 0.1) == (epochs == 260)


BLOCK = """feature_map fixed(start: float = 0.1) {
  input x[1]
  weight w = constant(start)
  ry(x[0]) 0
  ry(w) 0
}
"""
DEAD = """ansatz phase() {
  weight w[3]
  for l in 0..3 { rz(w[l]) 0 }
}
"""


@pytest.mark.usefixtures("printed_notices")
def test_weights_that_no_measurement_sees_are_a_dead_half(tmp_path, capsys):
    text = spec(
        ENCODER="dense(1); tanh * pi",
        CIRCUIT="feature_map angle(axis: y); ansatz phase(); measure z",
        DECODER="dense(1)",
        TRAIN="epochs 20; batch 16; optimizer adamw(lr: 0.02)",
    ).replace("model course", DEAD + "model course")
    found, said, _ = trained(tmp_path, text, features().assign(y=lambda frame: np.sin(frame["x"])), capsys)
    (dead,) = found
    assert (dead.kind, dead.half, dead.first, dead.last) == ("dead", "quantum", 1, 20)
    assert dead.norm < 1e-14
    assert "warning[W0474]: the quantum weights hardly took part in epochs 1 to 20" in said


@pytest.mark.usefixtures("printed_notices")
def test_a_target_that_no_feature_tells_gives_steps_of_noise(tmp_path, capsys):
    draw = np.random.default_rng(5)
    frame = features(240).assign(y=draw.normal(size=240))
    text = spec(
        TARGET="standard",
        ENCODER="dense(1); tanh * pi",
        CIRCUIT="feature_map angle(axis: y); ansatz real_amplitudes(reps: 1); measure z",
        DECODER="dense(1)",
        TRAIN="epochs 40; batch 8; optimizer adamw(lr: 0.01)",
    )
    found, said, run = trained(tmp_path, text, frame, capsys)
    assert {one.kind for one in found} == {"noise"}
    assert {one.half for one in found} == {"quantum", "classical"}
    assert max(one.last for one in found) == 40
    assert "warning[W0475]: steps were dominated by noise in epochs" in said
    assert run.history["train_loss"].iloc[-1] > 0.8


@pytest.mark.usefixtures("printed_notices")
def test_what_is_allowed_is_not_said(tmp_path, capsys):
    text = spec(
        ENCODER="dense(1); tanh * pi",
        CIRCUIT="feature_map angle(axis: y); ansatz phase(); measure z",
        DECODER="dense(1)",
        TRAIN="epochs 12; batch 16; optimizer adamw(lr: 0.02)",
    ).replace("model course {", DEAD + 'model course {\n  allow W0474 "the phase is for later"')
    found, said, _ = trained(tmp_path, text, features().assign(y=lambda frame: np.sin(frame["x"])), capsys)
    assert [one.kind for one in found] == ["dead"]
    assert "W0474" not in said


@pytest.mark.usefixtures("printed_notices")
def test_a_training_that_learns_shows_nothing(tmp_path, capsys):
    text = spec(
        ENCODER="dense(1); tanh * pi",
        CIRCUIT="feature_map angle(axis: y); ansatz real_amplitudes(reps: 1); measure z",
        DECODER="dense(1)",
        TRAIN="epochs 120; batch 8; optimizer adamw(lr: 0.02)",
    )
    found, said, run = trained(tmp_path, text, features().assign(y=lambda frame: np.sin(2 * frame["x"])), capsys)
    assert found == []
    assert "W047" not in said
    assert run.history["train_loss"].iloc[-1] < 0.05


# ---------------------------------------------------------------------------------------------------------- the rules


def course(losses, quantum, classical=None, mean=None, rate=0.01) -> list[Stage]:
    count = len(losses)

    def each(value):
        return list(value) if np.ndim(value) else [value] * count

    columns = (losses, each(rate), each(classical), each(quantum), each(None), each(mean))
    return [Stage(*row) for row in zip(*columns, strict=True)]


def kinds(stages, steps: int = 1, precision: str = "double") -> list[tuple[str, int, int]]:
    return [(one.kind, one.first, one.last) for one in findings_of(stages, steps, precision)]


FALL = [math.exp(-epoch / 20) for epoch in range(100)]


def test_a_minimum_at_the_end_is_no_plateau():
    losses = [max(loss, 0.05) for loss in FALL]
    assert kinds(course(losses, [1e-4 if loss == 0.05 else 1.0 for loss in losses])) == []


def test_a_plateau_in_between_is_known_by_the_fall_after_it():
    losses = [*FALL[:30], *[FALL[30]] * 40, *FALL[30:60]]
    norms = [1.0] * 30 + [1e-3] * 40 + [1.0] * 30
    assert kinds(course(losses, norms)) == [("plateau", 31, 70)]
    lower = [0.01] * 70 + [0.005] * 30  # the fall is that of a lower rate
    assert kinds(course(losses, norms, rate=lower)) == []
    stopped = [0.01] * 30 + [1e-6] * 40 + [0.01] * 30  # nothing could move
    assert kinds(course(losses, norms, rate=stopped)) == []


def test_a_plateau_that_is_too_short_or_whose_gradients_are_large_is_none():
    losses = [*FALL[:30], *[FALL[30]] * 8, *FALL[30:]]
    assert kinds(course(losses, [1.0] * 30 + [1e-3] * 8 + [1.0] * 70)) == []
    assert kinds(course([1.0] * 100, 0.5)) == []


def test_a_quantum_half_dies_on_the_way():
    norms = [0.3] * 40 + [0.0] * 60
    assert kinds(course(FALL, norms, classical=1.0)) == [("dead", 41, 100)]
    assert kinds(course(FALL, [*norms[:40], *[2e-9] * 60], classical=1.0)) == [("dead", 41, 100)]
    assert kinds(course(FALL, [*norms[:40], *[2e-3] * 60], classical=1.0)) == []


def test_halves_that_come_to_rest_together_are_not_dead():
    assert kinds(course(FALL, [1e-7 * loss for loss in FALL], classical=[1e-6 * loss for loss in FALL])) == []
    assert kinds(course(FALL, [0.3] * 40 + [0.0] * 60)) == []  # without classical weights it is a minimum
    assert ("dead", 1, 100) in kinds(course([1.0] * 100, 1e-18))
    assert kinds(course([1.0] * 100, 1e-9), precision="single")[-1] == ("dead", 1, 100)


def test_noise_is_told_from_agreement_by_the_mean_gradient():
    flat = [1.0 - 1e-4 * epoch for epoch in range(60)]
    pure, agreed = 1 / math.sqrt(25), 0.9
    assert kinds(course(flat, 1.0, mean=pure), steps=25) == [("noise", 1, 60)]
    assert kinds(course(flat, 1.0, mean=agreed), steps=25) == []
    assert kinds(course(flat, 1.0, mean=pure), steps=3) == []
    assert kinds(course(flat, [1.0] * 20 + [0.1] * 40, mean=[pure] * 20 + [pure / 10] * 40), steps=25) == [
        ("noise", 1, 20)
    ]
    falling = [math.exp(-epoch / 100) for epoch in range(60)]
    assert kinds(course(falling, 1.0, mean=pure), steps=25) == []
    learned = [*FALL[:40], *[FALL[39]] * 20]  # what is left at a minimum
    assert kinds(course(learned, 1.0, mean=pure), steps=25) == []


def test_pure_noise_has_the_ratio_one_and_is_found():
    draw = np.random.default_rng(0)
    grads = draw.normal(size=(30, 25, 12))  # epochs, steps, weights
    norms = np.sqrt((grads**2).sum(axis=2).mean(axis=1))
    means = np.linalg.norm(grads.mean(axis=1), axis=1)
    assert 25 * (means**2 / norms**2).mean() == pytest.approx(1, abs=0.2)
    stages = course([1.0] * 30, norms, mean=means)
    assert kinds(stages, steps=25) == [("noise", 1, 30)]


def test_what_is_not_known_shows_nothing():
    frame = pd.DataFrame({"epoch": range(1, 41), "lr": 0.1, "quantum_lr": 0.1, "train_loss": 1.0, "end_loss": np.nan})
    assert findings_of(stages_of(frame.itertuples()), 20, "single") == []
    assert findings_of([], 20, "single") == []
    assert kinds(course([1.0] * 30 + [math.nan], 0.0, classical=1.0)) == []
    assert kinds(course([1.0] * 9, 0.0, classical=1.0)) == []


def test_the_sentence_names_a_few_stretches():
    losses = [1.0 - 0.02 * (epoch // 12) - 1e-6 * epoch for epoch in range(100)]
    stages = course(losses, [1.0 if epoch % 12 == 0 else 0.0 for epoch in range(100)], classical=1.0)
    (warning,) = warnings_of(findings_of(stages, 1, "double"))
    assert "epochs 2 to 12, 14 to 24, 26 to 36, 38 to 48, …" in str(warning.headline)
