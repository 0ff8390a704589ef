"""`hqnn show` draws every gate within the width; `hqnn explain` knows all that the language offers by name."""

from __future__ import annotations

import re
import sys
from pathlib import Path

import pytest

import hqnn_dsl as hqnn
from hqnn_dsl.cli import main as entry
from hqnn_dsl.cli.catalog_pages import TOPICS, names, pages_of
from hqnn_dsl.diagnostics.codes import every_code
from hqnn_dsl.export.drawing.text import LEAST_WIDTH, circuit_lines

SPECS = sorted((Path(__file__).resolve().parents[2] / "specs").rglob("*.hqnn"))
MODELS = [path for path in SPECS if re.search(r"^model ", path.read_text("utf-8"), re.MULTILINE)]


def ran(capsys, monkeypatch, *words: str) -> tuple[int, str, str]:
    monkeypatch.setattr(sys, "argv", ["hqnn", *words])
    code = 0
    try:
        entry.main()
    except SystemExit as end:
        code = int(end.code or 0)
    return code, *capsys.readouterr()


@pytest.mark.parametrize("width", [LEAST_WIDTH, 80, 200])
@pytest.mark.parametrize("path", MODELS, ids=lambda path: path.stem)
def test_every_gate_of_a_circuit_is_drawn_once_and_within_the_width(path, width):
    circuit = hqnn.compile(path).logical
    lines = list(circuit_lines(circuit, width))
    wires = [line for line in lines if re.match(r"q\d+ ", line)]
    widest = max(len(cell) for line in wires for cell in re.split("─+", line))
    assert max(map(len, wires)) <= max(width, widest + 8)
    text = "\n".join(wires)
    for name in {operation.gate for operation in circuit.operations} - {"cx", "cz", "swap", "pauli_rot"}:
        drawn = len(re.findall(rf"(?<![a-z]){name.removeprefix('c')}\(", text))
        assert drawn >= sum(operation.gate == name for operation in circuit.operations) > 0 or name in {"h", "x", "z"}
    assert text.count("●") == sum(
        {"cx": 1, "cz": 2, "ch": 1, "cp": 1, "cry": 1, "crx": 1, "crz": 1, "ccx": 2}.get(operation.gate, 0)
        for operation in circuit.operations
    )
    assert sum("measure" in line for line in lines) == 1
    assert len([line for line in lines if line.startswith("output")]) >= 1


def test_each_wire_has_its_gates_in_order():
    program = hqnn.compile_text(
        "hqnn 1\nmodel m { circuit on 3 qubits { input v[1]; weight w; h 0; cx 0, 2; rx(v[0]) 1; swap 1, 2; rz(w) 0; "
        "measure z[0] * x[1] } }\n"
    )
    lines = list(circuit_lines(program.logical, 80))
    wires = [re.split("[─┆]+", line.split(" ", 1)[1]) for line in lines if line.startswith("q")]
    assert [[cell for cell in row if cell] for row in wires] == [
        ["h", "●", "rz(w)", "<Z>"],
        ["┼", "rx(x[0])", "x", "<X>"],
        ["X", "x"],
    ]
    assert lines[-1] == "output 0 = <Z0 X1>"


def test_show_says_the_widths_and_draws(capsys, monkeypatch):
    code, out, _ = ran(capsys, monkeypatch, "show", "specs/model.hqnn", "--set", "width=3")
    assert code == 0
    assert re.search(r"circuit +3\n", out)
    assert "residuary_resistance" in out
    assert "real_amplitudes" in out
    assert "q2 " in out
    assert "q3 " not in out


@pytest.mark.parametrize("name", names())
def test_everything_with_a_name_has_a_page(name):
    pages = pages_of(name)
    assert pages
    for page in pages:
        assert f"`{name}`" in page.splitlines()[0]


@pytest.mark.parametrize("name", [name for name in names() if any(page.startswith("gate") for page in pages_of(name))])
def test_the_example_of_a_gate_is_accepted(name):
    (page,) = (page for page in pages_of(name) if page.startswith("gate"))
    hqnn.compile_text(f"hqnn 1\nmodel m {{ circuit on 3 qubits {{ {page.splitlines()[-1].strip()} }} }}\n")


def test_all_codes_stand_under_a_topic(capsys, monkeypatch):
    code, out, _ = ran(capsys, monkeypatch, "explain")
    assert code == 0
    assert re.findall(r"^  ([EW]\d{4})  ", out, re.MULTILINE) == [
        found for start, _ in TOPICS.values() for found in every_code() if found.startswith(start)
    ]
    assert len(re.findall(r"^  [EW]\d{4}  ", out, re.MULTILINE)) == len(every_code())


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        ("zz", "feature_map `zz`"),
        ("dense", "layer `dense`"),
        ("epochs", "setting `epochs` in `train { … }`"),
        ("native", "backend `native`"),
        ("e0312", "E0312 (error)"),
        ("shapes", "E0312"),
        ("AngleEmbedding", "feature_map angle"),
    ],
)
def test_what_is_asked_for_is_explained(asked, said, capsys, monkeypatch):
    code, out, _ = ran(capsys, monkeypatch, "explain", asked)
    assert code == 0
    assert said in out


@pytest.mark.parametrize(("asked", "hint"), [("epoch", "hqnn explain epochs"), ("E0313x", "hqnn explain E0313")])
def test_what_is_not_known_gets_what_is_near(asked, hint, capsys, monkeypatch):
    code, _, err = ran(capsys, monkeypatch, "explain", asked)
    assert code == 2
    assert "E0604" in err
    assert hint in err
