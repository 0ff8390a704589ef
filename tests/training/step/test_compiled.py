"""The kernels of steps on disk: what their key covers, and that a new process reads them."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from hqnn_dsl.backends.native import compiled as engine
from hqnn_dsl.backends.native.kernel_cache import is_kept
from hqnn_dsl.backends.native.kernel_key import own_key
from hqnn_dsl.training.step import compiled, kernels

FOLDER = Path(kernels.__file__).parent
TRAINS = """
import sys
sys.path[:0] = {paths!r}
import numpy as np
from test_runner import bounds_of, example, runner_of
from hqnn_dsl.training.step import compiled
from hqnn_dsl.training.step.outputs import Outputs
one = example()
assert runner_of(one).train(np.arange(40), bounds_of(40, 16), 1, 0, 3, (0.1, 0.1)).failed is None
Outputs(one.plan())(one.features)
kept = [value for value in vars(compiled).values() if hasattr(value, "stats")]
print(sum(sum(kernel.stats.cache_hits.values()) for kernel in kept))
print(sum(sum(kernel.stats.cache_misses.values()) for kernel in kept))
"""


def test_the_key_covers_the_engines_kernels_and_those_of_steps(tmp_path):
    folder = tmp_path / "kernels"
    shutil.copytree(FOLDER, folder, ignore=shutil.ignore_patterns("__pycache__"))
    assert own_key(folder) == compiled.KEY
    assert compiled.KEY not in {0, engine.KEY}
    changed = folder / "rows.py"
    changed.write_text(changed.read_text("utf-8") + "\n# changed\n", "utf-8")
    assert own_key(folder) != compiled.KEY
    assert own_key(tmp_path / "kernels", tmp_path) != own_key(tmp_path / "kernels")


def trained() -> list[int]:
    tests = Path(__file__).parents[2]
    program = TRAINS.format(paths=[str(tests), str(Path(__file__).parent)])
    done = subprocess.run([sys.executable, "-W", "ignore", "-c", program], capture_output=True, text=True, check=True)
    return [int(word) for word in done.stdout.split()]


@pytest.mark.skipif(not is_kept(), reason="no folder for kernels can be written")
def test_a_new_process_reads_the_kernels_that_another_has_compiled():
    trained()
    hits, misses = trained()
    assert misses == 0
    assert hits > 8
