"""Likelihoods and intervals through a run: what is kept, predicted, scored and refused."""

from __future__ import annotations

import json
import math
import shutil

import numpy as np
import pandas as pd
import pytest
from scipy.stats import norm

import hqnn
from hqnn_dsl.diagnostics.diagnostic import Refusal
from hqnn_dsl.training import figures

SPEC = """hqnn 1
model wide {
  data { target TARGETS; features a, b; SPLIT }
  encoder { dense(2); tanh * pi }
  circuit on 2 qubits { feature_map angle(); ansatz real_amplitudes(reps: 1) }
  decoder { dense }
  train { epochs 4; batch 16; device cpu; stop none; optimizer adamw(lr: 0.05); TRAIN }
  backend reference
}
"""
ROWS = 120


def frame() -> pd.DataFrame:
    draw = np.random.default_rng(5)
    a, b = draw.normal(3, 2, ROWS), draw.uniform(-1, 1, ROWS)
    y = 40 * np.sin(a) + draw.normal(size=ROWS) * (5 + 10 * np.abs(b))
    return pd.DataFrame({"a": a, "b": b, "y": y, "z": 1e-3 * b})


def trained(path, train, targets="y", split="", **options):
    spec = SPEC.replace("TARGETS", targets).replace("TRAIN", train).replace("SPLIT", split)
    return hqnn.train(spec, frame(), path, progress=False, **options)


@pytest.fixture(scope="module")
def runs(tmp_path_factory):
    folder = tmp_path_factory.mktemp("runs")
    return {
        "plain": trained(folder / "plain", "loss mae; intervals conformal(0.8)", "y, z"),
        "gaussian": trained(folder / "gaussian", "loss gaussian; intervals conformal(0.8)", "y, z"),
        "alone": trained(folder / "alone", "loss gaussian"),
    }


def test_deviations_are_those_of_the_second_half_of_the_outputs(runs):
    run = runs["gaussian"]
    scales = run.preparation.target.scales
    outputs = run.net(run_inputs(run)).detach().double().numpy()
    found = run.predict(frame())
    for index, name in enumerate(("y", "z")):
        variance = np.logaddexp(0, outputs[:, 2 + index]) + 1e-6
        np.testing.assert_allclose(found[name], outputs[:, index] * scales[index].scale + scales[index].mean, rtol=1e-6)
        np.testing.assert_allclose(found[f"{name}_deviation"], np.sqrt(variance) * scales[index].scale, rtol=1e-6)


@pytest.mark.parametrize(("train", "said"), [("intervals conformal(0.85)", ["85 % interval"]), ("loss mae", None)])
def test_pictures_say_the_level_of_intervals(train, said, tmp_path, monkeypatch):
    drawn = []
    monkeypatch.setattr(figures, "_save", lambda figure, path: drawn.append((path.name, figure)))
    run = trained(tmp_path / "run", train, "y, z")
    for panels in (dict(drawn)["predictions.png"].axes, run.plot().axes[1:]):
        legends = [panel.get_legend() for panel in panels]
        assert [legend and [text.get_text() for text in legend.get_texts()] for legend in legends] == [said, said]


def run_inputs(run):
    import torch

    return torch.from_numpy(run.preparation.features.transform(frame())).float()


def test_the_nll_is_that_of_the_predictions_in_the_targets_units(runs):
    run, table = runs["gaussian"], frame()
    found, tested = run.predict(table), run.preparation.parts.test
    for name in "yz":
        density = norm.logpdf(table[name], found[name], found[f"{name}_deviation"])[tested]
        assert run.metrics["test"]["targets"][name]["nll"] == pytest.approx(-density.mean())
    assert run.metrics["baselines"]["mean"]["nll"] is None
    assert runs["plain"].metrics["test"]["nll"] is None


def test_the_loss_of_a_likelihood_is_that_of_the_best_epoch(runs):
    best = runs["gaussian"].history["validation_loss"].min()
    assert runs["gaussian"].metrics["validation"]["loss"] == pytest.approx(best, rel=1e-5)


@pytest.mark.parametrize("name", ["plain", "gaussian"])
def test_radii_are_errors_of_validation_rows_at_the_rank(runs, name):
    run, table = runs[name], frame()
    found, rows = run.predict(table), run.preparation.parts.validation
    assert len(rows) == 18
    for index, target in enumerate("yz"):
        errors = (table[target] - found[target]).abs()
        if name == "gaussian":
            errors /= found[f"{target}_deviation"]
        expected = np.sort(errors.to_numpy()[rows])[math.ceil(19 * 0.8) - 1]
        assert run.radii.radii[index] == pytest.approx(expected)
        reach = run.radii.radii[index] * (found[f"{target}_deviation"] if name == "gaussian" else 1.0)
        np.testing.assert_allclose(found[f"{target}_low"], found[target] - reach)
        np.testing.assert_allclose(found[f"{target}_high"], found[target] + reach)


def test_coverage_and_width_are_in_the_scores(runs):
    run, table = runs["gaussian"], frame()
    found, rows = run.predict(table).iloc[run.preparation.parts.test], run.preparation.parts.test
    for target in "yz":
        scores = run.metrics["test"]["targets"][target]
        true = table[target].iloc[rows]
        assert scores["coverage"] == pytest.approx(
            ((found[f"{target}_low"] <= true) & (true <= found[f"{target}_high"])).mean()
        )
        assert scores["width"] == pytest.approx((found[f"{target}_high"] - found[f"{target}_low"]).mean())
    assert run.evaluate(table)["test"] == run.metrics["test"]
    assert 0.5 < run.metrics["validation"]["targets"]["y"]["coverage"] < 1


def test_a_stored_run_has_the_same_intervals(runs):
    for run in runs.values():
        opened = hqnn.open_run(run.path)
        pd.testing.assert_frame_equal(opened.predict(frame()), run.predict(frame()))
        assert opened.radii == run.radii
    document = json.loads((runs["plain"].path / "intervals.json").read_text())
    assert document["radii"] == dict(zip("yz", runs["plain"].radii.radii, strict=True))
    assert (document["level"], document["rows"], document["normalised"]) == (0.8, 18, False)
    assert not (runs["alone"].path / "intervals.json").exists()
    assert list(runs["alone"].predict(frame())) == ["y", "y_deviation"]


def test_the_file_of_test_rows_has_intervals_and_deviations(runs):
    found = pd.read_csv(runs["gaussian"].path / "predictions.csv")
    each = ("true", "predicted", "deviation", "low", "high")
    assert list(found) == ["row", *(f"{name}_{what}" for name in "yz" for what in each)]
    expected = runs["gaussian"].predict(frame()).iloc[found["row"]].reset_index(drop=True)
    for column in ("y_low", "z_high", "z_deviation"):
        np.testing.assert_allclose(found[column], expected[column], rtol=1e-6)


@pytest.mark.parametrize(("change", "reason"), [
    ({"radii": {"y": 1.0}}, "its radii are of y, the targets y, z"),
    ({"normalised": True}, "`normalised` is true, which the loss is not for"),
    ({"level": 2.0}, "`level` is 2.0"),
])  # fmt: skip
def test_a_file_of_intervals_that_cannot_be_is_refused(runs, tmp_path, change, reason):
    path = shutil.copytree(runs["plain"].path, tmp_path / "run")
    document = json.loads((path / "intervals.json").read_text())
    (path / "intervals.json").write_text(json.dumps(document | change))
    with pytest.raises(Refusal, match="E0533") as caught:
        hqnn.open_run(path)
    assert reason in caught.value.diagnostics[0].headline


def test_a_run_without_its_file_of_intervals_is_refused(runs, tmp_path):
    path = shutil.copytree(runs["plain"].path, tmp_path / "run")
    (path / "intervals.json").unlink()
    with pytest.raises(Refusal, match="E0532"):
        hqnn.open_run(path)


def test_a_run_that_has_not_ended_predicts_without_intervals_and_says_so(runs, tmp_path):  # W0466
    path = shutil.copytree(runs["plain"].path, tmp_path / "run")
    (path / "metrics.json").unlink()
    with pytest.warns(hqnn.HQNNWarning, match="but no intervals") as caught:
        opened = hqnn.open_run(path)
    assert len(caught) == 1
    assert list(opened.predict(frame())) == ["y", "z"]


@pytest.mark.parametrize(("level", "rows", "needed"), [(0.9, 8, 9), (0.95, 18, 19)], ids=["ten", "twenty"])
def test_too_few_validation_rows_are_refused_before_the_training_with_the_number_needed(tmp_path, level, rows, needed):
    with pytest.raises(Refusal, match="E0591") as caught:
        trained(tmp_path / "r", f"intervals conformal({level})", split=f"split validation: {rows}, test: 0.2")
    (item,) = caught.value.diagnostics
    assert f"needs {needed} validation row" in item.headline
    assert f"`validation: {needed}`" in item.help
    assert item.span is not None
    assert item.span.source.text[item.span.start : item.span.end].startswith("intervals")
    assert not (tmp_path / "r").exists()
    trained(tmp_path / "r", f"intervals conformal({level})", split=f"split validation: {needed}, test: 0.2")


def test_a_loss_function_of_python_has_an_output_a_target(tmp_path):
    with pytest.raises(Refusal, match="E0632") as caught:
        trained(tmp_path / "r", "loss gaussian", loss=lambda predicted, target: (predicted - target).abs().mean())
    assert "`loss gaussian` in the spec makes more of them" in caught.value.diagnostics[0].headline


def test_intervals_come_with_a_loss_function_of_python(tmp_path):
    def mine(predicted, target):
        return (predicted - target).abs().mean()

    run = trained(tmp_path / "r", "intervals conformal(0.8)", loss=mine)
    assert list(run.predict(frame())) == ["y", "y_low", "y_high"]
    assert hqnn.open_run(run.path).radii == run.radii


def test_a_resumed_run_has_the_intervals_of_its_end(tmp_path):
    whole = trained(tmp_path / "whole", "loss gaussian; intervals conformal(0.8)")
    trained(tmp_path / "cut", "loss gaussian; intervals conformal(0.8)", on_epoch=stop_after(2))
    resumed = trained(tmp_path / "cut", "loss gaussian; intervals conformal(0.8)", resume=True)
    assert resumed.radii == whole.radii
    for name in ("intervals.json", "metrics.json", "predictions.csv", "history.csv"):
        assert (tmp_path / "cut" / name).read_bytes() == (tmp_path / "whole" / name).read_bytes()


def stop_after(number):
    def stop(epoch):
        if epoch.number == number:
            raise StopIteration

    return stop
