"""What stands after `measure`, held against observables written by hand."""

from __future__ import annotations

import pytest
from short import after_map, codes, observable, spec_text

from hqnn_dsl.circuit.ir import Probabilities

Z = [observable((1, f"z{qubit}")) for qubit in range(3)]


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("", Z),
        ("measure z", Z),
        ("measure x", [observable((1, f"x{qubit}")) for qubit in range(3)]),
        ("measure z[1]", [Z[1]]),
        ("measure z[0..2]", Z[:2]),
        ("measure z[2..-1 step -1]", Z[::-1]),
        ("measure z[0], z[1]*z[2]", [Z[0], observable((1, "z1 z2"))]),
        ("measure 0.5*x[0] - 0.5*y[1]", [observable((0.5, "x0"), (-0.5, "y1"))]),
        ("measure -z[0]", [observable((-1, "z0"))]),
        ("measure z[0] + 1", [observable((1, "z0"), (1, ""))]),
        ("measure (1 - z[0]) / 2", [observable((0.5, ""), (-0.5, "z0"))]),
        ("measure (z[0] + x[1]) * y[2]", [observable((1, "z0 y2"), (1, "x1 y2"))]),
        ("measure z[2]*x[0]", [observable((1, "x0 z2"))]),
        ("measure 2*z[0]*3", [observable((6, "z0"))]),
        ("measure z[0] + z[0]", [observable((2, "z0"))]),
        ("let k = 2; measure k*z[k]", [observable((2, "z2"))]),
        ("measure parity", [observable((1, "z0 z1 z2"))]),
        ("measure probabilities", [Probabilities((0, 1, 2))]),
        ("measure probabilities()", [Probabilities((0, 1, 2))]),
        ("measure probabilities(2, 0)", [Probabilities((2, 0))]),
        ("measure z[0]; measure parity", [Z[0], observable((1, "z0 z1 z2"))]),
        ("for q in 0..2 { measure z[q]*z[q + 1] }", [observable((1, "z0 z1")), observable((1, "z1 z2"))]),
        ("if qubits > 2 { measure z[0] } else { measure z[1] }", [Z[0]]),
    ],
)
def test_what_is_measured(text, wanted):
    found = after_map(text, qubits=3)
    assert list(found.measurements) == wanted


def test_outputs_are_counted():
    found = after_map("measure probabilities(0, 1), parity, z", qubits=3)
    assert found.num_outputs == 4 + 1 + 3
    assert found.sums == (observable((1, "z0 z1 z2")), *(observable((1, f"z{qubit}")) for qubit in range(3)))
    assert found.outcomes == ((0, 1),)
    assert found.num_terms == 16 + 1 + 3


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("z[0]*z[0]", "E0309"),
        ("(z[0] + x[1])*z[0]", "E0309"),
        ("z[0, 1]", "E0309"),
        ("3", "E0309"),
        ("z*2", "E0309"),
        ("z[0] ** 2", "E0309"),
        ("cos(z[0])", "E0309"),
        ("2 / z[0]", "E0309"),
        ("z[0] / 0", "E0215"),
        ("z[5]", "E0301"),
        ("probabilities(5)", "E0301"),
        ("probabilities(1, 1)", "E0302"),
        ("z[0.5]", "E0207"),
        ("z[0] + nosuch", "E0201"),
        ("w", "E0201"),
        ("z[0] and z[1]", "E0309"),
        ('"z"', "E0207"),
    ],
)
def test_what_cannot_be_measured(text, code):
    assert codes(spec_text(f"feature_map angle(); measure {text}")) == [code]


def test_a_long_sum_is_checked_in_no_time():
    product = "*".join(f"(z[{qubit}] + x[{qubit}])" for qubit in range(14))
    (found,) = after_map(f"measure {product}", qubits=14).measurements
    assert len(found.terms) == 2**14
