"""One list of the packages that a number depends on: nothing is missing in it, and every record has its names."""

from __future__ import annotations

import argparse
import ast
import json
import re
import tomllib
from functools import cache
from importlib import metadata
from pathlib import Path
from types import SimpleNamespace

import pandas as pd
import pytest
import toy_model

import hqnn_dsl as hqnn
from benchmarks import frameworks, run
from benchmarks.frameworks_page import measured_on
from benchmarks.peers import GPU_PEERS, OWN, PEERS
from hqnn_dsl.backends import trial_records
from hqnn_dsl.backends.aer import installation
from hqnn_dsl.backends.pennylane.devices import KNOWN
from hqnn_dsl.cli.known_problems import examine
from hqnn_dsl.packages import PACKAGES, installed_versions

ROOT = Path(__file__).resolve().parents[1]
NO_NUMBER_DEPENDS_ON = {
    "alembic": "makes the tables of a tracking store",
    "click": "reads the command line",
    "jinja2": "writes the pages of runs",
    "lark": "makes the parser's tables, which are shipped",
    "markupsafe": "escapes texts on the pages of runs, and comes with jinja2",
    "matplotlib": "draws",
    "mlflow-skinny": "tracks trainings",
    "optuna": "chooses settings to try, and is recorded by what uses it, not by a run",
    "plotly": "draws in the pages of runs, in a browser",
    "pyarrow": "reads tables in Parquet and Feather, whose numbers are given as they are",
    "pydantic": "checks files",
    "pylatexenc": "draws",
    "qiskit-qasm3-import": "reads a written circuit back, to compare it",
    "requests": "names the errors of a connection",
    "scikit-posthocs": "compares scores, and is recorded by a comparison, not by a run",
    "sqlalchemy": "keeps a tracking store",
    "statsmodels": "compares scores, and is recorded by a comparison, not by a run",
    "tensorboard": "shows trainings",
    "threadpoolctl": "bounds the threads of scikit-learn, which it comes with",
    "tqdm": "shows progress",
    "typer": "reads the command line",
    "zstandard": "unpacks tables",
}
"""The packages that are used and not in the list, with the reason."""

SPEC = """hqnn 1
model small {
  data { target y; split validation: 0, test: 0 }
  circuit on 1 qubits { feature_map angle(); ansatz real_amplitudes(reps: 1) }
  train { epochs 1; batch 4; device cpu; optimizer adam(0.1); stop none }
  backend primitive("fake_manila", shots: 20)
}
"""


def normalised(requirement: str) -> str:
    """The name of the package that a requirement asks for."""
    return re.sub(r"[-_.]+", "-", re.match(r"[\w.-]+", requirement)[0]).lower()


@cache
def required() -> set[str]:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    lines = [*project["dependencies"], *(line for lines in project["optional-dependencies"].values() for line in lines)]
    return {normalised(line) for line in lines}


@cache
def imported() -> set[str]:
    """The packages that files of the product import, by the names under which they are installed."""
    files = [ast.parse(file.read_text(encoding="utf-8")) for file in (ROOT / "hqnn_dsl").rglob("*.py")]
    nodes = [node for tree in files for node in ast.walk(tree)]
    modules = {node.module for node in nodes if isinstance(node, ast.ImportFrom) and node.module}
    modules |= {alias.name for node in nodes if isinstance(node, ast.Import) for alias in node.names}
    tops, own = {module.partition(".")[0] for module in modules}, metadata.packages_distributions()
    return {normalised(name) for top in tops for name in own.get(top, [])} - {"hqnn-dsl"}


@pytest.mark.parametrize("find", [required, imported])
def test_every_package_is_in_the_list_or_has_a_reason_not_to_be(find):
    assert len(find()) > 10
    assert find() <= {*PACKAGES, *NO_NUMBER_DEPENDS_ON}


def test_the_list_names_each_package_once_and_no_exception():
    assert len(set(PACKAGES)) == len(PACKAGES)
    assert not set(PACKAGES) & set(NO_NUMBER_DEPENDS_ON)
    assert set(NO_NUMBER_DEPENDS_ON) <= required() | imported()
    assert all(normalised(name) == name for name in PACKAGES)


def test_what_other_tables_name_is_in_the_list():
    assert set(installation.PACKAGES) <= set(PACKAGES)
    assert {row.package for row in KNOWN.values()} <= set(PACKAGES)
    own = {name for peer in (*PEERS, *GPU_PEERS) if peer.environment == OWN for name in peer.packages}
    assert {normalised(name) for name in own} <= set(PACKAGES)


def test_versions_are_those_that_are_installed():
    found = installed_versions()
    assert tuple(found) == PACKAGES
    assert found["numba"] == metadata.version("numba")
    assert found["llvmlite"] == metadata.version("llvmlite")
    missing = next(name for name, version in found.items() if version is None)
    with pytest.raises(metadata.PackageNotFoundError):
        metadata.version(missing)


# ------------------------------------------------------------------ records


def test_a_run_on_a_fake_device_records_the_package_of_devices(tmp_path):
    pytest.importorskip("qiskit_ibm_runtime", reason="fake devices come with qiskit-ibm-runtime")
    table = pd.DataFrame({"a": [0.1, 0.5, 0.9, 1.2], "y": [0.2, 0.4, 0.1, 0.3]})
    hqnn.train(SPEC, table, tmp_path / "run")
    found = json.loads((tmp_path / "run" / "environment.json").read_text(encoding="utf-8"))
    assert found["backend"]["metadata"]["device"] == "fake_manila"
    assert found["packages"]["qiskit-ibm-runtime"] == metadata.version("qiskit-ibm-runtime")
    assert tuple(found["packages"]) == PACKAGES


def test_doctor_says_the_same_names():
    data = json.loads(json.dumps(examine().as_data()))["versions"]
    assert tuple(data) == ("hqnn", "python", *PACKAGES)
    assert {name: None if data[name] == "not installed" else data[name] for name in PACKAGES} == installed_versions()


def test_the_heads_of_benchmarks_have_the_same_names(monkeypatch, tmp_path):
    head = frameworks.measured(argparse.Namespace(contestants=[]), ())
    assert tuple(head["versions"]) == PACKAGES
    said = measured_on(head)
    assert f"numba {metadata.version('numba')}" in said
    assert "None" not in said
    monkeypatch.setattr(run, "LOG", tmp_path / "log")
    kept = {"workloads": {}, "versions": {}, "commands": []}
    run.measure_all(SimpleNamespace(command="c", extras=[], only=[], peers=[], rounds=1), kept, None)
    assert tuple(kept["packages"]) == PACKAGES


@pytest.mark.parametrize("package", PACKAGES)
def test_another_version_of_any_package_forgets_a_trial(monkeypatch, package):
    asked = (toy_model.circuit(), 4, [("native", {"precision": "single"}), ("reference", {})], "cpu")
    before = trial_records.key_of(*asked)
    assert before == trial_records.key_of(*asked)
    monkeypatch.setattr(trial_records, "installed_versions", lambda: {**installed_versions(), package: "of tomorrow"})
    assert trial_records.key_of(*asked) != before
