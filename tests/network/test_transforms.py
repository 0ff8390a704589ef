"""The quantum layer under `torch.func`, forward mode and vectorised Jacobians, held against loops over plain calls."""

from __future__ import annotations

import pytest
import torch
from torch.autograd import forward_ad, functional
from torch.func import functional_call, grad, hessian, jacfwd, jacrev, jvp, linearize, vmap

import hqnn_dsl as hqnn
from hqnn_dsl.diagnostics.diagnostic import Refusal

ANGLES = """hqnn 1
model m {
  circuit on 2 qubits {
    feature_map angle()
    ansatz real_amplitudes(reps: 1)
    rx(1 / 3) 0
  }
  decoder { dense(1) }
}
"""
AMPLITUDES = ANGLES.replace("angle()", "amplitude()").replace("    rx(1 / 3) 0\n", "")
BACKENDS = [
    "native",
    "reference",
    "aer",
    "aer(method: estimator_qnn)",
    "pennylane",
    'pennylane(device: "lightning.qubit")',
    'primitive("statevector")',
]
SHOTS = ["aer(shots: 400)", "aer(shots: 400, noise: depolarizing(p1: 0.01))", "aer(gradient: spsa)"]


@pytest.fixture(scope="module")
def program():
    return hqnn.compile_text(ANGLES)


@pytest.fixture(scope="module")
def truth(program):
    return program.quantum_layer("reference", "double", seed=3)


def rows(count: int, width: int = 2) -> torch.Tensor:
    return torch.rand(count, width, dtype=torch.float64, generator=torch.Generator().manual_seed(1)) + 0.2


def stacked(layer) -> dict[str, torch.Tensor]:
    return {name: torch.stack([w, w + 0.4, -w]).detach() for name, w in layer.named_parameters()}


def one_of(stack: dict[str, torch.Tensor], number: int) -> dict[str, torch.Tensor]:
    return {name: tensor[number] for name, tensor in stack.items()}


def loss_of(layer):
    def loss(weights, x):
        return functional_call(layer, weights, (x,)).sin().square().sum()

    return loss


def looped_gradient(layer, weights, x) -> tuple[dict[str, torch.Tensor], torch.Tensor]:
    """The gradients of the loss by one plain backward pass."""
    leaves = {name: weight.detach().clone().requires_grad_() for name, weight in weights.items()}
    x = x.clone().requires_grad_()
    loss_of(layer)(leaves, x).backward()
    return {name: leaf.grad for name, leaf in leaves.items()}, x.grad


def assert_equal(found, wanted) -> None:
    torch.testing.assert_close(found, wanted, atol=1e-9, rtol=0)


@pytest.mark.parametrize("backend", BACKENDS)
def test_a_batch_of_calls_is_each_call(program, truth, backend):
    layer, x = program.quantum_layer(backend, "double", seed=3), rows(6).reshape(3, 2, 2)
    each = torch.stack([truth(one) for one in x]).detach()
    assert_equal(vmap(layer)(x), each)
    assert_equal(vmap(layer, in_dims=2)(x.permute(1, 2, 0)), each)
    assert_equal(vmap(vmap(layer))(x), each)
    assert_equal(layer(x), each)  # the plain way goes on after


@pytest.mark.parametrize("backend", BACKENDS)
def test_gradients_of_each_row_are_a_loops(program, truth, backend):
    layer, x = program.quantum_layer(backend, "double", seed=3), rows(3)
    weights = {name: weight.detach() for name, weight in layer.named_parameters()}
    by_weights, by_inputs = vmap(grad(loss_of(layer), argnums=(0, 1)), in_dims=(None, 0))(weights, x)
    for number, row in enumerate(x):
        wanted = looped_gradient(truth, weights, row)
        assert_equal((one_of(by_weights, number), by_inputs[number]), wanted)


@pytest.mark.parametrize("backend", BACKENDS)
def test_an_ensemble_of_weights_is_each_member(program, truth, backend):
    layer, x = program.quantum_layer(backend, "double", seed=3), rows(2)
    stack = stacked(layer)
    outputs = vmap(lambda weights: functional_call(layer, weights, (x,)))(stack)
    by_weights, by_inputs = vmap(grad(loss_of(layer), argnums=(0, 1)), in_dims=(0, None))(stack, x)
    rowwise = vmap(vmap(grad(loss_of(layer)), in_dims=(None, 0)), in_dims=(0, None))(stack, x)
    for number in range(3):
        member = one_of(stack, number)
        assert_equal(outputs[number], functional_call(truth, member, (x,)).detach())
        assert_equal((one_of(by_weights, number), by_inputs[number]), looped_gradient(truth, member, x))
        for place, row in enumerate(x):
            assert_equal(one_of(one_of(rowwise, number), place), looped_gradient(truth, member, row)[0])


@pytest.mark.parametrize("backend", BACKENDS)
def test_jacobians_forward_and_backward_are_the_plain_one(program, truth, backend):
    layer, (x,) = program.quantum_layer(backend, "double", seed=3), rows(1)
    wanted = functional.jacobian(truth, x)
    assert_equal(jacrev(layer)(x), wanted)
    if "lightning" not in backend:  # `adjoint` takes one gradient at a time
        assert_equal(functional.jacobian(layer, x, vectorize=True), wanted)
        assert_equal(functional.jacobian(vmap(layer), x[None], vectorize=True)[0, :, 0], wanted)
    assert_equal(jacfwd(layer)(x), wanted)
    direction = torch.tensor([0.7, -1.2], dtype=torch.float64)
    assert_equal(jvp(layer, (x,), (direction,))[1], wanted @ direction)
    assert_equal(linearize(layer, x)[1](direction), wanted @ direction)
    assert_equal(vmap(lambda v: jvp(layer, (x,), (v,))[1])(torch.eye(2, dtype=torch.float64)), wanted.T)
    assert_equal(functional.jacobian(layer, x, vectorize=True, strategy="forward-mode"), wanted)
    with forward_ad.dual_level():
        dual = layer(forward_ad.make_dual(x, direction))
        assert_equal(forward_ad.unpack_dual(dual).tangent.detach(), wanted @ direction)


@pytest.mark.parametrize("backend", BACKENDS)
def test_hessians_are_the_plain_one(program, truth, backend):
    layer, (x,) = program.quantum_layer(backend, "double", seed=3), rows(1)
    wanted = functional.hessian(lambda x: truth(x).sin().sum(), x)

    def curved(x):
        return layer(x).sin().sum()

    assert_equal(hessian(curved)(x), wanted)
    assert_equal(jacrev(jacrev(curved))(x), wanted)
    assert_equal(vmap(hessian(curved))(x.expand(2, 2)), wanted.expand(2, 2, 2))
    weights = {name: weight.detach() for name, weight in layer.named_parameters()}
    ours, theirs = (jacrev(jacrev(loss_of(one)))(weights, x) for one in (layer, truth))
    assert_equal(ours, theirs)


@pytest.mark.parametrize("backend", ["native", "reference", "pennylane"])
def test_amplitudes_too(backend):
    program = hqnn.compile_text(AMPLITUDES)
    layer, truth = (program.quantum_layer(name, "double", seed=3) for name in (backend, "reference"))
    x = rows(3, 4)
    assert_equal(vmap(layer)(x), truth(x).detach())
    wanted = torch.stack([functional.jacobian(truth, row) for row in x])
    assert_equal(vmap(jacrev(layer))(x), wanted)
    assert_equal(vmap(jacfwd(layer))(x), wanted)
    curved = functional.hessian(lambda x: truth(x).sum(), x[0])
    assert_equal(hessian(lambda x: layer(x).sum())(x[0]), curved)
    for transform in (vmap(layer), lambda x: jvp(layer, (x,), (x,))):
        with pytest.raises(Refusal, match="E0712"):
            transform(torch.zeros(2, 4, dtype=torch.float64))


def test_outside_the_transform_torch_goes_on_differentiating(program, truth):
    """A penalty on the gradient: the inner gradient by `torch.func`, the outer one by `backward`."""
    found = []
    for layer in (program.quantum_layer("native", "double", seed=3), truth):
        layer.zero_grad()
        grad(lambda x, layer=layer: layer(x).sin().sum())(rows(2)).square().sum().backward()
        found.append([weight.grad.clone() for weight in layer.parameters()])
    assert_equal(*found)


def test_what_arrives_forward_in_a_backward_pass_is_carried_on(program, truth):
    """A tangent of the upstream gradient, of outputs that were made before forward mode began."""
    found = []
    for layer in (program.quantum_layer("native", "double", seed=3), truth):
        x = rows(2).requires_grad_()
        outputs = layer(x)
        with forward_ad.dual_level():
            upstream = forward_ad.make_dual(torch.ones_like(outputs), torch.full_like(outputs, 0.3))
            (gradient,) = torch.autograd.grad(outputs, x, upstream)
            found.append(forward_ad.unpack_dual(gradient).tangent.clone())
    assert found[1].abs().max() > 0.01
    assert_equal(*found)


def test_a_whole_network_under_transforms():
    program = hqnn.compile_text(ANGLES)
    net, plain = (program.network(backend=name).double() for name in ("native", "reference"))
    x = rows(3)
    weights = {name: weight.detach() for name, weight in net.named_parameters()}
    per_row = vmap(grad(lambda w, x: functional_call(net, w, (x[None],)).square().sum()), in_dims=(None, 0))(weights, x)
    for number, row in enumerate(x):
        plain.zero_grad()
        plain(row[None]).square().sum().backward()
        assert_equal(one_of(per_row, number), {name: weight.grad for name, weight in plain.named_parameters()})


def test_single_precision_and_half_under_transforms(program, truth):
    x = rows(3)
    wanted = torch.stack([functional.jacobian(truth, row) for row in x]).float()
    layer = program.quantum_layer("native", seed=3)
    for transform in (jacrev, jacfwd):
        found = vmap(transform(layer))(x.float())
        assert found.dtype == torch.float32
        torch.testing.assert_close(found, wanted, atol=1e-5, rtol=0)
    assert vmap(layer.half())(x.half()).dtype == torch.float16


@pytest.mark.parametrize("backend", SHOTS)
def test_estimates_have_gradients_backwards_only(program, truth, backend):
    layer, (x,) = program.quantum_layer(backend, "double", seed=3), rows(1)
    assert vmap(layer)(rows(3)).shape == (3, 2)
    assert jacrev(layer)(x).shape == (2, 2)
    if "spsa" not in backend:
        torch.testing.assert_close(jacrev(layer)(x), functional.jacobian(truth, x), atol=0.3, rtol=0)
    for forward in (
        lambda: jvp(layer, (x,), (x,)),
        lambda: jacfwd(layer)(x),
        lambda: hessian(lambda x: layer(x).sum())(x),
        lambda: functional.jacobian(layer, x, vectorize=True, strategy="forward-mode"),
    ):
        with pytest.raises(Refusal, match="E0790"):
            forward()
    for many in (layer, vmap(layer)):
        with pytest.raises(Refusal, match="E0781"):
            functional.jacobian(many, x[None], vectorize=True)
    with pytest.raises(Refusal, match="E0780"):
        jacrev(jacrev(lambda x: layer(x).sum()))(x)


@pytest.mark.parametrize("backend", ["native", "reference"])
@pytest.mark.parametrize(
    "first",
    [
        lambda layer, x: jacrev(jacrev(lambda x: layer(x).sum()))(x),
        lambda layer, x: vmap(jacfwd(layer))(x[None]),
        lambda layer, x: linearize(layer, x)[1](x),
        lambda layer, x: torch.inference_mode()(layer)(x),
    ],
)
def test_nothing_is_kept_of_a_transform_that_came_first(program, truth, backend, first):
    """Constants that a layer makes on its first call and keeps are plain tensors."""
    layer, (x,) = program.quantum_layer(backend, "double", seed=3), rows(1)
    first(layer, x)
    wanted = functional.jacobian(truth, x)
    assert_equal(functional.jacobian(layer, x), wanted)
    assert_equal(linearize(layer, x)[1](x), wanted @ x)
    assert_equal(hessian(lambda x: layer(x).sum())(x), functional.hessian(lambda x: truth(x).sum(), x))
