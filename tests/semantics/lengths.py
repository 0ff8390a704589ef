"""Texts that repeat one thing `n` times: everything of the language that may be repeated, right and wrong.

A table for the tests of how work grows with length. `{i}` in a piece is the number of the repetition.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

Text = "Callable[[int], str]"


def times(n: int, piece: str, between: str = "\n") -> str:
    """The piece `n` times, its `{i}` and `{j}` (the next) filled in."""
    return between.join(piece.replace("{i}", str(i)).replace("{j}", str(i + 1)) for i in range(n))


def file(piece: str, last: str = "") -> Callable[[int], str]:
    """A file of such statements."""
    return lambda n: f"hqnn 1\n{times(n, piece)}\n{last.replace('{n}', str(n))}\n"


def line(before: str, piece: str, after: str = "", between: str = ", ") -> Callable[[int], str]:
    """A file with one long line."""
    return lambda n: f"hqnn 1\n{before}{times(n, piece, between)}{after}\n"


def model(body: str = "", *, parts: str = "", qubits: int = 2, above: str = "", decoder: str = "dense") -> str:
    """A model around such statements of a circuit, or such parts."""
    return (
        f"hqnn 1\n{above}\nmodel m {{\n{parts}\ncircuit on {qubits} qubits {{\nfeature_map angle()\n{body}\n}}\n"
        f"decoder {{\n{decoder}\n}}\n}}\n"
    )


def circuit(
    piece: str, before: str = "", after: str = "", between: str = "\n", qubits: int = 2
) -> Callable[[int], str]:
    """A circuit with such statements, or one statement with such items."""
    return lambda n: model(f"{before}{times(n, piece, between)}{after}", qubits=qubits)


def part(before: str, piece: str, after: str = "}", between: str = "\n") -> Callable[[int], str]:
    """A model with such settings, layers or parts."""
    return lambda n: model(parts=f"{before}{times(n, piece, between)}{after}")


def blocks(definition: str, use: str, last: str = "") -> Callable[[int], str]:
    """Blocks, and a circuit that uses them."""
    return lambda n: model(
        times(n, use) if "{i}" in use else use, above=f"{times(n, definition)}\n{last.replace('{n}', str(n))}"
    )


REPEATED: dict[str, Callable[[int], str]] = {
    # files
    "constants": file("let a{i} = {i}"),
    "one constant again": file("let a = 1"),
    "constants of the one above": file("let a{j} = a{i} + 0", "let a0 = 1"),
    "constants of the one below": file("let a{i} = a{j} + 0", "let a{n} = 1"),
    "constants in a circle": file("let a{i} = a{j} + 0", "let a{n} = a0"),
    "misspelt constants": file("let some_name_{i} = som_name_{i}"),
    "constants without a value": file("let a{i} = 1 / 0"),
    "documented constants": file("## a comment\nlet a{i} = 1"),
    "constants on one documented line": line("## a comment\n", "let a{i} = 1", between="; "),
    "comments": file("# a comment"),
    "documentation": file("## a comment", "let a = 1"),
    "empty lines": file(""),
    "versions": file("hqnn 1"),
    "unclosed strings": file('let a{i} = "x'),
    "unclosed brackets": file("let a{i} = (1"),
    "wrong brackets": file("let a{i} = (1]"),
    "unknown letters": file("let a{i} = 1 @ 1"),
    "unknown words": file("word"),
    "foreign names": file("let ä{i} = 1"),
    "blocks": file("ansatz b{i}() { }"),
    "one block again": file("ansatz b() { }"),
    "unclosed blocks": file("ansatz b{i}() {\n  h 0"),
    "models": file("model m { }"),
    "used files": file('use "no_such_file.hqnn"'),
    "used files of many names": file('use "no_such_file_{i}.hqnn"'),
    "used files elsewhere": file('use "/elsewhere/{i}.hqnn"'),
    # one line
    "a list": line("let a = [", "{i}", "]"),
    "a list of unknown names": line("let a = [", "n{i}", "]"),
    "a list of lists": line("let a = [", "[{i}]", "]"),
    "a list without commas": line("let a = [", "1", "]", " "),
    "arguments of a function": line("let a = max(", "{i}", ")"),
    "a sum": line("let a = ", "1", between=" + "),
    "signs": line("let a = ", "-", "1", ""),
    "powers": line("let a = ", "10", between=" ** "),
    "comparisons": line("let a = ", "1", between=" < "),
    "a long text": line('let a = "', "x", '"', ""),
    "a long name": line("let a", "a", " = 1", ""),
    "a long number": line("let a = ", "1", "", ""),
    "open brackets": line("let a = ", "(", "1", ""),
    "arguments of a block": line("ansatz b(", "a{i}: int = 1", ") { h 0 }"),
    "one argument of a block again": line("ansatz b(", "a: int = 1", ") { h 0 }"),
    "members of an enumeration": line("ansatz b(a: ", "m{i}", " = m0) { h 0 }", " | "),
    # circuits
    "gates": circuit("h 0"),
    "gates on a qubit too many": circuit("h 2"),
    "gates of no name": circuit("gate_{i} 0"),
    "gates with unknown angles": circuit("rx(angle_{i}) 0"),
    "gates with angles by name": circuit("rx(theta: 1) 0"),
    "targets": circuit("0", "h ", between=", "),
    "angles": circuit("1", "rx(", ") 0", ", "),
    "weights": circuit("weight w{i}\nrx(w{i}) 0"),
    "idle weights": circuit("weight w{i}"),
    "weights on one line": circuit("w{i}", "weight ", between=", "),
    "one weight again": circuit("weight w"),
    "dimensions": circuit("1", "weight w[", "]", ", "),
    "huge dimensions": circuit("1000000", "weight w[", "]", ", "),
    "inputs": circuit("input x{i}\nrx(x{i}) 0"),
    "constants of a circuit": circuit("let a{i} = 1"),
    "placed blocks": circuit("ansatz real_amplitudes(reps: 1)"),
    "misspelt blocks": circuit("ansatz real_amplitude_{i}()"),
    "blocks of the wrong kind": circuit("ansatz angle()"),
    "unknown arguments": circuit("a{i}: 1", "ansatz real_amplitudes(", ")", ", "),
    "one argument again": circuit("reps: 1", "ansatz real_amplitudes(", ")", ", "),
    "places": circuit("{i}", "feature_map angle() on ", between=", "),
    "slices": circuit("x[0..2]", "feature_map angle() on ", between=", "),
    "loops": circuit("for i in 0..1 { h 0 }"),
    "repeats": circuit("repeat 1 { h 0 }"),
    "conditions": circuit("if true { h 0 }"),
    "else after else": circuit("else if false { h 0 }", "if false { h 0 } ", between=" "),
    "a loop over a list": circuit("{i}", "for i in [", "] { h 0 }", ", "),
    "a loop over a list with a mistake": circuit("{i}", "for i in [", "] { h none_such }", ", "),
    "one start again": circuit("initial w zeros", "ansatz real_amplitudes()\n"),
    "starts of nothing": circuit("initial v{i} zeros", "ansatz real_amplitudes()\n"),
    "starts of many": circuit("weight w{i}; rx(w{i}) 0; initial w{i} zeros"),
    "freezes": circuit("weight w{i}; rx(w{i}) 0; freeze w{i}"),
    "ambiguous freezes": circuit("ansatz real_amplitudes(reps: 0); freeze w"),
    "a long path": circuit("a.", "weight w\nfreeze ", "b", ""),
    "allows": circuit('allow W0401 "because"'),
    "allows with warnings": circuit('weight w{i}; allow W0401 "because"'),
    "allows in braces of their own": circuit('repeat 1 { weight w{i}; allow W0401 "because" }'),
    "unknown allows": circuit('allow W{i} "because"'),
    "outputs": circuit("z[0]", "measure ", between=", "),
    "outputs of all qubits": circuit("z", "measure ", between=", ", qubits=10),
    "lines of outputs": circuit("measure z[0]"),
    "outputs of no qubit": circuit("z[7]", "measure ", between=", "),
    "probabilities": circuit("0", "measure probabilities(", ")", ", "),
    "two statements on a line": circuit("h 0", between=" "),
    "blanks before brackets": circuit("rx (1) 0"),
    "unfinished statements": circuit("h"),
    "a wrong brace": circuit("for i in 0..2 h 0"),
    # sections
    "features": part("data { features ", "f{i}", between=", "),
    "one feature again": part("data { features ", "f", between=", "),
    "targets of a model": part("data { target ", "f{i}", between=", "),
    "columns left out": part("data { features * except ", "f{i}", between=", "),
    "features that are targets": lambda n: model(
        parts=f"data {{ features {times(n, 'f{i}', ', ')}\ntarget {times(n, 'f{i}', ', ')} }}"
    ),
    "parts of a split": part("data { split ", "part{i}: 0.1", between=", "),
    "one setting again": part("train {\n", "epochs 3"),
    "unknown settings": part("train {\n", "epoch_{i} 3"),
    "settings without a value": part("train {\n", "epochs"),
    "values of a setting": part("train { epochs ", "3", between=", "),
    "unknown options": part("train { optimizer adamw(", "o{i}: 0.1", ") }", ", "),
    "sections": part("", "train { }", ""),
    "circuits": part("", "circuit on 2 qubits { }", ""),
    "layers": part("encoder {\n", "tanh", "\ndense(2) }"),
    "layers with a width": part("encoder {\n", "dense(2)"),
    "layers of an open width": part("encoder {\n", "dense(auto)"),
    "unknown layers": part("encoder {\n", "layer_{i}(2)"),
    "operations on a layer": part("encoder { dense(2)", " * 2", between=""),
    "pairs of qubits": part("transpile { coupling [", "[{i}, {j}]", "] }", ", "),
    # blocks
    "blocks and their uses": blocks("ansatz b{i}() { h 0 }", "ansatz b{i}()"),
    "blocks in blocks": blocks("ansatz b{i}() { ansatz b{j}() }", "ansatz b0()", "ansatz b{n}() { h 0 }"),
    "twice as many blocks in each": blocks(
        "ansatz b{i}() { ansatz b{j}(); ansatz b{j}() }", "ansatz b0()", "ansatz b{n}() { h 0 }"
    ),
    "constants and a mistake in a loop": blocks("let some_name_{i} = {i}", "for i in 0..500 { rx(some_nam_1) 0 }"),
    "blocks and a mistake in a loop": blocks("ansatz some_name_{i}() { }", "for i in 0..500 { ansatz some_nam_1() }"),
    "one name twice in each angle": blocks("", "let a{j} = a{i} + a{i}", ""),
}
"""Name, and the text for a number of repetitions."""

SCANNED = (
    "constants", "one constant again", "constants on one documented line", "features", "targets of a model",
    "columns left out", "features that are targets", "arguments of a block", "members of an enumeration",
    "one start again", "starts of many", "allows with warnings", "layers of an open width", "dimensions",
    "gates on a qubit too many", "a long name",
)  # fmt: skip
"""Those where work could hide in one call of Python's own, such as a search through a list."""
