"""The backend custatevec on a stand-in for the library: the algorithm, the calls, and what is said without it.

No GPU has run this backend; `make test-gpu` runs the same suite on the real library.
"""

from __future__ import annotations

import pickle
import sys

import conformance
import pytest
import torch
from circuits_random import random_case
from custatevec_standin import StandIn

from hqnn_dsl.backends import memory, offered
from hqnn_dsl.backends.custatevec import executable, library
from hqnn_dsl.backends.custatevec.executable import StateVecExecutable
from hqnn_dsl.backends.native.cuda import device
from hqnn_dsl.circuit.ir import Circuit, Observable, Operation, PauliTerm
from hqnn_dsl.diagnostics.diagnostic import Refusal


def load(circuit: Circuit, precision: str) -> StateVecExecutable:
    return StateVecExecutable(circuit, precision, module=StandIn(), device="cpu")


def cases(start: int, count: int) -> list:
    return [conformance.case_of(seed) for seed in range(start, start + count)]


@pytest.mark.parametrize("precision", ["double", "single"])
def test_values_are_those_of_qiskit(precision: str) -> None:
    conformance.assert_values(load, cases(0, 40), precision)


@pytest.mark.parametrize("precision", ["double", "single"])
def test_gradients_are_those_of_the_reference(precision: str) -> None:
    conformance.assert_gradients(load, cases(5000, 40), precision)


@pytest.mark.parametrize("gate", conformance.GATES)
def test_every_gate(gate: str) -> None:
    conformance.assert_values(load, [conformance.every_gate(gate)], "double")
    conformance.assert_gradients(load, [conformance.every_gate(gate)], "double")


def test_equal_arguments_give_equal_bits() -> None:
    conformance.assert_determined(load)


def test_first_and_second_derivatives() -> None:
    case = random_case(6, batch=2, max_qubits=3, max_operations=6, amplitude=True)
    given = conformance.arguments(case, "double", gradients=True)
    assert torch.autograd.gradcheck(load(case.circuit, "double"), given)
    assert torch.autograd.gradgradcheck(load(case.circuit, "double"), given)


@pytest.mark.parametrize("precision", ["double", "single"])
def test_second_derivatives_are_those_of_the_reference(precision: str) -> None:
    chosen = [random_case(s, batch=2, max_qubits=3, max_operations=6, amplitude=s == 6) for s in (3, 4, 6)]
    conformance.assert_second_derivatives(load, chosen, precision)
    conformance.assert_residuals(load, precision)


@pytest.mark.parametrize("asked", [(True, False), (False, True)])
def test_only_the_gradients_asked_for_are_given(asked: tuple[bool, bool]) -> None:
    case = random_case(9, batch=2, max_qubits=3, max_operations=8, amplitude=False)
    truth = conformance.arguments(case, "double", gradients=True)
    module = StandIn()
    run = StateVecExecutable(case.circuit, "double", module=module, device="cpu")
    run(*truth).sum().backward()
    calls = module.calls["compute_expectations_on_pauli_basis"]
    given = conformance.arguments(case, "double")
    for tensor, want in zip(given[:2], asked, strict=True):
        tensor.requires_grad_(want)
    run(*given).sum().backward()
    for tensor, full, want in zip(given[:2], truth[:2], asked, strict=True):
        assert (tensor.grad is not None) == want
        if want:
            torch.testing.assert_close(tensor.grad, full.grad, rtol=0, atol=1e-13)
    assert module.calls["compute_expectations_on_pauli_basis"] < 2 * calls


def test_a_row_of_zeros_is_refused() -> None:
    case = random_case(6, batch=2, max_qubits=3, max_operations=6, amplitude=True)
    samples, shared, state = conformance.arguments(case, "single")
    state[1] = 0
    with pytest.raises(Refusal) as refused:
        load(case.circuit, "single")(samples, shared, state)
    assert refused.value.diagnostics[0].code == "E0712"


@pytest.mark.parametrize("module", [StandIn(-1.0), StandIn(0.5), StandIn(1 + 1e-6), StandIn(divides=True)])
def test_a_library_with_another_convention_is_not_trusted(module: StandIn) -> None:
    case = random_case(9, batch=1, max_qubits=3)
    run = StateVecExecutable(case.circuit, "single", module=module, device="cpu")
    with pytest.raises(Refusal) as refused:
        run(*conformance.arguments(case, "single"))
    assert refused.value.diagnostics[0].code == "E0735"
    assert "be trusted" in refused.value.diagnostics[0].headline


@pytest.mark.parametrize(
    "call", ["create", "set_workspace", "apply_pauli_rotation", "compute_expectations_on_pauli_basis"]
)
def test_the_librarys_errors_are_refusals(call: str) -> None:
    case = random_case(9, batch=1, max_qubits=3)
    with pytest.raises(Refusal) as refused:
        StateVecExecutable(case.circuit, "single", module=StandIn(fails=(call,)), device="cpu")(
            *conformance.arguments(case, "single")
        )
    (diagnostic,) = refused.value.diagnostics
    assert diagnostic.code == "E0735"
    assert "EXECUTION_FAILED" in diagnostic.headline
    assert refused.value.exit_code == 3


def test_the_handle_is_given_back() -> None:
    module = StandIn()
    library.Library(module, torch.device("cpu")).close()
    assert module.calls["create"] == module.calls["destroy"] == 1


def test_it_says_what_ran() -> None:
    case = random_case(9, batch=1, max_qubits=3)
    run = load(case.circuit, "single")
    run(*conformance.arguments(case, "single"))
    assert run.metadata["device"] == "cpu"
    assert run.metadata["custatevec"] == 11500
    assert pickle.loads(pickle.dumps(run)).precision == "single"


def wide(width: int) -> Circuit:
    """A state of that many qubits, in one part."""
    return Circuit(
        num_qubits=width,
        operations=(
            *(Operation("h", (q,)) for q in range(width)),
            *(Operation("t", (q,)) for q in range(width)),
            *(Operation("cx", (q, q + 1)) for q in range(width - 1)),
            *(Operation("sx", (q,)) for q in range(width)),
            *(Operation("t", (q,)) for q in range(width)),
        ),
        slots=(),
        measurements=(Observable((PauliTerm(1.0, tuple((q, "x") for q in range(width))),)),),
    )


def test_what_does_not_fit_is_refused_before_it_is_taken(monkeypatch: pytest.MonkeyPatch) -> None:
    (diagnostic,) = offered()["custatevec"].objections(wide(40), {"precision": "single"})
    assert (diagnostic.code, diagnostic.limit_bytes) == ("E0711", memory.MAX_GPU_STATE_BYTES)
    assert offered()["custatevec"].objections(wide(30), {}) == ()
    monkeypatch.setattr(executable, "limit_of", lambda device: 100)
    with pytest.raises(Refusal) as refused:
        load(wide(5), "single")(torch.zeros(1, 0), torch.zeros(0), None)
    assert refused.value.diagnostics[0].needed_bytes == 8 << 5


def test_without_a_gpu_it_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    with pytest.raises(Refusal) as refused:
        offered()["custatevec"].load(wide(2), {}, 0)
    assert refused.value.diagnostics[0].code == "E0730"
    assert refused.value.exit_code == 3
    assert "needs an NVIDIA GPU" in offered()["custatevec"].probe()


@pytest.mark.parametrize(("cuda", "extra"), [("12.8", "custatevec"), ("13.0", "custatevec13")])
def test_without_the_package_it_says_which_to_install(monkeypatch: pytest.MonkeyPatch, cuda: str, extra: str) -> None:
    for name in library.MODULES:
        monkeypatch.setitem(sys.modules, name, None)
    monkeypatch.setattr(torch.version, "cuda", cuda)
    monkeypatch.setattr(device, "gpu_objection", lambda wanted: None)
    with pytest.raises(Refusal) as refused:
        offered()["custatevec"].load(wide(2), {}, 0)
    (diagnostic,) = refused.value.diagnostics
    assert diagnostic.code == "E0734"
    assert f"'hqnn-dsl[{extra}]'" in diagnostic.help
    assert "pip install" in offered()["custatevec"].probe()


def test_a_package_without_its_library_is_refused_with_the_reason(monkeypatch: pytest.MonkeyPatch) -> None:
    class Broken(StandIn):
        def get_version(self) -> int:
            raise RuntimeError("libcublasLt.so.13 is not there\nsearched here")

    monkeypatch.setitem(sys.modules, "cuquantum", StandIn())
    monkeypatch.setitem(sys.modules, "cuquantum.bindings", StandIn())
    monkeypatch.setitem(sys.modules, library.MODULES[0], Broken())
    monkeypatch.setitem(sys.modules, library.MODULES[1], None)
    with pytest.raises(Refusal) as refused:
        library.find_module()
    assert refused.value.diagnostics[0].headline.endswith("cannot be loaded: libcublasLt.so.13 is not there")


def test_either_name_of_the_module_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    new, old = library.MODULES
    for present, absent in ((new, old), (old, new)):
        monkeypatch.setitem(sys.modules, absent, None)
        monkeypatch.setitem(sys.modules, "cuquantum", StandIn())
        monkeypatch.setitem(sys.modules, "cuquantum.bindings", StandIn())
        module = StandIn()
        monkeypatch.setitem(sys.modules, present, module)
        assert library.find_module() is module
