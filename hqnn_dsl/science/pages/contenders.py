"""All contenders: what each is, every score of it, its trials and best settings, and who is absent or has failed."""

from __future__ import annotations

from statistics import median
from typing import TYPE_CHECKING

from hqnn_dsl.diagnostics.quantities import CLASS_SCORES, MORE_SCORES, SCORES
from hqnn_dsl.report.parts import Sentence, measured, table
from hqnn_dsl.science.pages.words import bare, rows_words, setting_words, unit_words

if TYPE_CHECKING:
    from collections.abc import Iterator

    from hqnn_dsl.report.parts import Block, Table
    from hqnn_dsl.science.comparison.files import ContenderRecord, ResultFile
    from hqnn_dsl.science.pages.reading import ComparisonFiles
    from hqnn_dsl.training.many_plan import One

MOST_LINES = 300
"""Lines of a table of units or trials."""

KINDS = {"own": "as written", "control": "control", "classical": "classical"}


def contender_blocks(files: ComparisonFiles) -> Iterator[Block]:
    """Yields the tables of all contenders."""
    yield _about(files)
    yield _notes(files)
    yield from _absent(files)
    yield from _failed(files)
    yield from _means(files)
    yield from _settings(files)


def unit_name(files: ComparisonFiles, one: One) -> str:
    """Returns the name of a unit in a table, with its number of rows if there are several."""
    protocol = files.record.protocol
    name = unit_words(one, folds=protocol.folds, repeats=protocol.repeats, seeds=protocol.seeds)
    return f"{rows_words(one.rows)}, {name}" if len(protocol.rows) > 1 else name


def results_of(files: ComparisonFiles, name: str) -> list[tuple[One, ResultFile]]:
    """Returns what there is of a contender, with the units."""
    return [(one, files.results[name, one.number]) for one in files.units if (name, one.number) in files.results]


def _about(files: ComparisonFiles) -> Table:
    rows = []
    seconds = {} if files.cost is None else files.cost.trial_seconds
    for one in files.present:
        results = [found for _, found in results_of(files, one.name)]
        done = sum(found.state == "done" for found in results)
        trials = sum(len(found.tuning.trials) for found in results if found.tuning is not None)
        epochs = [found.epochs for found in results if found.state == "done"]
        rows.append([
            bare(one.title), one.name, KINDS[one.kind],
            "-" if one.weights is None else str(one.weights), f"{done} of {len(files.units)}", str(trials),
            f"{median(epochs):g}" if any(epochs) else "-", measured(seconds.get(one.name), 3),
        ])  # fmt: skip
    header = ("contender", "name", "kind", "weights", "units done", "trials", "epochs", "seconds")
    note = "Weights are those that training changes; epochs the median over units; seconds those of all trials."
    return table("Who takes part", header, rows, note)


def _notes(files: ComparisonFiles) -> Table:
    rows = []
    for one in files.present:
        notes = dict.fromkeys(note for _, found in results_of(files, one.name) for note in found.notes)
        said = [text.rstrip(".").replace("`", "") for text in (one.note, one.doc, *notes) if text]
        rows.append([bare(one.title), "; ".join(said)])
    return table("What each of them is", ("contender", "notes"), rows)


def _absent(files: ComparisonFiles) -> Iterator[Block]:
    absent = [one for one in files.record.contenders if one.absent]
    if absent:
        rows = [[bare(one.title), one.name, one.absent] for one in absent]
        yield table("Who does not take part, and why", ("contender", "name", "reason"), rows)


def _failed(files: ComparisonFiles) -> Iterator[Block]:
    rows = [
        [
            bare(contender.title),
            unit_name(files, one),
            "; ".join(f"{m.code}: {m.message}" for m in found.mistakes) or "-",
        ]
        for contender in files.present
        for one, found in results_of(files, contender.name)
        if found.state == "failed"
    ]
    if rows:
        yield table("What has failed", ("contender", "unit", "reason"), rows[:MOST_LINES], cut(len(rows)))


def chosen_by(files: ComparisonFiles) -> str:
    """Returns what chooses among trials, in words."""
    select = files.record.select
    title = {**SCORES, **MORE_SCORES, **CLASS_SCORES}.get(select, select)
    return f"{'minus ' if select == 'r2' else ''}{title} of the validation rows"


def cut(lines: int) -> str:
    """Returns what is said below a table that is cut."""
    return f"The first {MOST_LINES} of {lines} lines; the files in `results` have all." if lines > MOST_LINES else ""


def _means(files: ComparisonFiles) -> Iterator[Block]:
    """The means of every score, for each number of rows."""
    titles = {**SCORES, **MORE_SCORES, **CLASS_SCORES}
    for place, entry in enumerate(reversed(files.statistics)):
        if entry is None:
            continue
        at = f", {rows_words(entry.rows)}" if len(files.statistics) > 1 else ""
        every = dict.fromkeys(name for scores in entry.all_scores.values() for name in scores)
        names = [name for name in every if any(s.get(name) is not None for s in entry.all_scores.values())]
        rows = [
            [bare(one.title), *(measured(entry.all_scores[one.name].get(name)) for name in names)]
            for one in files.present
        ]
        header = ("contender", *(titles.get(name, name) for name in names))
        note = "Means over units; a score that a unit lacks has none."
        yield table(f"Every score of the test rows{at}", header, rows, note, is_collapsed=place > 0)


def _settings(files: ComparisonFiles) -> Iterator[Block]:
    if not files.results:
        yield Sentence("There are no trials yet.")
        return
    best = [line for contender in files.present for line in _best(files, contender)]
    header = ("contender", "unit", "best setting", "its value", "trial", "of", "best epoch")
    note = f"Trials are chosen by {chosen_by(files)}, which is made small. {cut(len(best))}"
    yield table("Best settings", header, best[:MOST_LINES], note.strip(), is_collapsed=True)
    for contender in files.present:
        trials = list(_trials(files, contender))
        if trials:
            columns = ("unit", "trial", "setting", "value", "seconds")
            title = f"Trials of {contender.title}"
            yield table(title, columns, trials[:MOST_LINES], cut(len(trials)), is_collapsed=True)


def _best(files: ComparisonFiles, contender: ContenderRecord) -> Iterator[list[str]]:
    for one, found in results_of(files, contender.name):
        tuning = found.tuning
        if tuning is None or tuning.best is None or tuning.best >= len(tuning.trials):
            continue
        trial = tuning.trials[tuning.best]
        yield [
            bare(contender.title), unit_name(files, one), setting_words(trial.setting), measured(trial.value),
            str(trial.number + 1), str(len(tuning.trials)), str(found.best_epoch) if found.epochs else "-",
        ]  # fmt: skip


def _trials(files: ComparisonFiles, contender: ContenderRecord) -> Iterator[list[str]]:
    for one, found in results_of(files, contender.name):
        for trial in () if found.tuning is None else found.tuning.trials:
            value = measured(trial.value) if trial.state == "done" else f"failed: {trial.reason}"
            name = unit_name(files, one)
            yield [name, str(trial.number + 1), setting_words(trial.setting), value, measured(trial.seconds, 3)]
