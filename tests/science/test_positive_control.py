"""The whole comparison where the answer is known: a target made of the circuit's frequencies, and permuted targets.

Rows, epochs and layers were chosen on the seeds 11 to 13; the tests read others.
"""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from hqnn_dsl.data.tables import read_table
from hqnn_dsl.diagnostics.source import Source
from hqnn_dsl.pipeline import program as program_of
from hqnn_dsl.science.comparison.experiment import Options, compare
from hqnn_dsl.science.protocol import Asked

SPEC = """hqnn 1
model fourier {
  data { target y; split validation: 0.2; scale features: none, target: standard }
  circuit on 2 qubits {
    repeat LAYERS { feature_map angle(axis: y); ansatz strongly_entangling(reps: 1) }
    measure z, z[0]*z[1]
  }
  decoder { dense(1) }
  train { epochs EPOCHS; batch 32; optimizer adam(0.03); scheduler cosine; stop none; device cpu; seed SEED }
  backend native
}
"""
TWINS = ("no_circuit", "width_twin", "parameter_twin")
NOISE = 0.3


def series(rows: int, seed: int) -> pd.DataFrame:
    """cos(a) cos(b) + sin(2 a): frequencies (1, 1), (1, -1) and (2, 0), which RY(a) and RY(b), read twice, reach."""
    random = np.random.default_rng(seed)
    a, b = random.uniform(-np.pi, np.pi, size=(2, rows))
    y = np.cos(a) * np.cos(b) + np.sin(2 * a) + NOISE * random.normal(size=rows)
    return pd.DataFrame({"a": a, "b": b, "y": y})


def permuted(rows: int, seed: int) -> pd.DataFrame:
    """The same columns, with the targets in another order: the features say nothing of them."""
    made = series(rows, seed)
    made["y"] = np.random.default_rng(seed + 1000).permutation(made["y"].to_numpy())
    return made


def compared(frame: pd.DataFrame, out, asked: Asked, epochs: int, seed: int, layers: int = 2):
    """Returns the record of a comparison of the circuit with its controls."""
    text = SPEC.replace("LAYERS", str(layers)).replace("EPOCHS", str(epochs)).replace("SEED", str(seed))
    program = program_of(Source("fourier.hqnn", text, folder="."))
    table = read_table(frame, program.spec.data.read)
    return compare(program, table, asked, out, options=Options(progress=False)).record


def findings(record) -> dict[str, str]:
    (entry,) = record.statistics
    return {one["other"]: one["finding"] for one in entry["comparisons"]}


@pytest.mark.slow
@pytest.mark.parametrize("seed", [21, 22])
def test_a_series_of_the_circuits_frequencies_is_found_and_its_surrogate_ties(seed, tmp_path):
    asked = Asked(folds=5, repeats=1, trials=1, contenders=(*TWINS, "surrogate"), region=0.1)
    record = compared(series(600, seed), tmp_path / "c", asked, 120, seed)
    (entry,) = record.statistics
    means = {name: one["mean"] for name, one in entry["means"].items()}
    assert means["as_written"] == pytest.approx(NOISE, rel=0.15), "the circuit has not learned the series"
    found = findings(record)
    assert [found[name] for name in TWINS] == ["better"] * 3
    assert found["surrogate"] == "practically equivalent"
    assert record.verdict[0] == (
        "the quantum layer helps here: the model is better than the network without a circuit, "
        "the width-preserving twin and the parameter-matched twin"
    )
    assert record.verdict[1] == (
        "the model is practically equivalent to the same-spectrum surrogate, "
        "a classical model of the circuit's frequencies"
    )


@pytest.mark.slow
@pytest.mark.parametrize("seed", [31, 32, 33])
def test_nothing_is_found_in_permuted_targets(seed, tmp_path):
    """With the defaults' folds and every control, and a few classical models, by Holm."""
    controls = ("frozen", "without_entanglers", "feature_map_only", "shuffled_inputs", *TWINS, "surrogate")
    asked = Asked(trials=2, contenders=(*controls, "constant", "linear", "boosting"))
    record = compared(permuted(150, seed), tmp_path / "c", asked, 30, seed)
    found = findings(record)
    assert len(found) == 11
    assert "better" not in found.values()
    assert record.verdict[0].startswith("no evidence that")


def test_nothing_is_found_in_permuted_targets_of_a_small_table(tmp_path):
    asked = Asked(folds=5, repeats=1, trials=1, contenders=(*TWINS, "surrogate", "constant", "linear"))
    record = compared(permuted(60, 34), tmp_path / "c", asked, 10, 34, layers=1)
    found = findings(record)
    assert {*found} == {*TWINS, "surrogate", "constant", "linear"}
    assert not {"better", "untested"} & {*found.values()}
    assert record.verdict[0].startswith("no evidence that the quantum layer helps")
