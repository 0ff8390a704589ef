"""Every file of a circuit is read by Qiskit and has the values of the circuit: random circuits, blocks, and edges."""

from __future__ import annotations

import itertools
import json
import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from circuits_random import Case, expected, random_case
from qiskit import qasm3
from qiskit.quantum_info import SparsePauliOp
from written import all_outputs, worked_out

import hqnn_dsl as hqnn
from hqnn_dsl.circuit.angles import Apply, Const, InputRef, WeightRef
from hqnn_dsl.circuit.ir import Circuit, Observable, Operation, PauliTerm, Probabilities, WeightTensor, verify
from hqnn_dsl.circuit.names import weight_names
from hqnn_dsl.diagnostics.diagnostic import Refusal
from hqnn_dsl.export.emitters import circuit_files
from hqnn_dsl.export.exported import exports_of
from hqnn_dsl.export.formulas import formula, number_text, sum_text
from hqnn_dsl.export.observables import observables_text, outputs_of
from hqnn_dsl.semantics.definitions import library_block, library_names
from hqnn_dsl.transpile.convert import built_with, named_angles, opened, parameter_names, with_angles
from hqnn_dsl.transpile.passes import Transpiled, transpile
from hqnn_dsl.transpile.target import Target

COUPLINGS = [None, "linear", "ring", "full"]


def files_of(circuit: Circuit, target: Target) -> dict[str, bytes]:
    """What the files of a circuit say, without a program around it; drawings as text only."""
    angles, open_circuit = named_angles(circuit), opened(circuit)
    done = transpile(open_circuit, target)
    named = Transpiled(with_angles(done.circuit, angles), done.layout)
    exports = exports_of("random", circuit, (built_with(circuit, angles), open_circuit), (named, done))
    files = dict(circuit_files(exports, ("qasm", "qpy", "text")))
    names, layout = exports[1].names, exports[1].layout
    files["observables.json"] = observables_text(circuit, layout, done.circuit.num_qubits).encode()
    files["static.json"] = json.dumps({"angles": names.formulas, "layout": layout}).encode()
    return files


def values_of(case: Case, row: int = 0) -> dict[str, float]:
    named = {f"x[{k}]": value for k, value in enumerate(case.inputs[row])}
    return named | dict(zip(weight_names(case.circuit), case.weights, strict=True))


def check_random(seed: int, max_operations: int) -> None:
    case = random_case(seed, batch=1, max_qubits=4, max_operations=max_operations)
    target = Target(coupling=COUPLINGS[seed % 4], optimization=seed % 4, seed=seed)
    for name, found in all_outputs(files_of(case.circuit, target), values_of(case)).items():
        np.testing.assert_allclose(found, expected(case)[0], atol=1e-9, err_msg=f"{name} of seed {seed}")


@pytest.mark.parametrize("seed", range(20))
def test_random_circuits_are_what_their_files_say(seed: int) -> None:
    check_random(seed, max_operations=8)


@pytest.mark.slow
@pytest.mark.parametrize("block", range(10))
def test_many_random_circuits_are_what_their_files_say(block: int) -> None:
    for seed in range(1000 + 40 * block, 1040 + 40 * block):
        check_random(seed, max_operations=24)


# ------------------------------------------------ specs, blocks, and edges


def compiled(
    text: str, tmp_path: Path, kinds: tuple[str, ...] = ("qasm", "qpy", "text", "observables", "static")
) -> Any:
    """The program of a spec, and its files as they are on disk."""
    program = hqnn.compile_text(text)
    hqnn.write_compiled(program, tmp_path / "out", kinds)
    return program, {path.name: path.read_bytes() for path in (tmp_path / "out").iterdir()}


def check_program(program: hqnn.Program, files: dict[str, bytes], low: float = 0.1, high: float = 0.9) -> None:
    """Every file that says a circuit has the values of the reference, at random inputs and the starting weights."""
    layer = program.quantum_layer("reference", precision="double")
    circuit = program.logical
    inputs = np.random.default_rng(0).uniform(low, high, circuit.num_inputs)
    weights = layer.weights().detach().tolist() if circuit.weights else []
    truth = layer(torch.tensor(inputs)).detach().numpy()
    input_names, names, _ = parameter_names(circuit)
    values = dict(zip((*input_names, *names), (*inputs.tolist(), *weights), strict=True))
    for name, found in all_outputs(files, values).items():
        np.testing.assert_allclose(found, truth, atol=1e-9, err_msg=name)


SPECS = Path(__file__).resolve().parents[2] / "specs"
MODELS = sorted(
    path
    for path in SPECS.rglob("*.hqnn")
    if "sim" not in path.parts and re.search(r"^model ", path.read_text("utf-8"), re.MULTILINE)
)
"""All models but 19 circuits of one kind, which are circuits alone."""


@pytest.mark.parametrize("path", MODELS, ids=lambda path: path.stem)
def test_every_spec_compiles_to_all_files(path: Path, tmp_path: Path) -> None:
    program = hqnn.compile(path)
    hqnn.write_compiled(program, tmp_path / "out", in_width=program.features or 6, out_width=program.targets or 3)
    files = {found.name: found.read_bytes() for found in (tmp_path / "out").iterdir()}
    assert len(files) == 12 + 4 + 3
    assert files["transpiled.png"].startswith(b"\x89PNG")
    check_program(program, files)
    assert isinstance(hqnn.load(tmp_path / "out"), torch.nn.Module)


ODD = {
    "amplitude": ["() on x[1..5]"],
    "angle": ["(axis: x, scale: -0.5)", "(axis: z, scale: 1 / pi)"],
    "basic_entangler": ["(reps: 1, axis: z)"],
    "brickwork": ["(reps: 3)"],
    "chebyshev": ["(degree: 3)"],
    "efficient_su2": ["(reps: 1, entanglement: sca)"],
    "iqp": ["(reps: 2)"],
    "pauli": ['(reps: 1, paulis: ["Y", "XX", "YZX"], entanglement: circular, alpha: 0.7)', '(reps: 1, paulis: ["ZY"])'],
    "real_amplitudes": ["(reps: 0)", "(reps: 1, entanglement: pairwise)"],
    "strongly_entangling": ["(reps: 1)"],
    "two_local": ['(reps: 1, rotation: ["rx", "rz"], entangler: ["crx", "iswap"], entanglement: full)'],
    "z": ["(reps: 1)"],
    "zz": ["(reps: 1, entanglement: pairwise)"],
}
"""Options of every block other than its defaults."""
USES = [(name, options) for name, odd in ODD.items() for options in ("()", *odd)]


def with_block(name: str, options: str) -> str:
    around = ("ansatz real_amplitudes(reps: 1)", "feature_map angle(axis: x)")
    if name == "amplitude" and options == "()":
        options = "() on x[0..8]"
    is_ansatz = name != "amplitude" and library_block(name).block.kind == "ansatz"
    body = f"{around[1]}; ansatz {name}{options}" if is_ansatz else f"feature_map {name}{options}; {around[0]}"
    qubits = 2 if "1..5" in options else 3
    return f"""hqnn 1
model m {{
  circuit on {qubits} qubits {{ {body}; measure z, x[1] * y[0], 0.5 * y[0] + z[1], probabilities(1, 0) }}
  decoder {{ dense }}
  transpile {{ coupling linear; optimization 2; seed 5 }}
}}
"""


@pytest.mark.parametrize(("name", "options"), USES, ids=lambda part: part)
def test_every_block_is_what_its_files_say(name: str, options: str, tmp_path: Path) -> None:
    check_program(*compiled(with_block(name, options), tmp_path))


def test_no_block_is_left_out() -> None:
    assert set(ODD) == {*library_names(), "amplitude"}


def model(body: str, qubits: int = 2, more: str = "") -> str:
    return f"hqnn 1\nmodel m {{ circuit on {qubits} qubits {{ {body} }}; decoder {{ dense }}; {more} }}\n"


@pytest.mark.parametrize(
    "angle",
    [
        "v[0]", "w", "-w", "w / 2", "w + 0.5", "3 * w", "v[0] * w", "v[0] * v[1]", "v[0] - v[0]", "v[0] * 0",
        "v[0] / v[0]",         "sqrt(v[0] - v[0])", "acos(v[0] - v[0])", "v[0] / (pi / 2)",
        "w * v[0] / (1 / pi)", "w / 0.3", "1e-12 + w", "1e-12",         "13.141592653589793 * w", "(1 + w) / 4",
        "1 / (2 + w)", "v[0] - (v[1] - w)", "v[0] / (v[1] / w)", "abs(w)", "v[0] ** 2",         "acos(v[0])",
        "asin(v[1]) * w", "tanh(w) + v[0]", "sqrt(v[0]) * pi", "2 ** w", "exp(-w) / (1 + v[1])",
        "123456.789",         "-(v[0] ** 2)", "(-v[0]) ** 2", "log(v[0] + 1)", "atan(w / v[0])",
        "1e9 * v[0] / 1e9",
    ],
)  # fmt: skip
@pytest.mark.parametrize("gate", ['pauli_rot("XY", {}) 1, 0', "crz({}) 0, 1"])
def test_every_form_of_an_angle_keeps_its_value(angle: str, gate: str, tmp_path: Path) -> None:
    body = "input v[2]; weight w = constant(0.7); h 0; ry(0.4) 1; {}; ry(v[1]) 0; rx(v[0]) 1; measure z, x"
    check_program(*compiled(model(body.format(gate.format(angle))), tmp_path))


def test_an_angle_that_is_no_number_where_parameters_cancel_is_a_parameter() -> None:
    """Qiskit says these are complex, or no numbers; here they are angles that somebody has to give."""
    gone = Apply("sub", (InputRef(0), InputRef(0)))
    for angle in (
        Apply("sqrt", (Apply("sub", (gone, Const(1.0))),)),
        Apply("div", (Const(1.0), gone)),
        Apply("acos", (Apply("add", (gone, Const(2.0))),)),
        Apply("exp", (Apply("add", (gone, Const(1e4))),)),
    ):
        circuit = small(angle)
        files = files_of(circuit, Target())
        assert "// parameter slot_0 = slot[0]" in files["logical.qasm"].decode()
        assert set(json.loads(files["static.json"])["angles"]) == {"slot[0]"}


def small(*slots: Any, **changes: Any) -> Circuit:
    fields = {
        "num_qubits": 1,
        "operations": tuple(Operation("rx", (0,), (k,)) for k in range(len(slots))),
        "slots": slots,
        "measurements": (Observable((PauliTerm(1.0, ((0, "z"),)),)),),
        "num_inputs": 2,
        "weights": (WeightTensor("w", (2,), 0),),
    }
    return verify(Circuit(**(fields | changes)))


def test_functions_and_powers_make_every_angle_a_parameter_with_its_formula(tmp_path: Path) -> None:
    body = "input v[2]; weight w = constant(0.7); rx(v[0] + w) 0; ry(acos(v[1])) 1; rz(0.25) 1; measure x"
    _, files = compiled(model(body), tmp_path)
    text = files["logical.qasm"].decode()
    assert "// angle slot_0 = x[0] + w\n// angle slot_1 = acos(x[1])\n" in text
    assert "// acos and asin take what is above 1 or below -1 for 1 or -1" in text
    assert {p.name for p in qasm3.loads(text).parameters} == {"slot_0", "slot_1"}
    static = json.loads(files["static.json"])
    assert static["angles"] == {"slot[0]": "x[0] + w", "slot[1]": "acos(x[1])"}
    assert static["parameters"]["slot_1"] == "slot[1]"


def test_outside_of_its_domain_an_exported_acos_is_refused_by_qiskit_and_not_another_number(tmp_path: Path) -> None:
    program, files = compiled(model("input v[1]; rx(acos(v[0])) 0; measure z"), tmp_path)
    (parameter,) = program.circuit.parameters
    with pytest.raises(Exception, match=r"NaN|complex"):
        program.circuit.assign_parameters({parameter: 1.5})
    formula_of = json.loads(files["static.json"])["angles"]["slot[0]"]
    assert worked_out(formula_of, {"x[0]": 1.5}) == 0.0


HARD_NAMES = """hqnn 1
ansatz h() { weight gate[2]; for q in 0..qubits { ry(gate[q]) q } }
ansatz a_b() { weight w; rx(w) 0 }
ansatz a() { weight b_w; rx(b_w) 1 }
model float {
  circuit on 2 qubits {
    input qubit[1], pi2[1]
    weight rx, x_0 = constant(0.3), x[1] = constant(0.2), barrier, U, q, rzz, ctrl
    ry(qubit[0] + rx) 0; rz(x_0) 0; ry(x[0]) 1; rx(barrier + U - q) 1; rzz(rzz) 0, 1; ry(ctrl + pi2[0]) 0
    ansatz h(); ansatz a_b(); ansatz a()
    measure z
  }
  decoder { dense }
}
"""


def test_names_that_mean_something_in_openqasm_are_changed_and_told(tmp_path: Path) -> None:
    program, files = compiled(HARD_NAMES, tmp_path)
    check_program(program, files)
    text = files["logical.qasm"].decode()
    for line in ("rx_ = rx", "h_gate_0 = h.gate[0]", "barrier_ = barrier", "U_ = U", "q_ = q", "rzz_ = rzz"):
        assert f"// parameter {line}\n" in text


UNDERSCORES = """hqnn 1
feature_map odd() {
  input _x[3], q0
  weight _w[2], __, p0
  ry(_x[0] * _w[0] + p0) 0; ry(_x[1] - q0) 1; rx(__) 2
  rzz(_x[2]) 0, 1; rxx(p0) 1, 2; ryy(q0) 0, 2; rzx(__) 0, 1; iswap 0, 1; pauli_rot("XYZ", _w[1]) 0, 1, 2
  crx(_x[0]) 0, 1; cry(p0) 1, 2; crz(p0) 1, 2; cp(p0) 0, 1; u(p0, q0, __) 0; ch 0, 1; cy 0, 1; ccx 0, 1, 2; sx 0
}
model _m { circuit on 3 qubits { feature_map odd(); measure z } decoder { dense(1) }
  transpile { basis [rz, sx, rzz, ecr]; coupling linear } }
"""


def test_no_name_in_openqasm_begins_with_an_underscore(tmp_path: Path) -> None:
    """Not those of the spec, and not those of the qubits in gates that the file defines."""
    program, files = compiled(UNDERSCORES, tmp_path)
    for name in ("logical.qasm", "transpiled.qasm"):
        code = "\n".join(line for line in files[name].decode().splitlines() if not line.startswith("//"))
        assert re.findall(r"\b_\w*", code) == []
        assert "gate rzz(p0) q0, q1 {" in code
    assert not any(name.startswith("_") for name in json.loads(files["static.json"])["parameters"])
    check_program(program, files)


def test_what_no_angle_reads_is_told(tmp_path: Path) -> None:
    _, files = compiled(model("input v[3]; weight w[2]; rx(v[1] * w[0]) 0; measure z[0]", 1), tmp_path)
    assert "// unread: x[0]; x[2]; w[1]\n" in files["transpiled.qasm"].decode()
    assert json.loads(files["static.json"])["unread"] == ["x[0]", "x[2]", "w[1]"]


@pytest.mark.parametrize("coupling", ["full", "linear"])
@pytest.mark.parametrize(
    "body",
    [
        "input v[1]; measure z, probabilities",
        "input v[1]; h 0; swap 0, 2; measure z, x",
        "input v[1]; rx(v[0]) 2; measure y",
    ],
)
def test_circuits_without_gates_without_parameters_and_with_idle_qubits(
    body: str, coupling: str, tmp_path: Path
) -> None:
    check_program(*compiled(model(body, 3, f"transpile {{ coupling {coupling}; optimization 3 }}"), tmp_path))


def test_a_swap_that_the_passes_leave_out_is_in_the_layout_without_a_coupling(tmp_path: Path) -> None:
    program, files = compiled(
        model("input v[1]; ry(v[0]) 0; swap 0, 2; measure z", 3, "transpile { optimization 2 }"), tmp_path
    )
    assert json.loads(files["static.json"])["layout"] == [2, 1, 0]
    assert "// layout: 0 -> $2, 1 -> $1, 2 -> $0\n" in files["transpiled.qasm"].decode()
    check_program(program, files)


def test_a_fake_device_keeps_its_other_qubits_out_of_the_way(tmp_path: Path) -> None:
    pytest.importorskip("qiskit_ibm_runtime", reason="fake devices come with qiskit-ibm-runtime")
    body = "feature_map zz(reps: 1); ansatz real_amplitudes(reps: 1, entanglement: full); measure z, parity"
    check_program(*compiled(model(body, 3, 'transpile { target "fake_manila"; seed 3 }'), tmp_path))


@pytest.mark.parametrize("basis", ['"u", "cz"', '"rx", "ry", "rzz"', '"rz", "sx", "ecr", "x"', '"rxx", "rz", "rx"'])
def test_gates_that_the_file_defines_are_right(basis: str, tmp_path: Path) -> None:
    body = (
        "input v[2]; weight w; ry(v[0]) 0; rzx(v[1] * w) 0, 1; iswap 0, 1; crx(w) 1, 0; cp(v[0] + w) 0, 1; measure z, x"
    )
    check_program(*compiled(model(body, 2, f"transpile {{ basis [{basis}] }}"), tmp_path))


# -------------------------------------------------------------- observables


def test_observables_are_pauli_terms_on_both_sets_of_qubits() -> None:
    terms = (PauliTerm(0.5, ((0, "x"), (2, "z"))), PauliTerm(-2.0, ()))
    measured = (Observable(terms), Probabilities((1,)), Observable(()))
    circuit = small(Const(0.1), num_qubits=3, measurements=measured)
    data = json.loads(observables_text(circuit, (4, 0, 2), 5))
    read = [SparsePauliOp.from_list(entry["terms"]) for entry in data["logical"]["outputs"]]
    assert read[0] == SparsePauliOp(["ZIX", "III"], [0.5, -2.0])
    assert read[2] == SparsePauliOp(["III", "IZI"], [0.5, -0.5])
    assert np.all(read[3].coeffs == 0)
    moved = [SparsePauliOp.from_list(entry["terms"]) for entry in data["transpiled"]["outputs"]]
    assert moved == [operator.apply_layout([4, 0, 2], 5) for operator in read]
    assert [entry["output"] for entry in data["transpiled"]["outputs"]] == [0, 1, 2, 3]


def test_many_probabilities_are_stated_by_their_bits_and_never_expanded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("hqnn_dsl.export.observables.projectors", lambda measured: pytest.fail("expanded"))
    circuit = small(Const(0.1), num_qubits=8, measurements=(Probabilities((6, 0, 1, 2, 3, 4, 5)),))
    entries = list(outputs_of(circuit, range(8), 8))
    assert len(entries) == 128
    assert entries[5] == {"output": 5, "probability": {"qubits": [6, 0, 1, 2, 3, 4, 5], "bits": [1, 0, 1, 0, 0, 0, 0]}}


def test_probabilities_by_their_bits_have_the_right_values() -> None:
    operations = tuple(Operation("ry", (q,), (q,)) for q in range(7))
    circuit = small(*(Const(0.2 + 0.3 * q) for q in range(7)), num_qubits=7, operations=operations,
                    measurements=(Probabilities((3, 0, 6, 1, 2, 5, 4)),))  # fmt: skip
    case = Case(circuit, np.zeros((1, 2)), np.zeros(2))
    found = all_outputs(files_of(circuit, Target(coupling="linear", optimization=3)), values_of(case))
    for name, values in found.items():
        np.testing.assert_allclose(values, expected(case)[0], atol=1e-9, err_msg=name)


# ----------------------------------------------------------------- numbers


def test_numbers_keep_all_their_digits() -> None:
    rng = np.random.default_rng(3)
    numbers = [*rng.normal(size=200).tolist(), *np.pi * np.arange(-20, 21) / 8, 1e-300, -1e300, 5e-324, 0.0, 1 / np.pi,
               np.pi + 1e-12, 1e-10]  # fmt: skip
    for number in map(float, numbers):
        assert eval(number_text(number), {"pi": np.pi}) == number


def test_formulas_are_the_angles() -> None:
    for seed, row in itertools.product(range(40), range(2)):
        case = random_case(seed, batch=2, max_operations=8)
        names = [f"x[{k}]" for k in range(case.circuit.num_inputs)]
        weights = weight_names(case.circuit)
        for angle, value in zip(case.circuit.slots, case.slot_values(row), strict=True):
            text = formula(angle, names, weights)
            assert worked_out(text, values_of(case, row)) == pytest.approx(value, rel=1e-12, abs=1e-12)


def test_an_angle_with_much_inside_each_other_is_a_parameter_of_its_own() -> None:
    long = InputRef(0)
    for _ in range(3000):
        long = Apply("add", (long, WeightRef(0)))
    files = files_of(small(long), Target())
    assert "slot_0" in files["logical.qasm"].decode()


def test_a_sum_of_many_parameters_nests_little() -> None:
    rng = np.random.default_rng(1)
    factors = rng.normal(size=400).tolist()
    text = sum_text([(factor, f"s{k}") for k, factor in enumerate(factors)], -0.25)
    depths = np.cumsum([{"(": 1, ")": -1}.get(letter, 0) for letter in text])
    assert depths.max() < 15
    values = {f"s{k}": value for k, value in enumerate(rng.normal(size=400).tolist())}
    assert eval(text, {}, values) == pytest.approx(np.dot(factors, list(values.values())) - 0.25)
    assert (sum_text([], 0.0), sum_text([(0.0, "a")], 0.0), sum_text([(1.0, "a - b"), (-1.0, "c")], 0.0)) == (
        "0.0", "0.0", "(a - b) + (-c)",
    )  # fmt: skip


# ----------------------------------------------------------- read back


def test_what_reads_back_otherwise_is_refused_and_nothing_is_written(tmp_path: Path, monkeypatch) -> None:
    from hqnn_dsl.export import qasm

    right = qasm.qasm_text
    program = hqnn.compile_text(
        model("input v[1]; weight w; ry(w) 0; rx(v[0]) 0; rzz(2 * w) 0, 1; swap 0, 1; measure z")
    )
    for old, new in (
        ("ry(w)", "ry(w / 2.0)"),
        ("rzz(2.0 * w) q[0], q[1]", "rzz(2.0 * w) q[1], q[0]"),
        ("  rz(p0)", "  rz(p0 / 2.0)"),
        ("swap q[0], q[1];\n", ""),
        ("parameter w = w", "parameter w = u"),
        ("include", "nonsense"),
    ):
        assert old in right(program.exports[0])
        monkeypatch.setattr(qasm, "qasm_text", lambda export, old=old, new=new: right(export).replace(old, new))
        with pytest.raises(Refusal) as refused:
            hqnn.write_compiled(program, tmp_path / "out", ("qasm",))
        assert (refused.value.diagnostics[0].code, refused.value.exit_code) == ("E0610", 70)
        assert list(tmp_path.iterdir()) == []


def test_a_layout_that_the_file_says_wrongly_is_refused(tmp_path: Path, monkeypatch) -> None:
    from hqnn_dsl.export import qasm

    right = qasm.qasm_text
    program = hqnn.compile_text(
        model("input v[1]; ry(v[0]) 0; swap 0, 2; measure z", 3, "transpile { optimization 2 }")
    )
    monkeypatch.setattr(qasm, "qasm_text", lambda export: right(export).replace("0 -> $2", "0 -> $0"))
    with pytest.raises(Refusal, match="layout") as refused:
        hqnn.write_compiled(program, tmp_path / "out", ("qasm",))
    assert refused.value.diagnostics[0].code == "E0610"


def test_without_the_reader_qasm_is_refused_and_the_rest_is_written(tmp_path: Path, monkeypatch) -> None:
    from qiskit.exceptions import MissingOptionalLibraryError

    def missing(_: str) -> None:
        raise MissingOptionalLibraryError("qiskit_qasm3_import", "loading from OpenQASM 3")

    monkeypatch.setattr(qasm3, "loads", missing)
    program = hqnn.compile_text(model("input v[1]; weight w; ry(w * v[0]) 0; measure z"))
    with pytest.raises(Refusal) as refused:
        hqnn.write_compiled(program, tmp_path / "out", ("qasm",))
    assert (refused.value.diagnostics[0].code, refused.value.exit_code) == ("E0611", 3)
    assert hqnn.write_compiled(program, tmp_path / "out", ("qpy",))


@pytest.mark.parametrize("factor", ["1e6", "1e8", "1e10", "1e12", "1e15", "1e22", "-3e9"])
def test_a_large_factor_of_an_angle_is_written_as_it_is(factor: str, tmp_path: Path) -> None:
    body = f"input v[1]; rx(v[0] * {factor}) 0; cx 0, 1; rz({factor} * v[0] + 0.3) 1; h 1; measure z, x"
    _, files = compiled(model(body), tmp_path)
    assert "transpiled.qasm" in files


@pytest.mark.parametrize("gate", ["rzz({}) 0, 1", "rzx({}) 0, 1", 'pauli_rot("XX", {}) 0, 1', "rx({}) 0"])
@pytest.mark.parametrize(
    "angle",
    ["w - w", "v[0] - v[0]", "w * 0", "(w - w) * v[0]", "2 * w - w - w", "sin(w) - sin(w)", "w + (-w)", "w / w"],
)
def test_parameters_that_cancel_are_written_and_read(gate: str, angle: str, tmp_path: Path) -> None:
    body = f"input v[1]; weight w; ry(v[0] + w) 0; {gate.format(angle)}; measure z, x[0] * y[1]"
    check_program(*compiled(model(body), tmp_path))
