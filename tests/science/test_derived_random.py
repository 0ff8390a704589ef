"""Random specs have controls too: each is a spec that is accepted, says what it is, and trains."""

from __future__ import annotations

import importlib
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import hqnn_dsl as hqnn
from hqnn_dsl import pipeline
from hqnn_dsl.data.split import split_rows
from hqnn_dsl.data.tables import read_table
from hqnn_dsl.diagnostics.diagnostic import Refusal
from hqnn_dsl.diagnostics.source import Source
from hqnn_dsl.science.derived.derive import derive
from hqnn_dsl.training.checkpoint import Unwritten
from hqnn_dsl.training.loop import Watch, fit
from hqnn_dsl.training.run import set_up

WRITERS = Path(__file__).parents[1] / "specs_random"
NOT_FINITE = {"E0540", "E0545", "E0712"}
"""Losses and gradients of random angles, such as the logarithm of a negative input."""
SAID = {
    "the circuit has no trained weights",
    "the circuit has no trained weights to match",
    "the circuit has no entanglers",
    "the circuit has neither an ansatz nor trained weights",
    "inputs are amplitudes of the state, so outputs are no Fourier series of them",
    "no gate reads inputs",
    "no input reaches an output",
    "an angle has no finite value at the starting weights",
}
"""All reasons for which a control may be absent here."""


@pytest.fixture(scope="module")
def writer():
    sys.path.insert(0, str(WRITERS))
    try:
        yield importlib.import_module("spec_writer").spec_of
    finally:
        sys.path.remove(str(WRITERS))


def trained(text, frame):
    """Two epochs of a spec on a frame, by torch. Returns the code of the refusal of a number that is not finite."""
    given = {"train.epochs": "2", "train.step": "torch", "train.stop": "none"}
    program = pipeline.program(Source("derived", text, folder="."), given)
    if program.spec.has_circuit:
        program = pipeline.program(Source("derived", text, folder="."), given | {"backend": "reference"})
    code = ""
    try:
        setup = set_up(program, read_table(frame), None, split_rows)
        fit(setup.training, setup.samples, Unwritten(), watch=Watch(progress=False))
    except Refusal as refusal:
        code = refusal.diagnostics[0].code
    if code:
        if code not in NOT_FINITE:
            raise AssertionError(f"{code}: {text}")
        return code
    assert len(setup.training.history) == 2
    return ""


def check(spec_of, seed):
    """The names of the controls of a random spec that are there, trained if its circuit reads inputs."""
    spec = spec_of(seed)
    width = spec.meaning.num_inputs
    if not width:
        return []
    text = spec.text.rstrip()
    assert text.endswith("}")
    program = hqnn.compile_text(f"{text[:-1]}  decoder {{ dense(1) }}\n}}\n")
    draw = np.random.default_rng(seed)
    frame = pd.DataFrame(draw.uniform(0.1, 0.9, size=(12, width)), columns=[f"f{k}" for k in range(width)])
    frame["y"] = draw.normal(size=12)
    there = []
    for one in derive(program):
        if one.is_absent:
            assert one.absent_reason in SAID, f"{one.name}: {one.absent_reason}\n{text}"
            continue
        failed = trained(one.text, frame)
        assert not (failed and one.name in {"no_circuit", "width_twin", "parameter_twin"}), one.text
        there.append(one.name)
    return there


@pytest.mark.parametrize("seed", range(2))
@pytest.mark.filterwarnings("ignore")
def test_the_controls_of_a_random_spec_train(writer, seed):
    there = check(writer, seed)
    assert not there or {"as_written", "no_circuit", "shuffled_inputs", "width_twin"} <= set(there)


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore")
def test_the_controls_of_many_random_specs_train(writer):
    seen = {name for seed in range(2, 120) for name in check(writer, seed)}
    assert len(seen) == 9
