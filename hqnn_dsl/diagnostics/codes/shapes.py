"""Widths, qubits and circuits: reports of two parts that must fit and do not."""

from __future__ import annotations

from hqnn_dsl.diagnostics.diagnostic import Diagnostic
from hqnn_dsl.lazy import lazy_dataclass


@lazy_dataclass(frozen=True, kw_only=True)
class QubitOutOfRange(Diagnostic):
    """A qubit is named that the circuit or the block's placement does not have. Qubits are counted from 0.

    wrong   circuit on 2 qubits { h 2 }
    right   circuit on 2 qubits { h 1 }      # 0 and 1 are there
    """

    code = "E0301"
    message = "there is no qubit {qubit} among {count}"
    label = "qubit {qubit}"
    qubit: str
    count: str


@lazy_dataclass(frozen=True, kw_only=True)
class QubitTwice(Diagnostic):
    """A gate, a placement or `probabilities` names one qubit more than once.

    wrong   cx 0, 0
    right   cx 0, 1
    """

    code = "E0302"
    message = "qubit {qubit} stands twice in one {what}"
    label = "the same qubit"
    qubit: int
    what: str


@lazy_dataclass(frozen=True, kw_only=True)
class WrongTargets(Diagnostic):
    """A gate is applied to more or fewer qubits than it acts on.

    wrong   cx 0
    right   cx 0, 1      # control, then target
    """

    code = "E0303"
    message = "`{gate}` acts on {wanted}, {given} given"
    label = "{given} given"
    gate: str
    wanted: str
    given: str


@lazy_dataclass(frozen=True, kw_only=True)
class WrongAngles(Diagnostic):
    """A gate gets more or fewer angles than it takes.

    wrong   ry 0
    right   ry(pi / 2) 0
    """

    code = "E0304"
    message = "`{gate}` takes {wanted}, {given} given"
    label = "{given} given"
    gate: str
    wanted: str
    given: str


@lazy_dataclass(frozen=True, kw_only=True)
class GateAfterMeasure(Diagnostic):
    """Gates stand after `measure`. Measurement ends a circuit; mid-circuit measurement and reset are not possible.

    wrong   measure z; h 0
    right   h 0; measure z
    """

    code = "E0305"
    message = "nothing acts on the qubits after `measure`"
    label = "after the measurement"
    advice = "move `measure` to the end of the circuit"


@lazy_dataclass(frozen=True, kw_only=True)
class WrongPlacement(Diagnostic):
    """What follows `on` is neither a range of qubits nor a slice of the inputs, or is empty.

    wrong   ansatz brickwork() on 3..3                # no qubit
    right   ansatz brickwork() on 0..3                # qubits 0, 1, 2
    right   feature_map angle() on x[4..8], 4..8      # inputs 4 to 7 on qubits 4 to 7
    """

    code = "E0306"
    message = "{problem}"
    label = "its qubits and inputs"
    advice = "write qubits (`on 0..3`), a slice of the inputs (`on x[0..3]`), or both (`on x[0..3], 0..3`)"
    problem: str


@lazy_dataclass(frozen=True, kw_only=True)
class WrongSlice(Diagnostic):
    """A feature map is given a slice of the inputs of another length than it reads.

    wrong   feature_map angle() on x[0..3], 0..4      # four qubits read four inputs
    right   feature_map angle() on x[0..4], 0..4
    """

    code = "E0307"
    message = "`{name}` reads {wanted}, the slice has {given}"
    label = "{given}"
    name: str
    wanted: str
    given: str


@lazy_dataclass(frozen=True, kw_only=True)
class NotAnObservable(Diagnostic):
    """What follows `measure` is not a real sum of products of Paulis on distinct qubits, `probabilities` or `parity`.

    wrong   measure z[0]*z[0]      # a product names a qubit once
    right   measure z[0]*z[1]
    wrong   measure sin(z[0])
    right   measure z[0]
    """

    code = "E0309"
    message = "this cannot be measured: {problem}"
    label = "not an observable"
    advice = "write a real sum of products of Paulis, such as `0.5*z[0]*z[1] - x[2]`"
    problem: str


@lazy_dataclass(frozen=True, kw_only=True)
class WrongLetters(Diagnostic):
    """`pauli_rot` needs a string of I, X, Y, Z, at least one not I, with one letter for each target.

    wrong   pauli_rot("XY", 0.1) 0
    right   pauli_rot("XY", 0.1) 0, 1      # X on 0, Y on 1
    """

    code = "E0310"
    message = "{problem}"
    label = "letters and targets"
    advice = 'write one of I, X, Y, Z for each target: `pauli_rot("XY", 0.1) 0, 1` is X on 0 and Y on 1'
    problem: str


@lazy_dataclass(frozen=True, kw_only=True)
class AmplitudeNotFirst(Diagnostic):
    """`amplitude` sets the state that the circuit starts from, so it stands once, before every gate.

    wrong   h 0; feature_map amplitude()
    right   feature_map amplitude(); h 0
    """

    code = "E0311"
    message = "`amplitude` must come first and once"
    label = "something already acts on the state"


@lazy_dataclass(frozen=True, kw_only=True)
class InputWidth(Diagnostic):
    """The circuit reads another number of inputs than the encoder, or the table if there is none, gives it.

    wrong   encoder { dense(6) }; circuit on 4 qubits { feature_map zz() }      # reads 4
    right   encoder { dense(4) }; circuit on 4 qubits { feature_map zz() }
    """

    code = "E0312"
    message = "{reader} {wanted}, {giver} {given}"
    label = "reads {wanted}"
    reader: str
    giver: str
    wanted: str
    given: str


@lazy_dataclass(frozen=True, kw_only=True)
class OutputWidth(Diagnostic):
    """The last width is not the number of targets. A model that is only a circuit meets this when it is trained.

    wrong   data { target strength }; decoder { dense(2) }      # one target
    right   data { target strength }; decoder { dense }         # as many as there are targets
    """

    code = "E0313"
    message = "{giver} {given} for {wanted}"
    label = "{given}"
    giver: str
    given: str
    wanted: str


@lazy_dataclass(frozen=True, kw_only=True)
class AutoWidth(Diagnostic):
    """A width is left to be inferred and nothing beside it determines it.

    `dense(auto)` takes the width that its right neighbour needs: the circuit's inputs, or the number of targets. A
    dense layer after it takes any width, so it determines nothing. `circuit on auto qubits` takes the width the
    encoder ends with.

        wrong   encoder { dense; relu; dense }      # the first one's width is open
        right   encoder { dense(16); relu; dense }
    """

    code = "E0314"
    message = "{what} has no width: {reason}"
    label = "how wide?"
    what: str
    reason: str


@lazy_dataclass(frozen=True, kw_only=True)
class LayerLine(Diagnostic):
    """A line of an encoder or decoder is not a layer followed by operations with constants.

    wrong   pi * tanh
    right   tanh * pi
    """

    code = "E0317"
    message = "this is not a layer: {problem}"
    label = "not a layer"
    advice = "write a layer, then operations with constants: `tanh * pi`"
    problem: str


@lazy_dataclass(frozen=True, kw_only=True)
class UnknownLayer(Diagnostic):
    """An encoder or decoder names a layer that the catalog does not have.

    wrong   encoder { linear(4) }
    right   encoder { dense(4) }
    """

    code = "E0318"
    message = "there is no layer `{name}`"
    label = "unknown layer"
    name: str


@lazy_dataclass(frozen=True, kw_only=True)
class NoWidth(Diagnostic):
    """A number of qubits, repetitions or components is not a whole number that makes sense.

    wrong   circuit on 0 qubits { }
    right   circuit on 4 qubits { }
    """

    code = "E0319"
    message = "{what} must be {bound}, this is {value}"
    label = "{value}"
    what: str
    bound: str
    value: str


@lazy_dataclass(frozen=True, kw_only=True)
class WrongPhase(Diagnostic):
    """A phase of `fourier` is no angle of its inputs.

    Phases are texts in quotes: sums, products and functions (`sin cos tan asin acos atan tanh exp log sqrt abs`) of
    numbers, `pi`, and the inputs `x[0]`, `x[1]` and so on.

        wrong   fourier("y", "x[2]", inputs: 2)      # no such name, no such input
        right   fourier("x[0]", "2*x[0] - x[1]", inputs: 2)
    """

    code = "E0321"
    message = "the phase `{phase}` is no angle of the layer's inputs: {problem}"
    label = "has that phase"
    advice = 'write angles of the inputs: `fourier("x[0]", inputs: 1)`'
    phase: str
    problem: str


@lazy_dataclass(frozen=True, kw_only=True)
class FourierInputs(Diagnostic):
    """A `fourier` says how many inputs it reads, and the line in front of it gives another number.

    wrong   encoder { dense(3) }; decoder { fourier("x[0]", inputs: 2); dense }
    right   encoder { dense(2) }; decoder { fourier("x[0]", inputs: 2); dense }
    """

    code = "E0322"
    message = "`fourier` reads {inputs}, {given} come in"
    label = "reads {inputs}"
    advice = "make `inputs` and the width in front of the line the same"
    inputs: str
    given: str
