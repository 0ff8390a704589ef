"""A comparison as Python has it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from hqnn_dsl.diagnostics.tracebacks import public_class

if TYPE_CHECKING:
    from pathlib import Path

    import pandas as pd


@public_class
@dataclass(frozen=True, eq=False)
class Comparison:
    """A model beside its controls and classical models: where it is on disk, and what came out.

    `record` is `comparison.json` as plain data. `interrupted` says whether Ctrl-C came before all were done.
    """

    path: Path
    record: dict[str, Any]
    interrupted: bool = False

    @property
    def verdict(self) -> tuple[str, ...]:
        """The sentences that the statistics allow; none until all contenders are done."""
        return tuple(self.record["verdict"])

    @property
    def table(self) -> pd.DataFrame:
        """A row for each contender, and for each number of rows: its weights, the mean of the score that decides and
        its deviation over units, and the model's difference from it with its interval, adjusted p-value and finding.
        """
        import pandas as pd

        weights = {one["name"]: one["weights"] for one in self.record["contenders"]}
        lines = []
        for entry in self.record["statistics"]:
            against = {} if entry is None else {one["other"]: one for one in entry["comparisons"]}
            for name, mean in ({} if entry is None else entry["means"]).items():
                one = against.get(name, {})
                beside = {key: one.get(key) for key in ("difference", "low", "high", "adjusted", "finding")}
                rows = {} if len(self.record["statistics"]) == 1 else {"rows": entry["rows"]}
                lines.append({**rows, "contender": name, "weights": weights[name], **mean, **beside})
        return pd.DataFrame(lines)

    def __repr__(self) -> str:
        state = "" if self.record["state"] == "complete" else f" ({self.record['done']} results so far)"
        return "\n".join([f"Comparison of {self.record['model']} in {self.path}{state}", *self.verdict])
