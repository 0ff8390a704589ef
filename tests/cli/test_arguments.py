"""What stands on a command line is looked at before anything heavy is imported, and the advice can be typed."""

from __future__ import annotations

import json
import os
import re
import shlex
import subprocess
import sys

import pytest
from typer.main import get_command

from hqnn_dsl.cli import main as entry
from hqnn_dsl.cli import output
from hqnn_dsl.cli.examples import lines_of

SPEC = (
    "hqnn 1\nmodel m { encoder { dense(2); tanh * pi } circuit on 2 qubits { feature_map angle(); measure z } "
    "decoder { dense(1) } }\n"
)
HEAVY = {"torch", "qiskit", "pandas", "numpy", "sklearn", "scipy", "matplotlib", "numba", "sympy"}
COMMANDS = sorted(get_command(entry.app).commands)


@pytest.fixture
def say(monkeypatch, capfd, tmp_path):
    """Runs a command in a folder with a spec and a table; gives its exit code and both outputs."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "m.hqnn").write_text(SPEC, encoding="utf-8")
    (tmp_path / "t.csv").write_text("a,b,y\n1,2,3\n", encoding="utf-8")

    def run(*words: str) -> tuple[int, str, str]:
        monkeypatch.setattr(sys, "argv", ["hqnn", *words])
        monkeypatch.setattr(output, "_as_json", False)
        capfd.readouterr()
        with pytest.raises(SystemExit) as leaving:
            entry.main()
        out, err = capfd.readouterr()
        assert "Traceback" not in err
        return int(leaving.value.code or 0), out, err

    return run


@pytest.mark.parametrize(
    ("line", "exit_code", "code"),
    [
        ("train t.csv m.hqnn", 2, "E0640"),
        ("check t.csv m.hqnn", 2, "E0640"),
        ("compile t.csv m.hqnn", 2, "E0640"),
        ("predict m.hqnn t.csv", 1, "E0532"),
        ("evaluate t.csv t.csv", 1, "E0532"),
        ("bench t.csv", 1, "E0641"),
        ("train m.hqnn m.hqnn", 1, "E0641"),
        ("train m.hqnn nowhere.csv", 1, "E0501"),
        ("train nowhere.hqnn t.csv", 1, "E0219"),
        ("verify nowhere.hqnn", 1, "E0219"),
        ("predict nowhere t.csv", 1, "E0532"),
        ("train m.hqnn t.csv --epochs 5", 2, "E0642"),
        ("compile m.hqnn --optimisation 3", 2, "E0642"),
        ("trian m.hqnn t.csv", 2, "E0643"),
        ("help trian", 2, "E0643"),
        ("runs nowhere", 2, "E0644"),
        ("compile m.hqnn --emit qasn", 2, "E0605"),
        ("bench m.hqnn --set epochs", 2, "E0605"),
    ],
)
def test_a_wrong_command_line_needs_no_heavy_package(tmp_path, line, exit_code, code):
    (tmp_path / "m.hqnn").write_text(SPEC, encoding="utf-8")
    (tmp_path / "t.csv").write_text("a,b,y\n1,2,3\n", encoding="utf-8")
    program = (
        "import sys, atexit\n"
        "atexit.register(lambda: print(*{name.split('.')[0] for name in sys.modules}))\n"
        "from hqnn_dsl.cli.main import main\n"
        f"sys.argv = ['hqnn', *{shlex.split(line)!r}]\n"
        "main()\n"
    )
    done = subprocess.run([sys.executable, "-c", program], check=False, cwd=tmp_path, capture_output=True, text=True)
    assert done.returncode == exit_code, done.stderr
    assert f"error[{code}]" in done.stderr
    assert not HEAVY & set(done.stdout.split())


def test_swapped_arguments_come_with_the_command_to_type(say):
    _, _, err = say("check", "t.csv", "m.hqnn")
    advice = re.search(r"type `hqnn (.*)`", err)[1]
    code, _, err = say(*shlex.split(advice))
    assert "E0640" not in err
    assert code in {0, 1}  # the spec and its table are read now


@pytest.mark.parametrize(
    ("given", "advice"),
    [
        (["--epochs", "5"], "--set epochs=5"),
        (["--epochs=5"], "--set epochs=5"),
        (["--lr", "0.1"], "--set optimizer.lr=0.1"),
        (["--batch-size", "8"], "--set batch=8"),
        (["--backend", "reference"], "--set backend=reference"),
        (["--seed"], "--set seed=VALUE"),
    ],
)
def test_a_setting_as_an_option_is_answered_once_with_what_to_type(say, given, advice):
    code, _, err = say("check", "m.hqnn", *given)
    assert code == 2
    assert err.count(f"`{advice}`") == 1
    if "VALUE" not in advice:
        say_again = say("check", "m.hqnn", *shlex.split(advice))
        assert say_again[0] == 0, say_again[2]


def test_a_misspelt_option_and_command_are_answered_once(say):
    assert say("train", "--opt")[2].count("did you mean `--out`") == 1
    assert say("trian")[2].count("did you mean") == 1


def test_a_wrong_command_line_as_json_is_one_document(say):
    code, out, err = say("train", "t.csv", "m.hqnn", "--json")
    assert (code, err) == (2, "")
    assert json.loads(out)["diagnostics"][0]["code"] == "E0640"


def test_an_unknown_option_as_json_is_one_document(say):
    code, out, err = say("train", "m.hqnn", "t.csv", "--json", "--epochs", "3")
    assert (code, err) == (2, "")
    assert "--set epochs=3" in json.loads(out)["diagnostics"][0]["help"]
    assert say("predict", "run", "t.csv", "--json")[1] == ""


@pytest.mark.parametrize(
    ("given", "said"),
    [
        (["train", "m.hqnn", "--json"], "`hqnn train`: missing argument 'DATA'"),
        (["train", "--json"], "missing argument 'SPEC'"),
        (["train", "m.hqnn", "t.csv", "--folds", "x", "--json"], "'x' is not a valid int"),
        (["train", "m.hqnn", "t.csv", "--json", "--folds"], "'--folds' requires an argument"),
        (["runs", "--json", "--sort", "foo"], "'foo'"),
        (["runs", "--json", "here", "there"], "there"),
        (["doctor", "--json", "x"], "unexpected extra argument"),
        (["check", "m.hqnn", "t.csv", "x", "--format", "json"], "unexpected extra argument"),
        (["check", "--format=json"], "missing argument 'SPEC'"),
    ],
)
def test_a_command_line_that_cannot_be_read_is_one_json_document(say, given, said):
    code, out, err = say(*given)
    assert (code, err) == (2, "")
    (item,) = json.loads(out)["diagnostics"]
    assert item["code"] == "E0645"
    assert said in item["message"]
    assert item["help"] == f"`hqnn help {given[0]}` lists its arguments and options"
    rest = [word for word in given if word not in {"--json", "--format=json", "--format", "json"}]
    code, out, err = say(*rest)
    assert out == ""
    assert (code, "E0645" in err) == ((2, False) if rest != ["runs"] else (0, False))


def test_words_behind_two_dashes_ask_for_nothing(say):
    code, out, err = say("train", "--", "--json")
    assert (code, out) == (2, "")
    assert "Missing argument" in err


@pytest.mark.parametrize("command", COMMANDS)
def test_help_describes_every_argument_and_ends_with_examples(say, command):
    row = get_command(entry.app).commands[command]
    code, out, _ = say("help", command)
    row.get_help(row.make_context(command, [], resilient_parsing=True))
    assert all(parameter.help for parameter in row.params)
    assert code == 0
    flat = " ".join(out.split())
    for line in lines_of(command):
        assert line in flat
    assert say(command, "--help")[1].split() == out.split()


@pytest.mark.parametrize("command", COMMANDS)
def test_every_example_is_understood(command):
    row = get_command(entry.app).commands[command]
    for line in lines_of(command):
        words = shlex.split(line)[1:]
        assert words.pop(0) == command
        row.make_context(command, words)


def test_the_plots_of_a_notebook_do_not_reach_a_command(tmp_path):
    environment = {**os.environ, "MPLBACKEND": "module://matplotlib_inline.backend_inline"}
    program = (
        "import sys\nfrom hqnn_dsl.cli.main import main\nsys.argv = ['hqnn', '--version']\n"
        "try:\n    main()\nexcept SystemExit:\n    pass\n"
        "import matplotlib\nprint(matplotlib.get_backend())\n"
    )
    done = subprocess.run([sys.executable, "-c", program], check=False, env=environment, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert "inline" not in done.stdout
