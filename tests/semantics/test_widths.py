"""Widths from table to target: inferred where they are left out, refused where they do not fit."""

from __future__ import annotations

import pytest
from short import MAP, checked, codes, spec_text


def widths(parts: str, body: str = MAP, qubits: int | str = 2) -> tuple[list[tuple[int | None, int | None]], ...]:
    spec = checked(spec_text(body, qubits=qubits, parts=parts)).spec
    return tuple([(layer.in_width, layer.out_width) for layer in layers] for layers in (spec.encoder, spec.decoder))


@pytest.mark.parametrize(
    ("parts", "encoder", "decoder"),
    [
        ("decoder { dense }", [], [(2, None)]),
        ("data { task regression }; decoder { dense }", [], [(2, 1)]),
        ("data { task classification }; decoder { dense; softsign }", [], [(2, None), (None, None)]),
        ("encoder { dense(8); relu; dense; tanh }; decoder { dense(3); dense }",
         [(None, 8), (8, 8), (8, 2), (2, 2)], [(2, 3), (3, None)]),
        ("data { features a, b, c }; encoder { relu; dense; tanh }; decoder { dense(auto) }",
         [(3, 3), (3, 2), (2, 2)], [(2, None)]),
        ("data { target a, b, c }; decoder { dense }", [], [(2, 3)]),
        ("data { target a, b }", [], []),
        ("data { target a, b }; decoder { tanh * 2 }", [], [(2, 2)]),
    ],
)  # fmt: skip
def test_open_widths_take_what_their_right_neighbour_needs(parts, encoder, decoder):
    assert widths(parts) == (encoder, decoder)


def test_a_circuit_may_take_the_encoders_width():
    spec = checked(spec_text(MAP, qubits="auto", parts="encoder { dense(3); tanh }; decoder { dense }")).spec
    assert (spec.num_qubits, spec.num_inputs, spec.num_outputs) == (3, 3, 3)


def test_widths_of_the_whole():
    found = checked(spec_text(MAP, parts="data { features a, b }; decoder { dense }")).spec
    assert (found.in_width, found.out_width) == (2, 1)
    found = checked(spec_text(MAP, parts="encoder { dense; tanh }; decoder { dense }")).spec
    assert (found.in_width, found.out_width) == (None, 1)
    found = checked(spec_text("feature_map amplitude()", qubits=3, parts="decoder { dense }")).spec
    assert (found.in_width, found.num_inputs) == (8, 8)


@pytest.mark.parametrize(
    ("parts", "wanted"),
    [
        ("encoder { dense(3); tanh }; decoder { dense }", "E0312"),
        ("data { features a }; decoder { dense }", "E0312"),
        ("data { features a }; encoder { tanh }; decoder { dense }", "E0312"),
        ("decoder { dense(2) }", "E0313"),
        ("data { target a, b }; decoder { dense(1) }", "E0313"),
        ("decoder { tanh }", "E0313"),
        ("encoder { dense; dense(2); tanh }; decoder { dense }", "E0314"),
        ("decoder { dense; relu; dense }", "E0314"),
        ("encoder { dense(0); tanh }; decoder { dense }", "E0208"),
        ("encoder { dense(1.5); tanh }; decoder { dense }", "E0207"),
    ],
)
def test_what_does_not_fit(parts, wanted):
    assert codes(spec_text(MAP, parts=parts)) == [wanted]


def test_operations_on_layers_are_kept_in_order():
    parts = "encoder { dense(2); (tanh + 1) * pi / 2; sigmoid * 2 - 1; sin ** 2 }; decoder { dense }"
    layers = checked(spec_text(MAP, parts=parts)).spec.encoder
    assert [layer.operations for layer in layers[1:]] == [
        (("add", 1.0), ("mul", 3.141592653589793), ("div", 2.0)),
        (("mul", 2.0), ("sub", 1.0)),
        (("pow", 2.0),),
    ]


@pytest.mark.parametrize("line", ["2 * tanh", "tanh + tanh", "tanh * nosuch", "tanh == 1", "3", "tanh / 0", "not tanh"])
def test_what_is_no_layer(line):
    found = codes(spec_text(MAP, parts=f"encoder {{ dense(2); {line} }}; decoder {{ dense }}"))
    assert found == ["E0201" if "nosuch" in line else "E0317"]
