"""Notices: warnings for Python, lines for the commands, and whatever else for whoever asks."""

from __future__ import annotations

import ast
import io
import pickle
import sys
import threading
import warnings
from pathlib import Path

import pandas as pd
import pytest
import torch

import hqnn
from hqnn_dsl.backends.native import compiled
from hqnn_dsl.cli.main import main
from hqnn_dsl.diagnostics.codes.bounds import TargetBeyondOutputs
from hqnn_dsl.diagnostics.codes.command import KernelsNotKept
from hqnn_dsl.diagnostics.codes.environment import BackendPicked
from hqnn_dsl.diagnostics.notices import HQNNWarning, caller, notice, notices_sent_to

PACKAGE = Path(hqnn.hqnn_dsl.__file__).parent
SPEC = """hqnn 1
model small {
  encoder { dense(2); tanh * pi }
  circuit on 2 qubits { feature_map angle(); ansatz real_amplitudes(reps: 1) }
  decoder { dense }
  train { epochs 1; batch 8; device cpu }
  backend reference
}
"""
FRAME = pd.DataFrame({"a": range(12), "b": range(0, 24, 2), "y": range(12)})
BOUNDS = {"target": "y", "low": "-1", "high": "1", "far": "3 rows", "rows": 9, "least": "0", "most": "11"}


@pytest.fixture
def heard():
    found: list[HQNNWarning] = []
    with notices_sent_to(found.append):
        yield found


def test_by_default_a_notice_is_a_warning_at_the_callers_line(tmp_path):
    with pytest.warns(hqnn.HQNNWarning, match="^target: `y`, the last column") as told:
        hqnn.train(SPEC, FRAME, tmp_path / "run", progress=False)
    line = next(
        number for number, text in enumerate(Path(__file__).read_text().splitlines(), 1) if '"run", prog' in text
    )
    assert [(item.filename, item.lineno) for item in told] == [(__file__, line)]
    assert issubclass(hqnn.HQNNWarning, UserWarning)


def test_a_notice_from_a_layer_points_at_the_line_that_called_it():
    class Layer(torch.nn.Module):
        def forward(self, x: torch.Tensor) -> torch.Tensor:
            return own(x)

    names: dict[str, object] = {"__name__": "hqnn_dsl.layer", "notice": notice}
    exec(compile("def own(x):\n    notice('a sentence')\n    return x\n", "layer.py", "exec"), names)
    own = names["own"]
    with pytest.warns(hqnn.HQNNWarning, match="a sentence") as told:
        Layer()(torch.zeros(1))
    assert told[0].filename == __file__


def test_one_cause_is_one_warning():
    with warnings.catch_warnings(record=True) as told:
        warnings.simplefilter("default")
        for _ in range(3):
            notice("said often")
    assert len(told) == 1


def test_warnings_can_be_errors_and_can_be_ignored(tmp_path):
    with warnings.catch_warnings():
        warnings.simplefilter("error", hqnn.HQNNWarning)
        with pytest.raises(hqnn.HQNNWarning, match="the last column"):
            hqnn.train(SPEC, FRAME, tmp_path / "run")
        assert not (tmp_path / "run").exists()
        warnings.simplefilter("ignore", hqnn.HQNNWarning)
        hqnn.train(SPEC, FRAME, tmp_path / "run", progress=False)


def test_python_writes_nothing_by_hand(tmp_path, capfd):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        hqnn.train(SPEC, FRAME, tmp_path / "run", progress=False).evaluate(FRAME)
    assert capfd.readouterr() == ("", "")


def test_progress_goes_where_it_is_sent(tmp_path, capfd, heard):
    stream = io.StringIO()
    hqnn.train(SPEC, FRAME, tmp_path / "run", progress=stream)
    assert stream.getvalue().startswith("epoch 1/1: ")
    assert capfd.readouterr() == ("", "")
    hqnn.train(SPEC, FRAME, tmp_path / "other")
    assert capfd.readouterr().err.startswith("epoch 1/1: ")
    with pytest.raises(hqnn.Refusal, match="E0605"):
        hqnn.train(SPEC, FRAME, tmp_path / "no", progress="quiet")
    assert [str(item) for item in heard] == ["target: `y`, the last column of the frame"] * 2


def test_a_function_takes_the_place_of_warnings():
    lines: list[str] = []
    assert hqnn.send_notices_to(lambda told: lines.append(told.line)) is None
    try:
        notice("a sentence")
        notice(BackendPicked(backend="native", reason="the fastest"), marked=False)
        notice(KernelsNotKept(reason="no space"), with_help=True)
        notice(TargetBeyondOutputs(**BOUNDS))
    finally:
        assert hqnn.send_notices_to(None) is not None
    assert lines[:2] == ["a sentence", "backend auto: native, the fastest"]
    assert lines[2].startswith("note: the native kernels cannot be kept")
    assert lines[2].endswith("; set NUMBA_CACHE_DIR to a folder that you can write")
    assert lines[3].startswith("warning[W0445]: ")
    with pytest.raises(hqnn.Refusal, match="E0605"):
        hqnn.send_notices_to("print")


def test_a_warning_keeps_its_finding_through_a_process_pool(heard):
    notice(KernelsNotKept(reason="no space"))
    again = pickle.loads(pickle.dumps(heard[0]))
    assert (str(again), again.line, again.diagnostic) == (str(heard[0]), heard[0].line, heard[0].diagnostic)
    assert again.diagnostic.code == "E0621"


def test_the_commands_print_notices(tmp_path, monkeypatch, capfd):
    (tmp_path / "small.hqnn").write_text(SPEC)
    FRAME.to_csv(tmp_path / "data.csv", index=False)
    words = ["hqnn", "train", *(str(tmp_path / name) for name in ("small.hqnn", "data.csv")), "--out"]
    monkeypatch.setattr(sys, "argv", [*words, str(tmp_path / "run")])
    with warnings.catch_warnings():
        warnings.simplefilter("error", hqnn.HQNNWarning)
        with pytest.raises(SystemExit) as left:
            main()
    assert not left.value.code
    lines = capfd.readouterr().err.splitlines()
    assert any(line.startswith("target: `y`, the last column of ") for line in lines)
    with pytest.warns(hqnn.HQNNWarning):
        notice("as before")


def test_kernels_that_compile_point_at_the_callers_line(monkeypatch):
    """The sentence comes from another thread, whose stack ends in Python's own modules."""
    monkeypatch.setattr(compiled, "COMPILING_AFTER", 0.0)
    came = threading.Event()
    told: list[warnings.WarningMessage] = []

    def show(*found: object) -> None:
        told.append(warnings.WarningMessage(*found[:4]))
        came.set()

    with warnings.catch_warnings():
        warnings.simplefilter("always")
        monkeypatch.setattr(warnings, "showwarning", show)
        monkeypatch.setattr(compiled, "_said", [])
        compiled.call(("a kind that waits",), lambda: came.wait(20))
        compiled._say(("another kind",), caller())
    assert len(told) == 1, "several kinds in a row are said once"
    assert "compiling the native kernels, first those for a kind that waits; " in str(told[0].message)
    assert told[0].filename == __file__


BY_HAND = {
    "cli", "diagnostics/terminal.py", "training/bar.py", "training/reading_bar.py", "training/second_process.py"
}  # fmt: skip
"""What may write to standard streams: the commands, their function for it, the bars, which a caller can send away, and
a second process, whose own output is its answers."""


def test_the_library_writes_nothing_by_hand():
    found = []
    for path in PACKAGE.rglob("*.py"):
        name = path.relative_to(PACKAGE).as_posix()
        if name in BY_HAND or name.partition("/")[0] in BY_HAND:
            continue
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            is_stream = isinstance(node, ast.Attribute) and node.attr in {"stderr", "stdout"}
            is_call = (
                isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in {"print", "say"}
            )
            if is_stream or is_call:
                found.append(f"{name}:{node.lineno}")
    assert found == []
