"""The `amplitude` input is prepared alike by every backend that takes it: zeros refused, NaN kept to its row."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
import torch
from custatevec_standin import StandIn

from hqnn_dsl.backends import offered
from hqnn_dsl.backends.amplitude_input import unit_rows
from hqnn_dsl.backends.custatevec.executable import StateVecExecutable
from hqnn_dsl.circuit.angles import InputRef, WeightRef
from hqnn_dsl.circuit.ir import (
    AmplitudeInput,
    Circuit,
    Observable,
    Operation,
    PauliTerm,
    Probabilities,
    WeightTensor,
)
from hqnn_dsl.diagnostics.diagnostic import Refusal

if TYPE_CHECKING:
    from hqnn_dsl.backends import Executable

CIRCUIT = Circuit(
    num_qubits=3,
    operations=(
        Operation("ry", (0,), (0,)),
        Operation("cx", (0, 2)),
        Operation("rx", (2,), (1,)),
    ),
    slots=(WeightRef(0), InputRef(4)),
    measurements=(Observable((PauliTerm(1.0, ((0, "z"),)),)), Probabilities((0, 2))),
    num_inputs=5,
    weights=(WeightTensor("w", (1,), 0),),
    amplitude=AmplitudeInput(qubits=(0, 2), start=0),
)
ROWS = torch.tensor([[1.0, -2.0, 0.5, 0.0], [3e-30, 1e-30, 0.0, 2e-30], [4e30, 1e30, 2e30, -1e30]], dtype=torch.float64)


def here() -> list[str]:
    """The backends that take an amplitude input and can run on this machine."""
    return [name for name, row in offered().items() if row.is_here() and not row.objections(CIRCUIT, {})]


def run(name: str) -> Executable:
    if name == "custatevec on its stand-in":
        return StateVecExecutable(CIRCUIT, "double", module=StandIn(), device="cpu")
    return offered()[name].load(CIRCUIT, {"precision": "double"}, 0)


def angles(rows: int) -> tuple[torch.Tensor, torch.Tensor]:
    return torch.linspace(0.1, 0.9, rows, dtype=torch.float64).unsqueeze(1), torch.tensor([0.7], dtype=torch.float64)


NAMES = sorted({*here(), "custatevec on its stand-in"})


def test_the_loop_has_the_backends_that_need_no_gpu() -> None:
    assert {"reference", "native"} <= set(NAMES)


@pytest.mark.parametrize("differentiated", [False, True])
@pytest.mark.parametrize("name", NAMES)
def test_the_first_row_of_zeros_is_named(name: str, *, differentiated: bool) -> None:
    rows = torch.cat([ROWS, torch.zeros(2, 4, dtype=torch.float64)]).requires_grad_(differentiated)
    with pytest.raises(Refusal) as refused:
        run(name)(*angles(5), rows)
    (diagnostic,) = refused.value.diagnostics
    assert diagnostic.code == "E0712"
    assert vars(diagnostic)["row"] == 3


@pytest.mark.parametrize("differentiated", [False, True])
@pytest.mark.parametrize("name", NAMES)
def test_a_row_with_nan_gives_nan_in_its_own_row_only(name: str, *, differentiated: bool) -> None:
    rows = ROWS.clone()
    rows[1, 2] = torch.nan
    outputs = run(name)(*angles(3), rows.requires_grad_(differentiated)).detach()
    expected = offered()["reference"].load(CIRCUIT, {"precision": "double"}, 0)(*angles(3), ROWS)
    assert outputs[1].isnan().all()
    torch.testing.assert_close(outputs[[0, 2]], expected[[0, 2]], rtol=0, atol=1e-12)


def test_lengths_of_tiny_and_huge_rows_are_right_in_single_precision() -> None:
    given = ROWS.to(torch.float32)
    found = unit_rows(given)
    expected = ROWS / torch.linalg.vector_norm(ROWS, dim=1, keepdim=True)
    torch.testing.assert_close(found.double(), expected, rtol=0, atol=1e-6)


def test_it_is_differentiable_as_often_as_wanted() -> None:
    given = ROWS[:1].clone().requires_grad_()
    assert torch.autograd.gradcheck(unit_rows, given)
    assert torch.autograd.gradgradcheck(unit_rows, given)
