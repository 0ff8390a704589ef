"""Every layer of the catalog builds, keeps its width and its word, and obeys each of its options."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
import torch

from hqnn_dsl.catalog.layers import LAYERS, LayerEntry

if TYPE_CHECKING:
    from hqnn_dsl.catalog.entry import Option

WIDTH = 5
BUILT = {name: entry for name, entry in LAYERS.items() if entry.build is not None}
"""All but `fourier`, which the network builds: tests/network/test_no_circuit.py."""
CASES = [(name, option) for name, entry in BUILT.items() for option in entry.options if option.type != "width"]


def another(option: Option) -> Any:
    """A value of the option other than its default, within its bounds."""
    if option.type == "bool":
        return not option.default
    return option.default / 2 if option.default else 0.25


def behaviour(name: str, **changed: Any) -> dict[str, torch.Tensor]:
    """What a layer does and holds: its output in training, then outside, then its state."""
    entry = LAYERS[name]
    torch.manual_seed(3)
    module = entry.build(WIDTH, WIDTH, {**entry.defaults(), **changed})
    values = torch.linspace(-3, 3, 8 * WIDTH).reshape(8, WIDTH).roll(2, dims=1) ** 3 / 3
    with torch.no_grad():
        found = {"training": module(values), "evaluation": module.eval()(values)}
    return found | dict(module.state_dict())


@pytest.mark.parametrize("name", BUILT)
def test_layer_is_documented_and_keeps_its_width(name):
    entry = LAYERS[name]
    assert isinstance(entry, LayerEntry)
    assert entry.doc.endswith(".")
    out_width = 3 if entry.sets_width else WIDTH
    module = entry.build(WIDTH, out_width, entry.defaults())
    assert module(torch.randn(4, WIDTH)).shape == (4, out_width)


@pytest.mark.parametrize(("name", "option"), CASES, ids=lambda case: getattr(case, "name", case))
def test_no_option_is_accepted_and_ignored(name, option):
    before, after = behaviour(name), behaviour(name, **{option.name: another(option)})
    assert before.keys() != after.keys() or any(not torch.equal(before[key], after[key]) for key in before)


@pytest.mark.parametrize("name", BUILT)
def test_bounds_are_as_stated(name):
    entry = LAYERS[name]
    module = entry.build(WIDTH, WIDTH, entry.defaults()).eval()
    near, far = module(torch.randn(64, WIDTH)).abs().max(), module(1e4 * torch.randn(64, WIDTH)).abs().max()
    assert not (entry.bounded and entry.keeps_bounds)
    if entry.bounded:
        assert far <= 1
    elif name != "layer_norm":
        assert far > 100 * near


def test_values_are_the_documented_ones():
    values = torch.tensor([[-2.0, 0.0, 0.5]])
    expected = {
        "identity": values,
        "relu": torch.tensor([[0.0, 0.0, 0.5]]),
        "leaky_relu": torch.tensor([[-0.02, 0.0, 0.5]]),
        "silu": values / (1 + torch.exp(-values)),
        "gelu": values * 0.5 * (1 + torch.erf(values / 2**0.5)),
        "elu": torch.tensor([[torch.exp(torch.tensor(-2.0)) - 1, 0.0, 0.5]]),
        "softplus": torch.log(1 + torch.exp(values)),
        "tanh": torch.tanh(values),
        "sigmoid": 1 / (1 + torch.exp(-values)),
        "softsign": values / (1 + values.abs()),
        "sin": torch.sin(values),
        "softmax": torch.exp(values) / torch.exp(values).sum(),
        "dropout": values,
    }
    for name, answer in expected.items():
        module = LAYERS[name].build(3, 3, LAYERS[name].defaults()).eval()
        torch.testing.assert_close(module(values), answer)
