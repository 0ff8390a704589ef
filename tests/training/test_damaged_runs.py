"""Damage to every file and every field of a run: a refusal that names the file, or numbers; never anything else."""

from __future__ import annotations

import copy
import hashlib
import json
import math
import os
import pickle
import re
import shutil
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import torch

from hqnn_dsl import api
from hqnn_dsl.cli import list_runs
from hqnn_dsl.diagnostics.diagnostic import Refusal
from hqnn_dsl.diagnostics.notices import notices_sent_to
from hqnn_dsl.training import figures

SPEC = """hqnn 1
model tiny {
  data { target y }
  encoder { dense(2); tanh * pi }
  circuit on 2 qubits { feature_map angle(); ansatz real_amplitudes(reps: 1) }
  decoder { dense }
  train { epochs EPOCHS; batch 8; device cpu; loss huber; stop early }
  backend reference
}
"""
FILES = ("preprocess.json", "metrics.json", "spec.resolved.hqnn", "checkpoints/best.pt", "checkpoints/last.pt")
JSON = ("preprocess.json", "metrics.json")
CHECKPOINTS = ("checkpoints/best.pt", "checkpoints/last.pt")
CODES = {"E0532", "E0533"}
RESUMING = CODES | {"E0544"}
"""A run that says of another table or spec is told from the one given."""


def frame() -> pd.DataFrame:
    draw = np.random.default_rng(4)
    a, b = draw.normal(3, 2, 24), draw.uniform(-1, 1, 24)
    return pd.DataFrame({"a": a, "b": b, "y": np.sin(a) + b})


def program(epochs: int):
    return api.compile_text(SPEC.replace("EPOCHS", str(epochs)), name="tiny")


@pytest.fixture(scope="module")
def begun(tmp_path_factory):
    """A whole run of two epochs whose spec asks for three, so that it can be opened and resumed."""
    out = tmp_path_factory.mktemp("runs") / "tiny"
    api.train(program(2), frame(), out)
    text = program(3).resolved
    (out / "spec.resolved.hqnn").write_text(text)
    for name in CHECKPOINTS:
        snapshot = torch.load(out / name, weights_only=True)
        torch.save(snapshot | {"spec": text}, out / name)
    metrics = json.loads((out / "metrics.json").read_text())
    metrics["files"]["spec.resolved.hqnn"] = hashlib.sha256(text.encode()).hexdigest()
    (out / "metrics.json").write_text(json.dumps(metrics))
    return out


@pytest.fixture
def run(begun, tmp_path, monkeypatch):
    monkeypatch.setattr(figures, "draw_losses", lambda *_: None)
    monkeypatch.setattr(figures, "draw_predictions", lambda *_, **__: None)
    return shutil.copytree(begun, tmp_path / "run")


def told(act, codes: set[str]) -> str:
    """The headline of the refusal; else what the act returns of a warning, empty where there is none."""
    found: list = []
    warned = None
    try:
        warned = act()
    except Refusal as refusal:
        found.extend(refusal.diagnostics)
    assert {item.code for item in found} <= codes, found
    assert len(found) <= 1
    return found[0].headline if found else warned or ""


def open_and_ask(path: Path) -> None:
    opened = api.open_run(path)
    assert np.isfinite(opened.predict(frame()).to_numpy()).all()
    found = opened.evaluate(frame())
    assert math.isfinite(found["all"]["rmse"])


def load(path: Path) -> None:
    net = api.load(path)
    assert all(bool(torch.isfinite(weight).all()) for weight in net.parameters())


def resume(path: Path) -> str:
    """Go on with a run. Returns what is said if that is not from its last checkpoint."""
    said: list = []
    with notices_sent_to(said.append):
        finished = api.train(program(3), frame(), path, resume=True)
    assert math.isfinite(finished.metrics["test"]["rmse"])
    return " ".join(each.line for each in said if each.diagnostic is not None and each.diagnostic.code == "W0471")


def said_by_all(path: Path) -> dict[str, str]:
    return {
        "open": told(lambda: open_and_ask(path), CODES),
        "load": told(lambda: load(path), CODES),
        "resume": told(lambda: resume(path), RESUMING),
    }


def test_the_whole_run_opens_loads_and_resumes(run):
    assert set(said_by_all(run).values()) == {""}
    assert [json.loads((run / name).read_text())["version"] for name in JSON] == [2, 2]


@pytest.mark.parametrize("name", JSON)
def test_a_file_without_a_version_is_of_version_1(run, name):
    data = json.loads((run / name).read_text())
    data.pop("version")
    (run / name).write_text(json.dumps(data))
    for headline in said_by_all(run).values():
        assert not headline or "cannot be used: it is of version 1" in headline
    assert any(said_by_all(run).values())


# ---------------------------------------------------------------- whole files


def as_folder(file: Path) -> None:
    file.unlink()
    file.mkdir()


def as_pipe(file: Path) -> None:
    file.unlink()
    os.mkfifo(file)


def as_circle(file: Path) -> None:
    file.unlink()
    file.symlink_to(file.name)


WHOLE = {
    "empty": lambda file: file.write_bytes(b""),
    "cut": lambda file: file.write_bytes(file.read_bytes()[:60]),
    "not UTF-8": lambda file: file.write_bytes(b"\xff" + file.read_bytes()),
    "byte order mark": lambda file: file.write_bytes(b"\xef\xbb\xbf" + file.read_bytes()),
    "null characters": lambda file: file.write_bytes(bytes(len(file.read_bytes()))),
    "folder": as_folder,
    "pipe": as_pipe,
    "circle of links": as_circle,
    "list": lambda file: file.write_text("[]"),
    "deep": lambda file: file.write_text("[" * 100_000),
    "long number": lambda file: file.write_text("1" * 5000),
}


@pytest.mark.parametrize("damage", WHOLE)
@pytest.mark.parametrize("name", FILES)
def test_a_file_that_is_damaged_as_a_whole_is_refused_by_name(run, name, damage):
    WHOLE[damage](run / name)
    said = said_by_all(run)
    if name == "checkpoints/last.pt":
        assert (said.pop("open"), said.pop("load")) == ("", "")
    assert all(name in headline for headline in said.values()), said


@pytest.mark.parametrize("name", FILES)
def test_a_file_that_may_not_be_read_is_refused_by_name(run, name, monkeypatch):
    usual = os.open

    def guarded(path, *rest, **named):
        if Path(path) == run / name:
            raise PermissionError(13, "Permission denied", str(path))
        return usual(path, *rest, **named)

    monkeypatch.setattr(os, "open", guarded)
    assert "permission denied" in told(lambda: resume(run), CODES)


@pytest.mark.parametrize("name", [name for name in FILES if name not in {"metrics.json", "checkpoints/last.pt"}])
def test_a_file_that_is_not_there_is_told_from_a_damaged_one(run, name):
    (run / name).unlink()
    with pytest.raises(Refusal) as caught:
        resume(run)
    assert caught.value.diagnostics[0].code == "E0532"
    assert name in caught.value.diagnostics[0].headline


# ------------------------------------------------------------------- fields


def places(data, path=()):
    """Every field, and of every list the first and the last entry, as a path of keys."""
    if isinstance(data, dict):
        keys = list(data)
    elif isinstance(data, list | tuple):
        keys = sorted({0, len(data) - 1}) if len(data) else []
    else:
        return
    for key in keys:
        yield (*path, key)
        yield from places(data[key], (*path, key))


def value_at(data, path):
    for key in path:
        data = data[key]
    return data


def damaged(data, path, value):
    data = copy.deepcopy(data)
    holder = value_at(data, path[:-1])
    if isinstance(holder, tuple):
        return None
    if value is DELETED:
        del holder[path[-1]]
    else:
        holder[path[-1]] = value
    return data


DELETED = object()
VALUES = (DELETED, "text", None, -1, math.nan, 10**30, [], {"x": 1}, True)


def json_damages(data):
    for path in places(data):
        for value in VALUES:
            yield path, value, damaged(data, path, value)
    for path in [(), *places(data)]:
        if isinstance(value_at(data, path), dict):
            yield (*path, "more"), 1, damaged(data, (*path, "more"), 1)


@pytest.mark.parametrize("name", JSON)
def test_every_field_of_the_json_files_is_looked_at(run, name):
    data = json.loads((run / name).read_text())
    tried = refused = 0
    for path, value, text in json_damages(data):
        (run / name).write_text(json.dumps(text))
        said = told(lambda: open_and_ask(run), CODES | {"E0523"})
        is_gone = value is DELETED and isinstance(path[-1], int) and "checkpoints/best.pt" in said
        assert not said or name in said or is_gone or (path[-1] in {0, "name", "weights"} and "`text`" in said)
        assert not said or told(lambda: load(run), CODES) in {said, ""}
        harmless = path[-1] in {"loss", "r2", "rmse", "mae"} or path == ("version",) or value is None or text == data
        harmless |= (
            path[0] == "report"
            or path == ("trains",)
            or (path[0] == "files" and value is DELETED)
            or path[-1] == "drops"
        )  # for readers, and for rows without a target
        harmless |= path[0] in {"files", "trains"} and value is DELETED
        harmless |= path[:2] in {("written",), ("table", "columns")} and value is DELETED  # older runs lack it
        assert said or harmless or value in (-1, 10**30), (path, value)
        tried, refused = tried + 1, refused + bool(said)
    assert tried > 150
    assert refused > 0.8 * tried


@pytest.mark.parametrize(
    ("path", "value", "words"),
    [
        (("batch",), 0, "`batch` is 0: .*greater than or equal to 1"),
        (("batch",), -1, "`batch` is -1"),
        (("batch",), 32.5, "`batch` is 32.5"),
        (("loss", "name"), "mean", "`loss` is wrong: there is no loss `mean`"),
        (("loss", "options"), {"delta": 0}, "`loss` is wrong: delta is 0"),
        (("features", 1, "scale", "scale"), 0, r"`features\[1\].scale.scale` is 0: .*greater than 0"),
        (("target", "scales", 0, "scale"), -2.0, r"`target.scales\[0\].scale` is -2.0"),
        (("target", "scales", 0, "scale"), math.nan, "NaN"),
        (("target", "scales", 0, "mean"), math.inf, "Infinity"),
        (("target", "names"), ["y", "z"], "2 names and 1 scales"),
        (("features",), [], "`features`"),
        (("features", 1, "name"), "a", "a name is there twice"),
        (("features", 1, "name"), "y", "`y` is a feature and a target"),
        (("features", 1, "scale", "rule"), "none", "nothing is scaled"),
        (("split", "test", -1), 24, "split has row 24|comes after"),
        (("split", "train", 1), 0, "in train, row 0 comes after row"),
        (("split", "validation"), [], "split has .* rows, table.rows is 24"),
        (("table", "rows"), 25, "table.rows is 25"),
        (("table", "sha256"), "no hash", "`table.sha256`"),
        (("dropped",), [24], "split has .* rows and 1 are dropped"),
        (("dropped",), [0], "is dropped"),
        (("version",), 1, "it is of version 1"),
        (("version",), 3, "`version` is 3"),
    ],
)
def test_the_field_is_named_with_what_is_wrong_in_it(run, path, value, words):
    file = run / "preprocess.json"
    file.write_text(json.dumps(damaged(json.loads(file.read_text()), path, value)))
    said = told(lambda: open_and_ask(run), {"E0533"})
    assert re.search(words, said), said


def test_a_field_that_is_there_twice_is_refused(run):
    file = run / "preprocess.json"
    file.write_text(file.read_text().replace('"batch": 8', '"batch": 8, "batch": 9'))
    assert "`batch` is there twice" in told(lambda: load(run), CODES)


def test_a_spec_that_the_weights_were_not_trained_with_is_refused(run):
    file = run / "spec.resolved.hqnn"
    for old, new in (("* 3.14", "* 2.14"), ("reps: 1", "reps: 2"), ("width: 2", "width: two"), ("tanh", "relu")):
        text = file.read_text()
        assert old in text
        file.write_text(text.replace(old, new))
        assert "spec.resolved.hqnn" in told(lambda: open_and_ask(run), {"E0533"})
        file.write_text(text)


def test_a_spec_with_other_line_ends_is_the_same(run):
    file = run / "spec.resolved.hqnn"
    file.write_bytes(file.read_bytes().replace(b"\n", b"\r\n"))
    assert told(lambda: open_and_ask(run), CODES) == ""


def checkpoint_damages(data):
    for path in places(data):
        value = value_at(data, path)
        values = [DELETED, "text", None, -1, math.nan]
        if isinstance(value, torch.Tensor):
            values += [torch.full_like(value, math.nan) if value.is_floating_point() else value[:5]]
            values += [value.reshape(-1)[:0], torch.zeros(7, 7)]
        for other in values:
            if other is not value:
                yield path, other, damaged(data, path, other)
    yield ("more",), 1, damaged(data, ("more",), 1)


HARMLESS = ("loss_sum", "history", "validation_loss", "grad_scale", "draws", "rng", "lr", "fused", "scheduler")


@pytest.mark.parametrize("name", [CHECKPOINTS[0], pytest.param(CHECKPOINTS[1], marks=pytest.mark.slow)])
def test_every_field_of_the_checkpoints_is_looked_at(begun, run, name):
    data = torch.load(run / name, weights_only=True)
    tried = 0
    for path, value, changed in checkpoint_damages(data):
        if changed is None:
            continue
        torch.save(changed, run / name)
        said = told(lambda: open_and_ask(run), CODES) if name == "checkpoints/best.pt" else ""
        if not said and (name == "checkpoints/last.pt" or path[0] == "model"):
            said = told(lambda: resume(run), RESUMING)
        assert not said or name in said or path == ("spec",), (path, value, said)
        if name == "checkpoints/best.pt":
            harmless = path[0] in {
                "version",
                "data",
                "optimizer",
                "scheduler",
                "scaler",
                "stop",
                "history",
                "rng",
                "loss_sum",
                "gradients",
            }
        else:
            harmless = (
                path[0] in {"version", "data"}
                or (path == ("gradients",) and value is DELETED)  # as checkpoints of earlier versions
                or any(word in path for word in HARMLESS)
                or path[:2] == ("optimizer", "state")
            )
        assert said or harmless, (path, value)
        tried += 1
        if not said and name == "checkpoints/last.pt":
            shutil.rmtree(run)
            shutil.copytree(begun, run)
    assert tried > 150


@pytest.mark.parametrize("value", [math.nan, math.inf])
def test_weights_that_are_no_numbers_are_refused(run, value):
    file = run / "checkpoints" / "best.pt"
    snapshot = torch.load(file, weights_only=True)
    next(iter(snapshot["model"].values())).view(-1)[0] = value
    torch.save(snapshot, file)
    said = told(lambda: open_and_ask(run), {"E0533"})
    assert "`model` is wrong: `encoder.0.weight` has a number that is not finite" in said


# ------------------------------------------------------------- a last checkpoint that cannot be used


def other_spec(run: Path, tmp_path: Path) -> bytes:
    text = SPEC.replace("dense(2); tanh", "dense(2); relu").replace("EPOCHS", "2")
    api.train(api.compile_text(text), frame(), tmp_path / "other")
    return (tmp_path / "other" / "checkpoints" / "last.pt").read_bytes()


def one_bit(run: Path, _tmp_path: Path) -> bytes:
    """The file with one bit of a weight changed, which torch reads without a word."""
    data = bytearray((run / "checkpoints" / "last.pt").read_bytes())
    weight = torch.load(run / "checkpoints" / "last.pt", weights_only=True)["model"]["encoder.0.weight"]
    data[data.index(weight.numpy().tobytes()) + 2] ^= 1
    return bytes(data)


def shortened(run: Path, _tmp_path: Path) -> bytes:
    return (run / "checkpoints" / "last.pt").read_bytes()[:-300]


BROKEN = {
    "cut off": (shortened, "cannot be used"),
    "altered": (one_bit, "its bytes were altered, in `.*/data/"),
    "of another spec": (other_spec, "it was written by a training of another spec"),
    "gone": (None, "it is not there"),
}


@pytest.mark.parametrize("kind", BROKEN)
def test_the_checkpoint_before_a_broken_one_comes_to_the_same_bits(run, tmp_path, kind):
    damage, words = BROKEN[kind]
    file = run / "checkpoints" / "last.pt"
    if damage is None:
        file.unlink()
    else:
        file.write_bytes(damage(run, tmp_path))
    before = torch.load(run / "checkpoints" / "best.pt", weights_only=True)["epoch"]
    said = resume(run)
    assert re.search(words, said), said
    assert said.endswith(f"going on from `checkpoints/best.pt`, after epoch {before}")
    api.train(program(3), frame(), tmp_path / "whole")
    for name in ("history.csv", "metrics.json", "predictions.csv"):
        assert (run / name).read_bytes() == (tmp_path / "whole" / name).read_bytes()


def test_a_bit_of_the_best_weights_is_found(run):
    (run / "checkpoints" / "best.pt").write_bytes(one_bit(run, run))
    assert "`checkpoints/best.pt` of the run" in told(lambda: open_and_ask(run), {"E0533"})


@pytest.mark.parametrize("is_marked", [True, False])
def test_the_last_checkpoint_of_another_training_of_the_spec_is_not_gone_on_from(run, tmp_path, is_marked):
    """A checkpoint says what it was trained on; one of an early version does not, but its epochs are others."""
    api.train(program(2), frame() ** 2, tmp_path / "other")
    snapshot = torch.load(tmp_path / "other" / "checkpoints" / "last.pt", weights_only=True)
    if not is_marked:
        del snapshot["data"]
    torch.save(snapshot | {"spec": program(3).resolved}, run / "checkpoints" / "last.pt")
    if is_marked:
        assert "it was written by a training on another table" in resume(run)
        return
    assert "its epochs are not those of checkpoints/best.pt" in told(lambda: resume(run), {"E0533"})


def test_both_checkpoints_are_named_if_neither_can_be_used(run):
    for name in CHECKPOINTS:
        (run / name).write_bytes(b"")
    with pytest.raises(Refusal) as caught:
        resume(run)
    assert [found.file for found in caught.value.diagnostics] == ["checkpoints/last.pt", "checkpoints/best.pt"]


def test_a_best_checkpoint_that_is_further_is_gone_on_from(run, tmp_path):
    """A training killed after it has written the one and before the other."""
    api.train(program(3), frame(), tmp_path / "whole")
    shutil.copy(tmp_path / "whole" / "checkpoints" / "best.pt", run / "checkpoints" / "best.pt")
    snapshot = torch.load(run / "checkpoints" / "best.pt", weights_only=True)
    last = torch.load(run / "checkpoints" / "last.pt", weights_only=True)
    assert snapshot["epoch"] > last["epoch"]
    assert resume(run) == ""
    for name in ("history.csv", "metrics.json"):
        assert (run / name).read_bytes() == (tmp_path / "whole" / name).read_bytes()


# ------------------------------------------------------------- files of another run, versions, and code in them


OTHERS = {
    "another table": (lambda: program(2), lambda: frame() ** 2),
    "another spec": (
        lambda: api.compile_text(SPEC.replace("dense(2); tanh", "dense(3); tanh; dense(2)").replace("EPOCHS", "2")),
        frame,
    ),
    "classes": (
        lambda: api.compile_text(SPEC.replace("loss huber", "loss auto").replace("EPOCHS", "2")),
        lambda: frame().assign(y=np.where(frame().a > 3, "high", "low")),
    ),
}
EVERY = (*FILES, "environment.json", "history.csv", "timing.csv", "predictions.csv", "spec.hqnn")
READ = {
    "preprocess.json": "open load resume replay",
    "spec.resolved.hqnn": "open load resume replay",
    "checkpoints/best.pt": "open load resume replay",
    "checkpoints/last.pt": "resume replay",
    "metrics.json": "open load replay list",
    "history.csv": "open load replay list",
    "predictions.csv": "open load replay list",
    "environment.json": "open load resume replay list",
}
"""Which acts have to find a file of another run, unless only its table is another one: then the spec is the same."""


@pytest.fixture(scope="module")
def others(tmp_path_factory) -> dict[str, Path]:
    folder = tmp_path_factory.mktemp("others")
    found = {}
    for number, (kind, (spec, table)) in enumerate(OTHERS.items()):
        found[kind] = api.train(spec(), table(), folder / str(number)).path
    return found


def replay(path: Path) -> str:
    found = api.replay(path, frame(), progress=False)
    return "" if found.is_same else f"{found.verdict} {' '.join(map(str, found.data))}"


def listed(path: Path) -> str:
    (row,) = list_runs._found(path)
    return row.reason


ACTS = {"open": open_and_ask, "load": load, "resume": resume, "replay": replay, "list": listed}
REFUSALS = CODES | {"E0544", "E0549", "E0523", "E0555", "E0557"}


@pytest.mark.parametrize("kind", OTHERS)
@pytest.mark.parametrize("name", EVERY)
def test_a_file_of_another_run_is_refused_by_name_or_harmless(begun, run, others, tmp_path, name, kind):
    for act, doing in ACTS.items():
        shutil.rmtree(run)
        shutil.copytree(begun, run)
        shutil.copy(others[kind] / name, run / name)
        found: list = []
        said = ""
        try:
            said = doing(run) or ""
        except Refusal as refusal:
            found.extend(refusal.diagnostics)
        assert {item.code for item in found} <= REFUSALS, found
        said += " ".join(item.headline for item in found)
        is_the_same = (kind, name) in {("another table", "spec.resolved.hqnn"), ("another spec", "preprocess.json")}
        if act in READ.get(name, "").split() and not is_the_same:
            assert name in said, (act, said)


@pytest.mark.parametrize("name", [*JSON, "environment.json"])
@pytest.mark.parametrize("version", [0, 99, "2", None])
def test_a_version_that_cannot_be_is_refused_by_name(begun, run, name, version):
    for act, doing in ACTS.items():
        shutil.rmtree(run)
        shutil.copytree(begun, run)
        file = run / name
        file.write_text(json.dumps(json.loads(file.read_text()) | {"version": version}))
        said = told(lambda doing=doing: doing(run), CODES)
        reads = {"environment.json": {"replay", "list", "resume"}}.get(name, {"open", "resume", "list"})
        assert name in said or act not in reads, (act, said)


class Payload:
    """Writes a file when it is unpickled."""

    def __init__(self, mark: Path) -> None:
        self.mark = mark

    def __reduce__(self):
        return (Path.write_text, (self.mark, "ran"))


@pytest.mark.parametrize("name", CHECKPOINTS)
@pytest.mark.parametrize("form", ["archive", "pickle"])
def test_no_code_in_a_checkpoint_is_run(begun, run, tmp_path, name, form):
    mark = tmp_path / "mark"
    if form == "archive":
        torch.save(torch.load(run / name, weights_only=True) | {"version": Payload(mark)}, run / name)
        torch.load(run / name, weights_only=False)
    else:
        (run / name).write_bytes(pickle.dumps(Payload(mark)))
        pickle.loads((run / name).read_bytes())
    assert mark.read_text() == "ran"  # so it would
    mark.unlink()
    data = (run / name).read_bytes()
    for act, doing in ACTS.items():
        shutil.rmtree(run)
        shutil.copytree(begun, run)
        (run / name).write_bytes(data)
        said = told(lambda doing=doing: doing(run), CODES)
        assert name in said or act == "list" or (name == "checkpoints/last.pt" and act in {"open", "load"})
        assert not mark.exists()
