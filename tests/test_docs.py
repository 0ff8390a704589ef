"""Generated pages are fresh, links lead somewhere, and the specs that pages show are fine."""

from __future__ import annotations

import importlib.util
import re
from pathlib import Path

import pytest

from hqnn_dsl.diagnostics.source import Source
from hqnn_dsl.pipeline import check

ROOT = Path(__file__).parent.parent
PAGES = sorted(
    [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *(ROOT / "docs").glob("*.md"), *(ROOT / "specs").rglob("*.md")]
)


def test_the_catalog_page_is_fresh():
    spec = importlib.util.spec_from_file_location("generate", ROOT / "docs" / "generate.py")
    assert spec is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    made = module.page()
    assert (ROOT / "docs" / "catalog.md").read_text(encoding="utf-8") == made, "run `python docs/generate.py`"


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_links_lead_somewhere(page):
    for target in re.findall(r"\]\(([^)#]+)[^)]*\)", page.read_text(encoding="utf-8")):
        if not target.startswith(("http://", "https://")):
            assert (page.parent / target).exists(), target


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_specs_on_pages_are_fine(page):
    for text in re.findall(r"^```hqnn\n(.*?)^```", page.read_text(encoding="utf-8"), flags=re.DOTALL | re.MULTILINE):
        check(Source(f"{page.name}", text))
