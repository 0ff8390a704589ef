"""What names mean: constants, blocks, files brought in by `use`, and that nothing is ever shadowed."""

from __future__ import annotations

import pytest
from short import MAP, checked, circuit, codes, gates, spec_text

TURN = "ansatz turn(times: int = n) { for l in 0..times { x 0 } }"


@pytest.fixture
def folder(tmp_path):
    """A folder to write files in, and the path of the spec beside them."""

    def write(**files: str) -> str:
        for name, text in files.items():
            path = tmp_path / name.replace("__", "/")
            path = path.with_suffix(".hqnn")
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(f"hqnn 1\n{text}\n", encoding="utf-8")
        return str(tmp_path / "spec.hqnn")

    return write


def test_a_block_sees_the_constants_of_its_file_wherever_they_stand():
    above = f"{TURN}\nlet n = half * 2\nlet half = 2"
    assert gates(circuit(f"{MAP}; ansatz turn()", above=above))[2:] == [("x", 0)] * 4


def test_used_blocks_keep_the_constants_of_their_own_file(folder):
    name = folder(blocks=f"let n = 3\n{TURN}")
    text = spec_text(f"{MAP}; ansatz turn()", above='use "blocks.hqnn"\nlet n = 1')
    assert gates(checked(text, name=name).circuit)[2:] == [("x", 0)] * 3


def test_use_is_relative_to_the_file_that_says_it(folder):
    name = folder(
        deep__outer='use "inner/leaf.hqnn"\nansatz outer() { ansatz leaf(); h 0 }',
        deep__inner__leaf="ansatz leaf() { y 0 }",
    )
    text = spec_text(f"{MAP}; ansatz outer()", above='use "deep/outer.hqnn"')
    assert gates(checked(text, name=name).circuit)[2:] == [("y", 0), ("h", 0)]


def test_constants_and_blocks_of_used_files_go_no_further(folder):
    name = folder(outer='use "leaf.hqnn"\nlet n = 2\nansatz outer() { ansatz leaf() }', leaf="ansatz leaf() { y 0 }")
    above = 'use "outer.hqnn"'
    assert codes(spec_text(f"{MAP}; ansatz leaf()", above=above), name=name) == ["E0202"]
    assert codes(spec_text(f"{MAP}; repeat n {{ h 0 }}", above=above), name=name) == ["E0201"]


def test_a_file_may_be_used_by_two(folder):
    name = folder(
        left='use "leaf.hqnn"\nansatz left() { ansatz leaf() }',
        right='use "leaf.hqnn"\nansatz right() { ansatz leaf(); h 1 }',
        leaf="ansatz leaf() { y 0 }",
    )
    text = spec_text(f"{MAP}; ansatz left(); ansatz right()", above='use "left.hqnn"; use "right.hqnn"')
    assert codes(text, name=name) == []


def test_two_blocks_of_one_name_cannot_stand_in_one_circuit(folder):
    name = folder(outer='use "leaf.hqnn"\nansatz outer() { ansatz leaf() }', leaf="ansatz leaf() { y 0 }")
    above = 'use "outer.hqnn"\nansatz leaf() { z 0 }'
    assert codes(spec_text(f"{MAP}; ansatz leaf()", above=above), name=name) == []
    assert codes(spec_text(f"{MAP}; ansatz leaf(); ansatz outer()", above=above), name=name) == ["E0210"]


def test_the_same_block_from_two_files_is_refused(folder):
    name = folder(left="ansatz leaf() { y 0 }", right="ansatz leaf() { y 0 }")
    assert codes(spec_text(MAP, above='use "left.hqnn"; use "right.hqnn"'), name=name) == ["E0210"]


def test_a_circle_of_three_files(folder):
    name = folder(a='use "b.hqnn"', b='use "c.hqnn"', c='use "a.hqnn"')
    assert codes('hqnn 1\nuse "a.hqnn"\n', name=name) == ["E0220"]
    assert codes('hqnn 1\nuse "spec.hqnn"\n', name=name) == ["E0220"]


def test_a_mistake_in_a_used_file_is_reported_there_and_once(folder):
    name = folder(blocks="let a = nosuch\nansatz turn() { rx(a) 0; rx(a) 1 }")
    assert codes(spec_text(f"{MAP}; ansatz turn()", above='use "blocks.hqnn"'), name=name) == ["E0201"]


def test_own_blocks_win_over_the_library_with_a_note():
    above = "ansatz brickwork() { h 0; h 1 }"
    found = checked(spec_text(f"{MAP}; ansatz brickwork()", above=above))
    assert gates(found.circuit)[2:] == [("h", 0), ("h", 1)]
    assert [(item.code, item.severity) for item in found.warnings] == [("W0405", "note")]


@pytest.mark.parametrize(
    ("above", "body"),
    [
        ("let q = 1", "for q in 0..2 { h q }"),
        ("let w = 1", "weight w"),
        ("let v = 1", "input v"),
        ("", "let a = 1; let a = 2"),
        ("", "let qubits = 1"),
        ("", "for q in 0..2 { let q = 1 }"),
        ("", "weight w; input w"),
        ("ansatz a(w: int = 1) { weight w }", "ansatz a()"),
        ("ansatz a(n: int = 1) { for n in 0..2 { h 0 } }", "ansatz a()"),
        ("let n = 1\nansatz a() { let n = 2 }", "ansatz a()"),
    ],
)
def test_nothing_is_shadowed(above, body):
    found = codes(spec_text(f"{MAP}\n{body}", above=above))
    assert found == ["E0130" if "qubits" in body else "E0217"]


def test_the_same_name_may_stand_in_two_places_beside_each_other():
    body = "for q in 0..2 { let a = q; h a }; for q in 0..2 { let a = q; x a }; if true { let b = 1; h b }"
    assert gates(circuit(f"{MAP}; {body}"))[2:] == [("h", 0), ("h", 1), ("x", 0), ("x", 1), ("h", 1)]


def test_a_block_does_not_see_the_names_around_its_place():
    assert codes(spec_text(f"{MAP}; let k = 1; ansatz a()", above="ansatz a() { h k }")) == ["E0201"]


def test_members_of_an_enumeration_win_over_other_names():
    above = "let y = 2\nlet linear = 7"
    body = "feature_map angle(axis: y); ansatz real_amplitudes(reps: y, entanglement: linear)"
    found = circuit(body, above=above)
    assert gates(found)[:2] == [("ry", 0), ("ry", 1)]
    assert found.num_weights == 6


def test_a_constant_may_choose_a_member():
    above = 'let pattern = "circular"'
    found = circuit(f"{MAP}; ansatz real_amplitudes(reps: 1, entanglement: pattern)", above=above, qubits=3)
    assert [g for g in gates(found) if g[0] == "cx"] == [("cx", 2, 0), ("cx", 0, 1), ("cx", 1, 2)]


def test_gates_named_like_constants_are_still_gates():
    assert gates(circuit(f"{MAP}; x 0", above="let x = 3"))[2:] == [("x", 0)]
    assert checked(spec_text(MAP, above="let x = 3", parts="transpile { basis [rz, sx, x, cx] }\ndecoder { dense }"))
