"""The 19 circuits of Sim, Johnson, Aspuru-Guzik: their specs against the gate lists, and the page of their measures."""

from __future__ import annotations

import json
import os
import re
from pathlib import Path

import pytest

import hqnn
from benchmarks.paper_sim import KNOWN, Measured, disagreeing, page, spec_of

ROOT = Path(__file__).resolve().parents[2]
LISTS = Path(os.environ.get("SIM_CIRCUITS", ROOT.parent / "shared" / "research" / "sim-circuits.json"))

SIZES = {1: (8, 0), 2: (8, 3), 3: (11, 3), 5: (28, 12), 9: (4, 3), 10: (8, 4), 13: (16, 8), 15: (8, 8), 19: (12, 4)}
"""Weights and two-qubit gates of one layer, as the paper's table has them; circuit 10 has four weights in front."""


@pytest.mark.parametrize("circuit", KNOWN)
def test_a_spec_is_a_circuit_without_warnings(circuit: int) -> None:
    for reps in (1, 3):
        program = hqnn.compile(spec_of(circuit), {"reps": reps})
        assert not program.warnings
        assert program.logical.num_qubits == 4


@pytest.mark.parametrize("circuit", SIZES)
def test_sizes_are_those_of_the_paper(circuit: int) -> None:
    logical = hqnn.compile(spec_of(circuit)).logical
    pairs = sum(operation.num_qubits == 2 for operation in logical.operations)
    assert (logical.num_weights, pairs) == SIZES[circuit]


@pytest.mark.skipif(not LISTS.exists(), reason="the gate lists of the circuits are not here: set SIM_CIRCUITS")
@pytest.mark.parametrize("circuit", KNOWN)
@pytest.mark.parametrize("layers", [1, 2])
def test_gates_are_those_of_the_list(circuit: int, layers: int) -> None:
    (listed,) = [one for one in json.loads(LISTS.read_text("utf-8"))["circuits"] if one["id"] == circuit]
    moments = [*listed["prefix"], *listed["layer"] * layers]
    expected = [(gate[0].lower(), tuple(gate[1:])) for moment in moments for gate in moment]
    logical = hqnn.compile(spec_of(circuit), {"reps": layers}).logical
    assert [(one.gate, one.qubits) for one in logical.operations] == expected
    assert logical.num_weights == listed["params_prefix"] + layers * listed["params_per_layer"]
    assert len(set(logical.slots)) == len(logical.slots) == logical.num_weights  # every angle is a weight of its own


def _as_recorded(shift: float = 0.0) -> list[Measured]:
    found = []
    for circuit, known in KNOWN.items():
        for layers, place in ((1, 0), (3, 1)):
            kl, spread = known.recorded[place], known.spread[place]
            found.append(Measured(circuit, layers, kl + shift * spread, spread, known.q[place], 0.005))
    return found


def test_a_page_of_values_says_whether_they_agree() -> None:
    assert disagreeing(_as_recorded()) == []
    assert "All 76 values agree" in page(_as_recorded())
    assert len(disagreeing(_as_recorded(5))) == 38
    assert "All" not in page(_as_recorded(5)).split("##")[0].replace("All of", "")


def test_the_page_in_docs_has_all_values() -> None:
    text = (ROOT / "docs" / "paper-sim.md").read_text("utf-8")
    rows = re.findall(r"^\| (\d+) \| ", text, re.MULTILINE)
    assert [int(row) for row in rows] == [*KNOWN] * 3
