"""A wheel stands alone: installed in an empty environment, it compiles a spec from another directory.

The heavy dependencies are lent by this environment through PYTHONPATH; the package itself comes from the wheel.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import sysconfig
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent


def run(*command: object, **options: object) -> str:
    done = subprocess.run([str(word) for word in command], capture_output=True, text=True, check=False, **options)
    assert done.returncode == 0, f"{command}\n{done.stdout}\n{done.stderr}"
    return done.stdout


@pytest.fixture(scope="module")
def wheel(tmp_path_factory) -> Path:
    out = tmp_path_factory.mktemp("wheel")
    run(sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", out, ROOT)
    return next(out.glob("*.whl"))


def test_the_wheel_has_the_grammar_and_the_blocks(wheel):
    names = zipfile.ZipFile(wheel).namelist()
    assert "hqnn_dsl/syntax/hqnn.lark" in names
    assert "hqnn_dsl/syntax/tables.json" in names
    assert "hqnn_dsl/py.typed" in names
    assert {name for name in names if name.startswith("hqnn/")} == {"hqnn/__init__.py", "hqnn/py.typed"}
    blocks = {Path(name).name for name in names if name.startswith("hqnn_dsl/catalog/blocks/")}
    assert blocks == {path.name for path in (ROOT / "hqnn_dsl" / "catalog" / "blocks").iterdir()}
    pages = {Path(name).name for name in names if name.startswith("hqnn_dsl/report/templates/")}
    assert pages == {path.name for path in (ROOT / "hqnn_dsl" / "report" / "templates").iterdir()}
    assert not [name for name in names if name.startswith(("tests/", "docs/", "specs/"))]


def test_the_wheel_compiles_a_spec_elsewhere(wheel, tmp_path):
    run(sys.executable, "-m", "venv", "--without-pip", tmp_path / "env")
    python = tmp_path / "env" / "bin" / "python"
    site = run(python, "-c", "import sysconfig; print(sysconfig.get_path('purelib'))").strip()
    run(sys.executable, "-m", "pip", "install", "--quiet", "--no-deps", "--no-index", "--target", site, wheel)
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    shutil.copy(ROOT / "specs" / "model.hqnn", elsewhere)
    lent = {**os.environ, "PYTHONPATH": sysconfig.get_path("purelib")}
    where = run(python, "-c", "import hqnn_dsl; print(hqnn_dsl.__file__)", cwd=elsewhere, env=lent).strip()
    assert where.startswith(str(tmp_path)), where
    short = run(python, "-c", "import hqnn; print(hqnn.__file__, hqnn.compile('model.hqnn'))", cwd=elsewhere, env=lent)
    assert short.startswith(str(tmp_path)), short
    assert "<Program yacht" in short
    command = "from hqnn_dsl.cli.main import main; main()"
    run(python, "-c", command, "compile", "model.hqnn", "--emit", "qasm", "--out", "out", cwd=elsewhere, env=lent)
    assert "OPENQASM 3" in (elsewhere / "out" / "transpiled.qasm").read_text(encoding="utf-8")
