"""What a peer gives the worker: a step that can be repeated, and the numbers that the last one found.

A step is the whole layer, forward and backward: angles from inputs and weights, the circuit, all <Z_i>, and the
gradients of inputs and weights for a given gradient from above.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol

import numpy as np

from benchmarks.workloads import Numbers, Workload, numbers_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

REAL = {"single": "float32", "double": "float64"}


class Prepared(Protocol):
    """A workload made ready by a peer."""

    def step(self) -> None:
        """Forward and backward, done when it returns."""

    def results(self) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Of the last step: outputs `[B, M]`, gradients of the inputs `[B, I]` and of the weights `[P]`."""


class TorchStep:
    """A step of a torch function; `layer` reads the inputs, and `weights` are the tensors that it is trained by.

    With `device` "cuda" all tensors are there, and a step ends when the GPU has done it.
    """

    def __init__(
        self,
        layer: Callable[[Any], Any],
        weights: Iterable[Any],
        numbers: Numbers,
        precision: str,
        device: str = "cpu",
    ) -> None:
        import torch

        real = getattr(torch, REAL[precision])
        self._wait = torch.cuda.synchronize if device == "cuda" else None
        self._backward = torch.autograd.backward
        self.layer = layer
        self.weights = list(weights)
        self.inputs = torch.tensor(numbers.inputs, dtype=real, device=device, requires_grad=True)
        self.upstream = torch.tensor(numbers.upstream, dtype=real, device=device)
        self.outputs: Any = None

    def step(self) -> None:
        for tensor in (self.inputs, *self.weights):
            tensor.grad = None
        self.outputs = self.layer(self.inputs)
        self._backward(self.outputs, self.upstream.to(self.outputs.dtype))
        if self._wait is not None:
            self._wait()

    def results(self) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        weights = [tensor.grad.reshape(-1).cpu().numpy() for tensor in self.weights]
        return self.outputs.detach().cpu().numpy(), self.inputs.grad.cpu().numpy(), np.concatenate(weights)


class FunctionStep(TorchStep):
    """A step of a torch function `outputs(inputs, weights)` of all weights in one tensor."""

    def __init__(
        self, outputs: Callable[[Any, Any], Any], workload: Workload, precision: str, device: str = "cpu"
    ) -> None:
        import torch

        numbers, real = numbers_of(workload), getattr(torch, REAL[precision])
        weights = torch.tensor(numbers.weights, dtype=real, device=device, requires_grad=True)
        super().__init__(lambda inputs: outputs(inputs, weights), [weights], numbers, precision, device)


class JaxStep:
    """A step under `jax.jit` of a function `outputs(inputs, weights)` of the whole batch."""

    def __init__(self, outputs: Callable[[Any, Any], Any], workload: Workload, precision: str) -> None:
        import jax
        import jax.numpy as jnp

        numbers = numbers_of(workload)
        real = getattr(jnp, REAL[precision])

        def weighed(inputs: Any, weights: Any, upstream: Any) -> Any:
            found = outputs(inputs, weights)
            return (found * upstream).sum(), found

        self._step = jax.jit(jax.value_and_grad(weighed, argnums=(0, 1), has_aux=True))
        self._wait = jax.block_until_ready
        self._given = tuple(jnp.asarray(a, dtype=real) for a in (numbers.inputs, numbers.weights, numbers.upstream))
        self._found: Any = None

    def step(self) -> None:
        self._found = self._wait(self._step(*self._given))

    def results(self) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        (_, outputs), (inputs, weights) = self._found
        return np.asarray(outputs), np.asarray(inputs), np.asarray(weights)
