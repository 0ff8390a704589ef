"""Compile-time values: operators bind and compute as in Python, and what has no value is refused."""

from __future__ import annotations

import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from short import after_map, constant

from hqnn_dsl import limits
from hqnn_dsl.circuit.angles import FUNCTIONS, Const, WeightRef, evaluate
from hqnn_dsl.diagnostics.diagnostic import Refusal
from hqnn_dsl.semantics.entanglement import PATTERNS, groups
from hqnn_dsl.semantics.functions import ANGLE_FUNCTIONS

VALUES = [
    ("1 + 2 * 3", 7),
    ("(1 + 2) * 3", 9),
    ("2 ** 3 ** 2", 512),
    ("-2 ** 2", -4),
    ("(-2) ** 2", 4),
    ("2 ** -1", 0.5),
    ("7 / 2", 3.5),
    ("6 / 2", 3.0),
    ("7 // 2", 3),
    ("-7 // 2", -4),
    ("-7 % 3", 2),
    ("7 % -3", -2),
    ("10 - 4 - 3", 3),
    ("100 // 7 % 5", 4),
    ("+3", 3),
    ("--3", 3),
    ("pi", math.pi),
    ("2 * pi / 3", 2 * math.pi / 3),
    ("1 < 2", True),
    ("2 <= 2", True),
    ("1.0 == 1", True),
    ("1 != 2", True),
    ("not 1 > 2", True),
    ("1 < 2 and not 3 < 2", True),
    ("true or false and false", True),
    ("false == false", True),
    ('"a" == "a"', True),
    ('"a" != "b"', True),
    ("[1, 2] == [1, 2]", True),
    ("1 + 1 == 2 and 2 * 2 == 4", True),
    ("false and 1 / 0 == 1", False),
    ("true or 1 / 0 == 1", True),
    ("min(3, 1, 2)", 1),
    ("max(3, 1.5)", 3),
    ("abs(-3)", 3),
    ("abs(-2.5)", 2.5),
    ("floor(2.7)", 2),
    ("floor(-2.2)", -3),
    ("ceil(2.1)", 3),
    ("log2(8)", 3),
    ("log2(1)", 0),
    ("log2(0.5)", -1.0),
    ("log2(6)", math.log2(6)),
    ("len([1, 2, 3])", 3),
    ('len("abcd")', 4),
    ("len([])", 0),
    ("[1, 2.5, [3]]", (1, 2.5, (3,))),
    ("0..4", (0, 1, 2, 3)),
    ("5..0 step -2", (5, 3, 1)),
    ("3..3", ()),
    ("3..1", ()),
    ('"text \\"quoted\\""', 'text "quoted"'),
    ("true", True),
    ("sin(pi / 2)", 1.0),
    ("exp(0)", 1.0),
    ("sqrt(2)", math.sqrt(2)),
    ('angles("u")', 3),
    ('angles(["ry", "cz", "crx"])', 2),
    ("groups(linear, 4, 2)", ((0, 1), (1, 2), (2, 3))),
    ("groups(full, 3, 3)", ((0, 1, 2),)),
    ("groups(sca, 3, 2, 1)", tuple(groups("sca", 3, 2, 1))),
    ("groups(full, 2, 3)", ()),
    ("9223372036854775807 + 0", 9223372036854775807),
]


@pytest.mark.parametrize(("text", "value"), VALUES)
def test_values(text, value):
    found = constant(f"let a = {text}")
    assert found == value
    assert type(found) is type(value)


def test_an_entry_and_a_slice_of_a_list():
    assert constant("let t = [4, 5, 6, 7]\nlet a = t[2]") == 6
    assert constant("let t = [4, 5, 6, 7]\nlet a = t[1..3]") == (5, 6)
    assert constant("let t = [[1, 2], [3]]\nlet u = t[0]\nlet a = u[1]") == 2
    assert constant('let t = "XYZ"\nlet a = t[0..2]') == "XY"


ERRORS = [
    ("1 / 0", "E0215"),
    ("1 // 0", "E0215"),
    ("1 % 0", "E0215"),
    ("0 ** -1", "E0215"),
    ("(-8) ** 0.5", "E0215"),
    ("1e308 * 10", "E0215"),
    ("exp(1000)", "E0215"),
    ("log(0)", "E0215"),
    ("sqrt(-1)", "E0215"),
    ("asin(1.5)", "E0215"),
    ("log2(0)", "E0215"),
    ("2 ** 63", "E0225"),
    ("10 ** 400", "E0225"),
    ("0..10 ** 7", "E0225"),
    ("0..floor(1e300)", "E0225"),
    ("-9223372036854775807..9223372036854775807", "E0225"),
    ("groups(full, 10 ** 15, 10 ** 14)", "E0208"),
    ("groups(full, 4)", "E0227"),
    ("groups(ring, 4, 2)", "E0201"),
    ('groups("ring", 4, 2)', "E0206"),
    ("1.5 // 1", "E0216"),
    ("1 % 0.5", "E0216"),
    ("true + 1", "E0216"),
    ("-true", "E0216"),
    ("[1] + [2]", "E0216"),
    ('"a" < "b"', "E0216"),
    ("true == 1", "E0216"),
    ("1 and true", "E0207"),
    ("not 1", "E0216"),
    ("0..1.5", "E0207"),
    ("0..2 step 0", "E0208"),
    ("len(3)", "E0227"),
    ("min()", "E0227"),
    ("floor(1, 2)", "E0227"),
    ('floor("a")', "E0216"),
    ("sin(1, 2)", "E0227"),
    ('sin("a")', "E0216"),
    ("cosine(1)", "E0226"),
    ('angles("cnot")', "E0203"),
    ("b", "E0201"),
    ("auto", "E0201"),
    ("a", "E0213"),
]


@pytest.mark.parametrize(("text", "code"), ERRORS)
def test_what_has_no_value(text, code):
    with pytest.raises(Refusal) as caught:
        constant(f"let a = {text}")
    assert [item.code for item in caught.value.diagnostics] == [code]


def test_constants_may_stand_after_their_use():
    assert constant("let a = b * 2\nlet b = c + 1\nlet c = 3") == 8


_INTEGERS = st.integers(-20, 20).map(str)
_SUMS = st.recursive(
    _INTEGERS,
    lambda inner: st.one_of(
        st.tuples(inner, st.sampled_from(["+", "-", "*", "//", "%"]), inner).map(" ".join),
        inner.map(lambda text: f"({text})"),
        inner.map(lambda text: f"-{text}"),
    ),
    max_leaves=8,
)


@settings(max_examples=150, deadline=None, derandomize=True)
@given(_SUMS)
def test_whole_numbers_compute_as_in_python(text):
    try:
        wanted = eval(text)
    except ZeroDivisionError:
        with pytest.raises(Refusal):
            constant(f"let a = {text}")
        return
    assert constant(f"let a = {text}") == wanted


# ------------------------------------------------------------------ angles


def slot(text: str, shape: str = "[2]") -> tuple[object, float]:
    """The first slot of `ry(text)`, and its value for weights 0.3 and 0.7."""
    found = after_map(
        f"weight w{shape}\nry({text}) 0\nrx({'w[0]' if shape else 'w'}) 0; rx({'w[1]' if shape else 'w'}) 1"
    )
    return found.slots[0], evaluate(found.slots[0], (), (0.3, 0.7))


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("w[0] + w[1]", 1.0),
        ("w[0] - 2 * w[1]", 0.3 - 1.4),
        ("-w[0] ** 2", -(0.3**2)),
        ("(pi - w[0]) * (pi - w[1])", (math.pi - 0.3) * (math.pi - 0.7)),
        ("w[0] / w[1]", 0.3 / 0.7),
        ("2 / w[1]", 2 / 0.7),
        ("2 ** w[0]", 2**0.3),
        ("w[1] ** w[0]", 0.7**0.3),
        ("+w[0]", 0.3),
        ("w[1 - 1]", 0.3),
        ("sin(w[0]) * cos(w[1])", math.sin(0.3) * math.cos(0.7)),
    ],
)
def test_angles_are_what_they_say(text, value):
    assert slot(text)[1] == pytest.approx(value, abs=1e-15)


@pytest.mark.parametrize("name", ANGLE_FUNCTIONS)
def test_functions_of_angles_and_of_numbers_agree(name):
    assert slot(f"{name}(w[0])")[1] == pytest.approx(FUNCTIONS[name](0.3))
    assert constant(f"let a = {name}(0.3)") == pytest.approx(FUNCTIONS[name](0.3))


def test_constants_are_folded():
    assert slot("2 * 3")[0] == Const(6.0)
    assert slot("sin(pi)")[0] == Const(math.sin(math.pi))
    assert slot("1 * w[0]")[0] == WeightRef(0)
    assert slot("w[1] * 1.0")[0] == WeightRef(1)
    assert slot("w", shape="")[0] == WeightRef(0)


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("w", "E0230"),
        ("w[0, 0]", "E0230"),
        ("w[2]", "E0230"),
        ("w[-1]", "E0230"),
        ("w[0.5]", "E0207"),
        ("w[w[0]]", "E0214"),
        ("w[0] // 2", "E0214"),
        ("w[0] / 0", "E0215"),
        ("w[0] == 1", "E0214"),
        ("max(w[0], 1)", "E0214"),
        ("true", "E0207"),
        ('"a"', "E0207"),
        ("[1]", "E0207"),
    ],
)
def test_what_is_no_angle(text, code):
    with pytest.raises(Refusal) as caught:
        slot(text)
    assert [item.code for item in caught.value.diagnostics] == [code]


def test_work_is_bounded(monkeypatch):
    monkeypatch.setattr(limits, "MAX_STATEMENTS", 2_000)
    endless = [
        "for i in 0..1000000 { for j in 0..1000000 { } }",
        "for i in 0..1000000 { for j in 0..1000000 { let a = i } }",
        "repeat 1000000 { repeat 1000000 { } }",
        "repeat 3000 { h 0 }",
        "for i in 0..100 { let a = 0..100 }",
        "for i in 0..100 { let a = groups(full, 10, 3) }",
        "for i in 0..1000 { ansatz brickwork(reps: 1) }",
    ]
    for body in endless:
        with pytest.raises(Refusal) as caught:
            after_map(body)
        assert [item.code for item in caught.value.diagnostics] == ["E0225"], body


def test_patterns_are_those_of_the_groups():
    for pattern in PATTERNS:
        assert constant(f"let a = groups({pattern}, 5, 2, 3)") == tuple(groups(pattern, 5, 2, 3))
        assert constant(f'let a = groups("{pattern}", 4, 2)') == tuple(groups(pattern, 4, 2, 0))
