"""Which contenders have failed on which units, and why."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hqnn_dsl.diagnostics.quantities import count
from hqnn_dsl.science.comparison.files import read_result

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from hqnn_dsl.science.comparison.files import ComparisonFile


def failed_words(path: Path, record: ComparisonFile) -> Iterator[str]:
    """Yields a line for each contender that has failed on a unit: on how many, and the first reason.

    Raises `Refusal` E0533 for a damaged file.
    """
    ones = record.protocol.plan.trainings()
    unit = "seed" if record.protocol.folds is None else "fold"
    for contender in record.contenders:
        if contender.absent:
            continue
        results = [read_result(path, contender.name, one.number) for one in ones]
        failed = [found for found in results if found is not None and found.state == "failed"]
        if failed:
            reason = failed[0].mistakes[0].message if failed[0].mistakes else "no reason is recorded"
            yield f"{contender.title} on {len(failed)} of {count(len(ones), unit)}: {reason}"
