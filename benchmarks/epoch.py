"""An epoch end to end: `hqnn train` on scikit-learn's diabetes data beside a plain torch loop around PennyLane.

    python -m benchmarks.epoch [--backend native] [--rounds 3]

Both train Linear(10, 16), ReLU, Linear(16, 6), tanh * pi, RY + real_amplitudes on 6 qubits, Linear(6, 1) with AdamW on
80 % of the rows in the same eleven batches of 32 and 33. Ours is timed inside a whole training as the command runs it,
from the end of its first epoch to the end of its last, so that the best weights, checkpoints, the bar and everything
else an epoch costs are in it. Ours chooses its number of threads itself; the peer has a turn with each number, and the
one that suits it better counts: on a busy machine a second thread makes it several times slower.
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
from hqnn_dsl.data.tables import read_table
from hqnn_dsl.training.loop import Watch
from hqnn_dsl.training.run import train
from hqnn_dsl.training.samples import batch_bounds

if TYPE_CHECKING:
    import pandas as pd

OURS_EPOCHS = 40
BATCH = 32
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
    batch {batch}
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


def our_epoch(frame: pd.DataFrame, backend: str, epochs: int = OURS_EPOCHS) -> float:
    """Seconds of one epoch: the mean of a training's, its first left out."""
    program = hqnn.compile_text(SPEC.format(epochs=1 + epochs, batch=BATCH, backend=backend))
    ends: list[float] = []
    watch = Watch(on_epoch=lambda _: ends.append(time.perf_counter()))
    with tempfile.TemporaryDirectory() as folder, contextlib.redirect_stderr(io.StringIO()):
        train(program, read_table(frame), Path(folder) / "run", watch=watch)
    return (ends[-1] - ends[0]) / (len(ends) - 1)


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
        self.features, self.targets = scaled[:, :-1], scaled[:, -1:]
        self.batches = batch_bounds(len(scaled), BATCH)
        self.network = peer_network()
        self.optimizer = torch.optim.AdamW(self.network.parameters(), lr=0.01)

    def epoch(self, threads: int) -> float:
        """Seconds of an epoch with that many threads."""
        before = torch.get_num_threads()
        torch.set_num_threads(threads)
        start = time.perf_counter()
        order = torch.randperm(len(self.features))
        for begin, end in self.batches:
            picked = order[begin:end]
            self.optimizer.zero_grad()
            torch.nn.functional.mse_loss(self.network(self.features[picked]), self.targets[picked]).backward()
            self.optimizer.step()
        taken = time.perf_counter() - start
        torch.set_num_threads(before)
        return taken


def compare(backend: str, rounds: int) -> dict[str, Any]:
    """Median and least seconds of an epoch of each, taken in turns after an epoch of each that does not count."""
    frame = diabetes()
    peer = PeerTraining(frame)
    ours: list[float] = []
    theirs: dict[int, list[float]] = {threads: [] for threads in sorted({1, torch.get_num_threads()})}
    our_epoch(frame, backend, epochs=1)
    peer.epoch(1)
    for _ in range(rounds):
        ours.append(our_epoch(frame, backend))
        for threads, seconds in theirs.items():
            seconds.append(peer.epoch(threads))
    threads = min(theirs, key=lambda threads: statistics.median(theirs[threads]))
    return {
        "backend": backend,
        "ours": statistics.median(ours),
        "pennylane": statistics.median(theirs[threads]),
        "ours_least": min(ours),
        "pennylane_least": min(map(min, theirs.values())),
        "pennylane_threads": threads,
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
