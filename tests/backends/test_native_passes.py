"""The backend native's passes: runs of phases, rotations two at a time, and cosines left out, against the reference."""

from __future__ import annotations

import math
import random
from collections import Counter

import conformance
import numpy as np
import pytest
import torch
from circuits_random import Case, random_case

from hqnn_dsl.backends import offered
from hqnn_dsl.backends.native import layouts, tables
from hqnn_dsl.backends.native.executable import NativeExecutable
from hqnn_dsl.backends.native.kernels.apply import AT, BITS, FORM, RUN
from hqnn_dsl.circuit.angles import InputRef, WeightRef
from hqnn_dsl.circuit.ir import Circuit, Observable, Operation, PauliTerm, WeightTensor
from hqnn_dsl.circuit.pauli import passes
from hqnn_dsl.circuit.pauli.rewrites import plan

KINDS = {
    "pairs": ("ry", "ry", "ry", "cx", "rz", "rx", "h"),
    "real": ("ry", "cx", "ry"),
    "turns": ("rx", "rzz", "cz", "rxx"),
}
"""Gates of which random circuits are mostly one kind of pass."""


def load(circuit: Circuit, precision: str) -> NativeExecutable:
    return NativeExecutable(circuit, precision)


def phase_case(seed: int, width: int) -> Case:
    """Layers of RY, then phases on all qubits and on some pairs; angles by inputs and by weights."""
    rng = random.Random(seed)
    operations: list[Operation] = []
    slots: list[InputRef | WeightRef] = []

    def add(gate: str, *qubits: int) -> None:
        operations.append(Operation(gate, qubits, (len(slots),)))
        slots.append(rng.choice([InputRef(len(slots) % 5), WeightRef(len(slots) % 7)]))

    for _ in range(3):
        for q in range(width):
            add("ry", q)
        for q in range(width):
            add("rz", q)
        for _ in range(width):
            add("rzz", *rng.sample(range(width), 2))
        operations.append(Operation("cx", tuple(rng.sample(range(width), 2))))
    letters = [(q, letter) for q in range(width) for letter in "xz"]
    circuit = Circuit(
        num_qubits=width,
        operations=tuple(operations),
        slots=tuple(slots),
        measurements=tuple(Observable((PauliTerm(1.0, (factor,)),)) for factor in letters),
        num_inputs=5,
        weights=(WeightTensor("w", (7,), 0),),
    )
    numbers = np.random.default_rng(seed)
    return Case(circuit, numbers.normal(size=((11, 1, 3)[seed % 3], 5)), numbers.normal(size=7))


def cases(kind: str, count: int = 4) -> list[Case]:
    if kind == "phases":
        return [phase_case(k, width) for k, width in enumerate((8, 4, 2, 7)[:count])]
    made = [
        random_case(100 * len(kind) + k, batch=(11, 1, 3)[k % 3], max_qubits=8, max_operations=60, gates=KINDS[kind])
        for k in range(count)
    ]
    return [case for case in made if case.circuit.num_qubits > 2]


def forms(kind: str) -> Counter[str]:
    seen: Counter[str] = Counter()
    for case in cases(kind):
        for part in plan(case.circuit).parts:
            seen.update(group.form for group in passes.passes(part))
    return seen


@pytest.mark.parametrize("precision", ["double", "single"])
@pytest.mark.parametrize("cost", [1e9, 0.0], ids=["by sample", "by amplitude"])
@pytest.mark.parametrize("kind", ["phases", *KINDS])
def test_every_kind_of_pass(kind: str, cost: float, precision: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(layouts, "BY_AMPLITUDE_COST", cost)
    conformance.assert_values(load, cases(kind), precision)
    conformance.assert_gradients(load, cases(kind), precision)


@pytest.mark.parametrize("cost", [1e9, 0.0], ids=["by sample", "by amplitude"])
@pytest.mark.parametrize(("name", "value"), [("SHORTEST_RUN", 10**9), ("SHORTEST_RUN", 1), ("REACH", 0)])
def test_passes_made_otherwise(name: str, value: int, cost: float, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(layouts, "BY_AMPLITUDE_COST", cost)
    monkeypatch.setattr(passes, name, value)
    chosen = [case for kind in ("phases", *KINDS) for case in cases(kind, 2)]
    conformance.assert_values(load, chosen, "double")
    conformance.assert_gradients(load, chosen, "double")


def shared_phase_case(seed: int, width: int) -> Case:
    """Runs of phases of which some are by weights alone, some by inputs too."""
    rng = random.Random(seed)
    operations: list[Operation] = []
    slots: list[InputRef | WeightRef] = []
    for layer in range(4):
        for gate in ("ry", "rz"):
            for q in range(width):
                operations.append(Operation(gate, (q,), (len(slots),)))
                slots.append(InputRef(q) if layer == 1 and gate == "rz" else WeightRef(len(slots)))
        operations += [Operation("cx", tuple(rng.sample(range(width), 2))) for _ in range(width)]
    return Case(
        Circuit(
            num_qubits=width,
            operations=tuple(operations),
            slots=tuple(slots),
            measurements=tuple(Observable((PauliTerm(1.0, ((q, "zx"[q % 2]),)),)) for q in range(width)),
            num_inputs=width,
            weights=(WeightTensor("w", (len(slots),), 0),),
        ),
        np.random.default_rng(seed).normal(size=(11, width)),
        np.random.default_rng(seed + 1).normal(size=len(slots)),
    )


@pytest.mark.parametrize("precision", ["double", "single"])
@pytest.mark.parametrize("cost", [1e9, 0.0], ids=["by sample", "by amplitude"])
def test_phases_of_a_whole_call(cost: float, precision: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Stored for all tiles they are what they are worked out anew, to the bit, and right."""
    monkeypatch.setattr(layouts, "BY_AMPLITUDE_COST", cost)
    chosen = [shared_phase_case(k, width) for k, width in enumerate((7, 5, 6))]
    found = []
    for most in (tables.MOST_STORED, 0):
        monkeypatch.setattr(tables, "MOST_STORED", most)
        stored = []
        for case in chosen:
            run = load(case.circuit, precision)
            given = [torch.tensor(a, dtype=run.real) for a in (case.inputs, case.weights)]
            angles = [given[0].requires_grad_(), given[1][: len(case.circuit.shared_slots)].clone().requires_grad_()]
            outputs = run(*angles, None)
            outputs.square().sum().backward()
            found.append([outputs.detach(), *(angle.grad for angle in angles)])
            kept = [(t.passes[:, FORM] == RUN) & (t.passes[:, AT] >= 0) for t in run.layouts.chosen(11)]
            stored.append(sum(int(k.sum()) for k in kept))
        assert (min(stored) >= 2) if most else (max(stored) == 0)
    for own, other in zip(found[: len(chosen)], found[len(chosen) :], strict=True):
        assert all(torch.equal(a, b) for a, b in zip(own, other, strict=True))
    monkeypatch.undo()
    monkeypatch.setattr(layouts, "BY_AMPLITUDE_COST", cost)
    conformance.assert_values(load, chosen, precision)
    conformance.assert_gradients(load, chosen, precision)


def test_no_two_at_a_time(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(passes, "_pairs", lambda *_, **__: False)
    conformance.assert_gradients(load, cases("pairs") + cases("real"), "double")


def test_the_kinds_have_the_passes_that_they_are_for() -> None:
    assert forms("phases")["phases"] >= 8
    assert forms("pairs")["two"] >= 10
    assert forms("real")["two"] >= 5
    assert forms("turns")["one"] >= 20


def block_cases() -> list[Case]:
    kinds = [case for kind in ("phases", *KINDS) for case in cases(kind, 2)]
    return kinds + [random_case(1000 + k, batch=(11, 1, 3)[k % 3], max_qubits=9, max_operations=80) for k in range(12)]


@pytest.mark.parametrize("precision", ["double", "single"])
@pytest.mark.parametrize(("cost", "size"), [(1e9, 512), (1e9, 2048), (0.0, 256), (0.0, 512)])
def test_passes_on_blocks(cost: float, size: int, precision: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """States that would be left whole, run in blocks as large ones are."""
    monkeypatch.setattr(layouts, "BY_AMPLITUDE_COST", cost)
    monkeypatch.setattr(layouts, "WHOLE_BYTES", 0)
    monkeypatch.setattr(layouts, "BLOCK_BYTES", size)
    chosen = block_cases()
    blocks = 0
    for case in chosen:
        made = load(case.circuit, precision).layouts
        for number in range(len(made.plan.parts)):
            found = made.groups(number, by_amplitude=made.by_amplitude(number, len(case.inputs)))
            blocks += sum(group.coordinates is not None for group in found)
    assert blocks >= 10
    conformance.assert_values(load, chosen, precision)
    conformance.assert_gradients(load, chosen, precision)


@pytest.mark.parametrize("whole", [0, 1 << 25], ids=["blocks", "whole"])
@pytest.mark.parametrize("cost", [1e9, 0.0], ids=["by sample", "by amplitude"])
@pytest.mark.parametrize("longest", [1, 2, 16])
def test_tables_shorter_than_states(longest: int, cost: float, whole: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where the rows beyond a table are, as on states of thousands of rows."""
    monkeypatch.setattr(layouts, "BY_AMPLITUDE_COST", cost)
    monkeypatch.setattr(layouts, "WHOLE_BYTES", whole)
    monkeypatch.setattr(layouts, "BLOCK_BYTES", 512)
    monkeypatch.setattr(tables, "LONGEST_TABLE", longest)
    chosen = block_cases()
    conformance.assert_values(load, chosen, "double")
    conformance.assert_gradients(load, chosen, "double")
    parts = [table for case in chosen for table in load(case.circuit, "double").layouts.chosen(len(case.inputs))]
    rotating = [own for table in parts for own in table.passes if own[FORM] != RUN]
    assert max(own[BITS] for own in rotating) == longest.bit_length() - 1
    assert len(rotating) >= 100


def wide_gradients(precision: str) -> torch.Tensor:
    """Gradients of a real circuit on 21 qubits with all amplitudes alike: sums of a million numbers with one sign."""
    width = 21
    layers = [[Operation("ry", (q,), (layer * width + q,)) for q in range(width)] for layer in range(2)]
    ring = [Operation("cx", (q, (q + 1) % width)) for q in range(width)]
    circuit = Circuit(
        num_qubits=width,
        operations=tuple(layers[0] + ring + layers[1]),
        slots=tuple(WeightRef(k) for k in range(2 * width)),
        measurements=(Observable(tuple(PauliTerm(1.0, ((q, "z"),)) for q in range(width))),),
        num_inputs=0,
        weights=(WeightTensor("w", (2 * width,), 0),),
    )
    run = load(circuit, precision)
    weights = torch.tensor([math.pi / 2] * width + [0.4] * width, dtype=run.real, requires_grad=True)
    run(torch.zeros(1, 0, dtype=run.real), weights, None).sum().backward()
    assert weights.grad is not None
    return weights.grad.double()


def test_long_sums_keep_their_digits(monkeypatch: pytest.MonkeyPatch) -> None:
    exact = wide_gradients("double")
    assert exact.abs().max() > 0.5
    torch.testing.assert_close(wide_gradients("single"), exact, rtol=0, atol=3e-5)
    monkeypatch.setattr(tables, "LONGEST_TABLE", 1 << 30)  # one running sum: the case is one where that shows
    assert (wide_gradients("single") - exact).abs().max() > 1e-4


@pytest.mark.parametrize("whole", [0, 1 << 25], ids=["blocks", "whole"])
@pytest.mark.parametrize("cost", [1e9, 0.0], ids=["by sample", "by amplitude"])
@pytest.mark.parametrize("precision", ["double", "single"])
@pytest.mark.parametrize("angle", [math.pi, -math.pi, math.pi + 1e-9, math.pi - 0.1, 3 * math.pi + 1e-3])
def test_cosines_next_to_zero(
    angle: float, precision: str, cost: float, whole: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Many rotations by about half a turn: products of cosines far below what numbers reach, unless taken in time."""
    monkeypatch.setattr(layouts, "BY_AMPLITUDE_COST", cost)
    monkeypatch.setattr(layouts, "WHOLE_BYTES", whole)
    monkeypatch.setattr(layouts, "BLOCK_BYTES", 256)
    for case in [case for kind in ("pairs", "real", "turns") for case in cases(kind, 2)]:
        circuit = case.circuit
        found = []
        for run, dtype in (
            (load(circuit, precision), conformance.DTYPES[precision]),
            (offered()["reference"].load(circuit, {"precision": "double"}, 0), torch.float64),
        ):
            given, rng = conformance.arguments(case, "double"), np.random.default_rng(5)
            near = [angle * rng.choice([1, 1, 0.5], size=tuple(given[k].shape)) for k in (0, 1)]
            turned = [torch.tensor(a, dtype=torch.float64).to(dtype).requires_grad_() for a in near]
            state = None if given[2] is None else given[2].to(dtype)
            outputs = run(*turned, state)
            if outputs.requires_grad:
                outputs.square().sum().backward()
            gradients = [torch.zeros_like(t) if t.grad is None else t.grad for t in turned]
            found.append([outputs.detach().double(), *(gradient.double() for gradient in gradients)])
        tolerance = 1e-10 if precision == "double" else 2e-4
        for own, true in zip(*found, strict=True):
            torch.testing.assert_close(own, true, rtol=0, atol=tolerance)
