"""The page in `docs/` is one of the present form: whoever adds a section makes it anew."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import hqnn

DOCS = Path(__file__).resolve().parents[2] / "docs"
PAGE = DOCS / "example-report.html"
SPEC = """hqnn 1
model small {
  data { target y; features a, b; split validation: 0.2, test: 0.3 }
  circuit on 2 qubits { feature_map angle(); ansatz real_amplitudes(reps: 1) }
  decoder { dense }
  train { epochs 2; batch 16; device cpu }
  backend native
}
"""


@pytest.fixture(scope="module")
def example() -> str:
    return PAGE.read_text(encoding="utf-8")


def sections(page: str) -> list[str]:
    return re.findall(r'<section id="(\w+)"', page)


def test_the_page_in_the_docs_has_the_sections_of_pages_now(example, tmp_path):
    draw = np.random.default_rng(1)
    frame = pd.DataFrame(draw.normal(size=(40, 2)), columns=["a", "b"])
    run = hqnn.train(SPEC, frame.assign(y=frame["a"] - frame["b"]), tmp_path / "run", progress=False, report=True)
    now = (run.path / "report.html").read_text(encoding="utf-8")
    assert sections(example) == sections(now), "make it anew: python docs/example_page.py"


def test_the_page_in_the_docs_is_of_the_yacht_run_with_its_table(example):
    assert "<h1>yacht: report of a run</h1>" in example
    figures = set(re.findall(r'<figure id="([\w-]+)"', example))
    assert {"predicted-0", "residuals-0", "losses", "importance"} <= figures
    assert {f"{what}-{place}" for what in ("errors", "response", "observables") for place in range(6)} <= figures
    assert PAGE.stat().st_size < 3_000_000


def test_the_page_in_the_docs_says_nothing_of_the_machine_that_made_it(example):
    text = re.sub(r'(?s)<script type="text/plain" id="plotly-script">.*?</script>', "", example)
    assert not re.search(r"/(home|tmp|root|Users|work)/", text)
    (platform,) = re.findall(r'<th scope="row">platform</th><td>([^<]*)</td>', re.sub(r"\s*\n\s*", "", text))
    assert platform in {"Linux", "Darwin", "Windows"}


def test_the_docs_and_the_readme_name_it():
    assert "docs/example-report.html" in (DOCS.parent / "README.md").read_text(encoding="utf-8")
    assert "(example-report.html)" in (DOCS / "report.md").read_text(encoding="utf-8")
