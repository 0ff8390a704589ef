"""The names of a file: its constants, its blocks, those of the files that it uses, and the library.

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
from hqnn_dsl.diagnostics.codes.expressions import ConstantCycle, TooLarge
from hqnn_dsl.diagnostics.diagnostic import Diagnostic, Note, Refusal
from hqnn_dsl.diagnostics.source import Source
from hqnn_dsl.semantics.collector import Collector, refuse_all
from hqnn_dsl.semantics.constants import names_of
from hqnn_dsl.semantics.evaluate import evaluate
from hqnn_dsl.semantics.options import option_of
from hqnn_dsl.semantics.used_files import Reach, folder_of, read_used
from hqnn_dsl.semantics.values import Poison, Scope, Silent, Value
from hqnn_dsl.syntax import nodes
from hqnn_dsl.syntax.parser import parse

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from hqnn_dsl.diagnostics.source import Span

LIBRARY = Path(__file__).parent.parent / "catalog" / "blocks"
BUILT_IN_BLOCKS = {"amplitude": "feature_map", "basis": "feature_map"}
"""Blocks that read the input vector as a whole; they cannot be written in the language."""


@dataclass(frozen=True, eq=False)
class Definition:
    """A block with the file whose names it sees."""

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
    """Whether it was reported that constants need each other too deep."""

    def find(self, name: str) -> Definition | None:
        """The block that this file means by a name, None if there is none."""
        return self.blocks.get(name) or library_block(name)

    def block_names(self) -> list[str]:
        return [*self.blocks, *library_names(), *BUILT_IN_BLOCKS]


@cache
def library_names() -> tuple[str, ...]:
    """The names of all library blocks, without reading them."""
    return tuple(sorted(path.stem for path in LIBRARY.glob("*.hqnn")))


def library_block(name: str) -> Definition | None:
    """The library's block of that name, None if there is none."""
    return _read_library_block(name) if name in library_names() else None


@cache
def _read_library_block(name: str) -> Definition:
    path = LIBRARY / f"{name}.hqnn"
    source = Source(f"library/{path.name}", path.read_text(encoding="utf-8"))
    tree, mistakes = parse(source)
    if any(mistake.is_error for mistake in mistakes):
        raise AssertionError(f"library block {name} does not parse: {mistakes}")
    file = collect(tree, Collector(), _Files(Reach(())))
    return Definition(file.own[name].block, file, is_library=True)


@dataclass
class _Files:
    """The files that may be read, those that led here, and those met before: each is read once."""

    reach: Reach
    chain: list[Path] = field(default_factory=list)
    known: dict[Path, FileScope | Diagnostic] = field(default_factory=dict)
    is_full: bool = False


def collect(tree: nodes.File, collector: Collector, files: _Files | Reach | None = None) -> FileScope:
    """The constants and blocks of a parsed file, with those of the files that it uses.

    Without a `Reach`, these are files of the folder of the tree's source.
    """
    if not isinstance(files, _Files):
        files = _Files(Reach.of(tree.source) if files is None else files)
    file = FileScope(tree.source)
    files.chain.append(Path(os.path.realpath(tree.source.name)))
    for statement in tree.statements:
        with collector.gathering():
            match statement:
                case nodes.Let():
                    _constant(statement, file)
                case nodes.Block():
                    _block(statement, file)
                case nodes.Use() if not files.is_full:
                    other = _used(statement, folder_of(file.source), collector, files)
                    _bring_in(other, statement, file)
    files.chain.pop()
    for name in file.constants:
        _settle(name, file, collector)
    file.scope.asked.clear()
    return file


def _constant(let: nodes.Let, file: FileScope) -> None:
    """Add a constant, which is not computed yet. Raises `Refusal` if there is one of that name."""
    name = let.name.name
    if name in file.constants:
        note = Note("the first one", file.scope.where(name))
        raise Refusal(codes.DefinedTwice(span=let.name.span, what=f"the constant `{name}`", notes=(note,)))
    file.constants[name] = let

    def resolve() -> Value:
        """Called for a constant without a value, which is met only while it is itself computed."""
        running = list(file.running)
        circle = " → ".join([*running[running.index(name) :], name])
        raise Refusal(ConstantCycle(span=let.value.span, name=name, path=circle))

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
            with collector.gathering():
                _refuse_depth(needed, file)
            scope.settle(current, Poison(), scope.where(current))
            del running[current]


def _refuse_depth(needed: nodes.Name, file: FileScope) -> None:
    """Refuse a chain of constants that is too long, once in a file."""
    if file.is_too_deep:
        raise Silent
    file.is_too_deep = True
    what = "the number of constants that each need the next"
    raise Refusal(TooLarge(span=needed.span, what=what, limit=str(limits.MAX_CONSTANT_DEPTH)))


def _computed(let: nodes.Let, scope: Scope, collector: Collector) -> Value:
    value: Value = Poison()
    if not collector.is_full:
        with collector.gathering():
            value = evaluate(let.value, scope)
    return value


def _block(block: nodes.Block, file: FileScope) -> None:
    """Add a block. Raises `Refusal` if there is one of that name."""
    name = block.name.name
    if name in file.own:
        note = Note("the first one", file.own[name].block.name.span)
        raise Refusal(codes.DefinedTwice(span=block.name.span, what=f"the block `{name}`", notes=(note,)))
    if name in BUILT_IN_BLOCKS:
        hint = f"`{name}` is built in; give this block another name"
        raise Refusal(codes.DefinedTwice(span=block.name.span, what=f"`{name}`", hint=hint))
    definition = Definition(block, file)
    file.own[name] = file.blocks[name] = definition


def _used(use: nodes.Use, folder: Path, collector: Collector, files: _Files) -> FileScope:
    """The file that a `use` names, read when it is first named. Raises `Refusal` if it cannot be used."""
    path = files.reach.place_of(use, folder)
    if path in files.chain:
        steps = [step.name for step in files.chain[files.chain.index(path) :]]
        circle = " → ".join([*steps, Path(use.path.value).name])
        raise Refusal(codes.UseCycle(span=use.path.span, path=circle))
    if path not in files.known:
        if len(files.known) >= limits.MAX_FILES:
            files.is_full = True
            raise Refusal(TooLarge(span=use.span, what="the number of files", limit=str(limits.MAX_FILES)))
        try:
            source = read_used(use, path, folder / use.path.value)
        except Refusal as refusal:
            files.known[path] = refusal.diagnostics[0]
        else:
            files.known[path] = _read(source, path, collector, files)
    known = files.known[path]
    if isinstance(known, Diagnostic):
        raise Refusal(replace(known, span=use.path.span))
    return known


def _read(source: Source, path: Path, collector: Collector, files: _Files) -> FileScope:
    """The constants and blocks of a used file."""
    tree, mistakes = parse(source)
    collector.extend(mistakes)
    with collector.gathering():
        refuse_all(_models_in(tree))
    files.known[path] = FileScope(source)  # counts among the files while it is read
    return collect(tree, collector, files)


def _models_in(tree: nodes.File) -> Iterator[Diagnostic]:
    """A mistake for every model of a used file."""
    for statement in tree.statements:
        if isinstance(statement, nodes.Model):
            hint = "a file for `use` has blocks and constants only"
            yield codes.WrongPlace(span=statement.head, what="model", place="in a used file", hint=hint)


def _bring_in(other: FileScope, use: nodes.Use, file: FileScope) -> None:
    """Make the own blocks of a used file visible. Raises `Refusal` for names that are taken."""
    taken = []
    for name, definition in other.own.items():
        present = file.blocks.setdefault(name, definition)
        if present is not definition:
            taken.append((name, Note("the other one", present.block.name.span)))
    refuse_all(codes.DefinedTwice(span=use.span, what=f"the block `{name}`", notes=(note,)) for name, note in taken)


def check_blocks(file: FileScope, collector: Collector) -> None:
    """Check the parts of a file's blocks that need no placement: their parameters."""
    for definition in collector.until_full(file.own.values()):
        seen: dict[str, Span] = {}
        for parameter in definition.block.parameters:
            with collector.gathering():
                _refuse_taken(parameter.name, seen, file.scope)
            seen[parameter.name.name] = parameter.name.span
            with collector.gathering():
                option_of(parameter)
        if definition.name in library_names():
            collector.add(warnings.LibraryReplaced(span=definition.block.name.span, name=definition.name))


def _refuse_taken(name: nodes.Name, seen: Mapping[str, Span], scope: Scope) -> None:
    """Refuse a parameter that has the name of one before it, or of a constant."""
    if name.name in seen:
        note = Note("the first one", seen[name.name])
        raise Refusal(codes.DefinedTwice(span=name.span, what=f"the argument `{name.name}`", notes=(note,)))
    refuse_shadowing(name, scope)


def refuse_shadowing(name: nodes.Name, scope: Scope) -> None:
    """Refuse to define a name that is visible already: nothing is ever shadowed."""
    if scope.has(name.name):
        where = scope.where(name.name)
        notes = (Note("it stands for this", where),) if where is not None else ()
        raise Refusal(codes.Shadowed(span=name.span, name=name.name, notes=notes))
