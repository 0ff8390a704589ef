"""Names, types and values: reports of words that are unknown, misplaced or have the wrong kind of value."""

from __future__ import annotations

from hqnn_dsl.diagnostics.diagnostic import Diagnostic
from hqnn_dsl.lazy import lazy_dataclass


@lazy_dataclass(frozen=True, kw_only=True)
class UnknownName(Diagnostic):
    """A name is used that nothing defines here.

    Names in an expression are constants (`let`), loop variables, the block's arguments, its inputs and its weights.

        wrong   ry(2 * tehta) 0      # if `let theta = 0.5` was meant
        right   ry(2 * theta) 0
    """

    code = "E0201"
    message = "nothing here is called `{name}`"
    label = "unknown name"
    advice = "names are constants (`let`), variables of loops, and a block's arguments, inputs and weights"
    name: str


@lazy_dataclass(frozen=True, kw_only=True)
class UnknownBlock(Diagnostic):
    """A `feature_map` or `ansatz` is placed that is neither in the library nor in this file or those it uses.

    wrong   ansatz real_amplitude()
    right   ansatz real_amplitudes()
    """

    code = "E0202"
    message = "there is no {kind} `{name}`"
    label = "unknown block"
    name: str
    kind: str


@lazy_dataclass(frozen=True, kw_only=True)
class UnknownGate(Diagnostic):
    """A gate is applied that the language does not have.

    `hqnn explain gates` lists the gates of the language.

        wrong   cnot 0, 1
        right   cx 0, 1
    """

    code = "E0203"
    message = "there is no gate `{name}`"
    label = "unknown gate"
    name: str


@lazy_dataclass(frozen=True, kw_only=True)
class WrongGate(Diagnostic):
    """A block of the library is given a gate that acts on another number of qubits than its place has.

    wrong   ansatz two_local(entangler: ["ry"])      # `ry` acts on one qubit
    right   ansatz two_local(rotation: ["ry"])
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

    wrong   train { learning_rate 0.01 }
    right   train { optimizer adamw(lr: 0.01) }
    """

    code = "E0204"
    message = "`{section}` has no setting `{name}`"
    label = "unknown setting"
    name: str
    section: str


@lazy_dataclass(frozen=True, kw_only=True)
class UnknownArgument(Diagnostic):
    """An argument is named that the block, layer, optimizer or backend does not take.

    wrong   ansatz real_amplitudes(repetitions: 3)
    right   ansatz real_amplitudes(reps: 3)
    """

    code = "E0205"
    message = "`{owner}` takes no argument `{name}`"
    label = "unknown argument"
    name: str
    owner: str


@lazy_dataclass(frozen=True, kw_only=True)
class UnknownChoice(Diagnostic):
    """A value is not among those that may stand here.

    wrong   precision half
    right   precision double      # single, double or mixed
    """

    code = "E0206"
    message = "{what} cannot be `{value}`"
    label = "not one of its values"
    what: str
    value: str


@lazy_dataclass(frozen=True, kw_only=True)
class WrongType(Diagnostic):
    """A value is of another kind than its place takes.

    wrong   epochs "many"
    right   epochs 100      # a whole number
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

    wrong   batch 0
    right   batch 32      # at least 1
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

    wrong   weight w[2] = constant()
    right   weight w[2] = constant(0.1)
    """

    code = "E0209"
    message = "`{owner}` needs `{name}`"
    label = "`{name}` is missing"
    owner: str
    name: str


@lazy_dataclass(frozen=True, kw_only=True)
class DefinedTwice(Diagnostic):
    """Two things in one file, section or block have the same name, or a section stands twice.

    wrong   let width = 4; let width = 6
    right   let width = 6      # one of the two has to go
    """

    code = "E0210"
    message = "{what} is there twice"
    label = "the second one"
    what: str


@lazy_dataclass(frozen=True, kw_only=True)
class TooManyArguments(Diagnostic):
    """More values are given than the call takes without names, or a value without a name follows one with a name.

    wrong   adamw(0.01, 0.1)
    right   adamw(lr: 0.01, weight_decay: 0.1)
    """

    code = "E0211"
    message = "`{owner}` takes {count}"
    label = "one too many"
    owner: str
    count: str


@lazy_dataclass(frozen=True, kw_only=True)
class GivenTwice(Diagnostic):
    """A setting or an argument is given more than once; which one counts would be a guess.

    wrong   train { epochs 10; epochs 20 }
    right   train { epochs 20 }
    """

    code = "E0212"
    message = "`{name}` is given twice"
    label = "the second one"
    name: str


@lazy_dataclass(frozen=True, kw_only=True)
class Shadowed(Diagnostic):
    """A name inside a block is that of a constant or of something around it; a reader could take one for the other.

    wrong   let width = 4; ansatz a() { for width in 0..2 { h width } }
    right   let width = 4; ansatz a() { for q in 0..2 { h q } }
    """

    code = "E0217"
    message = "`{name}` already means something here"
    label = "choose another name"
    name: str


@lazy_dataclass(frozen=True, kw_only=True)
class NothingToDo(Diagnostic):
    """The file has no model, or the model lacks the circuit, so there is nothing to compile.

    A file with blocks and constants only is for `use`; `hqnn check` accepts it.

        wrong   model m { data { target y } }
        right   model m { data { target y } circuit on 2 qubits { feature_map angle(); measure z[0] } }
    """

    code = "E0218"
    message = "{what}"
    label = ""
    what: str


@lazy_dataclass(frozen=True, kw_only=True)
class UnreadableFile(Diagnostic):
    """A file named by `use`, or the spec itself, cannot be read.

    wrong   use "bocks.hqnn"      # if the file is blocks.hqnn
    right   use "blocks.hqnn"
    """

    code = "E0219"
    message = "cannot read {path}: {reason}"
    label = "named here"
    path: str
    reason: str


@lazy_dataclass(frozen=True, kw_only=True)
class UseCycle(Diagnostic):
    """Files use each other in a circle.

    wrong   use "b.hqnn"           # in a.hqnn
            use "a.hqnn"           # in b.hqnn
    right   use "common.hqnn"      # in a.hqnn and in b.hqnn: it has the blocks that both need
    """

    code = "E0220"
    message = "files use each other in a circle: {path}"
    label = "the circle closes here"
    path: str


@lazy_dataclass(frozen=True, kw_only=True)
class WrongKind(Diagnostic):
    """A block is placed under the other kind's word. A `feature_map` reads inputs, an `ansatz` only has weights.

    wrong   feature_map brickwork()
    right   ansatz brickwork()
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

    wrong   ansatz a() { input x[qubits]; ry(x[0]) 0 }
    right   feature_map a() { input x[qubits]; ry(x[0]) 0 }
    """

    code = "E0223"
    message = "an ansatz reads no inputs"
    label = "reads inputs"
    advice = "define the block around it with `feature_map`"


@lazy_dataclass(frozen=True, kw_only=True)
class UnknownPath(Diagnostic):
    """A path of `--set`, `initial` or `freeze` points at nothing, or at several things.

    What leads may be left out while one thing is meant: `lr`, `optimizer.lr` and `train.optimizer.lr` are the same.

        wrong   hqnn train spec.hqnn data.csv --set epoch=5
        right   hqnn train spec.hqnn data.csv --set epochs=5
    """

    code = "E0224"
    message = "`{path}` {problem}"
    label = ""
    path: str
    problem: str


@lazy_dataclass(frozen=True, kw_only=True)
class BlockCycle(Diagnostic):
    """A block places itself, directly or through others; it would never end.

    wrong   ansatz a() { ansatz a() }
    right   ansatz a() { repeat 3 { ansatz brickwork() } }
    """

    code = "E0228"
    message = "`{name}` places itself: {path}"
    label = "the circle closes here"
    name: str
    path: str


@lazy_dataclass(frozen=True, kw_only=True)
class WrongPlace(Diagnostic):
    """A statement has no meaning in this place.

    `measure`, `initial`, `freeze`, `without` and `allow` belong in the circuit, not in a block.

        wrong   ansatz a() { h 0; measure z }
        right   circuit on 1 qubits { ansatz a(); measure z }
    """

    code = "E0229"
    message = "`{what}` cannot stand {place}"
    label = "not here"
    what: str
    place: str


@lazy_dataclass(frozen=True, kw_only=True)
class NoEffect(Diagnostic):
    """A setting stands here that would change nothing. An option is never accepted and ignored.

    wrong   transpile { target fake_torino; basis [rz, sx, cx] }      # the device has its own basis
    right   transpile { target fake_torino }
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

        wrong   use "/home/me/shared/blocks.hqnn"
        right   use "shared/blocks.hqnn"
    """

    code = "E0233"
    message = "`{path}` is not read: it lies outside the folder of the spec"
    label = "named here"
    advice = "move it below the spec's folder, or allow its folder with `--allow-path DIR`"
    path: str


@lazy_dataclass(frozen=True, kw_only=True)
class NoSpec(Diagnostic):
    """A file that `use` names is no file of this language: its first statement is not `hqnn 1`. Nothing of it is shown.

    wrong   use "columns.txt"
    right   use "blocks.hqnn"      # if that file begins with `hqnn 1`
    """

    code = "E0234"
    message = "`{path}` is no file of this language: it does not begin with `hqnn 1`"
    label = "named here"
    advice = "write `hqnn 1` into its first line if it holds blocks and constants"
    path: str
