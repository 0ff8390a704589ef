"""Which files a spec may bring in: those of its folder and below, others where allowed; of these nothing is told."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
from pathlib import Path

import pytest

import hqnn_dsl as hqnn
from hqnn_dsl import limits, pipeline
from hqnn_dsl.diagnostics.diagnostic import Refusal
from hqnn_dsl.diagnostics.render import as_data, as_text
from hqnn_dsl.diagnostics.source import Source
from hqnn_dsl.files import read_small
from hqnn_dsl.semantics.used_files import read_spec

BLOCK = "hqnn 1\nansatz turn() { weight w; ry(w) 0 }\n"
MODEL = "model m {{ circuit on 2 qubits {{ feature_map angle(); ansatz turn() }}\ndecoder {{ dense }} }}"
SECRET = "root:$6$secret-of-the-machine:19000"


def write(path, text):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
    return path


def spec(folder, *used):
    uses = "".join(f'use "{path}"\n' for path in used)
    return write(folder / "spec.hqnn", f"hqnn 1\n{uses}" + MODEL.replace("{{", "{").replace("}}", "}"))


def refused(path, **options):
    """Codes and all that is printed, as text and as data."""
    with pytest.raises(Refusal) as error:
        hqnn.compile(path, **options)
    items = error.value.diagnostics
    printed = "\n".join([*map(as_text, items), json.dumps([as_data(item) for item in items]), str(error.value)])
    return [item.code for item in items if item.code != "E0202"], printed


def test_files_of_the_folder_and_below_are_read(tmp_path):
    write(tmp_path / "a" / "b" / "turn.hqnn", BLOCK)
    assert hqnn.compile(spec(tmp_path, "a/b/turn.hqnn")).logical.num_weights == 1
    assert hqnn.compile(spec(tmp_path, "a/../a/b/turn.hqnn")).logical.num_weights == 1
    assert hqnn.compile(spec(tmp_path, str(tmp_path / "a/b/turn.hqnn"))).logical.num_weights == 1


def test_a_used_file_may_use_files_of_the_specs_folder(tmp_path):
    write(tmp_path / "turn.hqnn", BLOCK)
    write(tmp_path / "a" / "more.hqnn", 'hqnn 1\nuse "../turn.hqnn"\nansatz outer() { ansatz turn() }\n')
    text = spec(tmp_path, "a/more.hqnn").read_text(encoding="utf-8").replace("ansatz turn", "ansatz outer")
    assert hqnn.compile(write(tmp_path / "spec.hqnn", text)).logical.num_weights == 1


@pytest.mark.parametrize("path", ["../turn.hqnn", "a/../../turn.hqnn", "{outside}", "link.hqnn", "folder/turn.hqnn"])
def test_files_elsewhere_need_to_be_allowed(tmp_path, path):
    outside, inside = write(tmp_path / "turn.hqnn", BLOCK), tmp_path / "inside"
    (inside / "a").mkdir(parents=True)
    (inside / "link.hqnn").symlink_to(outside)
    (inside / "folder").symlink_to(tmp_path)
    model = spec(inside, path.format(outside=outside))
    found, printed = refused(model)
    assert found == ["E0233"]
    assert "weight w" not in printed
    assert hqnn.compile(model, allow_path=tmp_path).logical.num_weights == 1
    assert hqnn.compile(model, allow_path=[str(tmp_path)]).logical.num_weights == 1
    assert refused(model, allow_path=[inside / "a"])[0] == ["E0233"]


def test_a_used_file_brings_in_nothing_from_elsewhere_either(tmp_path):
    write(tmp_path / "turn.hqnn", BLOCK)
    write(tmp_path / "inside" / "more.hqnn", 'hqnn 1\nuse "../turn.hqnn"\n')
    assert refused(spec(tmp_path / "inside", "more.hqnn"))[0] == ["E0233"]


@pytest.mark.parametrize(
    "make",
    [
        lambda path: write(path, SECRET), lambda path: path.mkdir(), os.mkfifo, lambda path: None,
        lambda path: write(path, SECRET).chmod(0), lambda path: path.symlink_to(path),
        lambda path: write(path, "hqnn 1\nlet = " + SECRET), lambda path: path.write_bytes(b"\xff\xfe"),
    ],
    ids=["a text", "a folder", "a pipe", "nothing", "unreadable", "a circle", "a spec", "no text"],
)  # fmt: skip
def test_what_is_said_of_a_file_elsewhere_does_not_depend_on_what_is_there(tmp_path, make):
    make(tmp_path / "there")
    found, printed = refused(spec(tmp_path / "inside", "../there"))
    assert found == ["E0233"]
    assert "secret" not in printed
    assert printed.splitlines()[0] == "error[E0233]: `../there` is not read: it lies outside the folder of the spec"
    assert f"or allow its folder: `--allow-path {tmp_path}/inside/..`" in printed


@pytest.mark.parametrize("secret", [SECRET, f"# a comment\n{SECRET}", f"hqnn\n{SECRET}", "", f"KEY=hqnn 1 {SECRET}"])
def test_nothing_is_shown_of_a_file_of_another_language(tmp_path, secret):
    write(tmp_path / "key.env", secret)
    found, printed = refused(spec(tmp_path, "key.env"))
    assert found == ["E0234"]
    assert "secret" not in printed


def test_a_spec_that_is_a_link_out_of_its_folder_shows_nothing_of_another_language(tmp_path):
    outside, link = write(tmp_path / "key", SECRET), tmp_path / "repository" / "spec.hqnn"
    link.parent.mkdir()
    link.symlink_to(outside)
    found, printed = refused(link)
    assert found == ["E0234"]
    assert "secret" not in printed
    write(outside, "hqnn 1\nlet a = 1\n")
    assert read_spec(link).text == "hqnn 1\nlet a = 1\n"


def test_a_text_reaches_the_working_directory_whatever_it_is_called(tmp_path, monkeypatch):
    write(tmp_path / "here" / "turn.hqnn", BLOCK)
    write(tmp_path / "key.hqnn", BLOCK)
    monkeypatch.chdir(tmp_path / "here")
    text = spec(tmp_path / "here", "turn.hqnn").read_text(encoding="utf-8")
    assert hqnn.compile_text(text, name="/elsewhere/spec").logical.num_weights == 1
    with pytest.raises(Refusal, match="E0233"):
        hqnn.compile_text(text.replace("turn.hqnn", "../key.hqnn"))
    assert hqnn.compile_text(text.replace("turn.hqnn", "../key.hqnn"), allow_path="..").logical.num_weights == 1


def test_an_allowed_folder_is_a_folder(tmp_path):
    for wrong in (tmp_path / "none", write(tmp_path / "file", "")):
        with pytest.raises(Refusal, match="--allow-path") as error:
            hqnn.compile(spec(tmp_path), allow_path=wrong)
        assert error.value.exit_code == 2


def test_options_see_the_blocks_of_allowed_folders(tmp_path):
    block = "hqnn 1\nansatz turn(reps: int = 1) { weight w[reps]; for r in 0..reps { ry(w[r]) 0 } }\n"
    write(tmp_path / "turn.hqnn", block)
    model = spec(tmp_path / "inside", "../turn.hqnn")
    assert hqnn.compile(model, {"turn.reps": 2}, allow_path=tmp_path).logical.num_weights == 2


def test_a_resolved_spec_needs_no_other_file(tmp_path):
    write(tmp_path / "turn.hqnn", BLOCK)
    program = hqnn.compile(spec(tmp_path / "inside", "../turn.hqnn"), allow_path=tmp_path)
    assert pipeline.program(Source("elsewhere/spec", program.resolved)).logical == program.logical


def test_a_file_used_too_often_is_told_of_once_a_line_and_too_many_once(tmp_path):
    found, _ = refused(spec(tmp_path, *["none.hqnn"] * 5))
    assert found == ["E0219"] * 5
    found, _ = refused(spec(tmp_path, *(f"none{i}.hqnn" for i in range(limits.MAX_FILES + 50))))
    assert found == ["E0219"] * limits.MAX_FILES + ["E0225"]


def test_a_chain_of_used_files_is_followed_as_far_as_files_are_read(tmp_path):
    for number in range(limits.MAX_FILES + 50):
        write(tmp_path / f"f{number}.hqnn", f'hqnn 1\nuse "f{number + 1}.hqnn"\n')
    assert refused(spec(tmp_path, "f0.hqnn"))[0] == ["E0225"]


def test_a_path_of_any_length_is_a_mistake(tmp_path):
    for path in ("a/" * 300_000, "../" * 200_000 + "x", "a" * 5_000):
        assert refused(spec(tmp_path, path))[0] == ["E0219"]


# ---------------------------------------------------------------- what is no file


def no_files(folder):
    """Paths of what is no regular file, with the word that says so."""
    os.mkfifo(folder / "pipe")
    server = socket.socket(socket.AF_UNIX)
    here = Path.cwd()
    os.chdir(folder)  # the names of sockets are short
    server.bind("socket")
    os.chdir(here)
    server.close()
    (folder / "folder").mkdir()
    (folder / "link").symlink_to("pipe")
    return {"pipe": "a pipe", "socket": "a socket", "folder": "a folder", "link": "a pipe"}


def test_what_is_no_file_is_refused_at_once(tmp_path):
    for name, word in no_files(tmp_path).items():
        found, printed = refused(spec(tmp_path, name))
        assert (found, word in printed) == (["E0219"], True), name
        found, printed = refused(tmp_path / name)
        assert (found, word in printed) == (["E0219"], True), name
    for device in ("/dev/zero", "/dev/null", "/dev/tty"):
        if Path(device).exists():
            found, printed = refused(device)
            assert (found, "a device" in printed) == (["E0219"], True)


def test_a_table_that_is_no_file_is_refused_at_once(tmp_path):
    from hqnn_dsl.data.tables import read_table

    for name, word in no_files(tmp_path).items():
        with pytest.raises(Refusal, match=rf"E0501.*{word}"):
            read_table(tmp_path / name)
    with pytest.raises(Refusal, match=r"E0501.*a device"):
        read_table("/dev/zero")


def test_what_takes_the_place_of_a_file_is_not_waited_for(tmp_path, monkeypatch):
    path = write(tmp_path / "file", "text")
    before = path.stat()
    path.unlink()
    os.mkfifo(path)
    real = type(path).stat
    monkeypatch.setattr(type(path), "stat", lambda self, **options: before if self == path else real(self, **options))
    with pytest.raises(OSError, match="it is a pipe"):
        read_small(path, 10)


def test_only_as_much_is_read_as_may_be_there(tmp_path):
    path = tmp_path / "large"
    with path.open("wb") as stream:
        stream.truncate(1 << 40)
    assert refused(path)[0] == ["E0219"]
    assert refused(spec(tmp_path, "large"))[0] == ["E0219"]
    assert read_small(write(tmp_path / "small", "12345"), 5) == b"12345"
    with pytest.raises(ValueError, match="more than 4"):
        read_small(tmp_path / "small", 4)


def test_a_circle_of_links_is_a_mistake(tmp_path):
    (tmp_path / "a").symlink_to("b")
    (tmp_path / "b").symlink_to("a")
    assert refused(tmp_path / "a")[0] == ["E0219"]
    assert refused(spec(tmp_path, "a"))[0] == ["E0219"]


def test_a_spec_from_a_pipe_is_refused_and_the_command_ends(tmp_path):
    command = [sys.executable, "-c", "from hqnn_dsl.cli.main import main; main()", "check", "/dev/stdin"]
    done = subprocess.run(command, input="hqnn 1\n", capture_output=True, text=True, timeout=120, check=False)
    assert (done.returncode, "E0219" in done.stderr) == (1, True)


@pytest.mark.parametrize("command", ["check", "compile", "train", "verify", "bench"])
def test_every_command_that_reads_a_spec_takes_allowed_folders(tmp_path, command, capsys, monkeypatch):
    from hqnn_dsl.cli.main import main

    write(tmp_path / "shared" / "turn.hqnn", BLOCK)
    model = spec(tmp_path / "inside", "../shared/turn.hqnn")
    (tmp_path / "table.csv").write_text("a,b,y\n1,2,3\n")
    table = [str(tmp_path / "table.csv")] if command == "train" else []
    wrong = ["--set", "turn.no_argument=1"]
    for allowed in ([], ["--allow-path", str(tmp_path / "shared")]):
        monkeypatch.setattr(sys, "argv", ["hqnn", command, str(model), *table, *(wrong if allowed else []), *allowed])
        with pytest.raises(SystemExit) as left:
            main()
        assert left.value.code in {1, 2}
        assert ("E0233" in capsys.readouterr().err) is not bool(allowed)
