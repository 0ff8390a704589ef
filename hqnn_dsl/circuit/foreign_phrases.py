"""Advice for words of other libraries: whole lines and settings to type, by the place of the word.

Names in tables of other libraries are in `semantics/foreign_words.py`, those of gates in `circuit/foreign_gates.py`.
Here is all that is more than a name. Spellings are compared without case, underscores, dots and dashes. A test compiles
every advice.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Sequence

LIBRARY_BLOCKS: Final = {
    **dict.fromkeys(("angle", "amplitude", "basis", "chebyshev", "iqp", "pauli", "z", "zz"), "feature_map"),
    **dict.fromkeys(
        ("basic_entangler", "brickwork", "efficient_su2", "real_amplitudes", "strongly_entangling", "two_local"),
        "ansatz",
    ),
}
"""The library's blocks with their kinds; a test compares them with the library."""

_BODY: Final = {
    "measureall": "measure z", "measureactive": "measure z", "expval": "measure z", "probs": "measure probabilities",
    "probability": "measure probabilities", "paulimeasure": "measure z", "measurez": "measure z",
    "angleembedding": "feature_map angle(axis: x)", "amplitudeembedding": "feature_map amplitude()",
    "iqpembedding": "feature_map iqp()", "zfeaturemap": "feature_map z()", "zzfeaturemap": "feature_map zz()",
    "paulifeaturemap": "feature_map pauli()", "rawfeaturevector": "feature_map amplitude()",
    "realamplitudes": "ansatz real_amplitudes()", "efficientsu2": "ansatz efficient_su2()",
    "twolocal": "ansatz two_local(entanglement: full)", "nlocal": "ansatz two_local(entanglement: full)",
    "basicentanglerlayers": "ansatz basic_entangler()", "stronglyentanglinglayers": "ansatz strongly_entangling()",
}  # fmt: skip
"""Lines of circuits."""

ENTANGLEMENTS: Final = ("linear", "reverse_linear", "circular", "full", "pairwise", "sca")
_ENTANGLED: Final = ("zz", "pauli", "real_amplitudes", "efficient_su2", "two_local")
"""Blocks that take an entanglement."""

_LAYERS: Final = {
    "linear": "dense", "fc": "dense", "fullyconnected": "dense", "lazylinear": "dense", "units": "dense",
    "width": "dense", "swish": "silu", "sine": "sin", "batchnorm1d": "batch_norm", "batchnormalization": "batch_norm",
    "layernormalization": "layer_norm",
    **dict.fromkeys(("activation", "layer", "act"), ""),
}  # fmt: skip
_OWN_LAYERS: Final = (
    "dense", "identity", "relu", "leaky_relu", "silu", "gelu", "elu", "selu", "softplus", "tanh", "sigmoid",
    "softsign", "sin", "softmax", "dropout", "layer_norm", "batch_norm",
)  # fmt: skip

ENTRIES: Final[dict[str, tuple[str, tuple[str, ...]]]] = {
    "stop": ("early", ("patience", "min_delta")),
    "optimizer": ("adamw", ("lr", "weight_decay", "quantum_lr")),
    "scheduler": ("reduce_on_plateau", ("patience", "factor", "threshold", "cooldown", "min_lr")),
    "loss": ("mse", ()),
}
"""Settings that name an entry: the usual entry, and its options."""

SETTINGS: Final = {
    "earlystopping": "stop early({})", "patience": "stop early(patience: {})",
    "earlystoppingpatience": "stop early(patience: {})", "mindelta": "stop early(min_delta: {})",
    "earlystop": "stop early({})", "reducelronplateau": "scheduler reduce_on_plateau({})",
    "cosineannealinglr": "scheduler cosine({})", "steplr": "scheduler step({})",
    "exponentiallr": "scheduler exponential({})",
    "mseloss": "loss mse", "l1loss": "loss mae", "huberloss": "loss huber", "smoothl1loss": "loss smooth_l1",
    **{name: f"optimizer {name}({{}})" for name in ("adam", "adamw", "sgd", "nadam", "radam", "rmsprop", "nesterov")},
    **{name: f"loss {name}" for name in ("mse", "mae", "huber", "focal")},
    **dict.fromkeys(
        ("bceloss", "bcewithlogitsloss", "crossentropyloss", "nllloss", "crossentropy"), "loss cross_entropy"
    ),
    "gaussiannllloss": "loss gaussian", "pinballloss": "loss quantile",
    "cosine": "scheduler cosine({})", "reduceonplateau": "scheduler reduce_on_plateau({})",
    "early": "stop early({})", "stop": "stop early({})", "optimizer": "optimizer adamw({})",
    "scheduler": "scheduler reduce_on_plateau({})",
}  # fmt: skip
"""Lines of `train` for names that stand there with a bracket; `{}` is what stood in it."""

HOMES: Final = {
    "lr": ("train", "optimizer adamw(lr: {})"), "learningrate": ("train", "optimizer adamw(lr: {})"),
    "weightdecay": ("train", "optimizer adamw(weight_decay: {})"),
    "quantumlr": ("train", "optimizer adamw(quantum_lr: {})"),
    "momentum": ("train", "optimizer nesterov(momentum: {})"),
    "patience": ("train", "stop early(patience: {})"), "earlystopping": ("train", "stop early(patience: {})"),
    "earlystop": ("train", "stop early(patience: {})"), "mindelta": ("train", "stop early(min_delta: {})"),
    "validation": ("data", "split validation: {}"), "val": ("data", "split validation: {}"),
    "validationsplit": ("data", "split validation: {}"), "valsplit": ("data", "split validation: {}"),
    "test": ("data", "split test: {}"), "testsize": ("data", "split test: {}"), "testsplit": ("data", "split test: {}"),
    "normalize": ("data", "scale features: standard"), "standardize": ("data", "scale features: standard"),
    "scaler": ("data", "scale features: standard"),
    "standardscaler": ("data", "scale features: standard"), "minmaxscaler": ("data", "scale features: min_max"),
    **dict.fromkeys(("impute", "imputer", "imputation", "fillna", "na", "nan"), ("data", "missing {}")),
    "simpleimputer": ("data", "missing mean"), "dropna": ("data", "missing drop_rows"),
    "encoding": ("data", "read encoding: {}"),
    **dict.fromkeys(("sep", "separator", "delimiter", "delim"), ("data", "read delimiter: {}")),
    "decimal": ("data", "read decimal: {}"), "thousands": ("data", "read thousands: {}"),
    "comment": ("data", "read comment: {}"), "navalues": ("data", "read missing: {}"),
    **dict.fromkeys(("onehot", "onehotencoder", "dummies", "getdummies"), ("data", "categories one_hot")),
    **dict.fromkeys(("sampleweight", "sampleweights", "rowweights"), ("data", "weights {}")),
    **dict.fromkeys(("drop", "exclude", "ignore", "id", "index", "indexcol"), ("data", "features * except {}")),
    **dict.fromkeys(("stratify", "stratified"), ("data", "split by: stratified")),
    **dict.fromkeys(("group", "groups", "groupby"), ("data", "split by: group({})")),
    **dict.fromkeys(("classweight", "classweights"), ("train", "class_weights {}")),
    **dict.fromkeys(("interval", "confidence", "conformal"), ("train", "intervals conformal({})")),
    **{name: ("data", f"{name} {{}}") for name in ("target", "features", "task", "categories", "missing", "weights")},
    **{name: ("data", f"{name} {{}}") for name in ("read", "split", "scale")}, "columns": ("data", "columns {{ {} }}"),
    **{name: ("train", f"{name} {{}}") for name in ("epochs", "batch", "loss", "optimizer", "scheduler", "stop")},
    **{name: ("train", f"{name} {{}}") for name in ("clip", "device", "precision", "seed", "intervals")},
    "shots": ("model", "backend aer(shots: {})"),
}  # fmt: skip
"""Settings that are options elsewhere: the section, and the line there; `{}` is the value."""

BACKENDS: Final = {
    "gpu": "native(device: cuda)", "cuda": "native(device: cuda)", "cpu": "native(device: cpu)",
    "defaultqubit": "pennylane", "qml": "pennylane", "lightning": 'pennylane(device: "lightning.qubit")',
    "lightningqubit": 'pennylane(device: "lightning.qubit")', "lightninggpu": 'pennylane(device: "lightning.gpu")',
    "qiskit": "aer", "qiskitaer": "aer", "aersimulator": "aer", "qasmsimulator": "aer(shots: 1000)",
    "statevector": "native", "statevectorsimulator": "native", "simulator": "auto", "numpy": "reference",
    "torch": "native",
    "cuquantum": "custatevec", "ibm": "primitive(name: …)",
}  # fmt: skip
"""What follows `backend`."""

CONSTANTS: Final = {
    **dict.fromkeys(("True", "TRUE", "yes", "Yes", "YES", "on"), "true"),
    **dict.fromkeys(("False", "FALSE", "no", "No", "NO", "off"), "false"),
    **dict.fromkeys(("None", "NONE", "null", "nil", "Null"), "none"),
    **dict.fromkeys(("Pi", "PI", "np.pi", "numpy.pi", "math.pi", "torch.pi", "jnp.pi", "π"), "pi"),
    **{word: str(number) for number, word in enumerate(
        ("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten"))},
}  # fmt: skip
"""Values as other languages, or people, write them."""

GREEK: Final = {
    "α": "alpha", "β": "beta", "γ": "gamma", "δ": "delta", "ε": "epsilon", "η": "eta", "θ": "theta", "κ": "kappa",
    "λ": "lambda", "μ": "mu", "µ": "mu", "ν": "nu", "ξ": "xi", "π": "pi", "ρ": "rho", "σ": "sigma", "τ": "tau",
    "φ": "phi", "ϕ": "phi", "χ": "chi", "ψ": "psi", "ω": "omega", "Θ": "Theta", "Φ": "Phi", "Ω": "Omega",
}  # fmt: skip
SIGNS: Final = {
    "×": "*", "·": "*", "⋅": "*", "÷": "/", "−": "-", "–": "-", "≤": "<=", "≥": ">=", "≠": "!=", "…": "..", "√": "sqrt",
}  # fmt: skip
"""Signs of typesetting, and what is typed."""


def plain(word: str) -> str:
    """A spelling without case, underscores, dots and dashes."""
    return word.replace("_", "").replace(".", "").replace("-", "").casefold()


def last(path: str) -> str:
    """The last word of a path: `RX` of `qml.RX`."""
    return path.rpartition(".")[2]


def named(arguments: str) -> str:
    """Arguments of a call as they are named here: `reps=2` is `reps: 2`."""
    return ", ".join(part.strip().replace("=", ": ", 1).replace(" : ", ": ") for part in split(arguments))


def split(arguments: str) -> list[str]:
    """The arguments in a bracket's text: commas inside brackets divide nothing."""
    found, depth = [""], 0
    for letter in arguments:
        depth += (letter in "([") - (letter in ")]")
        if letter == "," and depth == 0:
            found.append("")
        else:
            found[-1] += letter
    return [text.strip() for text in found if text.strip()]


def gate_line(name: str, arguments: str, *, is_foreign: bool = True) -> str:
    """A gate whose targets stand in its bracket, as a line: `ry(0.3) 0` for `ry(0.3, 0)`; empty where it is none.

    Names of targets (`wires=0`, `qubit=0`) are struck. Where targets are missing, a line of another library gets the
    first qubits, and one of ours is left to the report that says so.
    """
    from hqnn_dsl.circuit.foreign_gates import FOREIGN, advice, equal_gate
    from hqnn_dsl.circuit.gates import GATES

    gate = equal_gate(name)
    parts = [word for part in split(arguments) for word in _target(part)]
    if gate:
        row = GATES[gate]
        angles, targets = parts[: row.num_angles], parts[row.num_angles :]
        if len(targets) != row.num_qubits:
            if len(angles) != row.num_angles or targets or not is_foreign:
                return ""
            targets = [str(qubit) for qubit in range(row.num_qubits)]
        bracket = f"({', '.join(angles)})" if angles else ""
        return f"{gate}{bracket} {', '.join(targets)}"
    row_of = FOREIGN.get(plain(name))
    if row_of is None or not row_of.lines or len(parts) != len(row_of.angles) + len(row_of.targets):
        return ""
    said = advice(name, tuple(parts[: len(row_of.angles)]), tuple(parts[len(row_of.angles) :]))
    return said.split("`")[1] if said.startswith("write `") else ""


def _target(part: str) -> list[str]:
    """An argument without its name; a list of targets is several."""
    name, sign, value = part.partition("=")
    text = value.strip() if sign and name.strip().isidentifier() else part
    if text.startswith(("[", "(")) and text.endswith(("]", ")")) and sign:
        return split(text[1:-1])
    return [text]


def body_line(name: str, arguments: str | None) -> str:
    """What to write for a word that stands as a line of a circuit, empty where nothing is known of it."""
    word = plain(last(name))
    if word in _BODY:
        return _with_arguments(_BODY[word], split(arguments or ""))
    own = next((block for block in LIBRARY_BLOCKS if plain(block) == word), "")
    if own and "." not in name and own != "z":
        return f"{LIBRARY_BLOCKS[own]} {own}({named(arguments or '')})"
    return gate_line(last(name), arguments or "", is_foreign="." in name)


def _with_arguments(line: str, given: Sequence[str]) -> str:
    """A line with those of the given arguments that mean the same here; others (`wires`, `features`) are struck."""
    head, _, inside = line.rstrip(")").partition("(")
    kept = dict(part.split(": ", 1) for part in inside.split(", ") if part)
    for part in given:
        name, _, value = (text.strip().strip("\"'") for text in part.replace(":", "=", 1).partition("="))
        axis = value[-1:].lower()
        if name in {"rotation", "axis"} and axis in {"x", "y", "z"} and head.endswith(("angle", "basic_entangler")):
            kept["axis"] = axis
        elif name == "reps" and value.isdigit() and not head.endswith(("angle", "amplitude")):
            kept["reps"] = value
        elif name == "entanglement" and value in ENTANGLEMENTS and head.endswith(_ENTANGLED):
            kept["entanglement"] = value
    return f"{head}({', '.join(f'{name}: {value}' for name, value in kept.items())})" if "(" in line else line


def layer_line(name: str, arguments: str | None = None) -> str:
    """What to write for a word that stands as a line of an encoder or decoder."""
    word = plain(last(name))
    own = _LAYERS.get(word) or next((layer for layer in _OWN_LAYERS if plain(layer) == word), "")
    given = split(arguments or "")
    if not own:
        return ""
    if own == "dense" and len(given) >= 2 and all(part.isidentifier() or part.isdigit() for part in given[:2]):
        given = given[1:2]  # torch's `Linear(in, out)`
    given = given[:1] if own in {"dense", "dropout", "leaky_relu"} else []
    return f"{own}({', '.join(part.partition('=')[2] or part for part in given)})" if given else own


def setting_line(name: str, arguments: str) -> str:
    """What to write for a name with a bracket that stands as a setting of `train`."""
    line = SETTINGS.get(plain(last(name)), "")
    return line.format(named(arguments)).replace("()", "")


def backend_named(name: str) -> str:
    """What to write after `backend`."""
    return BACKENDS.get(plain(name), "")


def home_of(name: str, value: str) -> tuple[str, str]:
    """The section in which an option belongs that stands as a setting, and the line there; empty where none is."""
    section, line = HOMES.get(plain(name), ("", ""))
    return section, line.format(value)


def whole_line(name: str) -> str:
    """What a name of another library is here as a line of a spec, empty where nothing is known of it."""
    word = plain(last(name))
    if word in _BODY:
        return _BODY[word]
    for line in (setting_line(name, ""), layer_line(name)):
        if line:
            return line
    if word in HOMES:
        section, line = home_of(name, "…")
        return f"{section} {{ {line} }}" if section != "model" else line
    named = BACKENDS.get(plain(name), "")
    return f"backend {named}" if named else ""
