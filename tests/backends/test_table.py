"""The table of backends, and the sentences that backends say."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from hqnn_dsl.backends import offered
from hqnn_dsl.catalog.precision import precision_option
from hqnn_dsl.circuit.angles import WeightRef
from hqnn_dsl.circuit.ir import Circuit, Observable, Operation, PauliTerm, Probabilities, WeightTensor
from hqnn_dsl.diagnostics.codes import cuda, devices, environment, pennylane, simulators
from hqnn_dsl.diagnostics.diagnostic import Diagnostic, Refusal

if TYPE_CHECKING:
    from collections.abc import Callable

BARE = Circuit(1, (), (), (Probabilities((0,)),))
WIDE = Circuit(
    num_qubits=60,
    operations=(
        *(Operation("ry", (q,), (q,)) for q in range(60)),
        *(Operation("cx", (q, q + 1)) for q in range(59)),
        *(Operation("ry", (q,), (60 + q,)) for q in range(60)),
    ),
    slots=tuple(WeightRef(k) for k in range(120)),
    measurements=(Observable((PauliTerm(1.0, tuple((q, "z") for q in range(60))),)),),
    weights=(WeightTensor("w", (120,), 0),),
)
"""A circuit that no backend has the memory for."""

CODES = [
    thing
    for room in (environment, cuda, devices, pennylane, simulators)
    for thing in vars(room).values()
    if isinstance(thing, type) and issubclass(thing, Diagnostic) and thing is not Diagnostic
]


def test_reading_the_table_imports_nothing_heavy() -> None:
    heavy = "{'torch', 'qiskit', 'qiskit_aer', 'qiskit_machine_learning', 'numpy', 'pydantic', 'pennylane'}"
    code = f"import sys; from hqnn_dsl.backends import offered; offered(); print(sorted({heavy} & set(sys.modules)))"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout == "[]\n"


@pytest.mark.parametrize("name", sorted(offered()))
def test_rows_are_documented_and_probe_in_a_line(name: str) -> None:
    backend = offered()[name]
    assert backend.entry.name == name
    assert backend.entry.doc
    assert all(option.doc for option in backend.entry.options)
    line = backend.probe()
    assert line
    assert "\n" not in line


def test_defaults_are_filled_in_before_any_function_of_the_backend_is_asked() -> None:
    asked: dict[str, object] = {}
    row = offered()["native"]

    def noted(name: str, answer: Any) -> Callable[..., Any]:
        def note(*given: Any) -> Any:
            asked[name] = next(dict(item) for item in given if isinstance(item, dict))
            return answer

        return note

    noting = replace(
        row,
        build=noted("load", None),
        circuit_objections=noted("objections", ()),
        training_objections=noted("training", ()),
        exact_with=noted("is_exact", answer=True),
        metered_with=noted("is_metered", answer=False),
        paid_with=noted("is_paid", answer=False),
    )
    given = {"precision": "double"}
    for name in ("is_exact", "is_metered", "is_paid"):
        getattr(noting, name)(given)
    noting.training(BARE, given, 4, "cpu")
    noting.objections(BARE, given)
    assert asked.pop("objections") == {"device": "auto", "precision": "double"}
    noting.load(BARE, given, 0)
    assert set(asked) == {"load", "objections", "training", "is_exact", "is_metered", "is_paid"}
    assert all(options == {"device": "auto", "precision": "double"} for options in asked.values())


@pytest.mark.parametrize("name", sorted(offered()))
def test_what_a_backend_objects_to_is_never_built(name: str) -> None:
    built: list[Circuit] = []
    row = replace(offered()[name], build=lambda circuit, *_: built.append(circuit))
    objections = row.objections(WIDE, {})
    assert objections
    with pytest.raises(Refusal) as caught:
        row.load(WIDE, {}, 0)
    assert caught.value.diagnostics == objections
    assert not built


@pytest.mark.parametrize("name", sorted(offered()))
def test_precision_is_the_same_option_everywhere(name: str) -> None:
    option = offered()[name].entry.option("precision")
    assert option is not None
    ours = precision_option(option.default)
    assert (option.type, option.choices) == (ours.type, ours.choices)
    assert option.doc.startswith("Precision of ")
    assert "`single` (32 bits a real number) or `double` (64)" in option.doc


@pytest.mark.parametrize("code", CODES, ids=lambda code: code.__name__)
def test_every_sentence_can_be_said_and_explained(code: type[Diagnostic]) -> None:
    own = {name: kind for name, kind in code.__annotations__.items() if not kind.startswith("ClassVar")}
    fields = {name: 4 if kind == "int" else "word" for name, kind in own.items()}
    said = code(**fields)
    assert said.headline
    assert said.help or said.severity == "note"
    assert "{" not in said.headline + said.help + said.caption


def test_codes_are_unique_and_of_this_room() -> None:
    numbers = [code.code for code in CODES]
    assert len(set(numbers)) == len(numbers)
    assert all(number.startswith("E07") for number in numbers)
