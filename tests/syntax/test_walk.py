"""Walks over trees, held against a plain walk over every field."""

from __future__ import annotations

from dataclasses import replace
from typing import get_args

import pytest
from syntax.examples import ACCEPTED
from syntax.trees import walk

from hqnn_dsl.diagnostics.source import Source, Span
from hqnn_dsl.syntax import nodes
from hqnn_dsl.syntax.parser import parse
from hqnn_dsl.syntax.walk import exchanged, has_option, names_in, nodes_in, statements_in

STATEMENTS = (*get_args(nodes.Statement), *get_args(nodes.Part), nodes.Use, nodes.Block, nodes.Model)
NESTED = """hqnn 1
let layers_ = 2
ansatz own(reps: int = layers_, axis: x | y = y) {
  weight w[reps, qubits]
  for q in 0..qubits { rz(w[0, q]) q }
}
model m {
  data { target t; allow W0401 "a" }
  circuit c on 3 qubits {
    allow W0402 "b"
    if depth > 1 { repeat turns { own_gate 0 } } else if odd { h 1 } else { ansatz own(reps: 3) }
    ansatz own on 0..2
    initial own.w normal(spread)
  }
}
"""


def tree_of(text: str) -> nodes.File:
    tree, _ = parse(Source("text", text))
    return tree


@pytest.mark.parametrize("name", ACCEPTED)
def test_every_node_and_every_statement_is_walked_over_once(name: str):
    tree = tree_of(ACCEPTED[name])
    expected = [id(node) for node in walk(tree)]
    assert [id(node) for node in nodes_in(tree)] == expected
    statements = [id(node) for node in walk(tree) if isinstance(node, STATEMENTS)]
    found = list(statements_in(tree))
    assert sorted(id(node) for node, _ in found) == sorted(statements)
    assert all(around.span.start <= node.span.start <= node.span.end <= around.span.end for node, around in found)


def test_a_statement_comes_with_the_node_whose_braces_are_around_it():
    found = {text_of(node): text_of(around) for node, around in statements_in(tree_of(NESTED))}
    assert found['allow W0401 "a"'] == "data"
    assert found['allow W0402 "b"'] == "circuit"
    assert found["own_gate 0"] == "repeat"
    assert found["h 1"] == "if"
    assert found["rz(w[0, q]) q"] == "for"


def text_of(node: nodes.Statement) -> str:
    return node.span.text if "{" not in node.span.text else node.span.text.split()[0]


def test_one_statement_is_exchanged_and_the_others_are_shared():
    tree = tree_of(NESTED)
    first, second = (node for node, _ in statements_in(tree) if isinstance(node, nodes.BlockUse))
    new = replace(first, on=(nodes.Number(first.span, 1),))
    changed = exchanged(tree, first, new)
    uses = [node for node, _ in statements_in(changed) if isinstance(node, nodes.BlockUse)]
    assert uses == [new, second]
    assert changed.statements[:2] == tree.statements[:2]
    assert changed.statements[0] is tree.statements[0]
    assert exchanged(tree, new, first) is tree


def test_names_that_mean_a_value():
    tree = tree_of(NESTED)
    block, model = tree.statements[1:]
    assert set(names_in(model)) == {"t", "depth", "turns", "odd", "spread"}
    assert set(names_in(block)) == {"layers_", "y", "reps", "qubits", "w", "q"}
    assert set(names_in(block.body[1:])) == {"qubits", "w", "q"}


def test_names_that_are_given_to_values():
    tree = tree_of(NESTED)
    block, model = tree.statements[1:]
    assert set(names_in(tree.statements[0], given=True)) == {"layers_"}
    assert set(names_in(block, given=True)) == {"reps", "axis", "y", "layers_", "w", "qubits", "q"}
    assert set(names_in(model, given=True)) == set(names_in(model)) | {"c"}


def test_a_part_that_an_option_has_written_is_seen():
    tree = tree_of("hqnn 1\nlet a = [1, 2 * b]\n")
    assert not has_option(tree)
    (let,) = tree.statements
    product = let.value.items[1]
    name = nodes.Name(Span(Source("--set a", "c", is_option=True), 0, 1), "c")
    value = replace(let.value, items=(let.value.items[0], replace(product, right=name)))
    assert has_option(replace(tree, statements=(replace(let, value=value),)))
