"""The networks whose training is measured: their sizes, spec, starting weights and rows, the same for everyone.

A worker imports this module in the environment of its contestant, so it needs NumPy alone.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from benchmarks.workloads import FAMILIES, Workload, workload_of

FEATURES = 6
HIDDEN = 16
STEPS = 32
"""Steps of an epoch."""
RATE, DECAY, BETAS, EPS = 0.01, 0.01, (0.9, 0.999), 1e-8
"""Of AdamW. The decay spares the weights of the circuit, which are angles."""

NETWORKS = tuple(workload_of(name) for name in ("ra:4x16", "ra:6x32", "ra:8x32", "ra:10x64", "zz:6x32", "zz:8x32"))
"""By their circuits: qubits are also the width of the layer in front of it, the batch is that of a step."""

SPEC = """hqnn 1
model bench {{
  data {{ target y; features * }}
  encoder {{ dense({hidden}); silu; dense({width}); tanh * pi }}
  circuit on {width} qubits {{
    {blocks}
    measure z
  }}
  decoder {{ dense(1) }}
  train {{
    epochs 1
    batch {batch}
    loss mse
    optimizer adamw(lr: {rate}, weight_decay: {decay})
    scheduler none
    stop none
    device cpu
    precision {precision}
    seed 7
  }}
  backend native
}}
"""


def spec_of(network: Workload, precision: str) -> str:
    """The network in our language."""
    return SPEC.format(
        hidden=HIDDEN,
        width=network.num_qubits,
        blocks=FAMILIES[network.family].blocks,
        batch=network.batch,
        rate=RATE,
        decay=DECAY,
        precision=precision,
    )


@dataclass(frozen=True, eq=False)
class Start:
    """Matrices are `[out, in]`; all float64, rounded to float32."""

    hidden: np.ndarray
    hidden_bias: np.ndarray
    angles: np.ndarray
    angles_bias: np.ndarray
    circuit: np.ndarray
    output: np.ndarray
    output_bias: np.ndarray

    @property
    def all(self) -> tuple[np.ndarray, ...]:
        """In the order in which torch lists the parameters of the spec's network; those of the circuit as one."""
        return tuple(vars(self).values())


CIRCUIT_PLACE = 4
"""The place of the circuit's weights in `Start.all`."""


@dataclass(frozen=True, eq=False)
class Rows:
    """Features `[N, F]` and targets `[N, 1]`, float64, rounded to float32; N is a batch for each step of an epoch."""

    features: np.ndarray
    targets: np.ndarray


def _rounded(array: np.ndarray) -> np.ndarray:
    return array.astype(np.float32).astype(np.float64)


def start_of(network: Workload) -> Start:
    """The same weights in every process: those of dense layers within 1 / sqrt(inputs), as torch draws them."""
    draw = np.random.default_rng(20260712)
    width = network.num_qubits

    def dense(out: int, inputs: int) -> tuple[np.ndarray, np.ndarray]:
        bound = 1 / math.sqrt(inputs)
        return _rounded(draw.uniform(-bound, bound, (out, inputs))), _rounded(draw.uniform(-bound, bound, out))

    circuit = _rounded(draw.uniform(-math.pi, math.pi, network.num_weights))
    return Start(*dense(HIDDEN, FEATURES), *dense(width, HIDDEN), circuit, *dense(1, width))


def rows_of(network: Workload) -> Rows:
    """The same rows in every process: a smooth target with a little noise, all of them scaled."""
    draw = np.random.default_rng(20260713)
    features = draw.normal(size=(STEPS * network.batch, FEATURES))
    targets = np.sin(features[:, 0] + features[:, 1]) + 0.5 * features[:, 2] * features[:, 3]
    targets += 0.1 * draw.normal(size=len(features))
    return Rows(_rounded(features), _rounded((targets - targets.mean()) / targets.std())[:, None])


def order_of(network: Workload, epoch: int) -> np.ndarray:
    """The order of the rows in an epoch, `[N]`: step `s` takes the rows of `order[s * batch : (s + 1) * batch]`."""
    return np.random.default_rng((20260714, epoch)).permutation(STEPS * network.batch)
