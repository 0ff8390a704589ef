"""The checked spec: a model whose names, types, widths and defaults are settled. Frozen, plain data.

Nothing here can be wrong any more: `semantics.check` is the only maker of a `Spec`. Gates are not part of it, but of
the `Circuit` that `elaborate` makes from the same file. The parts are frozen dataclasses whose fields are the words
of the language, and not pydantic models, because loading pydantic takes as long as all of `hqnn check`; defaults stand
here and nowhere else.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Literal

from hqnn_dsl.catalog.entry import Choice as Choice  # noqa: PLC0414 - the fields of `Spec` are of it


@dataclass(frozen=True, kw_only=True)
class Features:
    """Which columns are inputs. `names` is None for `*`: every numeric column that is neither target nor excluded."""

    names: tuple[str, ...] | None = None
    excluded: tuple[str, ...] = ()


MIN_TRAINING_ROWS = 2
"""Rows that a training needs at least."""


@dataclass(frozen=True, kw_only=True)
class Split:
    """Parts of the rows: fractions below 1, or row counts if they are integers; training gets the rest."""

    validation: float | int = 0.15
    test: float | int = 0.15
    seed: int | None = None
    """None: drawn from the training seed, as the stream "split"."""
    by: Choice | None = None
    """An entry of `catalog.columns.SPLITS`; None: `stratified` for classes, else `random`."""


_NONE = Choice(name="none")
_REFUSE = Choice(name="refuse")
_STANDARD = Choice(name="standard")
_ONE_HOT = Choice(name="one_hot", options={"most": 20, "unknown": "other"})


@dataclass(frozen=True, kw_only=True)
class Scale:
    """How features and target are scaled, entries of `catalog.columns.SCALES`; statistics come from training rows."""

    features: Choice = _STANDARD
    target: Choice = _STANDARD


@dataclass(frozen=True, kw_only=True)
class Read:
    """How the text of a table is read; None: guessed from its first lines, and said."""

    delimiter: str | None = None
    decimal: str | None = None
    thousands: str | None = None
    encoding: str | None = None
    comment: str | None = None
    missing: tuple[str, ...] = ()
    """Spellings of a missing cell, beside those of `data.missing_words`."""


@dataclass(frozen=True, kw_only=True)
class ColumnRule:
    """What `columns { … }` says of one column; a stage that is not named is that of the whole table.

    The stages are those of `catalog.columns.COLUMN_RULES`, in the order in which they act.
    """

    column: str
    kind: Choice | None = None
    missing: Choice | None = None
    code: tuple[Choice, ...] = ()
    """One entry of `CATEGORIES`, or one or several of `DATES`."""
    scale: Choice | None = None


@dataclass(frozen=True, kw_only=True)
class DataSpec:
    """`data { … }`."""

    read: Read = Read()
    target: tuple[str, ...] | None = None
    """None: the table's last column."""
    task: Literal["regression", "classification"] | None = None
    """None: what the loss is for; if that is `auto`, what the target's column looks like."""
    features: Features = Features()
    categories: Choice = _ONE_HOT
    missing: Choice = _REFUSE
    scale: Scale = Scale()
    columns: tuple[ColumnRule, ...] = ()
    weights: str | None = None
    """The column of row weights."""
    split: Split = Split()

    def rule(self, column: str) -> ColumnRule:
        """Returns the rule of a column, one that says nothing if it has none."""
        return next((rule for rule in self.columns if rule.column == column), ColumnRule(column=column))


@dataclass(frozen=True, kw_only=True)
class Layer:
    """One line of an encoder or decoder: a layer, then operations with constants, left to right."""

    layer: Choice
    in_width: int | None
    """None while it is only known from the table: the first layer of the encoder."""
    out_width: int | None
    """None if it follows `in_width` or, in the decoder's last `dense(auto)`, the number of targets."""
    operations: tuple[tuple[str, float], ...] = ()
    """`("mul", 3.14)`, `("add", 1.0)`, …: `add sub mul div pow`."""


@dataclass(frozen=True, kw_only=True)
class TrainSpec:
    """`train { … }`."""

    epochs: int = 100
    batch: int = 32
    loss: Choice
    optimizer: Choice
    scheduler: Choice
    stop: Choice
    clip: float | None = None
    """Largest norm of the gradient of all weights together; None: not clipped."""
    device: Literal["auto", "cpu", "cuda"] = "auto"
    precision: Literal["auto", "single", "double", "mixed"] = "auto"
    """`auto`: mixed if the classical half is on CUDA and has layers to compute so, else single."""
    step: Literal["auto", "compiled", "torch"] = "auto"
    """What runs a training step; `auto`: compiled code if it can run this network, else torch."""
    seed: int = 0
    class_weights: Literal["balanced"] | tuple[tuple[str, float], ...] | None = None
    """The weight of each class in the loss: `balanced`, or pairs of label and weight; None: 1."""
    intervals: Choice = _NONE


@dataclass(frozen=True, kw_only=True)
class BudgetSpec:
    """`budget { … }`: the most that a run may spend on a device, None without a bound."""

    circuits: int | None = None
    shots: int | None = None
    seconds: float | None = None
    """Quantum seconds: as the device reports them, estimated before."""


@dataclass(frozen=True, kw_only=True)
class TranspileSpec:
    """`transpile { … }`. Either `target` names a fake device, or `basis` and `coupling` describe the device."""

    target: str | None = None
    basis: tuple[str, ...] | None = None
    coupling: str | tuple[tuple[int, int], ...] | None = None
    optimization: int = 1
    seed: int | None = None
    """None: drawn from the training seed, as the stream "transpile"."""


@dataclass(frozen=True, kw_only=True)
class Spec:
    """A whole checked model."""

    version: int = 1
    name: str
    doc: str = ""
    constants: dict[str, bool | int | float | str | tuple[Any, ...]] = field(default_factory=dict)
    data: DataSpec = DataSpec()
    encoder: tuple[Layer, ...] = ()
    in_width: int | None = None
    """Number of features the network reads; None: as many as the table has."""
    num_qubits: int
    num_inputs: int
    num_outputs: int
    decoder: tuple[Layer, ...] = ()
    out_width: int | None = None
    """Number of targets; None: as many as `data` names, known with the table if `data { target }` is missing."""
    train: TrainSpec
    transpile: TranspileSpec = TranspileSpec()
    backend: Choice
    budget: BudgetSpec | None = None

    @property
    def has_circuit(self) -> bool:
        """Whether a circuit stands between encoder and decoder; without one `num_qubits` is 0."""
        return self.num_qubits > 0
