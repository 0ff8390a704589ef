"""Segments cover a circuit in order, and begin and end with its blocks."""

from __future__ import annotations

import pytest

import hqnn_dsl as hqnn
from hqnn_dsl.circuit.block_spans import Segment, segments_of

BLOCKS = """hqnn 1
feature_map outer() { feature_map angle(); for q in 0..qubits { h q } }
ansatz nothing() { if qubits > 5 { h 0 } }
"""
MIXED = f"""{BLOCKS}
model m {{
  circuit on 2 qubits {{
    h 0
    cz 0, 1
    feature_map outer()
    ansatz nothing()
    repeat 2 {{ ansatz real_amplitudes(reps: 1); x 1 }}
    {{}}
    measure z
  }}
  decoder {{ dense(1) }}
}}
"""


def segments(text: str) -> list[tuple[str, int, int]]:
    circuit = hqnn.compile_text(text).logical
    found = segments_of(circuit)
    assert [place for s in found for place in range(s.start, s.stop)] == list(range(len(circuit.operations)))
    return [(segment.title, segment.start, segment.stop) for segment in found]


@pytest.mark.parametrize("without", ["", "without entanglers"])
def test_blocks_loose_gates_and_repeats_in_order(without: str) -> None:
    found = segments(MIXED.replace("{}", without))
    counts = [(title, stop - start) for title, start, stop in found]
    entanglers = 0 if without else 1
    turn = [("real_amplitudes (ansatz)", 4 + entanglers), ("gates", 1)]
    assert counts == [("gates", 1 + entanglers), ("outer (feature map)", 4), *turn, *turn]


def test_an_amplitude_input_is_an_empty_segment_at_the_start() -> None:
    text = """hqnn 1
model m {
  circuit on 2 qubits { feature_map amplitude(); ansatz basic_entangler(reps: 1); measure z }
  decoder { dense(1) }
}
"""
    assert [title for title, *_ in segments(text)] == ["amplitude (feature map)", "basic_entangler (ansatz)"]


def test_blocks_change_no_circuit() -> None:
    """A block and its gates written out are the same circuit to whoever compares them."""
    block = "ansatz three() { for q in 0..3 { h q } }"
    model = "model m {{ circuit on 3 qubits {{ input x; {} rx(x) 0; measure z }} decoder {{ dense(1) }} }}"
    placed = hqnn.compile_text(f"hqnn 1\n{block}\n{model.format('ansatz three();')}\n").logical
    written = hqnn.compile_text(f"hqnn 1\n{model.format('h 0; h 1; h 2;')}\n").logical
    assert placed == written
    assert hash(placed) == hash(written)
    assert segments_of(placed)[0] == Segment("ansatz", "three", 0, 3)
    assert segments_of(written) == (Segment("gates", "", 0, 4),)
