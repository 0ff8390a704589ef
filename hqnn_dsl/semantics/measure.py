"""The outputs that `measure` lists: real sums of Pauli products, `probabilities(…)` and `parity`, as measurements."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import TYPE_CHECKING

from hqnn_dsl import limits
from hqnn_dsl.circuit.ir import Measurement, Observable, PauliLetter, PauliTerm, Probabilities
from hqnn_dsl.diagnostics.codes import shapes as codes
from hqnn_dsl.diagnostics.codes.expressions import NoValue, TooLarge
from hqnn_dsl.diagnostics.diagnostic import Refusal
from hqnn_dsl.semantics import value_advice
from hqnn_dsl.semantics.evaluate import listed, number, whole
from hqnn_dsl.syntax import nodes

if TYPE_CHECKING:
    from hqnn_dsl.diagnostics.source import Span
    from hqnn_dsl.semantics.values import Scope

_Product = tuple[tuple[int, PauliLetter], ...]
_Sum = dict[_Product, float]
_LETTERS: dict[str, PauliLetter] = {"x": "x", "y": "y", "z": "z"}


def measurements(node: nodes.Expression, num_qubits: int, scope: Scope) -> list[Measurement]:
    """The measurements of one item of a `measure` line; a refusal has a hint if the item has another name elsewhere."""
    try:
        return _measurements(node, num_qubits, scope)
    except Refusal as refusal:
        hint = value_advice.for_observable(node)
        if not hint:
            raise
        raise Refusal(*(replace(item, hint=hint) for item in refusal.diagnostics)) from refusal


def _measurements(node: nodes.Expression, num_qubits: int, scope: Scope) -> list[Measurement]:
    """The measurements of one item: `z` alone is one for every qubit."""
    match node:
        case nodes.Name(span, name) if name in _LETTERS:
            scope.meter.charge(num_qubits, span)
            return [_single(qubit, _LETTERS[name]) for qubit in range(num_qubits)]
        case nodes.Index(_, nodes.Name(_, name), (nodes.Range() as picked,)) if name in _LETTERS:
            return [_single(_qubit(q, picked.span, num_qubits), _LETTERS[name]) for q in listed(picked, scope)]
        case nodes.Name(span, "parity"):
            scope.meter.charge(num_qubits // 4, span)
            return [Observable((PauliTerm(1.0, tuple((qubit, "z") for qubit in range(num_qubits))),))]
        case nodes.Name(span, "probabilities"):
            return [_probabilities(tuple(range(num_qubits)), span)]
        case nodes.Call(span, nodes.Name(_, "probabilities"), arguments):
            qubits = [
                _qubit(whole(argument.value, scope, "a qubit"), argument.span, num_qubits) for argument in arguments
            ]
            for place, qubit in enumerate(qubits):
                if qubit in qubits[:place]:
                    raise Refusal(codes.QubitTwice(span=arguments[place].span, qubit=qubit, what="measurement"))
            return [_probabilities(tuple(qubits) or tuple(range(num_qubits)), span)]
    found = _sum(node, num_qubits, scope)
    scope.meter.charge(len(found) // 4, node.span)
    if not any(found):
        raise Refusal(codes.NotAnObservable(span=node.span, problem="it names no Pauli: `x[i]`, `y[i]` or `z[i]`"))
    if not all(math.isfinite(coefficient) for coefficient in found.values()):
        raise Refusal(NoValue(span=node.span, reason="a coefficient is too large"))
    return [Observable(tuple(PauliTerm(coefficient, product) for product, coefficient in found.items()))]


def _single(qubit: int, letter: PauliLetter) -> Observable:
    return Observable((PauliTerm(1.0, ((qubit, letter),)),))


def _probabilities(qubits: tuple[int, ...], span: Span) -> Probabilities:
    if 1 << len(qubits) > limits.MAX_OUTPUTS:
        what = f"2 ** {len(qubits)} outputs"
        raise Refusal(TooLarge(span=span, what=what, limit=str(limits.MAX_OUTPUTS)))
    return Probabilities(qubits)


def _qubit(qubit: int, span: Span, num_qubits: int) -> int:
    if not 0 <= qubit < num_qubits:
        raise Refusal(
            codes.QubitOutOfRange(span=span, qubit=str(qubit), count=f"{num_qubits}", hint=_range_hint(num_qubits))
        )
    return qubit


def _range_hint(num_qubits: int) -> str:
    return "the only qubit is 0" if num_qubits == 1 else f"qubits are 0 to {num_qubits - 1}"


def _sum(node: nodes.Expression, num_qubits: int, scope: Scope) -> _Sum:
    """An expression as a sum of products with coefficients; the empty product is the identity."""
    scope.meter.operators += 1
    match node:
        case nodes.Unary(_, "-" | "+" as sign, operand):
            return _scaled(_sum(operand, num_qubits, scope), 1.0 if sign == "+" else -1.0)
        case nodes.Binary(_, "+" | "-" as sign, left, right):
            first, second = _sum(left, num_qubits, scope), _sum(right, num_qubits, scope)
            scope.meter.charge((len(first) + len(second)) // 16, node.span)
            return _added(first, second, 1.0 if sign == "+" else -1.0)
        case nodes.Binary(_, "*", left, right):
            return _product(node, _sum(left, num_qubits, scope), _sum(right, num_qubits, scope), scope)
        case nodes.Binary(_, "/", left, right):
            if (pauli := _pauli_inside(right)) is not None:
                raise Refusal(codes.NotAnObservable(span=right.span, problem=f"nothing is divided by `{pauli.name}`"))
            divisor = number(right, scope, "a coefficient of an observable")
            if divisor == 0:
                raise Refusal(NoValue(span=right.span, reason="division by zero"))
            return _scaled(_sum(left, num_qubits, scope), 1.0 / divisor)
    return _leaf(node, num_qubits, scope)


def _leaf(node: nodes.Expression, num_qubits: int, scope: Scope) -> _Sum:
    """One Pauli, or a coefficient."""
    match node:
        case nodes.Index(_, nodes.Name(_, name), indices) if name in _LETTERS:
            if len(indices) != 1:
                raise Refusal(codes.NotAnObservable(span=node.span, problem=f"`{name}` takes one qubit"))
            qubit = _qubit(whole(indices[0], scope, "a qubit"), indices[0].span, num_qubits)
            return {((qubit, _LETTERS[name]),): 1.0}
        case nodes.Name(span, name) if name in _LETTERS:
            problem = f"write `{name}[…]` with a qubit in a sum or product"
            raise Refusal(codes.NotAnObservable(span=span, problem=problem))
        case nodes.Call(span, nodes.Name(_, "parity" | "probabilities")) | nodes.Name(span, "parity" | "probabilities"):
            raise Refusal(codes.NotAnObservable(span=span, problem="it stands alone, not in a sum or product"))
    pauli = _pauli_inside(node)
    if pauli is not None:
        problem = f"`{pauli.name}` stands in what is neither a sum nor a product"
        raise Refusal(codes.NotAnObservable(span=node.span, problem=problem))
    return {(): float(number(node, scope, "a coefficient of an observable"))}


def _pauli_inside(node: nodes.Expression) -> nodes.Name | None:
    """A Pauli somewhere in an expression, None if there is none."""
    match node:
        case nodes.Index(_, nodes.Name(_, name) as base) if name in _LETTERS:
            return base
        case nodes.Unary(_, _, operand):
            return _pauli_inside(operand)
        case nodes.Binary(_, _, left, right):
            return _pauli_inside(left) or _pauli_inside(right)
        case nodes.Call(_, _, arguments):
            return next((found for item in arguments if (found := _pauli_inside(item.value))), None)
    return None


def _added(left: _Sum, right: _Sum, sign: float) -> _Sum:
    total = dict(left)
    for product, coefficient in right.items():
        total[product] = total.get(product, 0.0) + sign * coefficient
    return total


def _scaled(terms: _Sum, factor: float) -> _Sum:
    return {product: factor * coefficient for product, coefficient in terms.items()}


def _product(node: nodes.Binary, left: _Sum, right: _Sum, scope: Scope) -> _Sum:
    if len(left) * len(right) > limits.MAX_OUTPUTS:
        what = f"an observable of {len(left) * len(right)} terms"
        raise Refusal(TooLarge(span=node.span, what=what, limit=str(limits.MAX_OUTPUTS)))
    letters = sum(len(product) for product in left) * len(right) + sum(len(product) for product in right) * len(left)
    scope.meter.charge((len(left) * len(right) + letters) // 4, node.span)
    total: _Sum = {}
    for first, a in left.items():
        for second, b in right.items():
            shared = {qubit for qubit, _ in first} & {qubit for qubit, _ in second}
            if shared:
                problem = f"a product names a qubit once, this names {min(shared)} twice"
                raise Refusal(codes.NotAnObservable(span=node.span, problem=problem))
            product = tuple(sorted(first + second))
            total[product] = total.get(product, 0.0) + a * b
    return total
