"""A resolved spec as a JSON document: as the schema says, and with the same spec in it when it is read back."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest
from jsonschema import Draft202012Validator
from pydantic import ValidationError

from hqnn_dsl import pipeline
from hqnn_dsl.diagnostics.source import Source
from hqnn_dsl.export.spec_document import SCHEMA, document_of, json_schema, spec_of
from hqnn_dsl.semantics.spec import BudgetSpec

ROOT = Path(__file__).parents[2]
SPECS = sorted((ROOT / "specs").rglob("*.hqnn"))
FULL = """hqnn 1
let flags = [true, [1, 2.5, "a"], []]
let width = 2
model m {
  data { target y, "a b"; features * except date; split validation: 0.2, test: 5, seed: 3 }
  encoder { dense(width); tanh * pi + 1 }
  circuit on width qubits { feature_map angle(); ansatz real_amplitudes(reps: 1) }
  decoder { dense }
  train { clip 1; optimizer adamw(lr: 0.1) }
  transpile { basis ["rz", "sx", "cx"]; coupling [[0, 1]] }
  backend aer(shots: 100, noise: depolarizing(p1: 0.001), gradient: spsa(samples: 2))
}
"""


@pytest.fixture(scope="module")
def validator() -> Draft202012Validator:
    schema = json_schema()
    Draft202012Validator.check_schema(schema)
    return Draft202012Validator(schema)


def text_of(text: str, name: str = "spec") -> tuple[pipeline.Program, str]:
    program = pipeline.program(Source(name, text))
    return program, json.dumps(document_of(program.spec, program.resolved, {"diagnostics": []}), allow_nan=False)


def models() -> list[Path]:
    return [path for path in SPECS if "\nmodel " in path.read_text(encoding="utf-8")]


@pytest.mark.parametrize("path", models(), ids=lambda path: str(path.relative_to(ROOT)))
def test_every_spec_keeps_the_schema_and_comes_back(path: Path, validator: Draft202012Validator):
    program, text = text_of(path.read_text(encoding="utf-8"), str(path))
    validator.validate(json.loads(text))
    assert spec_of(text) == program.spec


def test_every_part_of_a_spec_is_in_the_document(validator: Draft202012Validator):
    program, text = text_of(FULL)
    data = json.loads(text)
    validator.validate(data)
    assert (data["$schema"], data["version"], data["ok"]) == (SCHEMA, 1, True)
    assert set(data["spec"]) == set(vars(program.spec))
    assert data["spec"]["constants"] == {"flags": [True, [1, 2.5, "a"], []], "width": 2}
    assert data["spec"]["transpile"]["coupling"] == [[0, 1]]
    noise = data["spec"]["backend"]["options"]["noise"]
    assert (noise["name"], dict(noise["options"])["p1"]) == ("depolarizing", 0.001)
    assert pipeline.program(Source("again", data["resolved"])).spec == program.spec
    assert spec_of(text) == program.spec


@pytest.mark.parametrize(
    ("path", "value"),
    [
        (("spec", "num_qubits"), "two"),
        (("spec", "train", "device"), "tpu"),
        (("spec", "another"), 1),
        (("version",), 2),
        (("ok",), False),
        (("spec", "backend", "options", "shots"), {"a": 1}),
    ],
)
def test_a_wrong_document_is_refused_by_the_schema_and_when_it_is_read(
    path: tuple[str, ...], value: object, validator: Draft202012Validator
):
    _, text = text_of(FULL)
    data = json.loads(text)
    inside = data
    for name in path[:-1]:
        inside = inside[name]
    inside[path[-1]] = value
    assert not validator.is_valid(data)
    with pytest.raises(ValidationError):
        spec_of(json.dumps(data))


def test_a_spec_that_differs_has_another_document():
    program, text = text_of(FULL)
    budget = BudgetSpec(circuits=1000, seconds=0.5)
    changed = replace(program.spec, train=replace(program.spec.train, clip=2.0), budget=budget)
    assert spec_of(json.dumps(document_of(changed, "", {"diagnostics": []}))) == changed != spec_of(text)
