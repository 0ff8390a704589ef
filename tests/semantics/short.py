"""Short ways to write specs in tests: a model around a circuit's statements, and what became of it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from hqnn_dsl import pipeline
from hqnn_dsl.circuit.ir import Circuit, Observable, PauliTerm
from hqnn_dsl.diagnostics.diagnostic import Refusal
from hqnn_dsl.diagnostics.source import Source
from hqnn_dsl.semantics.check import Checked
from hqnn_dsl.semantics.collector import Collector
from hqnn_dsl.semantics.definitions import collect
from hqnn_dsl.syntax.parser import parse

if TYPE_CHECKING:
    from collections.abc import Mapping

MAP = "feature_map angle()"


def spec_text(body: str, *, qubits: int | str = 2, above: str = "", parts: str = "decoder { dense }") -> str:
    """A spec whose circuit has these statements, and blocks or constants above the model."""
    return f"hqnn 1\n{above}\nmodel m {{\n{parts}\ncircuit on {qubits} qubits {{\n{body}\n}}\n}}\n"


def checked(text: str, changes: Mapping[str, str] | None = None, name: str = "spec.hqnn") -> Checked:
    found = pipeline.check(Source(name, text), changes)
    assert isinstance(found, Checked)
    return found


def circuit(body: str, **around: Any) -> Circuit:
    """The circuit of these statements; they read inputs themselves."""
    return checked(spec_text(body, **around)).circuit


def after_map(body: str, *, qubits: int = 2, above: str = "") -> Circuit:
    """The circuit of these statements behind a feature map `z(reps: 0)`, which adds no gate."""
    return circuit(f"feature_map z(reps: 0)\n{body}", qubits=qubits, above=above)


def gates(found: Circuit) -> list[tuple[Any, ...]]:
    """Every operation as its name and qubits."""
    return [(operation.gate, *operation.qubits) for operation in found.operations]


def codes(text: str, changes: Mapping[str, str] | None = None, name: str = "spec.hqnn") -> list[str]:
    """The codes of everything found, in order."""
    try:
        found = pipeline.check(Source(name, text), changes)
    except Refusal as refusal:
        return [item.code for item in refusal.diagnostics]
    return [item.code for item in (found.warnings if isinstance(found, Checked) else found)]


def constant(text: str, name: str = "a") -> Any:
    """The value of a constant of a file of constants. Raises `Refusal` with what was found."""
    tree, mistakes = parse(Source("constants.hqnn", f"hqnn 1\n{text}\n"))
    collector = Collector()
    for mistake in mistakes:
        collector.add(mistake)
    scope = collect(tree, collector).scope
    collector.raise_errors()
    binding = scope.find(name)
    assert binding is not None
    return binding.value


def observable(*terms: tuple[float, str]) -> Observable:
    """`observable((0.5, "x0 z2"), (1, ""))`."""
    made = []
    for coefficient, factors in terms:
        letters = tuple((int(factor[1:]), factor[0]) for factor in factors.split())
        made.append(PauliTerm(float(coefficient), letters))
    return Observable(tuple(made))
