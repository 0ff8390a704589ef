"""What each command may import of the large packages. Another one in a list is seconds of waiting for every user."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from hqnn_dsl.training.second_process import cores

ROOT = Path(__file__).resolve().parents[2]
LARGE = (
    *("torch", "qiskit", "pandas", "numpy", "sklearn", "scipy", "matplotlib", "numba", "sympy", "PIL", "openqasm3"),
    *("pydantic", "qiskit_aer", "qiskit_ibm_runtime", "qiskit_machine_learning", "pennylane", "IPython"),
    *("pyarrow", "polars", "zstandard", "jinja2", "plotly", "hqnn_dsl.report"),
    *("mlflow", "sqlalchemy", "tensorboard", "hqnn_dsl.trackers"),
    *(
        "torch._dynamo",
        "torch._inductor",
        "scipy.stats",
        "matplotlib.pyplot",
        "sklearn.ensemble",
        "sklearn.linear_model",
    ),
)
"""Packages, and parts of them that take long by themselves."""
SPEC, DATA = "specs/model.hqnn", "specs/data/yacht.csv"
TRAINED = {"pydantic", "torch", "numpy", "pandas", "numba", "scipy"}
BESIDE = {"matplotlib", "PIL", "sklearn", "sklearn.ensemble", "sklearn.linear_model", "scipy.stats"}
"""The baselines and the pictures of a training, which a second process makes if there is a core for it."""
QISKIT = {"qiskit", "numpy", "scipy", "numba", "PIL", "qiskit_aer", "qiskit_ibm_runtime", "pydantic"}
"""Qiskit's transpiler loads the plugins of every package that registers some, Aer's and IBM's among them."""

PROGRAM = """
import atexit, sys
large, words = set(sys.argv[1].split(",")), sys.argv[2:]
atexit.register(lambda: print("LOADED", *sorted(name for name in large if sys.modules.get(name) is not None)))
sys.argv = ["hqnn", *words]
from hqnn_dsl.cli.main import main
main()
"""


def loaded(*words: str) -> set[str]:
    command = [sys.executable, "-c", PROGRAM, ",".join(LARGE), *words]
    done = subprocess.run(command, capture_output=True, text=True, cwd=ROOT, check=False)
    assert done.returncode == 0, done.stderr
    return set(done.stdout.splitlines()[-1].split()[1:])


def trained(out: Path, *words: str) -> set[str]:
    return loaded("train", SPEC, DATA, "--set", "epochs=1", "--set", "backend=native", "--out", str(out), *words)


@pytest.fixture(scope="module")
def run(tmp_path_factory) -> Path:
    out = tmp_path_factory.mktemp("runs") / "r"
    found = trained(out, "--no-report")
    assert found <= (TRAINED if cores() > 1 else {*TRAINED, *BESIDE})
    return out


@pytest.mark.parametrize(
    ("words", "may"),
    [
        (("check", SPEC), set()),
        (("check", SPEC, "--resolved"), set()),
        (("check", SPEC, DATA), {"numpy", "pandas"}),
        (("show", SPEC), set()),
        (("explain",), set()),
        (("explain", "zz"), set()),
        (("explain", "E0312"), set()),
        (("help", "train"), set()),
        (("--version",), set()),
    ],
    ids=lambda part: " ".join(part) if isinstance(part, tuple) else "",
)
def test_a_command_that_computes_nothing_imports_little(words, may):
    assert loaded(*words) <= may


def test_listing_runs_imports_nothing_large(run):
    assert loaded("runs", str(run.parent)) <= {"pydantic"}


def test_training_does_not_import_qiskit(run):
    assert (run / "metrics.json").exists()


def test_the_page_of_a_training_is_made_in_the_second_process(tmp_path):
    """The first one asks the network, for which it needs no more than it has; Jinja2 and pictures are the second's."""
    found = trained(tmp_path / "r")
    beside = {*BESIDE, *QISKIT, "jinja2"}
    assert found <= ({*TRAINED, "hqnn_dsl.report"} if cores() > 1 else {*TRAINED, "hqnn_dsl.report", *beside})
    assert (tmp_path / "r" / "report.html").exists()


def test_a_plan_imports_what_trains_and_what_counts_circuits():
    """And what asks the network for its page, which is made in the second process if there is one."""
    found = loaded("plan", SPEC, DATA, "--set", "epochs=1", "--set", "backend=native")
    counted = {*TRAINED, *QISKIT, "hqnn_dsl.report"}
    assert found <= (counted if cores() > 1 else {*counted, *BESIDE, "jinja2"})


def test_an_analysis_imports_what_computes_and_no_qiskit():
    words = ("analyze", SPEC, "--only", "expressibility,spectrum,algebra,entanglement", "--samples", "2")
    assert loaded(*words) <= TRAINED - {"pandas"}
    assert loaded("analyze", SPEC, "--only", "spectrum,algebra,simulability") == set()


@pytest.mark.parametrize("command", ["predict", "evaluate"])
def test_a_run_on_native_imports_what_computes(command, run):
    assert loaded(command, str(run), DATA) <= TRAINED


def test_a_page_imports_no_part_of_plotly_and_torch_only_to_ask_the_network(run):
    drawn = {"pydantic", "numpy", "pandas", "matplotlib", "PIL", "jinja2", "hqnn_dsl.report"}
    assert loaded("report", str(run)) <= {*QISKIT, *drawn}
    assert loaded("report", str(run), "--data", DATA) <= {*QISKIT, *TRAINED, *drawn}


def test_a_seal_imports_what_reads_a_table_and_draws_folds(tmp_path):
    found = loaded("seal", SPEC, DATA, "--out", str(tmp_path / "seal.json"))
    assert found <= {"pydantic", "numpy", "pandas", "scipy", "scipy.stats", "sklearn"}


def test_compiling_imports_neither_torch_nor_scikit_learn(tmp_path):
    assert loaded("compile", SPEC, "--out", str(tmp_path / "c")) <= {*QISKIT, "matplotlib", "openqasm3"}
    assert loaded("compile", SPEC, "--emit", "static", "--out", str(tmp_path / "s")) <= QISKIT


INTERRUPTED = """
import sys
class Interrupts:
    @staticmethod
    def find_spec(name, path=None, target=None):
        if name == "numpy.matrixlib":  # in the middle of numpy
            sys.meta_path.remove(Interrupts)
            raise KeyboardInterrupt
sys.meta_path.insert(0, Interrupts)
sys.argv = ["hqnn", *sys.argv[1:]]
from hqnn_dsl.cli.main import main
main()
"""


def test_ctrl_c_in_the_import_of_numpy_ends_the_command(tmp_path):
    """Torch, which imports numpy, drops every exception of that import."""
    words = "train", SPEC, DATA, "--set", "epochs=1", "--set", "backend=native", "--out", str(tmp_path / "r")
    command = [sys.executable, "-c", INTERRUPTED, *words]
    done = subprocess.run(command, capture_output=True, text=True, cwd=ROOT, check=False)
    assert done.returncode == 130, done.stderr
    assert not (tmp_path / "r").exists()
