"""Scores of several runs: whether they can be compared, which run is the best, and whether that is more than chance."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from hqnn_dsl.diagnostics import sentences
from hqnn_dsl.diagnostics.quantities import CLASS_SCORES, MORE_SCORES, SCORES, count, number, titles_of
from hqnn_dsl.report.beside_facts import lines_of, rows_hash
from hqnn_dsl.report.facts import verdict_block
from hqnn_dsl.report.parts import Sentence, measured, table
from hqnn_dsl.report.row_scores import interval, statistics_of
from hqnn_dsl.training.many_scores import LOWER_IS_BETTER

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    import pandas as pd

    from hqnn_dsl.report.parts import Block, Table
    from hqnn_dsl.report.reading import RunFiles
    from hqnn_dsl.report.row_scores import Interval

MOST_NAMED = 6
"""Runs that a sentence names one by one."""

TITLES = SCORES | MORE_SCORES | CLASS_SCORES | {"balanced_accuracy": "balanced accuracy"}


@dataclass(frozen=True, eq=False)
class Group:
    """Runs whose test scores can be compared: of one task, with the same cells of targets in the same test rows."""

    letter: str
    labels: tuple[str, ...]
    runs: tuple[RunFiles, ...] = field(repr=False)

    @property
    def test_rows(self) -> str:
        return count(len(self.runs[0].preparation.parts.test), "test row")

    @property
    def main(self) -> str:
        """The score that decides: RMSE, of several targets R², of classes balanced accuracy."""
        if self.runs[0].classes is not None:
            return "balanced_accuracy"
        return "rmse" if len(self.runs[0].targets) == 1 else "r2"

    def score(self, run: RunFiles) -> float | None:
        """The main score of a run's test rows."""
        value = run.metrics["test"].get(self.main)
        return None if value is None else float(value)

    @property
    def ranked(self) -> list[tuple[str, RunFiles, float]]:
        """The runs that have the main score, the best first."""
        found = [(label, run, self.score(run)) for label, run in zip(self.labels, self.runs, strict=True)]
        known = [(label, run, score) for label, run, score in found if score is not None]
        return sorted(known, key=lambda one: one[2] if self.main in LOWER_IS_BETTER else -one[2])


def groups_of(labels: Sequence[str], runs: Sequence[RunFiles]) -> list[Group]:
    """Returns the runs with test scores in groups that can be compared, in the order of their first runs."""
    found: dict[tuple[object, ...], list[tuple[str, RunFiles]]] = {}
    for label, run in zip(labels, runs, strict=True):
        if run.metrics.get("test"):
            found.setdefault(_scored_on(run), []).append((label, run))
    return [
        Group(_letter(place), tuple(label for label, _ in group), tuple(run for _, run in group))
        for place, group in enumerate(found.values())
    ]


def _letter(place: int) -> str:
    return chr(ord("A") + place) if place < 26 else str(place + 1)


def _scored_on(run: RunFiles) -> tuple[object, ...]:
    """What two runs share if the scores of their test rows can be compared."""
    found = run.preparation
    read = (*found.target.names, *(() if found.weights is None else (found.weights,)))
    if found.columns is None or not all(name in found.columns for name in read):
        cells: object = found.fingerprint
    else:
        cells = tuple(found.columns[name] for name in read)
    size = sum(len(rows) for _, rows in found.parts.items()) + len(found.dropped)
    test = rows_hash(found.parts.test)
    return found.task, found.target.names, found.target.classes, found.weights, cells, size, test


def why_apart(first: RunFiles, other: RunFiles) -> str:
    """Returns why the scores of two runs cannot be compared, for the middle of a sentence."""
    one, two = first.preparation, other.preparation
    if one.task != two.task:
        return "one predicts numbers, the other classes"
    if one.target.names != two.target.names:
        return "they predict other columns"
    if one.target.classes != two.target.classes:
        return "they predict other classes"
    if one.weights != two.weights:
        return "rows have other weights"
    if rows_hash(one.parts.test) != rows_hash(two.parts.test):
        return "they were tested on other rows"
    return "the tables are others"


def verdict_sentences(labels: Sequence[str], runs: Sequence[RunFiles], groups: Sequence[Group]) -> Iterator[Sentence]:
    """Yields the sentences that the page begins with: the best run of each group, and what cannot be compared."""
    if not groups:
        yield Sentence("No run has scores of test rows, so none can be called better.", is_verdict=True)
    else:
        several = len(groups) > 1
        yield Sentence(" ".join(_of_group(group, with_letter=several) for group in groups), is_verdict=True)
    if len(groups) > 1:
        first = groups[0]
        reasons = [f"{first.letter} and {one.letter}: {why_apart(first.runs[0], one.runs[0])}" for one in groups[1:]]
        yield Sentence(f"Scores of different groups cannot be compared ({'; '.join(reasons)}).")
    scored = {label for group in groups for label in group.labels}
    without = [label for label in labels if label not in scored]
    if without:
        ended = {label for label, run in zip(labels, runs, strict=True) if run.metrics}
        for names, why in (
            ([label for label in without if label not in ended], "have not come to the end of their training"),
            ([label for label in without if label in ended], "have no test rows"),
        ):
            if names:
                yield Sentence(f"Without scores, since they {why}: {', '.join(names)}.")


def _of_group(group: Group, *, with_letter: bool) -> str:
    ranked = group.ranked
    letter = f"Group {group.letter}: " if with_letter else ""
    if not ranked:
        return f"{letter}No run of {', '.join(group.labels)} has finite predictions."
    (best, _, score), *others = ranked
    title = TITLES[group.main]
    if len(group.labels) == 1:
        return f"{letter}{best} has {title} {number(score)} on {group.test_rows}, and is alone with them."
    said = f"{letter}{'on' if letter else 'On'} the same {group.test_rows} {best} has the {_best(group.main)} {title}"
    said += f", {number(score)}"
    found: dict[str, list[str]] = {}
    for label, run, value in others:
        found.setdefault(_standing(group, ranked[0][1:], (run, value)), []).append(f"{label} ({number(value)})")
    for standing in ("as good as", "better than", "not clearly better than"):
        if standing in found:
            said += f"; {standing} {_some(found[standing])}"
    return f"{said}."


def _standing(group: Group, best: tuple[RunFiles, float], other: tuple[RunFiles, float]) -> str:
    if best[1] == other[1]:
        return "as good as"
    one = difference(group, best[0], other[0])
    return "better than" if one is not None and one.low * one.high > 0 else "not clearly better than"


def _some(names: Sequence[str]) -> str:
    """The first of many names, with the number of the others."""
    if len(names) <= MOST_NAMED:
        return sentences.listed(list(names), "and")
    return f"{', '.join(names[:MOST_NAMED])} and {len(names) - MOST_NAMED} others"


def _best(key: str) -> str:
    return "smallest" if key in LOWER_IS_BETTER else "largest"


def difference(group: Group, one: RunFiles, other: RunFiles) -> Interval | None:
    """Returns the interval of the difference of the main score of two runs, over draws of the test rows they share."""
    first, second = (statistics_of(run).get(group.main) for run in (one, other))
    if first is None or second is None or one.predictions is None:
        return None
    if other.predictions is None or not _same_rows(one.predictions, other.predictions):
        return None
    return interval(lambda rows: first(rows) - second(rows), len(one.predictions))


def _same_rows(one: pd.DataFrame, other: pd.DataFrame) -> bool:
    """Whether two tables of predictions are of the same rows, in the same order."""
    if "row" not in one or "row" not in other:
        return False
    return list(one["row"]) == list(other["row"])


# -------------------------------------------------------------------------------------------------------------- tables


def score_blocks(labels: Sequence[str], runs: Sequence[RunFiles], groups: Sequence[Group]) -> Iterator[Block]:
    """Yields the test scores of all runs, a table a task, differences from the best, and each run's own verdict."""
    for task, noun in (("regression", "numbers"), ("classification", "classes")):
        of_task = [group for group in groups if group.runs[0].preparation.task == task]
        if of_task:
            yield _scores(of_task, f"Scores of the test rows, {noun}", with_group=len(groups) > 1)
    for group in groups:
        if len(group.ranked) > 1:
            yield _differences(group)
        if len(group.runs) > 1 and len(group.runs[0].targets) > 1:
            yield _by_target(group)
    rows = [(label, verdict_block(run).text) for label, run in zip(labels, runs, strict=True)]
    yield table("How each run stands beside its own baselines", ("run", "verdict"), rows)


def _scores(groups: Sequence[Group], title: str, *, with_group: bool) -> Table:
    titles = titles_of(run.metrics["test"] for group in groups for run in group.runs)
    rows = []
    for group in groups:
        for label, run in zip(group.labels, group.runs, strict=True):
            where = [f"group {group.letter}: {group.test_rows}" if with_group else group.test_rows]
            rows.append([label, *where, *(measured(run.metrics["test"].get(key)) for key in titles)])
    note = "Only scores of one group can be compared." if len(groups) > 1 else ""
    return table(title, ("run", "scored on", *titles.values()), rows, note)


def _differences(group: Group) -> Table:
    (best, run, score), *others = group.ranked
    rows = []
    for label, other, value in others:
        found = difference(group, run, other)
        ends = (None, None) if found is None else (found.low, found.high)
        rows.append([label, measured(value), measured(score - value), *map(measured, ends)])
    title = TITLES[group.main]
    note = (
        "95 % bootstrap intervals over the test rows, which both runs share, for each pair by itself. They say nothing "
        "of other splits or seeds, and the best of many runs looks better than it is. A dash: the two predict alike, "
        "or the rows do not settle an interval."
    )
    return table(
        f"{title} of {best} ({number(score)}) minus that of each other run",
        ("other run", f"its {title}", "difference", "from", "to"), rows, note,
    )  # fmt: skip


def _by_target(group: Group) -> Table:
    header = ("target", *group.labels)
    rows = [
        [name, *(measured(run.metrics["test"]["targets"].get(name, {}).get("rmse")) for run in group.runs)]
        for name in group.runs[0].targets
    ]
    most = lines_of(len(group.runs))
    note = f"The first {most} of {len(rows)}." if len(rows) > most else ""
    return table("RMSE of each target on the test rows", header, rows[:most], note)
