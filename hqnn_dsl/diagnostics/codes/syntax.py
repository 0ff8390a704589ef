"""The letters and the grammar: reports of text that cannot be read (E01xx)."""

from __future__ import annotations

from hqnn_dsl.diagnostics.diagnostic import Diagnostic
from hqnn_dsl.lazy import lazy_dataclass


@lazy_dataclass(frozen=True, kw_only=True)
class Unexpected(Diagnostic):
    """The text stops following the grammar at this place: the message lists the tokens that may stand here.

    wrong   ry(0.5 +) 0      # the second number of the sum is missing
    right   ry(0.5 + 0.1) 0
    """

    code = "E0100"
    message = "expected {expected}, found {found}"
    label = "not expected here"
    expected: str
    found: str


@lazy_dataclass(frozen=True, kw_only=True)
class MissingVersion(Diagnostic):
    """Every file says first which version of the language it is written in, so that it keeps its meaning.

    wrong   model m { … }      # nothing says the version
    right   hqnn 1
            model m { … }
    """

    code = "E0120"
    message = "the file does not begin with `hqnn 1`"
    label = "the version comes first"
    advice = "write `hqnn 1` as the first statement"


@lazy_dataclass(frozen=True, kw_only=True)
class UnknownVersion(Diagnostic):
    """The file is written in a version of the language that this compiler does not know. Install a newer compiler,
    or write the file in a version that is known.

        wrong   hqnn 7
        right   hqnn 1
    """

    code = "E0121"
    message = "this version of hqnn does not know version {version} of the language"
    label = "unknown version"
    advice = "this compiler reads `hqnn 1`"
    version: str


@lazy_dataclass(frozen=True, kw_only=True)
class MisplacedVersion(Diagnostic):
    """`hqnn 1` is the first statement of a file and stands nowhere else.

    wrong   use "a.hqnn"
            hqnn 1
    right   hqnn 1
            use "a.hqnn"
    """

    code = "E0122"
    message = "the version stands once, as the first statement"
    label = "not the first statement"
    advice = "remove this line; `hqnn 1` stands at the top of a file only"


@lazy_dataclass(frozen=True, kw_only=True)
class ReservedWord(Diagnostic):
    """`and or not true false pi auto qubits` have their meaning everywhere and name nothing else.

    wrong   let auto = 3
    right   let width = 3
    """

    code = "E0130"
    message = "`{word}` is reserved and can't be a name"
    label = "reserved word"
    advice = 'choose another name; a column of this name is quoted: `"{word}"`'
    word: str


@lazy_dataclass(frozen=True, kw_only=True)
class EqualsForColon(Diagnostic):
    """Arguments and settings are named with a colon; `=` gives a constant or a default its value.

    wrong   ansatz brickwork(reps = 3)
    right   ansatz brickwork(reps: 3)
    """

    code = "E0131"
    message = "a named value is written `{name}: …`, not `{name} = …`"
    label = "`:` expected"
    advice = "write `{name}: …`"
    name: str


@lazy_dataclass(frozen=True, kw_only=True)
class ColonForEquals(Diagnostic):
    """Constants and defaults get their values with `=`; the colon names an argument or a setting.

    wrong   let width: 4
    right   let width = 4
    """

    code = "E0132"
    message = "a value is given with `=` here, not with `:`"
    label = "`=` expected"
    advice = "write `=`"


@lazy_dataclass(frozen=True, kw_only=True)
class EqualsForComparison(Diagnostic):
    """Values are compared with `==`; `=` gives a constant or a default its value.

    wrong   if reps = 1 { h 0 }
    right   if reps == 1 { h 0 }
    """

    code = "E0133"
    message = "`=` does not compare"
    label = "`==` expected"
    advice = "write `==`"


@lazy_dataclass(frozen=True, kw_only=True)
class ChainedComparison(Diagnostic):
    """A comparison has two sides. Two of them are joined with `and`.

    wrong   if 0 < q < 3 { h q }
    right   if 0 < q and q < 3 { h q }
    """

    code = "E0134"
    message = "comparisons cannot be chained"
    label = "second comparison"
    advice = "write `a < b and b < c`"


@lazy_dataclass(frozen=True, kw_only=True)
class DetachedBracket(Diagnostic):
    """A bracket that touches a name holds its arguments or indices; after a blank it begins a new value. So
    `cx (q + 1) % qubits, q` has two targets.

        wrong   ry (0.5) 0
        right   ry(0.5) 0
    """

    code = "E0135"
    message = "a blank stands between `{name}` and its `{bracket}`"
    label = "must touch the name"
    advice = "write `{name}{bracket}…`: after a blank, a bracket begins a value of its own"
    name: str
    bracket: str


@lazy_dataclass(frozen=True, kw_only=True)
class DottedName(Diagnostic):
    """Dots join the words of a path, which points at weights or settings. A value is named by a single word.

    wrong   features sepal.length
    right   features "sepal.length"
    """

    code = "E0136"
    message = "the path `{path}` has no value"
    label = "a path, not a name"
    advice = 'paths stand after `initial`, `freeze` and in `sweep`; a column with dots is quoted: `"{path}"`'
    path: str


@lazy_dataclass(frozen=True, kw_only=True)
class Missing(Diagnostic):
    """One word or sign is missing; with it, the text can be read.

    wrong   circuit on 4 { h 0 }
    right   circuit on 4 qubits { h 0 }
    """

    code = "E0140"
    message = "{what} is missing"
    label = "{what} expected here"
    advice = "write {what} here"
    what: str


@lazy_dataclass(frozen=True, kw_only=True)
class MissingEnd(Diagnostic):
    """A statement ends with its line or at `;`.

    wrong   h 0 h 1
    right   h 0; h 1
    """

    code = "E0141"
    message = "a statement begins on the line of another"
    label = "a new statement begins here"
    advice = "begin a new line, or write `;` before it"


@lazy_dataclass(frozen=True, kw_only=True)
class Unfinished(Diagnostic):
    """The line or the block ends before its statement does. A line goes on inside `( )` and `[ ]`, after a comma, and
    before a line that begins with `{`.

        wrong   let a = 1 +
                  2
        right   let a = (1 +
                  2)
    """

    code = "E0142"
    message = "the statement ends, but {expected} is expected"
    label = "{expected} expected"
    advice = "a line goes on inside brackets and after a comma only"
    expected: str


@lazy_dataclass(frozen=True, kw_only=True)
class MissingTarget(Diagnostic):
    """A gate is written with its targets. Blocks are placed with a word before their name.

    wrong   ry(0.5)
    right   ry(0.5) 0
    right   ansatz brickwork()
    """

    code = "E0143"
    message = "the gate `{name}` names no target"
    label = "no target"
    advice = "write `{applied} 0`; a block is placed with `feature_map {name}()` or `ansatz {name}()`"
    name: str
    applied: str


@lazy_dataclass(frozen=True, kw_only=True)
class MissingValue(Diagnostic):
    """A setting is a name and its value.

    wrong   epochs
    right   epochs 100
    """

    code = "E0144"
    message = "`{name}` has no value"
    label = "a value is expected after it"
    advice = "write `{name} value`; a setting left out has its default"
    name: str


@lazy_dataclass(frozen=True, kw_only=True)
class Misplaced(Diagnostic):
    """A statement of the language has no meaning in this place.

    wrong   model m { use "blocks.hqnn" }
    right   use "blocks.hqnn"      # at the top of the file
            model m { … }
    """

    code = "E0145"
    message = "`{word}` cannot stand {place}"
    label = "not here"
    advice = "`{word}` stands {proper}"
    word: str
    place: str
    proper: str


@lazy_dataclass(frozen=True, kw_only=True)
class NotHere(Diagnostic):
    """The statement is none of those that can stand at this place; the help line lists them.

    wrong   model m { epochs 100 }
    right   model m { train { epochs 100 } }      # `epochs` is a setting of `train`
    """

    code = "E0146"
    message = "`{word}` cannot stand {place}"
    label = "not here"
    advice = "allowed {place}: {allowed}"
    word: str
    place: str
    allowed: str


@lazy_dataclass(frozen=True, kw_only=True)
class ForeignComment(Diagnostic):
    """Comments begin with `#` and end with the line.

    wrong   // a comment
    right   # a comment
    """

    code = "E0147"
    message = "`{text}` begins no comment"
    label = "not a comment"
    advice = "a comment begins with `#`"
    text: str


@lazy_dataclass(frozen=True, kw_only=True)
class ForeignFile(Diagnostic):
    """The whole text is written in another language: YAML, JSON, TOML, Python or OpenQASM. It is said once.

    Blocks stand in braces, each setting on a line of its own: a name, a blank, its value.

        wrong   data:
                  target: y
                train:
                  epochs: 100
        right   hqnn 1
                model m {
                  data { target y }
                  train { epochs 100 }
                }
    """

    code = "E0155"
    message = "this text is {language}, not this language"
    label = "{language}"
    advice = (
        "begin with `hqnn 1`; blocks stand in braces: `model m {{ data {{ target y }} … }}`, settings are `epochs 100`"
    )
    language: str


@lazy_dataclass(frozen=True, kw_only=True)
class ColumnOfWords(Diagnostic):
    """A column whose name is not one plain word stands in double quotes; several columns have commas between them.

    wrong   target residuary resistance
    right   target "residuary resistance"
    """

    code = "E0156"
    message = "a column name of more than one plain word stands in double quotes"
    label = "not one word"
    advice = "write `{written}`"
    written: str


@lazy_dataclass(frozen=True, kw_only=True)
class ForeignLine(Diagnostic):
    """A line is written as another library has it; the help line has the text to type here.

    wrong   measure_all
    right   measure z
    wrong   qml.RY(0.3, wires=0)
    right   ry(0.3) 0
    """

    code = "E0157"
    message = "`{word}` is a word of another library"
    label = "another library's word"
    advice = "write `{instead}`"
    word: str
    instead: str


@lazy_dataclass(frozen=True, kw_only=True)
class TargetsInBracket(Diagnostic):
    """A bracket holds a gate's angles. The qubits it acts on stand after the bracket.

    wrong   ry(0.3, 0)
    right   ry(0.3) 0
    wrong   cx(0, 1)
    right   cx 0, 1
    """

    code = "E0158"
    message = "the targets of `{name}` stand after its bracket, not in it"
    label = "targets in the bracket"
    advice = "write `{instead}`"
    name: str
    instead: str


@lazy_dataclass(frozen=True, kw_only=True)
class PerCent(Diagnostic):
    """There is no per cent: a share is a number below 1. `%` is the remainder of a division.

    wrong   split validation: 15%
    right   split validation: 0.15
    """

    code = "E0159"
    message = "a share is written as a number below 1, not in per cent"
    label = "per cent"
    advice = "write `{instead}`"
    instead: str
