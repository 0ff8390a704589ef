"""What differs between the data and the environments of runs, and what each of them took."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

from hqnn_dsl.diagnostics.quantities import count
from hqnn_dsl.literals import call, setting
from hqnn_dsl.report.parts import Sentence, measured, table

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from hqnn_dsl.data.report import ColumnReport
    from hqnn_dsl.report.parts import Block
    from hqnn_dsl.report.reading import RunFiles
    from hqnn_dsl.training.run_files import EnvironmentFile

MOST_LINES, MOST_CELLS = 300, 8000
"""Lines of a table, and about its cells: a page of many runs stays below 6 MB."""

NONE = "-"
DIGITS = 12
"""The digits of a hash that are shown."""

ROOT = "root"
"""The seed that all others are made from."""

Row = tuple[str, list[str]]


def differing(rows: Iterable[Row]) -> list[tuple[str, ...]]:
    """Returns the lines of a table whose values are not all the same."""
    return [(name, *values) for name, values in rows if len(set(values)) > 1]


def lines_of(runs: int) -> int:
    """Returns how many lines a table with a column a run has at most."""
    return max(20, min(MOST_LINES, MOST_CELLS // runs))


# ---------------------------------------------------------------------------------------------------------------- data


def data_blocks(labels: Sequence[str], runs: Sequence[RunFiles]) -> Iterator[Block]:
    """Yields what differs between tables, rows of parts, columns and what was fitted to them."""
    rows = list(_of_tables(runs))
    different = differing(rows)
    if different:
        note = "A hash stands for cells, or for which rows these are: where it is another one, so are they."
        yield table("Tables and rows of parts", ("what", *labels), different, note)
        same = [name for name, values in rows if len(set(values)) == 1]
        yield Sentence(f"The same in all: {', '.join(same)}." if same else "Nothing of these is the same in all.")
    else:
        yield Sentence("All were trained on the same cells and columns, with the same rows in each part.")
    columns = differing(_of_columns(runs))
    if not columns:
        yield Sentence("Every column has the same cells, rules and fitted numbers in all.")
        return
    most = lines_of(len(runs))
    note = f"The first {most} of {len(columns)}." if len(columns) > most else ""
    title = "Columns that differ: their role, how they were read, their rules and what was fitted"
    yield table(title, ("column", *labels), columns[:most], note)


def _of_tables(runs: Sequence[RunFiles]) -> Iterator[Row]:
    found = [run.preparation for run in runs]
    yield "the table's cells (SHA-256)", [one.fingerprint[:DIGITS] for one in found]
    sizes = [sum(len(rows) for _, rows in one.parts.items()) + len(one.dropped) for one in found]
    yield "rows of the table", [str(size) for size in sizes]
    for part, title in (("train", "training"), ("validation", "validation"), ("test", "test")):
        yield f"{title} rows", [str(len(getattr(one.parts, part))) for one in found]
        yield f"which {title} rows", [rows_hash(getattr(one.parts, part)) for one in found]
    yield "rows left out, for missing cells", [str(len(one.dropped)) for one in found]
    yield "targets", [", ".join(one.target.names) for one in found]
    yield "features", [str(len(one.features.names)) for one in found]
    yield "inputs of the network", [str(one.features.width) for one in found]
    yield "weights of rows", [one.weights or "none" for one in found]


def rows_hash(rows: Iterable[int]) -> str:
    """Returns a short hash of the positions of rows, a dash for none."""
    text = ",".join(map(str, rows))
    return hashlib.sha256(text.encode()).hexdigest()[:DIGITS] if text else NONE


def _of_columns(runs: Sequence[RunFiles]) -> Iterator[Row]:
    lines = [{line.column: line for line in run.preparation.report} for run in runs]
    hashes = [dict(run.preparation.columns or {}) for run in runs]
    for name in dict.fromkeys(name for found in lines for name in found):
        texts = [_said(found.get(name)) for found in lines]
        cells = [found.get(name) for found in hashes]
        if len({one for one in cells if one}) > 1:
            texts = [f"{text}; cells {one}" if one else text for text, one in zip(texts, cells, strict=True)]
        yield name, texts


def _said(line: ColumnReport | None) -> str:
    if line is None:
        return "not there"
    missing = f"{count(line.missing, 'cell')} missing" if line.missing else ""
    inputs = count(line.inputs, "input") if line.role == "feature" else ""
    return "; ".join(filter(None, (line.role, line.kind, line.rule, line.fitted, missing, inputs)))


# --------------------------------------------------------------------------------------------------------- environment


def environment_blocks(labels: Sequence[str], runs: Sequence[RunFiles]) -> Iterator[Block]:
    """Yields what each run took, and what differs between their versions, devices, threads and backends."""
    found = [run.environment for run in runs]
    without = [label for label, one in zip(labels, found, strict=True) if one is None]
    if without:
        yield Sentence(f"No environment.json in {', '.join(without)}.")
    if not any(found):
        return
    yield table("What each training took", ("what", *labels), [(name, *values) for name, values in _costs(found)])
    rows = list(_surroundings(found))
    different = differing(rows)
    if different:
        note = f"The other {len(rows) - len(different)} that runs record are the same: versions, device, seeds."
        yield table("Versions and surroundings that differ", ("what", *labels), different, note)
    else:
        yield Sentence("Code, packages, device, threads, precision, backend, steps and seeds are the same in all.")


def _costs(found: Sequence[EnvironmentFile | None]) -> Iterator[Row]:
    ended = [None if one is None else one.run for one in found]
    yield "state", [NONE if one is None else _state(one) for one in found]
    yield "epochs", [NONE if run is None else str(run.epochs) for run in ended]
    yield "best epoch", [NONE if run is None else str(run.best_epoch) for run in ended]
    yield "seconds", [measured(None if run is None else run.seconds) for run in ended]
    yield "classical weights", [NONE if run is None else str(run.weights.classical) for run in ended]
    yield "quantum weights", [NONE if run is None else str(run.weights.quantum) for run in ended]


def _state(one: EnvironmentFile) -> str:
    if one.run is None:
        return "has not ended"
    return "interrupted" if one.run.interrupted else "ended"


def _surroundings(found: Sequence[EnvironmentFile | None]) -> Iterator[Row]:
    each = [{} if one is None else dict(_described(one)) for one in found]
    for name in dict.fromkeys(name for one in each for name in one):
        yield name, [one.get(name, NONE) for one in each]
    packages = dict.fromkeys(name for one in found if one is not None for name in one.packages)
    for name in packages:
        yield name, [NONE if one is None else one.packages.get(name) or "not installed" for one in found]
    seeds = dict.fromkeys(name for one in found if one is not None for name in one.seeds)
    roots = {NONE if one is None else str(one.seeds.get(ROOT, NONE)) for one in found}
    for name in seeds if len(roots) == 1 else [ROOT]:  # all others come from it
        yield f"seed {name}", [NONE if one is None else str(one.seeds.get(name, NONE)) for one in found]


def _described(one: EnvironmentFile) -> Iterator[tuple[str, str]]:
    yield from (("hqnn", one.hqnn), ("Python", one.python), ("platform", one.platform))
    yield "device", f"{one.device.type} ({one.device.name})"
    yield "CUDA", one.device.cuda or "none"
    yield "threads", str(one.threads.torch)
    yield "processors", str(one.threads.cpus or NONE)
    yield "precision", one.precision
    yield "backend", call(one.backend.name, {key: setting(value) for key, value in one.backend.options.items()})
    yield "backend asked for", one.backend.asked or NONE
    yield "steps", NONE if one.step is None else ": ".join(filter(None, (one.step.ran, one.step.reason)))
