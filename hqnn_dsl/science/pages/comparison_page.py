"""The page of a comparison: the verdict first, then what it rests on."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hqnn_dsl.diagnostics.quantities import count
from hqnn_dsl.report.parts import Section, table
from hqnn_dsl.science.pages.contenders import contender_blocks
from hqnn_dsl.science.pages.differences import difference_blocks
from hqnn_dsl.science.pages.settled import cost_blocks, protocol_blocks, simulation_blocks, spec_blocks
from hqnn_dsl.science.pages.unit_scores import curve_blocks, epoch_blocks, unit_blocks
from hqnn_dsl.science.pages.words import bare, sentence

if TYPE_CHECKING:
    from collections.abc import Iterator

    from hqnn_dsl.report.parts import Block
    from hqnn_dsl.science.pages.reading import ComparisonFiles


def comparison_sections(files: ComparisonFiles) -> list[Section]:
    """Returns the sections of the page of a comparison."""
    found = (
        ("verdict", "Verdict", verdict_blocks(files)),
        ("differences", "Differences", difference_blocks(files)),
        ("contenders", "Contenders", contender_blocks(files)),
        ("units", "Scores by unit", unit_blocks(files)),
        ("curves", "Learning curves", curve_blocks(files)),
        ("epochs", "Epochs to a target", epoch_blocks(files)),
        ("specs", "Specs", spec_blocks(files)),
        ("protocol", "Protocol and seal", protocol_blocks(files)),
        ("simulation", "Classical simulation", simulation_blocks(files)),
        ("environment", "Cost and versions", cost_blocks(files)),
    )
    return [Section(name, title, tuple(blocks)) for name, title, blocks in found]


def comparison_heading(files: ComparisonFiles) -> tuple[str, str]:
    """Returns the title of the page of a comparison, and the line below it."""
    record = files.record
    subtitle = (
        f"The comparison {files.path.resolve().name} of {count(len(files.present), 'contender')} on "
        f"{record.table.name}, which predict {', '.join(record.target[:6])}{', …' if len(record.target) > 6 else ''}."
    )
    return f"{record.model}: report of a comparison", subtitle


def verdict_blocks(files: ComparisonFiles) -> Iterator[Block]:
    """Yields the sentences of the record, those of the largest number of rows first, and what is missing."""
    lines = verdict_lines(files)
    missing = missing_lines(files)
    if missing:
        units = len(files.present) * len(files.units)
        done = sum(found.state == "done" for found in files.results.values())
        failed = sum(found.state == "failed" for found in files.results.values())
        said = f"{done} of {count(units, 'result')} are there" + (f", {failed} have failed" if failed else "")
        goes_on = "; `hqnn compare` with `--resume` goes on" if done + failed < units else ""
        yield sentence(f"the comparison is not complete: {said}{goes_on}", is_verdict=True)
    before = _earlier(files)
    for place, line in enumerate(line for line in lines if not line.startswith(before)):
        yield sentence(line, is_verdict=not missing and place == 0)
    fewer = [line for line in lines if line.startswith(before)]
    if fewer:
        rows = [line.split(": ", 1) for line in fewer]
        yield table("The verdict with fewer rows", ("rows to learn from", "sentence"), rows, is_collapsed=True)
    if missing:
        header = ("contender", "done", "failed", "begun", "not begun")
        yield table("What is missing", header, missing)


def verdict_lines(files: ComparisonFiles) -> list[str]:
    """Returns the record's sentences: with several numbers of rows, those of the largest, of the curves, of others."""
    lines = list(files.record.verdict)
    fewer = _earlier(files)
    if not fewer:
        return lines
    last = _start(files.record.protocol.rows[-1])

    def order(line: str) -> int:
        if line.startswith(fewer):
            return 2 + len(fewer) - next(place for place, start in enumerate(fewer) if line.startswith(start))
        return 0 if line.startswith(last) else 1

    return sorted(lines, key=order)


def _start(rows: int | None) -> str:
    """The beginning of the sentences about a number of rows."""
    return f"{'all' if rows is None else rows} rows: "


def _earlier(files: ComparisonFiles) -> tuple[str, ...]:
    """The beginnings of the sentences about fewer rows than the most."""
    return tuple(_start(rows) for rows in files.record.protocol.rows[:-1])


def missing_lines(files: ComparisonFiles) -> list[list[str]]:
    """Returns a line for each contender that is not done on every unit."""
    lines = []
    for one in files.present:
        states = [
            files.results[one.name, unit.number].state if (one.name, unit.number) in files.results else ""
            for unit in files.units
        ]
        if states.count("done") < len(states):
            lines.append([bare(one.title), *(str(states.count(state)) for state in ("done", "failed", "open", ""))])
    return lines
