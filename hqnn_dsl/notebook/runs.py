"""A run: its folder, its scores, and on a page its losses by epoch."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from hqnn_dsl.diagnostics.diagnostic import Refusal
from hqnn_dsl.diagnostics.quantities import SCORES, count, number
from hqnn_dsl.diagnostics.terminal import printable
from hqnn_dsl.notebook import page

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from pathlib import Path

    from hqnn_dsl.data.preprocess import Preparation
    from hqnn_dsl.semantics.spec import Choice, Spec

MAX_NAMES = 6
"""Of more targets only the number is said."""


def run_text(path: Path, spec: Spec, preparation: Preparation, metrics: Mapping[str, Any], backend: str) -> str:
    """A run in a few lines: its last part that has rows, and the baselines on the test rows."""
    rows = [f"<Run {path}, of {spec.name}>", *(f"  {text}" for text in _facts(preparation, backend))]
    scored = list(_scored(metrics))
    rows += [f"  {name}: " + ", ".join(f"{title} {value}" for title, value in row) for name, row in scored]
    if not scored:
        rows.append("  no scores: the run is not finished")
    return "\n".join(printable(row) for row in rows)


def run_html(  # noqa: PLR0913, PLR0917 - the parts of a page
    path: Path, spec: Spec, preparation: Preparation, metrics: Mapping[str, Any], backend: str, plot: Callable[[], Any]
) -> str:
    """A page about a run; `plot` gives the figure of its losses and predictions."""
    rows = [(name, *(value for _, value in row)) for name, row in _scored(metrics)]
    return page.box(
        f"run {path}, of {spec.name}",
        page.lines(*_facts(preparation, backend)),
        page.table(("rows", *SCORES.values()), rows) if rows else page.lines("no scores: the run is not finished"),
        page.lines("RMSE and MAE are in the target's own units, of the best epoch."),
        _curves(plot),
    )


def _curves(plot: Callable[[], Any]) -> str:
    try:
        return page.picture(plot(), "losses by epoch, and predicted against true values")
    except Refusal as refusal:
        return page.lines(*(item.headline for item in refusal.diagnostics))


def _facts(preparation: Preparation, backend: str) -> Iterator[str]:
    targets = preparation.target.names
    named = ", ".join(targets) if len(targets) <= MAX_NAMES else count(len(targets), "target")
    yield f"{count(len(preparation.features.names), 'feature')} -> {named}"
    yield f"backend {backend}, loss {_loss(preparation.loss)}"


def _loss(loss: Choice) -> str:
    function = loss.options.get("function")
    if function is None:
        return loss.name
    file = loss.options.get("file")
    return f"{function}, a function of {file}" if file else f"{function}, a function"


def _scored(metrics: Mapping[str, Any]) -> Iterator[tuple[str, list[tuple[str, str]]]]:
    """The parts that have scores, and the baselines; each with the titles and values of its scores."""
    parts = [(name, metrics.get(name)) for name in ("train", "validation", "test")]
    parts += [(f"{name.replace('_', ' ')} (test)", found) for name, found in metrics.get("baselines", {}).items()]
    for name, found in parts:
        if found:
            yield name, [(title, number(found.get(key))) for key, title in SCORES.items()]
