"""A sweep as Python has it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from hqnn_dsl.diagnostics.tracebacks import public_class

if TYPE_CHECKING:
    from pathlib import Path

    import pandas as pd

    from hqnn_dsl.program import Program


@public_class
@dataclass(frozen=True, eq=False)
class Sweep:
    """Settings of a spec that were tried: where they are on disk, and what came out.

    `record` is `sweep.json` as plain data. `interrupted` says whether Ctrl-C came before all were done.
    """

    path: Path
    record: dict[str, Any]
    interrupted: bool = False

    @property
    def best(self) -> dict[str, Any] | None:
        """The setting of the best trial by whole paths, None if none is done."""
        return next((one["setting"] for one in self.record["trials"] if one["number"] == self.record["best"]), None)

    @property
    def test_scores(self) -> dict[str, float | None] | None:
        """The scores of the test rows of the best trial; None before all are done, and without test rows."""
        return next((one["scores"] for one in self.record["tested"] if one["number"] == self.record["best"]), None)

    @property
    def table(self) -> pd.DataFrame:
        """A row for each trial: its number, state, setting by whole paths, `value`, epochs, seconds and reason."""
        import pandas as pd

        beside = ("value", "epochs", "seconds", "reason")
        return pd.DataFrame(
            {
                "number": one["number"],
                "state": one["state"],
                **one["setting"],
                **{name: one[name] for name in beside},
            }
            for one in self.record["trials"]
        )

    def best_program(self) -> Program:
        """The best spec, compiled, to be trained. Raises `Refusal` E0219 if there is none."""
        from hqnn_dsl.pipeline import load_program
        from hqnn_dsl.science.sweeping.files import BEST

        return load_program(self.path / BEST)

    def __repr__(self) -> str:
        record = self.record
        state = "" if record["state"] == "complete" else " so far"
        counts = f"{record['done']} of {record['wanted']} trials done, {record['refused']} refused"
        return f"Sweep of {record['model']} in {self.path}: {counts}{state}; best: {self.best}"
