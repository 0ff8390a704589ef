"""A trained run on another backend beside its own: trained exact, tested on noise or on a device."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from hqnn_dsl.api import Run


@dataclass(frozen=True)
class Scored:
    """Scores as `Run.evaluate` gives them, and what ran the circuit."""

    metrics: dict[str, Any]
    backend: dict[str, Any]

    @property
    def title(self) -> str:
        """The backend's name, with the device where it is named."""
        device = self.backend["options"].get("name")
        return f"{self.backend['name']} {device}" if device else str(self.backend["name"])

    @property
    def full(self) -> str:
        """The backend with all its options, as a spec writes it."""
        given = ", ".join(f"{name}: {_text(value)}" for name, value in self.backend["options"].items())
        return f"{self.backend['name']}({given})" if given else str(self.backend["name"])


def both(path: Path, data: Path, changes: Mapping[str, str]) -> tuple[Scored, Scored | None]:
    """The scores that were asked for, and those of the run's own backend where another one was asked for.

    The other backend comes first, so that what is wrong with it is said before anything is computed. Its own is left
    out where it is a device that costs. Raises `Refusal`.
    """
    from hqnn_dsl import api
    from hqnn_dsl.backends import offered

    run = api.open_run(path, changes)
    asked, own = _scored(run, data), run.trained_on
    costs = own.name in offered() and offered()[own.name].paid(own.options)
    return asked, _scored(api.open_run(path), data) if changes and not costs else None


def _scored(run: Run, data: Path) -> Scored:
    metrics = run.evaluate(data)
    return Scored(metrics, run.backend)


def _text(value: object) -> str:
    return "none" if value is None else str(value).lower() if isinstance(value, bool) else str(value)
