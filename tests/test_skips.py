"""The rule about skips is itself tested: a skip without a reason fails a run, one with a reason is listed."""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest


@pytest.mark.parametrize(
    ("mark", "code", "line"),
    [("skip(reason='no such device')", 0, "no such device"), ("skip", 1, "NO REASON GIVEN")],
)
def test_a_skip_needs_a_reason(tmp_path, mark, code, line):
    shutil.copy(Path(__file__).with_name("conftest.py"), tmp_path)
    test = f"import pytest\n@pytest.mark.{mark}\ndef test_a(): ...\ndef test_b(): ...\n"
    (tmp_path / "test_it.py").write_text(test)
    found = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", str(tmp_path)],
        capture_output=True,
        text=True,
        check=False,
        cwd=tmp_path,
    )
    assert found.returncode == code, found.stdout
    assert line in found.stdout
