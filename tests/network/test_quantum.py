"""The quantum layer: shapes, names, starting weights, precision, and that it travels."""

from __future__ import annotations

import copy
import pickle

import numpy as np
import pytest
import torch
from circuits_random import expected, random_case
from torch import nn

from hqnn_dsl.backends.reference.backend import BACKEND
from hqnn_dsl.catalog.initial import INITIALS
from hqnn_dsl.circuit.angles import Const, InputRef, WeightRef
from hqnn_dsl.circuit.ir import Circuit, Observable, Operation, PauliTerm, WeightTensor, verify
from hqnn_dsl.network.quantum import DRAWS, QuantumLayer, initial_values


def layer_of(circuit: Circuit, precision: str = "double", seed: int = 0) -> QuantumLayer:
    return QuantumLayer(circuit, BACKEND.load(circuit, {"precision": precision}, 0), precision=precision, seed=seed)


def weighted(*tensors: WeightTensor, num_inputs: int = 2) -> Circuit:
    """`ry` of every input, then of every weight, on two qubits."""
    num_weights = sum(tensor.size for tensor in tensors)
    slots = (*(InputRef(k) for k in range(num_inputs)), *(WeightRef(k) for k in range(num_weights))) or (Const(0.5),)
    return verify(
        Circuit(
            num_qubits=2,
            operations=tuple(Operation("ry", (k % 2,), (k,)) for k in range(len(slots))),
            slots=slots,
            measurements=tuple(Observable((PauliTerm(1.0, ((q, "z"),)),)) for q in range(2)),
            num_inputs=num_inputs,
            weights=tensors,
        )
    )


PATHS = WeightTensor("b.w", (2,), 0), WeightTensor("w", (1, 2), 2), WeightTensor("repeat.0.a.w", (3,), 4)


@pytest.mark.parametrize("seed", range(30))
def test_outputs_are_those_of_qiskit(seed: int) -> None:
    case = random_case(seed, batch=4, max_qubits=4)
    layer = layer_of(case.circuit)
    with torch.no_grad():
        for tensor, parameter in zip(case.circuit.weights, layer.parameters(), strict=True):
            parameter.copy_(torch.tensor(case.weights[tensor.offset : tensor.offset + tensor.size]))
        outputs = layer(torch.tensor(case.inputs))
    np.testing.assert_allclose(outputs.numpy(), expected(case), atol=1e-12)


def test_weights_are_named_and_ordered_as_in_the_circuit() -> None:
    layer = layer_of(weighted(*PATHS))
    assert [name for name, _ in layer.named_parameters()] == ["b.w", "w", "repeat.0.a.w"]
    assert set(layer.state_dict()) == {"b.w", "w", "repeat.0.a.w"}
    assert [p.shape for p in layer.parameters()] == [(2,), (1, 2), (3,)]
    net = nn.Sequential(nn.Linear(3, 2), layer)
    assert {name for name, _ in net.named_parameters()} == {"0.weight", "0.bias", "1.b.w", "1.w", "1.repeat.0.a.w"}
    assert [name for name, _ in layer.named_parameters("q")] == ["q.b.w", "q.w", "q.repeat.0.a.w"]


@pytest.mark.parametrize("name", ["half", "train", "parameters", "circuit", "forward", "T_destination", "executable"])
def test_a_block_may_be_called_like_a_method(name: str) -> None:
    circuit = weighted(WeightTensor(f"{name}.w", (2,), 0), WeightTensor(f"{name}_2.half.w", (1,), 2))
    layer = layer_of(circuit)
    assert set(layer.state_dict()) == {f"{name}.w", f"{name}_2.half.w"}
    x = torch.randn(3, 2, dtype=torch.float64)
    other = layer_of(circuit, seed=5)
    assert not torch.equal(other(x), layer(x))
    other.load_state_dict(layer.state_dict())
    assert torch.equal(other(x), layer(x))
    assert torch.equal(copy.deepcopy(layer)(x), layer(x))


@pytest.mark.parametrize("leading", [(), (0,), (1,), (5,), (2, 3), (2, 0, 3)])
def test_any_leading_shape(leading: tuple[int, ...]) -> None:
    layer = layer_of(weighted(*PATHS), "single")
    x = torch.randn(*leading, 2, requires_grad=True)
    out = layer(x)
    assert out.shape == (*leading, 2)
    out.sum().backward()
    assert x.grad.shape == x.shape
    flat = layer(x.reshape(-1, 2)) if 0 not in leading else out
    torch.testing.assert_close(out.reshape(-1, 2), flat.reshape(-1, 2))


@pytest.mark.parametrize("shape", [(3,), (4, 1), ()])
def test_a_wrong_width_says_both_widths(shape: tuple[int, ...]) -> None:
    with pytest.raises(ValueError, match="reads 2 inputs"):
        layer_of(weighted(*PATHS))(torch.zeros(shape))


def test_no_inputs_no_weights() -> None:
    layer = layer_of(weighted(num_inputs=0))
    assert list(layer.parameters()) == []
    assert layer.state_dict() == {}
    assert layer(torch.zeros(3, 0)).shape == (3, 2)
    empty = layer_of(weighted(WeightTensor("w", (0, 4), 0)))
    assert empty(torch.zeros(3, 2)).shape == (3, 2)


def test_every_way_to_start_is_drawn() -> None:
    """Each row of the catalog, with bounds that its values keep."""
    assert set(INITIALS) <= set(DRAWS)
    draw = {
        form: initial_values(WeightTensor("w", (2000,), 0, (form, numbers)), 3)
        for form, numbers in {
            "uniform": (-1.0, 3.0), "normal": (0.5,), "small": (0.1,), "zeros": (), "constant": (0.7,),
        }.items()
    }  # fmt: skip
    assert -1 <= draw["uniform"].min() < -0.9
    assert 2.9 < draw["uniform"].max() <= 3
    assert draw["normal"].std().item() == pytest.approx(0.5, rel=0.1)
    assert draw["small"].std().item() == pytest.approx(0.1, rel=0.1)
    assert draw["zeros"].abs().max() == 0
    assert (draw["constant"] == 0.7).all()
    given = initial_values(WeightTensor("w", (2, 2), 0, ("values", (1.0, 2.0, 3.0, 4.0))), 3)
    assert given.tolist() == [[1.0, 2.0], [3.0, 4.0]]


def test_a_new_tensor_moves_no_other() -> None:
    alone = layer_of(weighted(WeightTensor("b.w", (2,), 0)), seed=9).state_dict()
    among = layer_of(weighted(WeightTensor("a.w", (3,), 0), WeightTensor("b.w", (2,), 3)), seed=9).state_dict()
    assert torch.equal(alone["b.w"], among["b.w"])
    assert not torch.equal(among["a.w"][:2], among["b.w"])
    assert not torch.equal(layer_of(weighted(WeightTensor("b.w", (2,), 0)), seed=8).state_dict()["b.w"], alone["b.w"])


def test_single_and_double_start_from_the_same_numbers() -> None:
    single, double = (layer_of(weighted(*PATHS), precision).state_dict() for precision in ("single", "double"))
    assert all(torch.equal(single[name], double[name].float()) for name in single)


def test_frozen_weights_are_not_trained() -> None:
    tensors = WeightTensor("a.w", (1,), 0, frozen=True), WeightTensor("b.w", (1,), 1)
    layer = layer_of(weighted(*tensors))
    layer(torch.ones(2, 2)).sum().backward()
    assert [p.requires_grad for p in layer.parameters()] == [False, True]
    assert [p.grad is None for p in layer.parameters()] == [True, False]


def test_gradients_reach_inputs_and_weights() -> None:
    layer = layer_of(weighted(*PATHS))
    x = torch.randn(3, 2, dtype=torch.float64, requires_grad=True)
    assert torch.autograd.gradcheck(layer, (x,))
    layer(x).square().sum().backward()
    assert all(p.grad is not None and p.grad.abs().max() > 0 for p in layer.parameters())


@pytest.mark.parametrize("given", [torch.bfloat16, torch.float16, torch.float32, torch.float64])
@pytest.mark.parametrize("precision", ["single", "double"])
def test_precision_is_the_layers_and_the_answer_the_callers(given: torch.dtype, precision: str) -> None:
    layer = layer_of(weighted(*PATHS), precision)
    x = torch.randn(3, 2, generator=torch.Generator().manual_seed(0)).to(given)
    with torch.autocast("cpu", dtype=torch.bfloat16):
        out = layer(x)
    assert out.dtype == (torch.float64 if given == torch.float64 else torch.float32)
    exact = layer_of(weighted(*PATHS), "double")(x.double())
    np.testing.assert_allclose(out.detach().double().numpy(), exact.detach().numpy(), atol=1e-6)
    assert {p.dtype for p in layer.parameters()} == {layer.dtype}


def test_a_network_made_double_still_runs() -> None:
    net = nn.Sequential(nn.Linear(3, 2), layer_of(weighted(*PATHS), "single"), nn.Linear(2, 1)).double()
    assert net(torch.randn(4, 3, dtype=torch.float64)).dtype == torch.float64


def test_layers_pickle_copy_and_keep_their_state() -> None:
    layer = layer_of(weighted(*PATHS))
    x = torch.randn(3, 2, dtype=torch.float64)
    for other in (pickle.loads(pickle.dumps(layer)), copy.deepcopy(layer)):
        assert torch.equal(other(x), layer(x))
        assert all(a is not b for a, b in zip(other.parameters(), layer.parameters(), strict=True))
    fresh = layer_of(weighted(*PATHS), seed=4)
    assert fresh.load_state_dict(layer.state_dict()).missing_keys == []
    assert torch.equal(fresh(x), layer(x))
