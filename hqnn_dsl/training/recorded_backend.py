"""Which backend a run's record names, so that `backend auto` means the same when the run is used again."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from hqnn_dsl.diagnostics.diagnostic import Refusal
from hqnn_dsl.pipeline import backend_choice
from hqnn_dsl.semantics.resolved_text import choice_text
from hqnn_dsl.semantics.spec import Choice

if TYPE_CHECKING:
    from pathlib import Path

ENVIRONMENT = "environment.json"
"""The file of a run that says what it was made with; written before the first step, and again at the end."""
MOST_BYTES = 1 << 20


def recorded_backend(run: Path) -> Choice | None:
    """The backend with all its options, as the run has used it; None where nothing readable says so.

    A record that cannot be read is no damage: without it the backend is chosen as for a new run.
    """
    try:
        path = run / ENVIRONMENT
        if not path.is_file() or path.stat().st_size > MOST_BYTES:
            return None
        backend = json.loads(path.read_text(encoding="utf-8"))["backend"]
        if backend["asked"] == backend["name"]:
            return None
        return backend_choice(choice_text(Choice(name=backend["name"], options=backend["options"])))
    except (OSError, ValueError, KeyError, TypeError, AttributeError, RecursionError, Refusal):
        return None
