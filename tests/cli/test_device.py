"""`train { device … }` decides where tensors live, in every command that makes some, and it never falls back."""

from __future__ import annotations

import re
import sys

import numpy as np
import pandas as pd
import pytest
import torch
from unbound_runs import unbind
from wrong_backends import SPEC as PLAIN
from wrong_backends import quick_rows_only

import hqnn_dsl as hqnn
from hqnn_dsl import program as programs
from hqnn_dsl.backends import auto
from hqnn_dsl.backends.torch_device import torch_device
from hqnn_dsl.cli.main import main
from hqnn_dsl.diagnostics.diagnostic import Refusal

NO_GPU = pytest.mark.skipif(torch.cuda.is_available(), reason="here is a GPU: CUDA's absence cannot be observed")
SPEC = PLAIN.replace("device cpu", "epochs 1; device DEVICE")
LINE = 1 + SPEC[: SPEC.index("DEVICE")].count("\n")
TABLE = pd.DataFrame({"a": np.linspace(0, 1, 12), "b": np.linspace(2, 1, 12), "y": np.linspace(0, 3, 12)})
OPTIONS = {"train": (), "verify": ("--points", "1"), "bench": ("--seconds", "0.05")}


def program(device, **changes):
    return hqnn.compile_text(SPEC.replace("DEVICE", device), set=changes)


@pytest.fixture
def cuda(monkeypatch):
    """Sets what PyTorch says of CUDA; trials made before are forgotten."""

    def is_here(answer):
        monkeypatch.setattr(torch.cuda, "is_available", lambda: answer)

    monkeypatch.setattr(auto, "_picked", {})
    is_here(False)
    return is_here


@pytest.fixture
def hqnn_command(tmp_path, capsys, monkeypatch):
    """Runs a command on a spec with a device: exit code, standard output, standard error."""
    rows = quick_rows_only()
    next(rows)
    spec, data = tmp_path / "small.hqnn", tmp_path / "small.csv"
    TABLE.to_csv(data, index=False)

    def run(command, device, *options):
        spec.write_text(SPEC.replace("DEVICE", device), encoding="utf-8")
        monkeypatch.setattr("hqnn_dsl.cli.output._as_json", False)
        tables = [str(data)] if command == "train" else []
        monkeypatch.setattr(sys, "argv", ["hqnn", command, str(spec), *tables, *OPTIONS.get(command, ()), *options])
        with pytest.raises(SystemExit) as left:
            main()
        said = capsys.readouterr()
        return left.value.code or 0, said.out, said.err

    monkeypatch.chdir(tmp_path)
    yield run
    next(rows, None)


@pytest.mark.parametrize(
    ("asked", "with_cuda", "without"), [("auto", "cuda", "cpu"), ("cuda", "cuda", None), ("cpu", "cpu", "cpu")]
)
def test_one_function_decides(cuda, asked, with_cuda, without):
    cuda(True)
    assert torch_device(asked) == torch.device(with_cuda)
    assert program(asked).device == with_cuda
    cuda(False)
    if without is not None:
        assert torch_device(asked) == torch.device(without)
        assert program(asked).device == without


@pytest.mark.parametrize(("built", "reason"), [(None, "was installed without CUDA"), ("13.0", "finds no CUDA device")])
def test_cuda_is_refused_if_there_is_none(cuda, monkeypatch, built, reason):
    monkeypatch.setattr(torch.version, "cuda", built)
    with pytest.raises(Refusal) as refused:
        torch_device("cuda")
    (item,) = refused.value.diagnostics
    assert (item.code, refused.value.exit_code) == ("E0543", 3)
    assert reason in item.headline


@pytest.mark.parametrize("backend", ["reference", "auto"])
@pytest.mark.parametrize("command", OPTIONS)
def test_every_command_that_computes_refuses_at_the_same_place(hqnn_command, cuda, tmp_path, command, backend):
    code, out, err = hqnn_command(command, "cuda", "--set", f"backend={backend}")
    assert (code, out) == (3, "")
    assert err.count("error[E0543]: `device cuda` is asked for, but PyTorch") == 1
    assert f"small.hqnn:{LINE}:" in err
    assert not (tmp_path / "runs").exists()


@pytest.mark.parametrize("command", OPTIONS)
def test_a_device_that_is_set_is_refused_too(hqnn_command, cuda, command):
    code, out, err = hqnn_command(command, "cpu", "--set", "train.device=cuda")
    assert (code, out) == (3, "")
    assert "error[E0543]" in err
    assert "--set" in err


@pytest.mark.parametrize("command", OPTIONS)
def test_without_cuda_auto_is_the_cpu(hqnn_command, cuda, command):
    code, _, err = hqnn_command(command, "auto")
    assert code == 0, err


@pytest.mark.parametrize("make", [lambda it: it.quantum_layer(), lambda it: it.network(2)], ids=["layer", "network"])
def test_a_trial_is_made_on_the_device_of_the_spec_or_not_at_all(cuda, monkeypatch, make):
    def candidates(circuit, options, table, rows, device):
        tried.append(device)
        return real(circuit, options, table, rows, "cpu")

    def first(circuit, rows, candidates, *, device):
        tried.append(device)
        return auto.Picked("reference"), False

    real, tried = programs.candidates_of, []
    asked = {device: program(device, backend="auto") for device in ("auto", "cpu", "cuda")}
    monkeypatch.setattr(programs, "candidates_of", candidates)
    monkeypatch.setattr(programs, "pick", first)
    with pytest.raises(Refusal, match="E0543") as refused:
        make(asked["cuda"])
    assert refused.value.diagnostics[0].span is not None
    assert tried == []
    cuda(True)
    for device in ("cuda", "auto", "cpu"):
        make(asked[device])
    assert tried == ["cuda"] * 4 + ["cpu"] * 2


@NO_GPU
@pytest.mark.parametrize("device", ["cuda", "auto"])
@pytest.mark.parametrize("command", [*OPTIONS, "trial"])
def test_tensors_go_to_cuda_if_pytorch_says_that_it_is_here(hqnn_command, cuda, command, device):
    """There is none, so the first tensor that is sent there fails in PyTorch."""
    cuda(True)
    if command == "trial":
        with pytest.raises((AssertionError, RuntimeError), match=r"CUDA|NVIDIA"):
            program(device, backend="auto").quantum_layer()
        return
    code, _, err = hqnn_command(command, device)
    assert code == 70
    assert "CUDA" in err or "NVIDIA" in err
    assert hqnn_command(command, "cpu")[0] == 0


# ---------------------------------------------------------------- what is read back is on the CPU


@pytest.fixture
def run_of_cuda(cuda, tmp_path):
    """A run as a machine with CUDA leaves it: of `device cuda`, with `backend auto`."""
    hqnn.train(program("cpu", backend="auto"), TABLE, tmp_path / "run")
    spec = tmp_path / "run" / "spec.resolved.hqnn"
    text = spec.read_text(encoding="utf-8")
    changed = re.sub(r"(device +)cpu", r"\1cuda", text)
    assert changed != text
    spec.write_text(changed, encoding="utf-8")
    best = tmp_path / "run" / "checkpoints" / "best.pt"
    torch.save(torch.load(best, weights_only=True) | {"spec": changed}, best)
    return unbind(tmp_path / "run")


@pytest.mark.parametrize("is_recorded", [True, False])
def test_a_run_of_cuda_predicts_without_one(run_of_cuda, cuda, monkeypatch, is_recorded):
    expected = hqnn.open_run(run_of_cuda).predict(TABLE)
    if not is_recorded:
        (run_of_cuda / "environment.json").unlink()
    real, tried = programs.pick, []
    monkeypatch.setattr(programs, "pick", lambda *given, device: (tried.append(device), real(*given, device=device))[1])
    for here in (False, True):
        cuda(here)
        opened = hqnn.open_run(run_of_cuda)
        assert {weight.device.type for weight in opened.net.parameters()} == {"cpu"}
        pd.testing.assert_frame_equal(opened.predict(TABLE), expected, rtol=1e-4)
        assert opened.evaluate(TABLE)["all"]["rmse"] >= 0
    assert tried == ([] if is_recorded else ["cpu", "cpu"])


def test_the_device_of_a_run_is_no_option_of_evaluate(run_of_cuda):
    with pytest.raises(Refusal, match="E0607"):
        hqnn.open_run(run_of_cuda, {"train.device": "cpu"})


def test_compiling_places_no_tensors_and_keeps_the_device(cuda, tmp_path):
    """The folder is for any machine: only training and trials need the device."""
    written = {}
    for device in ("cuda", "cpu"):
        hqnn.write_compiled(program(device, backend="auto"), tmp_path / device, ("module",), in_width=2)
        written[device] = hqnn.load(tmp_path / device)
        spec = (tmp_path / device / "spec.resolved.hqnn").read_text(encoding="utf-8")
        assert re.search(rf"device +{device}\n", spec)
    inputs = torch.ones(3, 2)
    torch.testing.assert_close(written["cuda"](inputs), written["cpu"](inputs))
