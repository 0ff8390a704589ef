"""The options of `backend aer`, which of them go together, and what they make of a circuit that Aer cannot run.

An option that would change nothing is refused with the reason, so that nobody believes it did something.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from hqnn_dsl.backends.memory import MAX_STATE_BYTES, too_large
from hqnn_dsl.catalog.entry import Entry, Option, table
from hqnn_dsl.catalog.gradients import GRADIENTS
from hqnn_dsl.catalog.noise import NOISES
from hqnn_dsl.catalog.precision import COMPLEX_BYTES, precision_option
from hqnn_dsl.diagnostics.codes.environment import BackendCannot, CuStateVecNeedsGpu
from hqnn_dsl.diagnostics.codes.simulators import OptionIdle, OptionsClash
from hqnn_dsl.diagnostics.codes.terms import TooManyTerms
from hqnn_dsl.limits import MAX_ESTIMATED_TERMS

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from hqnn_dsl.catalog.entry import Selection
    from hqnn_dsl.circuit.ir import Circuit
    from hqnn_dsl.diagnostics.diagnostic import Diagnostic

MAX_DENSITY_QUBITS = 12
"""Widest circuit whose noise is computed as a density matrix: 256 MiB in double precision."""

MAX_BATCHED_QUBITS = {"statevector": 16, "density_matrix": 8}
"""Widest circuit of which Aer runs several at once on a GPU, by simulation method."""

BATCHED_ONLY = ("shots", "noise", "gradient", "simulation", "batched_shots_gpu", "target_gpus", "blocking_qubits")
"""Options that `method: estimator_qnn` does not have."""

SIMULATIONS = table(
    Entry(name="exact", doc="A state vector; under noise a density matrix, or trajectories where it does not fit."),
    Entry(name="trajectories", doc="Under noise and shots: every shot is a run of its own with random errors."),
    Entry(
        name="matrix_product_state",
        doc="A chain of tensors, for circuits that entangle little and are too wide for a state vector; CPU only.",
        options=(
            Option(
                name="bond",
                type="int",
                doc="Largest bond dimension; `none` for no limit.",
                default=None,
                minimum=1,
            ),
            Option(
                name="truncation",
                type="float",
                doc="Schmidt coefficients are dropped while their squares add up to less than this.",
                default=1e-16,
                minimum=0.0,
                below=1.0,
            ),
        ),
    ),
)
"""How Aer may represent a state, by name."""

ENTRY = Entry(
    name="aer",
    doc="Qiskit Aer: all samples and all shifts in one run, with shots and noise; or through EstimatorQNN.",
    options=(
        Option(
            name="device",
            type="choice",
            doc="Where Aer computes. `gpu` never falls back to the CPU; `auto` does, and says why.",
            default="cpu",
            choices=("cpu", "gpu", "auto"),
        ),
        Option(
            name="custatevec",
            type="bool",
            doc="On the GPU, use NVIDIA's cuStateVec; Aer then runs one circuit after the other.",
            default=False,
        ),
        precision_option("double", of="Aer's state, and of the values and gradients handed to torch"),
        Option(
            name="method",
            type="choice",
            doc="`batched`: one run for all samples and shifts; `estimator_qnn`: Qiskit's EstimatorQNN.",
            default="batched",
            choices=("batched", "estimator_qnn"),
        ),
        Option(
            name="shots",
            type="int",
            doc="Measurements for each Pauli term of each output; `none` for exact values.",
            default=None,
            minimum=1,
            maximum=1_000_000_000,
        ),
        Option(
            name="noise",
            type="entry",
            doc="Noise of gates and readout; `none` for an ideal machine.",
            default=None,
            table=NOISES,
        ),
        Option(
            name="gradient",
            type="entry",
            doc="How gradients are found.",
            default=GRADIENTS["parameter_shift"].selected(),
            table=GRADIENTS,
        ),
        Option(
            name="simulation",
            type="entry",
            doc="How Aer represents the state.",
            default=SIMULATIONS["exact"].selected(),
            table=SIMULATIONS,
        ),
        Option(
            name="batched_shots_gpu",
            type="bool",
            doc="On the GPU, run many circuits at once; `none` does so where Aer can.",
            default=None,
        ),
        Option(
            name="target_gpus",
            type="ints",
            doc="Which GPUs, by number; several only with `blocking_qubits`. `none` is the first.",
            default=None,
        ),
        Option(
            name="blocking_qubits",
            type="int",
            doc="On the GPU, cut a state into pieces of so many qubits: for states larger than one GPU.",
            default=None,
            minimum=1,
        ),
    ),
)
"""Its name and options in specs."""


def is_exact(options: Mapping[str, Any]) -> bool:
    """Whether values are those of the ideal circuit, and gradients theirs, up to rounding."""
    simulation = options["simulation"]
    if simulation.name == "matrix_product_state" and simulation != SIMULATIONS["matrix_product_state"].selected():
        return False
    return options["shots"] is None and options["noise"] is None and options["gradient"].name == "parameter_shift"


def simulation_method(options: Mapping[str, Any], num_qubits: int) -> str:
    """Aer's name of the method for these options: a density matrix where there is noise and it fits."""
    asked = options["simulation"].name
    if asked == "matrix_product_state":
        return "matrix_product_state"
    if options["noise"] is None or asked == "trajectories" or num_qubits > MAX_DENSITY_QUBITS:
        return "statevector"
    return "density_matrix"


def objections(circuit: Circuit, options: Mapping[str, Any]) -> tuple[Diagnostic, ...]:
    """What is wrong with the options, and what Aer cannot do with the circuit."""
    found = [*_clashes(options), *_idle(circuit, options)]
    if circuit.amplitude is not None:
        reason = "its gradients shift angles of gates, and the `amplitude` input is no angle"
        found.append(BackendCannot(backend="aer", reason=reason))
    return (*found, *_width(circuit, options))


def _width(circuit: Circuit, chosen: Mapping[str, Any]) -> Iterator[Diagnostic]:
    """States that do not fit."""
    method, width = simulation_method(chosen, circuit.num_qubits), circuit.num_qubits
    if chosen["noise"] is not None and chosen["shots"] is None and width > MAX_DENSITY_QUBITS:
        reason = (
            f"noise without shots needs a density matrix, and {width} qubits are more than {MAX_DENSITY_QUBITS}; "
            "with `shots` it runs random trajectories"
        )
        yield BackendCannot(backend="aer", reason=reason, about=("noise",))
    if method == "statevector":
        refusal = too_large(
            *(circuit, 1, chosen["precision"]),
            lambda _, precision: COMPLEX_BYTES[precision] << width,
            MAX_STATE_BYTES,
        )
        if refusal is not None:
            yield refusal
    if chosen["method"] == "estimator_qnn" and circuit.num_terms > MAX_ESTIMATED_TERMS:
        limit = MAX_ESTIMATED_TERMS
        yield TooManyTerms(what="EstimatorQNN", num_terms=circuit.num_terms, limit=limit, about=("method",))


def _clashes(chosen: Mapping[str, Any]) -> Iterator[Diagnostic]:
    """Options that contradict each other, or numbers that no device can have."""
    noise, gpus = chosen["noise"], chosen["target_gpus"]
    if chosen["custatevec"] and chosen["device"] == "cpu":
        yield CuStateVecNeedsGpu(about=("custatevec", "device"))
    if chosen["custatevec"] and chosen["batched_shots_gpu"]:
        yield OptionsClash(
            first="`custatevec: true`",
            second="`batched_shots_gpu: true`",
            reason="Aer switches cuStateVec off when it runs many circuits at once",
            about=("custatevec", "batched_shots_gpu"),
        )
    if chosen["blocking_qubits"] is not None and chosen["batched_shots_gpu"]:
        reason = "many circuits at once, or one that is cut into pieces"
        about = ("blocking_qubits", "batched_shots_gpu")
        yield OptionsClash(first="`blocking_qubits`", second="`batched_shots_gpu: true`", reason=reason, about=about)
    if noise is not None and noise.name == "thermal" and noise["t2_us"] > 2 * noise["t1_us"]:
        reason = "no qubit loses its phase more slowly than twice its relaxation time"
        first, second = f"`t2_us: {noise['t2_us']:g}`", f"`t1_us: {noise['t1_us']:g}`"
        yield OptionsClash(first=first, second=second, reason=reason, about=("noise.t2_us", "noise.t1_us"))
    if chosen["simulation"].name == "matrix_product_state" and noise is not None:
        reason = "Aer's exact noise needs a density matrix"
        about = ("simulation", "noise")
        yield OptionsClash(first="`simulation: matrix_product_state`", second="`noise`", reason=reason, about=about)
    if chosen["simulation"].name == "matrix_product_state" and chosen["device"] != "cpu":
        reason = "Aer has that method on the CPU only"
        first, second = "`simulation: matrix_product_state`", f"`device: {chosen['device']}`"
        yield OptionsClash(first=first, second=second, reason=reason, about=("simulation", "device"))
    if gpus is not None and len(gpus) > 1 and chosen["blocking_qubits"] is None:
        reason = (
            "circuits whose angles Aer binds while running are known to be wrong on several GPUs (qiskit-aer #2244)"
        )
        first, second = f"`target_gpus: {gpus}`", "all samples in one run"
        yield OptionsClash(first=first, second=second, reason=reason, about=("target_gpus",))


def _idle(circuit: Circuit, chosen: Mapping[str, Any]) -> Iterator[Diagnostic]:
    """Options that would change nothing."""
    if chosen["method"] == "estimator_qnn":
        defaults = ENTRY.defaults()
        for name in BATCHED_ONLY:
            if chosen[name] != defaults[name]:
                yield _idle_option(name, reason="`method: estimator_qnn` is exact and takes no such option")
        return
    yield from _idle_on_gpus(circuit.num_qubits, chosen)
    noise = chosen["noise"]
    if chosen["simulation"].name == "trajectories" and (noise is None or chosen["shots"] is None):
        yield _idle_option("simulation", reason="trajectories are one run for each shot under `noise` and `shots`")
    if noise is not None and noise.name != "from" and not _does_something(noise):
        yield _idle_option("noise", reason="all its probabilities and times are zero")


def _idle_on_gpus(width: int, chosen: Mapping[str, Any]) -> Iterator[Diagnostic]:
    """Options about GPUs that would change nothing for a circuit of that width."""
    if chosen["device"] == "cpu":
        for name in ("batched_shots_gpu", "target_gpus", "blocking_qubits"):
            if chosen[name] is not None:
                yield _idle_option(name, reason="it is about GPUs, and `device` is `cpu`")
        return
    if chosen["target_gpus"] == []:
        yield _idle_option("target_gpus", reason="the list is empty")
    blocking = chosen["blocking_qubits"]
    if blocking is not None and blocking >= width:
        yield _idle_option("blocking_qubits", reason=f"the circuit has {width} qubits, so nothing is cut")
    most = MAX_BATCHED_QUBITS.get(simulation_method(chosen, width), 0)
    if chosen["batched_shots_gpu"] and width > most:
        yield _idle_option("batched_shots_gpu", reason=f"Aer does so up to {most} qubits, here are {width}")


def _idle_option(name: str, reason: str) -> OptionIdle:
    return OptionIdle(option=name, reason=reason, about=(name,))


def _does_something(noise: Selection) -> bool:
    names = ("p1", "p2", "readout") if noise.name == "depolarizing" else ("gate1_ns", "gate2_ns", "readout")
    return any(noise[name] > 0 for name in names)
