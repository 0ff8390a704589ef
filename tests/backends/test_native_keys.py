"""The key of kept kernels: all that decides what they compute is in it, and another key compiles them anew."""

from __future__ import annotations

import json
import math
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from hqnn_dsl.backends.native import compiled, kernels
from hqnn_dsl.backends.native.kernel_key import cpu, kernel_key, own_key
from hqnn_dsl.backends.native.kernels.registers import LANES
from hqnn_dsl.circuit.angles import FUNCTIONS

SOURCES = Path(kernels.__file__).parent
VERSIONS = {"numba": "0.60.0", "llvmlite": "0.43.0", "numpy": "2.0.0"}
CPU = ("x86_64-unknown-linux-gnu", "znver4", "+avx2")


@pytest.fixture
def folder(tmp_path):
    return Path(shutil.copytree(SOURCES, tmp_path / "kernels"))


def key_of(folder=SOURCES, functions=tuple(FUNCTIONS), lanes=LANES, versions=VERSIONS, cpu=CPU):
    return kernel_key(folder, functions, lanes, versions, cpu)


def swapped(names, first, second):
    order = list(names)
    k, j = order.index(first), order.index(second)
    order[k], order[j] = second, first
    return order


def test_the_same_has_the_same_key(folder):
    assert key_of() == key_of(folder=folder, functions=list(FUNCTIONS), cpu=list(CPU))
    assert 0 < key_of() < 1 << 48
    assert own_key() == compiled.KEY


OTHERS = {
    "a function more": {"functions": (*FUNCTIONS, "sinh")},
    "a function less": {"functions": tuple(FUNCTIONS)[:-1]},
    "two functions in another order": {"functions": swapped(FUNCTIONS, "sin", "exp")},
    "two names as one": {"functions": ("addsub", *tuple(FUNCTIONS)[2:])},
    "wider registers": {"lanes": {"float32": 16, "float64": 8}},
    "another Numba": {"versions": VERSIONS | {"numba": "0.61.0"}},
    "another llvmlite": {"versions": VERSIONS | {"llvmlite": "0.44.0"}},
    "another NumPy": {"versions": VERSIONS | {"numpy": "2.1.0"}},
    "another CPU": {"cpu": (CPU[0], "skylake", CPU[2])},
    "a CPU without AVX2": {"cpu": (*CPU[:2], "-avx2")},
}


@pytest.mark.parametrize("name", OTHERS)
def test_what_is_compiled_from_something_else_has_another_key(name):
    assert key_of(**OTHERS[name]) != key_of()
    assert len({key_of(**other) for other in OTHERS.values()}) == len(OTHERS)


@pytest.mark.parametrize("path", sorted(path.name for path in SOURCES.glob("*.py")))
def test_every_file_of_the_folder_counts(folder, path):
    file = folder / path
    file.write_bytes(file.read_bytes() + b"\n")
    assert key_of(folder=folder) != key_of()


def test_names_of_files_count(folder):
    (folder / "rotate.py").rename(folder / "rotated.py")
    renamed = key_of(folder=folder)
    (folder / "below").mkdir()
    (folder / "below" / "more.py").write_bytes(b"")
    assert len({key_of(), renamed, key_of(folder=folder)}) == 3


def test_what_python_and_numba_keep_beside_the_sources_does_not_count(folder):
    before = key_of(folder=folder)
    (folder / "__pycache__").mkdir(exist_ok=True)
    (folder / "__pycache__" / "adjoint.forward-98.py311.1.nbc").write_bytes(b"kept")
    assert key_of(folder=folder) == before


def test_a_folder_that_is_not_there_has_no_key(tmp_path):
    with pytest.raises(FileNotFoundError):
        key_of(folder=tmp_path / "nosuch")


ANGLE = """
import json, sys
import numpy as np
from hqnn_dsl.circuit import angles
first, second = sys.argv[1:]
names = list(angles.FUNCTIONS)
k, j = names.index(first), names.index(second)
names[k], names[j] = names[j], names[k]
table = {name: angles.FUNCTIONS[name] for name in names}
angles.FUNCTIONS.clear()
angles.FUNCTIONS.update(table)

from hqnn_dsl.backends.native import compiled
from hqnn_dsl.backends.native.slot_tape import tape_of
from hqnn_dsl.circuit.ir import Circuit, Operation

angle = angles.Apply("sin", (angles.InputRef(0),))
tape = tape_of(Circuit(1, (Operation("ry", (0,), (0,)),), (angle,), (), num_inputs=1))
samples, shared = np.empty((1, 1)), np.empty(0)
given = np.array([[0.5]]), np.empty(0), np.float64(1)
compiled.call(("angles",), compiled.angles, *tape.arguments, *given, samples, shared)
print(json.dumps([samples[0, 0], sum(compiled.angles.stats.cache_hits.values()), compiled.KEY]))
"""
"""Prints sin 0.5 by the kernels, how often one was kept, and the key, with two rows of the table swapped."""


def test_kernels_kept_for_another_order_of_the_functions_are_not_used(tmp_path):
    def run(first, second):
        found = subprocess.run(
            [sys.executable, "-c", ANGLE, first, second],
            env=os.environ | {"NUMBA_CACHE_DIR": str(tmp_path)},
            capture_output=True,
            text=True,
            check=True,
        )
        return json.loads(found.stdout)

    value, kept, key = run("sin", "sin")
    assert value == pytest.approx(math.sin(0.5), rel=1e-15)
    assert kept == 0
    other, other_kept, other_key = run("sin", "exp")
    assert other == value
    assert other_kept == 0
    assert other_key != key
    assert run("sin", "sin") == [value, 1, key]


def test_the_processor_is_the_one_that_numba_is_told(tmp_path):
    program = "from hqnn_dsl.backends.native.kernel_key import cpu, own_key; print(cpu()[1], own_key())"
    found = subprocess.run(
        [sys.executable, "-c", program],
        env=os.environ | {"NUMBA_CPU_NAME": "generic", "NUMBA_CPU_FEATURES": "", "NUMBA_CACHE_DIR": str(tmp_path)},
        capture_output=True,
        text=True,
        check=True,
    )
    name, key = found.stdout.split()
    assert name == "generic" != cpu()[1]
    assert int(key) != own_key()
