"""What is legal and probably not meant. `allow CODE "reason"` silences a warning in the braces around it."""

from __future__ import annotations

from hqnn_dsl.diagnostics.diagnostic import Diagnostic
from hqnn_dsl.lazy import lazy_dataclass


@lazy_dataclass(frozen=True, kw_only=True)
class UnusedWeight(Diagnostic):
    """A weight stands in no angle, so training cannot change anything through it.

    wrong   weight w; ry(0.1) 0      # w is never used
    right   weight w; ry(w) 0
    """

    code = "W0401"
    severity = "warning"
    message = "{what} in no angle, so training cannot change anything through it"
    label = "declared here"
    what: str


@lazy_dataclass(frozen=True, kw_only=True)
class UnusedInput(Diagnostic):
    """A component of the input is declared and never read: the encoder's values for it are thrown away.

    wrong   feature_map each() { input x[qubits]; ry(x[0]) 0 }      # x[1] and on are unused
    right   feature_map each() { input x[qubits]; for q in 0..qubits { ry(x[q]) q } }
    """

    code = "W0402"
    severity = "warning"
    message = "{what} never read"
    label = "declares {width}"
    what: str
    width: str


@lazy_dataclass(frozen=True, kw_only=True)
class UnboundedEncoder(Diagnostic):
    """The encoder ends with a layer whose output has no bounds, in front of angles that repeat after a turn.

    Two rows whose encodings differ by 2π look the same to the circuit. Bound them: `tanh * pi`.

        wrong   encoder { dense(4) }                 # unbounded
        right   encoder { dense(4); tanh * pi }      # from -π to π
    """

    code = "W0403"
    severity = "warning"
    message = "the encoder's outputs have no bounds, but angles repeat after a full turn"
    label = "has no bounds"
    advice = "end with a bounded layer such as `tanh * pi`"


@lazy_dataclass(frozen=True, kw_only=True)
class UselessAllow(Diagnostic):
    """An `allow` silences nothing: the warning it names does not arise in the braces around it.

    wrong   allow W0403 "angles are small"; encoder { dense(4); tanh * pi }      # there is no W0403
    right   encoder { dense(4); tanh * pi }
    right   allow W0403 "angles are small"; encoder { dense(4) }
    """

    code = "W0404"
    severity = "warning"
    message = "`allow {allowed}` silences nothing"
    label = "nothing to silence"
    advice = "remove it"
    allowed: str


@lazy_dataclass(frozen=True, kw_only=True)
class LibraryReplaced(Diagnostic):
    """A block of this file has the name of a library block and is used in its place.

    wrong   feature_map angle() { … }         # if the library's `angle` is meant
    right   feature_map my_angle() { … }      # both can be used
    right   feature_map angle() { … }         # if it is to replace the library's
    """

    code = "W0405"
    severity = "note"
    message = "`{name}` here is this file's block, not the library's"
    label = "defined here"
    name: str


@lazy_dataclass(frozen=True, kw_only=True)
class EntanglersDropped(Diagnostic):
    """`without entanglers` removes every gate on two or more qubits, with its angles: an ablation.

    wrong   without entanglers      # in the model with which an ablation is compared
    right   without entanglers      # in the ablation
    """

    code = "W0406"
    severity = "note"
    message = "`without entanglers` drops {count} of the circuit's {total} gates"
    label = "asked for here"
    count: int
    total: int


@lazy_dataclass(frozen=True, kw_only=True)
class UnreadName(Diagnostic):
    """A constant, or an argument of a block, is defined and its name stands nowhere else: its value changes nothing.

    A value for it by `--set` is refused (E0232).

        wrong   let width = 4; model m { circuit on 4 qubits { … } }      # nothing reads `width`
        right   let width = 4; model m { circuit on width qubits { … } }
    """

    code = "W0430"
    severity = "warning"
    message = "{what} is never read"
    label = "never read"
    advice = "remove it, or use it in place of its value"
    what: str


@lazy_dataclass(frozen=True, kw_only=True)
class RowsBesideShare(Diagnostic):
    """A part of `split` is a whole number, so a number of rows, beside a part that is a share of them.

    wrong   split validation: 15, test: 0.15      # 15 rows, not 15 per cent
    right   split validation: 0.15, test: 0.15
    """

    code = "W0435"
    severity = "warning"
    message = "`{name}: {rows}` means {rows} rows, beside a share of all rows"
    label = "{rows} rows"
    advice = "write `{name}: {share}` for {rows} per cent, or give all parts as numbers of rows"
    name: str
    rows: int
    share: str


@lazy_dataclass(frozen=True, kw_only=True)
class DeadWeight(Diagnostic):
    """A weight stands in an angle that no output depends on: its gradient is zero for all inputs and weights.

    The gate commutes with all that follows and with the measured observables, or turns only the phase of the state.
    This is worked out on the circuit as Pauli rotations, without running it, if that takes next to no time: up to
    10,000 gates times qubits, and 100,000 gates times Pauli products measured.

    It is not said of the last layer of a library block if every qubit is measured: nothing of it can be dropped.

        wrong   weight w; ry(x[0]) 0; rz(w) 0; measure z      # <Z> does not see a rotation about Z
        right   weight w; ry(x[0]) 0; rx(w) 0; measure z
        right   weight w; ry(x[0]) 0; rz(w) 0; measure x
    """

    code = "W0407"
    severity = "warning"
    message = "{what} can never change an output, so training leaves {them} alone"
    label = "{which}"
    advice = "drop the gate, or measure something that it does not commute with"
    what: str
    which: str
    them: str


@lazy_dataclass(frozen=True, kw_only=True)
class DeadInput(Diagnostic):
    """A component of the input stands in angles that no output depends on: the encoder's values for it are lost.

    Worked out as for weights (W0407). A common cause is an encoding by RZ on qubits that are still in |0>.

        wrong   rz(x[0]) 0; ry(x[1]) 0; measure z      # RZ turns only the phase of |0>
        right   rx(x[0]) 0; ry(x[1]) 0; measure z
    """

    code = "W0408"
    severity = "warning"
    message = "{what} can never change an output: the encoder's values for {them} are lost"
    label = "{which}"
    advice = "encode by a rotation that commutes neither with the gates before it nor with the measured observables"
    what: str
    which: str
    them: str


@lazy_dataclass(frozen=True, kw_only=True)
class ConstantOutput(Diagnostic):
    """An output has the same value for all inputs and weights, so the decoder gets a constant.

    Nothing that depends on an input or a weight reaches it, or the state has a symmetry under which it is zero: if
    all amplitudes are real, an observable with an odd number of Y is.

        wrong   ry(x[0]) 0; measure y[0]      # RY keeps amplitudes real, and <Y> is zero
        right   ry(x[0]) 0; measure x[0]
    """

    code = "W0409"
    severity = "warning"
    message = "{what}, whatever the inputs and weights are"
    label = "{value}"
    advice = "measure something else, or remove it"
    what: str
    value: str


@lazy_dataclass(frozen=True, kw_only=True)
class TrainingTooLarge(Diagnostic):
    """The backend has room for the circuit's values, but not for a step of training on a whole batch.

    Values need one state at a time on most backends; gradients need several, or one for every gate and row. Whoever
    only predicts may `allow` it; `hqnn train` refuses with E0711, before the first step.

        wrong   circuit on 30 qubits { feature_map zz(); ansatz efficient_su2() }; backend native      # 16 GiB a step
        right   circuit on 29 qubits { feature_map zz(); ansatz efficient_su2() }; backend native
    """

    code = "W0410"
    severity = "warning"
    message = "this model cannot be trained here: {reason}"
    label = "fits values only"
    reason: str


@lazy_dataclass(frozen=True, kw_only=True)
class OnlyACircuit(Diagnostic):
    """The model is only a circuit, which no table can train, and a setting says how to train it.

    A model without `data`, `encoder` and `decoder` whose outputs are not one target, or that reads no inputs, compiles
    and runs, but `hqnn train` refuses it. Of `train` it reads `batch`, `device`, `precision` and `seed` alone.

        wrong   model bell { circuit on 2 qubits { h 0; cx 0, 1 }; train { epochs 5 } }      # never run
        right   model bell { circuit on 2 qubits { h 0; cx 0, 1 } }
    """

    code = "W0440"
    severity = "warning"
    message = "`{what}` changes nothing: this model is only a circuit, and cannot be trained on a table"
    label = "for a training"
    advice = "leave it out, or add `data {{ target … }}` and a `decoder`"
    what: str


@lazy_dataclass(frozen=True, kw_only=True)
class NoCircuitHere(Diagnostic):
    """The model has layers and no circuit: a classical network, such as a control for one with a circuit.

    It is checked and trained like any other model. It takes no `backend`, `transpile` and `budget`, and the commands
    that are about circuits (`compile`, `verify`, `bench`) refuse it.

        wrong   model m { encoder { dense(4) }; decoder { dense(1) } }      # if the circuit was forgotten
        right   model m { encoder { dense(4) }; circuit on 4 qubits { feature_map angle() }; decoder { dense(1) } }
    """

    code = "W0485"
    severity = "note"
    message = "this model has no circuit: it is a classical network"
    label = "no circuit in here"


@lazy_dataclass(frozen=True, kw_only=True)
class InputsShuffled(Diagnostic):
    """`shuffle inputs` answers each row for the inputs of another row: a control that should learn nothing.

    The circuit's outputs keep their distribution over the rows and lose all that they could say about a row's own
    target. In training a row of a batch gets another one's inputs, in predictions another row of the table's, so the
    prediction of a row is not its own.

        wrong   shuffle inputs      # in the model that is to predict
        right   shuffle inputs      # in the control beside it
    """

    code = "W0486"
    severity = "note"
    message = "`shuffle inputs` answers each row for the inputs of another row"
    label = "asked for here"
