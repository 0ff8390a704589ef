"""No option is accepted and ignored: two values of every one give two specs, two circuits, or a refusal.

The tests loop over the rows of the sections, over the catalogs, over the backends and over the library's blocks, so a
new option is tested the day it appears.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from hqnn_dsl import pipeline
from hqnn_dsl.catalog.initial import INITIALS
from hqnn_dsl.catalog.layers import LAYERS
from hqnn_dsl.diagnostics.diagnostic import Refusal
from hqnn_dsl.diagnostics.source import Source
from hqnn_dsl.semantics.check import Checked
from hqnn_dsl.semantics.definitions import library_block, library_names
from hqnn_dsl.semantics.options import option_of
from hqnn_dsl.semantics.sections import SECTIONS

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from hqnn_dsl.catalog.entry import Entry, Option

BY_HAND = {
    "data.target": ("a", "b"),
    "data.features": ("*", "* except c"),
    "data.split": ("test: 0.2", "test: 0.3"),
    "data.scale": ("features: none", "features: standard"),
    "data.task": ("regression", "classification"),
    "data.read": ('delimiter: ";"', 'delimiter: ";", decimal: ","'),
    "data.columns": ("{ a: log }", "{ a: [log, median] }"),
    "data.weights": ("a", "b"),
    "train.class_weights": ("balanced", '"1": 2, no: 0.5'),
    "transpile.target": ("fake_torino", "fake_sherbrooke"),
    "transpile.basis": ("[rz, sx, cx]", "[rx, ry, cz]"),
    "transpile.coupling": ("linear", "[[0, 1]]"),
    "transpile.seed": ("0; coupling linear", "1; coupling linear"),  # without a coupling nothing is drawn
}


OF_ENTRIES = {
    "noise": "depolarizing(p1: 0.1)",
    "gradient": "spsa(samples: 2)",
    "simulation": "matrix_product_state(bond: 4)",
}
"""By option, an entry of its table that is not the first."""

OF_TYPES = {
    "string": ("fake_torino", "fake_sherbrooke"),
    "column": ("part", '"a b"'),
    "strings": ('["ry"]', '["rz"]'),
    "ints": ("[0]", "[1]"),
}
"""Two values of an option, by its type."""

BESIDE = {"primitive": "name: ibm_torino, "}
"""By backend, what stands beside an option, where something must."""

OF_FOURIER = {"phases": (('"x[0]"', '"x[1]"'), "inputs: 2, "), "inputs": (("2", "3"), 'phases: "x[0]", ')}
"""By option of `fourier`, two values, and what stands beside it; the other number of inputs is refused."""

ON_A_GPU = {"batched_shots_gpu", "target_gpus", "blocking_qubits"}
"""Options of Aer that are refused without `device: gpu`."""


def meaning(text: str) -> Any:
    """What a spec becomes: its records and circuit, or the codes that refuse it."""
    try:
        found = pipeline.check(Source("spec.hqnn", text))
    except Refusal as refusal:
        return tuple(item.code for item in refusal.diagnostics)
    assert isinstance(found, Checked)
    return found.spec, found.circuit


def spec(*, parts: str = "", body: str = "feature_map angle(); ansatz brickwork()", qubits: int = 2) -> str:
    decoder = "" if "decoder" in parts else "decoder { dense }"
    return f"hqnn 1\nmodel m {{ {parts}\ncircuit on {qubits} qubits {{ {body} }}\n{decoder} }}\n"


def two_values(option: Option) -> tuple[str, str]:
    """Two values that an option takes, as the language writes them."""
    match option.type:
        case "bool":
            return "true", "false"
        case "choice":
            return option.choices[0], option.choices[-1] if len(option.choices) > 1 else "another"
        case "int" | "width":
            start = int(max(option.minimum or 1, 1 if option.type == "width" else 0))
            return str(start), str(start + 1)
        case "float":
            if option.name == "min_lr":
                return "1e-5", "2e-5"  # below every learning rate
            return ("0.25", "0.5") if option.below is None or option.below > 0.5 else ("0.01", "0.02")
        case "entry":
            assert option.table is not None
            return next(iter(option.table)), OF_ENTRIES[option.name]
    if option.least:
        return "a, b", "[b, a, 3]"
    if option.type in OF_TYPES:
        return OF_TYPES[option.type]
    raise AssertionError(f"no values for {option}")


def assert_different(first: str, second: str) -> None:
    one, other = meaning(first), meaning(second)
    assert one != other
    assert any(not isinstance(found[0], str) for found in (one, other)), (one, other)


def rows() -> Iterator[tuple[str, str]]:
    for section, listed in SECTIONS.items():
        for row in listed:
            yield section, row.name


@pytest.mark.parametrize(("section", "name"), list(rows()))
def test_every_setting(section, name):
    row = next(row for row in SECTIONS[section] if row.name == name)
    if f"{section}.{name}" in BY_HAND:
        values = BY_HAND[f"{section}.{name}"]
    elif row.table is not None:
        values = tuple(row.table)[:2]
    else:
        assert row.option is not None
        values = two_values(row.option)
    also = "backend primitive(fake_torino); " if section == "budget" else ""
    first, second = (spec(parts=f"{also}{section} {{ {name} {value} }}") for value in values)
    assert_different(first, second)


def entries() -> Iterator[tuple[str, str, str]]:
    for section, listed in SECTIONS.items():
        for row in listed:
            for entry in (row.table or {}).values():
                for option in entry.options:
                    yield f"{section} {{ {row.name} ", entry.name, option.name
    for entry in LAYERS.values():
        for option in entry.options:
            yield "encoder { dense(2); ", entry.name, option.name
    for entry in pipeline.backends().values():
        for option in entry.options:
            yield "backend ", entry.name, option.name


def table_of(start: str) -> Mapping[str, Entry]:
    words = start.replace("{", " ").split()
    if words[0] == "encoder":
        return LAYERS
    if words[0] == "backend":
        return pipeline.backends()
    table = next(row for row in SECTIONS[words[0]] if row.name == words[1]).table
    assert table is not None
    return table


@pytest.mark.parametrize(("start", "name", "option"), list(entries()))
def test_every_option_of_every_entry(start, name, option):
    row = table_of(start)[name].option(option)
    assert row is not None
    values = two_values(row)
    end = "" if start.startswith("backend") else " }"
    if name == "dense":
        start = "decoder { dense(5); "
        values = ("auto", "3") if option == "width" else values
    also = "device: gpu, " if name == "aer" and option in ON_A_GPU else "" if option == "name" else BESIDE.get(name, "")
    if name == "fourier":
        values, also = OF_FOURIER[option]
    texts = [spec(parts=f"{start}{name}({also}{option}: {value}){end}") for value in values]
    assert_different(*texts)


def nested() -> Iterator[tuple[str, str, str, str]]:
    for entry in pipeline.backends().values():
        for option in entry.options:
            for row in (option.table or {}).values():
                for inner in row.options:
                    yield entry.name, option.name, row.name, inner.name


NEEDED = {"thermal": {"t1_us": "50", "t2_us": "0.4"}}
"""By entry, the options that it cannot do without."""


@pytest.mark.parametrize(("backend", "option", "name", "inner"), list(nested()))
def test_every_option_of_every_entry_of_an_option(backend, option, name, inner):
    outer = pipeline.backends()[backend].option(option)
    assert outer is not None
    assert outer.table is not None
    row = outer.table[name].option(inner)
    assert row is not None
    values = two_values(row)
    texts = []
    for value in values:
        given = NEEDED.get(name, {}) | {inner: value}
        written = ", ".join(f"{key}: {text}" for key, text in given.items())
        texts.append(spec(parts=f"backend {backend}({BESIDE.get(backend, '')}{option}: {name}({written}))"))
    assert_different(*texts)


@pytest.mark.parametrize("part", ["validation: 0.1", "validation: 3", "test: 0.3", "test: 3", "seed: 9"])
def test_every_part_of_split(part):
    assert_different(spec(parts=f"data {{ split {part} }}"), spec(parts="data { split test: 0.15 }"))


@pytest.mark.parametrize("column", ["features", "target"])
def test_every_part_of_scale(column):
    assert_different(*(spec(parts=f"data {{ scale {column}: {how} }}") for how in ("none", "standard")))


@pytest.mark.parametrize(("name", "option"), [(row.name, o.name) for row in INITIALS.values() for o in row.options])
def test_every_way_to_start(name, option):
    body = "feature_map angle(); ansatz brickwork(); initial weights "
    assert_different(*(spec(body=f"{body}{name}({option}: {value})") for value in ("0.25", "0.5")))


def parameters() -> Iterator[tuple[str, str]]:
    for name in library_names():
        definition = library_block(name)
        assert definition is not None
        for parameter in definition.block.parameters:
            yield name, parameter.name.name


@pytest.mark.parametrize(("name", "parameter"), list(parameters()))
def test_every_argument_of_every_library_block(name, parameter):
    definition = library_block(name)
    assert definition is not None
    option = option_of(next(item for item in definition.block.parameters if item.name.name == parameter))
    values = two_values(option)
    if parameter == "paulis":
        values = ('["X"]', '["Z", "YY"]')
    elif parameter == "entangler":
        values = ('["cz"]', '["crx"]')
    before = "" if definition.block.kind == "feature_map" else "feature_map angle(); "
    pattern = ", entanglement: full" if name == "pauli" and parameter == "paulis" else ""
    texts = [
        spec(body=f"{before}{definition.block.kind} {name}({parameter}: {value}{pattern})", qubits=4)
        for value in values
    ]
    assert_different(*texts)


def test_names_of_the_model_and_of_constants_are_kept():
    assert_different(spec(), spec().replace("model m", "model n"))
    assert_different(spec().replace("hqnn 1", "hqnn 1\nlet a = 1"), spec().replace("hqnn 1", "hqnn 1\nlet a = 2"))
