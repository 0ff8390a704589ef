"""The tree as written: frozen dataclasses with spans and no meaning.

A node holds a piece of the text and its span; its meaning, and which names exist, is the matter of `semantics`.
Every node begins with its `span`, which covers the node's own text without surrounding blanks or comments.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from hqnn_dsl.lazy import lazy_dataclass

if TYPE_CHECKING:
    from hqnn_dsl.diagnostics.source import Source, Span

# ---------------------------------------------------------------- expressions


@lazy_dataclass(frozen=True)
class Number:
    """`3`, `0.5`, `1e-4`. The value is an int exactly when the text is digits only."""

    span: Span
    value: int | float


@lazy_dataclass(frozen=True)
class String:
    """`"text"`, with its escapes resolved in `value`."""

    span: Span
    value: str


@lazy_dataclass(frozen=True)
class Boolean:
    """`true` or `false`."""

    span: Span
    value: bool


@lazy_dataclass(frozen=True)
class Name:
    """A name; the reserved words `pi`, `auto` and `qubits` come as names too."""

    span: Span
    name: str


@lazy_dataclass(frozen=True)
class Star:
    """`*`, or `* except name, "date"`: all columns, those in `excluded` left out."""

    span: Span
    excluded: tuple[Name | String, ...] = ()


@lazy_dataclass(frozen=True)
class ListLiteral:
    """`[a, b, c]`."""

    span: Span
    items: tuple[Expression, ...]


@lazy_dataclass(frozen=True)
class Range:
    """`start..stop` or `start..stop step s`, half open."""

    span: Span
    start: Expression
    stop: Expression
    step: Expression | None = None


@lazy_dataclass(frozen=True)
class Index:
    """`w[l, q, 0]` or `x[4..8]`."""

    span: Span
    base: Name
    indices: tuple[Expression, ...]


@lazy_dataclass(frozen=True)
class Argument:
    """One argument of a call or one value of a setting: `value`, or `name: value`."""

    span: Span
    name: Name | None
    value: Expression


@lazy_dataclass(frozen=True)
class Call:
    """`name(argument, …)`: the bracket touches the name."""

    span: Span
    function: Name
    arguments: tuple[Argument, ...]


@lazy_dataclass(frozen=True)
class Unary:
    """`-a`, `+a`, `not a`; `operator` is the text of the operator."""

    span: Span
    operator: str
    operand: Expression


@lazy_dataclass(frozen=True)
class Binary:
    """`a + b` and the like; `operator` is one of `+ - * / // % ** == != < <= > >= and or`."""

    span: Span
    operator: str
    left: Expression
    right: Expression


Expression = Number | String | Boolean | Name | Star | ListLiteral | Range | Index | Call | Unary | Binary

# ----------------------------------------------------------------- statements


@lazy_dataclass(frozen=True)
class Path:
    """`weights`, `real_amplitudes.w`, `repeat.0.brickwork.w`: the objects of `initial`, `freeze` and `sweep`."""

    span: Span
    text: str


@lazy_dataclass(frozen=True)
class Setting:
    """`name value, …` or `name: value` in data, train, transpile, budget, or `backend value` in a model."""

    span: Span
    name: Name
    values: tuple[Argument, ...]


@lazy_dataclass(frozen=True)
class Let:
    """`let name = value`."""

    span: Span
    name: Name
    value: Expression
    doc: str = ""


@lazy_dataclass(frozen=True)
class Use:
    """`use "blocks.hqnn"`."""

    span: Span
    path: String


@lazy_dataclass(frozen=True)
class Input:
    """One tensor of `input x[qubits], y[2]`; an empty shape is one number."""

    span: Span
    name: Name
    shape: tuple[Expression, ...]


@lazy_dataclass(frozen=True)
class Weight:
    """One tensor of `weight w[reps, qubits] = normal(0.1)`; an empty shape is one number."""

    span: Span
    name: Name
    shape: tuple[Expression, ...]
    initial: Expression | None = None


@lazy_dataclass(frozen=True)
class Gate:
    """`name(angle, …) target, …`. `call` is a bare name if no bracket touches it."""

    span: Span
    call: Name | Call
    targets: tuple[Expression, ...]


@lazy_dataclass(frozen=True)
class BlockUse:
    """`feature_map angle(axis: y) on x[4..8], 4..8`. `kind` is `feature_map` or `ansatz`."""

    span: Span
    kind: str
    call: Name | Call
    on: tuple[Expression, ...] = ()


@lazy_dataclass(frozen=True)
class For:
    """`for q in 0..qubits step 2 { … }`; `values` is whatever stands after `in`."""

    span: Span
    variable: Name
    values: Expression
    body: tuple[Statement, ...]


@lazy_dataclass(frozen=True)
class If:
    """`if condition { … } else { … }`; `else if` is an `If` as the only statement of `otherwise`."""

    span: Span
    condition: Expression
    then: tuple[Statement, ...]
    otherwise: tuple[Statement, ...] = ()


@lazy_dataclass(frozen=True)
class Repeat:
    """`repeat 3 { … }`."""

    span: Span
    count: Expression
    body: tuple[Statement, ...]


@lazy_dataclass(frozen=True)
class Measure:
    """`measure z[0], z[1]*z[2]`."""

    span: Span
    outputs: tuple[Expression, ...]


@lazy_dataclass(frozen=True)
class Initial:
    """`initial PATH how`; `initial PATH from "RUN"` has a `Call` to `from` with one string as `how`."""

    span: Span
    path: Path
    how: Expression


@lazy_dataclass(frozen=True)
class Freeze:
    """`freeze PATH`."""

    span: Span
    path: Path


@lazy_dataclass(frozen=True)
class Without:
    """`without entanglers`."""

    span: Span
    what: Name


@lazy_dataclass(frozen=True)
class Shuffle:
    """`shuffle inputs`."""

    span: Span
    what: Name


@lazy_dataclass(frozen=True)
class Allow:
    """`allow W0412 "reason"`."""

    span: Span
    code: Name
    reason: String


Statement = (
    Let | Input | Weight | Gate | BlockUse | For | If | Repeat | Measure | Initial | Freeze | Without | Shuffle | Allow
)
"""What may stand in the braces of a block, a circuit, `for`, `if` and `repeat`, as far as the grammar knows."""

# ------------------------------------------------------------ models and files


@lazy_dataclass(frozen=True)
class Settings:
    """`data { … }`, `train { … }`, `transpile { … }`, `budget { … }`; `keyword` is that word, as a name."""

    span: Span
    keyword: Name
    settings: tuple[Setting, ...]
    allows: tuple[Allow, ...] = ()


@lazy_dataclass(frozen=True)
class Layers:
    """`encoder { … }`, `decoder { … }`, `layers { … }`: one expression a line (`dense(4)`, `tanh * pi`)."""

    span: Span
    keyword: Name
    lines: tuple[Expression, ...]
    allows: tuple[Allow, ...] = ()


@lazy_dataclass(frozen=True)
class Circuit:
    """`circuit NAME on WIDTH qubits { … }`. `head` is the text before the brace."""

    span: Span
    head: Span
    name: Name | None
    width: Expression
    body: tuple[Statement, ...]


@lazy_dataclass(frozen=True)
class ForeignCircuit:
    """`circuit NAME from "file.qasm" { input theta[0], "φ" }`."""

    span: Span
    name: Name | None
    path: String
    inputs: tuple[Expression, ...] = ()


@lazy_dataclass(frozen=True)
class Parts:
    """`parallel { … }`, `branch { … }`, `residual { … }`: parts inside parts."""

    span: Span
    keyword: Name
    parts: tuple[Part, ...]


@lazy_dataclass(frozen=True)
class Sweep:
    """`sweep { width in [2, 4, 6]; … }`."""

    span: Span
    axes: tuple[SweepAxis, ...]


@lazy_dataclass(frozen=True)
class SweepAxis:
    """`optimizer.lr in log(1e-4, 1e-1)`."""

    span: Span
    path: Path
    values: Expression


Part = Settings | Layers | Circuit | ForeignCircuit | Parts | Sweep | Setting | Allow | Let
"""What may stand in the braces of a model, as far as the grammar knows. A lone `Setting` is `backend …`."""


@lazy_dataclass(frozen=True)
class Model:
    """`model NAME { … }`. `head` is the text before the brace."""

    span: Span
    head: Span
    name: Name
    parts: tuple[Part, ...]
    doc: str = ""


@lazy_dataclass(frozen=True)
class Parameter:
    """`reps: int = 2` or `axis: x | y | z = y`. `type` is one name, or the members of an enumeration."""

    span: Span
    name: Name
    type: tuple[Name, ...]
    default: Expression | None
    doc: str = ""


@lazy_dataclass(frozen=True)
class Block:
    """`ansatz brickwork(reps: int = 2) { … }`. `kind` is `feature_map` or `ansatz`; `head` is the text before `{`."""

    span: Span
    head: Span
    kind: str
    name: Name
    parameters: tuple[Parameter, ...]
    body: tuple[Statement, ...]
    doc: str = ""


@lazy_dataclass(frozen=True)
class Comment:
    """`# …` or `## …`, kept for the formatter."""

    span: Span


@lazy_dataclass(frozen=True)
class File:
    """A whole file. `version` is the number of its first statement `hqnn 1`, None if that is missing."""

    span: Span
    source: Source
    version: Number | None
    statements: tuple[Use | Let | Block | Model, ...]
    comments: tuple[Comment, ...] = ()
