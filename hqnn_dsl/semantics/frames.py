"""Frames: where statements are carried out, the definitions that blocks mean there, and how mistakes are reported.

A mistake inside a block is reported with the place where the block stands, inside a library block at that place.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from hqnn_dsl.circuit.gates import GATES
from hqnn_dsl.diagnostics.codes import meaning, unbuilt
from hqnn_dsl.diagnostics.codes.expressions import TooLarge
from hqnn_dsl.diagnostics.diagnostic import Diagnostic, Note, Refusal
from hqnn_dsl.semantics import placing
from hqnn_dsl.syntax import nodes

if TYPE_CHECKING:
    from hqnn_dsl.diagnostics.source import Span
    from hqnn_dsl.semantics.definitions import Definition, FileScope
    from hqnn_dsl.semantics.values import Scope


class Stop(Refusal):
    """A limit of the whole circuit was passed: further statements would only pass it again."""


@dataclass(eq=False)
class Progress:
    """The counts that change while the statements of a circuit, a block or a turn of `repeat` are carried out."""

    names: Counter[str] = field(default_factory=Counter)
    """How many weights and blocks there are of each name."""
    next_input: int = 0
    num_inputs: int = 0

    def read_inputs(self, size: int) -> int:
        """The first of `size` inputs that are declared next."""
        first = self.next_input
        self.next_input += size
        self.num_inputs = max(self.num_inputs, self.next_input)
        return first


@dataclass(frozen=True, eq=False)
class Frame:
    """Where statements are carried out: a circuit, a block, or a loop's turn inside one.

    `view` are the components of the circuit's input that it may read, None for all from the first. `path` leads the
    paths of its weights. `chain` are the blocks around it, from the outermost, with the text that places each.
    """

    file: FileScope
    scope: Scope
    qubits: tuple[int, ...]
    kind: str = "circuit"
    name: str = "circuit"
    view: tuple[int, ...] | None = None
    path: str = ""
    progress: Progress = field(default_factory=Progress)
    chain: tuple[tuple[Definition, Span], ...] = ()

    def inside(self, scope: Scope) -> Frame:
        """The same frame with names of its own: for the turns of a loop."""
        return replace(self, scope=scope)

    def told(self, diagnostic: Diagnostic) -> Diagnostic:
        """A mistake of this frame with the chain of blocks around it; one in the library moved to the user's own text.

        Neither the text of a library block nor hints for it are shown: its users did not write it.
        """
        span = diagnostic.span
        block, use = next(((block, use) for block, use in self.chain if block.is_library), (None, None))
        if block is not None and use is not None:
            notes = tuple(note for note in diagnostic.notes if note.span is None or note.span.source is use.source)
            if span is not None and span.source is not use.source:
                notes = (*notes, Note(f"this is found inside the library block `{block.name}`"))
                diagnostic = replace(diagnostic, hint="")
            return replace(diagnostic, span=use, notes=notes)
        if self.chain and span != self.chain[-1][1]:
            block, use = self.chain[-1]
            return replace(diagnostic, notes=(*diagnostic.notes, Note(f"`{block.name}` is placed here", use)))
        return diagnostic

    def unique(self, name: str) -> str:
        """The path of the next weight or block of that name; from the second on they are numbered."""
        self.progress.names[name] += 1
        count = self.progress.names[name]
        return f"{self.path}{name}" if count == 1 else f"{self.path}{name}_{count}"


def stop_beyond(what: str, number: int, limit: int, span: Span) -> None:
    """Raise `Stop` if `number` is over its limit."""
    if number > limit:
        raise Stop(TooLarge(span=span, what=what, limit=str(limit)))


def definition_of(name: nodes.Name, use: nodes.BlockUse, frame: Frame) -> Definition:
    """The block that `name` means in `frame`. Raises `Refusal` if there is none of that kind, or it holds itself."""
    definition = frame.file.find(name.name)
    kind = use.kind
    if definition is None:
        hint = frame.scope.meter.advice(name.name, name.span, frame.file.block_names)
        if not hint and name.name in GATES:
            hint = f"`{name.name}` is a gate: write `{name.name} 0`"
        raise Refusal(meaning.UnknownBlock(span=name.span, name=name.name, kind=kind, hint=hint))
    actual = definition.block.kind
    if actual != kind:
        raise Refusal(_wrong_kind(name, use, actual, "(…)"))
    if any(definition.block is block.block for block, _ in frame.chain):
        names = [block.name for block, _ in frame.chain]
        circle = " → ".join([*names[names.index(name.name) :], name.name])
        raise Refusal(meaning.BlockCycle(span=use.span, name=name.name, path=circle))
    return definition


def refuse_misuse(name: nodes.Name, use: nodes.BlockUse) -> None:
    """Refuse a built-in block that is no ansatz, takes no arguments, or is not built."""
    if name.name == "basis":
        raise Refusal(unbuilt.NotBuilt(span=use.span, what="`basis` is"))
    if use.kind != "feature_map":
        raise Refusal(_wrong_kind(name, use, "feature_map", "()"))
    if isinstance(use.call, nodes.Call) and use.call.arguments:
        argument = use.call.arguments[0]
        raise Refusal(meaning.TooManyArguments(span=argument.span, owner=name.name, count="no arguments"))


def _wrong_kind(name: nodes.Name, use: nodes.BlockUse, actual: str, arguments: str) -> Diagnostic:
    return meaning.WrongKind(
        span=use.span,
        name=name.name,
        actual=placing.article(actual),
        wanted=placing.article(use.kind),
        hint=f"write `{actual} {name.name}{arguments}`",
    )
