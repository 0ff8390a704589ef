"""Statements of the language as the tests' own trees: their text, and what they do, as a flat list of gates.

Nothing of the product is imported. `carried_out` raises `Wrong` where a spec would be refused.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field

from spec_terms import ANGLES_OF, Symbol, Tensor, Wrong, counted, number, text, value, whole


@dataclass
class Meaning:
    """Gates as `(name, qubits, angles, letters)`, measurements, and tensors of weights as `(path, shape, start)`."""

    num_qubits: int
    gates: list = field(default_factory=list)
    measured: list = field(default_factory=list)
    tensors: list = field(default_factory=list)
    num_inputs: int = 0
    num_weights: int = 0
    amplitude: tuple | None = None
    seen: Counter = field(default_factory=Counter)
    """How often each construct was carried out."""


@dataclass
class Frame:
    names: dict
    qubits: list
    view: list | None = None
    path: str = ""
    counts: Counter = field(default_factory=Counter)
    start: int = 0

    def unique(self, name):
        self.counts[name] += 1
        count = self.counts[name]
        return self.path + (name if count == 1 else f"{name}_{count}")


# -------------------------------------------------------------- statements
# Each is a tuple: its kind, then its trees.


def written(statements, style, indent=1):  # noqa: C901 - one case a statement
    """Statements as lines of text."""
    lines = []
    for kind, *parts in statements:
        say = [] if kind in {"block", "measure"} else parts
        match kind:
            case "gate":
                name, angles, targets, letters, indirect = say
                given = [text(angle, style) for angle in angles]
                given = [f'"{letters}"', *given] if letters else given
                word, given = ("gate", [f'"{name}"', *given]) if indirect else (name, given)
                call = f"{word}({', '.join(given)})" if given else word
                lines.append(f"{call} {', '.join(text(target, style) for target in targets)}")
            case "let":
                lines.append(f"let {say[0]} = {text(say[1], style)}")
            case "input" | "weight":
                shape = ", ".join(text(length, style) for length in say[1])
                lines.append(f"{kind} {say[0]}" + (f"[{shape}]" if shape else ""))
            case "for":
                lines += [f"for {say[0]} in {text(say[1], style)} {{", *written(say[2], style), "}"]
            case "repeat":
                lines += [f"repeat {text(say[0], style)} {{", *written(say[1], style), "}"]
            case "if":
                lines += [f"if {text(say[0], style)} {{", *written(say[1], style), "}"]
                if say[2]:
                    lines += ["else {", *written(say[2], style), "}"]
            case "block":
                sort, name, _, arguments, on = parts
                given = ", ".join(f"{key}: {text(tree, style)}" for key, tree in arguments)
                places = ", ".join(text(tree, style) for tree in on)
                lines.append(f"{sort} {name}({given})" + (f" on {places}" if places else ""))
            case "measure":
                lines.append("measure " + ", ".join(item[0] for item in parts[0]))
    return [("  " * indent) + line for line in lines]


def run(statements, frame, meaning):  # noqa: C901, PLR0912 - one case a statement
    for kind, *parts in statements:
        meaning.seen[kind] += 1
        match kind:
            case "gate":
                _gate(parts, frame, meaning)
            case "let":
                frame.names[parts[0]] = value(parts[1], frame.names)
            case "input":
                _input(parts, frame, meaning)
            case "weight":
                _weight(parts, frame, meaning)
            case "for":
                found = counted(parts[1], frame.names) if hasattr(parts[1], "start") else value(parts[1], frame.names)
                for one in found:
                    inner = Frame({**frame.names, parts[0]: one}, frame.qubits, frame.view, frame.path, frame.counts)
                    run(parts[2], inner, meaning)
            case "repeat":
                path = frame.unique("repeat")
                for turn in range(whole(parts[0], frame.names)):
                    run(parts[1], Frame({**frame.names}, frame.qubits, frame.view, f"{path}.{turn}."), meaning)
            case "if":
                chosen = value(parts[0], frame.names)
                meaning.seen["if" if chosen else "else"] += 1
                run(parts[1] if chosen else parts[2], frame, meaning)
            case "block":
                _block(parts, frame, meaning)
            case "measure":
                for _, kind_of, items in parts[0]:
                    meaning.seen[f"measure {kind_of}"] += 1
                    meaning.measured += items


def _gate(parts, frame, meaning):
    name, angles, targets, letters, indirect = parts
    found = []
    for tree in targets:
        place = value(tree, frame.names)
        found += place if isinstance(place, (list, tuple)) else [place]
    if any(not 0 <= q < len(frame.qubits) for q in found) or len(set(found)) < len(found):
        raise Wrong("targets")
    if len(found) != (len(letters) or ANGLES_OF[name][0]):
        raise Wrong("number of targets")
    meaning.seen[f"gate {name}"] += 1
    meaning.seen["gate by name"] += indirect
    symbols = [number(value(tree, frame.names)) for tree in angles]
    for symbol in symbols:
        _count(symbol, meaning.seen)
    meaning.gates.append((name, [frame.qubits[q] for q in found], symbols, letters))


def _count(symbol, seen):
    seen[f"angle {symbol.name}"] += 1
    for argument in symbol.arguments:
        _count(argument, seen)


def _size(shape):
    size = 1
    for length in shape:
        size *= length
    return size


def _input(parts, frame, meaning):
    shape = tuple(whole(length, frame.names) for length in parts[1])
    size = _size(shape)
    places = list(range(frame.start, frame.start + size))
    if frame.view is not None:
        if frame.start + size > len(frame.view):
            raise Wrong("slice")
        places = [frame.view[place] for place in places]
    frame.start += size
    meaning.num_inputs = max([meaning.num_inputs, *(place + 1 for place in places)])
    frame.names[parts[0]] = Tensor("input", shape, tuple(Symbol("x", at=place) for place in places))


def _weight(parts, frame, meaning):
    shape = tuple(whole(length, frame.names) for length in parts[1])
    start = meaning.num_weights
    meaning.num_weights += _size(shape)
    meaning.tensors.append((frame.unique(parts[0]), shape, start))
    entries = tuple(Symbol("w", at=place) for place in range(start, meaning.num_weights))
    frame.names[parts[0]] = Tensor("weight", shape, entries)


def _block(parts, frame, meaning):
    _, name, definition, arguments, on = parts
    qubits, view, chosen = frame.qubits, frame.view, []
    for tree in on:
        if getattr(tree, "name", None) == "x":
            view = list(counted(tree.indices[0], frame.names))
            meaning.seen["slice of inputs"] += 1
        else:
            found = value(tree, frame.names)
            chosen += found if isinstance(found, list) else [found]
    if chosen:
        if any(not 0 <= q < len(qubits) for q in chosen) or len(set(chosen)) < len(chosen):
            raise Wrong("placement")
        qubits = [qubits[q] for q in chosen]
        meaning.seen["slice of qubits"] += 1
    meaning.seen[f"block {name}"] += 1
    if name == "amplitude":
        size = 2 ** len(qubits)
        places = list(range(size)) if view is None else view
        if len(places) != size or meaning.gates or meaning.amplitude:
            raise Wrong("amplitude")
        meaning.num_inputs = max(meaning.num_inputs, max(places) + 1)
        meaning.amplitude = (places, qubits)
        return
    names = {"qubits": len(qubits), **{key: value(tree, frame.names) for key, tree in arguments}}
    inner = Frame(names, qubits, view, frame.unique(name) + ".")
    if callable(definition):
        definition(inner, meaning)
    else:
        run(definition, inner, meaning)


def carried_out(statements, num_qubits, constants):
    """What a circuit's statements do."""
    meaning = Meaning(num_qubits)
    run(statements, Frame({**constants, "qubits": num_qubits}, list(range(num_qubits))), meaning)
    if not meaning.measured:
        meaning.measured = [("sum", [(1.0, [(q, "z")])]) for q in range(num_qubits)]
    return meaning
