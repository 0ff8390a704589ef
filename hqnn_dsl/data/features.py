"""The features of a run: which columns it reads, and how each becomes inputs of the network."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from hqnn_dsl import literals
from hqnn_dsl.catalog.columns import Embedding
from hqnn_dsl.data.columns import check_there
from hqnn_dsl.data.kinds import Reader
from hqnn_dsl.data.labels import positions
from hqnn_dsl.data.layout import named
from hqnn_dsl.data.tables import read_table
from hqnn_dsl.data.transforms.codes import DateParts, Embedded, Ordinal, code_data, code_from
from hqnn_dsl.data.transforms.fills import DROP, Fill
from hqnn_dsl.data.transforms.scales import Log, scale_data, scale_from
from hqnn_dsl.diagnostics.codes.columns import NoLogarithm, UnknownLevel, UnlistedLevel
from hqnn_dsl.diagnostics.codes.reading import NotTruth
from hqnn_dsl.diagnostics.codes.tables import MissingFeature, TooLarge
from hqnn_dsl.diagnostics.diagnostic import Findings, Refusal

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    import pandas as pd
    from numpy.typing import NDArray

    from hqnn_dsl.data.dates import DayOrder
    from hqnn_dsl.data.kinds import Kind, TypedColumn
    from hqnn_dsl.data.tables import Table
    from hqnn_dsl.data.transforms.codes import Code
    from hqnn_dsl.data.transforms.scales import Scale
    from hqnn_dsl.diagnostics.diagnostic import Diagnostic

    Numbers = NDArray[np.float64]
    Flags = NDArray[np.bool_]


@dataclass(frozen=True)
class FittedColumn:
    """A column of the table with its rules and all that was fitted on training rows.

    `scale` is that of the input which is scaled as a number is, None if there is none; `order` says how the column
    writes a day and a month that are both numbers.
    """

    name: str
    kind: Kind
    missing: Fill
    code: Code | None
    scale: Scale | None
    order: DayOrder | None = None

    @property
    def inputs(self) -> tuple[str, ...]:
        """The names of the inputs that the column gives, in order."""
        own = (self.name,) if self.code is None else self.code.inputs(self.name)
        return (*own, *((f"{self.name}_missing",) if self.missing.indicator else ()))

    def coded(self, column: TypedColumn) -> Numbers:
        """Returns inputs `[N, K]` before the scale and without the indicator; NaN for gaps that nothing fills."""
        gaps = column.missing
        if self.code is None or isinstance(self.code, DateParts):
            filled = column.numbers
            if self.missing.value is not None:
                filled = np.where(gaps, float(self.missing.value), filled)
            return filled[:, None] if self.code is None else self.code.apply(filled)
        found = self.code.apply(self._places(column))
        if self.missing.value is None:
            found[gaps] = np.nan
        return found

    def _places(self, column: TypedColumn) -> NDArray[np.int64]:
        """The position of each cell's level among the known ones, -1 if it is none of them."""
        assert self.code is not None
        assert not isinstance(self.code, DateParts)
        filled = -1.0
        if self.missing.value is not None:
            filled = float(positions([str(self.missing.value)], self.code.known)[0])
        places = np.append(positions(column.levels, self.code.known), filled)
        codes = np.where(column.missing, len(column.levels), column.numbers).astype(np.int64)
        return places[codes].astype(np.int64)

    @property
    def scaled_input(self) -> int | None:
        """The position of the input that is scaled as a number is, among those of the column."""
        if isinstance(self.code, DateParts):
            return self.code.scaled
        return 0 if self.code is None or isinstance(self.code, Ordinal) else None

    def apply(self, column: TypedColumn) -> Numbers:
        """Returns inputs `[N, K]` for the cells of the column."""
        found = np.array(self.coded(column))
        if self.scale is not None and self.scaled_input is not None:
            with np.errstate(over="ignore", invalid="ignore"):
                found[:, self.scaled_input] = self.scale.apply(found[:, self.scaled_input])
        if self.missing.indicator:
            found = np.column_stack([found, column.missing.astype(np.float64)])
        return found

    def problems(self, column: TypedColumn, table: Table, rows: Flags | None = None) -> Iterator[Diagnostic]:
        """Yields all that is wrong with cells of the column in the rows that are not left out."""
        among = np.ones(len(column.numbers), dtype=np.bool_) if rows is None else rows
        gaps = np.flatnonzero(column.missing & among)
        if len(gaps) and self.missing.value is None:
            hint = ""
            if self.missing.rule == DROP:
                hint = "fill these cells in, or take the rows out: the run was trained without such rows"
            quoted, where = literals.column(self.name), table.where(gaps)
            yield MissingFeature(column=self.name, quoted=quoted, where=where, hint=hint)
        if self.kind == "boolean":
            values = column.numbers
            wrong = np.flatnonzero(among & ~column.missing & (values != 0) & (values != 1))
            if len(wrong):
                yield NotTruth(column=self.name, value=f"{values[wrong[0]]:.12g}", where=table.where(wrong))
        if self.code is not None and not isinstance(self.code, DateParts) and self.code.unknown == "refuse":
            yield from self._unknown_levels(column, table, among)
        if isinstance(self.scale, Log) and self.scaled_input is not None:
            values = self.coded(column)[:, self.scaled_input]
            yield from no_logarithm("feature", self.name, values, self.scale.shift, table, among)

    def _unknown_levels(self, column: TypedColumn, table: Table, among: Flags) -> Iterator[Diagnostic]:
        """Yields the levels that are not known and may not be there, one by one."""
        assert self.code is not None
        assert not isinstance(self.code, DateParts)
        is_there = among & (~column.missing | (self.missing.value is not None))
        bad = np.flatnonzero((self._places(column) < 0) & is_there)
        levels = (*column.levels, str(self.missing.value))
        codes = np.where(column.missing, len(column.levels), column.numbers).astype(np.int64)[bad]
        for code in dict.fromkeys(codes.tolist()):
            where = table.where(bad[codes == code])
            if isinstance(self.code, Ordinal):
                listed = f"`ordinal({', '.join(literals.written(level) for level in self.code.levels)}, …)`"
                yield UnlistedLevel(column=self.name, where=where, value=levels[code], listed=listed)
            else:
                known = named(self.code.known)
                yield UnknownLevel(column=self.name, where=where, value=levels[code], levels=known)

    def not_known(self, column: TypedColumn) -> tuple[list[str], NDArray[np.int64]]:
        """Returns the levels that no training row has but that may be there, and the rows that have them."""
        if self.code is None or isinstance(self.code, DateParts) or self.code.unknown == "refuse":
            return [], np.empty(0, dtype=np.int64)
        rows = np.flatnonzero((self._places(column) < 0) & ~column.missing)
        codes = dict.fromkeys(column.numbers[rows].astype(np.int64).tolist())
        return [column.levels[code] for code in codes], rows

    def to_json(self) -> dict[str, Any]:
        """Returns plain data; `from_json` gives the same numbers to the bit."""
        return {
            "name": self.name,
            "kind": self.kind,
            "missing": vars(self.missing).copy(),
            "code": code_data(self.code),
            "scale": None if self.scale is None else scale_data(self.scale),
            "order": self.order,
        }

    @staticmethod
    def from_json(data: Mapping[str, Any]) -> FittedColumn:
        """Returns the column that `to_json` gave. Raises `KeyError` or `TypeError` for anything else."""
        scale = None if data["scale"] is None else scale_from(data["scale"])
        fill, code = Fill(**data["missing"]), code_from(data["code"])
        return FittedColumn(data["name"], data["kind"], fill, code, scale, data["order"])


def no_logarithm(  # noqa: PLR0913, PLR0917 - the parts of a message
    role: str, name: str, values: Numbers, shift: float, table: Table, among: Flags
) -> Iterator[Diagnostic]:
    """Yields (E0572) that values of a column `[N]` have no logarithm, in the rows that are not left out."""
    with np.errstate(invalid="ignore"):
        bad = np.flatnonzero((values + shift <= 0) & among)
    if len(bad):
        least = float(values[bad].min())
        value = f"{values[bad[0]]:g}" + (f" + {shift:g}" if shift else "")
        wanted = f"{np.floor(-least) + 1:g}"
        yield NoLogarithm(role=role, column=name, where=table.where(bad), value=value, shift=wanted)


@dataclass(frozen=True)
class FittedFeatures:
    """The columns that a network reads, in its order."""

    columns: tuple[FittedColumn, ...]

    @property
    def names(self) -> tuple[str, ...]:
        """The columns of the table that are read, in order."""
        return tuple(column.name for column in self.columns)

    @property
    def inputs(self) -> tuple[str, ...]:
        """The names of the network's inputs, in order."""
        return tuple(name for column in self.columns for name in column.inputs)

    @property
    def embeddings(self) -> tuple[Embedding, ...]:
        """The inputs that are indices of levels, in order."""
        found, place = [], 0
        for column in self.columns:
            if isinstance(column.code, Embedded):
                found.append(Embedding(place, len(column.code.levels) + 1, column.code.width))
            place += len(column.inputs)
        return tuple(found)

    @property
    def width(self) -> int:
        """The number of values that the encoder reads: the inputs, each embedding with the width of its vectors."""
        return len(self.inputs) + sum(one.width - 1 for one in self.embeddings)

    def transform(self, table: Table | pd.DataFrame) -> Numbers:
        """Returns inputs `[N, F]` for the rows of a table or frame that has the columns, in any order.

        Raises `Refusal`: E0523 with every column that is missing, else an error for every cell that cannot be read.
        """
        rows = read_table(table)
        check_there(rows, self.names)
        findings = Findings()
        columns = self.read(rows, findings)
        findings.raise_errors()
        return self.apply(columns)

    def read(self, table: Table, findings: Findings, *, gaps: bool = False) -> list[TypedColumn]:
        """Returns the columns of a table that has them, each as the run knows its kind, and adds what is wrong.

        With `gaps`, a missing cell for which a run drops rows is no mistake; see `complete`.
        """
        reader, found = Reader(table, "feature", findings, is_run=True), []
        read = [(column, reader.read(column.name, column.kind, column.order)) for column in self.columns]
        rows = self.complete([one for _, one in read]) if gaps and all(one for _, one in read) else None
        for column, one in read:
            if one is not None:
                found.append(one)
                for problem in column.problems(one, table, rows):
                    findings.add(problem)
        return found

    def complete(self, columns: Sequence[TypedColumn | None]) -> Flags:
        """Returns the rows `[N]` without a missing cell for which the run drops rows."""
        gaps = [
            one.missing
            for fitted, one in zip(self.columns, columns, strict=True)
            if one is not None and fitted.missing.rule == DROP
        ]
        first = next(one for one in columns if one is not None)
        has_gap: Flags = np.any([np.zeros(len(first.numbers), dtype=np.bool_), *gaps], axis=0)
        return ~has_gap

    def apply(self, columns: Sequence[TypedColumn]) -> Numbers:
        """Returns inputs `[N, F]` for the cells of all columns."""
        inputs = np.empty((len(columns[0].numbers), len(self.inputs)), dtype=np.float64)
        place = 0
        for fitted, column in zip(self.columns, columns, strict=True):
            end = place + len(fitted.inputs)
            inputs[:, place:end] = fitted.apply(column)
            place = end
        return inputs

    def check_range(self, inputs: Numbers, *, single: bool) -> None:
        """Refuse (E0522) inputs `[N, F]` that are infinite once they are rounded to the network's precision."""
        by_input = (column.name for column in self.columns for _ in column.inputs)
        check_range(by_input, inputs, single=single)

    def to_json(self) -> list[dict[str, Any]]:
        """Returns plain data for `preprocess.json`."""
        return [column.to_json() for column in self.columns]

    @staticmethod
    def from_json(data: Iterable[Mapping[str, Any]]) -> FittedFeatures:
        """Returns the features that `to_json` gave. Raises `KeyError` or `TypeError` for anything else."""
        return FittedFeatures(tuple(FittedColumn.from_json(column) for column in data))


def check_range(names: Iterable[str], scaled: Numbers, *, single: bool) -> None:
    """Refuse (E0522) scaled values `[N, C]` of named columns that a network of this precision has no numbers for."""
    limit = np.finfo(np.float32 if single else np.float64).max
    with np.errstate(over="ignore", invalid="ignore"):
        largest = np.abs(scaled).max(axis=0, initial=0.0)
    for name, value in zip(names, largest, strict=True):
        if not value <= limit:
            raise Refusal(TooLarge(column=name))
