"""The parts of an exported circuit, and the names of its parameters in files that know plain identifiers only."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

from hqnn_dsl.circuit.angles import InputRef, WeightRef
from hqnn_dsl.circuit.folding import fold
from hqnn_dsl.export.formulas import formula, is_readable
from hqnn_dsl.transpile.amplitude import components, tree_formulas
from hqnn_dsl.transpile.convert import amplitude_names, parameter_names

if TYPE_CHECKING:
    from collections.abc import Mapping

    from qiskit import QuantumCircuit

    from hqnn_dsl.circuit.ir import Circuit
    from hqnn_dsl.export.drawing.page import Page
    from hqnn_dsl.transpile.passes import Transpiled


@dataclass(frozen=True, eq=False)
class Names:
    """The parameters of a circuit's exports.

    `inputs` and `weights` have the name of each in the spec. `of` has, for each identifier of OpenQASM, the name of the
    parameter in the spec and in QPY. `formulas` has the formula of each parameter that stands for an angle, `unread`
    inputs and weights that no angle reads.
    """

    inputs: tuple[str, ...]
    weights: tuple[str, ...]
    of: Mapping[str, str]
    open: Mapping[str, str]
    """The identifier of each parameter of the circuit with one parameter a slot, by its name there."""
    formulas: Mapping[str, str]
    readable: bool
    """Whether Qiskit's reader of OpenQASM knows a form for every angle: the file is in the spec's names then."""
    unread: tuple[str, ...]

    @cached_property
    def identifiers(self) -> dict[str, str]:
        """The identifier of each name."""
        return {name: identifier for identifier, name in self.of.items()}


@dataclass(frozen=True, eq=False)
class Export:
    """A Qiskit circuit with the spec's names, and `slotted`, the same with one parameter a slot.

    `layout[k]` is the qubit of the circuit where logical qubit k ends; None for the logical circuit itself.
    """

    name: str
    model: str
    source: Circuit
    circuit: QuantumCircuit
    slotted: QuantumCircuit
    names: Names
    layout: tuple[int, ...] | None = None

    @cached_property
    def page(self) -> Page:
        """The picture of the circuit."""
        from hqnn_dsl.export.drawing.circuits import circuit_page

        return circuit_page(self)


def names_of(circuit: Circuit) -> Names:
    """Returns the parameters of a circuit's exports, and the names of each."""
    inputs, weights, formless = parameter_names(circuit)
    depends = [*circuit.sample_slots, *circuit.shared_slots]
    slots = {slot: formless.get(slot, f"slot[{slot}]") for slot in sorted(depends)}
    amplitudes = amplitude_names(circuit)
    taken: set[str] = set()
    of = {_identifier(name, taken): name for name in dict.fromkeys([*inputs, *weights, *amplitudes, *slots.values()])}
    by_name = {name: identifier for identifier, name in of.items()}
    formulas = {}
    if circuit.amplitude is not None:
        read = [inputs[k] for k in components(circuit.amplitude)]
        formulas = dict(zip(amplitudes, tree_formulas(read), strict=True))
    readable = not formless and all(map(is_readable, circuit.slots))
    if not readable:
        formulas |= {name: formula(circuit.slots[slot], inputs, weights) for slot, name in slots.items()}
    return Names(
        inputs=tuple(inputs),
        weights=tuple(weights),
        of=of,
        open={name: by_name[name] for name in amplitudes} | {f"slot[{k}]": by_name[name] for k, name in slots.items()},
        formulas=formulas,
        readable=readable,
        unread=_unread(circuit, inputs, weights),
    )


def exports_of(
    model: str,
    source: Circuit,
    logical: tuple[QuantumCircuit, QuantumCircuit],
    transpiled: tuple[Transpiled, Transpiled],
) -> tuple[Export, Export]:
    """Returns the exports of a model's logical and transpiled circuit, each given with names and with slots."""
    names, layout = names_of(source), transpiled[0].places(source.num_qubits)
    return (
        Export("logical", model, source, *logical, names),
        Export("transpiled", model, source, transpiled[0].circuit, transpiled[1].circuit, names, layout),
    )


def _unread(circuit: Circuit, inputs: list[str], weights: list[str]) -> tuple[str, ...]:
    read: set[InputRef | WeightRef] = set()
    if circuit.amplitude is not None:
        read.update(map(InputRef, components(circuit.amplitude)))
    for angle in circuit.slots:
        fold(angle, lambda found: read.add(found) if isinstance(found, InputRef | WeightRef) else None, lambda *_: None)
    missing = [name for k, name in enumerate(inputs) if InputRef(k) not in read]
    return (*missing, *(name for k, name in enumerate(weights) if WeightRef(k) not in read))


def _identifier(name: str, taken: set[str]) -> str:
    """Returns a plain identifier for a name, which no other has and which means nothing else in OpenQASM 3."""
    plain = re.sub(r"[^A-Za-z0-9]+", "_", name).strip("_") or "parameter"
    plain = f"p_{plain}" if plain[0].isdigit() else plain
    while plain in taken or plain in _reserved():
        plain += "_"
    taken.add(plain)
    return plain


def _reserved() -> frozenset[str]:
    from qiskit.circuit.library import get_standard_gate_name_mapping

    if not _RESERVED:
        _RESERVED.update(get_standard_gate_name_mapping(), _WORDS.split())
    return frozenset(_RESERVED)


_RESERVED: set[str] = set()
_WORDS = """
OPENQASM include defcalgrammar def cal defcal gate extern box let break continue if else end return for while in switch
case default nop pragma input output const readonly mutable qreg qubit creg bool bit int uint float angle complex array
void duration stretch gphase inv pow ctrl negctrl dim durationof delay reset measure barrier true false im pi tau euler
arccos arcsin arctan ceiling cos exp floor log mod popcount real imag rotl rotr sin sizeof sqrt tan U CX p x y z h s sdg
t tdg sx rx ry rz cx cy cz cp crx cry crz ch swap ccx cswap cu phase cphase id u1 u2 u3 q c qr cr meas ancilla anc
"""
"""Words of OpenQASM 3, its constants and functions, the gates of its standard library, and names of registers."""
