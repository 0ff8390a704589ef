"""A circuit behind `EstimatorQNN` and `TorchConnector`, with Aer's `EstimatorV2`.

The circuit is transpiled here to gates that the two-term shift rule is right for, compared with the original, and its
observables are laid out; no pass manager is handed on, since it would lay them out a second time. The angles per sample
are the QNN's inputs, the shared ones its weights, both in slot order. What Aer reports of a run is in `backends.aer`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import torch
from qiskit_aer.primitives import EstimatorV2
from qiskit_machine_learning.connectors import TorchConnector
from qiskit_machine_learning.neural_networks import EstimatorQNN
from torch.func import functional_call

from hqnn_dsl.backends.torch_function import by_reference, differentiable, differentiable_once, where_finite
from hqnn_dsl.circuit.ir import Probabilities, width_of
from hqnn_dsl.diagnostics.codes.simulators import OnlyFirstDerivatives
from hqnn_dsl.transpile.convert import Slotted, observables, slotted, sums
from hqnn_dsl.transpile.equivalence import assert_equivalent
from hqnn_dsl.transpile.passes import Transpiled, transpile
from hqnn_dsl.transpile.target import Target

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from qiskit.circuit import Parameter
    from torch import Tensor

    from hqnn_dsl.backends.torch_function import Numbers
    from hqnn_dsl.circuit.ir import Circuit

SHIFT_GATES = ("x", "y", "z", "h", "rx", "ry", "rz", "p", "cx", "cy", "cz", "rxx", "ryy", "rzz", "rzx")
"""Gates that the two-term shift rule of Qiskit Machine Learning takes as they are."""


@dataclass(frozen=True)
class QnnOptions:
    """Aer's device (`CPU` or `GPU`), the precision of state and values (`single` or `double`), and cuStateVec."""

    device: str
    precision: str
    custatevec: bool


class DoubleConnector(TorchConnector):  # type: ignore[misc]
    """A `TorchConnector` whose values and gradients are float64: its own function rounds both to float32."""

    def forward(self, input_data: Tensor) -> Tensor:
        """Values `[B, M]` for inputs `[B, E]` and the connector's weight."""
        beyond = OnlyFirstDerivatives(backend="aer", reason="`method: estimator_qnn`")
        return differentiable_once(self._run, "aer", beyond, input_data, self.weight)

    def _run(self, per_sample: Tensor, shared: Tensor) -> tuple[Tensor, Numbers]:
        network, angles = self.neural_network, [tensor.detach().cpu().numpy() for tensor in (per_sample, shared)]

        def numbers(upstream: Tensor, asked: Sequence[bool]) -> list[Tensor | None]:  # noqa: ARG001 - the network knows
            sums = ("bm,bme->be", "bm,bmw->w")
            return [
                None if slopes is None else torch.einsum(terms, upstream, torch.as_tensor(slopes).to(upstream))
                for terms, slopes in zip(sums, network.backward(*angles), strict=True)
            ]

        return torch.as_tensor(network.forward(*angles), dtype=torch.float64, device=per_sample.device), numbers


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
        self._by_reference = by_reference(circuit, self.real)
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
            return differentiable(self._leaves_connected, self._by_reference, per_sample, shared)
        return self.connected(per_sample, shared)

    def _leaves_connected(self, per_sample: Tensor, shared: Tensor) -> tuple[Tensor, Numbers]:
        """Outputs and gradients by a connector; its own backward pass says nothing of second derivatives."""
        leaves = [tensor.detach().requires_grad_(tensor.requires_grad) for tensor in (per_sample, shared)]
        with torch.enable_grad():
            outputs = self.connected(*leaves)

        def numbers(upstream: Tensor, asked: Sequence[bool]) -> list[Tensor | None]:
            wanted = [leaf for leaf, want in zip(leaves, asked, strict=True) if want]
            found = iter(torch.autograd.grad(outputs, wanted, upstream, retain_graph=True))
            return [next(found) if want else None for want in asked]

        return outputs.detach(), numbers

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
