"""CONTRIBUTING.md is true: its commands are there, its tests collect, its examples stand in the files that it names."""

from __future__ import annotations

import re
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest

from hqnn_dsl.diagnostics.source import Source
from hqnn_dsl.pipeline import check

ROOT = Path(__file__).parent.parent
PAGE = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
FENCE = re.compile(r"^```(?P<language>\w+) ?(?P<path>\S*)\n(?P<text>.*?)^```", flags=re.DOTALL | re.MULTILINE)
SNIPPETS = [match.groupdict() for match in FENCE.finditer(PAGE)]
EXAMPLES = [row for row in SNIPPETS if row["path"]]
COMMANDS = [
    line.partition(" #")[0].strip() for row in SNIPPETS if row["language"] == "sh" for line in row["text"].splitlines()
]
ELISION = "# …"


def begun_with(words: str) -> list[str]:
    """Returns the rest of each command of the page that begins with these words."""
    return [command.removeprefix(words).strip() for command in COMMANDS if command.startswith(words)]


def test_there_are_no_other_commands_than_those_that_are_tested():
    known = (
        ".venv/bin/python -m pytest", ".venv/bin/python docs/", ".venv/bin/python -m benchmarks.run",
        ".venv/bin/python -m pip install pre-commit", ".venv/bin/pre-commit install", "make ", "bash .ci/run",
        "git worktree add ../before main",
    )  # fmt: skip
    assert len(COMMANDS) > 15
    assert [command for command in COMMANDS if not command.startswith(known)] == []


def test_targets_are_those_of_the_makefile():
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    targets = {*begun_with("make "), *re.findall(r"`make(?: PYTHON=\S+)? ([a-z-]+)`", PAGE)}
    assert {"test", "check", "bench-quick"} <= targets
    for target in targets:
        assert re.search(rf"^{target}: ", makefile, flags=re.MULTILINE), target


def test_the_tests_that_it_names_collect():
    words = [word for rest in begun_with(".venv/bin/python -m pytest") for word in rest.split() if word[0] != "-"]
    assert len(words) >= 6
    command = [sys.executable, "-m", "pytest", "--collect-only", "-q", "-p", "no:cacheprovider", *dict.fromkeys(words)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout[-2000:]
    for word in words:
        assert word in done.stdout, word


def test_its_programs_take_what_they_are_given():
    assert all((ROOT / path).is_file() for path in begun_with(".venv/bin/python docs/") for path in [f"docs/{path}"])
    (options,) = begun_with(".venv/bin/python -m benchmarks.run")
    program = "import sys; from benchmarks import run; sys.argv = ['run', *sys.argv[1:]]; print(run.arguments())"
    command = [sys.executable, "-c", program, *options.split()]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert "zz:8x64" in done.stdout


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda example: example["path"])
def test_an_example_stands_in_its_file(example):
    """Its lines are there in that order, with nothing between but where it says that something is left out."""
    parts = textwrap.dedent(example["text"]).split(ELISION)
    lines = "\n".join(line.strip() for line in (ROOT / example["path"]).read_text(encoding="utf-8").splitlines())
    at = 0
    for part in parts:
        wanted = "\n".join(line.strip() for line in part.strip().splitlines())
        place = lines.find(wanted, at)
        assert place >= 0, wanted
        at = place + len(wanted)


def test_the_example_of_a_block_is_fine():
    (text,) = (row["text"] for row in SNIPPETS if row["language"] == "hqnn")
    assert check(Source("line.hqnn", text)) == ()


def test_every_kind_of_addition_has_a_command_and_the_folder_is_there():
    parts = re.split(r"^### ", PAGE.partition("## Add something")[2].partition("\n## Measure")[0], flags=re.MULTILINE)
    assert len(parts) == 7
    for part in parts[1:]:
        assert "```sh\n.venv/bin/python -m pytest" in part, part
        path = re.search(r"`(hqnn_dsl/[\w/.]+)`", part)
        assert path is not None, part
        assert (ROOT / path[1]).exists(), path[1]
