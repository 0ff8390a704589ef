"""Runs of compiled steps: threads, breaks, frozen weights, dropout, failures, and networks that are not compiled."""

from __future__ import annotations

import copy
import math
from dataclasses import replace

import numpy as np
import pytest
import torch
from networks_random import Example, native_layer, random_circuit
from torch import nn
from torch.nn.utils import prune
from toy_model import choice, circuit, circuit_layer, layer_of, make_spec

from hqnn_dsl.catalog.columns import Embedding
from hqnn_dsl.catalog.layers import LAYERS
from hqnn_dsl.catalog.objectives import LOSSES, OPTIMIZERS
from hqnn_dsl.circuit.angles import InputRef, WeightRef
from hqnn_dsl.circuit.ir import Circuit, Observable, Operation, PauliTerm, WeightTensor, verify
from hqnn_dsl.diagnostics.diagnostic import Refusal
from hqnn_dsl.network.hybrid import HybridNet
from hqnn_dsl.semantics.spec import Layer
from hqnn_dsl.training.loop import Training
from hqnn_dsl.training.step.outputs import Outputs
from hqnn_dsl.training.step.plan import Reason, StepPlan
from hqnn_dsl.training.step.runner import StepRunner

CPU = torch.device("cpu")
RATES = (0.01, 0.02)


def ring(num_qubits: int) -> Circuit:
    """RY by inputs, then three layers of RY by weights with CX around the ring; <Z> of each qubit."""
    operations = [Operation("ry", (qubit,), (qubit,)) for qubit in range(num_qubits)]
    for layer in range(3):
        first = num_qubits * (layer + 1)
        operations += [Operation("ry", (qubit,), (first + qubit,)) for qubit in range(num_qubits)]
        operations += [Operation("cx", (qubit, (qubit + 1) % num_qubits)) for qubit in range(num_qubits)]
    weights = [WeightRef(index) for index in range(3 * num_qubits)]
    measured = tuple(Observable((PauliTerm(1.0, ((qubit, "z"),)),)) for qubit in range(num_qubits))
    return verify(
        Circuit(
            num_qubits=num_qubits,
            operations=tuple(operations),
            slots=(*(InputRef(index) for index in range(num_qubits)), *weights),
            measurements=measured,
            num_inputs=num_qubits,
            weights=(WeightTensor("ring.w", (3, num_qubits), 0),),
        )
    )


def network(own: Circuit, *further: Layer, precision: str = "single", **train) -> tuple[HybridNet, object]:
    width = own.num_inputs
    encoder = (layer_of("dense", None, 7), *further, layer_of("tanh", 7, 7), layer_of("dense", 7, width))
    spec = replace(
        make_spec(encoder=encoder, precision=precision, **train), num_inputs=width, num_outputs=own.num_outputs
    )
    return HybridNet.build(spec, native_layer(own, precision), 3, 1), spec


def example(own: Circuit | None = None, *further: Layer, rows: int = 40, **train) -> Example:
    net, spec = network(own or circuit(), *further, **train)
    generator = torch.Generator().manual_seed(2)
    features = torch.randn(rows, 3, generator=generator)
    targets = torch.sin(features[:, :1]) + 0.1 * features[:, 1:2]
    dtype = net.dtype
    return Example(net, spec, features.to(dtype), targets.to(dtype), None)


def runner_of(one: Example, **options) -> StepRunner:
    return StepRunner(one.plan(), one.features, one.targets, one.weights, **({"seed": 5} | options))


def bounds_of(rows: int, batch: int) -> list[tuple[int, int]]:
    return [(begin, min(begin + batch, rows)) for begin in range(0, rows, batch)]


def flat(one: Example) -> bytes:
    return b"".join(weight.detach().numpy().tobytes() for weight in one.net.parameters())


def dropping(p: float = 0.3) -> Layer:
    return Layer(layer=choice(LAYERS, "dropout", p=p), in_width=None, out_width=None)


@pytest.mark.parametrize("num_qubits", [9, 13])
def test_threads_change_no_bit(num_qubits):
    first = example(ring(num_qubits), dropping(), rows=70)
    found = set()
    for workers in (1, 2, 3):
        one = first.twin()
        runner = runner_of(one, workers=workers)
        trained = runner.train(np.arange(70)[::-1], bounds_of(70, 32), 1, 0, 3, RATES)
        assert trained.failed is None
        predicted = Outputs(one.plan(), workers)(one.features)
        found.add((flat(one), trained.losses.tobytes(), predicted.numpy().tobytes()))
    assert len(found) == 1


def test_small_steps_share_their_work_among_threads():
    """Else the test above would compare one thread with itself."""
    from hqnn_dsl.training.step.circuit_tables import most_threads

    plan = example(ring(13), rows=32).plan()
    assert plan.circuit is not None
    assert most_threads(plan.circuit.tables([32], 3, gradients=True)[0]) == 3


def test_a_run_that_is_broken_off_goes_on_to_the_bit():
    whole, broken = example(None, dropping()), example(None, dropping())
    bounds, order = bounds_of(40, 7), np.random.default_rng(1).permutation(40)
    runner_of(whole).train(order, bounds, 3, 0, 6, RATES)
    first = runner_of(broken)
    first.train(order, bounds, 3, 0, 2, RATES)
    optimizer = Training(broken.net, broken.spec.train, CPU).optimizer
    first.write_state(optimizer)
    again = runner_of(broken)
    again.read_state(optimizer)
    assert again.num_steps == 2
    again.train(order, bounds, 3, 2, 6, RATES)
    assert flat(whole) == flat(broken)


def test_torch_goes_on_where_compiled_steps_stopped():
    ours, theirs = example(precision="double"), example(precision="double")
    training = Training(ours.net, ours.spec.train, CPU)
    expected = Training(theirs.net, theirs.spec.train, CPU)
    runner = runner_of(ours)
    runner.train(np.arange(40), [(0, 20), (20, 40)], 1, 0, 2, training.rates)
    runner.write_state(training.optimizer)
    training.advance(ours.features, ours.targets)
    for rows in (slice(0, 20), slice(20, 40), slice(None)):
        expected.advance(theirs.features[rows], theirs.targets[rows])
    for a, b in zip(ours.net.parameters(), theirs.net.parameters(), strict=True):
        torch.testing.assert_close(a, b, rtol=1e-11, atol=1e-11)


def test_frozen_weights_stay_and_cost_no_sweep_back():
    one = example(replace(circuit(), weights=(replace(circuit().weights[0], frozen=True),)))
    for weight in one.net.encoder.parameters():
        weight.requires_grad_(False)
    plan = one.plan()
    assert plan.weights.trained == sum(weight.numel() for weight in one.net.decoder.parameters())
    assert not plan.circuit.shared
    assert not plan.circuit.per_sample
    before = copy.deepcopy(one.net.state_dict())
    runner_of(one).train(np.arange(40), [(0, 40)] * 3, 1, 0, 3, RATES)
    for name, weight in one.net.state_dict().items():
        assert torch.equal(weight, before[name]) != name.startswith("decoder.")


def test_a_weight_that_reaches_no_output_stays_if_it_is_the_circuits():
    dead = replace(circuit(), measurements=(Observable((PauliTerm(1.0, ((0, "z"),)),)),))
    one = example(dead)
    before = one.net.circuit.take("ring.w").detach().clone()
    theirs = one.twin()
    training = Training(theirs.net, theirs.spec.train, CPU)
    runner_of(one).train(np.arange(40), [(0, 40)] * 2, 1, 0, 2, training.rates)
    for _ in range(2):
        training.advance(theirs.features, theirs.targets)
    after, expected = one.net.circuit.take("ring.w"), theirs.net.circuit.take("ring.w")
    still = (after == before).detach()
    assert torch.equal(still, expected == before)
    assert still.any()


def test_dropout_scales_what_it_keeps_and_draws_anew_each_step():
    p, width, rows = 0.3, 8, 64
    spec = make_spec(
        encoder=(),
        decoder=(dropping(p), layer_of("dense", width, width)),
        optimizer=choice(OPTIMIZERS, "sgd"),
        precision="double",
    )
    net = HybridNet.build(replace(spec, num_inputs=width, num_outputs=width), circuit_layer(), width, width)
    net.circuit = nn.Identity()
    net.double()
    dense = net.decoder[1]
    with torch.no_grad():
        dense.weight.copy_(torch.eye(width))
        dense.bias.zero_()
    features, targets = torch.ones(rows, width, dtype=torch.float64), torch.zeros(rows, width, dtype=torch.float64)
    one = Example(net, spec, features, targets, None)
    losses = []
    for epoch in (1, 2):
        found = runner_of(one).train(np.arange(rows), [(0, rows)] * 50, epoch, 0, 50, (0.0, 0.0))
        losses += found.losses.tolist()
    shares = np.array(losses) * (1 - p) ** 2  # the mean square of outputs that are 0 or 1 / (1 - p)
    drawn = len(losses) * rows * width
    assert len(set(losses)) > 20
    assert abs(shares.mean() - (1 - p)) < 5 * math.sqrt(p * (1 - p) / drawn)
    assert abs(shares.std() - math.sqrt(p * (1 - p) / (rows * width))) < 0.01
    torch.testing.assert_close(Outputs(one.plan())(features), features)
    same = runner_of(one).train(np.arange(rows), [(0, rows)] * 50, 2, 30, 50, (0.0, 0.0))
    assert same.losses.tolist() == losses[80:]
    other = runner_of(one, seed=6).train(np.arange(rows), [(0, rows)] * 50, 2, 30, 50, (0.0, 0.0))
    assert other.losses.tolist() != losses[80:]


def test_gradients_go_through_what_dropout_keeps():
    one = example(None, dropping(0.5), precision="double", optimizer=choice(OPTIMIZERS, "sgd", lr=1.0))
    runner = runner_of(one)
    order, bounds = np.arange(40), [(0, 40)]

    def loss() -> float:
        return float(runner.train(order, bounds, 1, 0, 1, (0.0, 0.0)).losses[0])

    loss()
    slopes = runner.gradients().copy()
    for weight in one.net.parameters():
        start, values = one.plan().weights.start(weight), weight.data.reshape(-1)
        for index in range(0, len(values), 3):
            value = values[index].item()
            ends = []
            for step in (-1e-6, 1e-6):
                values[index] = value + step
                ends.append(loss())
            values[index] = value
            assert slopes[start + index] == pytest.approx((ends[1] - ends[0]) / 2e-6, abs=1e-8)


def test_levels_have_vectors_and_level_0_has_none():
    embeddings = (Embedding(1, 4, 2),)
    spec = make_spec(optimizer=choice(OPTIMIZERS, "adamw", lr=0.05))
    net = HybridNet.build(spec, native_layer(circuit(), "single"), 3, 1, embeddings)
    features = torch.randn(30, 3)
    features[:, 1] = torch.arange(30) % 3  # nobody has level 3
    one = Example(net, spec, features, features[:, :1].sin(), None)
    vectors = net.columns.vectors["1"].weight
    before = vectors.detach().clone()
    runner_of(one).train(np.arange(30), [(0, 30)] * 4, 1, 0, 4, (0.05, 0.05))
    assert torch.equal(vectors[0], torch.zeros(2))
    assert (vectors[1:3] != before[1:3]).all()
    torch.testing.assert_close(vectors[3], before[3] * (1 - 0.05 * 0.01) ** 4)
    with pytest.raises(IndexError, match="level"):
        runner_of(replace(one, features=features + 3))


def test_steps_end_in_front_of_a_loss_that_is_not_finite():
    one = example()
    bad = replace(one, targets=one.targets.index_fill(0, torch.tensor([25]), math.nan))
    other = one.twin()
    failed = runner_of(bad).train(np.arange(40), bounds_of(40, 10), 1, 0, 4, RATES)
    assert len(failed.losses) == 2
    assert (failed.failed.kind, failed.failed.step, failed.failed.value) == ("loss", 2, "nan")
    runner_of(other).train(np.arange(40), bounds_of(40, 10), 1, 0, 2, RATES)
    assert flat(bad) == flat(other)


def test_steps_end_in_front_of_a_gradient_that_is_not_finite():
    root = layer_of("sigmoid", 1, 1, ("mul", 0.0), ("pow", 0.5))
    one = example(decoder=(layer_of("dense", 2, 1), root, layer_of("dense", 1, 1)))
    before = flat(one)
    found = runner_of(one).train(np.arange(40), bounds_of(40, 10), 1, 1, 4, RATES)
    assert len(found.losses) == 0
    assert (found.failed.kind, found.failed.step) == ("gradient", 1)
    assert found.failed.weight == "encoder.0.weight"
    assert found.failed.value in {"nan", "inf", "-inf"}
    assert math.isfinite(found.failed.loss)
    assert flat(one) == before


def test_a_row_of_amplitudes_that_are_all_zeros_is_named():
    own = next(c for seed in range(99) if (c := random_circuit(seed, amplitude=True)).num_inputs == 4)
    start, size = own.amplitude.start, own.amplitude.size
    spec = replace(make_spec(encoder=(layer_of("identity", 4, 4),)), num_inputs=4, num_outputs=own.num_outputs)
    net = HybridNet.build(spec, native_layer(own, "single"), 4, 1)
    features = torch.rand(12, 4) + 0.5
    features[7, start : start + size] = 0.0
    one = Example(net, spec, features, torch.zeros(12, 1), None)
    found = runner_of(one).train(np.arange(12)[::-1], [(0, 6), (6, 12)], 1, 0, 2, RATES)
    assert (found.failed.kind, found.failed.step, found.failed.row) == ("amplitudes", 0, 7)
    with pytest.raises(Refusal, match="E0"):
        Outputs(one.plan())(features)


def test_weights_that_torch_replaces_are_found_again():
    one = example()
    plan = one.plan()
    outputs = Outputs(plan)
    first = outputs(one.features)
    state = {name: value.clone() for name, value in one.net.state_dict().items()}
    for weight in one.net.parameters():
        weight.data = weight.data * 2
    assert not torch.equal(outputs(one.features), first)
    one.net.load_state_dict(state)
    assert torch.equal(outputs(one.features), first)


@pytest.mark.parametrize("name", list(LAYERS))
def test_every_layer_of_the_catalog_is_compiled_or_says_that_it_is_not(name):
    options = {"phases": ["x[0]"], "inputs": 2} if name == "fourier" else {}
    line = Layer(layer=choice(LAYERS, name, **options), in_width=2, out_width=2)
    spec = make_spec(encoder=(layer_of("dense", None, 2), line))
    net = HybridNet.build(spec, native_layer(circuit(), "single"), 3, 1)
    found = StepPlan.of(net, spec.train.loss, spec.train.optimizer, spec.train)
    if name == "batch_norm":
        assert found == Reason("batch_norm is not compiled")
    else:
        assert isinstance(found, StepPlan)


@pytest.mark.parametrize("name", [name for name in LOSSES if name != "auto"])
def test_every_loss_of_the_catalog_is_compiled(name):
    one = example(loss=choice(LOSSES, name))
    assert isinstance(one.plan(), StepPlan)


@pytest.mark.parametrize("name", list(OPTIMIZERS))
def test_every_optimizer_of_the_catalog_is_compiled(name):
    one = example(optimizer=choice(OPTIMIZERS, name))
    assert isinstance(one.plan(), StepPlan)


def hooked(net: HybridNet) -> None:
    net.decoder[0].register_forward_hook(lambda *_: None)


def pruned(net: HybridNet) -> None:
    prune.l1_unstructured(net.decoder[0], "weight", amount=1)


def parametrized(net: HybridNet) -> None:
    nn.utils.parametrizations.weight_norm(net.encoder[0])


def replaced(net: HybridNet) -> None:
    net.decoder[0] = nn.Bilinear(2, 2, 1)


def by_reference(net: HybridNet) -> None:
    net.circuit = circuit_layer()


def half(net: HybridNet) -> None:
    net.decoder.double()


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        (hooked, "hooks"),
        (pruned, "hooks|computed"),
        (parametrized, "not compiled"),
        (replaced, "Bilinear is not compiled"),
        (by_reference, "backend"),
        (half, "different precisions"),
    ],
)
def test_networks_beyond_those_of_specs_are_left_to_torch(change, reason):
    one = example()
    change(one.net)
    train = one.spec.train
    found = StepPlan.of(one.net, train.loss, train.optimizer, train)
    assert isinstance(found, Reason)
    assert any(word in found.text for word in reason.split("|")), found


def test_mixed_precision_is_left_to_torch():
    one = example()
    train = replace(one.spec.train, precision="mixed")
    assert StepPlan.of(one.net, train.loss, train.optimizer, train) == Reason("mixed precision is not compiled")


@pytest.mark.parametrize(
    ("order", "bounds", "steps"),
    [([0, 40], [(0, 2)], (0, 1)), ([0, -1], [(0, 2)], (0, 1)), ([0, 1], [(0, 3)], (0, 1)), ([0, 1], [(0, 2)], (0, 2))],
)
def test_rows_that_are_not_there_are_refused(order, bounds, steps):
    with pytest.raises(IndexError):
        runner_of(example()).train(np.array(order), bounds, 1, *steps, RATES)


def test_rows_of_another_shape_are_refused():
    one = example()
    with pytest.raises(ValueError, match="features"):
        runner_of(replace(one, features=one.features[:, :2]))
    with pytest.raises(ValueError, match="targets"):
        runner_of(replace(one, targets=one.targets[:-1]))
    with pytest.raises(ValueError, match="weights"):
        runner_of(replace(one, weights=torch.ones(3)))


@pytest.mark.parametrize(("width", "expected"), [(512, False), (1024, True)])
def test_torch_is_better_at_very_wide_layers(width, expected):
    wide = (layer_of("dense", None, width), layer_of("dense", width, width), layer_of("dense", width, 2))
    net = HybridNet.build(make_spec(encoder=wide), native_layer(circuit(), "single"), 3, 1)
    train = make_spec().train
    assert StepPlan.of(net, train.loss, train.optimizer, train).better_by_torch() == expected
