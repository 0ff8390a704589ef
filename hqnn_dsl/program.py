"""A compiled spec: a checked model with everything that can be made from it, made when it is asked for.

Torch and Qiskit are imported then.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any

from hqnn_dsl.backends import MeteredExecutable, offered
from hqnn_dsl.backends.auto import candidates_of, pick
from hqnn_dsl.diagnostics.codes.environment import BackendPicked
from hqnn_dsl.diagnostics.codes.exports import NoCircuitToUse
from hqnn_dsl.diagnostics.diagnostic import Diagnostic, Refusal
from hqnn_dsl.diagnostics.notices import notice
from hqnn_dsl.diagnostics.placed import Placed
from hqnn_dsl.diagnostics.tracebacks import public_class
from hqnn_dsl.named_backends import AUTO, backend_choice, written_backend
from hqnn_dsl.recursion import room_to_recurse
from hqnn_dsl.seeds import stream
from hqnn_dsl.semantics.spec import Choice

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from qiskit import QuantumCircuit
    from qiskit.quantum_info import SparsePauliOp

    from hqnn_dsl.catalog.columns import Embedding
    from hqnn_dsl.circuit.ir import Circuit
    from hqnn_dsl.diagnostics.source import Source
    from hqnn_dsl.export.exported import Export
    from hqnn_dsl.network.hybrid import HybridNet
    from hqnn_dsl.network.quantum import QuantumLayer
    from hqnn_dsl.semantics.check import Checked
    from hqnn_dsl.semantics.spec import Spec
    from hqnn_dsl.transpile.passes import Transpiled
    from hqnn_dsl.transpile.target import Target


@public_class
@dataclass(frozen=True, eq=False, repr=False)
class Program:
    """A compiled spec. Everything heavy is made when it is asked for, once."""

    source: Source
    checked: Checked
    recorded: Choice | None = None
    """What `backend auto` has meant in a run of this spec: it means that again, without a trial, if it is here."""
    is_read_back: bool = False
    """Whether it is that of a run or a compiled folder: its network is on the CPU, wherever it was trained."""

    @property
    def spec(self) -> Spec:
        """The checked, frozen spec."""
        return self.checked.spec

    @property
    def logical(self) -> Circuit:
        """The circuit as backends see it."""
        return self.checked.circuit

    @property
    def warnings(self) -> tuple[Diagnostic, ...]:
        """What is legal and probably not meant."""
        return self.checked.warnings

    @cached_property
    def resolved(self) -> str:
        """The spec as text with every setting and default written out."""
        from hqnn_dsl.semantics.resolved_text import resolved_text

        with room_to_recurse():
            return resolved_text(self.checked)

    @property
    def features(self) -> int | None:
        """How many features the network reads, None where only the table knows."""
        from hqnn_dsl.semantics.required_widths import required_widths

        return required_widths(self.spec)[0]

    @property
    def targets(self) -> int | None:
        """How many outputs the network has, None where only the table knows, which has the classes."""
        from hqnn_dsl.semantics.required_widths import required_widths

        return self.spec.out_width or required_widths(self.spec)[1]

    def __repr__(self) -> str:
        from hqnn_dsl.notebook.programs import program_text

        return program_text(self.source.name, self.checked)

    def _repr_html_(self) -> str:
        from hqnn_dsl.notebook.programs import program_html

        return program_html(self.source.name, self.checked, lambda: self.resolved, lambda: self.logical_export)

    def refuse_training(self) -> None:
        """Raise `Refusal` (E0218, E0313) if the spec is only a circuit, which no table can train."""
        if self.checked.untrainable:
            raise Refusal(*self.checked.untrainable)

    def refuse_without_circuit(self) -> None:
        """Raise `Refusal` (E0320) if the model has no circuit, for whatever is about circuits."""
        if self.logical.is_absent:
            raise Refusal(NoCircuitToUse(span=self.checked.spans["model"]))

    def in_order(self) -> Program:
        """The same program without `shuffle inputs`: its circuit answers every row for its own inputs."""
        if not self.logical.shuffles:
            return self
        return replace(self, checked=replace(self.checked, circuit=replace(self.logical, shuffles=False)))

    # ---------------------------------------------------------------- Qiskit

    @cached_property
    def circuit(self) -> QuantumCircuit:
        """The logical circuit, its parameters named as in the spec."""
        from hqnn_dsl.transpile.convert import built_with

        self.refuse_without_circuit()
        with self._placed("circuit"):
            return built_with(self.logical, self._named_angles)

    @cached_property
    def _named_angles(self) -> list[Any]:
        """The angle of every slot in the spec's names: in the same Parameters for all circuits of this program."""
        from hqnn_dsl.transpile.convert import named_angles

        return named_angles(self.logical)

    @cached_property
    def observables(self) -> list[SparsePauliOp]:
        """One operator an output, in output order, on the logical qubits. Raises `Refusal` E0785 for too many terms."""
        from hqnn_dsl.transpile.convert import observables

        self.refuse_without_circuit()
        with self._placed("circuit"):
            return observables(self.logical)

    @cached_property
    def slotted(self) -> QuantumCircuit:
        """The logical circuit with one parameter a slot, `slot[k]`, and constants in place."""
        from hqnn_dsl.transpile.convert import opened

        self.refuse_without_circuit()
        with self._placed("circuit"):
            return opened(self.logical)

    @cached_property
    def transpiled_slots(self) -> Transpiled:
        """The circuit for the spec's target as Qiskit made it, with one parameter a slot.

        Passes see angles that are single parameters; the spec's expressions are put in their places afterwards.
        """
        from hqnn_dsl.transpile.passes import transpile

        with self._placed("transpile.target"):
            return transpile(self.slotted, self._target)

    @property
    def _target(self) -> Target:
        """What `transpile { … }` asks for; its seed, if the spec names none, is a stream of the training seed."""
        from hqnn_dsl.transpile.target import DEFAULT_BASIS, Target

        asked = self.spec.transpile
        return Target(
            device=asked.target,
            basis=asked.basis or DEFAULT_BASIS,
            coupling=asked.coupling,
            optimization=asked.optimization,
            seed=stream(self.spec.train.seed, "transpile") if asked.seed is None else asked.seed,
        )

    @cached_property
    def unchecked_transpilation(self) -> Transpiled:
        """The circuit for the spec's target with the spec's names; for those who compare it themselves."""
        from hqnn_dsl.transpile.convert import with_angles

        done = self.transpiled_slots
        return replace(done, circuit=with_angles(done.circuit, self._named_angles))

    @cached_property
    def transpilation(self) -> Transpiled:
        """The circuit for the spec's target, checked against the logical one at random angles."""
        from hqnn_dsl.transpile.convert import sums
        from hqnn_dsl.transpile.equivalence import assert_equivalent

        done, seed = self.unchecked_transpilation, stream(self.spec.train.seed, "transpile")
        with self._placed("transpile.target"):
            assert_equivalent(self.circuit, done, sums(self.logical), outcomes=self.logical.outcomes, seed=seed)
        return done

    @property
    def transpiled(self) -> QuantumCircuit:
        """The circuit for the spec's target."""
        return self.transpilation.circuit

    @property
    def transpiled_observables(self) -> list[SparsePauliOp]:
        """The operators on the transpiled circuit's qubits, layout and routing included."""
        return self.transpilation.observables(self.observables)

    @cached_property
    def logical_export(self) -> Export:
        """The logical circuit alone, as drawings need it; nothing is transpiled."""
        from hqnn_dsl.export.exported import Export, names_of

        return Export("logical", self.spec.name, self.logical, self.circuit, self.slotted, names_of(self.logical))

    @cached_property
    def exports(self) -> tuple[Export, Export]:
        """The logical and the transpiled circuit, checked against each other, as files need them."""
        from hqnn_dsl.export.exported import exports_of

        both = self.transpilation, self.transpiled_slots
        return exports_of(self.spec.name, self.logical, (self.circuit, self.slotted), both)

    @cached_property
    def static(self) -> dict[str, Any]:
        """What can be told without running: gates, depth, weights, inputs, outputs, before and after transpiling.

        `layout[k]` is the qubit of the transpiled circuit where logical qubit k ends. `parameters` has the name of each
        parameter by its identifier in OpenQASM, `angles` the formula of each that stands for an angle, and `unread` the
        inputs and weights that no angle reads. `native` is the plan of the native engine: see `export.native_plan`.
        """
        from hqnn_dsl.export.native_plan import native_plan
        from hqnn_dsl.transpile.counting import static_report

        _, transpiled = self.exports
        names = transpiled.names
        report = static_report(self.logical, self.circuit, self.transpiled)
        warnings = [{"code": item.code, "message": item.headline} for item in self.warnings]
        chosen = self.spec.backend
        precision = chosen.options["precision"] if chosen.name == "native" else "single"
        native = native_plan(self.logical, self.spec.train.batch, precision)
        named = {"layout": transpiled.layout, "parameters": names.of, "angles": names.formulas, "unread": names.unread}
        return {"model": self.spec.name, **report, **named, "native": native, "warnings": warnings}

    # ----------------------------------------------------------------- torch

    def quantum_layer(
        self, backend: str | None = None, precision: object = None, *, seed: int | None = None, **options: object
    ) -> QuantumLayer:
        """The circuit as a torch layer, `[..., inputs]` to `[..., outputs]`.

        `backend` is what stands after that word in a spec (`"aer(device: gpu)"`), the spec's own if it is None; its
        options may also be given by name (`backend="aer", shots=1000`). `precision` is that of angles, weights and
        state: "single" or "double", or a torch dtype; None takes the backend's own. Weights start from torch's global
        generator, so `torch.manual_seed` decides them as for `torch.nn.Linear`; with `seed` they start from that seed
        (the spec's `train { seed }` gives the weights of `network()`).

        Raises `Refusal` if the backend cannot run this circuit (exit code 1) or this environment cannot run the backend
        (3), `ValueError` for an unknown precision.
        """
        from hqnn_dsl.network.quantum import drawn_seed, precision_named

        self.refuse_without_circuit()
        chosen = self.spec.backend if backend is None and not options else self._chosen(backend, options)
        own = {} if precision is None else {"precision": precision_named(precision)}
        if chosen.name == AUTO.name:
            chosen = self._picked(own)
        init = drawn_seed() if seed is None else stream(seed, "init")
        return self.layer_of(replace(chosen, options=chosen.options | own), init_seed=init)

    def _chosen(self, backend: str | None, options: Mapping[str, object]) -> Choice:
        """The backend that is written as in a spec, with options by name; the spec's own with these if it is None."""
        if backend is None:
            named = backend_choice(written_backend(self.spec.backend.name, options))
            given = {name: named.options[name] for name in options}
            return replace(self.spec.backend, options=self.spec.backend.options | given)
        return backend_choice(written_backend(backend, options))

    def layer_of(self, chosen: Choice, *, init_seed: int | None = None) -> QuantumLayer:
        """The circuit as a torch layer on a backend that is named with all its options.

        Weights start from `init_seed`, from the spec's seed if it is None. Raises `Refusal`.
        """
        from hqnn_dsl.network.quantum import QuantumLayer

        row, seed = offered()[chosen.name], self.spec.train.seed
        shots_seed = stream(seed, "shots")
        with self._placed("backend"):
            executable = row.load(self.logical, chosen.options, shots_seed)
        if self.spec.budget is not None and isinstance(executable, MeteredExecutable):
            from hqnn_dsl.backends.meter import Limits

            executable.meter.limits = Limits(**vars(self.spec.budget))
        return QuantumLayer(
            self.logical,
            executable,
            precision=chosen.options.get("precision", "single"),
            seed=stream(seed, "init") if init_seed is None else init_seed,
            backend=chosen,
            shots_seed=shots_seed,
            rows_seed=stream(seed, "other rows"),
        )

    def refuse_step(self, chosen: Choice, rows: int, device: str) -> None:
        """Raise `Refusal` (E0711) where a training step on so many rows would not fit the memory of a backend."""
        with self._placed("backend"):
            refusals = offered()[chosen.name].training(self.logical, chosen.options, rows, device)
            if refusals:
                raise Refusal(*refusals)

    @property
    def device(self) -> str:
        """Where tensors are, `cpu` or `cuda`, as `train { device }` says. Raises `Refusal` E0543 if it is not here."""
        from hqnn_dsl.backends.torch_device import torch_device

        with self._placed("train.device"):
            return str(torch_device("cpu" if self.is_read_back else self.spec.train.device))

    def _picked(self, options: Mapping[str, Any]) -> Choice:
        """What `auto` means for this circuit; a notice says so when it is chosen."""
        known = self.recorded
        if known is not None and known.name in offered() and offered()[known.name].is_here():
            return replace(known, options={**known.options, **options})
        rows, device = self.spec.train.batch, self.device
        with self._placed("backend"):
            candidates = candidates_of(self.logical, options, offered(), rows, device)
            picked, is_new = pick(self.logical, rows, candidates, device=device)
        if is_new:
            notice(BackendPicked(backend=picked.name, reason=picked.reason), marked=False)
        found = next(candidate for candidate in candidates if candidate.name == picked.name)
        return Choice(name=found.name, options=dict(found.options))

    def without_trial(self) -> Program:
        """The same program where `auto` is the plainest backend that can run it: for its weights, not for speed."""
        if self.logical.is_absent:
            return self
        candidates = candidates_of(self.logical, {}, offered(), 0, "cpu")
        quick = [one for one in candidates if one.backend.is_quick]
        plainest = min(quick, key=lambda one: one.backend.pace)
        return replace(self, recorded=Choice(name=plainest.name, options=dict(plainest.options)))

    def network(
        self,
        in_width: int | None = None,
        out_width: int | None = None,
        *,
        backend: str | None = None,
        embeddings: Sequence[Embedding] = (),
    ) -> HybridNet:
        """Encoder, circuit and decoder as one torch module, with the spec's starting weights.

        `in_width` is the number of inputs: needed where the spec leaves it to the table (`features *` in front of a
        dense layer). `out_width` is the number of outputs: the targets, or the classes, which only the table knows, if
        the decoder ends with an open `dense`. An input of `embeddings` holds levels, whose trained vectors take its
        place. Raises `ValueError` where a width is needed and missing, or contradicts the spec.
        """
        from hqnn_dsl.network.hybrid import HybridNet
        from hqnn_dsl.semantics.required_widths import required_widths

        in_wanted, out_wanted = required_widths(self.spec)
        further = sum(embedding.width - 1 for embedding in embeddings)
        if in_width is None and in_wanted is not None:
            in_width = in_wanted - further
        out_width = out_width or self.targets
        if in_width is None:
            raise ValueError("the table says how many features there are: give `in_width`, or name them in the spec")
        if out_width is None:
            raise ValueError("the table says how many classes there are: give `out_width`")
        for given, wanted, what in ((in_width + further, in_wanted, "features"), (out_width, out_wanted, "targets")):
            if wanted is not None and given != wanted:
                raise ValueError(f"the spec has {wanted} {what}, {given} given")
        circuit = self._no_circuit() or self.quantum_layer(backend, seed=self.spec.train.seed)
        return HybridNet.build(self.spec, circuit, in_width, out_width, embeddings)

    def _no_circuit(self) -> QuantumLayer | None:
        """What a network without a circuit has in its place; None if there is a circuit."""
        from hqnn_dsl.network.no_circuit import NoCircuit

        return NoCircuit() if self.logical.is_absent else None

    def _placed(self, path: str) -> Placed:
        """A context that gives refusals of later stages the span of a setting, or of the circuit if there is none."""
        spans = self.checked.spans
        return Placed(spans.get(path, spans["circuit"]))
