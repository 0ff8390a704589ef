"""`--set path=value`: every kind of path, checked as if the spec said it."""

from __future__ import annotations

import re

import pytest
from short import checked, codes

from hqnn_dsl import pipeline
from hqnn_dsl.diagnostics.diagnostic import Refusal
from hqnn_dsl.diagnostics.source import Source

SPEC = """\
hqnn 1
let width = 2
let rate = 0.1
model m {
  data { target y; split test: 0.2 }
  encoder { dense(width); tanh }
  circuit on width qubits {
    feature_map angle(axis: y)
    ansatz brickwork(reps: 1)
    repeat 2 { ansatz brickwork(reps: 2) }
    ansatz real_amplitudes()
  }
  decoder { dense }
  train { optimizer adamw(rate, weight_decay: 0.5); stop early(3) }
  backend aer(device: cpu)
}
"""


def value(changes: dict[str, str], path: str) -> object:
    """What stands at a path of the spec, after the changes."""
    found: object = checked(SPEC, changes).spec
    for step in path.split("."):
        found = found[step] if isinstance(found, dict) else getattr(found, step)
    return found


@pytest.mark.parametrize(
    ("option", "text", "path", "wanted"),
    [
        ("width", "3", "num_qubits", 3),
        ("width", "2 + 2", "num_inputs", 4),
        ("rate", "0.3", "train.optimizer.options.lr", 0.3),
        ("epochs", "7", "train.epochs", 7),
        ("train.epochs", "7", "train.epochs", 7),
        ("train.seed", "9", "train.seed", 9),
        ("data.split.seed", "9", "data.split.seed", 9),
        ("clip", "none", "train.clip", None),
        ("clip", "0.5", "train.clip", 0.5),
        ("train.precision", "mixed", "train.precision", "mixed"),
        ("loss", "huber(0.2)", "train.loss.options.delta", 0.2),
        ("loss", "mae", "train.loss.name", "mae"),
        ("optimizer", "sgd(lr: 1)", "train.optimizer.name", "sgd"),
        ("optimizer.lr", "0.7", "train.optimizer.options.lr", 0.7),
        ("lr", "0.7", "train.optimizer.options.weight_decay", 0.5),
        ("lr", "0.7", "train.optimizer.options.lr", 0.7),
        ("quantum_lr", "0.7", "train.optimizer.options.quantum_lr", 0.7),
        ("stop.patience", "9", "train.stop.options.patience", 9),
        ("scheduler.patience", "9", "train.scheduler.options.patience", 9),
        ("scheduler", "none", "train.scheduler.name", "none"),
        ("split.test", "0.3", "data.split.test", 0.3),
        ("validation", "10", "data.split.validation", 10),
        ("split", "test: 5, seed: 3", "data.split.test", 5),
        ("split", "test: 5, seed: 3", "data.split.validation", 0.15),
        ("scale.features", "none", "data.scale.features.name", "none"),
        ("features", "a, b", "data.features.names", ("a", "b")),
        ("features", '* except a, "b c"', "data.features.excluded", ("a", "b c")),
        ("data.target", '"Größe"', "data.target", ("Größe",)),
        ("data.target", "Größe", "data.target", ("Größe",)),
        ("basis", "[rz, sx, cx]", "transpile.basis", ("rz", "sx", "cx")),
        ("coupling", "[[0, 1]]", "transpile.coupling", ((0, 1),)),
        ("transpile.target", "fake_torino", "transpile.target", "fake_torino"),
        ("optimization", "3", "transpile.optimization", 3),
        ("backend", "reference", "backend.name", "reference"),
        ("backend", "reference(precision: double)", "backend.options.precision", "double"),
        ("backend.precision", "single", "backend.options.precision", "single"),
    ],
)
def test_a_change_reaches_its_place(option, text, path, wanted):
    assert value({option: text}, path) == wanted


@pytest.mark.parametrize(
    ("option", "text", "weights"),
    [
        ("circuit.brickwork.reps", "3", 12 + 2 * 8 + 8),
        ("brickwork.reps", "3", 12 + 2 * 8 + 8),
        ("brickwork_2.reps", "1", 4 + 2 * 4 + 8),
        ("real_amplitudes.reps", "0", 4 + 2 * 8 + 2),
    ],
)
def test_arguments_of_blocks(option, text, weights):
    assert checked(SPEC, {option: text}).circuit.num_weights == weights


def test_other_arguments_of_blocks():
    assert checked(SPEC, {"axis": "x"}).circuit.operations[0].gate == "rx"
    assert checked(SPEC, {"entanglement": "full"}).circuit.num_weights == checked(SPEC).circuit.num_weights


def test_changes_are_made_in_turn():
    spec = checked(
        SPEC, {"optimizer": "adam", "optimizer.lr": "0.4", "lr": "0.5", "epochs": "3", "train.epochs": "4"}
    ).spec
    assert (spec.train.optimizer.name, spec.train.optimizer.options["lr"], spec.train.epochs) == ("adam", 0.5, 4)


def test_changes_work_where_no_section_stands():
    bare = "hqnn 1\nmodel m { circuit on 2 qubits { feature_map angle() }; decoder { dense } }\n"
    changes = {"epochs": "3", "lr": "0.5", "split.test": "0.3", "optimization": "2", "backend": "reference"}
    spec = checked(bare, changes).spec
    assert (spec.train.epochs, spec.train.optimizer.options["lr"]) == (3, 0.5)
    assert (spec.data.split.test, spec.transpile.optimization, spec.backend.name) == (0.3, 2, "reference")


def test_a_constant_of_a_file_without_a_model():
    assert codes("hqnn 1\nlet a = 1\nlet b = 2 * a\n", {"a": "3"}) == []
    assert codes("hqnn 1\nlet a = 1\nlet b = 2 / a\n", {"a": "0"}) == ["E0215"]


@pytest.mark.parametrize(
    ("option", "text", "wanted"),
    [
        ("epoch", "3", "E0224"),
        ("seed", "3", "E0224"),
        ("reps", "3", "E0224"),
        ("nosuch.lr", "3", "E0224"),
        ("", "3", "E0224"),
        ("epochs", "many", "E0201"),
        ("epochs", "", "E0207"),
        ("epochs", "1 +", "E0207"),
        ("epochs", "0", "E0208"),
        ("epochs", "1, 2", "E0211"),
        ("width", "1, 2", "E0224"),
        ("width", "two", "E0201"),
        ("lr", "-1", "E0208"),
        ("lr", "1, 2", "E0224"),
        ("axis", "q", "E0206"),
        ("optimizer", "adamz", "E0206"),
        ("backend", "gpu", "E0206"),
        ("backend.device", "tpu", "E0206"),
        ("split.test", "2.5", "E0208"),
        ("split", "tset: 5", "E0205"),
        ("basis", "[cnot]", "E0206"),
        ("coupling", "ring, 3", "E0211"),
    ],
)
def test_wrong_changes_are_the_command_lines_mistake(option, text, wanted):
    with pytest.raises(Refusal) as caught:
        pipeline.check(Source("spec.hqnn", SPEC), {option: text})
    assert [item.code for item in caught.value.diagnostics] == [wanted]
    (item,) = caught.value.diagnostics
    assert item.span is not None
    assert item.span.source.name == f"--set {option}"
    assert caught.value.exit_code == 2


@pytest.mark.parametrize(
    ("option", "text", "wanted"),
    [
        ("intervals", "0.9", "write `--set 'intervals=conformal(0.9)'`"),
        ("intervals", "true", "write `--set 'intervals=conformal'`"),
        ("missing", "0", "write `--set 'missing=constant(0)'`"),
        ("encoder.dense", "8", "then `hidden=…`"),
    ],
)
def test_advice_is_what_is_typed_after_the_option(option, text, wanted):
    with pytest.raises(Refusal) as caught:
        pipeline.check(Source("spec.hqnn", SPEC), {option: text})
    (item,) = caught.value.diagnostics
    assert wanted in item.help
    typed = re.search(r"--set '(\w+)=(.*)'", item.help)
    if typed is not None:
        pipeline.check(Source("spec.hqnn", SPEC), {typed[1]: typed[2]})


def test_a_change_of_what_is_wrong_in_the_spec():
    wrong = SPEC.replace("optimizer adamw(rate, weight_decay: 0.5)", "optimizer 5")
    assert codes(wrong, {"lr": "0.1"}) == ["E0207"]
    assert codes(wrong, {"optimizer": "adam"}) == []
    assert codes(wrong.replace("hqnn 1", "hqnn 1\nlet = 3"), {"optimizer": "adam"}) == ["E0100"]
