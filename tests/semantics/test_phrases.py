"""The tables of other libraries' words against the catalog, and what `hqnn explain` says of such a word."""

from __future__ import annotations

import pytest

from hqnn_dsl import pipeline
from hqnn_dsl.catalog.layers import LAYERS
from hqnn_dsl.catalog.objectives import OPTIMIZERS, SCHEDULERS, STOPS
from hqnn_dsl.circuit import foreign_phrases
from hqnn_dsl.diagnostics.diagnostic import Refusal
from hqnn_dsl.diagnostics.source import Source
from hqnn_dsl.semantics.value_advice import what_is

MODEL = "hqnn 1\nmodel m {{\n{}\n}}\n"
CIRCUIT = "circuit on 4 qubits {{ feature_map {} }}\ndecoder {{ dense }}"
TABLES = {"stop": STOPS, "optimizer": OPTIMIZERS, "scheduler": SCHEDULERS}


def codes_of(text):
    try:
        checked = pipeline.check(Source("m", text))
    except Refusal as refusal:
        return {item.code for item in refusal.diagnostics}
    return {item.code for item in checked.warnings}


@pytest.mark.parametrize("name", sorted(foreign_phrases.LIBRARY_BLOCKS))
def test_blocks_are_the_library_s(name):
    kind = foreign_phrases.LIBRARY_BLOCKS[name]
    lines = f"{kind} {name}()" if kind == "feature_map" else f"feature_map angle(); {kind} {name}()"
    found = codes_of(MODEL.format("circuit on 4 qubits { " + lines + " }\ndecoder { dense }"))
    assert not found & {"E0202", "E0222"}


@pytest.mark.parametrize("line", sorted({*foreign_phrases.SETTINGS.values()}))
def test_lines_of_train_are_accepted(line):
    line = line.format("" if "({})" in line else 3).replace("()", "")
    assert not {
        code
        for code in codes_of(MODEL.format(f"train {{ {line} }}\n{CIRCUIT.format('angle()')}"))
        if code.startswith("E")
    }


@pytest.mark.parametrize("backend", sorted({*foreign_phrases.BACKENDS.values()}))
def test_backends_are_offered(backend):
    found = codes_of(MODEL.format(f"{CIRCUIT.format('angle()')}\nbackend {backend.replace('…', 'fake_torino')}"))
    assert not {code for code in found if code[:3] in {"E01", "E02"}}


def test_options_of_entries_are_theirs():
    for setting, (entry, options) in foreign_phrases.ENTRIES.items():
        if setting in TABLES:
            assert all(TABLES[setting][entry].option(option) for option in options)


def test_layers_are_layers():
    for name in ("Linear", "Dense", "ReLU", "Swish", "BatchNorm1d", "LayerNorm", "Dropout"):
        assert foreign_phrases.layer_line(name) in LAYERS


@pytest.mark.parametrize(
    ("name", "part"),
    [
        ("AngleEmbedding", "feature_map angle(axis: x)"),
        ("ZZFeatureMap", "feature_map zz()"),
        ("RealAmplitudes", "ansatz real_amplitudes()"),
        ("nn.Linear", "dense"),
        ("Dense", "dense"),
        ("EarlyStopping", "stop early"),
        ("CrossEntropyLoss", "`loss cross_entropy`"),
        ("qml.CNOT", "cx"),
        ("default.qubit", "backend pennylane"),
        ("lr", "optimizer adamw(lr: …)"),
    ],
)
def test_a_word_of_another_library_is_explained(name, part):
    assert part in what_is(name)


def test_a_word_of_no_library_is_not():
    assert what_is("wombat") == ""


LAST = (
    "circuit on 3 qubits {{ feature_map angle(axis: y); ansatz efficient_su2(reps: 1); measure {} }}\n"
    "decoder {{ dense }}"
)


def test_the_last_layer_of_a_library_block_is_nothing_to_warn_of():
    assert "W0407" not in codes_of(MODEL.format(LAST.format("z")))


def test_weights_that_a_measurement_of_few_qubits_leaves_out_are_with_a_measurement_that_does_not():
    checked = pipeline.check(Source("m", MODEL.format(LAST.format("z[2]"))))
    (item,) = [item for item in checked.warnings if item.code == "W0407"]
    assert item.help.startswith("write `measure ")
    letter = item.help.split("`")[1].removeprefix("measure ")
    assert "W0407" not in codes_of(MODEL.format(LAST.format(letter)))


def test_what_is_repeated_of_the_catalog_is_what_stands_there():
    from hqnn_dsl.catalog.layers import LAYERS
    from hqnn_dsl.catalog.objectives import OPTIMIZERS, STOPS
    from hqnn_dsl.semantics.definitions import library_block, library_names
    from hqnn_dsl.semantics.entanglement import PATTERNS
    from hqnn_dsl.syntax.advice import ARGUMENTS

    assert set(foreign_phrases.ENTANGLEMENTS) == set(PATTERNS)
    taken = {
        name: {parameter.name.name for parameter in library_block(name).block.parameters} for name in library_names()
    }
    assert set(foreign_phrases._ENTANGLED) == {name for name, arguments in taken.items() if "entanglement" in arguments}
    for table in (LAYERS, OPTIMIZERS, STOPS):
        taken |= {name: {option.name for option in entry.options} for name, entry in table.items()}
    for name, example in ARGUMENTS.items():
        assert example.partition(":")[0] in taken[name], name
