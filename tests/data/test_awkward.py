"""Every awkward table is read as it is meant, or refused with its place; never a traceback or other numbers."""

from __future__ import annotations

from typing import TYPE_CHECKING

import awkward
import numpy as np
import pandas as pd
import pytest
from awkward import Case

from hqnn_dsl.data import sources
from hqnn_dsl.data.tables import read_table
from hqnn_dsl.diagnostics.diagnostic import Refusal

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
