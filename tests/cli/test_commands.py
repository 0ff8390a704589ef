"""Every command through its entry: exit codes, what goes where, nothing overwritten, and never a traceback."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import torch

import hqnn_dsl as hqnn
from hqnn_dsl.circuit.pauli.rewrites import REWRITES
from hqnn_dsl.data import sources
from hqnn_dsl.diagnostics.codes import every_code
from hqnn_dsl.diagnostics.diagnostic import Refusal

SPEC = """\
hqnn 1
let width = 2
model tiny {
  data { target y }
  encoder { dense(width); tanh * pi }
  circuit on width qubits { feature_map angle(); ansatz brickwork(reps: 1); measure x }
  decoder { dense }
  train { epochs 2; batch 16; optimizer adam(0.05); seed 3 }
  backend reference
}
"""
WIDE = """\
hqnn 1
model wide {
  circuit on 10 qubits {
    feature_map angle(axis: y)
    ansatz real_amplitudes(reps: 3, entanglement: linear)
    weight w
    rz(w) 9
  }
  decoder { dense }
  train { batch 1 }
  backend native(precision: double)
}
"""
COMMANDS = ["check", "compile", "train", "predict", "evaluate", "explain", "doctor"]


@pytest.fixture
def spec(tmp_path):
    path = tmp_path / "tiny.hqnn"
    path.write_text(SPEC, encoding="utf-8")
    return path


def table(path: Path) -> Path:
    rng = np.random.default_rng(1)
    a, b = rng.normal(size=(2, 48))
    pd.DataFrame({"a": a, "b": b, "y": np.sin(a) + 0.1 * b}).to_csv(path, index=False)
    return path


@pytest.fixture
def data(tmp_path):
    return table(tmp_path / "data.csv")


@pytest.fixture(scope="module")
def trained(tmp_path_factory):
    """A trained run and the table that it was trained on."""
    folder = tmp_path_factory.mktemp("trained")
    data = table(folder / "data.csv")
    hqnn.train(hqnn.compile_text(SPEC), data, folder / "run")
    return folder / "run", data


# ------------------------------------------------------------------ words


@pytest.mark.parametrize("command", COMMANDS)
def test_help_says_what_a_command_does(hqnn_command, command):
    code, out, _ = hqnn_command(command, "--help")
    assert code == 0
    assert f"hqnn {command}" in out
    assert len(out.split()) > 25


def test_help_lists_every_command(hqnn_command):
    code, out, _ = hqnn_command("--help")
    assert code == 0
    assert all(command in out for command in COMMANDS)
    assert hqnn_command("--version")[1] == f"hqnn {hqnn.__version__}\n"


@pytest.mark.parametrize(
    "arguments", [["nosuch"], ["check"], ["check", "a", "b", "c"], ["train", "a"], ["check", "a", "--format", "xml"],
                  ["check", "a", "--nosuch"], ["explain", "E9999"]],
)  # fmt: skip
def test_a_wrong_command_line_ends_with_2(hqnn_command, arguments):
    code, out, err = hqnn_command(*arguments)
    assert (code, out) == (2, "")
    assert err


def test_explain_has_a_page_for_every_code(hqnn_command):
    for code in every_code():
        left, out, err = hqnn_command("explain", code.lower())
        assert (left, err) == (0, "")
        assert out.startswith(code)
        assert len(out.split()) > 12
    listed = hqnn_command("explain")[1]
    rows = [line.split()[0] for line in listed.splitlines() if line.startswith("  ")]
    assert sorted(rows) == list(every_code())  # each under one topic


def test_doctor_prints_one_document(hqnn_command):
    code, out, _ = hqnn_command("doctor", "--json")
    found = json.loads(out)
    assert code == (3 if found["problems"] else 0)
    assert set(found["backends"]) >= {"reference", "aer"}
    code, out, _ = hqnn_command("doctor")
    assert "MAX_QUBITS" in out
    assert "torch" in out


# ------------------------------------------------------------------ check


def test_check_of_a_right_spec(hqnn_command, spec, data):
    assert hqnn_command("check", spec) == (0, f"{spec}: fine, 2 qubits, 7 gates, 4 weights, 2 inputs, 2 outputs\n", "")
    assert hqnn_command("check", spec, data)[0] == 0
    assert "6 qubits" in hqnn_command("check", spec, "--set", "width=6")[1]


def test_check_resolved_is_a_spec(hqnn_command, spec, tmp_path):
    again = tmp_path / "again.hqnn"
    again.write_text(hqnn_command("check", spec, "--resolved", "--set", "epochs=9")[1], encoding="utf-8")
    assert hqnn.compile(again).spec.train.epochs == 9
    assert hqnn_command("check", again, "--resolved")[1] == again.read_text(encoding="utf-8")


def test_check_as_json_is_one_document(hqnn_command, spec, data):
    code, out, err = hqnn_command("check", spec, data, "--format", "json", "--resolved")
    assert (code, err) == (0, "")
    found = json.loads(out)
    assert (found["ok"], found["diagnostics"]) == (True, [])
    assert found["resolved"].startswith("hqnn 1\n")
    assert found["spec"]["train"]["epochs"] == hqnn.compile(spec).spec.train.epochs
    code, out, err = hqnn_command("explain", "spec-schema")
    assert (code, err, json.loads(out)["$id"]) == (0, "", found["$schema"])
    assert set(json.loads(hqnn_command("check", spec, "--format", "json")[1])) == {"ok", "diagnostics"}
    spec.write_text(SPEC.replace("angle", "angel").replace("target y", "tarket y"), encoding="utf-8")
    code, out, err = hqnn_command("check", spec, "--format", "json")
    assert (code, err) == (1, "")
    found = json.loads(out)
    assert [item["code"] for item in found["diagnostics"]] == ["E0204", "E0202"]
    place = found["diagnostics"][1]["place"]
    assert place["file"] == str(spec)
    assert (place["start"]["line"], place["start"]["column"], place["end"]["column"]) == (6, 41, 46)


def test_warnings_go_to_standard_error_and_do_not_fail(hqnn_command, spec):
    spec.write_text(SPEC.replace("; tanh * pi", ""), encoding="utf-8")
    code, out, err = hqnn_command("check", spec)
    assert code == 0
    assert "W0403" in err
    assert "W0403" not in out


def test_a_file_of_blocks(hqnn_command, tmp_path, data):
    path = tmp_path / "blocks.hqnn"
    path.write_text("hqnn 1\nansatz a() { h 0 }\n", encoding="utf-8")
    assert hqnn_command("check", path)[0] == 0
    for arguments in (["check", path, data], ["check", path, "--resolved"], ["compile", path], ["train", path, data]):
        code, out, err = hqnn_command(*arguments)
        assert (code, out) == (1, "")
        assert "E0218" in err


@pytest.mark.parametrize("command", ["check", "compile", "train"])
@pytest.mark.parametrize("kind", ["missing", "folder", "binary", "empty", "null name"])
def test_specs_that_cannot_be_read(hqnn_command, tmp_path, data, command, kind):
    path = tmp_path / kind
    if kind == "folder":
        path.mkdir()
    elif kind in ("binary", "empty"):
        path.write_bytes(b"\x80\x00\xff" * 50 if kind == "binary" else b"")
    code, out, err = hqnn_command(command, path, data)
    assert (code, out) == (1, "")
    assert ("E0120" if kind == "empty" else "E0219") in err


@pytest.mark.parametrize(
    ("change", "code"),
    [("epochs", "E0605"), ("=3", "E0605"), ("epoch=3", "E0224"), ("epochs=many", "E0201"), ("epochs=0", "E0208"),
     ("epochs=", "E0207"), ("nosuch.lr=1", "E0224"), ("lr=-1", "E0208"), ("backend=gpu", "E0206")],
)  # fmt: skip
@pytest.mark.parametrize("command", ["check", "compile", "train"])
def test_wrong_changes_end_with_2(hqnn_command, spec, data, command, change, code):
    left, out, err = hqnn_command(command, spec, data, "--set", change)
    assert (left, out) == (2, "")
    assert code in err


def test_what_the_environment_cannot_do_ends_with_3(hqnn_command, spec, data):
    if torch.cuda.is_available():
        pytest.skip("there is a CUDA device, so nothing is missing")
    code, _, err = hqnn_command("train", spec, data, "--set", "train.device=cuda")
    assert code == 3
    assert "E0543" in err


# ---------------------------------------------------------------- compile


PICTURES = ("png", "svg", "pdf")


def test_compile_writes_what_other_programs_read(hqnn_command, spec, data, tmp_path):
    from qiskit import qasm3, qpy

    out = tmp_path / "out"
    code, printed, err = hqnn_command("compile", spec, data, "--out", out)
    assert code == 0
    assert "on two qubits" in printed
    names = {path.name for path in out.iterdir()}
    circuits = {f"{name}.{kind}" for name in ("logical", "transpiled") for kind in ("qasm", "qpy", "txt", *PICTURES)}
    circuits |= {f"network.{kind}" for kind in PICTURES}
    assert names == circuits | {"module.pt", "static.json", "observables.json", "spec.resolved.hqnn"}
    assert all(name in err for name in names)
    program = hqnn.compile(spec)
    values = np.linspace(-1, 1, program.circuit.num_parameters)
    for name, circuit in (("logical", program.circuit), ("transpiled", program.transpiled)):
        with (out / f"{name}.qpy").open("rb") as stream:
            assert qpy.load(stream)[0].assign_parameters(values) == circuit.assign_parameters(values)
        again = qasm3.loads((out / f"{name}.qasm").read_text(encoding="utf-8"))
        assert again.count_ops() == circuit.count_ops()
        assert (out / f"{name}.png").read_bytes().startswith(b"\x89PNG")
    assert json.loads((out / "static.json").read_text(encoding="utf-8"))["model"] == "tiny"
    stored = torch.load(out / "module.pt", weights_only=True)
    net = hqnn.load(out)
    assert all(torch.equal(stored["model"][name], value) for name, value in net.state_dict().items())
    rows = torch.randn(4, 2)
    assert torch.allclose(net(rows), program.network(2).eval()(rows))
    assert hqnn_command("compile", spec, data, "--out", out)[0] == 0  # its own files may be written anew


def test_compile_shows_what_the_native_engine_would_run(hqnn_command, tmp_path):
    path = tmp_path / "wide.hqnn"
    path.write_text(WIDE, encoding="utf-8")
    code, printed, err = hqnn_command("compile", path, "--out", tmp_path / "out", "--emit", "static")
    assert code == 0
    assert "W0407" in err
    native = json.loads((tmp_path / "out" / "static.json").read_text(encoding="utf-8"))["native"]
    assert (native["precision"], native["batch"], native["dead_slots"]) == ("double", 1, [50])
    names = [step["name"] for step in native["rewrites"]]
    assert names == ["as written", *REWRITES]
    rotations = {step["name"]: step["rotations"] for step in native["rewrites"]}
    assert (rotations["as written"], rotations["merge"], rotations["drop_dead"]) == (51, 41, 40)
    part = native["parts"][-1]
    assert (part["qubits"], part["numbers"], part["layout"]) == (10, "real", "by amplitude")
    assert part["rotations"] == {"constant": 0, "shared": 27, "per_sample": 10}
    assert part["state_bytes"] == 8 << 10
    assert part["passes"] == part["memory_passes"] > 10
    assert part["bytes_moved"] % (2 * 8 * 4) == 0
    lines = [line.split() for line in printed.splitlines()]
    last = native["rewrites"][-1]
    assert ["merge", "41", "1"] in [line[:3] for line in lines]
    assert ["find_real", "55", "2", f"{last['multiply_adds']:,}", "8.0", "KiB"] in lines
    assert "without effect: drop_phases" in printed
    assert "double precision; layout for batches of 1." in printed


def test_equal_parts_of_the_plan_are_one_row(hqnn_command, tmp_path):
    path = tmp_path / "many.hqnn"
    text = "hqnn 1\nmodel m { circuit on 14 qubits { feature_map angle() }; decoder { dense }; train { batch 8 } }\n"
    path.write_text(text, encoding="utf-8")
    code, printed, _ = hqnn_command("compile", path, "--out", tmp_path / "out", "--emit", "static")
    assert code == 0
    rows = [line.split() for line in printed.splitlines() if line.startswith("2 ×")]
    assert [row[:8] for row in rows] == [["2", "×", "4", "real", "4", "0", "0", "4"]]


def test_compile_writes_only_the_kinds_asked_for(hqnn_command, spec, tmp_path):
    out = tmp_path / "out"
    assert hqnn_command("compile", spec, "--out", out, "--emit", "qasm", "--emit", "static")[0] == 0
    names = {path.name for path in out.iterdir()}
    assert names == {"logical.qasm", "transpiled.qasm", "static.json", "spec.resolved.hqnn"}
    code, _, err = hqnn_command("compile", spec, "--out", out, "--emit", "module")
    assert code == 1
    assert "E0606" in err
    code, _, err = hqnn_command("compile", spec, "--out", out, "--emit", "jpeg")
    assert code == 2
    assert "E0605" in err


def test_compile_says_what_it_removed_and_what_it_did_not_draw(hqnn_command, spec, data, tmp_path, monkeypatch):
    from hqnn_dsl.export import emitter

    out = tmp_path / "out"
    assert hqnn_command("compile", spec, data, "--out", out, "--emit", "module", "--emit", "qpy")[0] == 0
    monkeypatch.setattr(emitter, "MAX_DRAWN_OPERATIONS", 1)
    code, _, err = hqnn_command("compile", spec, "--out", out, "--emit", "text", "--emit", "static")
    assert code == 0
    assert "no drawing of the logical and the transpiled circuit: too many gates" in err
    assert "wrote spec.resolved.hqnn, static.json to" in err
    assert "removed files of an earlier compile: logical.qpy, module.pt, transpiled.qpy" in err
    assert {path.name for path in out.iterdir()} == {"spec.resolved.hqnn", "static.json"}


def test_a_folder_in_use_is_left_alone(hqnn_command, spec, tmp_path, trained):
    other = tmp_path / "other"
    other.mkdir()
    (other / "notes.txt").write_text("mine", encoding="utf-8")
    assert hqnn_command("compile", spec, "--out", other)[0] == 2
    assert [path.name for path in other.iterdir()] == ["notes.txt"]
    run, _ = trained
    before = {path: path.read_bytes() for path in run.rglob("*") if path.is_file()}
    assert hqnn_command("compile", spec, "--out", run)[0] == 2
    assert {path: path.read_bytes() for path in run.rglob("*") if path.is_file()} == before
    code, _, err = hqnn_command("compile", spec, "--out", spec)
    assert code in {1, 3}
    assert "E0603" in err
    assert spec.read_text(encoding="utf-8") == SPEC


# ------------------------------------------------------ train and its runs


def test_train_then_predict_and_evaluate(hqnn_command, spec, data, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    code, out, _ = hqnn_command("train", spec, data, "--json")
    found = json.loads(out)
    assert code == 0
    assert Path(found["run"]).name == "tiny-1"
    assert set(found["metrics"]) >= {"train", "validation", "test", "baselines"}
    run = found["run"]
    code, out, err = hqnn_command("predict", run, data)
    assert code == 0
    assert out.splitlines()[0] == "line,y_predicted"
    assert len(out.splitlines()) == 49
    assert hqnn_command("predict", run, data, "--out", "p.csv")[0] == 0
    assert Path("p.csv").read_text(encoding="utf-8") == out
    code, out, _ = hqnn_command("evaluate", run, data, "--json")
    assert code == 0
    assert json.loads(out)["metrics"]["test"]["rmse"] == pytest.approx(found["metrics"]["test"]["rmse"], rel=1e-5)
    code, out, _ = hqnn_command("evaluate", run, data, "--set", "backend=reference(precision: double)")
    assert code == 0
    assert "RMSE" in out
    code, out, err = hqnn_command("train", spec, data, "--out", run)
    assert (code, out) == (2, "")
    assert "E0530" in err


@pytest.mark.parametrize("command", ["predict", "evaluate"])
def test_wrong_runs_and_tables(hqnn_command, trained, command, tmp_path):
    run, data = trained
    for wrong in (tmp_path, tmp_path / "nosuch", data):
        code, out, err = hqnn_command(command, wrong, data)
        assert (code, out) == (1, "")
        assert "error[E05" in err
    empty = tmp_path / "empty.csv"
    empty.write_text("", encoding="utf-8")
    for wrong in (tmp_path, tmp_path / "nosuch.csv", empty):
        code, out, err = hqnn_command(command, run, wrong)
        assert (code, out) == (1, "")
        assert "error[E05" in err


@pytest.mark.parametrize("change", ["width=3", "brickwork.reps=2", "epochs=3", "nosuch=1", "backend=aer(device: tpu)"])
def test_changes_that_a_run_cannot_take(hqnn_command, trained, change):
    run, data = trained
    code, out, err = hqnn_command("evaluate", run, data, "--set", change)
    assert (code, out) == (2, "")
    assert "error[E" in err


def test_another_backend_stands_beside_the_runs_own(hqnn_command, trained):
    pytest.importorskip("qiskit_aer")
    run, data = trained
    before = {path: path.read_bytes() for path in Path(run).rglob("*") if path.is_file()}
    change = "backend=aer(noise: depolarizing(p1: 0.2, p2: 0.2))"
    code, out, _ = hqnn_command("evaluate", run, data, "--set", change, "--json")
    found = json.loads(out)
    assert code == 0
    assert found["backend"]["name"] == "aer"
    assert found["backend"]["metadata"]["noise"] == "depolarizing(p1: 0.2, p2: 0.2, readout: 0.0)"
    assert found["own"]["backend"]["name"] != "aer"
    alone = json.loads(hqnn_command("evaluate", run, data, "--json")[1])
    assert alone["metrics"] == found["own"]["metrics"]
    assert set(alone) == {"run", "task", "metrics", "backend"}
    assert found["metrics"]["test"]["rmse"] != pytest.approx(alone["metrics"]["test"]["rmse"], rel=1e-6)
    code, out, _ = hqnn_command("evaluate", run, data, "--set", change)
    assert code == 0
    assert "aer (asked for)" in out
    assert "(its own)" in out
    assert "noise: depolarizing(p1: 0.2, p2: 0.2, readout: 0.0)" in out
    assert {path: path.read_bytes() for path in Path(run).rglob("*") if path.is_file()} == before


@pytest.mark.parametrize(
    ("change", "wanted", "said"),
    [
        ('primitive("fake_torin")', 2, "did you mean `fake_torino`?"),
        ('primitive("fake_manila", mode: batch)', 2, "E0740"),
        ("aer(shot: 3)", 2, "did you mean `shots`?"),
    ],
)
def test_a_wrong_other_backend_is_said_where_it_stands(hqnn_command, trained, change, wanted, said):
    pytest.importorskip("qiskit_ibm_runtime")
    run, data = trained
    code, out, err = hqnn_command("evaluate", run, data, "--set", f"backend={change}")
    assert (code, out) == (wanted, "")
    assert said in err
    assert "--> --set backend:1:" in err


def test_a_run_is_tested_on_a_fake_device(hqnn_command, trained):
    pytest.importorskip("qiskit_ibm_runtime")
    run, data = trained
    code, out, _ = hqnn_command("evaluate", run, data, "--set", 'backend=primitive("fake_manila", shots: 50)', "--json")
    found = json.loads(out)
    assert code == 0
    assert found["backend"]["metadata"]["device"] == "fake_manila"
    assert found["backend"]["metadata"]["shots"] == 50
    assert found["backend"]["metadata"]["shots_repeatable"] is True


def test_resume_needs_a_folder(hqnn_command, spec, data):
    code, _, err = hqnn_command("train", spec, data, "--resume")
    assert code == 2
    assert "E0605" in err


def test_predict_where_nothing_can_be_written(hqnn_command, trained, tmp_path):
    run, data = trained
    code, _, err = hqnn_command("predict", run, data, "--out", tmp_path / "nosuch" / "p.csv")
    assert code in {1, 3}
    assert "E0603" in err


def test_predict_replaces_nothing_unasked(hqnn_command, trained, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    run, data = trained
    table = data.read_bytes()
    out = Path("answers.csv")
    out.write_text("mine", encoding="utf-8")
    out.chmod(0o600)
    code, _, err = hqnn_command("predict", run, data, "--out", out)
    assert (code, "E0550" in err, out.read_text(encoding="utf-8")) == (2, True, "mine")
    assert hqnn_command("predict", run, data, "--out", out, "--force")[0] == 0
    assert len(out.read_text(encoding="utf-8").splitlines()) == 49
    assert out.stat().st_mode & 0o777 == 0o600
    Path("again.csv").hardlink_to(data)
    Path("way.csv").symlink_to(data)
    for name in (data, "again.csv", "way.csv", os.path.relpath(data)):
        for more in ((), ("--force",)):
            code, _, err = hqnn_command("predict", run, data, "--out", name, *more)
            assert (code, "E0551" in err) == (2, True), name
    for name in (
        *sorted(path.name for path in run.iterdir()),
        "metrics.json",
        "checkpoints/best.pt",
        "checkpoints/mine.csv",
        "plots/losses.png",
    ):
        code, _, err = hqnn_command("predict", run, data, "--out", run / name, "--force")
        assert (code, "E0551" in err) == (2, True), name
    for name in ("/dev/null", "/dev/stdout", "."):
        code, _, err = hqnn_command("predict", run, data, "--out", name, "--force")
        assert (code, "E0552" in err) == (2, True), name
    assert data.read_bytes() == table
    assert hqnn_command("predict", run, data, "--out", run / "mine.csv")[0] == 0


def test_where_predictions_go_is_looked_at_before_anything_is_imported(trained):
    run, data = trained
    script = (
        "import sys\nfrom hqnn_dsl.cli.main import main\n"
        "try:\n    main()\nexcept SystemExit as leaving:\n    assert leaving.code == 2, leaving.code\n"
        "assert not {'torch', 'pandas', 'numpy', 'qiskit'} & set(sys.modules)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", script, "predict", str(run), str(data), "--out", str(data)],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert "E0551" in done.stderr


@pytest.mark.parametrize(
    "words", [("predict",), ("evaluate",), ("evaluate", "--set", "backend=reference(precision: double)")]
)
def test_a_command_reads_its_table_once(hqnn_command, trained, monkeypatch, words):
    run, data = trained
    read = []
    real = sources.open_regular
    monkeypatch.setattr(sources, "open_regular", lambda path: (read.append(path), real(path))[1])
    assert hqnn_command(words[0], run, data, *words[1:])[0] == 0
    assert read.count(data) == 1


def test_a_table_is_not_read_to_ask_about_a_backend_that_counts_nothing(trained):
    run, _ = trained
    hqnn.open_run(run).settle("there is no such file.csv", lambda bill: False)


def test_truth_values_are_said_to_be_numbers(hqnn_command, spec, data, tmp_path):
    table = tmp_path / "truth.csv"
    frame = pd.read_csv(data)
    frame[frame.columns[0]] = frame[frame.columns[0]] > 0
    frame.to_csv(table, index=False)
    for words in (("check", spec, table), ("train", spec, table, "--out", tmp_path / "r")):
        code, _, err = hqnn_command(*words)
        assert (code, f"`{frame.columns[0]}` of `truth.csv`: True is read as 1, False as 0" in err) == (0, True)
    code, out, _ = hqnn_command("check", spec, table, "--format", "json")
    assert "W0425" in [item["code"] for item in json.loads(out)["diagnostics"]]
    for command in ("predict", "evaluate"):
        code, _, err = hqnn_command(command, tmp_path / "r", table)
        assert (code, "W0425" in err) == (0, True)


def test_a_value_beyond_single_precision_is_refused_by_a_run_too(hqnn_command, trained, tmp_path):
    run, data = trained
    frame = pd.read_csv(data).astype(float)
    frame.iloc[3, 0] = 1e300
    frame.to_csv(tmp_path / "large.csv", index=False)
    for command in ("predict", "evaluate"):
        code, out, err = hqnn_command(command, run, tmp_path / "large.csv")
        assert (code, out, "E0522" in err) == (1, "", True)


# ------------------------------------------------------------ as a process


def test_check_imports_nothing_heavy(spec):
    script = (
        "import sys\nfrom hqnn_dsl.cli.main import main\n"
        "try:\n    main()\nexcept SystemExit as leaving:\n    assert not leaving.code, leaving.code\n"
        "heavy = {'torch', 'qiskit', 'qiskit_aer', 'qiskit_machine_learning', 'pandas', 'numpy', 'sklearn', 'numba',"
        " 'pennylane', 'matplotlib', 'scipy'}\nfound = heavy & set(sys.modules)\nassert not found, found\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", script, "check", str(spec)], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr


def test_a_closed_pipe_is_no_error(spec):
    script = "import sys; sys.argv = ['hqnn', 'explain']; from hqnn_dsl.cli.main import main; main()"
    line = f'"{sys.executable}" -c "{script}" | head -n 1'
    done = subprocess.run(["bash", "-c", line], capture_output=True, text=True, check=False)
    assert done.stdout.count("\n") == 1
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize(
    ("table", "code", "place"),
    [
        ("a,b,z\n1,2,3\n4,5,6\n7,8,9\n", "E0510", "target y"),
        ("a,c,y\n1,2,3\n4,5,6\n7,8,9\n", "E0510", "features a, b"),
        ("a,b,y\n1,x,3\n4,5,6\n7,8,9\n", "E0515", "features a, b"),
        ("a,b,y\n1,2,inf\n4,5,6\n7,8,9\n", "E0514", "target y"),
        ("a,b,y\n1,2,\n4,5,6\n7,8,9\n", "E0512", "target y"),
        ("a,b,y\n1,,3\n4,5,6\n7,8,9\n", "E0513", "features a, b"),
        ("a,b,y\n1,2,3\n", "E0521", "split validation: 1, test: 1"),
    ],
)
def test_a_finding_about_a_table_has_its_place_in_the_spec_too(table, code, place, tmp_path):
    spec = tmp_path / "s.hqnn"
    spec.write_text(
        "hqnn 1\nmodel m {\n  data { target y; features a, b; split validation: 1, test: 1 }\n"
        "  encoder { dense(2); tanh * pi }\n"
        "  circuit on 2 qubits { feature_map angle(); ansatz real_amplitudes(reps: 1) }\n"
        "  decoder { dense }\n}\n"
    )
    (tmp_path / "t.csv").write_text(table)
    with pytest.raises(Refusal) as refused:
        hqnn.train(spec, tmp_path / "t.csv", tmp_path / "run")
    found = {item.code: item.span.text for item in refused.value.diagnostics}
    assert found.pop(code) == place
    assert set(found) <= {"E0521"}  # of three rows, two are left for the other parts
    assert not (tmp_path / "run").exists()
