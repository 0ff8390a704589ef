"""What is printed means what was read, with no bracket too many."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from syntax.examples import ACCEPTED
from syntax.trees import bare, walk

from hqnn_dsl.diagnostics.source import Source, Span
from hqnn_dsl.syntax import nodes
from hqnn_dsl.syntax.parser import parse, parse_value
from hqnn_dsl.syntax.printer import text_of

NOWHERE = Span(Source("nowhere", ""), 0, 0)


@pytest.mark.parametrize("name", ACCEPTED)
def test_printed_files_mean_the_same(name):
    file, _ = parse(Source(name, ACCEPTED[name]))
    printed = text_of(file)
    again, reports = parse(Source("printed", printed))
    assert not reports
    assert bare(again) == bare(file)
    assert text_of(again) == printed


def test_canonical_layout():
    file, _ = parse(Source("messy", "hqnn 1\nmodel   m{data{target y;split test:0.2 ,seed:7}\nencoder{(tanh)*pi}}"))
    assert text_of(file) == (
        "hqnn 1\n\nmodel m {\n  data {\n    target y\n    split test: 0.2, seed: 7\n  }\n"
        "  encoder {\n    tanh * pi\n  }\n}\n"
    )


def test_indentation_of_a_statement():
    file, _ = parse(Source("x", "hqnn 1\nansatz a() { for q in 0..2 { h q } }"))
    loop = file.statements[0].body[0]
    assert text_of(loop, 1) == "  for q in 0..2 {\n    h q\n  }"


@pytest.mark.parametrize(
    "text",
    [
        "(a + b) * c", "a + b * c", "a - (b - c)", "a - b - c", "-x ** 2", "(-x) ** 2", "2 ** -x", "(a ** b) ** c",
        "a ** b ** c", "not a == b", "(not a) == b", "(a == b) == c", "a and (b and c)", "not (a or b)", "-(a + b)",
        "f(a, b: 3..4 step 2)", '[1, x[0, 1..2], "q"]', "a % (b * c)", "--x", "x .. y - 1", "true or false",
    ],
)  # fmt: skip
def test_brackets_are_minimal(text):
    (argument,) = parse_value(Source("x", text))
    assert text_of(argument.value) == text


def _named(text):
    return nodes.Name(NOWHERE, text)


_names = st.sampled_from(["a", "width", "step", "in", "model", "qubits", "pi", "x_1"]).map(_named)
_plain = st.sampled_from(["f", "max", "w", "for"]).map(_named)
_leaves = st.one_of(
    _names,
    st.integers(0, 2**63 - 1).map(lambda value: nodes.Number(NOWHERE, value)),
    st.floats(0, 1e300, allow_nan=False).map(lambda value: nodes.Number(NOWHERE, value)),
    st.booleans().map(lambda value: nodes.Boolean(NOWHERE, value)),
    st.text(st.characters(blacklist_categories=("Cs", "Cc")) | st.sampled_from('\n\t"\\')).map(
        lambda value: nodes.String(NOWHERE, value)
    ),
)
_binary = st.sampled_from(["+", "-", "*", "/", "//", "%", "**", "==", "!=", "<", "<=", ">", ">=", "and", "or"])


def _grown(inner):
    several = st.lists(inner, min_size=1, max_size=3).map(tuple)
    arguments = st.lists(
        st.builds(nodes.Argument, st.just(NOWHERE), st.none() | _plain, inner), max_size=3
    ).map(tuple)  # fmt: skip
    return st.one_of(
        st.builds(nodes.Binary, st.just(NOWHERE), _binary, inner, inner),
        st.builds(nodes.Unary, st.just(NOWHERE), st.sampled_from(["-", "+", "not"]), inner),
        st.builds(nodes.Call, st.just(NOWHERE), _plain, arguments),
        st.builds(nodes.Index, st.just(NOWHERE), _plain, several),
        st.builds(nodes.ListLiteral, st.just(NOWHERE), st.lists(inner, max_size=3).map(tuple)),
    )


_expressions = st.recursive(_leaves, _grown, max_leaves=12)


@settings(max_examples=300, deadline=None)
@given(_expressions)
def test_printed_expressions_mean_the_same(expression):
    text = text_of(expression)
    (argument,) = parse_value(Source("x", text))
    assert bare(argument.value) == bare(expression)


@settings(max_examples=50, deadline=None)
@given(_expressions, _expressions, st.none() | _expressions)
def test_printed_ranges_mean_the_same(start, stop, step):
    node = nodes.For(NOWHERE, _named("q"), nodes.Range(NOWHERE, start, stop, step), ())
    file, reports = parse(Source("x", "hqnn 1\nansatz a {\n" + text_of(node, 1) + "\n}"))
    assert not reports
    assert bare(file.statements[0].body[0]) == bare(node)


def test_every_node_class_is_printed():
    classes = {
        thing
        for thing in vars(nodes).values()
        if isinstance(thing, type) and hasattr(thing, "__dataclass_fields__") and thing not in {Source, Span}
    }
    seen = set()
    for name, text in ACCEPTED.items():
        file, _ = parse(Source(name, text))
        for node in walk(file):
            text_of(node)
            seen.add(type(node))
    assert seen == classes
