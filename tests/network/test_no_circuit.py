"""Models without a circuit are checked, printed, trained and read back as others are; what needs a circuit says so."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
import torch

import hqnn_dsl as hqnn
from hqnn_dsl.crosscheck.bench import bench
from hqnn_dsl.crosscheck.verify import verify
from hqnn_dsl.diagnostics.diagnostic import Refusal
from hqnn_dsl.training.loop import Training

TEXT = """hqnn 1

model classical {
  encoder { dense(3); tanh * 2 }
  decoder { DECODER }
  train { loss mse; epochs 3; batch 8; stop none; precision double; step STEP }
}
"""


def text(decoder="layer_norm; dense(4); silu; dense", step="auto"):
    return TEXT.replace("DECODER", decoder).replace("STEP", step)


def frame(rows=30):
    draw = np.random.default_rng(1)
    found = pd.DataFrame(draw.normal(size=(rows, 2)), columns=["a", "b"])
    return found.assign(y=np.sin(found["a"]) + found["b"])


def quiet_run(spec, path):
    return hqnn.train(spec, frame(), path, progress=False)


def test_its_network_is_that_of_its_lines():
    net = hqnn.compile_text(text("dense(1, bias: false)")).network(2)
    x = torch.randn(5, 2, dtype=torch.float64)
    first, last = net.encoder[0], net.decoder[0]
    expected = 2 * torch.tanh(x @ first.weight.T + first.bias) @ last.weight.T
    assert torch.allclose(net(x), expected, atol=1e-14)
    assert net.quantum_weights() == []
    assert list(net.state_dict()) == ["encoder.0.weight", "encoder.0.bias", "decoder.0.weight"]


@pytest.mark.parametrize(
    "decoder", ["layer_norm; dense(4); silu; dense", 'fourier("2*x[0] - x[1]", "0.5*x[2]", inputs: 3); dense']
)
@pytest.mark.filterwarnings("ignore")
def test_both_kinds_of_steps_train_it_alike_and_it_is_read_back(tmp_path, decoder):
    runs = [quiet_run(text(decoder, step), tmp_path / step) for step in ("compiled", "torch")]
    first, second = (run.net.state_dict() for run in runs)
    for name in first:
        assert torch.allclose(first[name], second[name], rtol=1e-9, atol=1e-12)
    again = hqnn.open_run(tmp_path / "torch")
    assert again.evaluate(frame())["test"]["rmse"] == pytest.approx(runs[1].metrics["test"]["rmse"])
    with pytest.raises(Refusal, match="E0232"):
        hqnn.open_run(tmp_path / "torch", {"backend": "reference"})


def test_what_is_about_circuits_says_that_there_is_none(tmp_path):
    program = hqnn.compile_text(text())
    asked = (
        lambda: program.circuit,
        lambda: program.observables,
        lambda: program.transpiled,
        lambda: program.static,
        program.quantum_layer,
        lambda: hqnn.write_compiled(program, tmp_path / "compiled"),
        lambda: verify(program),
        lambda: bench(program),
    )
    for ask in asked:
        with pytest.raises(Refusal, match="E0320"):
            ask()
    assert not (tmp_path / "compiled").exists()


def test_it_is_shown_and_printed():
    program = hqnn.compile_text(text())
    assert [item.code for item in program.warnings] == ["W0485"]
    assert hqnn.compile_text(program.resolved).spec == program.spec
    assert "circuit" not in program.resolved
    assert "circuit: none" in repr(program)
    assert "the model has no circuit" in program._repr_html_()


def test_widths_meet_where_the_circuit_would_be():
    with pytest.raises(Refusal, match="E0313"):
        hqnn.compile_text(text("identity").replace("model classical {", "model classical { data { task regression }"))
    open_end = hqnn.compile_text("hqnn 1\nmodel m { encoder { dense(5); dense }; decoder { identity } }")
    assert open_end.network(2, 3)(torch.zeros(4, 2)).shape == (4, 3)
    alone = hqnn.compile_text("hqnn 1\nmodel m { decoder { dense(2); dense } }")
    assert alone.network(7, 1)(torch.zeros(4, 7)).shape == (4, 1)
    with pytest.raises(Refusal, match="E0314"):
        hqnn.compile_text("hqnn 1\nmodel m { encoder { dense }; decoder { dense } }")


def test_fourier_reads_so_many_inputs_and_has_no_weights():
    made = hqnn.compile_text(
        'hqnn 1\nmodel m { decoder { identity * 2; fourier("x[0]", "x[0] - x[1]", inputs: 3) ; dense } }'
    )
    assert made.spec.in_width == 3
    net = made.network(3, 1)
    assert sum(weight.numel() for weight in net.classical_weights()) == 5
    x = torch.randn(4, 3)
    phases = torch.stack([2 * x[:, 0], 2 * x[:, 0] - 2 * x[:, 1]], dim=1)
    assert torch.allclose(net.decoder[1](net.decoder[0](x)), torch.cat([phases.cos(), phases.sin()], 1), atol=1e-5)
    with torch.autocast("cpu", dtype=torch.bfloat16):
        assert torch.allclose(net.decoder[1](x), torch.cat([(phases / 2).cos(), (phases / 2).sin()], 1), atol=1e-5)
    with pytest.raises(Refusal, match="E0212"):
        hqnn.compile_text('hqnn 1\nmodel m { decoder { fourier("x[0]", "x[0]", inputs: 1); dense } }')


def test_the_example_of_its_page_is_accepted():
    from hqnn_dsl.cli.catalog_pages import _entries

    (page,) = _entries("fourier")
    line = page.splitlines()[-1].strip()
    assert hqnn.compile_text(f"hqnn 1\nmodel m {{ decoder {{ {line}; dense(1) }} }}").spec.in_width == 8


@pytest.mark.parametrize(
    ("phase", "ran", "reason"), [("2*x[0] - x[1]", "compiled", ""), ("x[0]*x[1]", "torch", "products or functions")]
)
def test_fourier_is_compiled_if_its_phases_are_sums(phase, ran, reason):
    made = hqnn.compile_text(text(f'dense(2); fourier("{phase}", inputs: 2); dense'))
    training = Training(made.network(2, 1), made.spec.train, torch.device("cpu"))
    assert training.choice.ran == ran
    assert reason in training.choice.reason
