"""The whole network: shapes, names, seeds, precision."""

from __future__ import annotations

import copy
import math

import pytest
import torch
from toy_model import circuit_layer, layer_of, make_spec

from hqnn_dsl.catalog.layers import LAYERS
from hqnn_dsl.circuit.angles import FUNCTIONS
from hqnn_dsl.network.hybrid import OPERATIONS, HybridNet
from hqnn_dsl.semantics.spec import Choice, Layer


def build(**changes) -> HybridNet:
    spec = make_spec(**changes)
    return HybridNet.build(spec, circuit_layer(), in_width=3, out_width=2)


def test_shapes_children_and_names():
    net = build()
    assert net(torch.randn(5, 3)).shape == (5, 2)
    assert [name for name, _ in net.named_children()] == ["encoder", "circuit", "decoder"]
    assert list(net.state_dict()) == [
        "encoder.0.weight",
        "encoder.0.bias",
        "circuit.ring.w",
        "decoder.0.weight",
        "decoder.0.bias",
    ]
    assert net.decoder[0].weight.shape == (2, 2)


def test_the_network_is_encoder_circuit_decoder():
    net = build()
    features = torch.randn(4, 3)
    angles = torch.tanh(net.encoder[0](features)) * math.pi
    torch.testing.assert_close(net(features), net.decoder(net.circuit(angles)))


def test_empty_encoder_and_decoder():
    spec = make_spec(encoder=(), decoder=())
    net = HybridNet.build(spec, circuit_layer(), in_width=2, out_width=2)
    features = torch.randn(4, 2)
    torch.testing.assert_close(net(features), net.circuit(features))


@pytest.mark.parametrize("name", OPERATIONS)
def test_operations_mean_what_angles_mean(name):
    x, c = torch.tensor([0.5, 2.0, 3.0]), 1.5
    plain = FUNCTIONS[name.removeprefix("r")]
    expected = [plain(c, float(v)) if name.startswith("r") else plain(float(v), c) for v in x]
    line = Layer(layer=Choice(name="identity"), in_width=2, out_width=2, operations=((name, c),))
    net = HybridNet.build(make_spec(encoder=(line,), decoder=()), circuit_layer(), in_width=2, out_width=2)
    torch.testing.assert_close(net.encoder(x), torch.tensor(expected))


def test_one_seed_one_network_and_a_new_line_moves_no_other():
    first, second = build().state_dict(), build().state_dict()
    assert all(torch.equal(first[name], second[name]) for name in first)
    other = build(seed=8).state_dict()
    assert not torch.equal(first["encoder.0.weight"], other["encoder.0.weight"])
    longer = build(decoder=(layer_of("dense", 2, None), layer_of("dense", None, None))).state_dict()
    assert torch.equal(first["encoder.0.weight"], longer["encoder.0.weight"])
    assert torch.equal(first["decoder.0.weight"], longer["decoder.0.weight"])


def test_building_leaves_the_global_generator_alone():
    torch.manual_seed(5)
    expected = torch.rand(3)
    torch.manual_seed(5)
    build()
    assert torch.equal(torch.rand(3), expected)


def test_weights_are_told_apart():
    net = build()
    assert [tuple(weight.shape) for weight in net.classical_weights()] == [(2, 3), (2,), (2, 2), (2,)]
    assert [tuple(weight.shape) for weight in net.quantum_weights()] == [(2, 2)]
    net.circuit.get_parameter("ring.w").requires_grad_(False)
    assert net.quantum_weights() == []


def test_double_precision_is_that_of_the_classical_half():
    net = build(precision="double")
    assert net.encoder[0].weight.dtype == net.decoder[0].weight.dtype == torch.float64
    assert net.circuit.get_parameter("ring.w").dtype == torch.float32
    assert net(torch.randn(4, 3)).dtype == torch.float64


def dtypes_seen(net: HybridNet, features: torch.Tensor, device: str = "cpu") -> dict[str, torch.dtype]:
    seen: dict[str, torch.dtype] = {}
    for name, module in net.named_modules():
        if name in {"encoder.0", "circuit", "decoder.0", "decoder.1", "decoder.2", "decoder.3"}:
            module.register_forward_hook(
                lambda module, inputs, output, name=name: seen.update(
                    {name: output.dtype, f"{name} in": inputs[0].dtype}
                )
            )
    with torch.autocast(device, dtype=torch.bfloat16):
        seen["network"] = net(features).dtype
    return seen


def test_under_autocast_circuit_and_last_decoder_layer_keep_their_precision():
    lines = (
        layer_of("dense", 2, 4),
        layer_of("tanh", 4, 4),
        layer_of("dense", 4, None),
        layer_of("identity", None, None),
    )
    net = build(decoder=lines)
    inside = []
    original = net.circuit.executable
    net.circuit.executable = lambda per_sample, shared, state: (
        inside.append((per_sample.dtype, shared.dtype, torch.is_autocast_enabled("cpu")))
        or original(per_sample, shared, state)
    )
    seen = dtypes_seen(net, torch.randn(4, 3))
    assert seen["encoder.0"] == seen["decoder.0"] == torch.bfloat16
    assert inside == [(torch.float32, torch.float32, False)]
    assert seen["circuit"] == torch.float32
    assert seen["decoder.2 in"] == seen["decoder.2"] == seen["decoder.3"] == seen["network"] == torch.float32


def test_gradients_reach_every_weight():
    net = build()
    net(torch.randn(6, 3)).square().sum().backward()
    assert all(weight.grad is not None and weight.grad.abs().sum() > 0 for weight in net.parameters())


def test_copies_compute_the_same():
    net = build()
    features = torch.randn(3, 3)
    assert torch.equal(copy.deepcopy(net)(features), net(features))


@pytest.mark.parametrize("name", [name for name, entry in LAYERS.items() if not entry.sets_width])
def test_every_layer_fits_into_an_encoder(name):
    net = build(encoder=(layer_of("dense", 3, 2), layer_of(name, 2, 2)))
    assert net(torch.randn(4, 3)).shape == (4, 2)
