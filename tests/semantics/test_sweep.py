"""The settings that a sweep varies: their paths and values, what the resolved text keeps, and what options add."""

from __future__ import annotations

import pytest

from hqnn_dsl.diagnostics.diagnostic import Refusal
from hqnn_dsl.diagnostics.source import Source
from hqnn_dsl.pipeline import one_of_sweep, program, with_sweep
from hqnn_dsl.semantics.sweep import changes_to

PLAIN = """hqnn 1
let width = 2
let most = 6
model m {
  data { target y }
  encoder { dense(width) }
  circuit on width qubits { feature_map angle(); ansatz real_amplitudes(reps: 1) }
  decoder { dense(auto) }
  train { epochs 4; optimizer adam(lr: 0.1); scheduler none }
  backend reference
}
"""


def spec(sweep: str) -> str:
    return PLAIN.rstrip()[:-1] + f"  sweep {{ {sweep} }}\n}}\n"


def read(sweep: str):
    return program(Source("m.hqnn", spec(sweep)))


def over(**options: str) -> dict[str, Source]:
    return {path: Source(f"--over {path}", text, is_option=True) for path, text in options.items()}


def test_paths_are_whole_and_values_are_worked_out():
    axes = read("width in [2, 2 * 2, most]; lr in log(1e-4, 1e-1); reps in 1..4; epochs in [2, -(-3)]").checked.sweep
    assert [axis.path for axis in axes] == [
        "width",
        "train.optimizer.lr",
        "circuit.real_amplitudes.reps",
        "train.epochs",
    ]
    assert [axis.values for axis in axes] == [(2, 4, 6), (), (1, 2, 3), (2, 3)]
    assert (axes[1].kind, axes[1].low, axes[1].high) == ("log", 1e-4, 1e-1)
    assert [axis.is_finite for axis in axes] == [True, False, True, True]


def test_a_range_is_half_open_and_has_steps():
    (axis,) = read("width in 1..6 step 2").checked.sweep
    assert axis.values == (1, 3, 5)
    assert axis.text == "1..6 step 2"


def test_what_is_no_number_is_kept_as_its_text():
    (axis,) = read("optimizer in [sgd, adam(lr: 0.5)]").checked.sweep
    assert axis.values == ("sgd", "adam(lr: 0.5)")
    program = one_of_sweep(read("optimizer in [sgd, adam(lr: 0.5)]"), {"train.optimizer": axis.values[1]})
    assert program.spec.train.optimizer.options["lr"] == 0.5


def test_a_spec_with_a_sweep_means_what_it_means_without():
    swept, plain = read("width in [3, 4]"), program(Source("m.hqnn", PLAIN))
    assert swept.spec == plain.spec
    assert one_of_sweep(swept, {}).resolved == plain.resolved
    assert one_of_sweep(swept, {"width": "4"}).spec.num_qubits == 4


def test_the_resolved_text_keeps_the_sweep():
    found = read("lr in uniform(0.1, 0.5); reps in 1..3; optimizer in [sgd, adam]")
    again = program(Source("resolved.hqnn", found.resolved))
    assert [(axis.path, axis.text) for axis in again.checked.sweep] == [
        ("train.optimizer.lr", "uniform(0.1, 0.5)"),
        ("circuit.real_amplitudes.reps", "1..3"),
        ("train.optimizer", "[sgd, adam]"),
    ]
    assert again.resolved == found.resolved


def test_a_swept_constant_is_told_in_the_resolved_text():
    text = read("width in [3, 4]; optimizer in [adam(lr: 1 / most), sgd]").resolved
    assert "# swept: width in [3, 4]\n" in text
    assert "# swept: train.optimizer in [adam(lr: 1 / most), sgd]\n" in text
    assert program(Source("resolved.hqnn", text)).checked.sweep == ()


def test_options_win_over_the_block():
    found = with_sweep(
        read("width in [3, 4]; lr in [0.1, 0.2]"), over(**{"optimizer.lr": "log(0.01, 1)", "epochs": "1..3"})
    )
    assert [(axis.path, axis.text) for axis in found.checked.sweep] == [
        ("width", "[3, 4]"),
        ("train.optimizer.lr", "log(0.01, 1.0)"),
        ("train.epochs", "1..3"),
    ]


def test_options_alone_are_a_sweep():
    found = with_sweep(program(Source("m.hqnn", PLAIN)), over(width="[3, 5]"))
    assert [axis.values for axis in found.checked.sweep] == [(3, 5)]


@pytest.mark.parametrize(
    ("options", "code"),
    [
        ({"width": "3"}, "E0247"),
        ({"width": "[3"}, "E0247"),
        ({"wide": "[3, 4]"}, "E0224"),
        ({"width": "[3, 3]"}, "E0248"),
        ({"width": "[3, -4]"}, "E0225|E0207|E0249"),
        ({"lr": "[0.1, 0.2]", "train.optimizer.lr": "[0.1, 0.2]"}, "E0212"),
    ],
)
def test_wrong_options_are_refused_at_the_option(options, code):
    with pytest.raises(Refusal) as caught:
        with_sweep(program(Source("m.hqnn", PLAIN)), over(**options))
    (item,) = (found for found in caught.value.diagnostics if found.is_error)
    assert item.code in code.split("|")
    assert item.span.source.is_option
    assert item.help


def test_a_value_that_is_right_beside_another_is_not_refused():
    sweep = "optimizer in [adam, sgd(momentum: 0.9)]; optimizer.beta1 in [0.5, 0.9]"
    assert len(read(sweep).checked.sweep) == 2  # `beta1` is none of SGD's, and is one of Adam's
    with pytest.raises(Refusal) as caught:
        read("optimizer in [adam, adam(beta1: 2.0)]; epochs in [1, 2]")
    assert [item.code for item in caught.value.diagnostics if item.is_error] == ["E0249"]


def test_every_wrong_value_is_reported_with_its_place():
    with pytest.raises(Refusal) as caught:
        read("epochs in [0, 3, -1]; lr in [0.1, 0]")
    assert [item.span.text for item in caught.value.diagnostics if item.is_error] == ["0", "-1", "0"]


def test_a_setting_inside_another_is_changed_after_it():
    axes = read("optimizer.lr in [0.5, 0.6]; optimizer in [adam, sgd]").checked.sweep
    changes = changes_to(axes, {"train.optimizer.lr": 0.5, "train.optimizer": "sgd"})
    assert list(changes) == ["train.optimizer", "train.optimizer.lr"]
