"""Values as a spec writes them: any text comes back from its literal, and advice is written by the same functions."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hqnn_dsl import literals
from hqnn_dsl.catalog.entry import Selection
from hqnn_dsl.diagnostics.source import Source
from hqnn_dsl.named_backends import written_backend
from hqnn_dsl.semantics.values import Member
from hqnn_dsl.syntax import nodes
from hqnn_dsl.syntax.parser import parse, parse_value
from hqnn_dsl.syntax.printer import text_of
from hqnn_dsl.syntax.tables import load

TEXTS = st.text(st.one_of(st.characters(exclude_categories=["Cs"]), st.sampled_from('"\\\n\t#{}ntr')))
"""Any text, letters that are escaped or that begin something else among them. Half a surrogate pair is no text."""


def read(text: str) -> nodes.Expression:
    values = parse_value(Source("value", text))
    assert values is not None, text
    return values[0].value


@settings(max_examples=500, deadline=None)
@given(TEXTS)
def test_a_text_comes_back_from_its_literal(text: str):
    literal = literals.quoted(text)
    node = read(literal)
    assert isinstance(node, nodes.String)
    assert node.value == text
    assert text_of(node) == literal
    assert literals.unescaped(literal[1:-1]) == text


@settings(max_examples=100, deadline=None)
@given(TEXTS)
def test_a_literal_stands_in_a_file(text: str):
    tree, mistakes = parse(Source("file", f"hqnn 1\nuse {literals.quoted(text)}\n"))
    assert not mistakes
    assert isinstance(tree.statements[0], nodes.Use)
    assert tree.statements[0].path.value == text


@settings(max_examples=200, deadline=None)
@given(st.one_of(TEXTS, st.sampled_from(["x", "x_1", "pi", "auto", "é", "2x", ""])))
def test_a_column_comes_back_as_its_name(name: str):
    node = read(literals.column(name))
    assert isinstance(node, nodes.Name | nodes.String)
    assert name == (node.name if isinstance(node, nodes.Name) else node.value)
    assert isinstance(node, nodes.String) or name not in load().reserved


def test_reserved_words_are_those_of_the_grammar():
    assert set(load().reserved) == literals.RESERVED


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (None, "none"),
        (True, "true"),
        (3, "3"),
        (0.1, "0.1"),
        (np.float64(0.1), "0.1"),
        (np.int64(3), "3"),
        ("a b", '"a b"'),
        (["cx", ["rz", None]], '["cx", ["rz", none]]'),
        (Member("y", ("x", "y")), "y"),
        (
            Selection("spsa", (("seed", 1), ("note", 'two\nlines\tand "quotes"'))),
            'spsa(seed: 1, note: "two\\nlines\\tand \\"quotes\\"")',
        ),
    ],
)
def test_values_are_written_as_a_spec_writes_them(value: object, text: str):
    assert literals.written(value) == text
    read(text)


def test_a_setting_from_python_is_written_as_a_spec_writes_it():
    options = {"basis": ["rz", "cx"], "noise": "depolarizing(p1: 0.001)", "exact": True, "seed": None}
    text = 'basis: ["rz", "cx"], noise: depolarizing(p1: 0.001), exact: true, seed: none'
    assert written_backend("aer", options) == f"aer({text})"
    assert written_backend("aer(shots: 5)", options) == f"aer(shots: 5, {text})"


@pytest.mark.parametrize(
    ("written", "advice"),
    [
        ("residuary resistance", '"residuary resistance"'),
        ("pi mean", '"pi mean"'),
        ('room, wall area, "a b"', '"wall area", "a b"'),
        ("wall area, pi", '"wall area", "pi"'),
    ],
)
def test_columns_of_several_words_are_advised_as_they_are_read(written: str, advice: str):
    text = f"hqnn 1\nmodel m {{\n  data {{\n    target {written}\n  }}\n}}\n"
    _, mistakes = parse(Source("file", text))
    assert any(advice in item.help for item in mistakes), [(item.code, item.help) for item in mistakes]
