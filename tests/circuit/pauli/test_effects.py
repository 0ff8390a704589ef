"""What a plan proves: checked against gradients of the reference in double precision, over random circuits.

Every angle gets a weight or an input of its own, so that nothing but the circuit can make a gradient zero.
"""

from __future__ import annotations

import random
from collections import Counter
from dataclasses import replace

import pytest
import torch
from circuits_random import random_case

from hqnn_dsl.backends import offered
from hqnn_dsl.circuit.angles import Angle, Apply, Const, InputRef, WeightRef
from hqnn_dsl.circuit.ir import Circuit, Observable, Operation, PauliTerm, Probabilities, WeightTensor
from hqnn_dsl.circuit.pauli.effects import MOST_WORK, effects, is_quick

CLIFFORDS = ("h", "s", "sdg", "sx", "cx", "cy", "cz", "swap", "iswap", "x", "y", "z")
FAMILIES = (
    None,
    (*CLIFFORDS, "ry", "rx", "rzz"),
    ("ry", "cx", "rx", "u", "rz"),
    ("ry", "cry", "cz", "h", "rz", "cp"),
    (*CLIFFORDS, "rz", "p", "t", "crz", "ry"),
)
POINTS = 2


def circuit_of(seed: int) -> Circuit:
    """A random circuit whose k-th angle is a weight, an input, or a number, and nothing else."""
    gates = FAMILIES[seed % len(FAMILIES)]
    chosen = {} if gates is None else {"gates": gates}
    drawn = random_case(seed, batch=1, max_qubits=4, max_operations=14, amplitude=None if seed % 7 else True, **chosen)
    base = drawn.circuit
    rng = random.Random(seed)
    first = 0 if base.amplitude is None else base.amplitude.start + base.amplitude.size
    slots: list[Angle] = []
    weights, inputs = 0, first
    for _ in base.slots:
        match rng.choice(("weight", "weight", "input", "number")):
            case "weight":
                slots.append(WeightRef(weights))
                weights += 1
            case "input":
                slots.append(InputRef(inputs))
                inputs += 1
            case _:
                slots.append(Const(rng.uniform(-3, 3)))
    return replace(base, slots=tuple(slots), num_inputs=inputs, weights=(WeightTensor("w", (weights,), 0),))


def measured(circuit: Circuit, point: int) -> tuple[torch.Tensor, dict[Angle, float]]:
    """Outputs `[B, M]` at a random point, and for each weight and input its largest derivative there."""
    generator = torch.Generator().manual_seed(point)

    def drawn(*shape: int) -> torch.Tensor:
        return torch.randn(shape, generator=generator, dtype=torch.float64)

    samples, shared = drawn(2, len(circuit.sample_slots)), drawn(len(circuit.shared_slots))
    state = None if circuit.amplitude is None else drawn(2, circuit.amplitude.size)
    run = offered()["reference"].load(circuit, {"precision": "double"}, 0)
    by_sample, by_all = torch.autograd.functional.jacobian(lambda a, b: run(a, b, state).sum(0), (samples, shared))
    found = {circuit.slots[slot]: by_sample[..., k].abs().max().item() for k, slot in enumerate(circuit.sample_slots)}
    found |= {circuit.slots[slot]: by_all[..., k].abs().max().item() for k, slot in enumerate(circuit.shared_slots)}
    return run(samples, shared, state), found


def test_what_is_said_to_be_idle_is_idle_and_little_else_is() -> None:
    seen: Counter[str] = Counter()
    for seed in range(120):
        circuit = circuit_of(seed)
        found = effects(circuit)
        outputs, slopes = [], {}
        for point in range(POINTS):
            values, derivatives = measured(circuit, point)
            outputs.append(values)
            slopes = {angle: max(slopes.get(angle, 0.0), slope) for angle, slope in derivatives.items()}
        dead = {WeightRef(index) for index in found.dead_weights} | {InputRef(index) for index in found.dead_inputs}
        assert dead <= set(slopes)
        for angle, slope in slopes.items():
            assert angle not in dead or slope < 1e-12, (seed, angle, slope)
            seen["dead" if angle in dead else "alive" if slope > 1e-9 else "not proved"] += 1
            seen[f"dead {type(angle).__name__}"] += angle in dead
        values = torch.cat(outputs)
        for output in range(circuit.num_outputs):
            column = values[:, output]
            spread = (column.max() - column.min()).item()
            known = found.constants.get(output)
            assert output not in found.constants or spread < 1e-12, (seed, output)
            assert known is None or abs(column[0].item() - known) < 1e-12, (seed, output)
            fixed = "constant" if output in found.constants else "varies" if spread > 1e-9 else "not proved constant"
            seen[fixed] += 1
            seen["constant without a value"] += output in found.constants and known is None
            seen["constant and not zero"] += bool(known)
        seen["amplitudes"] += circuit.amplitude is not None and bool(dead)
    print(dict(sorted(seen.items())))
    assert min(seen["dead WeightRef"], seen["dead InputRef"], seen["constant"], seen["alive"]) > 30
    assert min(seen["constant without a value"], seen["constant and not zero"], seen["amplitudes"]) > 0
    # symmetries of the state that no rewrite knows
    assert seen["not proved"] < 0.25 * seen["dead"]
    assert seen["not proved constant"] < 0.25 * seen["constant"]


def small(*operations: Operation, slots: tuple[Angle, ...], read: str = "z", qubits: int = 1) -> Circuit:
    return Circuit(
        num_qubits=qubits,
        operations=operations,
        slots=slots,
        measurements=tuple(Observable((PauliTerm(1.0, ((q, read),)),)) for q in range(qubits)),
        num_inputs=3,
        weights=(WeightTensor("w", (3,), 0),),
    )


def test_a_weight_that_one_live_angle_reads_is_alive() -> None:
    both = Apply("add", (WeightRef(0), InputRef(1)))
    circuit = small(Operation("rx", (0,), (0,)), Operation("rz", (0,), (1,)), slots=(WeightRef(0), both))
    found = effects(circuit)
    assert (found.dead_weights, found.dead_inputs, dict(found.constants)) == ((), (1,), {})


def test_a_weight_that_no_angle_reads_is_not_named() -> None:
    found = effects(small(Operation("rx", (0,), (0,)), slots=(WeightRef(1),)))
    assert found.dead_weights == ()


@pytest.mark.parametrize(("control", "dead"), [("x", ()), ("i", (0,))])
def test_what_a_control_in_zero_holds_back_is_dead(control: str, dead: tuple[int, ...]) -> None:
    turned = (Operation("x", (1,)),) if control == "x" else ()
    circuit = small(*turned, Operation("cry", (1, 0), (0,)), slots=(WeightRef(0),), qubits=2)
    assert effects(circuit).dead_weights == dead


def test_outcomes_that_never_occur() -> None:
    circuit = replace(
        small(Operation("ry", (0,), (0,)), Operation("x", (1,)), slots=(InputRef(0),), qubits=2),
        measurements=(Probabilities((1, 0)), Observable((PauliTerm(2.0, ((1, "z"),)), PauliTerm(0.5, ())))),
    )
    assert dict(effects(circuit).constants) == {0: 0.0, 2: 0.0, 4: -1.5}


def test_a_constant_that_must_be_run_to_be_known() -> None:
    circuit = small(
        Operation("h", (0,)),
        Operation("t", (0,)),
        Operation("ry", (1,), (0,)),
        slots=(InputRef(0),),
        qubits=2,
        read="x",
    )
    assert dict(effects(circuit).constants) == {0: None}


def test_large_circuits_are_not_looked_at() -> None:
    gates = MOST_WORK // 2 + 1
    many = small(*(Operation("h", (0,)) for _ in range(gates)), slots=(), qubits=2)
    assert not is_quick(many)
    few = replace(many, operations=many.operations[:-1])
    assert is_quick(few)
    assert not is_quick(replace(few, measurements=few.measurements * 20))
    wide = small(Operation("h", (0,)), slots=(), qubits=16)
    assert is_quick(wide)
    assert not is_quick(replace(wide, measurements=(Probabilities(tuple(range(16))),)))
