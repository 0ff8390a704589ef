"""Runs that several files of tests read."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from trained_runs import train_all

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture(scope="session")
def trained(tmp_path_factory) -> Path:
    """A folder with `table.csv` and runs; tests leave it as it is."""
    folder = tmp_path_factory.mktemp("trained")
    train_all(folder)
    return folder
