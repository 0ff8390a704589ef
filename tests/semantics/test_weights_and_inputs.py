"""Paths, order and starting values of weights; which inputs a feature map reads."""

from __future__ import annotations

import pytest
from short import MAP, after_map, checked, circuit, codes, gates, spec_text

from hqnn_dsl.circuit.angles import InputRef, WeightRef
from hqnn_dsl.circuit.ir import AmplitudeInput

UNIFORM = ("uniform", (0.0, 6.283185307179586))


def paths(body: str, **around) -> list[tuple[str, tuple[int, ...]]]:
    return [(tensor.path, tensor.shape) for tensor in after_map(body, **around).weights]


def test_a_weight_is_named_by_its_place():
    body = (
        "ansatz real_amplitudes(reps: 1); ansatz brickwork(reps: 1); ansatz brickwork(reps: 2); weight own; rx(own) 0"
    )
    assert paths(body) == [
        ("real_amplitudes.w", (2, 2)),
        ("brickwork.w", (1, 2, 2)),
        ("brickwork_2.w", (2, 2, 2)),
        ("own", ()),
    ]


def test_repeats_have_fresh_weights_each_turn():
    assert paths(
        "repeat 2 { ansatz brickwork(reps: 1); ansatz brickwork(reps: 1) }; repeat 1 { weight w; rx(w) 0 }"
    ) == [
        ("repeat.0.brickwork.w", (1, 2, 2)),
        ("repeat.0.brickwork_2.w", (1, 2, 2)),
        ("repeat.1.brickwork.w", (1, 2, 2)),
        ("repeat.1.brickwork_2.w", (1, 2, 2)),
        ("repeat_2.0.w", ()),
    ]


def test_loops_number_what_stands_in_them():
    assert paths("for q in 0..2 { weight w; rx(w) q }") == [("w", ()), ("w_2", ())]


def test_blocks_inside_blocks_and_several_tensors():
    above = "ansatz inner() { weight a, b[2]; rx(a) 0; rx(b[0]) 0; rx(b[1]) 0 }\n"
    above += "ansatz outer() { ansatz inner(); repeat 1 { ansatz inner() } }"
    assert paths("ansatz outer()", above=above) == [
        ("outer.inner.a", ()),
        ("outer.inner.b", (2,)),
        ("outer.repeat.0.inner.a", ()),
        ("outer.repeat.0.inner.b", (2,)),
    ]


def test_weights_are_numbered_in_the_order_of_their_declarations_row_major():
    found = after_map("weight a[2, 2], b; rx(b) 0; rx(a[1, 0]) 0; rx(a[0, 1]) 1; rx(a[0, 0] + a[1, 1]) 1")
    assert [(tensor.path, tensor.offset, tensor.size) for tensor in found.weights] == [("a", 0, 4), ("b", 4, 1)]
    assert found.slots[:3] == (WeightRef(4), WeightRef(2), WeightRef(1))


def starts(body: str) -> dict[str, tuple[str, tuple[float, ...]]]:
    return {tensor.path: tensor.initial for tensor in after_map(body).weights}


BLOCKS = "ansatz brickwork(reps: 1); ansatz brickwork(reps: 1); weight v = constant(0.5); rx(v) 0;"


@pytest.mark.parametrize(
    ("lines", "wanted"),
    [
        ("", [UNIFORM, UNIFORM, ("constant", (0.5,))]),
        ("initial weights zeros", [("zeros", ())] * 3),
        ("initial brickwork_2 normal", [UNIFORM, ("normal", (1.0,)), ("constant", (0.5,))]),
        ("initial v small; initial weights zeros", [("zeros", ()), ("zeros", ()), ("small", (0.1,))]),
        (
            "initial weights zeros; initial brickwork.w uniform(0, 1)",
            [("uniform", (0.0, 1.0)), ("zeros", ()), ("zeros", ())],
        ),
        ("initial weights normal(std: 0.3)", [("normal", (0.3,))] * 3),
    ],
)
def test_the_narrower_path_says_how_weights_start(lines, wanted):
    assert list(starts(BLOCKS + lines).values()) == wanted


def frozen(body: str) -> list[str]:
    return [tensor.path for tensor in after_map(body).weights if tensor.frozen]


def test_freeze_reaches_what_its_path_means():
    assert frozen(BLOCKS) == []
    assert frozen(BLOCKS + "freeze brickwork") == ["brickwork.w"]
    assert frozen(BLOCKS + "freeze brickwork_2.w; freeze v") == ["brickwork_2.w", "v"]
    assert frozen(BLOCKS + "freeze weights") == ["brickwork.w", "brickwork_2.w", "v"]
    assert frozen("repeat 2 { ansatz brickwork(reps: 1) }; freeze repeat.1") == ["repeat.1.brickwork.w"]


@pytest.mark.parametrize(
    "line",
    [
        "freeze w",
        "freeze nosuch",
        "initial brickwork.v zeros",
        "freeze repeat.2",
        "initial v zeros; initial v small",
        "initial weights zeros; initial weights zeros",
    ],
)
def test_paths_that_mean_nothing_or_several_things(line):
    wanted = "E0212" if line.count("initial") > 1 else "E0224"
    assert codes(spec_text(f"{MAP}; {BLOCKS} {line}")) == [wanted]


def test_an_exact_path_wins_over_a_tail():
    body = "weight w; rx(w) 0; ansatz brickwork(reps: 1); freeze w"
    assert frozen(body) == ["w"]


# ------------------------------------------------------------------ inputs


def read(body: str, **around) -> list[object]:
    """The inputs that the slots are, where a slot is an input alone."""
    return [angle.index for angle in circuit(body, **around).slots if isinstance(angle, InputRef)]


def test_feature_maps_read_the_same_inputs_from_the_start():
    body = "feature_map angle(); feature_map angle(axis: x); feature_map angle() on 0..2"
    found = circuit(body, qubits=3)
    assert read(body, qubits=3) == [0, 1, 2, 0, 1, 2, 0, 1]
    assert found.num_inputs == 3


def test_repeats_read_the_same_inputs_again():
    assert read("repeat 2 { feature_map angle() }") == [0, 1, 0, 1]
    assert read("repeat 2 { input v; rx(v) 0 }") == [0, 0]


@pytest.mark.parametrize(
    ("on", "inputs", "wanted"),
    [
        ("on x[4..8], 4..8", [4, 5, 6, 7], [("ry", 4), ("ry", 5), ("ry", 6), ("ry", 7)]),
        ("on 4..6, x[1..3]", [1, 2], [("ry", 4), ("ry", 5)]),
        ("on x[0..8]", list(range(8)), [("ry", q) for q in range(8)]),
        ("on x[0..8 step 4], 0..2", [0, 4], [("ry", 0), ("ry", 1)]),
        ("on 2..4", [0, 1], [("ry", 2), ("ry", 3)]),
        ("on x[3..1 step -1], 0, 1", [3, 2], [("ry", 0), ("ry", 1)]),
    ],
)
def test_a_slice_and_a_placement(on, inputs, wanted):
    body = f"feature_map angle() {on}"
    found = circuit(body, qubits=8)
    assert read(body, qubits=8) == inputs
    assert gates(found) == wanted
    assert found.num_inputs == max(inputs) + 1


def test_a_slice_of_a_slice():
    above = "feature_map outer() { input v[4]; feature_map angle() on v[2..4], 0..2 }"
    assert read("feature_map outer() on x[1..5]", qubits=3, above=above) == [3, 4]


def test_several_inputs_of_a_block_stand_one_after_the_other():
    above = "feature_map two() { input a[2], b; rx(a[1]) 0; rx(b) 0; rx(a[0]) 0 }"
    assert read("feature_map two()", qubits=1, above=above) == [1, 2, 0]
    assert read("feature_map two() on x[3..6]", qubits=1, above=above) == [4, 5, 3]


def test_inputs_and_weights_of_the_circuit_itself():
    found = circuit("input v[2]; weight w; rx(w * v[0]) 0; rx(v[1]) 1")
    assert (found.num_inputs, found.num_weights, len(found.sample_slots)) == (2, 1, 2)


def test_a_map_with_its_own_inputs_and_a_map_inside():
    above = "feature_map both() { feature_map angle(); input v[qubits]; for q in 0..qubits { rz(v[q]) q } }"
    assert read("feature_map both()", above=above) == [0, 1, 0, 1]


def test_amplitude_reads_the_vector_as_a_whole():
    found = circuit("feature_map amplitude() on x[4..8], 2, 0", qubits=3)
    assert found.amplitude == AmplitudeInput((2, 0), 4)
    assert found.num_inputs == 8
    assert circuit("feature_map amplitude()", qubits=3).num_inputs == 8


def test_a_map_that_reads_other_inputs_than_its_slice_has():
    assert codes(spec_text("feature_map angle() on x[0..3]")) == ["E0307"]
    assert codes(spec_text("feature_map amplitude() on x[0..3]")) == ["E0307"]


def test_unread_inputs_are_warned_of():
    found = checked(spec_text("feature_map angle() on x[2..4]"))
    assert [item.code for item in found.warnings] == ["W0402"]
    assert found.circuit.num_inputs == 4
