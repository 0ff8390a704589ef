"""What a file defines and what it can see: its constants, its blocks, those of the files it uses, and the library.

Library blocks are one `.hqnn` file each in `catalog/blocks/`, named as the block, and are read when they are used. A
file's own block wins over a library block of the same name. `use` brings in the other file's own blocks, nothing else.
"""

from __future__ import annotations

import os
from dataclasses import dataclass, field, replace
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from hqnn_dsl import limits
from hqnn_dsl.diagnostics.codes import meaning as codes
from hqnn_dsl.diagnostics.codes import warnings
from hqnn_dsl.diagnostics.diagnostic import Diagnostic, Note, Refusal
from hqnn_dsl.diagnostics.source import Source
from hqnn_dsl.semantics.collector import Collector
from hqnn_dsl.semantics.constants import names_of
from hqnn_dsl.semantics.evaluate import evaluate
from hqnn_dsl.semantics.options import option_of
from hqnn_dsl.semantics.used_files import Reach, folder_of, read_used
from hqnn_dsl.semantics.values import Poison, Scope, Silent, Value
from hqnn_dsl.syntax import nodes
from hqnn_dsl.syntax.parser import parse

if TYPE_CHECKING:
    from collections.abc import Iterator

    from hqnn_dsl.diagnostics.source import Span

LIBRARY = Path(__file__).parent.parent / "catalog" / "blocks"
BUILT_IN_BLOCKS = {"amplitude": "feature_map", "basis": "feature_map"}
"""Blocks that read the input vector as a whole; they cannot be written in the language."""


@dataclass(frozen=True, eq=False)
class Definition:
    """A block with what it sees."""

    block: nodes.Block
    file: FileScope
    is_library: bool = False

    @property
    def name(self) -> str:
        return self.block.name.name


@dataclass(eq=False)
class FileScope:
    """A file's constants and the blocks that are visible in it."""

    source: Source
    scope: Scope = field(default_factory=Scope)
    blocks: dict[str, Definition] = field(default_factory=dict)
    own: dict[str, Definition] = field(default_factory=dict)
    constants: dict[str, nodes.Let] = field(default_factory=dict)
    running: dict[str, Iterator[nodes.Name]] = field(default_factory=dict)
    """The constants being computed, each needed by the one before, with the names that are still to be looked at."""
    is_too_deep: bool = False
    """Whether it was said that constants need each other too deep."""

    def find(self, name: str) -> Definition | None:
        """The block of that name that this file means, None where there is none."""
        return self.blocks.get(name) or library_block(name)

    def block_names(self) -> list[str]:
        return [*self.blocks, *library_names(), *BUILT_IN_BLOCKS]


@cache
def library_names() -> tuple[str, ...]:
    """The names of all library blocks, without reading them."""
    return tuple(sorted(path.stem for path in LIBRARY.glob("*.hqnn")))


def library_block(name: str) -> Definition | None:
    """A library block, None where the library has none of that name."""
    return _read_library_block(name) if name in library_names() else None


@cache
def _read_library_block(name: str) -> Definition:
    path = LIBRARY / f"{name}.hqnn"
    source = Source(f"library/{path.name}", path.read_text(encoding="utf-8"))
    tree, mistakes = parse(source)
    collector = Collector()
    if any(mistake.is_error for mistake in mistakes):
        raise AssertionError(f"library block {name} does not parse: {mistakes}")
    scope = collect(tree, collector, _Files(Reach(())))
    definition = scope.own[name]
    return Definition(definition.block, scope, is_library=True)


@dataclass
class _Files:
    """What may be read, the files that led here, and those met before: a file is read once, whoever uses it."""

    reach: Reach
    chain: list[Path] = field(default_factory=list)
    known: dict[Path, FileScope | Diagnostic] = field(default_factory=dict)
    is_full: bool = False


def collect(tree: nodes.File, collector: Collector, files: _Files | Reach | None = None) -> FileScope:
    """The constants and blocks of a parsed file, with those of the files it uses; mistakes go to the collector.

    Without a `Reach`, files are those of the folder of the tree's source.
    """
    if not isinstance(files, _Files):
        files = _Files(Reach.of(tree.source) if files is None else files)
    file = FileScope(tree.source)
    files.chain.append(Path(os.path.realpath(tree.source.name)))
    for statement in tree.statements:
        match statement:
            case nodes.Let():
                _constant(statement, file, collector)
            case nodes.Block():
                _block(statement, file, collector)
            case nodes.Use():
                _use(statement, file, collector, files)
    files.chain.pop()
    for name in file.constants:
        _settle(name, file, collector)
    file.scope.asked.clear()
    return file


def _constant(let: nodes.Let, file: FileScope, collector: Collector) -> None:
    name = let.name.name
    if name in file.constants:
        note = Note("the first one", file.scope.where(name))
        collector.add(codes.DefinedTwice(span=let.name.span, what=f"the constant `{name}`", notes=(note,)))
        return
    file.constants[name] = let

    def resolve() -> Value:
        """Called for what is not settled yet, which is only met while it is itself computed."""
        running = list(file.running)
        circle = " → ".join([*running[running.index(name) :], name])
        raise Refusal(codes.ConstantCycle(span=let.value.span, name=name, path=circle))

    file.scope.bind_lazily(name, resolve, let.name.span)


def _settle(name: str, file: FileScope, collector: Collector) -> None:
    """Compute a constant, those that it needs before it; a failure is reported once, and every use of it is silent.

    Goes from constant to constant in a loop, so that chains of them need no deep recursion.
    """
    scope, running = file.scope, file.running
    if not scope.is_pending(name):
        return
    running[name] = names_of(file.constants[name].value)
    while running:
        current = next(reversed(running))
        needed = next((n for n in running[current] if scope.is_pending(n.name) and n.name not in running), None)
        if needed is None:
            scope.settle(current, _computed(file.constants[current], scope, collector), scope.where(current))
            del running[current]
        elif len(running) < limits.MAX_CONSTANT_DEPTH:
            running[needed.name] = names_of(file.constants[needed.name].value)
        else:
            if not file.is_too_deep:
                what = "the number of constants that each need the next"
                collector.add(codes.TooLarge(span=needed.span, what=what, limit=str(limits.MAX_CONSTANT_DEPTH)))
                file.is_too_deep = True
            scope.settle(current, Poison(), scope.where(current))
            del running[current]


def _computed(let: nodes.Let, scope: Scope, collector: Collector) -> Value:
    if collector.is_full:
        return Poison()
    try:
        return evaluate(let.value, scope)
    except Refusal as refusal:
        for diagnostic in refusal.diagnostics:
            collector.add(diagnostic)
    except Silent:
        pass
    return Poison()


def _block(block: nodes.Block, file: FileScope, collector: Collector) -> None:
    name = block.name.name
    if name in file.own:
        note = Note("the first one", file.own[name].block.name.span)
        collector.add(codes.DefinedTwice(span=block.name.span, what=f"the block `{name}`", notes=(note,)))
        return
    if name in BUILT_IN_BLOCKS:
        collector.add(
            codes.DefinedTwice(
                span=block.name.span, what=f"`{name}`", hint=f"`{name}` is built in; give this block another name"
            )
        )
        return
    definition = Definition(block, file)
    file.own[name] = file.blocks[name] = definition


def _use(use: nodes.Use, file: FileScope, collector: Collector, files: _Files) -> None:
    """Bring in the file that a `use` names; what is wrong with it goes to the collector."""
    if files.is_full:
        return
    try:
        other = _used(use, folder_of(file.source), collector, files)
    except Refusal as refusal:
        for diagnostic in refusal.diagnostics:
            collector.add(diagnostic)
        return
    _bring_in(other, use, file, collector)


def _used(use: nodes.Use, folder: Path, collector: Collector, files: _Files) -> FileScope:
    """The file that a `use` names. Raises `Refusal` where it cannot be had."""
    place = files.reach.place_of(use, folder)
    if place in files.chain:
        circle = " → ".join(
            [*(step.name for step in files.chain[files.chain.index(place) :]), Path(use.path.value).name]
        )
        raise Refusal(codes.UseCycle(span=use.path.span, path=circle))
    if place not in files.known:
        if len(files.known) >= limits.MAX_FILES:
            files.is_full = True
            raise Refusal(codes.TooLarge(span=use.span, what="the number of files", limit=str(limits.MAX_FILES)))
        try:
            source = read_used(use, place, folder / use.path.value)
        except Refusal as refusal:
            files.known[place] = refusal.diagnostics[0]
        else:
            files.known[place] = _read(source, place, collector, files)
    known = files.known[place]
    if isinstance(known, Diagnostic):
        raise Refusal(replace(known, span=use.path.span))
    return known


def _read(source: Source, place: Path, collector: Collector, files: _Files) -> FileScope:
    """What a used file holds; its mistakes go to the collector."""
    tree, mistakes = parse(source)
    for mistake in mistakes:
        collector.add(mistake)
    for statement in tree.statements:
        if isinstance(statement, nodes.Model):
            hint = "a file for `use` has blocks and constants only"
            collector.add(codes.WrongPlace(span=statement.head, what="model", place="in a used file", hint=hint))
    files.known[place] = FileScope(source)  # counts among the files while it is read
    return collect(tree, collector, files)


def _bring_in(other: FileScope, use: nodes.Use, file: FileScope, collector: Collector) -> None:
    """Make the own blocks of a used file visible."""
    for name, definition in other.own.items():
        present = file.blocks.setdefault(name, definition)
        if present is not definition:
            note = Note("the other one", present.block.name.span)
            collector.add(codes.DefinedTwice(span=use.span, what=f"the block `{name}`", notes=(note,)))


def check_blocks(file: FileScope, collector: Collector) -> None:
    """What can be told of a block before it is placed: its parameters."""
    for definition in file.own.values():
        if collector.is_full:
            return
        seen: dict[str, Span] = {}
        for parameter in definition.block.parameters:
            name = parameter.name.name
            if name in seen:
                note = Note("the first one", seen[name])
                what = f"the argument `{name}`"
                collector.add(codes.DefinedTwice(span=parameter.name.span, what=what, notes=(note,)))
            elif file.scope.has(name):
                where = file.scope.where(name)
                notes = (Note("it stands for this", where),) if where is not None else ()
                collector.add(codes.Shadowed(span=parameter.name.span, name=name, notes=notes))
            seen[name] = parameter.name.span
            try:
                option_of(parameter)
            except Refusal as refusal:
                collector.add(refusal.diagnostics[0])
        if definition.name in library_names():
            collector.add(warnings.LibraryReplaced(span=definition.block.name.span, name=definition.name))
