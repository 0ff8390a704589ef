"""Every spec of this folder is refused, or warned of, with exactly the diagnostics marked in it, each at its place.

A mark is a comment right under the line that it is about: `#    ^^^^ E0312` has its carets under the text, and
`#@ 1-4 E0312` names columns where that text begins too far left. Files named E07… are transpiled too.
"""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from hqnn_dsl import limits, pipeline
from hqnn_dsl.diagnostics.codes import every_code
from hqnn_dsl.diagnostics.diagnostic import Diagnostic, Refusal
from hqnn_dsl.diagnostics.render import as_data, as_text
from hqnn_dsl.diagnostics.source import Source
from hqnn_dsl.semantics.check import Checked

HERE = Path(__file__).parent
SPECS = sorted(path.name for path in HERE.glob("*.hqnn"))
GOLDEN = sorted(path.name for path in (HERE / "golden").glob("*.txt"))
MARK = re.compile(r"#(?P<blank> *)(?P<carets>\^+) (?P<code>[EW]\d{4})")
COLUMNS = re.compile(r"#@ (?P<first>\d+)-(?P<last>\d+) (?P<code>[EW]\d{4})")
ELSEWHERE = {
    "E0152": "a text of a megabyte: test_a_text_that_is_too_long_is_not_read",
    "E0153": "hundreds of mistakes: test_what_is_not_shown_is_counted",
}
NOT_BY_A_SPEC = {
    "E0701", "E0702", "E0703", "E0704", "E0705", "E0706", "E0707", "E0708", "E0709",  # what is installed
    "E0730", "E0731", "E0732", "E0733", "E0734", "E0735",  # what is installed, and the GPU
    "E0712",  # a row of the table
    "E0770", "E0771", "E0772",  # what is installed
    "E0775", "E0780", "E0781",  # derivatives: tests/backends/conformance.py
    "E0790", "E0791",  # torch's transforms and `meta`: tests/network/
    "E0742", "E0743",  # what Aer does on a GPU, and a run that it breaks off
    "E0751", "E0752", "E0753", "E0754",  # the service of real devices: tests/backends/test_devices_service.py
    "E0755", "E0756", "E0757", "E0758", "E0759", "E0760",  # jobs, costs: tests/backends/test_devices_jobs.py
    "E0717",  # the checker knows every gate that a basis may name: E0206
}  # fmt: skip
Found = tuple[str, str, int, int, int]
"""Code, file, line, first and last column."""


@pytest.fixture(autouse=True)
def _here(monkeypatch):
    monkeypatch.chdir(HERE)


def diagnostics_of(source: Source, *, transpiled: bool = False) -> tuple[Diagnostic, ...]:
    try:
        checked = pipeline.check(source)
        if isinstance(checked, Checked) and transpiled:
            assert pipeline.Program(source, checked).transpiled is not None
    except Refusal as refusal:
        return refusal.diagnostics
    return checked.warnings if isinstance(checked, Checked) else checked


def marks_of(source: Source) -> list[Found]:
    found = []
    line = 0
    for number, text in enumerate(source.text.splitlines(), 1):
        if match := MARK.fullmatch(text):
            first = len(match["blank"]) + 2
            found.append((match["code"], source.name, line, first, first + len(match["carets"]) - 1))
        elif match := COLUMNS.fullmatch(text):
            found.append((match["code"], source.name, line, int(match["first"]), int(match["last"])))
        else:
            line = number
    return sorted(found)


def place_of(item: Diagnostic) -> Found:
    assert item.span is not None
    line, first = item.span.source.position(item.span.start)
    rest = len(item.span.source.line(line)) - first + 1
    length = max(1, min(item.span.end - item.span.start, rest))
    return item.code, item.span.source.name, line, first, first + length - 1


@pytest.mark.parametrize("name", SPECS)
def test_exactly_what_is_marked_is_found(name):
    source = Source(name, Path(name).read_text(encoding="utf-8"))
    items = diagnostics_of(source, transpiled=name.startswith("E07"))
    sources = {source.name: source} | {item.span.source.name: item.span.source for item in items if item.span}
    assert sorted(place_of(item) for item in items) == sorted(m for each in sources.values() for m in marks_of(each))
    assert name[:5] in {item.code for item in items}
    for item in items:
        assert item.headline
        assert item.help or item.caption
        assert item.headline in as_text(item)
        assert as_data(item)["code"] == item.code
        assert not re.search(r"{\w+}|None|<.*object", re.sub(r"`[^`]*`", "", item.headline + item.caption))


def test_every_code_has_a_refused_spec():
    rooms = {
        "letters", "syntax", "meaning", "expressions", "shapes", "unbuilt", "warnings", "environment",
        "cuda", "data_settings", "devices", "pennylane", "simulators",
    }  # fmt: skip
    wanted = {code for code, row in every_code().items() if row.__module__.rpartition(".")[2] in rooms}
    wanted |= {"E0247", "E0248", "E0249"}  # of specs, in the room of the codes of sweeps
    assert {name[:5] for name in SPECS} == wanted - set(ELSEWHERE) - NOT_BY_A_SPEC


@pytest.mark.parametrize("name", GOLDEN)
def test_the_words_are_these(name):
    source = Source(f"{name[:-4]}.hqnn", Path(f"{name[:-4]}.hqnn").read_text(encoding="utf-8"))
    text = "\n\n".join(as_text(item) for item in diagnostics_of(source, transpiled=name.startswith("E07")))
    assert text + "\n" == (HERE / "golden" / name).read_text(encoding="utf-8")


def test_a_text_that_is_too_long_is_not_read():
    text = "hqnn 1\n" + "# a comment\n" * (limits.MAX_SOURCE_BYTES // 12 + 1)
    items = diagnostics_of(Source("long.hqnn", text))
    assert [item.code for item in items] == ["E0152"]


def test_what_is_not_shown_is_counted():
    mistakes = limits.MAX_SHOWN_MISTAKES + 7
    items = diagnostics_of(Source("many.hqnn", "hqnn 1\n" + "let = 3\n" * mistakes))
    assert [item.code for item in items].count("E0153") == 1
    assert len(items) == limits.MAX_SHOWN_MISTAKES + 1
    assert "7 more" in next(item for item in items if item.code == "E0153").headline
