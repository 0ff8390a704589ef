"""Every file of a run cut off, emptied, swapped, of another version or with code in it, and every command that reads
runs: a refusal that names the file, or the results of a whole run; never a traceback, never code run.
"""

from __future__ import annotations

import json
import pickle
import random
import shutil
from pathlib import Path

import pytest
import torch

import hqnn
from hqnn_dsl.training import figures

SPEC = """hqnn 1
model small {
  data { target y; features a, b }
  encoder { dense(WIDTH); tanh; dense(2); tanh * pi }
  circuit on 2 qubits { feature_map angle(); ansatz real_amplitudes(reps: 1) }
  decoder { dense }
  train { epochs 2; batch 16; device cpu; stop none; intervals conformal(0.5) }
  backend reference
}
"""
JSON = ("preprocess.json", "metrics.json", "environment.json", "intervals.json")
TABLES = ("history.csv", "predictions.csv")
CHECKPOINTS = ("checkpoints/best.pt", "checkpoints/last.pt")
READ = ("spec.resolved.hqnn", *JSON, *TABLES, *CHECKPOINTS)
"""The files that commands read."""
UNREAD = ("spec.hqnn", "timing.csv", "plots/losses.png", "plots/predictions.png")
READERS = ("predict", "evaluate", "report", "replay")
FOUND_BY = {
    **dict.fromkeys(("spec.resolved.hqnn", *JSON, *TABLES), (*READERS, "runs")),
    "checkpoints/best.pt": ("predict", "evaluate", "replay"),
    "checkpoints/last.pt": ("replay",),
}
"""The commands that must refuse a run if the file is not the one that was written."""
FOUND_BY_RESUME = ("spec.resolved.hqnn", "preprocess.json", "environment.json", "checkpoints/best.pt")


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """A spec, a table, its run, and the runs of another spec and of another table."""
    place = tmp_path_factory.mktemp("fuzzed")
    lines = [f"{k / 40},{k % 7},{k / 20 + k % 7}" for k in range(40)]
    (place / "table.csv").write_text("\n".join(["a,b,y", *lines, ""]))
    (place / "other.csv").write_text("\n".join(["a,b,y", *(f"{line}5" for line in lines), ""]))
    for name, width in (("model", 3), ("wider", 4)):
        (place / f"{name}.hqnn").write_text(SPEC.replace("WIDTH", str(width)))
    for out, spec, table in (("run", "model", "table"), ("spec", "wider", "table"), ("table", "model", "other")):
        hqnn.train(place / f"{spec}.hqnn", place / f"{table}.csv", place / "runs" / out, progress=False)
    return place


@pytest.fixture(autouse=True)
def undrawn(monkeypatch):
    """Pictures take most of the time of a training that is over."""
    monkeypatch.setattr(figures, "draw_losses", lambda *_: None)
    monkeypatch.setattr(figures, "draw_predictions", lambda *_, **__: None)


def line_of(command: str, folder: Path, run: Path) -> tuple[object, ...]:
    table = folder / "table.csv"
    return {
        "predict": ("predict", run, table),
        "evaluate": ("evaluate", run, table),
        "report": ("report", run, "--out", run.parent / "page.html", "--force"),
        "replay": ("replay", run, table),
        "runs": ("runs", run),
        "resume": ("train", folder / "model.hqnn", table, "--out", run, "--resume"),
    }[command]


def fresh(folder: Path, tmp_path: Path) -> Path:
    shutil.rmtree(tmp_path / "run", ignore_errors=True)
    return shutil.copytree(folder / "runs" / "run", tmp_path / "run")


def check(folder, tmp_path, hqnn_command, damage, name, commands, *, is_other: bool = True) -> None:
    """Damage a file of a run and give the run to commands; `is_other` if all that read the file must find that out."""
    for command in commands:
        run = fresh(folder, tmp_path)
        damage(run / name if name else run)
        ended = hqnn_command(*line_of(command, folder, run))
        said = " ".join((ended.out + ended.err).split())
        case = (name, command, ended)
        assert ended.code in {0, 1, 3}, case
        must = name in FOUND_BY_RESUME if command == "resume" else command in FOUND_BY.get(name, ())
        if must and is_other:
            is_no_spec = command == "report" and f"{name}:" in said  # with the place in it
            is_listed = command == "runs" and f"{name} cannot be used" in said
            assert f"`{name}` of the run" in said or is_listed or is_no_spec, case
            assert ended.code == (0 if command == "runs" else 1), case
        elif ended.code:
            assert (name or "nothing") in said, case
        elif command == "resume":
            for file in (*TABLES, "metrics.json", "preprocess.json"):
                assert (run / file).read_bytes() == (folder / "runs" / "run" / file).read_bytes(), case


EVERY = (*READERS, "runs", "resume")


def cut(file: Path) -> None:
    file.write_bytes(file.read_bytes()[: file.stat().st_size * 2 // 3])


def empty(file: Path) -> None:
    file.write_bytes(b"")


@pytest.mark.parametrize("name", READ)
def test_a_file_that_is_cut_off_is_named(folder, tmp_path, hqnn_command, name):
    check(folder, tmp_path, hqnn_command, cut, name, ("predict", "runs"))


@pytest.mark.slow
@pytest.mark.parametrize("name", READ)
def test_an_empty_file_is_named(folder, tmp_path, hqnn_command, name):
    check(folder, tmp_path, hqnn_command, empty, name, ("replay", "resume"))


def test_files_that_nobody_reads_stop_nothing(folder, tmp_path, hqnn_command):
    def damage(run: Path) -> None:
        for name in UNREAD:
            empty(run / name)

    check(folder, tmp_path, hqnn_command, damage, "", ("predict", "runs"))


def swapped(folder: Path, other: str, name: str):
    """How to swap a file with that of another run, and whether that is another file."""
    data = (folder / "runs" / other / name).read_bytes()
    is_other = data != (folder / "runs" / "run" / name).read_bytes()
    assert is_other or (other, name) in {("spec", "preprocess.json"), ("table", "spec.resolved.hqnn")}
    return (lambda file: file.write_bytes(data)), is_other


@pytest.mark.slow
@pytest.mark.parametrize("name", READ)
def test_a_file_of_a_run_of_another_spec_is_named(folder, tmp_path, hqnn_command, name):
    damage, is_other = swapped(folder, "spec", name)
    check(folder, tmp_path, hqnn_command, damage, name, ("evaluate", "replay", "resume"), is_other=is_other)


@pytest.mark.slow
@pytest.mark.parametrize("name", READ)
def test_a_file_of_a_run_of_another_table_is_named(folder, tmp_path, hqnn_command, name):
    damage, is_other = swapped(folder, "table", name)
    check(folder, tmp_path, hqnn_command, damage, name, ("predict", "report", "runs"), is_other=is_other)


@pytest.mark.parametrize("version", [0, 99])
@pytest.mark.parametrize("name", JSON)
def test_another_version_is_named(folder, tmp_path, hqnn_command, name, version):
    def damage(file: Path) -> None:
        file.write_text(json.dumps(json.loads(file.read_text()) | {"version": version}))

    check(folder, tmp_path, hqnn_command, damage, name, ("predict", "runs"))


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["cut", "empty", "spec", "table"])
@pytest.mark.parametrize("name", READ)
def test_every_damage_to_every_file_before_every_command(folder, tmp_path, hqnn_command, name, kind):
    whole = {"cut": (cut, True), "empty": (empty, True)}
    damage, is_other = whole[kind] if kind in whole else swapped(folder, kind, name)
    check(folder, tmp_path, hqnn_command, damage, name, EVERY, is_other=is_other)


class Payload:
    """Writes a file when it is unpickled."""

    def __init__(self, mark: Path) -> None:
        self.mark = mark

    def __reduce__(self):
        return (Path.write_text, (self.mark, "ran"))


@pytest.mark.parametrize("form", ["archive", "pickle"])
@pytest.mark.parametrize("name", CHECKPOINTS)
def test_code_in_a_checkpoint_is_not_run(folder, tmp_path, hqnn_command, name, form):
    mark = tmp_path / "mark"

    def damage(file: Path) -> None:
        if form == "archive":
            torch.save(torch.load(file, weights_only=True) | {"version": Payload(mark)}, file)
        else:
            file.write_bytes(pickle.dumps(Payload(mark)))

    check(folder, tmp_path, hqnn_command, damage, name, ("predict", "replay", "resume"))
    assert not mark.exists()


def test_a_run_of_an_earlier_version_without_hashes_is_read(folder, tmp_path, hqnn_command):
    for command in ("predict", "runs", "replay"):
        run = fresh(folder, tmp_path)
        for name, gone in (("metrics.json", ("files", "trains")), ("environment.json", ("code", "trains"))):
            data = json.loads((run / name).read_text())
            (run / name).write_text(json.dumps({key: value for key, value in data.items() if key not in gone}))
        assert hqnn_command(*line_of(command, folder, run)).code == 0


def test_two_files_of_another_run_are_both_named(folder, tmp_path, hqnn_command):
    run = fresh(folder, tmp_path)
    for name in TABLES:
        shutil.copy(folder / "runs" / "spec" / name, run / name)
    ended = hqnn_command("predict", run, folder / "table.csv")
    assert all(f"`{name}` of the run" in ended.err for name in TABLES)


@pytest.mark.slow
@pytest.mark.parametrize("name", READ)
def test_flipped_cut_and_doubled_bytes(folder, tmp_path, hqnn_command, name):
    """Chance damages: whatever is found out is said with the file; a finished run finds all of them."""
    draw = random.Random(name)

    def damage(file: Path) -> None:
        data = bytearray(file.read_bytes())
        place = draw.randrange(len(data))
        match draw.choice(["bit", "cut", "double", "byte", "gap"]):
            case "bit":
                data[place] ^= 1 << draw.randrange(8)
            case "cut":
                del data[place:]
            case "double":
                data[place:place] = data[: draw.randrange(1, 200)]
            case "byte":
                data[place] = draw.randrange(256)
            case "gap":
                del data[place : place + draw.randrange(1, 50)]
        file.write_bytes(bytes(data))

    for _ in range(12):
        check(folder, tmp_path, hqnn_command, damage, name, EVERY, is_other=False)
