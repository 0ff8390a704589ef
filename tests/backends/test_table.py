"""The table of backends, and the sentences that backends say."""

from __future__ import annotations

import subprocess
import sys

import pytest

from hqnn_dsl.backends import offered
from hqnn_dsl.diagnostics.codes import cuda, devices, environment, pennylane, simulators
from hqnn_dsl.diagnostics.diagnostic import Diagnostic

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


@pytest.mark.parametrize("name", ["reference", "aer", "pennylane"])
def test_rows_are_documented_and_probe_in_a_line(name: str) -> None:
    backend = offered()[name]
    assert backend.entry.name == name
    assert backend.entry.doc
    assert all(option.doc and not option.is_required for option in backend.entry.options)
    line = backend.probe()
    assert line
    assert "\n" not in line


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
