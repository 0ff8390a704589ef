"""The question before a device that costs, typed in a real terminal: a pseudo-terminal, and a device of the tests."""

from __future__ import annotations

import os
import re
import select
import subprocess
import sys
import time
from pathlib import Path

import pytest

pty = pytest.importorskip("pty", reason="pseudo-terminals are a thing of Unix")

HERE = Path(__file__).resolve().parent
SPEC = """hqnn 1
model tiny {
  data { target y; split validation: 4, test: 4 }
  circuit on 2 qubits { feature_map angle(); ansatz real_amplitudes(reps: 1); measure z }
  decoder { dense }
  train { epochs 1; batch 20; stop none }
  backend primitive("ibm_test", shots: 100)
}
"""
QUESTION, ENDED = "run this, at your cost? [y/N] ", re.compile(r"ended (\d+) arrived (\d+)")
TRAIN = "train m.hqnn d.csv --out"
LONGEST = 120.0
"""Seconds until the other side must have said something."""


class Terminal:
    """A process at a pseudo-terminal."""

    def __init__(self, folder: Path, *commands: str) -> None:
        self.screen = ""
        self.here, there = pty.openpty()
        paths = os.pathsep.join([str(HERE.parent.parent), str(HERE.parent / "training")])
        self.process = subprocess.Popen(
            [sys.executable, str(HERE / "on_paid_device.py"), *commands],
            stdin=there,
            stdout=there,
            stderr=there,
            cwd=folder,
            start_new_session=True,
            env={**os.environ, "PYTHONPATH": paths, "NO_COLOR": "1"},
        )
        os.close(there)

    def until(self, wanted: str | re.Pattern[str]) -> re.Match[str]:
        """Read on to where `wanted` is said; what is on the screen until there is forgotten."""
        pattern, end = re.compile(wanted) if isinstance(wanted, str) else wanted, time.monotonic() + LONGEST
        while not (found := pattern.search(self.screen)):
            ready, _, _ = select.select([self.here], [], [], max(0.0, end - time.monotonic()))
            assert ready, f"nothing more came:\n{self.screen}"
            self.screen += os.read(self.here, 65536).decode().replace("\r\n", "\n")
        self.said, self.screen = self.screen[: found.start()], self.screen[found.end() :]
        return found

    def type(self, text: str) -> None:
        os.write(self.here, text.encode())

    def close(self) -> None:
        self.process.kill()
        self.process.wait()
        os.close(self.here)


def test_only_yes_is_yes_and_nothing_is_sent_before(tmp_path: Path) -> None:
    (tmp_path / "m.hqnn").write_text(SPEC)
    rows = [f"0.{k},-0.{k % 7},1.{k % 3}" for k in range(1, 25)]
    (tmp_path / "d.csv").write_text("\n".join(["a,b,y", *rows]) + "\n")
    answers = {"n\n": 2, "\n": 2, "yess\n": 2, "\x04": 2, "\x03": 130, "y\n": 0, " YES \n": 0}
    commands = [f"{TRAIN} run-{place}" for place in range(len(answers))]
    terminal = Terminal(
        tmp_path, *commands, "predict run-5 d.csv", "evaluate run-5 d.csv", "evaluate run-5 d.csv --yes"
    )
    try:
        for place, (answer, wanted) in enumerate(answers.items()):
            terminal.until(re.escape(QUESTION))
            assert "on ibm_test:" in terminal.said
            assert "prediction of all 24 rows" in terminal.said
            terminal.type(answer)
            code, arrived = map(int, terminal.until(ENDED).groups())
            assert code == wanted, terminal.said
            assert (arrived > 0) == (wanted == 0)
            assert (tmp_path / f"run-{place}" / "checkpoints").is_dir() == (wanted == 0)
            assert ("E0759" in terminal.said) == (wanted == 2)
        terminal.until(re.escape(QUESTION))
        assert "prediction of 24 rows" in terminal.said
        terminal.type("y\n")
        assert terminal.until(ENDED).groups() == ("0", "24")
        terminal.until(re.escape(QUESTION))
        terminal.type("n\n")
        assert terminal.until(ENDED).groups() == ("2", "0")
        assert terminal.until(ENDED).groups() == ("0", "24")
        assert QUESTION not in terminal.said
        assert terminal.process.wait(LONGEST) == 0
    finally:
        terminal.close()
