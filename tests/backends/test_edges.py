"""Angles at the edges of their functions' domains: one rule for values and derivatives, the same on every backend.

Where a function has no finite derivative it counts as a constant, and so does the exponent of a base that is not
positive. What is expected is written out here, from the mathematics, and not asked of any backend.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import conformance
import pytest
import torch
from custatevec_standin import StandIn

from hqnn_dsl.backends import offered
from hqnn_dsl.backends.custatevec.executable import StateVecExecutable
from hqnn_dsl.circuit.angles import Angle, Apply, Const, InputRef, WeightRef
from hqnn_dsl.circuit.ir import Circuit, Observable, Operation, PauliTerm, WeightTensor
from hqnn_dsl.network.quantum import QuantumLayer
from hqnn_dsl.network.slots import SlotTable

if TYPE_CHECKING:
    from hqnn_dsl.backends import Executable

PI = math.pi
X, W = InputRef(0), WeightRef(0)


def ap(function: str, *arguments: Angle) -> Angle:
    return Apply(function, arguments)


POWER, INVERSE = ap("pow", X, W), ap("pow", W, X)
EDGES: dict[str, tuple[Angle, float, float, float, float, float]] = {
    # the angle, x, w, its value, and its derivatives by x and by w
    "0 ** 2": (POWER, 0.0, 2.0, 0.0, 0.0, 0.0),
    "0 ** 1": (POWER, 0.0, 1.0, 0.0, 1.0, 0.0),
    "0 ** 0.5": (POWER, 0.0, 0.5, 0.0, 0.0, 0.0),
    "0 ** 1.5": (POWER, 0.0, 1.5, 0.0, 0.0, 0.0),
    "0 ** 0": (POWER, 0.0, 0.0, 1.0, 0.0, 0.0),
    "(-0) ** 3": (POWER, -0.0, 3.0, 0.0, 0.0, 0.0),
    "(-2) ** 3": (POWER, -2.0, 3.0, -8.0, 12.0, 0.0),
    "(-2) ** (-1)": (POWER, -2.0, -1.0, -0.5, -0.25, 0.0),
    "(-2) ** 0": (POWER, -2.0, 0.0, 1.0, 0.0, 0.0),
    "2 ** 3": (POWER, 2.0, 3.0, 8.0, 12.0, 8 * math.log(2)),
    "2 ** 0": (POWER, 2.0, 0.0, 1.0, 0.0, math.log(2)),
    "1 ** w": (POWER, 1.0, 0.7, 1.0, 0.7, 0.0),
    "weight 0 to the 2": (INVERSE, 2.0, 0.0, 0.0, 0.0, 0.0),
    "weight 0 to the 1": (INVERSE, 1.0, 0.0, 0.0, 0.0, 1.0),
    "constant 0 to the 2": (ap("pow", Const(0.0), X), 2.0, 1.0, 0.0, 0.0, 0.0),
    "constant 0 to the 0": (ap("pow", Const(0.0), X), 0.0, 1.0, 1.0, 0.0, 0.0),
    "x ** 0.5": (ap("pow", X, Const(0.5)), 0.0, 1.0, 0.0, 0.0, 0.0),
    "x ** 2": (ap("pow", X, Const(2.0)), 0.0, 1.0, 0.0, 0.0, 0.0),
    "x ** x": (ap("pow", X, X), 0.0, 1.0, 1.0, 0.0, 0.0),
    "sqrt": (ap("sqrt", X), 0.0, 1.0, 0.0, 0.0, 0.0),
    "sqrt of -0": (ap("sqrt", X), -0.0, 1.0, 0.0, 0.0, 0.0),
    "sqrt of sqrt": (ap("sqrt", ap("sqrt", X)), 0.0, 1.0, 0.0, 0.0, 0.0),
    "sqrt of a square": (ap("sqrt", ap("mul", X, X)), 0.0, 1.0, 0.0, 0.0, 0.0),
    "sqrt of w * x": (ap("sqrt", ap("mul", W, X)), 0.0, 3.0, 0.0, 0.0, 0.0),
    "square of sqrt": (ap("pow", ap("sqrt", X), Const(2.0)), 0.0, 1.0, 0.0, 0.0, 0.0),
    "abs": (ap("abs", X), 0.0, 1.0, 0.0, 0.0, 0.0),
    "abs of -2": (ap("abs", X), -2.0, 1.0, 2.0, -1.0, 0.0),
    "acos 1": (ap("acos", X), 1.0, 1.0, 0.0, 0.0, 0.0),
    "acos -1": (ap("acos", X), -1.0, 1.0, PI, 0.0, 0.0),
    "acos 1.5": (ap("acos", X), 1.5, 1.0, 0.0, 0.0, 0.0),
    "acos -1.5": (ap("acos", X), -1.5, 1.0, PI, 0.0, 0.0),
    "acos 0.5": (ap("acos", X), 0.5, 1.0, PI / 3, -1 / math.sqrt(0.75), 0.0),
    "asin 1": (ap("asin", X), 1.0, 1.0, PI / 2, 0.0, 0.0),
    "asin -3": (ap("asin", X), -3.0, 1.0, -PI / 2, 0.0, 0.0),
    "asin of w * x": (ap("asin", ap("mul", W, X)), 1.0, -1.0, -PI / 2, 0.0, 0.0),
    "atan of 1 / x": (ap("atan", ap("div", Const(1.0), X)), 0.0, 1.0, PI / 2, 0.0, 0.0),
    "exp of -1 / x**2": (ap("exp", ap("neg", ap("div", Const(1.0), ap("mul", X, X)))), 0.0, 1.0, 0.0, 0.0, 0.0),
    "tanh of log": (ap("tanh", ap("log", X)), 0.0, 1.0, -1.0, 0.0, 0.0),
    "w / x": (ap("div", W, X), 0.5, 3.0, 6.0, -12.0, 2.0),
}
NOT_FINITE: dict[str, tuple[Angle, float, float]] = {
    "log 0": (ap("log", X), 0.0, 1.0),
    "log -1": (ap("log", X), -1.0, 1.0),
    "log of a weight": (ap("add", X, ap("log", W)), 0.5, -1.0),
    "sqrt -1": (ap("sqrt", X), -1.0, 1.0),
    "1 / 0": (ap("div", W, X), 0.0, 1.0),
    "0 / 0": (ap("div", X, X), 0.0, 1.0),
    "0 ** -1": (POWER, 0.0, -1.0),
    "(-2) ** 0.5": (POWER, -2.0, 0.5),
    "acos of what is no number": (ap("acos", ap("log", X)), -1.0, 1.0),
    "asin of what is no number": (ap("asin", ap("sqrt", X)), -1.0, 1.0),
}


def circuit_of(angle: Angle) -> Circuit:
    """<Z> is the cosine of the angle; a second qubit does not see it, and an `rz` before anything changes nothing."""
    z = [Observable((PauliTerm(1.0, ((qubit, "z"),)),)) for qubit in range(2)]
    return Circuit(
        num_qubits=2,
        operations=(Operation("rz", (0,), (0,)), Operation("rx", (0,), (1,)), Operation("ry", (1,), (2,))),
        slots=(angle, angle, ap("mul", Const(0.5), X)),
        measurements=tuple(z),
        num_inputs=1,
        weights=(WeightTensor("w", (1,), 0),),
    )


def dropping_circuit(angle: Angle) -> Circuit:
    """The angle stands only where it turns a phase that nobody sees."""
    whole = circuit_of(angle)
    return Circuit(
        num_qubits=2,
        operations=(Operation("rz", (0,), (0,)), Operation("rx", (0,), (1,))),
        slots=(angle, ap("add", X, W)),
        measurements=whole.measurements,
        num_inputs=1,
        weights=whole.weights,
    )


def loader(backend: str, **options: Any) -> Any:
    def load(circuit: Circuit, precision: str) -> Executable:
        row = offered()[backend]
        return row.load(circuit, {**row.entry.defaults(), **options, "precision": precision}, 0)

    return load


def standing_in(circuit: Circuit, precision: str) -> StateVecExecutable:
    return StateVecExecutable(circuit, precision, module=StandIn(), device="cpu")


LOADERS = {
    "reference": loader("reference"),
    "native": loader("native"),
    "custatevec": standing_in,
    "aer": loader("aer"),
    "aer estimator_qnn": loader("aer", method="estimator_qnn"),
    "primitive": loader("primitive", name="statevector"),
    "pennylane": loader("pennylane"),
    "pennylane adjoint": loader("pennylane", diff="adjoint"),
}


@pytest.fixture(params=LOADERS)
def load(request: pytest.FixtureRequest) -> Any:
    if request.param.startswith("aer"):
        pytest.importorskip("qiskit_aer", reason="Qiskit Aer is an optional part")
    if request.param.startswith("pennylane"):
        pytest.importorskip("pennylane", reason="PennyLane is an optional part")
    return LOADERS[request.param]


def layer_at(load: Any, circuit: Circuit, weight: float, precision: str) -> QuantumLayer:
    layer = QuantumLayer(circuit, load(circuit, precision), precision=precision)
    next(layer.parameters()).data.fill_(weight)
    return layer


@pytest.mark.parametrize("precision", ["double", "single"])
@pytest.mark.parametrize("name", ["reference", "native"])
@pytest.mark.parametrize("edge", EDGES)
def test_angles_and_their_derivatives_at_edges(name: str, edge: str, precision: str) -> None:
    """By the outputs' derivatives: those of the cosine, times the angle's."""
    angle, x, w, value, by_x, by_w = EDGES[edge]
    shifted = ap("add", angle, Const(0.3))
    layer = layer_at(LOADERS[name], circuit_of(shifted), w, precision)
    given = torch.tensor([[x], [0.6]], dtype=layer.dtype, requires_grad=True)
    outputs = layer(given)
    tolerance = 1e-12 if precision == "double" else 2e-5
    assert outputs[0, 0].item() == pytest.approx(math.cos(value + 0.3), abs=tolerance)
    found = torch.autograd.grad(outputs[0, 0], [given, *layer.parameters()], materialize_grads=True)
    slope = -math.sin(value + 0.3)
    assert found[0][0, 0].item() == pytest.approx(slope * by_x, abs=10 * tolerance)
    assert found[1].item() == pytest.approx(slope * by_w, abs=10 * tolerance)
    again = layer(given)[0, 0]
    first = torch.autograd.grad(again, [given, *layer.parameters()], create_graph=True, materialize_grads=True)
    total = sum((gradient.sum() for gradient in first), start=again)
    second = torch.autograd.grad(total, [given, *layer.parameters()], materialize_grads=True)
    assert all(bool(tensor.isfinite().all()) for tensor in second)


@pytest.mark.parametrize("edge", ["0 ** 2", "x ** 0.5", "sqrt of sqrt", "acos 1.5", "(-2) ** 3", "atan of 1 / x"])
def test_every_backend_has_that_rule(load: Any, edge: str) -> None:
    angle, x, w, value, by_x, by_w = EDGES[edge]
    layer = layer_at(load, circuit_of(ap("add", angle, Const(0.3))), w, "double")
    given = torch.tensor([[x], [0.6]], dtype=torch.float64, requires_grad=True)
    outputs = layer(given)
    found = torch.autograd.grad(outputs[0, 0], [given, *layer.parameters()], materialize_grads=True)
    slope = -math.sin(value + 0.3)
    assert outputs[0, 0].item() == pytest.approx(math.cos(value + 0.3), abs=1e-12)
    assert found[0][0, 0].item() == pytest.approx(slope * by_x, abs=1e-10)
    assert found[1].item() == pytest.approx(slope * by_w, abs=1e-10)


def test_an_angle_that_is_no_number_makes_its_row_nan_and_no_other(load: Any) -> None:
    """Also where it stands in a rotation that a plan drops, and for outputs that it does not reach."""
    for angle, x, w in NOT_FINITE.values():
        for circuit in (circuit_of(angle), dropping_circuit(angle)):
            layer = layer_at(load, circuit, w, "double")
            given = torch.tensor([[x], [2.0]], dtype=torch.float64, requires_grad=True)
            shared = angle == NOT_FINITE["log of a weight"][0]  # then all rows have that angle
            outputs = layer(given)
            assert outputs.isnan().all(dim=1).tolist() == [True, shared]
            assert outputs.isfinite().all(dim=1).tolist() == [False, not shared]
            with torch.no_grad():
                assert torch.equal(layer(given).isnan(), outputs.isnan())
            if not shared:
                slope = torch.autograd.grad(outputs[1, 1], given)[0][1]
                assert slope.isfinite().all()


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_second_derivatives_at_edges_are_those_of_the_rule(dtype: torch.dtype) -> None:
    """Of whole powers the mathematical ones, otherwise 0: what counts as a constant has no derivative of any order."""
    expected = {
        "0 ** 2": 2.0, "0 ** 1": 0.0, "0 ** 1.5": 0.0, "0 ** 0.5": 0.0, "(-2) ** 3": -12.0, "(-2) ** (-1)": -0.25,
        "x ** 2": 2.0, "sqrt of sqrt": 0.0, "acos 1": 0.0, "acos 0.5": -0.5 / 0.75**1.5, "w / x": 48.0, "2 ** 3": 12.0,
    }  # fmt: skip
    for edge, second in expected.items():
        angle, x, w, value, by_x, _ = EDGES[edge]
        table = SlotTable(circuit_of(angle))
        given = torch.tensor([[x]], dtype=dtype, requires_grad=True)
        weights = torch.tensor([w], dtype=dtype, requires_grad=True)
        found = table.evaluate(given, weights)[0][0, 0]
        (first,) = torch.autograd.grad(found, given, create_graph=True)
        twice, mixed = torch.autograd.grad(first.sum(), [given, weights], materialize_grads=True, allow_unused=True)
        assert found.item() == pytest.approx(value, rel=1e-6)
        assert first.item() == pytest.approx(by_x, rel=1e-5)
        assert twice.item() == pytest.approx(second, rel=1e-5), edge
        assert mixed.isfinite().all()


def test_a_feature_that_is_zero_leaves_the_other_rows_their_gradients() -> None:
    """The kind that ended training: one row at the edge, a hundred inside, the same gradients on both engines."""
    circuit = circuit_of(ap("add", POWER, Const(0.3)))
    inputs = torch.linspace(0, 2, 101, dtype=torch.float64).unsqueeze(1)
    found = []
    for name in ("reference", "native"):
        layer = layer_at(LOADERS[name], circuit, 1.5, "double")
        given = inputs.clone().requires_grad_()
        found.append(torch.autograd.grad(layer(given).sum(), [given, *layer.parameters()]))
    for true, own in zip(*found, strict=True):
        assert true.isfinite().all()
        torch.testing.assert_close(own, true, rtol=0, atol=conformance.GRADIENTS["double"])
