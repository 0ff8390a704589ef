"""Pages of runs: well-formed, self-contained, their names harmless, their numbers those of the run."""

from __future__ import annotations

import json
import re
import time
import warnings
from html.parser import HTMLParser
from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import pytest
from browser import MISSING, browser

import hqnn
from hqnn_dsl.data.tables import read_table
from hqnn_dsl.report.asking import ask_run
from hqnn_dsl.report.page import safe_json
from hqnn_dsl.report.reading import read_run
from hqnn_dsl.report.values import value_blocks
from hqnn_dsl.report.write import report_html

if TYPE_CHECKING:
    from pathlib import Path

MOST_BYTES = 6_000_000
NASTY, QUOTED, CLOSING = "<script>alert(1)</script>", "c&\"d'", "</script><b onclick=x>"
SPEC = """hqnn 1
model sorts {
  data { target TARGET; features a, "<script>alert(1)</script>", "c&\\"d'" }
  encoder { dense(2); tanh * pi }
  circuit on 2 qubits { feature_map angle(); ansatz real_amplitudes(reps: 1) }
  decoder { dense }
  train { epochs 3; batch 32; device cpu; stop none; optimizer adamw(lr: 0.05); TRAIN }
  backend reference
}
"""
RUNS = {
    "regression": ("y", "intervals conformal(0.9)"),
    "two": ('y, "z<i>"', ""),
    "binary": ("truth", ""),
    "three": ("kind", ""),
}
SECTIONS = (
    *("verdict", "scores", "predictions", "curves", "response", "circuit", "shapes", "spec", "data", "environment"),
)
FIGURES = {
    "regression": {"predicted-0", "residuals-0"},
    "two": {"predicted-0", "residuals-0", "predicted-1", "residuals-1"},
    "binary": {"confusion", "roc", "calibration"},
    "three": {"confusion", "roc", "calibration"},
}
OVER_COLUMNS = {f"{what}-{place}" for what in ("errors", "response", "observables") for place in range(3)}
EVERY = {"losses", "rates", "gradients", "importance", *OVER_COLUMNS}
DRAWN = """return [...document.querySelectorAll('.plot')].map(
    one => one.querySelectorAll('.trace, .points path, .heatmaplayer image').length)"""
VOID = {"meta", "img", "br", "link", "input", "hr"}


def frame() -> pd.DataFrame:
    draw = np.random.default_rng(8)
    a, b, c = draw.normal(size=(3, 160))
    kind = np.where(a + 0.4 * draw.normal(size=160) > 0.6, CLOSING, np.where(b > -0.3, "low", "mid $a"))
    numbers = {"y": a * b + 0.1 * draw.normal(size=160), "z<i>": np.sin(b) + a}
    return pd.DataFrame({"a": a, NASTY: b, QUOTED: c, "kind": kind, "truth": kind == "low", **numbers})


@pytest.fixture(scope="module")
def runs(tmp_path_factory) -> Path:
    """A folder with a run of each kind, and its page with a table."""
    folder = tmp_path_factory.mktemp("runs")
    for name, (target, train) in RUNS.items():
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", hqnn.HQNNWarning)
            text = SPEC.replace("TARGET", target).replace("TRAIN", train)
            hqnn.train(text, frame(), folder / name, progress=False)
        answers = ask_run(folder / name, read_table(frame()))
        page = report_html(read_run(folder / name), answers)
        (folder / name / "report.html").write_text(page, encoding="utf-8")
    return folder


class Read(HTMLParser):
    """A page as a browser's parser sees it: elements with their attributes, and the text of each."""

    def __init__(self, page: str) -> None:
        super().__init__(convert_charrefs=True)
        self.open: list[str] = []
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.texts: dict[str, list[str]] = {}
        self.feed(page)
        self.close()

    def handle_starttag(self, tag, attrs):
        self.elements.append((tag, dict(attrs)))
        if tag not in VOID:
            self.open.append(tag)
            self.texts.setdefault(tag, []).append("")

    def handle_endtag(self, tag):
        assert self.open.pop() == tag, f"</{tag}> ends another element, at {self.getpos()}"

    def handle_data(self, data):
        for tag in set(self.open):
            self.texts[tag][-1] += data

    def all(self, tag: str) -> list[dict[str, str | None]]:
        return [attributes for name, attributes in self.elements if name == tag]


@pytest.fixture(params=sorted(RUNS))
def name(request) -> str:
    return request.param


@pytest.fixture
def page(runs, name) -> str:
    return (runs / name / "report.html").read_text(encoding="utf-8")


def figure_data(read: Read) -> list[dict]:
    (text,) = [text for text in read.texts["script"] if text.startswith("[{")]
    return json.loads(text)


def test_a_page_has_every_section_and_figure_and_is_small(page, name):
    read = Read(page)
    assert not read.open
    assert [one["id"] for one in read.all("section")] == list(SECTIONS)
    figures = [one["id"] for one in read.all("figure") if "id" in one]
    assert set(figures) == FIGURES[name] | EVERY
    assert [one["name"] for one in figure_data(read)] == figures
    assert len(page.encode()) < MOST_BYTES


def test_a_page_can_be_read_without_its_figures(page):
    read = Read(page)
    ids = [attributes["id"] for _, attributes in read.elements if "id" in attributes]
    assert len(set(ids)) == len(ids)
    assert all(one["href"][1:] in ids for one in read.all("a"))
    plots = [one for one in read.all("div") if one.get("class") == "plot"]
    assert all(one["role"] == "img" and len(one["aria-label"]) > 20 for one in plots)
    assert all(one["alt"] for one in read.all("img"))
    tables, links = len(read.all("details")), len([one for one in read.all("a") if "predicted-" in one["href"]])
    assert tables + links == len(read.all("figure"))
    assert all(one.get("scope") in {"col", "row"} for one in read.all("th"))
    levels = [int(tag[1]) for tag, _ in read.elements if re.fullmatch(r"h[1-6]", tag)]
    assert levels[0] == 1
    assert levels.count(1) == 1
    assert all(after <= before + 1 for before, after in pairwise(levels))


def test_a_page_refers_to_nothing_outside(page):
    read = Read(page)
    for tag, attributes in read.elements:
        for attribute in ("src", "href", "action", "data", "poster", "srcset"):
            value = attributes.get(attribute)
            assert value is None or value.startswith(("#", "data:")), (tag, value)
    assert not read.all("link")
    assert not [text for text in read.texts["style"] if "url(" in text or "@import" in text]
    (policy,) = [one for one in read.all("meta") if one.get("http-equiv") == "Content-Security-Policy"]
    assert "default-src 'none'" in policy["content"]
    assert "http" not in policy["content"]


def test_names_from_tables_are_text_wherever_they_stand(page, name):
    read = Read(page)
    assert len(read.all("script")) == 3
    assert not [tag for tag, _ in read.elements if tag in {"b", "i"}]
    assert not [attributes for _, attributes in read.elements if any(key.startswith("on") for key in attributes)]
    for written in (NASTY, QUOTED):
        assert any(written in text for text in read.texts["th"])
        assert any(written in (one.get("aria-label") or "") for one in read.all("div"))
    if name == "three":
        assert any(text == CLOSING for text in read.texts["th"])
        labels = next(one for one in figure_data(read) if one["name"] == "confusion")["layout"]["xaxis"]["ticktext"]
        assert "&lt;/script&gt;&lt;b onclick=x&gt;" in labels


@pytest.mark.parametrize("text", [NASTY, CLOSING, "<!--", "]]>", "a\u2028b", "&amp;", "é\U0001f600", "\ud800"])
def test_data_of_a_script_cannot_end_it(text):
    written = str(safe_json({text: [text, 1.5, None]}))
    assert not set("<>&\u2028") & set(written)
    shown = text.replace("\ud800", "?")
    assert json.loads(written) == {shown: [shown, 1.5, None]}


def test_the_verdict_and_the_scores_are_those_of_the_run(runs, page, name):
    metrics = json.loads((runs / name / "metrics.json").read_text())
    read = Read(page)
    cells = read.texts["td"]
    for key in ("accuracy", "log_loss") if name in {"binary", "three"} else ("rmse", "r2"):
        assert f"{metrics['test'][key]:.4g}" in cells
    verdict = next(text for text in read.texts["p"] if "etter than" in text or "orse than" in text)
    assert verdict.endswith(".")
    (losses,) = [one for one in figure_data(read) if one["name"] == "losses"]
    history = pd.read_csv(runs / name / "history.csv")
    np.testing.assert_allclose(losses["data"][0]["y"], history["train_loss"], rtol=1e-5)


def test_a_page_without_a_table_says_what_is_left_out(runs):
    read = Read(report_html(read_run(runs / "three")))
    assert any("--data DATA" in text for text in read.texts["p"])
    assert not [one for one in read.all("figure") if one.get("id") == "importance"]


def test_twelve_targets_of_many_rows_stay_small():
    draw = np.random.default_rng(1)
    names = [f"target {number}" for number in range(15)]
    columns = {f"{name}_{part}": draw.normal(size=20_000) for name in names for part in ("true", "predicted")}
    ends = {
        f"{name}_{end}": columns[f"{name}_predicted"] + step
        for name in names
        for end, step in (("low", -1), ("high", 1))
    }
    blocks = list(value_blocks(pd.DataFrame({"row": range(20_000), **columns, **ends}), names, 0.9))
    figures = [block for block in blocks if block.kind == "figure"]
    assert len(figures) == 24
    data = sum(len(safe_json([one.traces, one.layout])) for one in figures)
    tables = sum(len(cell) + 35 for one in figures if one.table for row in one.table.rows for cell in row)
    assert data + tables < 600_000  # beside Plotly, whose script takes 4.8 MB of 6


@pytest.fixture(scope="module")
def chromium():
    if MISSING:
        pytest.skip(MISSING)
    with browser() as found:
        yield found


@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
@pytest.mark.parametrize("width", [380, 1200])
def test_in_a_browser_every_figure_is_drawn_and_nothing_scrolls_sideways(runs, name, chromium, width, dark):
    chromium.log("performance")
    chromium.open(runs / name / "report.html", width, dark=dark)
    assert chromium.log("browser") == []
    assert chromium.run("return document.documentElement.scrollWidth") <= width
    counts = chromium.run(DRAWN)
    assert len(counts) == len(FIGURES[name] | EVERY)
    assert all(counts), counts
    assert chromium.run("return document.querySelectorAll('b, i').length") == 0
    asked = [json.loads(entry["message"])["message"] for entry in chromium.log("performance")]
    urls = [one["params"]["request"]["url"] for one in asked if one["method"] == "Network.requestWillBeSent"]
    assert urls
    assert all(url.startswith(("file:", "data:", "blob:")) for url in urls), urls


def test_a_figure_is_saved_light_from_a_dark_page(runs, chromium, tmp_path):
    chromium.cdp("Browser.setDownloadBehavior", behavior="allow", downloadPath=str(tmp_path))
    chromium.open(runs / "three" / "report.html", 1200, dark=True)
    for form in ("svg", "png"):
        chromium.run(f"document.querySelector('#roc button[data-form={form}]').click()")
        for _ in range(100):
            if (tmp_path / f"roc.{form}").exists():
                break
            time.sleep(0.1)
    picture = (tmp_path / "roc.svg").read_text(encoding="utf-8")
    assert "rgb(31, 35, 40)" in picture
    assert "rgb(230, 237, 243)" not in picture
    assert (tmp_path / "roc.png").read_bytes().startswith(b"\x89PNG")
    assert chromium.log("browser") == []


def test_colours_of_figures_follow_the_scheme_and_print_is_light(runs, chromium):
    page = runs / "regression" / "report.html"
    ink = "return document.querySelector('.plot .xtitle').style.fill"
    found = []
    for dark in (False, True):
        chromium.open(page, 1200, dark=dark)
        found.append(chromium.run(ink))
    assert found == ["rgb(31, 35, 40)", "rgb(230, 237, 243)"]
    printed = chromium.printed()
    assert printed.startswith(b"%PDF")
    chromium.cdp("Emulation.setEmulatedMedia", features=[{"name": "prefers-color-scheme", "value": "light"}])
    assert chromium.run("return new Promise(done => setTimeout(() => done(true), 100))")
    assert chromium.run(ink) == found[0]


def test_a_browser_that_cannot_unpack_the_script_says_so(runs, chromium):
    hidden = "return document.getElementById('undrawn').hidden"
    chromium.open(runs / "three" / "report.html", 1200)
    assert chromium.run(hidden) is True
    old = chromium.cdp("Page.addScriptToEvaluateOnNewDocument", source="delete window.DecompressionStream")
    try:
        chromium.open(runs / "three" / "report.html", 1200, until="data-undrawn")
        assert chromium.run(hidden) is False
        assert chromium.run(DRAWN) == [0] * len(FIGURES["three"] | EVERY)
        assert chromium.log("browser") == []
    finally:
        chromium.cdp("Page.removeScriptToEvaluateOnNewDocument", identifier=old["identifier"])
