"""`preprocess.json`: how a run reads tables, as a model by which the file is written and read."""

from __future__ import annotations

from itertools import pairwise
from typing import Annotated, Any, Literal

from pydantic import Field, model_validator

from hqnn_dsl.catalog.objectives import LOSSES
from hqnn_dsl.documents import SHOWN, Count, Document, Name, NotNegative, Positive, Record, is_number, shown
from hqnn_dsl.semantics.spec import MIN_TRAINING_ROWS

OWN = "own"
"""The name of a loss of the user's own in `preprocess.json`, in place of one of the catalog."""


Shares = Annotated[list[float], Field(min_length=1)]
Above = Annotated[float, Field(gt=0)]
Levels = list[str]
Sign = Annotated[str, Field(min_length=1, max_length=1)]


# ------------------------------------------------------------------------------------------------------------- columns


class LinearRecord(Record):
    """A scale of numbers: mean and deviation, median and distance of the quartiles, or nothing."""

    rule: Literal["standard", "robust", "none"]
    mean: float
    scale: Above

    @model_validator(mode="after")
    def _agree(self) -> LinearRecord:
        if self.rule == "none" and (self.mean or self.scale != 1):
            raise ValueError("nothing is scaled, but the mean is not 0 or the scale is not 1")
        return self


class MinMaxRecord(Record):
    """A scale of numbers by their smallest and largest value."""

    rule: Literal["min_max"]
    factor: float
    offset: float

    @model_validator(mode="after")
    def _differs(self) -> MinMaxRecord:
        if not self.factor:
            raise ValueError("the factor is 0")
        return self


class LogRecord(Record):
    """A scale of logarithms."""

    rule: Literal["log"]
    shift: float
    mean: float
    scale: Above


class QuantileRecord(Record):
    """A scale of numbers by their place among the training rows."""

    rule: Literal["quantile"]
    quantiles: Shares

    @model_validator(mode="after")
    def _ascend(self) -> QuantileRecord:
        if any(after < before for before, after in pairwise(self.quantiles)):
            raise ValueError("the quantiles do not ascend")
        return self


class PowerRecord(Record):
    """A scale of Yeo-Johnson powers."""

    rule: Literal["power"]
    exponent: float
    mean: float
    scale: Above


ScaleRecord = Annotated[
    LinearRecord | MinMaxRecord | LogRecord | QuantileRecord | PowerRecord, Field(discriminator="rule")
]


class LevelsRecord(Record):
    """Levels by their positions."""

    levels: Levels

    @model_validator(mode="after")
    def _differ(self) -> LevelsRecord:
        _check_once([*self.levels, *getattr(self, "rare", [])])
        return self


class OneHotRecord(LevelsRecord):
    """Levels with an input each, and those that share one."""

    rule: Literal["one_hot"]
    rare: Levels
    unknown: Literal["other", "refuse"]


class EmbeddedRecord(LevelsRecord):
    """Levels with a trained vector each."""

    rule: Literal["embedding"]
    width: Positive
    unknown: Literal["other", "refuse"]


class OrdinalRecord(LevelsRecord):
    """Levels in an order of the user's own."""

    rule: Literal["ordinal"]
    unknown: Literal["refuse"]


class DateRecord(Record):
    """Parts of dates, and the day from which days are counted, in days since 1970-01-01."""

    rule: Literal["date"]
    parts: Annotated[list[Literal["days", "month", "weekday", "hour"]], Field(min_length=1)]
    first: float


CodeRecord = Annotated[OneHotRecord | EmbeddedRecord | OrdinalRecord | DateRecord, Field(discriminator="rule")]


class FillRecord(Record):
    """The rule of missing cells: a number or the name of a level stands for them, or nothing."""

    rule: Literal["refuse", "median", "mean", "most_frequent", "constant", "drop_rows"]
    value: float | str | None
    indicator: bool

    @model_validator(mode="after")
    def _agree(self) -> FillRecord:
        if (self.value is None) != (self.rule in {"refuse", "drop_rows"}):
            raise ValueError(f"the rule is {self.rule}, and the value is {shown(self.value)}")
        if self.indicator and self.value is None:
            raise ValueError(f"the rule is {self.rule}, and there is an indicator")
        return self


class ColumnRecord(Record):
    """A column that is read, with its rules and all that was fitted."""

    name: Name
    kind: Literal["number", "boolean", "category", "date"]
    missing: FillRecord
    code: CodeRecord | None
    scale: ScaleRecord | None
    order: Literal["day_month", "month_day"] | None

    @model_validator(mode="after")
    def _agree(self) -> ColumnRecord:
        code, is_date = self.code, isinstance(self.code, DateRecord)
        if is_date != (self.kind == "date") or (code is None) != (self.kind in {"number", "boolean"}):
            raise ValueError(f"the kind is {self.kind}, and the code is {'none' if code is None else code.rule}")
        is_scaled = code is None or isinstance(code, OrdinalRecord) or "days" in getattr(code, "parts", [])
        if is_scaled != (self.scale is not None):
            raise ValueError("it needs a scale" if is_scaled else "it has a scale, but no input that is scaled")
        value = self.missing.value
        if value is not None and isinstance(value, str) != (self.kind == "category"):
            raise ValueError(f"{shown(value)} stands for missing cells of a {self.kind}")
        if self.order is not None and not is_date:
            raise ValueError("an order of day and month is for dates")
        return self


class TargetRecord(Record):
    """The targets: numbers, each with its scale, or the classes of one."""

    names: Annotated[list[Name], Field(min_length=1)]
    scales: list[ScaleRecord]
    classes: Annotated[list[str], Field(min_length=2)] | None
    drops: bool

    @model_validator(mode="after")
    def _agree(self) -> TargetRecord:
        _check_once(self.names)
        if self.classes is None and len(self.names) != len(self.scales):
            raise ValueError(f"{len(self.names)} names and {len(self.scales)} scales")
        if self.classes is not None:
            _check_once(self.classes)
            if self.scales or len(self.names) > 1:
                raise ValueError("classes are of one target, without a scale")
        return self


class ReportRecord(Record):
    """What was made of a column, for a reader."""

    column: Name
    role: Literal["feature", "target", "weight", "left out"]
    kind: str
    rule: str
    fitted: str
    missing: Count
    inputs: Count


class WrittenRecord(Record):
    """How the numbers of the table that was trained on were written."""

    delimiter: Sign | None
    decimal: Literal[".", ","] | None
    thousands: dict[Name, Sign]
    percent: list[Name]


def _check_once(names: list[str]) -> None:
    if len(set(names)) < len(names):
        raise ValueError("a name is there twice")


# ---------------------------------------------------------------------------------------------------------- the rest


class LossRecord(Record):
    """A loss of the catalog with its options, or a function of the user's own with its name and file."""

    name: str
    options: dict[str, Any]

    @model_validator(mode="after")
    def _known(self) -> LossRecord:
        if self.name == OWN:
            return self._check_function()
        if self.name not in LOSSES:
            raise ValueError(f"there is no loss `{self.name[:SHOWN]}`")
        expected = {option.name: option for option in LOSSES[self.name].options}
        if set(self.options) != set(expected):
            raise ValueError(f"the options of `{self.name}` are {sorted(expected)}, not {sorted(self.options)}")
        for name, option in expected.items():
            value = self.options[name]
            if not is_number(value) or (option.above is not None and not value > option.above):
                raise ValueError(f"{name} is {shown(value)}")
        return self

    def _check_function(self) -> LossRecord:
        if set(self.options) != {"function", "file"}:
            raise ValueError(f"the options of `{OWN}` are ['file', 'function'], not {sorted(self.options)}")
        function, file = self.options["function"], self.options["file"]
        if not isinstance(function, str) or not function or not isinstance(file, str | None):
            raise ValueError(f"the function is {shown(function)}, its file {shown(file)}")
        return self


class TableRecord(Record):
    """The table that was trained on: how many rows, a hash of its numbers, and one of each column's."""

    rows: Positive
    sha256: Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]
    columns: dict[Name, Annotated[str, Field(pattern=r"^[0-9a-f]{16}$")]] | None = None


class SplitRecord(Record):
    """The rows of each part, counted from 0, ascending."""

    train: Annotated[list[Count], Field(min_length=MIN_TRAINING_ROWS)]
    validation: list[Count]
    test: list[Count]

    @property
    def rows(self) -> list[int]:
        """All rows, part after part."""
        return [*self.train, *self.validation, *self.test]

    @model_validator(mode="after")
    def _ascending(self) -> SplitRecord:
        for name, rows in (("train", self.train), ("validation", self.validation), ("test", self.test)):
            for before, row in pairwise(rows):
                if row <= before:
                    raise ValueError(f"in {name}, row {row} comes after row {before}")
        if len(set(self.rows)) < len(self.rows):
            raise ValueError("a row is in two parts")
        return self


class PreprocessFile(Document):
    """`preprocess.json`: columns and all that was fitted to them, the loss, the rows of each part."""

    version: Literal[2] = 2  # type: ignore[assignment]
    features: Annotated[list[ColumnRecord], Field(min_length=1)]
    target: TargetRecord
    loss: LossRecord
    batch: Positive
    table: TableRecord
    split: SplitRecord
    dropped: list[Count]
    weights: Name | None
    report: list[ReportRecord]
    class_weights: list[NotNegative] | None
    written: WrittenRecord | None = None

    @model_validator(mode="after")
    def _agree(self) -> PreprocessFile:
        names = [column.name for column in self.features]
        _check_once(names)
        both = set(names) & set(self.target.names)
        if both:
            raise ValueError(f"`{min(both)[:SHOWN]}` is a feature and a target")
        classes = self.target.classes
        if self.class_weights is not None and (classes is None or len(self.class_weights) != len(classes)):
            raise ValueError(f"there are {len(self.class_weights)} class_weights, and not as many classes")
        rows = self.split.rows
        if max(rows) >= self.table.rows:
            raise ValueError(f"split has row {max(rows)}, table.rows is {self.table.rows}")
        if len({*rows, *self.dropped}) != len(rows) + len(self.dropped):
            raise ValueError("a row of a part is dropped, or a row is dropped twice")
        if len(rows) + len(self.dropped) != self.table.rows:
            dropped = f" and {len(self.dropped)} are dropped" if self.dropped else ""
            raise ValueError(f"split has {len(rows)} rows{dropped}, table.rows is {self.table.rows}")
        return self
