"""The JSON files of a run: written through the models that read them, and refused with the field that is wrong."""

from __future__ import annotations

import copy
import json
import re

import pandas as pd
import pytest
from pydantic import TypeAdapter

import hqnn
from hqnn_dsl.backends.primitive import job_files
from hqnn_dsl.backends.primitive.job_files import JobFile, StateFile
from hqnn_dsl.documents import Document, Wrong, read_document, text_of
from hqnn_dsl.training import run_files
from hqnn_dsl.training.baselines import CLASS_BASELINES, VALUE_BASELINES
from hqnn_dsl.training.run_files import (
    BaselineScores,
    ClassBaselineScores,
    MlflowRecord,
    StartedFile,
    TrackersFile,
    read_run_file,
)

SPEC = """hqnn 1
model tiny {
  data { target y }
  encoder { dense(2); tanh * pi }
  circuit on 2 qubits { feature_map angle(); ansatz real_amplitudes(reps: 1) }
  decoder { dense }
  train { epochs 1; batch 8; device cpu; loss huber; intervals conformal(0.5) }
  backend reference
}
"""
FRAME = pd.DataFrame({"a": range(24), "b": [n % 5 for n in range(24)], "y": [(n * n) % 7 for n in range(24)]})
SPENT = {"circuits": 3, "shots": 300, "seconds": 1.5}
MODELS: dict[str, type[Document]] = {
    **run_files.MODELS,
    **{model.__name__: model for model in job_files.MODELS},
}


@pytest.fixture(scope="module")
def texts(tmp_path_factory) -> dict[str, str]:
    """The text of one file of each model: those of a run as the product wrote them."""
    run = hqnn.train(SPEC, FRAME, tmp_path_factory.mktemp("runs") / "tiny", progress=False)
    elsewhere = {run_files.STARTED, run_files.TRACKERS}
    found = {name: (run.path / name).read_text() for name in run_files.MODELS if name not in elsewhere}
    made = (
        (run_files.TRACKERS, TrackersFile(mlflow=MlflowRecord(store="sqlite:////runs/mlflow.db", run="1f2e"))),
        (run_files.STARTED, StartedFile(at="2024-05-01T12:00:00+00:00")),
        ("StateFile", StateFile.model_validate({"run": "1f2e", "spent": SPENT})),
        ("JobFile", JobFile(device="ibm_test", job="c1", values=[[0.5, -1.0]])),
    )
    return found | {name: text_of(document) for name, document in made}


def fields(data: object, path: tuple[str | int, ...] = ()):
    """The path of every field of a model, and of the first entry of every list."""
    if isinstance(data, dict):
        for key, value in data.items():
            yield (*path, key)
            yield from fields(value, (*path, key))
    elif isinstance(data, list) and data:
        yield from fields(data[0], (*path, 0))


def changed(data: dict, path: tuple[str | int, ...], change) -> bytes:
    data = copy.deepcopy(data)
    holder = data
    for key in path[:-1]:
        holder = holder[key]
    change(holder, path[-1])
    return json.dumps(data).encode()


def latest(name: str) -> int:
    """The version that files of a kind have now."""
    return MODELS[name].model_fields["version"].default


def named(path: tuple[str | int, ...]) -> str:
    return "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in path).lstrip(".")


def test_every_file_of_a_run_has_a_model(texts):
    assert set(texts) == set(MODELS)
    assert all(model.__doc__ for model in MODELS.values())


@pytest.mark.parametrize("name", MODELS)
def test_what_is_read_is_what_was_written(texts, name):
    document = read_document(MODELS[name], texts[name].encode())
    assert text_of(document) == texts[name]
    assert next(iter(json.loads(texts[name]))) == "version"


@pytest.mark.parametrize("name", MODELS)
def test_a_file_without_a_version_is_of_version_1(texts, name):
    data = json.loads(texts[name])
    if data.pop("version") == 1:
        assert text_of(read_document(MODELS[name], json.dumps(data).encode())) == texts[name]
        return
    for old in (data, data | {"version": 1}):
        with pytest.raises(Wrong, match=f"^it is of version 1, and this hqnn reads version {latest(name)}$") as caught:
            read_document(MODELS[name], json.dumps(old).encode())
        assert "train the run again" in caught.value.hint


@pytest.mark.parametrize("name", MODELS)
def test_a_later_version_is_refused_with_advice(texts, name):
    later = latest(name) + 1
    text = json.dumps({"something": "new"} | json.loads(texts[name]) | {"version": later})
    with pytest.raises(
        Wrong, match=f"^`version` is {later}, and this hqnn reads versions up to {later - 1}$"
    ) as caught:
        read_document(MODELS[name], text.encode())
    assert "pip install --upgrade" in caught.value.hint


OPTIONAL = {"version", "asked", "ended_by_callback", "run", "step", "written", "columns", "code", "trains", "files"}
"""Fields that files may lack: older ones have no version, and not all that a run now records."""

FREE = {"packages", "options", "metadata", "seeds", "targets", "classes", "radii", "thousands", "columns", "files"}
"""Fields whose own names are not the file's to give: packages, options of a backend, targets or classes of a table."""


@pytest.mark.parametrize("name", MODELS)
def test_every_field_is_needed_and_named_when_it_is_missing(texts, name):
    data = json.loads(texts[name])
    tried = 0
    for path in fields(data):
        is_free = bool(FREE & set(path[:-2])) or (len(path) > 1 and path[-2] in FREE)
        if (
            (path[-1] in OPTIONAL and path[0] not in {"step", "mlflow"})
            or path == ("step",)
            or (name, path) in {(run_files.ENVIRONMENT, ("table",)), (run_files.TRACKERS, ("mlflow",))}
            or isinstance(path[-1], int)
            or is_free
        ):
            continue
        tried += 1
        with pytest.raises(Wrong) as caught:
            read_document(MODELS[name], changed(data, path, lambda holder, key: holder.pop(key)))
        assert str(caught.value) == f"`{named(path)}` is missing"
    assert tried


ODD = ({"odd": {}}, [[[]]])
"""Values that no field of a run can have."""


@pytest.mark.parametrize("name", MODELS)
def test_a_field_of_another_type_is_named_with_its_value(texts, name):
    data = json.loads(texts[name])
    tried = 0
    for path in fields(data):
        if {"options", "metadata"} & set(path[:-1]):
            continue
        for value in ODD[1:] if path[-1] in {"options", "metadata"} else ODD:
            with pytest.raises(Wrong) as caught:
                read_document(
                    MODELS[name], changed(data, path, lambda holder, key, v=value: holder.__setitem__(key, v))
                )
            said = str(caught.value)
            above = "|".join(re.escape(named(path[:end])) for end in range(1, len(path) + 1))
            assert re.match(rf"`({above})[^`]*` (is|has) ", said), said
            tried += 1
    assert tried > 1


@pytest.mark.parametrize("name", MODELS)
def test_a_field_that_no_version_has_is_named(texts, name):
    with pytest.raises(Wrong, match=r"^`more` is no field of it$"):
        read_document(MODELS[name], json.dumps(json.loads(texts[name]) | {"more": 1}).encode())


@pytest.mark.parametrize("name", run_files.MODELS)
def test_a_refusal_has_the_path_the_file_and_the_advice(tmp_path, texts, name):
    (tmp_path / name).write_text(texts[name])
    assert read_run_file(tmp_path, name, MODELS[name]).version == latest(name)
    (tmp_path / name).write_text('{"version": 7}')
    with pytest.raises(hqnn.Refusal) as caught:
        read_run_file(tmp_path, name, MODELS[name])
    text = str(caught.value)
    assert f"error[E0533]: `{name}` of the run `{tmp_path}` cannot be used: `version` is 7" in text
    assert "= help: it was written by a later hqnn" in text
    (tmp_path / name).unlink()
    with pytest.raises(hqnn.Refusal, match="E0532"):
        read_run_file(tmp_path, name, MODELS[name])


def test_the_baselines_of_the_file_are_those_that_are_fitted():
    assert tuple(BaselineScores.model_fields) == VALUE_BASELINES
    assert tuple(ClassBaselineScores.model_fields) == CLASS_BASELINES


def test_environments_of_older_runs_are_read(texts):
    data = json.loads(texts["environment.json"])
    recent = (
        (data, "version"),
        (data, "step"),
        (data, "code"),
        (data, "trains"),
        (data["backend"], "asked"),
        (data["run"], "ended_by_callback"),
    )
    for holder, key in recent:
        del holder[key]
    read = read_document(run_files.EnvironmentFile, json.dumps(data).encode())
    assert (read.step, read.backend.asked, read.run.ended_by_callback) == (None, None, False)
    del data["run"]
    assert read_document(run_files.EnvironmentFile, json.dumps(data).encode()).run is None


def test_models_have_schemas():
    """What other programs need to read a run's files."""
    for name, model in MODELS.items():
        version = TypeAdapter(model).json_schema()["properties"]["version"]["const"]
        assert version == latest(name)
