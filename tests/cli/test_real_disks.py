"""Commands on a disk that is really full or read-only, and two trainings at once in one folder.

The disk is a small one in memory, in a name space of mounts of its own, so nothing outside sees it.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys

import pytest

SPEC = """hqnn 1
model small {
  data { target y; features a, b }
  encoder { dense(8); tanh; dense(2); tanh * pi }
  circuit on 2 qubits { feature_map angle(); ansatz real_amplitudes(reps: 1) }
  decoder { dense }
  train { epochs 4; batch 16; device cpu; stop none }
  backend reference
}
"""

PROGRAM = r"""
import contextlib, io, json, os, subprocess, sys
from pathlib import Path
from hqnn_dsl.cli import main as entry
from hqnn_dsl.cli import output

def command(*words):
    sys.argv = ["hqnn", *map(str, words)]
    output._as_json = False
    out, err = io.StringIO(), io.StringIO()
    code = 0
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        try:
            entry.main()
        except SystemExit as leaving:
            code = int(leaving.code or 0)
    return {"code": code, "out": out.getvalue(), "err": " ".join(err.getvalue().split())}

def mount(*options):
    subprocess.run(["mount", *options], check=True)

def left(folder):
    return sorted(str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file())

mount("-t", "tmpfs", "-o", "size=4k", "none", "disk")
disk, found = Path("disk"), {}
train = "train", "model.hqnn", "table.csv"
for kib in json.loads(sys.argv[1]):
    mount("-o", f"remount,size={kib}k", "disk")
    out = disk / str(kib)
    first = command(*train, "--out", out)
    names = left(disk)
    mount("-o", "remount,size=64m", "disk")
    again = command(*train, "--out", out, "--resume")
    texts = {name: (out / name).read_text() for name in ("history.csv", "metrics.json", "predictions.csv")}
    found[f"full {kib}"] = {"first": first, "left": names, "again": again, "texts": texts}
    subprocess.run(["rm", "-r", str(out)], check=True)

run = disk / "r"
command(*train, "--out", run, "--set", "epochs=2")
mount("-o", "remount,ro", "disk")
before = left(disk)
found["read-only"] = {
    "new": command(*train, "--out", disk / "new"),
    "resume": command(*train, "--out", run, "--resume", "--set", "epochs=4"),
    "predict": command("predict", run, "table.csv"),
    "evaluate": command("evaluate", run, "table.csv"),
    "runs": command("runs", disk),
    "report": command("report", run),
    "report elsewhere": command("report", run, "--out", "page.html"),
    "replay": command("replay", run, "table.csv"),
    "out": command("predict", run, "table.csv", "--out", disk / "answers.csv"),
    "unchanged": before == left(disk),
}
mount("-o", "remount,rw", "disk")
found["read-only"]["again"] = command(*train, "--out", run, "--resume", "--set", "epochs=4")
Path("found.json").write_text(json.dumps(found))
"""

SIZES = (4, 12, 24, 40, 64, 96)
"""KiB of the disk: from one that takes no checkpoint to one that takes all but the pictures."""


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    place = tmp_path_factory.mktemp("disks")
    lines = [f"{k / 40},{k % 7},{k / 20 + k % 7}" for k in range(40)]
    (place / "table.csv").write_text("\n".join(["a,b,y", *lines, ""]))
    (place / "model.hqnn").write_text(SPEC)
    (place / "disk").mkdir()
    return place


@pytest.fixture(scope="module")
def found(folder):
    words = ["unshare", "--mount"] if os.geteuid() == 0 else ["unshare", "--user", "--map-root-user", "--mount"]
    tried = ["sh", "-c", "mount -t tmpfs -o size=64k none disk"]
    unshare = shutil.which("unshare")
    if unshare is None or subprocess.run([*words, *tried], cwd=folder, capture_output=True, check=False).returncode:
        pytest.skip("this system lets no process have mounts of its own")
    program = [sys.executable, "-W", "ignore", "-c", PROGRAM, json.dumps(SIZES)]
    done = subprocess.run([*words, *program], cwd=folder, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return json.loads((folder / "found.json").read_text())


@pytest.fixture(scope="module")
def whole(folder):
    import hqnn

    run = hqnn.train(folder / "model.hqnn", folder / "table.csv", folder / "whole", progress=False)
    return {name: (run.path / name).read_text() for name in ("history.csv", "metrics.json", "predictions.csv")}


@pytest.mark.parametrize("kib", SIZES)
def test_a_full_disk_is_said_with_what_is_left_and_the_run_goes_on(found, whole, kib):
    ended = found[f"full {kib}"]
    first = ended["first"]
    assert first["code"] == 3, first
    assert "error[E0531]: cannot write to" in first["err"]
    assert "no space left on device" in first["err"]
    assert not [name for name in ended["left"] if name.rpartition("/")[2].startswith(".")]
    if any(name.endswith("last.pt") for name in ended["left"]):
        assert "its last checkpoint is whole, after epoch" in first["err"]
        assert f"`hqnn train SPEC DATA --out disk/{kib} --resume`" in first["err"]
    assert ended["again"]["code"] == 0, ended["again"]
    assert ended["texts"] == whole


def test_the_sizes_end_trainings_before_and_after_their_first_checkpoint(found):
    ends = [any(name.endswith("last.pt") for name in found[f"full {kib}"]["left"]) for kib in SIZES]
    assert set(ends) == {False, True}


def test_a_read_only_folder_is_read_and_what_would_write_is_refused(found):
    ended = found["read-only"]
    assert {name: ended[name]["code"] for name in ("predict", "evaluate", "runs", "replay", "report elsewhere")} == {
        "predict": 0, "evaluate": 0, "runs": 0, "replay": 0, "report elsewhere": 0,
    }  # fmt: skip
    assert ended["unchanged"]
    for name in ("new", "resume"):
        assert ended[name]["code"] == 3, ended[name]
        assert "error[E0531]: cannot write to `disk/" in ended[name]["err"]
    assert "may not be written to" in ended["resume"]["err"] or "read-only file system" in ended["resume"]["err"]
    for name in ("report", "out"):
        assert ended[name]["code"] == 1, ended[name]
        assert "E0603" in ended[name]["err"]
        assert "name another place with `--out`" in ended[name]["err"]
    assert ended["again"]["code"] == 0


SLOW = """
import sys, time
from hqnn_dsl.training.loop import Training
finish = Training.finish_epoch
def slowly(training, *losses):
    time.sleep(0.5)
    return finish(training, *losses)
Training.finish_epoch = slowly
sys.argv = ["hqnn", "train", "model.hqnn", "table.csv", "--out", "two"]
from hqnn_dsl.cli.main import main
main()
"""


def test_a_second_training_in_the_folder_is_refused_and_the_first_one_is_whole(folder, whole, hqnn_command):
    with subprocess.Popen(
        [sys.executable, "-c", SLOW], cwd=folder, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as first:
        assert first.stderr is not None
        while "epoch 1/" not in (line := first.stderr.readline()):
            assert line
        ends = [
            hqnn_command("train", "model.hqnn", "table.csv", "--out", "two", *words, cwd=folder)
            for words in ((), ("--resume",))
        ]
        _, errors = first.communicate(timeout=240)
    assert first.returncode == 0, errors
    assert [ended.code for ended in ends] == [2, 2]
    assert "E0547" in ends[1].err
    assert "another training writes to `two` now" in ends[1].err
    assert "wait for its end" in " ".join(ends[1].err.split())
    for name, text in whole.items():
        assert (folder / "two" / name).read_text() == text
