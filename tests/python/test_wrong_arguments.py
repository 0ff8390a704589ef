"""What is no path and no function is refused with the name of the argument, before anything is read or trained."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
import torch

import hqnn

SPEC = (
    "hqnn 1\nmodel m { encoder { dense(2); tanh * pi } circuit on 2 qubits { feature_map angle(); measure z } "
    "decoder { dense } train { epochs 1 } backend reference }\n"
)
FRAME = pd.DataFrame(np.random.default_rng(0).normal(size=(20, 3)), columns=["a", "b", "y"])


def code_of(action) -> str:
    with pytest.raises(hqnn.Refusal) as refused:
        action()
    return refused.value.diagnostics[0].code


@pytest.mark.parametrize("wrong", [3, b"x", "", 1.5, [], object()])
def test_a_folder_is_a_path(wrong, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert code_of(lambda: hqnn.train(SPEC, FRAME, wrong)) == "E0605"
    assert code_of(lambda: hqnn.open_run(wrong)) == "E0605"
    assert code_of(lambda: hqnn.load(wrong)) == "E0605"
    assert code_of(lambda: hqnn.write_compiled(SPEC, wrong)) == "E0605"
    assert list(tmp_path.iterdir()) == []


def test_none_is_no_run():
    assert code_of(lambda: hqnn.open_run(None)) == "E0605"
    assert code_of(lambda: hqnn.load(None)) == "E0605"


@pytest.mark.parametrize(
    "wrong",
    [
        {"loss": torch.nn.MSELoss},
        {"loss": lambda p: p},
        {"loss": "mse"},
        {"on_epoch": lambda: 0},
        {"on_epoch": lambda a, b: 0},
        {"on_epoch": 3},
    ],
)
def test_a_function_takes_what_it_is_called_with(wrong, tmp_path):
    assert code_of(lambda: hqnn.train(SPEC, FRAME, tmp_path / "r", **wrong)) == "E0605"
    assert not (tmp_path / "r").exists()


def test_functions_of_any_form_are_taken(tmp_path):
    seen = []
    hqnn.train(SPEC, FRAME, tmp_path / "r", loss=torch.nn.MSELoss(), on_epoch=seen.append)
    assert len(seen) == 1
