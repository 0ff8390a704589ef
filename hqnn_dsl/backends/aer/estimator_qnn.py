"""A circuit behind `EstimatorQNN` and `TorchConnector`, with Aer's `EstimatorV2`.

The circuit is transpiled here to gates that the two-term shift rule is right for, compared with the original, and its
observables are laid out; no pass manager is handed on, since it would lay them out a second time. The angles per sample
are the QNN's inputs, the shared ones its weights, both in slot order. What Aer reports of a run is in `backends.aer`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, cast

import torch
from qiskit_aer.primitives import EstimatorV2
from qiskit_machine_learning.connectors import TorchConnector
from qiskit_machine_learning.neural_networks import EstimatorQNN
from torch.autograd.function import once_differentiable
from torch.func import functional_call

from hqnn_dsl.backends.shifts.function import exactly
from hqnn_dsl.backends.torch_function import again, numbers_suffice, where_finite
from hqnn_dsl.circuit.ir import Probabilities, width_of
from hqnn_dsl.transpile.convert import Slotted, observables, slotted, sums
from hqnn_dsl.transpile.equivalence import assert_equivalent
from hqnn_dsl.transpile.passes import Transpiled, transpile
from hqnn_dsl.transpile.target import Target

if TYPE_CHECKING:
    from collections.abc import Mapping

    from qiskit.circuit import Parameter
    from torch import Tensor

    from hqnn_dsl.circuit.ir import Circuit

SHIFT_GATES = ("x", "y", "z", "h", "rx", "ry", "rz", "p", "cx", "cy", "cz", "rxx", "ryy", "rzz", "rzx")
"""Gates that the two-term shift rule of Qiskit Machine Learning takes as they are."""


@dataclass(frozen=True)
class QnnOptions:
    """Aer's device (`CPU` or `GPU`), the precision of state and values (`single` or `double`), and cuStateVec."""

    device: str
    precision: str
    custatevec: bool


class _DoubleFunction(torch.autograd.Function):
    """What `TorchConnector` does, in float64: its own function rounds values and gradients to float32."""

    @staticmethod
    def forward(ctx: Any, per_sample: Tensor, shared: Tensor, network: Any) -> Tensor:
        ctx.save_for_backward(per_sample, shared)
        ctx.network = network
        values = network.forward(per_sample.detach().cpu().numpy(), shared.detach().cpu().numpy())
        return torch.as_tensor(values, dtype=torch.float64, device=per_sample.device)

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, upstream: Tensor) -> tuple[Tensor | None, Tensor | None, None]:
        per_sample, shared = ctx.saved_tensors
        by_input, by_weight = ctx.network.backward(per_sample.cpu().numpy(), shared.cpu().numpy())
        to_input = to_weight = None
        if by_input is not None:
            to_input = torch.einsum("bm,bme->be", upstream, torch.as_tensor(by_input).to(upstream))
        if by_weight is not None:
            to_weight = torch.einsum("bm,bmw->w", upstream, torch.as_tensor(by_weight).to(upstream))
        return to_input, to_weight, None


class DoubleConnector(TorchConnector):  # type: ignore[misc]
    """A `TorchConnector` whose values and gradients are float64."""

    def forward(self, input_data: Tensor) -> Tensor:
        """Values `[B, M]` for inputs `[B, E]` and the connector's weight."""
        return cast("Tensor", _DoubleFunction.apply(input_data, self.weight, self.neural_network))  # type: ignore[no-untyped-call]


class _Connected(torch.autograd.Function):
    """Outputs and gradients by a connector; its own backward pass says nothing of second derivatives."""

    @staticmethod
    def forward(ctx: Any, per_sample: Tensor, shared: Tensor, executable: QnnExecutable) -> Tensor:
        ctx.save_for_backward(per_sample, shared)
        ctx.executable = executable
        pairs = zip((per_sample, shared), ctx.needs_input_grad, strict=False)
        ctx.leaves = [tensor.detach().requires_grad_(want) for tensor, want in pairs]
        with torch.enable_grad():
            ctx.outputs = executable.connected(*ctx.leaves)
        return cast("Tensor", ctx.outputs.detach())

    @staticmethod
    def backward(ctx: Any, *upstream: Tensor) -> tuple[Tensor | None, ...]:
        given, asked = ctx.saved_tensors, ctx.needs_input_grad[:2]

        def numbers() -> list[Tensor | None]:
            leaves = [leaf for leaf, want in zip(ctx.leaves, asked, strict=True) if want]
            found = iter(torch.autograd.grad(ctx.outputs, leaves, upstream[0], retain_graph=True))
            return [next(found) if want else None for want in asked]

        def outputs(*angles: Tensor) -> Tensor:
            return exactly(ctx.executable, *angles)

        if numbers_suffice(upstream[0]):
            return (*numbers(), None)
        return (*again(outputs, given, asked, upstream[0], numbers), None)


class QnnExecutable:
    """A circuit run by Aer through `TorchConnector`; see `backends.Executable`. Second derivatives are the reference's.

    Gradients by the per-sample angles are computed exactly when these require a gradient, since they cost two circuits
    each; those of the shared angles always.
    """

    def __init__(self, circuit: Circuit, options: QnnOptions, seed: int) -> None:
        self.circuit = circuit
        self.options = options
        self.seed = seed
        self.real = torch.float64 if options.precision == "double" else torch.float32
        form = slotted(circuit)
        transpiled = _for_shifts(circuit, form, seed)
        present = set(transpiled.circuit.parameters)
        self._sample = [k for k, parameter in enumerate(form.sample) if parameter in present]
        self._shared = [k for k, parameter in enumerate(form.shared) if parameter in present]
        inputs = [form.sample[k] for k in self._sample]
        weights = [form.shared[k] for k in self._shared]
        self._constants = constants_of(circuit)
        self._asked = [column for column in range(circuit.num_outputs) if column not in self._constants]
        self.connectors = {
            wanted: self._connect(transpiled, inputs, weights, input_gradients=wanted)
            for wanted in (False, True)
            if self._asked
        }

    def __reduce__(self) -> tuple[type[QnnExecutable], tuple[Circuit, QnnOptions, int]]:
        return QnnExecutable, (self.circuit, self.options, self.seed)

    @property
    def metadata(self) -> Mapping[str, object]:
        """`method`, and what Aer was seen to compute with: `device`, `precision`, `custatevec`."""
        chosen = self.options
        return {
            "method": "estimator_qnn",
            "device": chosen.device,
            "precision": chosen.precision,
            "custatevec": chosen.custatevec,
        }

    def __call__(self, per_sample: Tensor, shared: Tensor, state: Tensor | None) -> Tensor:
        """Outputs `[B, M]` for angles `per_sample[B, E]` and `shared[W]`; `state` is None."""
        assert state is None, "an amplitude input is refused when the circuit is loaded"
        return where_finite(self._run, per_sample.to(self.real), shared.to(self.real))

    def _run(self, per_sample: Tensor, shared: Tensor) -> Tensor:
        if torch.is_grad_enabled() and (per_sample.requires_grad or shared.requires_grad):
            return cast("Tensor", _Connected.apply(per_sample, shared, self))  # type: ignore[no-untyped-call]
        return self.connected(per_sample, shared)

    def connected(self, per_sample: Tensor, shared: Tensor) -> Tensor:
        """The outputs by a connector, which are differentiable once, and must not be differentiated twice."""
        rows = per_sample.shape[0]
        inputs, weights = per_sample[:, self._sample], shared[self._shared]
        # A slot that only turns the phase is in no gate: it, and an empty batch, still get a gradient of zero.
        nothing = per_sample[:, :0].sum(1, keepdim=True) + shared[:0].sum()
        if rows == 0:
            return nothing.expand(0, self.circuit.num_outputs)
        values = inputs.new_zeros(rows, self.circuit.num_outputs)
        for column, value in self._constants.items():
            values[:, column] = value
        if self._asked:
            connector = self.connectors[torch.is_grad_enabled() and inputs.requires_grad]
            alone = not self._sample  # every row is the same: one is run
            found: Tensor = functional_call(connector, {"weight": weights}, (inputs[:1] if alone else inputs,))
            columns = torch.tensor(self._asked, device=found.device)
            values = values.index_copy(1, columns, found.repeat(rows, 1) if alone else found)
        return values + nothing

    def _connect(
        self, transpiled: Transpiled, inputs: list[Parameter], weights: list[Parameter], *, input_gradients: bool
    ) -> TorchConnector:
        operators = observables(self.circuit)
        asked = [operators[column] for column in self._asked]
        network = EstimatorQNN(
            circuit=transpiled.circuit,
            estimator=EstimatorV2(
                options={
                    "default_precision": 0.0,
                    "backend_options": _simulator_options(self.options, self.seed),
                    "run_options": {"seed_simulator": self.seed},
                }
            ),
            observables=transpiled.observables(asked),
            input_params=inputs,
            weight_params=weights,
            input_gradients=input_gradients,
            default_precision=0.0,
        )
        # Its own weights are never read: every call brings the shared angles.
        start = [0.0] * len(weights)
        return (DoubleConnector if self.real == torch.float64 else TorchConnector)(network, initial_weights=start)


def constants_of(circuit: Circuit) -> dict[int, float]:
    """The outputs, by number, of which nothing but a constant is left: Aer refuses to estimate nothing."""
    found: dict[int, float] = {}
    output = 0
    for measured in circuit.measurements:
        if isinstance(measured, Probabilities):
            output += width_of(measured)
            continue
        products = measured.products()
        if set(products) <= {()}:
            found[output] = products.get((), 0.0)
        output += 1
    return found


def _simulator_options(options: QnnOptions, seed: int) -> dict[str, object]:
    """What `AerSimulator` is told."""
    told: dict[str, object] = {
        "method": "statevector",
        "device": options.device,
        "precision": options.precision,
        "seed_simulator": seed,
    }
    return told | {"cuStateVec_enable": True} if options.custatevec else told


def _for_shifts(circuit: Circuit, form: Slotted, seed: int) -> Transpiled:
    """The circuit in `SHIFT_GATES`, checked; its global phase is dropped, since no expectation value sees it."""
    transpiled = transpile(form.circuit, Target(basis=SHIFT_GATES, seed=seed))
    transpiled.circuit.global_phase = 0
    assert_equivalent(form.circuit, transpiled, sums(circuit), outcomes=circuit.outcomes, seed=seed)
    return transpiled
