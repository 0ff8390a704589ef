"""Noise that a simulator may add to a circuit: what `backend aer(noise: …)` takes.

Channels follow the gates of the circuit that is run; `docs/backends.md` says which gates those are. What the numbers
mean is Qiskit Aer's convention; `backends.aer.noise` builds the channels.
"""

from __future__ import annotations

from hqnn_dsl.catalog.entry import Entry, Option, table


def _chance(name: str, doc: str) -> Option:
    return Option(name=name, type="float", doc=doc, default=0.0, minimum=0.0, maximum=1.0)


_READOUT = Option(
    name="readout",
    type="float",
    doc="Probability that a measured bit is read wrong, each qubit on its own.",
    default=0.0,
    minimum=0.0,
    maximum=0.5,
)


def _span(name: str, doc: str) -> Option:
    return Option(name=name, type="float", doc=doc, above=0.0)


NOISES = table(
    Entry(
        name="depolarizing",
        doc="After each gate its qubits are, with a probability, replaced by the fully mixed state.",
        options=(
            _chance("p1", "That probability after a gate on one qubit."),
            _chance("p2", "That probability after a gate on two qubits, for both together."),
            _READOUT,
        ),
    ),
    Entry(
        name="thermal",
        doc="During each gate its qubits relax towards |0> and lose their phase.",
        options=(
            _span("t1_us", "Relaxation time T1 in microseconds."),
            _span("t2_us", "Dephasing time T2 in microseconds; at most twice T1."),
            Option(name="gate1_ns", type="float", doc="Nanoseconds of a gate on one qubit.", default=50.0, minimum=0.0),
            Option(
                name="gate2_ns", type="float", doc="Nanoseconds of a gate on two qubits.", default=300.0, minimum=0.0
            ),
            _READOUT,
        ),
    ),
    Entry(
        name="from",
        doc="The gates, couplings, gate noise and readout of a fake device of qiskit-ibm-runtime.",
        options=(Option(name="device", type="string", doc="Its name: `fake_torino`."),),
        positional=1,
    ),
)
"""Kinds of noise by name."""
