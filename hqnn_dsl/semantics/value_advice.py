"""What to type in place of a value that means something in another language, or nothing: hints of the checker.

Each function answers a help line, empty where it knows none. Nothing here decides what is accepted.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from hqnn_dsl.circuit import foreign_phrases
from hqnn_dsl.syntax import nodes

if TYPE_CHECKING:
    from hqnn_dsl.syntax.nodes import Expression

_MOST_BLANKS = 40
"""How far before a word the `//` of another language's comment is looked for."""
_RANGES = frozenset(("range", "arange", "xrange", "linspace"))
_INPUTS = frozenset(("x", "inputs", "input", "features", "X"))


def for_name(node: nodes.Name) -> str:
    """For a name that nothing defines."""
    name, start = node.name, node.span.start
    if node.span.source.text[max(0, start - _MOST_BLANKS) : start].rstrip(" \t").endswith("//"):
        return "a comment begins with `#`"
    if name in foreign_phrases.CONSTANTS:
        return f"write `{foreign_phrases.CONSTANTS[name]}`"
    if name in _INPUTS:
        return "inputs are declared first: write `input x[qubits]` above, or read them by `feature_map angle()`"
    return ""


def for_nothing(name: str, option: str, takes: str) -> str:
    """For another language's word for `none`, given to an option that takes something: its kind of value in words."""
    return f"`{option}` takes {takes}" if foreign_phrases.CONSTANTS.get(name) == "none" else ""


def for_argument(owner: str, argument: nodes.Argument) -> str:
    """For an argument that is a layer of its own here: `dense(16, activation: silu)`."""
    name = argument.name.name if argument.name is not None else ""
    if owner != "dense" or foreign_phrases.plain(name) not in {"activation", "act"}:
        return ""
    text = argument.value.span.text.strip('"')
    return f"an activation is a layer of its own: write `{foreign_phrases.layer_line(text) or text}` on the next line"


def for_function(node: nodes.Call) -> str:
    """For a function that the language does not have: `0..4` for `range(4)`."""
    texts = [argument.span.text for argument in node.arguments]
    if node.function.name not in _RANGES or not 1 <= len(texts) <= 3:
        return ""
    start, stop = ("0", texts[0]) if len(texts) == 1 else texts[:2]
    step = f" step {texts[2]}" if len(texts) == 3 else ""
    return f"write `{start}..{stop}{step}`"


def for_loop(node: Expression) -> str:
    """For the values of a loop that are not a range."""
    return f"write `0..{node.span.text}`" if "\n" not in node.span.text else ""


def for_whole(value: object) -> str:
    """For a value that should be a whole number."""
    if not isinstance(value, float):
        return ""
    return f"write `{round(value)}`" if value.is_integer() else f"write a whole number, such as `{round(value)}`"


def for_column(setting: str, node: Expression) -> str:
    """For text that should be the name of a column."""
    text = node.span.text
    if isinstance(node, nodes.ListLiteral):
        inside = ", ".join(item.span.text for item in node.items)
        return f"write `{setting} {inside or '*'}`: columns stand without brackets"
    if "\n" in text or '"' in text:
        return ""
    return f'write `"{text}"`: a name with other signs than letters, digits and `_` is quoted'


def for_named_column(setting: str, argument: nodes.Argument) -> str:
    """For `features price: log` and `target y: log`."""
    rule = f"scale target: {argument.value.span.text}" if setting == "target" else f"columns {{ {argument.span.text} }}"
    return f"write `{rule}`, a line of its own"


def for_backend(name: str) -> str:
    """For a backend that is not one of ours."""
    named = foreign_phrases.backend_named(name)
    return f"write `backend {named}`" if named else ""


_FOLDS = frozenset(("kfold", "folds", "cv", "nsplits", "nfolds", "crossvalidation", "numfolds"))


def is_folds(name: str) -> bool:
    """Whether a word is one for the folds of a cross-validation."""
    return foreign_phrases.plain(name) in _FOLDS


def for_folds(value: Expression | None = None) -> str:
    """For a number of folds in a spec."""
    number = value.span.text if isinstance(value, nodes.Number) else "5"
    return f"folds are for the command: `hqnn train SPEC DATA --folds {number}`"


def for_entry(what: str, node: Expression) -> str:
    """For a value in the place of an entry: `conformal(0.9)` for `intervals 0.9`."""
    if isinstance(node, nodes.Number) and what in {"missing", "intervals", "optimizer"}:
        entry = {"missing": "constant", "intervals": "conformal", "optimizer": "adamw"}[what]
        return _line(what, f"{entry}({node.span.text})", node)
    if isinstance(node, nodes.Boolean) and what == "intervals":
        return _line(what, "conformal" if node.value else "none", node)
    return ""


def _line(setting: str, value: str, node: Expression) -> str:
    """The setting with that value as it is typed where the node stands: in a spec, or as an option of a command."""
    return f"write `--set '{setting}={value}'`" if node.span.source.is_option else f"write `{setting} {value}`"


def for_setting(name: str, setting: nodes.Setting, section: nodes.Settings) -> str:
    """For a setting that is an option elsewhere, in the entry that the section names already."""
    if is_folds(name) and setting.values:
        return for_folds(setting.values[0].value)
    value = ", ".join(argument.span.text for argument in setting.values)
    home, line = foreign_phrases.home_of(name, value)
    if not line:
        return ""
    if home != section.keyword.name and line.partition(" ")[0] == name:
        return f"it stands in `{home}`: move it there"
    here = next((item for item in section.settings if item.name.name == line.partition(" ")[0]), None)
    if home == section.keyword.name and here is not None:
        line = _merged(here, line)
    return f"write `{line}`" if home == section.keyword.name else f"write `{line}` in `{home}`"


def _merged(here: nodes.Setting, line: str) -> str:
    """The line with the options that stand there already: `optimizer sgd(momentum: 0.9, lr: 0.01)`."""
    match = re.fullmatch(r"(\w+) \w+\((\w+): (.*)\)", line)
    value = here.values[0].value
    if match is None or not isinstance(value, (nodes.Name, nodes.Call)):
        return line
    word = value if isinstance(value, nodes.Name) else value.function
    given = value.arguments if isinstance(value, nodes.Call) else ()
    kept = [item.span.text for item in given if item.name is None or item.name.name != match[2]]
    return f"{match[1]} {word.name}({', '.join([*kept, f'{match[2]}: {match[3]}'])})"


def for_observable(node: Expression) -> str:
    """For text after `measure` that is no observable: `z` for `Z` and for `PauliZ`."""
    text = node.span.text
    if re.fullmatch(r"\d+", text):
        return f"write `z[{text}]`"
    words = re.fullmatch(r"(?:Pauli|sigma)?_?([XYZxyz])(?:[\[(](\d+)[\])])?", text)
    if words:
        instead = words[1].lower() + (f"[{words[2]}]" if words[2] else "")
        return f"write `{instead}`" if instead != text else ""  # its number is wrong, not its word
    if re.fullmatch(r"[XYZI]{2,8}", text):
        letters = [f"{letter.lower()}[{place}]" for place, letter in enumerate(text) if letter != "I"]
        return f"write `{'*'.join(letters)}`" if letters else ""
    if text in {"all", "qubits", "everything", "computational", "expval", "expectation"}:
        return "write `z`: <Z> of every qubit"
    return "write `probabilities`" if text in {"probs", "counts", "samples"} else ""


def for_layer(name: str, text: str) -> str:
    """For a layer by another name, with its arguments: `dense(8)` for `Linear(4, 8)`."""
    match = re.fullmatch(r"[\w.]+\((.*)\)", text)
    line = foreign_phrases.layer_line(name, match[1] if match else None)
    return f"write `{line}`" if line else ""


def what_is(name: str) -> str:
    """A sentence with the equivalent here of a name from another library; empty if none is known.

    For `hqnn explain`: layers, blocks, losses, settings and backends by `circuit.phrases`, gates by `circuit.foreign`.
    """
    from hqnn_dsl.circuit.foreign_gates import FOREIGN, advice, equal_gate

    line = foreign_phrases.whole_line(name)
    if line:
        return f"`{name}` is `{line}` here."
    word = foreign_phrases.last(name)
    gate = equal_gate(word)
    if gate:
        return f"`{name}` is the gate `{gate}` here."
    said = advice(word, (), ()) if foreign_phrases.plain(word) in FOREIGN else ""
    return f"`{name}`: {said}." if said else ""
