"""The ablation of the dressed classifier and the controlled study: fair rows, and pages that say what was measured."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

import hqnn
from benchmarks import controlled_study, paper_bowles

ROOT = Path(__file__).parents[2]
SPECS = [paper_bowles.SPEC, *sorted((ROOT / "specs" / "papers" / "controlled").glob("*.hqnn"))]


@pytest.mark.parametrize("spec", SPECS, ids=lambda path: path.stem)
def test_the_specs_check_clean(spec):
    assert hqnn.compile(spec).warnings == ()


def test_every_table_has_a_spec_and_its_target():
    for name in controlled_study.TABLES:
        spec = hqnn.compile(ROOT / "specs" / "papers" / "controlled" / f"{name}.hqnn").spec
        assert spec.data.target[0] in controlled_study.frame_of(name).columns


@pytest.mark.parametrize("width", [2, 3, 6])
def test_the_dressed_circuit_is_that_of_the_study(width):
    """H and RY of the inputs, then layers of RY and a ring of CNOTs, which is one CNOT of two qubits."""
    circuit = hqnn.compile(paper_bowles.SPEC, {"width": width, "layers": 2}).logical
    gates = [(one.gate, *one.qubits) for one in circuit.operations]
    pairs = [(q, (q + 1) % width) for q in range(width)] if width > 2 else [(0, 1)]
    layer = [*(("ry", q) for q in range(width)), *(("cx", *pair) for pair in pairs)]
    assert gates == [*(("h", q) for q in range(width)), *(("ry", q) for q in range(width)), *layer, *layer]


def test_every_row_tests_once_a_repetition_and_components_come_from_training_rows():
    pixels, digits = paper_bowles.images()
    every = list(paper_bowles.cuts(digits))
    assert len(every) == paper_bowles.FOLDS * paper_bowles.REPEATS
    for repeat in range(paper_bowles.REPEATS):
        tested = np.concatenate([cut.test for cut in every if cut.repeat == repeat])
        assert sorted(tested) == list(range(len(digits)))
    cut = every[3]
    assert sorted(np.concatenate([cut.train, cut.validation, cut.test])) == list(range(len(digits)))
    made = paper_bowles.reduced(pixels, digits, 2, cut)
    centred = pixels[cut.train] - pixels[cut.train].mean(axis=0)
    _, _, axes = np.linalg.svd(centred, full_matrices=False)
    wanted = (pixels - pixels[cut.train].mean(axis=0)) @ axes[:2].T
    assert np.abs(made[["pc1", "pc2"]].to_numpy()) == pytest.approx(np.abs(wanted), abs=1e-9)
    assert (made["part"] == "test").to_numpy().nonzero()[0].tolist() == sorted(cut.test)


def test_the_page_of_the_ablation_is_made_of_the_results():
    results = paper_bowles.load()
    assert paper_bowles.missing(results) == []
    assert paper_bowles.PAGE.read_text(encoding="utf-8") == paper_bowles.page(results)
    for width in paper_bowles.WIDTHS:
        folds = [one for _, _, one in paper_bowles.folds_of(results, width)]
        with_, without = (
            np.array([one["accuracy"][name] for one in folds]) for name in ("as_written", "without_entanglers")
        )
        (found,) = [one for one in paper_bowles.compared(results, width) if one.other == "without_entanglers"]
        assert found.paired.mean == pytest.approx((with_ - without).mean(), abs=1e-12)


def test_the_page_of_the_controlled_study_is_made_of_the_results():
    results = json.loads(controlled_study.RESULTS.read_text(encoding="utf-8"))
    assert list(results) == list(controlled_study.TABLES)
    assert controlled_study.PAGE.read_text(encoding="utf-8") == controlled_study.page(results)
