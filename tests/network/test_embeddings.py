"""Inputs that hold levels: their trained vectors take their places in front of the encoder."""

from __future__ import annotations

import pytest
import torch

import hqnn
from hqnn_dsl import api
from hqnn_dsl.catalog.columns import Embedding
from hqnn_dsl.network.hybrid import Columns

TEXT = """\
hqnn 1
model m {
  data { target y }
  encoder { dense(4); tanh; dense; tanh * pi }
  circuit on 2 qubits { feature_map angle(); ansatz real_amplitudes(reps: 1) }
  decoder { dense }
  train { seed 3; PARTS }
  backend reference
}
"""
EMBEDDINGS = (Embedding(index=3, levels=5, width=3), Embedding(index=1, levels=4, width=2))


def program(parts: str = "device cpu"):
    return hqnn.compile_text(TEXT.replace("PARTS", parts))


def network(parts: str = "device cpu"):
    return program(parts).network(4, 2, embeddings=EMBEDDINGS)


def rows() -> torch.Tensor:
    return torch.tensor([[0.5, 1.0, -0.25, 0.0], [1.5, 0.0, 0.75, 4.0], [-1.0, 3.0, 0.0, 2.0]])


def test_vectors_stand_in_the_places_of_levels():
    columns = Columns(4, EMBEDDINGS)
    one, three = columns.vectors["1"].weight, columns.vectors["3"].weight
    found, given = columns(rows()), rows()
    assert found.shape == (3, 7)
    for row in range(3):
        levels = int(given[row, 1]), int(given[row, 3])
        wanted = torch.cat([given[row, :1], one[levels[0]], given[row, 2:3], three[levels[1]]])
        assert torch.equal(found[row], wanted)
    assert torch.equal(columns(rows()[0]), found[0])


def test_the_level_of_the_unknown_is_zeros_and_stays_so():
    net = network()
    optimizer = torch.optim.SGD(net.classical_weights(), lr=0.5)
    before = net.columns.vectors["1"].weight.clone()
    for _ in range(3):
        optimizer.zero_grad()
        net(rows()).square().sum().backward()
        optimizer.step()
    after = net.columns.vectors["1"].weight
    assert torch.equal(after[0], torch.zeros(2))
    assert torch.equal(after[2], before[2])  # a level of no row
    assert not torch.equal(after[1], before[1])
    assert not torch.equal(after[3], before[3])


def test_the_encoder_has_the_width_of_inputs_and_vectors():
    net = network()
    assert net.encoder[0].in_features == 7
    assert net.encode(rows()).shape == (3, 2)
    assert net(rows()).shape == (3, 2)
    assert "(columns): Columns(\n    4 to 7" in str(net)


def test_its_weights_are_classical_and_in_front():
    net, plain = network(), program().network(7, 2)
    vectors = {id(weight) for weight in net.columns.parameters()}
    assert vectors <= {id(weight) for weight in net.classical_weights()}
    assert vectors <= {id(weight) for weight in net.front_weights()}
    assert sum(weight.numel() for weight in net.front_weights()) == 4 * 2 + 5 * 3 + (7 * 4 + 4) + (4 * 2 + 2)
    for name, weight in plain.state_dict().items():
        assert torch.equal(net.state_dict()[name], weight), "vectors start from streams of their own"


def test_each_column_starts_from_its_own_stream():
    first = network().state_dict()
    alone = program().network(4, 2, embeddings=EMBEDDINGS[:1]).state_dict()
    assert torch.equal(first["columns.vectors.3.weight"], alone["columns.vectors.3.weight"])
    again = network().state_dict()
    assert all(torch.equal(weight, again[name]) for name, weight in first.items())
    assert not torch.equal(first["columns.vectors.1.weight"][1], first["columns.vectors.3.weight"][1, :2])


def test_levels_are_exact_in_every_precision():
    """A level is a whole number that half precision could not hold."""
    many = (Embedding(index=0, levels=5_000, width=2),)
    net = program().network(1, embeddings=many).eval()
    levels = torch.tensor([[4097.0], [4098.0], [4999.0]])
    assert torch.equal(net.columns(levels), net.columns.vectors["0"].weight[[4097, 4098, 4999]])
    half = program().network(1, embeddings=many).half()
    assert torch.equal(half.columns(levels), half.columns.vectors["0"].weight[[4097, 4098, 4999]])
    assert program("precision double").network(4, 2, embeddings=EMBEDDINGS)(rows()).dtype == torch.float64


def test_under_mixed_precision_vectors_keep_their_own():
    net = network("precision mixed; device cpu")
    with torch.autocast("cpu", dtype=torch.bfloat16):
        outputs = net(rows())
    assert outputs.dtype == torch.float32
    outputs.sum().backward()
    assert net.columns.vectors["1"].weight.grad.dtype == torch.float32


def test_widths_are_held_against_the_spec():
    fixed = hqnn.compile_text(
        TEXT.replace("PARTS", "device cpu").replace("encoder { dense(4); tanh; dense; tanh * pi }", "")
    )
    one = (Embedding(index=0, levels=3, width=2),)
    assert fixed.network(embeddings=one)(torch.tensor([[2.0]])).shape == (1, 1)
    assert fixed.network(1, embeddings=one)(torch.tensor([[1.0]])).shape == (1, 1)
    with pytest.raises(ValueError, match="the spec has 2 features, 3 given"):
        fixed.network(2, embeddings=one)


def test_an_open_last_layer_takes_the_classes_of_the_table():
    assert program().network(3)(torch.zeros(1, 3)).shape == (1, 1)
    assert program().network(3, 5)(torch.zeros(1, 3)).shape == (1, 5)
    classes = hqnn.compile_text(TEXT.replace("PARTS", "device cpu; loss cross_entropy"))
    assert classes.targets is None
    assert classes.network(3, 4)(torch.zeros(1, 3)).shape == (1, 4)
    with pytest.raises(ValueError, match="how many classes"):
        classes.network(3)
    settled = hqnn.compile_text(TEXT.replace("PARTS", "device cpu; loss mse"))
    with pytest.raises(ValueError, match="the spec has 1 targets, 2 given"):
        settled.network(3, 2)


def test_a_compiled_folder_has_them(tmp_path):
    made = program()
    paths = api.write_compiled(made, tmp_path / "out", ("module",), 4, out_width=2, embeddings=EMBEDDINGS)
    assert "module.pt" in [path.name for path in paths]
    loaded, wanted = hqnn.load(tmp_path / "out"), network()
    assert torch.equal(loaded(rows()), wanted.eval()(rows()))
    assert loaded.columns.embeddings == tuple(sorted(EMBEDDINGS, key=lambda one: one.index))
