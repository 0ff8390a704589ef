"""Wrong arguments of library blocks: refused where the user wrote them, in no word of the library's own text."""

from __future__ import annotations

import pytest
from qiskit.circuit.library import n_local
from short import circuit, spec_text
from test_library import against_qiskit

from hqnn_dsl import pipeline
from hqnn_dsl.diagnostics.diagnostic import Diagnostic, Refusal
from hqnn_dsl.diagnostics.render import as_text
from hqnn_dsl.diagnostics.source import Source
from hqnn_dsl.semantics.arguments import ITEMS
from hqnn_dsl.semantics.definitions import library_block, library_names

BAD = [
    *("-1", "-3", "0.5", "2.0", "10 ** 18", "true", "none", "auto", "nosuch", '"nosuch"', '"u"', "[]", "[1]", "[[]]"),
    *('[""]', '["nosuch"]', '["ry", "nosuch"]', '["cx"]', '["u", "u"]', '["rx"]', '["ccx"]', '["gate"]', '["RY"]'),
    *('["pauli_rot"]', '["sxdg"]', '["rot"]', "[ry, cx]", '["ZZZZZ"]', '["zz"]', '["II"]', '["Z", "A"]', '["XYZ"]'),
    *("ring", "all", "x", "x[0]", "pairwise", "0..3", "1 / 0", "pi", "qubits", '"a" + 1', "angle()"),
]
"""Values of every kind; each is wrong for most arguments."""

PARAMETERS = [
    (name, parameter.name.name) for name in library_names() for parameter in library_block(name).block.parameters
]


def found_in(text: str) -> list[Diagnostic]:
    try:
        return list(pipeline.check(Source("mine.hqnn", text)).warnings)
    except Refusal as refusal:
        return list(refusal.diagnostics)


def placed(name: str, arguments: str) -> str:
    kind = library_block(name).block.kind
    first = "feature_map angle()\n" if kind == "ansatz" else ""
    return f"{first}{kind} {name}({arguments})"


def assert_mine(items: list[Diagnostic]) -> None:
    """Every place is in the user's file, and no line of a library file stands in the text."""
    for item in items:
        places = [item.span, *(note.span for note in item.notes if note.span is not None)]
        assert {span.source.name for span in places if span is not None} == {"mine.hqnn"}, as_text(item)
        shown = as_text(item)
        assert "library/" not in shown
        said = f"{item.headline} {item.caption} {item.help}"
        for piece in (
            "rotation[",
            "entangler[",
            "pairs[",
            "letters)",
            "groups(",
            "angles(",
            "len(",
            "gate(",
            "`w`",
            "g[0]",
        ):
            assert piece not in said, shown


@pytest.mark.parametrize(("block", "argument"), PARAMETERS)
@pytest.mark.parametrize("qubits", [1, 3])
def test_no_value_leads_into_the_librarys_text(block, argument, qubits):
    for value in BAD:
        assert_mine(found_in(spec_text(placed(block, f"{argument}: {value}"), qubits=qubits)))


@pytest.mark.parametrize(("block", "argument"), PARAMETERS)
def test_a_wrong_value_in_a_block_of_ones_own_too(block, argument):
    """Through an argument of the user's block, and from a constant."""
    kind = library_block(block).block.kind
    for value in ("-1", '["cx"]', '["nosuch"]', '["u"]'):
        above = f"let wrong = {value}\n{kind} mine() {{ {kind} {block}({argument}: wrong) }}"
        body = "feature_map angle()\nansatz mine()" if kind == "ansatz" else "feature_map mine()"
        assert_mine(found_in(spec_text(body, qubits=3, above=above)))


@pytest.mark.parametrize("block", library_names())
def test_calls_of_every_wrong_shape(block):
    for arguments in (
        "1",
        "nosuch: 1",
        "reps: 1, reps: 2",
        "1, 2",
        "reps: ",
        "entanglement: circular, entanglement: full",
    ):
        assert_mine(found_in(spec_text(placed(block, arguments), qubits=3)))
    for where in ("on 0, 0", "on 7", "on []", "on 0..0", "on x[0..9]"):
        assert_mine(found_in(spec_text(f"{placed(block, '')} {where}", qubits=3)))


@pytest.mark.parametrize(
    ("block", "arguments", "code", "text", "said"),
    [
        ("two_local", 'entangler: ["ry"]', "E0240", '"ry"', "`two_local.entangler` takes gates on 2 qubits, not `ry`"),
        (
            "two_local",
            'rotation: ["ry", "cx"]',
            "E0240",
            '"cx"',
            "`two_local.rotation` takes gates on 1 qubit, not `cx`",
        ),
        ("two_local", 'rotation: ["nosuch"]', "E0203", '"nosuch"', "there is no gate `nosuch`"),
        ("two_local", 'rotation: ["pauli_rot"]', "E0240", '"pauli_rot"', "`two_local.rotation` takes gates on 1 qubit"),
        ("two_local", "reps: -1", "E0208", "-1", "`two_local.reps` must be at least 0, this is -1"),
        ("real_amplitudes", "reps: -2", "E0208", "-2", "`real_amplitudes.reps` must be at least 0"),
        ("pauli", 'paulis: ["Z", "ab"]', "E0310", '"ab"', "`pauli.paulis` takes texts of I, X, Y, Z"),
        ("pauli", 'paulis: ["XXXXX"]', "E0310", '"XXXXX"', "one to 4 letters, this has 5"),
        ("pauli", 'paulis: ["XYZ"], entanglement: pairwise', "E0310", '"XYZ"', "`pairwise` joins two qubits at a time"),
    ],
)
def test_the_place_is_the_item_and_the_sentence_names_the_argument(block, arguments, code, text, said):
    (found,) = [item for item in found_in(spec_text(placed(block, arguments), qubits=5)) if item.is_error]
    assert (found.code, found.span.text) == (code, text)
    assert said in found.headline + found.caption


def test_other_names_of_gates_are_answered_by_their_meaning():
    (found,) = [item for item in found_in(spec_text(placed("two_local", 'entangler: ["cnot"]'))) if item.is_error]
    assert found.help == "here it is called `cx`"


def test_every_list_of_the_library_has_a_row():
    lists = {
        (name, parameter.name.name)
        for name in library_names()
        for parameter in library_block(name).block.parameters
        if [word.name for word in parameter.type] == ["list"]
    }
    assert lists == set(ITEMS)


@pytest.mark.parametrize(
    ("rotation", "entangler"),
    [
        (["u"], ["cz"]),
        (["ry", "u", "rz"], ["crx"]),
        (["u", "h", "u"], ["cp", "cx"]),
        (["sx", "p"], ["rzz", "crz"]),
        ([], ["cx", "rxx"]),
    ],
)
@pytest.mark.parametrize("pattern", ["linear", "full", "sca"])
def test_gates_with_several_angles_have_qiskits_weights(rotation, entangler, pattern):
    names = [str(item).replace("'", '"') for item in (rotation, entangler)]
    line = f"ansatz two_local(reps: 2, rotation: {names[0]}, entangler: {names[1]}, entanglement: {pattern})"
    theirs = n_local(3, rotation, entangler, entanglement=pattern, reps=2)
    against_qiskit(line, theirs, 3)


def test_u_has_three_weights_a_qubit():
    found = circuit('feature_map angle(); ansatz two_local(rotation: ["u"])', qubits=3)
    assert found.num_weights == n_local(3, ["u"], ["cz"], reps=3).num_parameters == 36
