"""The backend `pennylane`: the circuit by PennyLane's own gates on one of its devices.

It is there to be compared with, and for devices that PennyLane reaches and we do not. What is known of devices is in
`devices`; a trial against the reference comes before a device's first use, since PennyLane's plugins may be
anybody's. The executable is in `executable`, the only part that imports PennyLane.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from hqnn_dsl.backends import Backend
from hqnn_dsl.backends.memory import MAX_STATE_BYTES, too_large
from hqnn_dsl.backends.pennylane.devices import DIFFS, KNOWN, installed, is_installed, require
from hqnn_dsl.backends.pennylane.memory import backprop_bytes
from hqnn_dsl.catalog.entry import Entry, Option
from hqnn_dsl.catalog.precision import COMPLEX_BYTES, precision_option
from hqnn_dsl.circuit.ir import Observable
from hqnn_dsl.diagnostics.codes.environment import BackendCannot
from hqnn_dsl.diagnostics.codes.pennylane import DenseObservable, NoSinglePrecision, NotThisDiff, PennyLaneMissing
from hqnn_dsl.diagnostics.codes.terms import TooManyTerms
from hqnn_dsl.diagnostics.diagnostic import Refusal
from hqnn_dsl.diagnostics.quantities import size
from hqnn_dsl.diagnostics.sentences import names
from hqnn_dsl.limits import MAX_TERMS

if TYPE_CHECKING:
    from collections.abc import Mapping

    from hqnn_dsl.backends import Circuits, Executable
    from hqnn_dsl.circuit.ir import Circuit
    from hqnn_dsl.diagnostics.diagnostic import Diagnostic

ENTRY = Entry(
    name="pennylane",
    doc="PennyLane, by its own gates on one of its devices: exact values; to compare with, and for devices of its own.",
    options=(
        Option(
            name="device",
            type="string",
            doc='PennyLane\'s name of the device, in quotes: `"default.qubit"`, `"lightning.qubit"` or any other.',
            default="default.qubit",
        ),
        Option(
            name="diff",
            type="choice",
            doc="How gradients are found. `auto` is the fastest that the device has: `backprop` on `default.qubit`, "
            "`adjoint` on the lightning devices, `parameter_shift` on one that is not known.",
            default="auto",
            choices=("auto", *DIFFS),
        ),
        precision_option(
            "double", of="the device's state and of the outputs", note="; `single` on lightning devices only"
        ),
    ),
)
"""Its name and options in specs."""


DENSE_MATRICES = 2
"""Dense matrices of all observables together that `default.qubit` holds at once for `diff: adjoint`: measured."""


def build(circuit: Circuit, options: Mapping[str, Any], seed: int) -> Executable:  # noqa: ARG001 - nothing is drawn
    """Returns the circuit on a PennyLane device, after a trial of the device.

    Raises `Refusal` (exit code 3) if PennyLane or the device is not installed, or the device fails its trial.
    """
    require(options["device"])
    try:
        from hqnn_dsl.backends.pennylane.executable import QmlExecutable, QmlOptions
        from hqnn_dsl.backends.pennylane.trial import try_device
    except ImportError as error:
        raise Refusal(PennyLaneMissing(reason=f"which cannot be imported: {error}")) from error
    settled = QmlOptions(options["device"], diff_of(options), options["precision"])
    try_device(settled)
    return QmlExecutable(circuit, settled)


def diff_of(options: Mapping[str, Any]) -> str:
    """What `diff` means on the device: `auto` is its fastest, `parameter_shift` where the device is not known."""
    if options["diff"] != "auto":
        return str(options["diff"])
    row = KNOWN.get(options["device"])
    return row.diffs[0] if row is not None else "parameter_shift"


def objections(circuit: Circuit, options: Mapping[str, Any]) -> tuple[Diagnostic, ...]:
    """What the device lacks: a way to differentiate, a precision, `backprop` for an amplitude input, memory."""
    device, diff = options["device"], diff_of(options)
    found: list[Diagnostic] = []
    row = KNOWN.get(device)
    if row is not None and diff not in row.diffs:
        offered = names((f"diff: {name}" for name in row.diffs), "or")
        found.append(NotThisDiff(device=device, diff=diff, offered=offered, about=("diff", "device")))
    if options["precision"] == "single" and not (row is not None and row.has_single):
        found.append(NoSinglePrecision(device=device, about=("precision", "device")))
    if circuit.amplitude is not None and diff != "backprop":
        reason = f"with `diff: {diff}` its gradients are those of angles, and the `amplitude` input is no angle"
        hint = 'write `device: "default.qubit"` with `diff: backprop`, or `backend reference`'
        found.append(BackendCannot(backend="pennylane", reason=reason, hint=hint, about=("diff", "device")))
    if row is not None:
        exponent, precision = row.exponent, options["precision"]
        refusal = too_large(
            *(circuit, 1, precision),
            lambda _, precision: COMPLEX_BYTES[precision] << exponent * circuit.num_qubits,
            MAX_STATE_BYTES,
            exponent=exponent,
        )
        found += [] if refusal is None else [refusal]
    if diff != "backprop" and circuit.num_terms > MAX_TERMS:
        what = f"PennyLane's `diff: {diff}`"
        found.append(TooManyTerms(what=what, num_terms=circuit.num_terms, limit=MAX_TERMS, about=("diff", "device")))
    if device == "default.qubit" and diff == "adjoint":
        read = _num_read(circuit)
        needed = (DENSE_MATRICES * COMPLEX_BYTES["double"]) << 2 * read
        if needed > MAX_STATE_BYTES:
            about = ("diff", "device")
            found.append(DenseObservable(num_read=read, needed=size(needed), limit=size(MAX_STATE_BYTES), about=about))
    return tuple(found)


def training(circuit: Circuit, options: Mapping[str, Any], rows: int, device: str) -> tuple[Diagnostic, ...]:  # noqa: ARG001
    """A step's states with `backprop` that are larger than the memory limit; the other ways keep none."""
    if diff_of(options) != "backprop":
        return ()
    refusal = too_large(
        *(circuit, rows, "double"), lambda count, _: backprop_bytes(circuit, count), MAX_STATE_BYTES, training=True
    )
    if refusal is None:
        return ()
    hint = f'{refusal.help}; `device: "lightning.qubit"` keeps no states'
    return (replace(refusal, hint=hint),)


def state_bytes(circuit: Circuit, options: Mapping[str, Any], rows: int) -> int | None:
    """Returns the bytes of the states of a step with `diff: backprop`; None for the other ways."""
    return backprop_bytes(circuit, rows) if diff_of(options) == "backprop" else None


def circuits(options: Mapping[str, Any]) -> Circuits:
    """Returns whether PennyLane shifts angles itself, in a number of circuits that is its own."""
    return "unknown" if diff_of(options) == "parameter_shift" else "none"


def _num_read(circuit: Circuit) -> int:
    """How many qubits all observables and probabilities read together."""
    found: set[int] = set()
    for measured in circuit.measurements:
        if isinstance(measured, Observable):
            found.update(qubit for term in measured.terms for qubit, _ in term.factors)
        else:
            found.update(measured.qubits)
    return len(found)


def probe() -> str:
    """Which PennyLane is here, with which devices, in a line. Imports nothing of it."""
    if not is_installed():
        return "not installed; run `pip install 'hqnn-dsl[pennylane]'`"
    from importlib.metadata import version

    known = [name for name in installed() if name in KNOWN]
    return f"ready, PennyLane {version('pennylane')} with {', '.join(known)}"


BACKEND = Backend(
    entry=ENTRY,
    build=build,
    circuit_objections=objections,
    training_objections=training,
    circuits_with=circuits,
    bytes_with=state_bytes,
    probe=probe,
    is_here=is_installed,
    pace=5e5,
    ways=(("lightning.qubit", {"device": "lightning.qubit"}),),
)
"""The row of the table of backends. Its `pace` is that of small circuits, where PennyLane spends its time on each gate:
a trial by `backend auto` would take longer to import PennyLane than to find that it is not the fastest."""
