"""The snippets of docs/python.md run in order, in one process, beside a copy of the repository's specs."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

import pandas as pd
import pytest

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "python.md").read_text(encoding="utf-8")


def test_the_snippets_run(tmp_path, monkeypatch, capsys):
    shutil.copytree(ROOT / "specs", tmp_path / "specs")
    monkeypatch.chdir(tmp_path)
    snippets = re.findall(r"^```python\n(.*?)^```", PAGE, flags=re.DOTALL | re.MULTILINE)
    assert len(snippets) >= 7
    names: dict[str, object] = {"__name__": "page"}
    for snippet in snippets:
        exec(compile(snippet, "python.md", "exec"), names)
    out = capsys.readouterr().out
    assert "[[1.0000, 1.0000]]" in out
    assert "error[E0301]" in out
    assert (tmp_path / "mine.png").stat().st_size > 10_000


def test_the_rows_of_the_page_are_predicted_alike_in_both_ways(tmp_path, monkeypatch):
    """By hand through the scaled network as the page does it, and by `predict`."""
    import torch

    import hqnn

    run = hqnn.train(
        ROOT / "specs" / "model.hqnn", ROOT / "specs" / "data" / "yacht.csv", tmp_path / "run",
        set={"epochs": 1, "backend": "reference"},
    )  # fmt: skip
    table = pd.read_csv(ROOT / "specs" / "data" / "yacht.csv")
    rows = table[list(run.features)]
    features = torch.tensor(run.preparation.features.transform(rows), dtype=torch.float32)
    by_hand = run.preparation.target.invert(run.network()(features).detach().double().numpy())
    assert run.predict(table).to_numpy() == pytest.approx(by_hand, rel=1e-5, abs=1e-5)
