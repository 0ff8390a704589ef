"""The quantum layer as torch users expect a layer: dtypes, fresh weights, names, arguments by name, wrong inputs."""

from __future__ import annotations

import copy
import io
import pickle

import numpy as np
import pytest
import torch
from torch.nn.utils import parametrize, prune

import hqnn_dsl as hqnn
from hqnn_dsl.diagnostics.diagnostic import Refusal

SPEC = """hqnn 1
model m {
  encoder { dense(3); tanh }
  circuit on 3 qubits {
    feature_map angle()
    ansatz real_amplitudes(reps: 1)
    rx(1 / 3) 0
  }
  decoder { dense(1) }
}
"""
BACKENDS = ["native", "reference", "aer", "aer(method: estimator_qnn)", "pennylane", 'primitive("statevector")']
OWN = {"single": torch.float32, "double": torch.float64}


@pytest.fixture(scope="module")
def program():
    return hqnn.compile_text(SPEC)


@pytest.fixture(scope="module")
def exact(program):
    """The reference in double precision, with the weights of seed 3."""
    return program.quantum_layer("reference", "double", seed=3)


def rows(dtype: torch.dtype = torch.float64) -> torch.Tensor:
    return torch.rand(2, 3, dtype=torch.float64, generator=torch.Generator().manual_seed(1)).to(dtype)


@pytest.mark.parametrize("backend", BACKENDS)
def test_double_is_the_precision_of_the_state_too(program, exact, backend):
    layer = program.quantum_layer(backend, seed=3)
    assert layer.double() is layer
    weights = dict(exact.named_parameters())
    for name, weight in layer.named_parameters():
        assert weight.dtype == torch.float64
        weight.data.copy_(weights[name])
    assert layer(rows()).dtype == torch.float64
    torch.testing.assert_close(layer(rows()), exact(rows()), atol=1e-11, rtol=0)
    assert layer.precision == layer.backend.options["precision"] == "double"


@pytest.mark.parametrize("change", [lambda m: m.double(), lambda m: m.to(torch.float64), lambda m: m.to(rows())])
def test_gradcheck_passes_in_double(program, change):
    layer = change(program.quantum_layer("native", seed=3))
    assert torch.autograd.gradcheck(layer, (rows().requires_grad_(),))


def test_float_takes_the_state_back_to_single_where_the_backend_has_it(program, exact):
    layer = program.quantum_layer("native", "double", seed=3).float()
    assert layer.precision == "single"
    torch.testing.assert_close(layer(rows(torch.float32)).double(), exact(rows()), atol=1e-5, rtol=0)
    wide = program.quantum_layer("pennylane", seed=3)  # `default.qubit` has double precision only
    assert wide.float().precision == "double"
    assert {weight.dtype for weight in wide.parameters()} == {torch.float32}
    assert wide(rows(torch.float32)).dtype == torch.float32


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16])
def test_half_precision_is_answered_in_kind(program, exact, dtype):
    layer = program.quantum_layer("native", seed=3).to(dtype)
    x = rows(dtype).requires_grad_()
    outputs = layer(x)
    assert outputs.dtype == dtype
    torch.testing.assert_close(outputs.double(), exact(rows()), atol=0.05, rtol=0)
    outputs.sum().backward()
    assert x.grad.dtype == dtype
    assert all(weight.grad.dtype == dtype for weight in layer.parameters())
    torch.nn.Linear(3, 1).to(dtype)(layer(x))


def test_under_autocast_half_precision_is_answered_in_single(program):
    layer = program.quantum_layer("native")
    with torch.autocast("cpu", dtype=torch.bfloat16):
        assert layer(rows(torch.bfloat16)).dtype == torch.float32


def test_integers_are_answered_in_the_layers_own_dtype(program):
    ones = torch.ones(2, 3, dtype=torch.int64)
    for precision, dtype in OWN.items():
        assert program.quantum_layer("native", precision)(ones).dtype == dtype


@pytest.mark.parametrize("dtype", [torch.float64, torch.float16, torch.bfloat16])
def test_a_whole_network_follows(program, dtype):
    net, same = program.network(4, backend="native"), program.network(4, backend="native")
    x = torch.rand(3, 4, generator=torch.Generator().manual_seed(2))
    before = same(x)
    after = net.to(dtype)(x.to(dtype))
    assert after.dtype == net.dtype == dtype
    torch.testing.assert_close(after.float(), before, atol=1e-5 if dtype == torch.float64 else 0.1, rtol=0)
    assert net.float()(x).dtype == torch.float32


def test_what_changed_its_precision_travels(program):
    layer = program.quantum_layer("native", seed=3).double()
    for other in (copy.deepcopy(layer), pickle.loads(pickle.dumps(layer))):
        assert torch.equal(other(rows()), layer(rows()))
        assert other.float().precision == "single"


def test_moving_without_a_dtype_changes_nothing(program):
    layer = program.quantum_layer("native")
    executable = layer.executable
    assert layer.to("cpu").executable is executable
    assert layer.float().executable is executable
    assert "_unit" not in layer.state_dict()


def test_shots_go_on_where_they_were(program):
    layer = program.quantum_layer("aer", shots=50, seed=3)
    layer(rows(torch.float32))
    drawn = layer.executable.draws
    assert drawn > 0
    assert layer.double().executable.draws == drawn


def flat(layer) -> torch.Tensor:
    return layer.weights().detach()


def test_layers_start_differently_as_torch_says(program):
    torch.manual_seed(5)
    first, second = program.quantum_layer("native"), program.quantum_layer("native")
    assert not torch.equal(flat(first), flat(second))
    torch.manual_seed(5)
    assert torch.equal(flat(program.quantum_layer("native")), flat(first))
    assert torch.equal(flat(program.quantum_layer("native", seed=9)), flat(program.quantum_layer("native", seed=9)))


def test_a_network_keeps_the_specs_seed(program):
    torch.manual_seed(5)
    first = program.network(4, backend="native").circuit
    torch.manual_seed(6)
    assert torch.equal(flat(program.network(4, backend="native").circuit), flat(first))
    own = program.quantum_layer("native", seed=program.spec.train.seed)
    assert torch.equal(flat(own), flat(first))


def test_weights_are_drawn_anew(program):
    layer = program.quantum_layer("native", seed=3)
    before, kept = flat(layer), dict(layer.named_parameters())
    torch.manual_seed(1)
    layer.reset_parameters()
    drawn = flat(layer)
    assert not torch.equal(drawn, before)
    assert all(weight is kept[name] for name, weight in layer.named_parameters())
    torch.manual_seed(1)
    layer.reset_parameters()
    assert torch.equal(flat(layer), drawn)
    layer.reset_parameters(seed=4)
    assert not torch.equal(flat(layer), drawn)


def test_it_says_what_it_is(program):
    layer = program.quantum_layer("native")
    assert (layer.in_features, layer.out_features) == (3, 3)
    text = layer.extra_repr()
    for part in ("in_features=3", "out_features=3", "qubits=3", "backend=native", "precision=single"):
        assert part in text


@pytest.mark.parametrize("given", ["double", "float64", torch.float64])
def test_a_precision_has_several_names(program, given):
    assert program.quantum_layer("native", precision=given).precision == "double"


@pytest.mark.parametrize("given", ["quad", torch.float16, 64, ["double"]])
def test_an_unknown_precision_is_named(program, given):
    with pytest.raises(ValueError, match=r'"single" .* or "double"'):
        program.quantum_layer("native", precision=given)


def test_options_of_a_backend_go_by_name(program):
    options = program.quantum_layer(backend="aer", shots=1000, custatevec=False).backend.options
    assert options["shots"] == 1000
    options = program.quantum_layer("aer(shots: 10)", noise="depolarizing(p1: 0.001)").backend.options
    assert options["shots"] == 10
    assert str(options["noise"]).startswith("depolarizing(p1: 0.001")
    with pytest.raises(Refusal, match="shot"):
        program.quantum_layer(backend="aer", shot=3)
    with pytest.raises(Refusal, match="`shots` is given twice"):
        program.quantum_layer("aer(shots: 10)", shots=20)


def test_options_change_the_specs_own_backend():
    program = hqnn.compile_text(SPEC.replace("decoder {", "backend aer(shots: 100)\n  decoder {"))
    assert program.quantum_layer(gradient="parameter_shift").backend.options["shots"] == 100
    assert program.quantum_layer(shots=7).backend.options["shots"] == 7


@pytest.mark.parametrize(
    ("given", "error", "says"),
    [
        (np.zeros((2, 3)), TypeError, "torch.as_tensor"),
        ([[0.0, 0.0, 0.0]], TypeError, "torch.as_tensor"),
        (torch.zeros(2, 3, dtype=torch.complex64), TypeError, "real numbers"),
        (torch.zeros(2, 4), ValueError, r"last axis must be 3"),
        (torch.zeros(()), ValueError, r"\[rows, 3\]"),
    ],
)
def test_wrong_inputs_get_a_sentence(program, given, error, says):
    with pytest.raises(error, match=says):
        program.quantum_layer("native")(given)


class Doubled(torch.nn.Module):
    def forward(self, weights):
        return 2 * weights


@pytest.mark.parametrize("backend", ["native", "reference"])
def test_parametrized_weights_are_read_and_trained(program, backend):
    layer, doubled = (program.quantum_layer(backend, "double", seed=3) for _ in range(2))
    parametrize.register_parametrization(layer.get_submodule("real_amplitudes"), "w", Doubled())
    with torch.no_grad():
        for weight in doubled.parameters():
            weight.mul_(2)
    torch.testing.assert_close(layer(rows()), doubled(rows()), atol=1e-12, rtol=0)
    ((name, original),) = layer.named_parameters()
    assert name == "real_amplitudes.parametrizations.w.original"
    for outputs in (layer(rows()), doubled(rows())):
        outputs.sum().backward()
    (plain,) = doubled.parameters()
    torch.testing.assert_close(original.grad, 2 * plain.grad, atol=1e-12, rtol=0)


def test_pruned_weights_are_read(program):
    layer = program.quantum_layer("native", "double", seed=3)
    prune.l1_unstructured(layer.get_submodule("real_amplitudes"), "w", 0.5)
    pruned = program.quantum_layer("native", "double", seed=3)
    with torch.no_grad():
        (weight,) = pruned.parameters()
        weight.copy_(layer.get_submodule("real_amplitudes").w)
    assert (weight == 0).sum() == 3
    torch.testing.assert_close(layer(rows()), pruned(rows()), atol=1e-12, rtol=0)


@pytest.mark.parametrize("backend", BACKENDS)
def test_it_is_saved_compiled_and_loaded(program, backend):
    layer, other = program.quantum_layer(backend, "double", seed=3), program.quantum_layer(backend, "double", seed=4)
    wanted = layer(rows())
    other.load_state_dict(layer.state_dict())
    kept = io.BytesIO()
    torch.save(layer, kept)
    kept.seek(0)
    for same in (other, torch.load(kept, weights_only=False), copy.deepcopy(layer).share_memory()):
        torch.testing.assert_close(same(rows()), wanted, atol=1e-12, rtol=0)


@pytest.mark.parametrize("backend", ["native", "reference"])
def test_compiled_by_torch_it_answers_the_same(program, backend):
    layer = program.quantum_layer(backend, "double", seed=3)
    found = torch.compile(layer, backend="eager")(rows())
    torch.testing.assert_close(found, layer(rows()), atol=1e-12, rtol=0)
    gradients = [torch.autograd.grad(outputs.sum(), list(layer.parameters())) for outputs in (found, layer(rows()))]
    torch.testing.assert_close(*gradients, atol=1e-12, rtol=0)


@pytest.mark.parametrize("backend", ["native", "reference"])
def test_on_meta_it_says_what_to_write(program, backend):
    layer = program.quantum_layer(backend, seed=3)
    with pytest.raises(Refusal, match="E0791"):
        layer(rows(torch.float32).to("meta"))
    for moved in (copy.deepcopy(layer).to("meta"), copy.deepcopy(layer).double().to(device="meta")):
        with pytest.raises(Refusal, match="E0791"):
            moved(rows())
        moved.to_empty(device="cpu").reset_parameters(seed=3)
        assert moved(rows()).shape == (2, 3)
    with torch.device("meta"):
        made = program.quantum_layer(backend)
    assert {weight.device.type for weight in made.parameters()} == {"meta"}


def test_complex_weights_are_refused(program):
    with pytest.raises(TypeError, match=r"real numbers: write `\.to\(torch\.float64\)`"):
        program.quantum_layer("native").to(torch.complex64)
