"""The README's snippets run, in order, as a reader would type them, beside a copy of the repository's specs."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
README = (ROOT / "README.md").read_text(encoding="utf-8")


def snippets(language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```", README, flags=re.DOTALL | re.MULTILINE)


@pytest.fixture(scope="module")
def place(tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("readme")
    shutil.copytree(ROOT / "specs", folder / "specs")
    return folder


def run(command: list[str], place: Path) -> subprocess.CompletedProcess[str]:
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    done = subprocess.run(
        command, cwd=place, env={**os.environ, "PATH": path}, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, f"{command}\n{done.stdout}\n{done.stderr}"
    return done


def test_the_shell_snippets_run(place):
    lines = [line for snippet in snippets("sh")[1:] for line in snippet.splitlines()]
    assert len(lines) >= 7
    for line in lines:
        run(["sh", "-ec", line], place)
    for name in ("logical.qasm", "transpiled.qpy", "logical.png", "module.pt", "static.json"):
        assert (place / "compiled" / "yacht" / name).stat().st_size > 0
    assert (place / "runs" / "tour-predictions.csv").read_text(encoding="utf-8").count("\n") == 309


def test_the_two_commands_are_targets_of_the_makefile():
    wanted = [line.split()[1] for line in snippets("sh")[0].splitlines()]
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    assert wanted == ["train", "test"]
    for target in wanted:
        assert re.search(rf"^{target}: ", makefile, flags=re.MULTILINE)


def test_the_python_snippets_run(place):
    for snippet in snippets("python"):
        run([sys.executable, "-c", snippet], place)


def test_the_specs_of_the_readme_are_fine(place):
    found = snippets("hqnn")
    assert found
    for number, text in enumerate(found):
        (place / f"readme{number}.hqnn").write_text(text, encoding="utf-8")
        run(["hqnn", "check", f"readme{number}.hqnn"], place)


def test_the_shown_diagnostic_is_what_is_printed(place):
    """The text block of the README is rendered from a spec with that mistake."""
    text = (place / "specs" / "model.hqnn").read_text(encoding="utf-8")
    text = text.replace("dense(width)", "dense(6)").replace("feature_map angle(axis: y)", "feature_map zz(reps: 2)")
    (place / "wrong.hqnn").write_text(text, encoding="utf-8")
    done = subprocess.run(
        [sys.executable, "-c", ("from hqnn_dsl.cli.main import main; import sys; sys.argv = ['hqnn', 'check', "
         "'wrong.hqnn']; main()")],
        cwd=place, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 1
    shown = snippets("text")[0].splitlines()
    for line in (shown[0], shown[-1]):
        assert line.strip() in done.stderr
