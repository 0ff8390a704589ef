"""Runs whose files are not bound to each other, as earlier versions wrote them: a test may then change one of them."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path


def unbind(run: Path) -> Path:
    """Take the hashes of the other files out of `metrics.json`. Returns the run."""
    file = run / "metrics.json"
    metrics = json.loads(file.read_text(encoding="utf-8"))
    del metrics["files"], metrics["trains"]
    file.write_text(json.dumps(metrics), encoding="utf-8")
    return run
