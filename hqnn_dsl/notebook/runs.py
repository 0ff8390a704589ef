"""A run: its folder, its scores, and on a page its losses by epoch."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from hqnn_dsl.diagnostics.diagnostic import Refusal
from hqnn_dsl.diagnostics.quantities import OF_CLASS, count, number, parts_of, titles_of
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
    scored = list(_scored(metrics))
    rows = [(name, *(value for _, value in row)) for name, row in scored]
    titles = ("rows", *(title for title, _ in scored[0][1])) if scored else ()
    return page.box(
        f"run {path}, of {spec.name}",
        page.lines(*_facts(preparation, backend)),
        page.table(titles, rows) if rows else page.lines("no scores: the run is not finished"),
        *_classes(metrics),
        page.lines(
            "Scores are those of the best epoch."
            if metrics.get("task") == "classification"
            else "RMSE and MAE are in the target's own units, of the best epoch."
        ),
        _curves(plot),
    )


def _classes(metrics: Mapping[str, Any]) -> Iterator[str]:
    """The scores of each class of the test rows, if classes are predicted."""
    found = (metrics.get("test") or {}).get("classes")
    if found:
        rows = [(label, *(number(one[key]) for key in ("rows", *OF_CLASS))) for label, one in found.items()]
        yield page.table(("test rows of class", "rows", *OF_CLASS.values()), rows)


def _curves(plot: Callable[[], Any]) -> str:
    try:
        return page.picture(plot(), "losses by epoch, and the test rows as they are predicted")
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
    parts = parts_of(metrics)
    titles = titles_of(found for _, found in parts)
    for name, found in parts:
        yield name, [(title, number(found.get(key))) for key, title in titles.items()]
