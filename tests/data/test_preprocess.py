"""A table made ready: widths that fit, and a form on disk that gives the same back."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from toy_model import layer_of, make_spec

from hqnn_dsl.data.fingerprints import fingerprint
from hqnn_dsl.data.kinds import Reader
from hqnn_dsl.data.preprocess import Preparation, prepare
from hqnn_dsl.data.tables import read_table
from hqnn_dsl.diagnostics.diagnostic import Findings
from hqnn_dsl.semantics.required_widths import required_widths

FRAME = pd.DataFrame(np.random.default_rng(0).normal(size=(30, 3)), columns=["a", "b", "t"])


@pytest.mark.parametrize(
    ("changes", "widths"),
    [
        ({}, (None, None)),
        ({"encoder": (), "decoder": ()}, (2, 2)),
        ({"encoder": (layer_of("tanh", None, None),)}, (2, None)),
        ({"decoder": (layer_of("dense", 2, 3), layer_of("tanh", 3, 3))}, (None, 3)),
        ({"in_width": 6, "out_width": 1}, (6, None)),
    ],
)
def test_required_widths(changes, widths):
    assert required_widths(make_spec(**changes)) == widths


def test_a_preparation_survives_json():
    preparation = prepare(make_spec(), read_table(FRAME)).preparation
    data = json.loads(json.dumps(preparation.to_json()))
    again = Preparation.from_json(data)
    assert again.to_json() == preparation.to_json()
    assert (again.features, again.target, again.loss) == (preparation.features, preparation.target, preparation.loss)


def test_fingerprints_tell_tables_apart():
    def of(frame: pd.DataFrame, names=("a", "b")) -> str:
        reader = Reader(read_table(frame), "feature", Findings())
        return fingerprint([reader.guess(name) for name in names], [reader.guess("t")])

    found = {
        of(FRAME),
        of(FRAME.iloc[::-1]),
        of(FRAME.assign(a=FRAME["a"] + 1e-12)),
        of(FRAME.rename(columns={"b": "c"}), ("a", "c")),
        of(FRAME.assign(a=["x", "y"] * 15)),
        of(FRAME.assign(a=["x", "z"] * 15)),
        of(FRAME.assign(a=FRAME["a"].where(FRAME["a"] > 0))),
    }
    assert len(found) == 7
    assert of(FRAME.copy()) in found


def test_tables_are_checked_without_torch():
    code = "import sys; import hqnn_dsl.data.preprocess; print('torch' in sys.modules)"
    root = Path(__file__).parents[2]
    run = subprocess.run([sys.executable, "-c", code], cwd=root, capture_output=True, text=True, check=True)
    assert run.stdout == "False\n"
