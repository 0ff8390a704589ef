"""What a path given to `hqnn report` is: a run, a comparison, or an analysis. Loads nothing that is large."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

Kind = Literal["run", "comparison", "analysis"]

NAMES: dict[Kind, str] = {"run": "a run", "comparison": "a comparison", "analysis": "an analysis"}
"""The kinds as a sentence has them."""

_KNOWN_BY: tuple[tuple[Kind, Callable[[Path], bool]], ...] = (
    ("comparison", lambda path: os.path.lexists(path / "comparison.json")),
    ("analysis", lambda path: path.is_file()),
)
"""How each kind but a run is known; the first that holds decides."""


def kind_of(path: Path) -> Kind:
    """Returns what a path is, by what lies there: a run if it is nothing else, which its reader then checks."""
    try:
        return next((kind for kind, is_it in _KNOWN_BY if is_it(path)), "run")
    except (OSError, ValueError):
        return "run"
