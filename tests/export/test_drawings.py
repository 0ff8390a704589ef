"""Pictures: no label overlaps another or leaves its box, every gate is there, and the files are read by other tools."""

from __future__ import annotations

import itertools
import math
import random
import re
import struct
import zlib
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest
from matplotlib.transforms import Bbox

import hqnn_dsl as hqnn
from hqnn_dsl.circuit.angles import FUNCTIONS, Angle, Apply, Const, InputRef, WeightRef, evaluate
from hqnn_dsl.circuit.folding import fold
from hqnn_dsl.export.drawing.angles import Term, combined, number, scaled_sum
from hqnn_dsl.export.drawing.circuits import circuit_page
from hqnn_dsl.export.drawing.networks import network_page, network_stages
from hqnn_dsl.export.drawing.page import DPI, LINE, Page, text_width

SPECS = Path(__file__).resolve().parents[2] / "specs"
MODELS = sorted(
    path
    for path in SPECS.rglob("*.hqnn")
    if "sim" not in path.parts and re.search(r"^model ", path.read_text("utf-8"), re.MULTILINE)
)
"""All models but 19 circuits of one kind."""


def spec(circuit: str, qubits: int, more: str = "", blocks: str = "", name: str = "m") -> str:
    return f"""hqnn 1
{blocks}
model {name} {{
  circuit on {qubits} qubits {{ {circuit} }}
  decoder {{ dense(1) }}
  {more}
}}
"""


EVERY_GATE = """feature_map every() {
  input a_name_of_many_letters[4]
  weight another_name_of_many_letters[2, 3], w
  ry(acos(a_name_of_many_letters[0]) * another_name_of_many_letters[0, 1] + tanh(a_name_of_many_letters[1])) 0
  u(a_name_of_many_letters[0] ** 2, -(w - 0.123456789), 1e-5 * w) 1
  crx(sqrt(abs(a_name_of_many_letters[3])) / 7) 0, 2
  cp(w * 0.5) 2, 0
  pauli_rot("XIYZ", sin(w)) 0, 1, 3, 2
  ccx 0, 3, 1; swap 0, 2; iswap 1, 3; rzx(w) 3, 0; ch 1, 3; cy 3, 1; rzz(w) 0, 1; cz 0, 3
}
"""
AWKWARD = {
    "zz": spec("feature_map zz(); ansatz real_amplitudes(reps: 1); measure z, 0.5*x[0]*x[1] - y[2]", 4),
    "brickwork": spec(
        "feature_map angle(); ansatz brickwork(reps: 3); measure z", 6, "transpile { coupling linear; optimization 2 }"
    ),
    "wide": spec(
        "feature_map angle(); ansatz strongly_entangling(reps: 2); measure probabilities(0, 1, 2), parity",
        12,
        "transpile { coupling grid }",
    ),
    "every_gate": spec(
        "feature_map every(); h 0; feature_map every(); ansatz two_local(reps: 1); measure z, parity",
        4,
        "transpile { coupling ring }",
        EVERY_GATE,
    ),
    "amplitude": spec("feature_map amplitude(); ansatz efficient_su2(reps: 2); measure probabilities(2, 0)", 3),
    "short_parts": spec(
        "repeat 5 { ansatz a_block_whose_name_is_much_longer_than_its_gate(); h 1 } input x; rx(x) 0; measure z",
        2,
        blocks="ansatz a_block_whose_name_is_much_longer_than_its_gate() { h 0 }",
        name="a_model_with_a_name_that_is_longer_than_its_circuit_would_ever_be_in_a_picture",
    ),
    "one_qubit": spec("input x; rx(x) 0; measure z", 1),
    "many_outputs": spec("feature_map angle(); measure z, x, y, probabilities(0, 1, 2, 3)", 4),
    "deep": spec("feature_map angle(); ansatz brickwork(reps: 12); measure z", 3),
}


def pages(text: str) -> dict[str, Page]:
    program = hqnn.compile_text(text)
    found = {export.name: circuit_page(export) for export in program.exports}
    return found | {"network": network_page(program.spec, program.logical, program.features, program.targets)}


def faults(page: Page) -> list[str]:
    """Labels that overlap, leave their box or the page, or run into a box, by the extents that matplotlib draws."""
    figure = page.figure
    renderer = figure.canvas.get_renderer()  # type: ignore[attr-defined]
    (axes,) = figure.axes
    drawn = [text for text in axes.texts if text.get_text()]
    assert [text.get_text() for text in drawn] == [text.text for text in page.texts]
    extents = [text.get_window_extent(renderer) for text in drawn]

    def in_dots(box: tuple[float, float, float, float]) -> Bbox:
        return Bbox(axes.transData.transform([(box[0], box[3]), (box[2], box[1])]))

    boxes = {box: in_dots(box) for box, _ in page.boxes}
    found = []
    for (one, a), (other, b) in itertools.combinations(zip(page.texts, extents, strict=True), 2):
        if _overlap(a, b):
            found.append(f"{one.text} and {other.text} overlap")
    for text, extent in zip(page.texts, extents, strict=True):
        if not _within(extent, figure.bbox):
            found.append(f"{text.text} leaves the page")
        if text.inside is not None and not _within(extent, boxes[text.inside]):
            found.append(f"{text.text} leaves its box")
        found += [
            f"{text.text} is on a box" for box, at in boxes.items() if box != text.inside and _overlap(extent, at)
        ]
    found += ["two boxes overlap" for a, b in itertools.combinations(boxes.values(), 2) if _overlap(a, b)]
    return found


def _overlap(a: Bbox, b: Bbox) -> bool:
    both = Bbox.intersection(a, b)
    return both is not None and both.width > 0.5 and both.height > 0.5


def _within(inner: Bbox, outer: Bbox) -> bool:
    return (
        inner.x0 >= outer.x0 - 0.5
        and inner.x1 <= outer.x1 + 0.5
        and inner.y0 >= outer.y0 - 0.5
        and inner.y1 <= outer.y1 + 0.5
    )


@pytest.mark.parametrize("name", AWKWARD)
def test_no_label_overlaps_another_or_leaves_its_box(name: str) -> None:
    for which, page in pages(AWKWARD[name]).items():
        assert faults(page) == [], which


@pytest.mark.parametrize("path", MODELS, ids=lambda path: path.stem)
def test_no_label_overlaps_in_the_specs_that_come_along(path: Path) -> None:
    program = hqnn.compile(path)
    for export in program.exports:
        assert faults(export.page) == [], export.name
    assert faults(network_page(program.spec, program.logical, None, program.targets)) == []


def test_overlaps_are_found() -> None:
    page = Page()
    page.box((0, 0, 0.3, 0.3), "nothing", ("far too long",))
    page.text(1.5, 0.15, "one", "left")
    page.text(1.55, 0.15, "other", "left")
    assert faults(page) == [
        "one and other overlap",
        "far too long leaves the page",
        "far too long leaves its box",
    ]


@pytest.mark.parametrize("text", ["w[0,2] + π", "il1.|,", "WMOQ@", "<Z0 Z1>", "2·(π − x[0])", "…□"])
def test_texts_are_as_wide_as_they_are_drawn(text: str) -> None:
    page = Page()
    page.text(0.5, 0.5, text, "left")
    (drawn,) = page.figure.axes[0].texts
    width = drawn.get_window_extent(page.figure.canvas.get_renderer()).width / page.figure.dpi  # type: ignore[attr-defined]
    assert 0.85 * text_width(text) - 0.04 <= width <= text_width(text)


# ------------------------------------------------------------------ contents


def texts(page: Page) -> list[str]:
    return [text.text for text in page.texts]


def test_every_gate_is_drawn_once() -> None:
    program = hqnn.compile_text(AWKWARD["brickwork"])
    for export in program.exports:
        page, circuit = circuit_page(export), export.circuit
        counts = circuit.count_ops()
        names = [text for text in texts(page) if re.fullmatch(r"[a-z]+", text) and text != "measure"]
        drawn = {name: names.count(name) for name in set(names)}
        assert len(page.pluses) == counts.get("cx", 0)
        assert drawn == {name: count for name, count in counts.items() if name not in {"cx", "cz"}}
        assert len(page.dots) == counts.get("cx", 0) + 2 * counts.get("cz", 0)


def test_every_weight_stands_in_its_gate() -> None:
    program = hqnn.compile_text(AWKWARD["deep"])
    shown = texts(circuit_page(program.exports[0]))
    shape = program.logical.weights[0].shape
    for index in itertools.product(*map(range, shape)):
        assert shown.count(f"w[{','.join(map(str, index))}]") == 1
    assert "w = brickwork.w" in shown


def test_long_angles_are_in_the_legend_and_the_same_angle_once() -> None:
    shown = texts(pages(AWKWARD["zz"])["logical"])
    assert "a1 = 2·(π − x[0])·(π − x[1])" in shown
    assert (shown.count("a1"), shown.count("a6"), "a7" in shown) == (2, 2, False)


def test_marks_of_controls_swaps_and_products() -> None:
    page = pages(spec('input x; ccx 0, 2, 1; swap 0, 1; cz 0, 2; crx(x) 2, 0; pauli_rot("XY", x) 2, 0; measure z', 3))[
        "logical"
    ]
    assert (len(page.dots), len(page.pluses), len(page.crosses)) == (2 + 2 + 1, 1, 2)
    letters = {text.text: text.y for text in page.texts if text.text in {"X", "Y"} and text.inside is not None}
    assert letters["X"] > letters["Y"]  # X acts on qubit 2, which is below


def test_blocks_stand_behind_barriers_with_their_names() -> None:
    program = hqnn.compile_text(AWKWARD["every_gate"])
    page = circuit_page(program.exports[0])
    titles = ["every (feature map)", "gates", "every (feature map)", "two_local (ansatz)", "measure"]
    assert [text for text in texts(page) if text in titles] == titles
    assert len(page.dashes) == len(titles)
    assert len(circuit_page(program.exports[1]).dashes) == 1  # passes mix the blocks: only the measurement has one


def test_observables_stand_beside() -> None:
    shown = texts(pages(AWKWARD["zz"])["logical"])
    assert shown.count("output 0 = <Z0>") == 1
    assert "output 4 = 0.5·<X0 X1> − <Y2>" in shown
    assert "outputs 12…27 = probabilities of q[3] q[2] q[1] q[0] being 0…15 in binary" in texts(
        pages(AWKWARD["many_outputs"])["logical"]
    )


def test_the_layout_stands_at_both_ends() -> None:
    program = hqnn.compile_text(AWKWARD["wide"])
    layout = program.transpilation.layout
    first, last = layout.initial_index_layout(filter_ancillas=True), layout.final_index_layout(filter_ancillas=True)
    assert first != last
    shown = texts(circuit_page(program.exports[1]))
    for qubit, (begin, end) in enumerate(zip(first, last, strict=True)):
        assert f"q[{qubit}] → ${begin}" in shown
        assert f"${end} → q[{qubit}]" in shown


def test_names_of_weights_and_inputs_are_told_apart() -> None:
    own = "weight x[2], a1; input v; rx(v * x[1]) 0; rx(a1) 1; ry((v + 1) * (a1 + 1) * 3) 0; measure z"
    shown = texts(pages(spec(own, 2))["logical"])
    assert "x1 = x" in shown
    assert "x[0]·x1[1]" in shown
    assert "θ1 = (x[0] + 1)·(a1 + 1)·3" in shown


# ------------------------------------------------------------------ formulas


def drawn_angle(generator: random.Random, depth: int) -> Angle:
    if depth == 0 or generator.random() < 0.2:
        constant = Const(generator.choice([0.5, -1.25, math.pi / 2, -math.pi, 3.0, 1e-5]))
        return generator.choice([constant, InputRef(0), InputRef(1), WeightRef(0)])
    function = generator.choice(["add", "sub", "mul", "div", "pow", "neg", "sin", "exp"])
    arguments = 2 if function in {"add", "sub", "mul", "div", "pow"} else 1
    return Apply(function, tuple(drawn_angle(generator, depth - 1) for _ in range(arguments)))


def value_of(text: str, values: dict[str, float]) -> float:
    plain = text.replace("·", "*").replace("−", "-").replace("^", "**")
    plain = re.sub(r"(\d+)π", r"(\1*π)", plain)
    known = {"π": math.pi, "sin": math.sin, "exp": math.exp, **values}
    return float(eval(plain, {"__builtins__": {}}, known))


@pytest.mark.parametrize("seed", range(300))
def test_formulas_mean_the_angles(seed: int) -> None:
    """Brackets that are left out are not needed."""
    generator = random.Random(seed)
    angle = drawn_angle(generator, 4)
    names = {"x": 0.7, "y": 1.3, "w": 0.4}

    def leaf(found: Const | InputRef | WeightRef) -> Term:
        return number(found.value) if isinstance(found, Const) else Term("xy"[found.index] if _is_input(found) else "w")

    try:
        wanted = evaluate(angle, (0.7, 1.3), (0.4,))
    except (ArithmeticError, ValueError, TypeError):  # TypeError: a function of a complex number
        return
    if isinstance(wanted, complex):
        return
    text = fold(angle, leaf, combined).text
    assert "…" not in text
    assert value_of(text, names) == pytest.approx(wanted, rel=1e-6), text


def _is_input(found: object) -> bool:
    return isinstance(found, InputRef)


@pytest.mark.parametrize("factors", [(1.0, 1.0), (-1.0, 0.5), (0.25, -0.5), (3.0, -2.5), (0.0, -1.0)])
@pytest.mark.parametrize("constant", [0.0, math.pi, -math.pi / 2, 0.3])
def test_sums_of_a_transpiled_circuit_mean_the_angles(factors: tuple[float, float], constant: float) -> None:
    text = scaled_sum([(factors[0], Term("x")), (factors[1], combined("add", (Term("w"), number(1.0))))], constant).text
    assert value_of(text, {"x": 0.7, "w": 0.4}) == pytest.approx(factors[0] * 0.7 + factors[1] * 1.4 + constant)


def test_the_functions_of_angles_are_all_known() -> None:
    for function in FUNCTIONS:
        count = 2 if function in {"add", "sub", "mul", "div", "pow"} else 1
        assert combined(function, [Term("x")] * count).text


def test_a_function_without_a_sign_is_drawn_by_its_name() -> None:
    assert combined("pow", [Term("x"), Term("w")]).text == "x^w"
    assert combined("atan2", [Term("x"), Term("w")]).text == "atan2(x, w)"
    assert combined("sinh", [Term("x")]).text == "sinh(x)"


# --------------------------------------------------------------- the network


def test_the_network_has_all_its_widths() -> None:
    program = hqnn.compile(SPECS / "model.hqnn")
    stages = network_stages(program.spec, program.logical, 6, 1)
    assert [stage.enters for stage in stages] == ["", "6", "6", "16", "16", "4", "4", "4", "4", "1", "1"]
    heads = [stage.lines[0] for stage in stages]
    assert heads == [
        *("table", "scale", "dense(16)", "silu", "dense(4)", "tanh"),
        *("circuit", "outputs", "dense(1)", "scale back", "target"),
    ]
    assert stages[6].lines[1:] == (
        "angle (feature map)",
        "real_amplitudes (ansatz)",
        "4 inputs",
        "4 qubits",
        "16 weights",
    )
    assert "· π" in stages[5].lines


def test_a_network_that_only_the_table_completes_says_so() -> None:
    program = hqnn.compile(SPECS / "model.hqnn")
    assert [s.enters for s in network_stages(program.spec, program.logical, None, 1)][1] == "F"


def test_a_circuit_alone_has_no_picture_of_a_network(tmp_path: Path) -> None:
    text = "hqnn 1\nmodel m { circuit on 3 qubits { feature_map angle(); ansatz brickwork(reps: 1); measure z } }\n"
    hqnn.write_compiled(hqnn.compile_text(text), tmp_path / "out", ("svg",))
    assert {path.name for path in (tmp_path / "out").glob("*.svg")} == {"logical.svg", "transpiled.svg"}


# ------------------------------------------------------------------- files


def test_files_are_read_by_their_own_tools(tmp_path: Path) -> None:
    program = hqnn.compile_text(AWKWARD["zz"])
    hqnn.write_compiled(program, tmp_path / "out", ("png", "svg", "pdf"))
    names = {"logical", "transpiled", "network"}
    found = {path.name: path.read_bytes() for path in (tmp_path / "out").iterdir()}
    assert set(found) == {f"{n}.{form}" for n in names for form in ("png", "svg", "pdf")} | {"spec.resolved.hqnn"}
    for name in names:
        width, height = png_size(found[f"{name}.png"])
        root = ET.fromstring(found[f"{name}.svg"])
        assert root.tag == "{http://www.w3.org/2000/svg}svg"
        assert len(root.findall(".//{http://www.w3.org/2000/svg}path")) > 10
        sizes = [float(root.attrib[side].removesuffix("pt")) for side in ("width", "height")]
        assert sizes == pytest.approx([width * 72 / DPI, height * 72 / DPI], abs=1)
        assert pdf_sizes(found[f"{name}.pdf"]) == [pytest.approx(sizes, abs=1)]


def png_size(data: bytes) -> tuple[int, int]:
    """Width and height of a PNG whose parts all have their right sums."""
    assert data.startswith(b"\x89PNG\r\n\x1a\n")
    place, kinds = 8, []
    while place < len(data):
        (length,) = struct.unpack(">I", data[place : place + 4])
        body = data[place + 4 : place + 8 + length]
        assert struct.unpack(">I", data[place + 8 + length : place + 12 + length])[0] == zlib.crc32(body)
        kinds.append(body[:4])
        place += 12 + length
    assert (kinds[0], kinds[-1]) == (b"IHDR", b"IEND")
    width, height = struct.unpack(">II", data[16:24])
    return width, height


def pdf_sizes(data: bytes) -> list[list[float]]:
    """The size of each page of a PDF whose table of objects leads to objects."""
    assert data.startswith(b"%PDF-1.")
    assert data.rstrip().endswith(b"%%EOF")
    start = int(data.rsplit(b"startxref", 1)[1].split()[0])
    rows = re.findall(rb"(\d{10}) \d{5} n", data[start:])
    assert rows
    assert all(re.match(rb"\d+ 0 obj", data[int(row) :]) for row in rows)
    pages = [data[int(row) :].split(b"endobj")[0] for row in rows]
    boxes = [re.search(rb"/MediaBox \[ (.*?) \]", page) for page in pages if re.search(rb"/Type /Page\b", page)]
    return [[float(number) for number in box[1].split()[2:]] for box in boxes if box is not None]


def test_the_same_spec_gives_the_same_bytes() -> None:
    first, second = (pages(AWKWARD["one_qubit"]) for _ in range(2))
    for name, page in first.items():
        for form in ("png", "svg", "pdf"):
            assert page.file(form) == second[name].file(form)


def test_a_circuit_of_many_gates_is_not_drawn_but_its_network_is(tmp_path: Path) -> None:
    text = spec("feature_map angle(); repeat 500 { ansatz basic_entangler(reps: 1) } measure z", 3)
    hqnn.write_compiled(hqnn.compile_text(text), tmp_path / "out", ("png", "text"))
    assert {path.name for path in (tmp_path / "out").iterdir()} == {"network.png", "spec.resolved.hqnn"}


def test_a_page_that_is_too_large_says_so() -> None:
    page = Page()
    page.reach(200, 20)
    assert page.is_too_large
    page = Page()
    page.reach(20, 20)
    assert not page.is_too_large


def test_drawings_as_text_have_barriers_with_names(tmp_path: Path) -> None:
    for name in ("zz", "amplitude", "every_gate"):
        hqnn.write_compiled(hqnn.compile_text(AWKWARD[name]), tmp_path / name, ("text",))
        text = (tmp_path / name / "logical.txt").read_text(encoding="utf-8")
        titles = {
            "zz": ["zz", "real_amplitudes", "measure"],
            "amplitude": ["amplitude", "efficient_su2", "measure"],
            "every_gate": ["every", "gates", "every", "two_local", "measure"],
        }[name]
        words = "zz|real_amplitudes|amplitude|efficient_su2|every|gates|two_local|measure"
        found = re.findall(rf"(?<![\w.(])(?:{words})(?![\w.\[])", text)
        assert found == titles


def test_letters_that_the_font_lacks_are_squares() -> None:
    page = Page()
    page.text(0, 0, "舟\n$x$", "left")
    assert texts(page) == ["□□$x$"]
    assert page.width == pytest.approx(text_width("□□$x$"))
    assert LINE > 0
