"""The backend `primitive`: Qiskit's V2 estimators, from an exact one over fake devices to real ones.

What a spec can get wrong without looking at the service is said here; the work is in the modules beside this one.
"""

from __future__ import annotations

from importlib import metadata
from typing import TYPE_CHECKING, Any

from hqnn_dsl.backends import Backend
from hqnn_dsl.backends.memory import MAX_STATE_BYTES, too_large
from hqnn_dsl.catalog.entry import Entry, Option
from hqnn_dsl.catalog.gradients import GRADIENTS
from hqnn_dsl.catalog.precision import COMPLEX_BYTES, precision_option
from hqnn_dsl.diagnostics.codes.devices import UnknownPrimitive
from hqnn_dsl.diagnostics.codes.environment import BackendCannot
from hqnn_dsl.diagnostics.codes.simulators import OptionIdle, OptionsClash
from hqnn_dsl.diagnostics.codes.terms import TooManyTerms
from hqnn_dsl.limits import MAX_TERMS

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from hqnn_dsl.backends import Executable
    from hqnn_dsl.circuit.ir import Circuit
    from hqnn_dsl.diagnostics.diagnostic import Diagnostic

EXACT = "statevector"
DEFAULT_SHOTS = 4096
"""Shots of a circuit on a device where none are given."""

ENTRY = Entry(
    name="primitive",
    doc="A Qiskit V2 estimator: `statevector`, a fake device, or a real one of IBM's service.",
    positional=1,
    options=(
        Option(name="name", type="string", doc="`statevector`, a fake device (`fake_torino`), or `ibm_…`, a real one."),
        Option(
            name="shots",
            type="int",
            doc=f"Measurements of each circuit in each basis; `none`: {DEFAULT_SHOTS} on devices, exact `statevector`.",
            default=None,
            minimum=1,
            maximum=10_000_000,
        ),
        Option(
            name="gradient",
            type="entry",
            doc="How gradients are found.",
            default=GRADIENTS["parameter_shift"].selected(),
            table=GRADIENTS,
        ),
        Option(
            name="optimization",
            type="int",
            doc="Qiskit's optimization level when the circuit is fitted to the device.",
            default=1,
            minimum=0,
            maximum=3,
        ),
        Option(
            name="mode",
            type="choice",
            doc="Real devices: each job alone, jobs in a `batch`, or in a `session` that holds the device.",
            default="job",
            choices=("job", "batch", "session"),
        ),
        Option(
            name="resilience",
            type="int",
            doc="Real devices: the service's resilience level against errors; `none` leaves it to the service.",
            default=None,
            minimum=0,
            maximum=2,
        ),
        Option(
            name="account",
            type="string",
            doc="Real devices: a saved account by its name; `none` for the default one.",
            default=None,
        ),
        precision_option("double", of="the values and gradients handed to torch"),
    ),
)
"""Its name and options in specs."""


def build(circuit: Circuit, options: Mapping[str, Any], seed: int) -> Executable:
    """Returns the circuit on the device that `options` name.

    Raises `Refusal` for what that device cannot do (exit code 1) and for what is missing here (exit code 3).
    """
    from hqnn_dsl.backends.primitive.executable import PrimitiveExecutable
    from hqnn_dsl.backends.primitive.placement import Settings

    shots = DEFAULT_SHOTS if options["name"] != EXACT and options["shots"] is None else options["shots"]
    return PrimitiveExecutable(circuit, Settings(**{**options, "shots": shots}), seed)


def is_exact(options: Mapping[str, Any]) -> bool:
    """Only Qiskit's exact estimator with the shift rule."""
    return options.get("name") == EXACT and options["gradient"].name == "parameter_shift"


def objections(circuit: Circuit, options: Mapping[str, Any]) -> tuple[Diagnostic, ...]:
    """What is wrong with the options, and what no device can do with the circuit."""
    name = options.get("name")
    if name is None or not (name == EXACT or name.startswith(("fake_", "ibm_"))):
        return (UnknownPrimitive(name=name or "", about=("name",)),)
    found = list(_idle(name, options))
    if name == EXACT and options["shots"] is not None:
        reason = "Qiskit's exact estimator adds one size of noise to everything and counts nothing"
        second = f'`primitive("{EXACT}")`'
        found.append(OptionsClash(first="`shots`", second=second, reason=reason, about=("shots", "name")))
    if circuit.amplitude is not None:
        reason = "its gradients shift angles of gates, and the `amplitude` input is no angle"
        found.append(BackendCannot(backend="primitive", reason=reason))
    if circuit.num_terms > MAX_TERMS:
        found.append(TooManyTerms(what="an estimator", num_terms=circuit.num_terms, limit=MAX_TERMS, about=("name",)))
    if name == EXACT:
        needed = COMPLEX_BYTES["double"] << circuit.num_qubits
        refusal = too_large(circuit, 1, "double", lambda *_: needed, MAX_STATE_BYTES)
        found += [] if refusal is None else [refusal]
    return tuple(found)


def state_bytes(circuit: Circuit, options: Mapping[str, Any], rows: int) -> int | None:  # noqa: ARG001 - row by row
    """Returns the bytes of the one state of the exact estimator; None for devices."""
    return COMPLEX_BYTES["double"] << circuit.num_qubits if options["name"] == EXACT else None


def _idle(name: str, chosen: Mapping[str, Any]) -> Iterator[Diagnostic]:
    """Options that would change nothing on that device."""
    defaults = ENTRY.defaults()
    if name == EXACT and chosen["optimization"] != defaults["optimization"]:
        reason = f"`{EXACT}` runs the circuit as it is"
        yield OptionIdle(option="optimization", reason=reason, about=("optimization",))
    if name.startswith("ibm_"):
        return
    for option in ("mode", "resilience", "account"):
        if chosen[option] != defaults[option]:
            reason = f"it is about real devices, and `{name}` runs on this machine"
            yield OptionIdle(option=option, reason=reason, about=(option,))


def probe() -> str:
    """What of it can run here, in a line; the service is not asked."""
    try:
        version = metadata.version("qiskit-ibm-runtime")
    except metadata.PackageNotFoundError:
        return f"{EXACT} ready; fake and real devices need `pip install 'hqnn-dsl[ibm]'`"
    return f"{EXACT} and fake devices ready (qiskit-ibm-runtime {version}); real devices need a saved account"


def is_paid(options: Mapping[str, Any]) -> bool:
    """Whether it is a real device."""
    return str(options.get("name")).startswith("ibm_")


BACKEND = Backend(
    entry=ENTRY,
    build=build,
    circuit_objections=objections,
    probe=probe,
    pace=1e4,
    exact_with=is_exact,
    circuits_with=lambda _: "priced",
    bytes_with=state_bytes,
    metered_with=lambda options: options.get("name") != EXACT,
    paid_with=is_paid,
    ways=((EXACT, {"name": EXACT}),),
)
"""The row of the table of backends."""
