"""Every awkward table is read as it is meant, or refused with its place; never a traceback or other numbers."""

from __future__ import annotations

from typing import TYPE_CHECKING

import awkward
import numpy as np
import pandas as pd
import pytest
from awkward import Case

import hqnn_dsl as hqnn
from hqnn_dsl.data import sources
from hqnn_dsl.data.preprocess import prepare
from hqnn_dsl.data.tables import read_table
from hqnn_dsl.diagnostics.diagnostic import Refusal
from hqnn_dsl.training import results

if TYPE_CHECKING:
    from pathlib import Path

CASES = {case.name: case for case in awkward.cases()}


def origin(case: Case, folder: Path) -> object:
    if not isinstance(case.content, bytes):
        return case.content
    path = folder / case.file
    path.write_bytes(case.content)
    return path


def test_there_are_many_with_names_of_their_own():
    assert len(CASES) == len(awkward.cases()) >= 90
    assert sum(case.means_plain for case in CASES.values()) >= 60
    assert sum(bool(case.code) for case in CASES.values()) >= 40


@pytest.mark.timeout(20)
@pytest.mark.parametrize("block", [1 << 22, 300])
@pytest.mark.parametrize("case", CASES.values(), ids=CASES)
def test_it_is_read_as_it_is_meant_or_refused_with_its_place(case, block, tmp_path, monkeypatch):
    monkeypatch.setattr(sources, "BLOCK", block)
    if case.code:
        with pytest.raises(Refusal) as caught:
            read_table(origin(case, tmp_path), case.read)
        item = caught.value.diagnostics[0]
        assert item.code == case.code
        assert [word for word in case.words if word not in item.headline] == []
        assert item.help
        return
    table = read_table(origin(case, tmp_path), case.read)
    assert same(table.frame, case.frame) == []
    assert table.num_rows == len(table.places)


SPEC = """\
hqnn 1
model tiny {
  data { target y; task regression; features "größe", count, site, kind; categories one_hot }
  encoder { dense(2); tanh * pi }
  circuit on 2 qubits { feature_map angle(); ansatz brickwork(reps: 1); measure x }
  decoder { dense(1) }
  train { epochs 2; batch 8; optimizer adam(0.05); seed 3 }
  backend reference
}
"""


@pytest.fixture(scope="module")
def program():
    return hqnn.compile(SPEC)


@pytest.fixture(autouse=True)
def _no_pictures(monkeypatch):
    monkeypatch.setattr(results, "draw", lambda *given, **options: None)


@pytest.fixture(scope="module")
def plain(program, tmp_path_factory):
    """The numbers of the plain table, and the history of a training on it."""
    folder = tmp_path_factory.mktemp("plain")
    path = folder / "t.csv"
    path.write_text(awkward.TEXT, encoding="utf-8")
    run = hqnn.train(program, path, folder / "run", progress=False)
    return prepare(program.spec, read_table(path)), run.history.drop(columns="seconds", errors="ignore")


@pytest.mark.parametrize("case", [case for case in CASES.values() if case.means_plain], ids=lambda case: case.name)
def test_what_means_the_same_trains_to_the_same_numbers(case, program, plain, tmp_path):
    expected, history = plain
    table = read_table(origin(case, tmp_path), case.read)
    found = prepare(program.spec, table)
    assert found.inputs.tobytes() == expected.inputs.tobytes()
    assert found.targets.tobytes() == expected.targets.tobytes()
    assert found.preparation.fingerprint == expected.preparation.fingerprint
    run = hqnn.train(program, table, tmp_path / "run", progress=False)
    pd.testing.assert_frame_equal(run.history.drop(columns="seconds", errors="ignore"), history, check_exact=True)


@pytest.mark.parametrize("case", [case for case in CASES.values() if case.later], ids=lambda case: case.name)
def test_a_cell_that_is_no_number_is_refused_with_its_line(case, program, tmp_path):
    code, *words = case.later
    with pytest.raises(Refusal) as caught:
        prepare(program.spec, read_table(origin(case, tmp_path), case.read))
    (item, *_) = [item for item in caught.value.diagnostics if item.code == code]
    assert [word for word in words if word not in item.headline] == []


def same(found: pd.DataFrame, expected: pd.DataFrame) -> list[str]:
    """The columns that differ; numbers are equal to the last bit, text letter for letter, and gaps are gaps."""
    assert list(found) == list(expected)
    return [name for name in expected if not _same_column(found[name], expected[name])]


def _same_column(found: pd.Series, expected: pd.Series) -> bool:
    if pd.api.types.is_numeric_dtype(found) != pd.api.types.is_numeric_dtype(expected):
        return False
    if pd.api.types.is_numeric_dtype(expected):
        return bool(np.array_equal(found.to_numpy(float), expected.to_numpy(float), equal_nan=True))
    cells, others = (column.astype(object).where(column.notna(), None).tolist() for column in (found, expected))
    return cells == others
