"""What every training takes beside its epochs: the imports, the baselines, the pictures and the page, made once.

It is called in the second process that a training has too, so that seconds and memory are those of that process.
"""

from __future__ import annotations

import os
import tempfile
import time
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from hqnn_dsl.backends.resident import resident
from hqnn_dsl.training.predicted import Values

if TYPE_CHECKING:
    from collections.abc import Callable

    from hqnn_dsl.training.baselines import Questions
    from hqnn_dsl.training.run import Setup
    from hqnn_dsl.training.second_process import Elsewhere

MODULE = __name__


@dataclass(frozen=True, kw_only=True)
class Fixed:
    """Seconds of the imports of scikit-learn and Matplotlib, of the baselines, of the pictures, and of the page.

    `memory` is the most that the second process had, in bytes; 0 if there is none, so that this process does it all,
    and None where it is not told.
    """

    imports: float
    baselines: float
    pictures: float
    memory: int | None
    page: float = 0.0


def begun(setup: Setup, elsewhere: Elsewhere) -> Callable[[], Fixed]:
    """Begin to fit the baselines and to draw pictures of them. Returns a function that waits for what it has taken."""
    from hqnn_dsl.training.results import questions_of

    prepared, preparation = setup.prepared, setup.prepared.preparation
    trained, tested = preparation.parts.train, preparation.parts.test
    questions = questions_of(prepared, setup.spec.train.seed)
    shown = prepared.targets[tested if len(tested) else trained]
    labels = preparation.target.classes
    names = preparation.target.names
    return elsewhere.begin(MODULE, "carried_out", questions, shown, names, labels, os.getpid())


def carried_out(
    questions: Questions, shown: np.ndarray, names: tuple[str, ...], labels: tuple[str, ...] | None, caller: int
) -> Fixed:
    """Fit the baselines and draw pictures of `shown[N, T]` into a folder that is removed; see `begun`."""
    begin = time.perf_counter()
    import sklearn.ensemble  # noqa: F401 - the first import is what takes long

    from hqnn_dsl.training import baselines, figures

    is_second = os.getpid() != caller
    imports = time.process_time() if is_second else time.perf_counter() - begin
    begin = time.perf_counter()
    if len(questions.asked):
        if labels is None:
            baselines.predicted_values(questions)
        else:
            baselines.predicted_probabilities(questions, len(labels))
    fitted = time.perf_counter()
    with tempfile.TemporaryDirectory(prefix="hqnn-") as folder:
        place = Path(folder)
        figures.draw_losses(place / "losses.png", [1.0, 0.5, 0.25], [1.0, 0.5, 0.25], 3)
        if labels is None:
            figures.draw_predictions(place / "values.png", shown, Values(shown), names, "test")
        else:
            classes = shown[:, 0].astype(np.int64)
            figures.draw_confusion(place / "classes.png", classes, classes, labels, names[0])
    drawn = time.perf_counter()
    return Fixed(imports=imports, baselines=fitted - begin, pictures=drawn - fitted, memory=most_memory(caller))


def with_page(fixed: Fixed, elsewhere: Elsewhere, page: Callable[[], float]) -> Fixed:
    """Make a page, too: `page` does so, in the second process as well, and returns its seconds."""
    seconds = page()
    return replace(fixed, page=seconds, memory=elsewhere.begin(MODULE, "most_memory", os.getpid())())


def most_memory(caller: int) -> int | None:
    """Returns the most memory that this process had, in bytes: 0 if it is the caller's, None if it is not told."""
    if os.getpid() == caller:
        return 0
    try:
        return resident("VmHWM")
    except OSError:
        return None
