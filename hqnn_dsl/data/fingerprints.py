"""Hashes by which a run knows the table that it was trained on, and tells which of its columns are others."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from hqnn_dsl.data.kinds import TypedColumn


def fingerprint(
    features: Sequence[TypedColumn], targets: Sequence[TypedColumn], weights: NDArray[np.float64] | None = None
) -> str:
    """A hash that two tables share only if their columns have the same names and the same cells in the same order."""
    digest = hashlib.sha256()
    for columns in (features, targets):
        digest.update(repr([(column.name, column.levels) for column in columns]).encode())
        for column in columns:
            digest.update(_plain(column.numbers))
    if weights is not None:
        digest.update(_plain(weights))
    return digest.hexdigest()


def column_hashes(
    columns: Sequence[TypedColumn], weights: NDArray[np.float64] | None = None, weights_name: str | None = None
) -> dict[str, str]:
    """A hash of the cells of each column by its name, 16 hexadecimal digits each."""
    found = {}
    for column in columns:
        digest = hashlib.sha256(repr(column.levels).encode())
        digest.update(_plain(column.numbers))
        found[column.name] = digest.hexdigest()[:16]
    if weights is not None and weights_name is not None:
        found[weights_name] = hashlib.sha256(_plain(weights)).hexdigest()[:16]
    return found


def parts_hash(table: str, parts: Sequence[NDArray[np.int64]]) -> str:
    """A hash of a table's fingerprint and the rows of each part, 16 hexadecimal digits."""
    digest = hashlib.sha256(table.encode())
    for rows in parts:
        digest.update(f"{len(rows)}:".encode())
        digest.update(rows.astype("<i8").tobytes())
    return digest.hexdigest()[:16]


def _plain(numbers: NDArray[np.float64]) -> bytes:
    """The numbers as bytes; every missing cell is the same."""
    return np.where(np.isnan(numbers), np.nan, numbers).astype("<f8").tobytes()
