"""Names, types and values: what is said when a word is unknown, misplaced or has the wrong kind of value."""

from __future__ import annotations

from hqnn_dsl.report.diagnostic import Diagnostic
from hqnn_dsl.report.lazy import lazy_dataclass


@lazy_dataclass(frozen=True, kw_only=True)
class UnknownName(Diagnostic):
    """A name is used that nothing defines here.

    Names in an expression are constants (`let`), loop variables, the block's arguments, its inputs and its weights.

        ry(2 * tehta) 0          # wrong where `let theta = 0.5` was meant
        ry(2 * theta) 0          # right
    """

    code = "E0201"
    message = "nothing here is called `{name}`"
    label = "unknown name"
    advice = "names are constants (`let`), variables of loops, and a block's arguments, inputs and weights"
    name: str


@lazy_dataclass(frozen=True, kw_only=True)
class UnknownBlock(Diagnostic):
    """A `feature_map` or `ansatz` is placed that is neither in the library nor in this file or those it uses.

    ansatz real_amplitude()      # wrong
    ansatz real_amplitudes()     # right
    """

    code = "E0202"
    message = "there is no {kind} `{name}`"
    label = "unknown block"
    name: str
    kind: str


@lazy_dataclass(frozen=True, kw_only=True)
class UnknownGate(Diagnostic):
    """A gate is applied that the language does not have.

    The gates are `h x y z s sdg t tdg sx rx ry rz p u cx cy cz ch cp crx cry crz swap iswap rxx ryy rzz rzx ccx`, and
    `pauli_rot("XYZ", angle)`.

        cnot 0, 1      # wrong
        cx 0, 1        # right
    """

    code = "E0203"
    message = "there is no gate `{name}`"
    label = "unknown gate"
    name: str


@lazy_dataclass(frozen=True, kw_only=True)
class WrongGate(Diagnostic):
    """A block of the library is given a gate that acts on another number of qubits than its place has.

    ansatz two_local(entangler: ["ry"])     # wrong: `ry` acts on one qubit
    ansatz two_local(rotation: ["ry"])      # right
    """

    code = "E0240"
    message = "{owner} takes gates on {wanted}, not `{gate}`"
    label = "not on {wanted}"
    owner: str
    wanted: str
    gate: str


@lazy_dataclass(frozen=True, kw_only=True)
class UnknownSetting(Diagnostic):
    """A section has a setting that does not exist; nothing is ever read and ignored.

    train { learning_rate 0.01 }          # wrong
    train { optimizer adamw(lr: 0.01) }   # right
    """

    code = "E0204"
    message = "`{section}` has no setting `{name}`"
    label = "unknown setting"
    name: str
    section: str


@lazy_dataclass(frozen=True, kw_only=True)
class UnknownArgument(Diagnostic):
    """An argument is named that the block, layer, optimizer or backend does not take.

    ansatz real_amplitudes(repetitions: 3)    # wrong
    ansatz real_amplitudes(reps: 3)           # right
    """

    code = "E0205"
    message = "`{owner}` takes no argument `{name}`"
    label = "unknown argument"
    name: str
    owner: str


@lazy_dataclass(frozen=True, kw_only=True)
class UnknownChoice(Diagnostic):
    """A value is not among those that may stand here.

    precision half      # wrong
    precision mixed     # right: single, double or mixed
    """

    code = "E0206"
    message = "{what} cannot be `{value}`"
    label = "not one of its values"
    what: str
    value: str


@lazy_dataclass(frozen=True, kw_only=True)
class WrongType(Diagnostic):
    """A value is of another kind than its place takes.

    epochs "many"     # wrong
    epochs 100        # right: a whole number
    """

    code = "E0207"
    message = "{what} takes {expected}, this is {found}"
    label = "{found}"
    what: str
    expected: str
    found: str


@lazy_dataclass(frozen=True, kw_only=True)
class OutOfBounds(Diagnostic):
    """A number lies outside the range that makes sense for its place.

    batch 0       # wrong
    batch 32      # right: at least 1
    """

    code = "E0208"
    message = "{what} must be {bound}, this is {value}"
    label = "must be {bound}"
    what: str
    bound: str
    value: str


@lazy_dataclass(frozen=True, kw_only=True)
class MissingArgument(Diagnostic):
    """A block or catalog entry needs an argument that has no default and was not given.

    weight w[2] = normal()        # wrong
    weight w[2] = normal(0.1)     # right
    """

    code = "E0209"
    message = "`{owner}` needs `{name}`"
    label = "`{name}` is missing"
    owner: str
    name: str


@lazy_dataclass(frozen=True, kw_only=True)
class DefinedTwice(Diagnostic):
    """Two things in one file, section or block have the same name, or a section stands twice.

    let width = 4
    let width = 6      # wrong: one of the two has to go
    """

    code = "E0210"
    message = "{what} is there twice"
    label = "the second one"
    what: str


@lazy_dataclass(frozen=True, kw_only=True)
class TooManyArguments(Diagnostic):
    """More values are given than the call takes without names, or a value without a name follows one with a name.

    adamw(0.01, 0.1)                       # wrong
    adamw(lr: 0.01, weight_decay: 0.1)     # right
    """

    code = "E0211"
    message = "`{owner}` takes {count}"
    label = "one too many"
    owner: str
    count: str


@lazy_dataclass(frozen=True, kw_only=True)
class GivenTwice(Diagnostic):
    """A setting or an argument is given more than once; which one counts would be a guess.

    train { epochs 10; epochs 20 }     # wrong
    """

    code = "E0212"
    message = "`{name}` is given twice"
    label = "the second one"
    name: str


@lazy_dataclass(frozen=True, kw_only=True)
class ConstantCycle(Diagnostic):
    """Constants are defined by each other in a circle, so none has a value.

    let a = b + 1
    let b = a        # wrong
    """

    code = "E0213"
    message = "`{name}` is defined through itself: {path}"
    label = "the circle closes here"
    name: str
    path: str


@lazy_dataclass(frozen=True, kw_only=True)
class NotConstant(Diagnostic):
    """A place that is settled at compile time holds an input or a weight, whose value is only known when running.

    Loop bounds, conditions, shapes, qubit numbers and coefficients of observables are compile-time values.

        for q in 0..x[0] { h q }        # wrong
        for q in 0..qubits { h q }      # right
    """

    code = "E0214"
    message = "{what} must be known at compile time, this depends on {cause}"
    label = "depends on {cause}"
    what: str
    cause: str


@lazy_dataclass(frozen=True, kw_only=True)
class NoValue(Diagnostic):
    """An expression of constants has no finite real value.

    ry(acos(2)) 0       # wrong: no angle has the cosine 2
    let a = 1 / 0       # wrong
    """

    code = "E0215"
    message = "this has no finite real value: {reason}"
    label = "no value"
    reason: str


@lazy_dataclass(frozen=True, kw_only=True)
class NotANumber(Diagnostic):
    """An operator or function is applied to something that it does not work on.

    `+ - * / **` work on numbers and angles, `//` and `%` on whole numbers, `and or not` on true and false.

        7.5 // 2         # wrong: // is for whole numbers
        "a" + 1          # wrong
    """

    code = "E0216"
    message = "`{operator}` does not work on {found}"
    label = "{found}"
    operator: str
    found: str


@lazy_dataclass(frozen=True, kw_only=True)
class Shadowed(Diagnostic):
    """A name inside a block is that of a constant or of something around it; a reader could take one for the other.

    let width = 4
    ansatz a() { for width in 0..2 { h width } }     # wrong
    ansatz a() { for q in 0..2 { h q } }             # right
    """

    code = "E0217"
    message = "`{name}` already means something here"
    label = "choose another name"
    name: str


@lazy_dataclass(frozen=True, kw_only=True)
class NothingToDo(Diagnostic):
    """The file has no model, or the model lacks the circuit, so there is nothing to compile.

    A file with blocks and constants only is for `use`; `hqnn check` accepts it.

        hqnn 1
        model m { circuit on 2 qubits { feature_map angle(); ansatz brickwork() } }     # right
    """

    code = "E0218"
    message = "{what}"
    label = ""
    what: str


@lazy_dataclass(frozen=True, kw_only=True)
class UnreadableFile(Diagnostic):
    """A file named by `use`, or the spec itself, cannot be read.

    use "bocks.hqnn"      # wrong where the file is blocks.hqnn
    """

    code = "E0219"
    message = "cannot read {path}: {reason}"
    label = "named here"
    path: str
    reason: str


@lazy_dataclass(frozen=True, kw_only=True)
class UseCycle(Diagnostic):
    """Files use each other in a circle.

    # a.hqnn
    use "b.hqnn"
    # b.hqnn
    use "a.hqnn"     # wrong
    """

    code = "E0220"
    message = "files use each other in a circle: {path}"
    label = "the circle closes here"
    path: str


@lazy_dataclass(frozen=True, kw_only=True)
class WrongKind(Diagnostic):
    """A block is placed under the other kind's word. A `feature_map` reads inputs, an `ansatz` only has weights.

    feature_map brickwork()     # wrong
    ansatz brickwork()          # right
    """

    code = "E0222"
    message = "`{name}` is {actual}, not {wanted}"
    label = "placed as {wanted}"
    name: str
    actual: str
    wanted: str


@lazy_dataclass(frozen=True, kw_only=True)
class InputInAnsatz(Diagnostic):
    """An ansatz reads inputs, directly or through a feature map inside it. What reads inputs is a feature map.

    ansatz a() { input x[qubits]; ry(x[0]) 0 }          # wrong
    feature_map a() { input x[qubits]; ry(x[0]) 0 }     # right
    """

    code = "E0223"
    message = "an ansatz reads no inputs"
    label = "reads inputs"
    advice = "define the block around it with `feature_map`"


@lazy_dataclass(frozen=True, kw_only=True)
class UnknownPath(Diagnostic):
    """A path of `--set`, `initial` or `freeze` points at nothing, or at several things.

    What leads may be left out while one thing is meant: `lr`, `optimizer.lr` and `train.optimizer.lr` are the same.

        hqnn train spec.hqnn data.csv --set epoch=5      # wrong: epochs
    """

    code = "E0224"
    message = "`{path}` {problem}"
    label = ""
    path: str
    problem: str


@lazy_dataclass(frozen=True, kw_only=True)
class TooLarge(Diagnostic):
    """A spec asks for more than the limits that keep the compiler from running away.

    The limits are printed by `hqnn doctor`.

        for q in 0..10 ** 12 { h 0 }     # wrong
    """

    code = "E0225"
    message = "{what} is more than {limit}"
    label = "too large"
    what: str
    limit: str


@lazy_dataclass(frozen=True, kw_only=True)
class UnknownFunction(Diagnostic):
    """A function is called that the language does not have.

    Of angles: `sin cos tan asin acos atan tanh exp log sqrt abs`. At compile time also: `min max floor ceil log2 len
    groups angles`.

        ry(arccos(x[0])) 0      # wrong
        ry(acos(x[0])) 0        # right
    """

    code = "E0226"
    message = "there is no function `{name}`"
    label = "unknown function"
    name: str


@lazy_dataclass(frozen=True, kw_only=True)
class WrongCall(Diagnostic):
    """A function gets another number or kind of arguments than it takes.

    log2(8, 2)     # wrong
    log2(8)        # right
    """

    code = "E0227"
    message = "`{name}` takes {expected}"
    label = "{found}"
    name: str
    expected: str
    found: str


@lazy_dataclass(frozen=True, kw_only=True)
class BlockCycle(Diagnostic):
    """A block places itself, directly or through others; it would never end.

    ansatz a() { ansatz a() }     # wrong
    """

    code = "E0228"
    message = "`{name}` places itself: {path}"
    label = "the circle closes here"
    name: str
    path: str


@lazy_dataclass(frozen=True, kw_only=True)
class WrongPlace(Diagnostic):
    """A statement stands where it has no meaning.

    `measure`, `initial`, `freeze`, `without` and `allow` belong in the circuit, not in a block.

        ansatz a() { h 0; measure z }                              # wrong
        circuit on 1 qubits { ansatz a(); measure z }              # right
    """

    code = "E0229"
    message = "`{what}` cannot stand {place}"
    label = "not here"
    what: str
    place: str


@lazy_dataclass(frozen=True, kw_only=True)
class WrongIndex(Diagnostic):
    """An index lies outside a tensor or list, or there are more or fewer indices than dimensions.

    weight w[2, 3]
    ry(w[2, 0]) 0      # wrong: the first index is 0 or 1
    ry(w[1, 0]) 0      # right
    """

    code = "E0230"
    message = "`{name}` is {shape}: {problem}"
    label = "{problem}"
    name: str
    shape: str
    problem: str


@lazy_dataclass(frozen=True, kw_only=True)
class NoEffect(Diagnostic):
    """A setting stands here that would change nothing. An option is never accepted and ignored.

    transpile { target fake_torino; basis [rz, sx, cx] }     # wrong: the device has its own basis
    """

    code = "E0232"
    message = "`{what}` changes nothing: {reason}"
    label = "without effect"
    what: str
    reason: str


@lazy_dataclass(frozen=True, kw_only=True)
class OutOfReach(Diagnostic):
    """A spec brings in files of its own folder and of folders in it, and of no other folder.

    So a spec that comes from somebody else cannot show the files of this machine. A link is followed to the file that
    it leads to. Other folders are allowed on the command line, `hqnn check model.hqnn --allow-path ../shared`, and in
    Python, `hqnn.compile("model.hqnn", allow_path="../shared")`.

    use "/home/me/shared/blocks.hqnn"      # wrong
    use "shared/blocks.hqnn"               # right
    """

    code = "E0233"
    message = "`{path}` is not read: it lies outside the folder of the spec"
    label = "named here"
    advice = "move it below the spec's folder, or allow its folder with `--allow-path DIR`"
    path: str


@lazy_dataclass(frozen=True, kw_only=True)
class NoSpec(Diagnostic):
    """A file that `use` names is no file of this language: its first statement is not `hqnn 1`. Nothing of it is shown.

    use "columns.txt"      # wrong
    use "blocks.hqnn"      # right, where that file begins with `hqnn 1`
    """

    code = "E0234"
    message = "`{path}` is no file of this language: it does not begin with `hqnn 1`"
    label = "named here"
    advice = "write `hqnn 1` into its first line if it holds blocks and constants"
    path: str
