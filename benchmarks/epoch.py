"""An epoch end to end: `hqnn train` on scikit-learn's diabetes data beside a plain torch loop around PennyLane.

    python -m benchmarks.epoch [--backend native] [--rounds 3]

Both train Linear(10, 16), ReLU, Linear(16, 6), tanh * pi, RY + real_amplitudes on 6 qubits, Linear(6, 1) with AdamW on
80 % of the rows in batches of 32. Ours is timed as a user calls it, a whole training of many epochs less one of a
single epoch, so that checkpoints and everything else an epoch costs are in it.
"""

from __future__ import annotations

import argparse
import contextlib
import io
import json
import statistics
import sys
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import torch

import hqnn_dsl as hqnn
from benchmarks.workloads import Workload

if TYPE_CHECKING:
    import pandas as pd

OURS_EPOCHS = 40
PEER_EPOCHS = 2
CIRCUIT = Workload("ra", 6, 32)

SPEC = """hqnn 1
model diabetes {{
  data {{
    target target
    split  validation: 0, test: 0.2, seed: 7
  }}
  encoder {{ dense(16); relu; dense(6); tanh * pi }}
  circuit on 6 qubits {{
    feature_map angle(axis: y)
    ansatz real_amplitudes(reps: 3, entanglement: linear)
    measure z
  }}
  decoder {{ dense(1) }}
  train {{
    epochs {epochs}
    batch 32
    optimizer adamw(lr: 0.01)
    scheduler none
    stop none
    precision single
    seed 7
  }}
  backend {backend}
}}
"""


def diabetes() -> pd.DataFrame:
    """The table in its own units, 442 rows, ten features and `target`."""
    from sklearn.datasets import load_diabetes

    frame: pd.DataFrame = load_diabetes(as_frame=True, scaled=False).frame
    return frame


def our_seconds(frame: pd.DataFrame, epochs: int, backend: str) -> float:
    """Seconds of a whole training."""
    program = hqnn.compile_text(SPEC.format(epochs=epochs, backend=backend))
    with tempfile.TemporaryDirectory() as folder, contextlib.redirect_stderr(io.StringIO()):
        start = time.perf_counter()
        hqnn.train(program, frame, out=Path(folder) / "run")
        return time.perf_counter() - start


def our_epoch(frame: pd.DataFrame, backend: str) -> float:
    """Seconds of one epoch: those that more epochs take longer."""
    alone = our_seconds(frame, 1, backend)
    return (our_seconds(frame, 1 + OURS_EPOCHS, backend) - alone) / OURS_EPOCHS


class Turn(torch.nn.Module):
    """Angles in (-pi, pi)."""

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return torch.tanh(x) * torch.pi


def peer_network() -> torch.nn.Module:
    """The same network around PennyLane's own layer on `default.qubit`."""
    import pennylane as qml

    from benchmarks.peers.pennylane_gates import apply

    @qml.qnode(qml.device("default.qubit", wires=6), interface="torch", diff_method="backprop")
    def node(inputs: Any, weights: Any) -> Any:
        return apply(CIRCUIT, inputs.unbind(-1), weights.unbind(0))

    layer = qml.qnn.TorchLayer(node, {"weights": (CIRCUIT.num_weights,)})
    linear = torch.nn.Linear
    return torch.nn.Sequential(linear(10, 16), torch.nn.ReLU(), linear(16, 6), Turn(), layer, linear(6, 1))


class PeerTraining:
    """A plain loop around `peer_network`, with what stays from epoch to epoch."""

    def __init__(self, frame: pd.DataFrame) -> None:
        from sklearn.model_selection import train_test_split

        rows, _ = train_test_split(frame, test_size=0.2, random_state=7)
        scaled = torch.tensor(((rows - rows.mean()) / rows.std(ddof=0)).to_numpy(), dtype=torch.float32)
        data = torch.utils.data.TensorDataset(scaled[:, :-1], scaled[:, -1:])
        self.batches = torch.utils.data.DataLoader(data, batch_size=32, shuffle=True)
        self.network = peer_network()
        self.optimizer = torch.optim.AdamW(self.network.parameters(), lr=0.01)

    def epoch(self) -> float:
        """Seconds of an epoch."""
        start = time.perf_counter()
        for features, targets in self.batches:
            self.optimizer.zero_grad()
            torch.nn.functional.mse_loss(self.network(features), targets).backward()
            self.optimizer.step()
        return time.perf_counter() - start


def compare(backend: str, rounds: int) -> dict[str, Any]:
    """Median seconds of an epoch of each, taken in turns."""
    frame = diabetes()
    peer = PeerTraining(frame)
    peer.epoch()
    our_seconds(frame, 1, backend)
    ours, theirs = [], []
    for _ in range(rounds):
        ours.append(our_epoch(frame, backend))
        theirs += [peer.epoch() for _ in range(PEER_EPOCHS)]
    return {
        "backend": backend,
        "ours": statistics.median(ours),
        "pennylane": statistics.median(theirs),
        "rounds": rounds,
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--backend", default="native")
    parser.add_argument("--rounds", type=int, default=3)
    given = parser.parse_args()
    with contextlib.redirect_stdout(sys.stderr):
        found = compare(given.backend, given.rounds)
    print(json.dumps(found))


if __name__ == "__main__":
    main()
