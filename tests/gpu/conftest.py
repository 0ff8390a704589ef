"""Tests that need an NVIDIA GPU: `make test-gpu` runs them, and ends with an error where there is none.

In a run of other tests they are skipped without a GPU, with that reason.
"""

from __future__ import annotations

import sys
from pathlib import Path

import pytest
import torch

HERE = Path(__file__).parent
sys.path.append(str(HERE.parent / "backends"))  # the conformance suite
NO_GPU_EXIT = 3


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    own = [item for item in items if HERE in item.path.parents]
    for item in own:
        item.add_marker(pytest.mark.gpu)
    if torch.cuda.is_available() or not own:
        return
    built = "this torch was built without CUDA" if torch.version.cuda is None else "torch finds no CUDA device"
    if config.option.markexpr.strip() == "gpu":
        pytest.exit(f"no GPU here ({built}): nothing was tested", returncode=NO_GPU_EXIT)
    for item in own:
        item.add_marker(pytest.mark.skip(reason=f"needs an NVIDIA GPU: {built}"))
