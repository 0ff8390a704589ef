"""Streams that are full, closed, broken or not UTF-8, and hostile names: readable words, exit codes, nothing lost."""

from __future__ import annotations

import errno
import io
import json
import os
import subprocess
import sys

import numpy as np
import pandas as pd
import pytest

from hqnn_dsl.cli import main as entry
from hqnn_dsl.cli import output, streams
from hqnn_dsl.diagnostics.terminal import READABLE

SPEC = """\
hqnn 1
model small {
  encoder { dense(2); tanh * pi }
  circuit on 2 qubits { feature_map angle(); ansatz brickwork(reps: 1); measure x }
  decoder { dense }
  train { epochs 1; batch 16; seed 3 }
  backend reference
}
"""
HOSTILE = "c\x1b[31m\nerror[E9999]: forged\u202e\u2028d"


class Failing(io.RawIOBase):
    """A file that takes nothing."""

    def __init__(self, number: int) -> None:
        super().__init__()
        self.number = number

    def writable(self) -> bool:
        return True

    def write(self, data) -> int:
        raise OSError(self.number, os.strerror(self.number))


class Kept(io.BytesIO):
    """Bytes that outlive the stream that wrote them."""

    def close(self) -> None:
        pass


def failing(number: int) -> io.TextIOWrapper:
    return io.TextIOWrapper(io.BufferedWriter(Failing(number)), encoding="utf-8", errors=READABLE)


@pytest.fixture
def command(monkeypatch, capfd):
    """Runs a command, with other streams where given; gives its exit code, standard output and standard error."""

    def run(*arguments: object, stdout=None, stderr=None) -> tuple[int, str, str]:
        monkeypatch.setattr(sys, "argv", ["hqnn", *map(str, arguments)])
        monkeypatch.setattr(output, "_as_json", False)
        capfd.readouterr()
        with monkeypatch.context() as streams_of:
            if stdout is not None:
                streams_of.setattr(sys, "stdout", stdout)
            if stderr is not None:
                streams_of.setattr(sys, "stderr", stderr)
            try:
                entry.main()
                code = 0
            except SystemExit as leaving:
                code = int(leaving.code or 0)
        return code, *capfd.readouterr()

    return run


@pytest.fixture
def files(tmp_path, monkeypatch):
    """A spec and a table in the current folder."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "small.hqnn").write_text(SPEC, encoding="utf-8")
    rows = np.random.default_rng(1).normal(size=(40, 3))
    pd.DataFrame(rows, columns=["a", "b", "y"]).to_csv(tmp_path / "table.csv", index=False)
    return tmp_path


@pytest.fixture
def trained(files, command):
    assert command("train", "small.hqnn", "table.csv", "--out", "run")[0] == 0
    return files


RESULTS = [
    ("explain",), ("explain", "E0107"), ("--version",), ("--help",), ("check", "small.hqnn"), ("check",
    "small.hqnn", "--resolved"),
    ("check", "small.hqnn", "--format", "json"), ("compile", "small.hqnn", "table.csv", "--emit", "text"),
    ("predict", "run", "table.csv"), ("evaluate", "run", "table.csv"), ("evaluate", "run", "table.csv", "--json"),
]  # fmt: skip


@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EBADF, errno.EIO], ids=["full", "closed", "broken"])
def test_a_result_that_cannot_be_written_is_the_environments_lack(trained, command, number):
    for arguments in RESULTS:
        code, _, err = command(*arguments, stdout=failing(number))
        assert (code, "Traceback" in err) == (3, False), (arguments, err)
        assert "error[E0620]" in err
    assert command("train", "nosuch.hqnn", "table.csv", stdout=failing(number))[0] == 1


def test_a_training_is_not_lost_for_its_last_line(files, command):
    code, _, err = command("train", "small.hqnn", "table.csv", "--out", "run", stdout=failing(errno.ENOSPC))
    assert code == 3
    assert "the run is complete, in run" in err
    assert command("predict", "run", "table.csv")[0] == 0


@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EPIPE, errno.EBADF])
def test_messages_that_nobody_can_read_change_nothing(trained, command, number):
    for arguments, wanted in [
        (("train", "small.hqnn", "table.csv", "--out", f"run{number}"), 0),
        (("check", "nosuch.hqnn"), 1),
        (("check", "small.hqnn", "--set", "nothing=1"), 2),
        (("evaluate", "run", "table.csv"), 0),
        (("nosuch",), 2),
    ]:
        code, out, _ = command(*arguments, stderr=failing(number))
        assert code == wanted, arguments
        assert bool(out) == (wanted == 0)


def test_a_reader_that_stops_is_no_mistake(trained, command):
    for arguments in RESULTS:
        if arguments[0] != "--help":  # click has its own code for it
            code, _, err = command(*arguments, stdout=failing(errno.EPIPE))
            assert (code, err) == (0, ""), arguments


def test_a_refusal_as_json_that_cannot_be_written_is_said_as_text(files, command):
    code, _, err = command("check", "nosuch.hqnn", "--format", "json", stdout=failing(errno.ENOSPC))
    assert code == 3
    assert "error[E0219]" in err
    assert "error[E0620]" in err


@pytest.mark.parametrize("encoding", ["ascii", "iso-8859-1"])
def test_every_result_is_readable_in_every_encoding(trained, command, encoding):
    (trained / "small.hqnn").write_text(SPEC.replace("model small", "## Größe ≈ 面積\nmodel small"), encoding="utf-8")
    for arguments in [*RESULTS, ("train", "small.hqnn", "table.csv", "--out", encoding), ("check", "面積.hqnn")]:
        raw, messages = Kept(), Kept()
        code, _, err = command(
            *arguments,
            stdout=io.TextIOWrapper(raw, encoding=encoding),
            stderr=io.TextIOWrapper(messages, encoding=encoding, line_buffering=True),
        )
        assert code == (1 if arguments[1:] == ("面積.hqnn",) else 0), (arguments, messages.getvalue())
        assert not err
        assert raw.getvalue() or code


def test_data_on_standard_output_are_utf8_in_every_encoding(files, command):
    named = pd.read_csv("table.csv").rename(columns={"y": "Größe ²"})
    named.to_csv("named.csv", index=False)
    assert command("train", "small.hqnn", "named.csv", "--out", "named")[0] == 0
    assert command("predict", "named", "named.csv", "--out", "answers.csv")[0] == 0
    raw = Kept()
    assert command("predict", "named", "named.csv", stdout=io.TextIOWrapper(raw, encoding="ascii"))[0] == 0
    assert raw.getvalue() == (files / "answers.csv").read_bytes()


def test_hostile_names_reach_no_terminal(files, command):
    """A column, a file, a folder, a constant's text and an option with control characters, through every command."""
    hostile = files / f"t{HOSTILE}.csv".replace("\u2028", "")
    pd.read_csv("table.csv").rename(columns={"a": HOSTILE, "y": f"y{HOSTILE}"}).to_csv(hostile, index=False)
    spec = files / f"s{HOSTILE}.hqnn"
    spec.write_text(SPEC, encoding="utf-8")
    texted = files / "texted.hqnn"
    texted.write_text(
        SPEC.replace("encoder", 'data { target "\x1b[31m\\nerror: x\u202e" }\n  encoder'), encoding="utf-8"
    )
    run = f"run{HOSTILE}"
    for arguments in [
        ("check", spec), ("check", "small.hqnn", hostile), ("check", texted, hostile), ("check", f"nosuch{HOSTILE}"),
        ("check", "small.hqnn", "--set", f'data.target="{HOSTILE[:6]}"'), ("check", "small.hqnn", "--set",
        f"{HOSTILE}=1"),
        ("check", "small.hqnn", "--set", f"train.loss={HOSTILE}"), ("check", "small.hqnn", "--set", HOSTILE),
        ("check", "small.hqnn", "--format", HOSTILE), ("check", "a", "b", HOSTILE), (HOSTILE,), ("explain", HOSTILE),
        ("compile", spec, hostile, "--emit", "text", "--out", f"out{HOSTILE}"), ("compile", spec, "--emit", HOSTILE),
        ("train", "small.hqnn", hostile, "--out", run), ("train", texted, hostile), ("predict", run, "table.csv"),
        ("predict", run, hostile, "--out", f"answers{HOSTILE}"), ("evaluate", run, hostile), ("evaluate",
        run, "table.csv"),
        ("evaluate", f"nosuch{HOSTILE}", hostile), ("verify", texted), ("bench", f"nosuch{HOSTILE}"),
        ("evaluate", run, hostile, "--set", f"backend={HOSTILE}"),
    ]:  # fmt: skip
        code, out, err = command(*arguments)
        assert code != entry.EXIT_BUG, err
        shown = (out + err).replace("\r", "\n")  # the progress bar's own
        assert all(char == "\n" or char.isprintable() for char in shown), (arguments, shown)
        assert "\nerror[E9999]" not in shown


@pytest.mark.skipif(os.name != "posix", reason="shells close streams this way on POSIX")
@pytest.mark.parametrize(
    ("shell", "code", "said"),
    [
        ("HQNN check small.hqnn >&-", 3, "it is closed"),
        ("HQNN check small.hqnn 2>&-", 0, ""),
        ("HQNN check nosuch.hqnn <&- >&- 2>&-", 1, ""),
        ("HQNN explain <&- | head -1 >/dev/null; exit ${PIPESTATUS[0]}", 0, ""),
        ("PYTHONUTF8=0 PYTHONCOERCECLOCALE=0 LC_ALL=C HQNN explain E0107", 0, ""),
    ],
)
def test_through_a_shell(files, shell, code, said):
    found = subprocess.run(
        ["bash", "-c", shell.replace("HQNN", '"$0" -c "from hqnn_dsl.cli.main import main; main()"'), sys.executable],
        capture_output=True, text=True, encoding="utf-8", check=False,
    )  # fmt: skip
    assert (found.returncode, "Traceback" in found.stderr) == (code, False), found.stderr
    assert said in found.stderr


def test_standard_error_drops_what_it_cannot_take_and_is_otherwise_itself():
    quiet = streams.Patient(failing(errno.ENOSPC))
    assert quiet.write("lost") == 4
    quiet.flush()
    assert quiet.encoding == "utf-8"
    closed = io.StringIO()
    closed.close()
    assert not streams.Patient(closed).isatty()


def test_json_of_hostile_names_is_exact(files, command):
    code, out, _ = command("check", f"no{HOSTILE}", "--format", "json")
    assert code == 1
    assert HOSTILE in json.loads(out)["diagnostics"][0]["message"]
    assert all(char == "\n" or char.isprintable() for char in out)
