"""Small models: a spec and its network made by hand, and a program of much the same model.

Both have two qubits, an angle for each input, and trainable rotations with one CX among them.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from hqnn_dsl.backends import offered
from hqnn_dsl.catalog.layers import LAYERS
from hqnn_dsl.catalog.objectives import LOSSES, OPTIMIZERS, SCHEDULERS, STOPS
from hqnn_dsl.circuit.angles import InputRef, WeightRef
from hqnn_dsl.circuit.ir import Circuit, Observable, Operation, PauliTerm, WeightTensor, verify
from hqnn_dsl.diagnostics.source import Source
from hqnn_dsl.network.hybrid import HybridNet
from hqnn_dsl.network.quantum import QuantumLayer
from hqnn_dsl.pipeline import program
from hqnn_dsl.seeds import stream
from hqnn_dsl.semantics.spec import Choice, DataSpec, Layer, Spec, TrainSpec

if TYPE_CHECKING:
    from hqnn_dsl.catalog.entry import Entry
    from hqnn_dsl.pipeline import Program


ENGINE = {"backend": "reference"}
"""The backend of these models; with `native`, trainings run compiled steps."""


def choice(table: dict[str, Entry], name: str, **options: Any) -> Choice:
    """An entry with all its options filled in."""
    return Choice(name=name, options=table[name].defaults() | options)


def layer_of(name: str, in_width: int | None, out_width: int | None, *operations: tuple[str, float]) -> Layer:
    return Layer(layer=choice(LAYERS, name), in_width=in_width, out_width=out_width, operations=operations)


def circuit() -> Circuit:
    """RY by two inputs, RY by two weights, CX, RY by two weights, <Z> of both qubits."""
    ry = [Operation("ry", (slot % 2,), (slot,)) for slot in range(6)]
    return verify(
        Circuit(
            num_qubits=2,
            operations=(*ry[:4], Operation("cx", (0, 1)), *ry[4:]),
            slots=(InputRef(0), InputRef(1), *(WeightRef(index) for index in range(4))),
            measurements=tuple(Observable((PauliTerm(1.0, ((qubit, "z"),)),)) for qubit in range(2)),
            num_inputs=2,
            weights=(WeightTensor("ring.w", (2, 2), 0),),
        )
    )


def circuit_layer(seed: int = 7) -> QuantumLayer:
    row = offered()[ENGINE["backend"]]
    options = {"precision": "single", "device": "auto"} if ENGINE["backend"] == "native" else {"precision": "single"}
    executable = row.load(circuit(), options, stream(seed, "shots"))
    return QuantumLayer(circuit(), executable, precision="single", seed=stream(seed, "init"))


def make_spec(
    *,
    data: DataSpec | None = None,
    encoder: tuple[Layer, ...] = (
        layer_of("dense", None, 2),
        layer_of("tanh", 2, 2, ("mul", math.pi)),
    ),
    decoder: tuple[Layer, ...] = (layer_of("dense", 2, None),),
    in_width: int | None = None,
    out_width: int | None = None,
    **train: Any,
) -> Spec:
    settings = {
        "epochs": 3,
        "batch": 8,
        "loss": choice(LOSSES, "mse"),
        "optimizer": choice(OPTIMIZERS, "adamw", lr=0.02, quantum_lr=0.05),
        "scheduler": choice(SCHEDULERS, "none"),
        "stop": choice(STOPS, "none"),
        "seed": 7,
        "device": "cpu",
    }
    return Spec(
        name="toy",
        data=data or DataSpec(),
        encoder=encoder,
        in_width=in_width,
        num_qubits=2,
        num_inputs=2,
        num_outputs=2,
        decoder=decoder,
        out_width=out_width,
        train=TrainSpec(**(settings | train)),
        backend=Choice(name=ENGINE["backend"], options={"precision": "single"}),
    )


def network(spec: Spec, in_width: int, out_width: int) -> HybridNet:
    return HybridNet.build(spec, circuit_layer(spec.train.seed), in_width, out_width)


TRAIN = {
    "epochs": 3,
    "batch": 8,
    "loss": "mse",
    "optimizer": "adamw(lr: 0.02, quantum_lr: 0.05)",
    "scheduler": "none",
    "stop": "none",
    "seed": 7,
    "device": "cpu",
}


def toy_program(
    *, data: str = "features *", encoder: str = "dense(2); tanh * pi", decoder: str = "dense", **train: object
) -> Program:
    """The program of a spec with these sections; an empty encoder or decoder is left out. `train` is as in a spec."""
    sections = [
        f"data {{ {data} }}",
        f"encoder {{ {encoder} }}" if encoder else "",
        "circuit on 2 qubits { feature_map angle(); ansatz real_amplitudes(reps: 1) }",
        f"decoder {{ {decoder} }}" if decoder else "",
        f"train {{ {'; '.join(f'{name} {value}' for name, value in (TRAIN | train).items())} }}",
        f"backend {ENGINE['backend']}",
    ]
    return program(Source("toy.hqnn", "\n".join(["hqnn 1", "model toy {", *filter(None, sections), "}", ""])))
