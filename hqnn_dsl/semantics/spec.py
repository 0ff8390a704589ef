"""The checked spec: what a model is once every name, type, width and default is settled. Frozen, plain data.

Nothing here can be wrong any more: `semantics.check` is the only maker of a `Spec`. It says nothing of gates; those are
in the `Circuit` that `elaborate` makes from the same file. Pydantic gives it JSON in both directions and a schema.
"""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel, ConfigDict

from hqnn_dsl.semantics.records import (
    BudgetSpec,
    Choice,
    DataSpec,
    Features,
    Layer,
    Scale,
    Split,
    TrainSpec,
    TranspileSpec,
)

__all__ = [
    "BudgetSpec",
    "Choice",
    "DataSpec",
    "Features",
    "Layer",
    "Scale",
    "Spec",
    "Split",
    "TrainSpec",
    "TranspileSpec",
]


class Spec(BaseModel):
    """A whole checked model."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    version: int = 1
    name: str
    doc: str = ""
    constants: dict[str, Any] = {}
    data: DataSpec = DataSpec()
    encoder: tuple[Layer, ...] = ()
    in_width: int | None = None
    """Number of features the network reads; None: as many as the table has."""
    num_qubits: int
    num_inputs: int
    num_outputs: int
    decoder: tuple[Layer, ...] = ()
    out_width: int | None = None
    """Number of targets; None: as many as `data` names, known with the table where `data { target }` is missing."""
    train: TrainSpec
    transpile: TranspileSpec = TranspileSpec()
    backend: Choice
    budget: BudgetSpec | None = None
