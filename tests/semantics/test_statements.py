"""Loops, conditions, blocks inside blocks, and where they stand on qubits."""

from __future__ import annotations

import pytest
from short import MAP, after_map, checked, circuit, codes, gates, spec_text


@pytest.mark.parametrize(
    ("body", "wanted"),
    [
        ("for q in 0..qubits { h q }", [("h", 0), ("h", 1), ("h", 2)]),
        ("for q in qubits - 1..-1 step -1 { h q }", [("h", 2), ("h", 1), ("h", 0)]),
        ("for q in 0..qubits step 2 { h q }", [("h", 0), ("h", 2)]),
        ("for q in 2..0 { h q }", []),
        ("for q in [2, 0] { h q }", [("h", 2), ("h", 0)]),
        ("for p in [[0, 1], [1, 2]] { cx p }", [("cx", 0, 1), ("cx", 1, 2)]),
        ("for p in groups(circular, qubits, 2) { cz p[0], p[1] }", [("cz", 2, 0), ("cz", 0, 1), ("cz", 1, 2)]),
        ("for i in 0..2 { for j in i + 1..3 { cx i, j } }", [("cx", 0, 1), ("cx", 0, 2), ("cx", 1, 2)]),
        ("for q in 0..3 { if q == 1 { x q } else { h q } }", [("h", 0), ("x", 1), ("h", 2)]),
        ("if qubits > 5 { x 0 } else if qubits > 2 { y 0 } else { z 0 }", [("y", 0)]),
        ("if qubits > 1 and not false { x 0 }", [("x", 0)]),
        ("if false { nosuch 0 }", []),
        ("repeat 2 { h 0; x 1 }", [("h", 0), ("x", 1)] * 2),
        ("repeat 0 { h 0 }", []),
        ("let a = 1; cx (a + 1) % qubits, a", [("cx", 2, 1)]),
        ('for g in ["h", "s"] { gate(g) 0 }', [("h", 0), ("s", 0)]),
        ('gate("crx", 0.5) 0, 1', [("crx", 0, 1)]),
        ("swap 0..2", [("swap", 0, 1)]),
        ("ccx 2, 0, 1", [("ccx", 2, 0, 1)]),
    ],
)
def test_statements_are_carried_out_in_order(body, wanted):
    assert gates(after_map(body, qubits=3)) == wanted


def test_a_pauli_rotation_keeps_its_letters_by_target():
    (operation,) = after_map('pauli_rot("XYZ", 0.5) 2, 0, 1', qubits=3).operations
    assert (operation.pauli, operation.qubits) == ("XYZ", (2, 0, 1))


def test_every_angle_has_a_slot_of_its_own():
    found = after_map("weight w; rx(w) 0; u(w, 0.5, 2 * w) 1")
    assert [operation.slots for operation in found.operations] == [(0,), (1, 2, 3)]
    assert len(found.slots) == 4


@pytest.mark.parametrize(
    ("on", "wanted"),
    [
        ("", [("x", 0), ("cx", 0, 3)]),
        ("on 1..3", [("x", 1), ("cx", 1, 2)]),
        ("on 3, 1", [("x", 3), ("cx", 3, 1)]),
        ("on [2, 0, 1]", [("x", 2), ("cx", 2, 1)]),
        ("on 0..4 step 2", [("x", 0), ("cx", 0, 2)]),
        ("on 3..1 step -1", [("x", 3), ("cx", 3, 2)]),
        ("on 0, 2..4", [("x", 0), ("cx", 0, 3)]),
    ],
)
def test_blocks_see_the_qubits_they_are_placed_on_from_zero(on, wanted):
    above = "ansatz ends() { x 0; cx 0, qubits - 1 }"
    assert gates(after_map(f"ansatz ends() {on}", qubits=4, above=above)) == wanted


def test_placements_inside_placements():
    above = "ansatz inner() { x 0; y 1 }\nansatz outer() { ansatz inner() on 2, 1 }"
    assert gates(after_map("ansatz outer() on 1..4", qubits=4, above=above)) == [("x", 3), ("y", 2)]


def test_arguments_of_blocks_may_use_what_is_around():
    above = 'ansatz turns(times: int, angle: float = 0.5, deep: bool = false, name: string = "h", list: list = []) {\n'
    above += "for l in 0..times { ry(angle) 0 }; if deep { gate(name) 1 } }"
    found = after_map('for k in 1..3 { ansatz turns(times: k, angle: k, deep: k == 2, name: "x") }', above=above)
    assert gates(found) == [("ry", 0), ("ry", 0), ("ry", 0), ("x", 1)]
    assert list(found.constant_slots.values()) == [1.0, 2.0, 2.0]


def test_a_default_may_use_an_argument_before_it():
    above = "ansatz a(n: int = 2, m: int = n + 1) { repeat m { h 0 } }"
    assert len(gates(after_map("ansatz a()", above=above))) == 3
    assert len(gates(after_map("ansatz a(n: 4)", above=above))) == 5


def test_without_entanglers_drops_gates_and_their_slots():
    body = 'feature_map zz(reps: 1); ansatz two_local(reps: 1, entangler: ["crx"]); without entanglers'
    found = checked(spec_text(body, qubits=3))
    assert all(operation.num_qubits == 1 for operation in found.circuit.operations)
    assert sorted(slot for operation in found.circuit.operations for slot in operation.slots) == list(
        range(len(found.circuit.slots))
    )
    note = next(item for item in found.warnings if item.code == "W0406")
    before = circuit(body.replace("; without entanglers", ""), qubits=3)
    dropped = sum(operation.num_qubits > 1 for operation in before.operations)
    assert f"drops {dropped} of the circuit's {len(before.operations)} gates" in note.headline
    assert [item.code for item in found.warnings].count("W0401") == 1  # the entanglers' weights are in no angle


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ('allow W0401 "known"', []),
        ('allow W0402 "nothing of the kind"', ["W0401", "W0404"]),
        ('allow W0499 "no such code"', ["E0206"]),
        ('allow E0201 "an error"', ["E0206"]),
    ],
)
def test_allow_silences_a_warning_in_its_braces(text, wanted):
    for place in ("model", "circuit"):
        body = f"{MAP}; weight w; {text if place == 'circuit' else ''}"
        parts = f"decoder {{ dense }}; {text if place == 'model' else ''}"
        found = codes(spec_text(body, parts=parts))
        if "E0206" in wanted:
            assert [code for code in found if code.startswith("E")] == wanted
        else:
            assert sorted(found) == wanted


def test_allow_does_not_reach_out_of_its_braces():
    parts = 'encoder { dense(2) }\ndecoder { dense; allow W0403 "elsewhere" }'
    assert sorted(codes(spec_text(MAP, parts=parts))) == ["W0403", "W0404"]
    inside = parts.replace('; allow W0403 "elsewhere"', "").replace("dense(2) }", 'dense(2); allow W0403 "small" }')
    assert codes(spec_text(MAP, parts=inside)) == []


@pytest.mark.parametrize(
    ("encoder", "bounded"),
    [
        ("dense(2); tanh", True),
        ("dense(2); tanh * pi", True),
        ("dense(2); sigmoid * 2 - 1", True),
        ("dense(2); tanh; relu", True),
        ("dense(2); tanh; dropout(0.1)", True),
        ("dense(2); tanh ** -1", False),
        ("dense(2); tanh; dense(2)", False),
        ("dense(2); relu", False),
        ("tanh; layer_norm", False),
        ("identity", False),
    ],
)
def test_an_unbounded_encoder_is_warned_of(encoder, bounded):
    found = codes(spec_text(MAP, parts=f"encoder {{ {encoder} }}\ndecoder {{ dense }}"))
    assert found == ([] if bounded else ["W0403"])
