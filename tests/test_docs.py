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


@pytest.mark.parametrize(
    ("module", "function", "page"),
    [
        ("generate", "page", "catalog.md"),
        ("command_line", "page", "command-line.md"),
        ("generate", "contenders", "contenders.md"),
        ("generate", "schema", "spec.schema.json"),
    ],
)
def test_a_generated_page_is_fresh(module, function, page):
    spec = importlib.util.spec_from_file_location(module, ROOT / "docs" / f"{module}.py")
    assert spec is not None
    loaded = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(loaded)
    stored = (ROOT / "docs" / page).read_text(encoding="utf-8")
    assert stored == getattr(loaded, function)(), "run `python docs/generate.py`"


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_links_lead_somewhere(page):
    for target in re.findall(r"\]\(([^)#]+)[^)]*\)", page.read_text(encoding="utf-8")):
        if not target.startswith(("http://", "https://")):
            assert (page.parent / target).exists(), target


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_specs_on_pages_are_fine(page):
    for text in re.findall(r"^```hqnn\n(.*?)^```", page.read_text(encoding="utf-8"), flags=re.DOTALL | re.MULTILINE):
        check(Source(f"{page.name}", text))


@pytest.mark.parametrize(
    "folder", [".", "docs", "hqnn_dsl", "benchmarks", "tests"], ids=lambda folder: "pages" if folder == "." else folder
)
def test_modules_that_texts_name_are_there(folder):
    """A path such as `circuit/gates.py`, from the root or from the package, names a file."""
    rooms = "|".join(sorted(path.name for path in (ROOT / "hqnn_dsl").iterdir() if path.is_dir()))
    named = re.compile(rf"(?<![\w/.])((?:hqnn_dsl|tests|docs|benchmarks|{rooms})/[\w/]+\.py)\b")
    texts = [*(ROOT / folder).glob("*.md"), *(ROOT / folder).glob("*.toml")]
    texts += [] if folder == "." else (ROOT / folder).rglob("*.py")
    assert texts
    missing = [
        f"{path.relative_to(ROOT)}: {name}"
        for path in texts
        if path.name != "CHANGELOG.md" and ".venvs" not in path.parts
        for name in named.findall(path.read_text(encoding="utf-8"))
        if not (ROOT / name).exists() and not (ROOT / "hqnn_dsl" / name).exists()
    ]
    assert missing == []
