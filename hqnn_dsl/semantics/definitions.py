"""What a file defines and what it can see: its constants, its blocks, those of the files it uses, and the library.

Library blocks are one `.hqnn` file each in `catalog/blocks/`, named as the block, and are read when they are used. A
file's own block wins over a library block of the same name. `use` brings in the other file's own blocks, nothing else.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from hqnn_dsl.report import limits
from hqnn_dsl.report.codes import meaning as codes
from hqnn_dsl.report.diagnostic import Diagnostic, Findings, Note, Refusal
from hqnn_dsl.report.source import Source, Span
from hqnn_dsl.semantics.evaluate import evaluate
from hqnn_dsl.semantics.values import Poison, Scope, Silent, Value, suggestion
from hqnn_dsl.syntax import nodes
from hqnn_dsl.syntax.parser import parse

if TYPE_CHECKING:
    from collections.abc import Callable

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
    constants: list[str] = field(default_factory=list)
    running: list[str] = field(default_factory=list)
    """The constants being computed, each through the one before."""

    def find(self, name: str) -> Definition | None:
        """The block of that name that this file means, None where there is none."""
        return self.blocks.get(name) or library_block(name)

    def block_names(self) -> list[str]:
        return [*self.blocks, *library_names(), *BUILT_IN_BLOCKS]


def library_names() -> tuple[str, ...]:
    """The names of all library blocks, without reading them."""
    return tuple(sorted(path.stem for path in LIBRARY.glob("*.hqnn")))


@cache
def library_block(name: str) -> Definition | None:
    """A library block, None where the library has none of that name."""
    if name not in library_names():
        return None
    path = LIBRARY / f"{name}.hqnn"
    source = Source(f"library/{path.name}", path.read_text(encoding="utf-8"))
    tree, mistakes = parse(source)
    findings = Findings()
    if any(mistake.is_error for mistake in mistakes):
        raise AssertionError(f"library block {name} does not parse: {mistakes}")
    scope = collect(tree, findings, read=_no_file)
    definition = scope.own[name]
    return Definition(definition.block, scope, is_library=True)


def _no_file(_: Path) -> str:
    raise OSError("library files use no other file")


def read_file(path: Path) -> str:
    """A file's text. Raises `OSError`, `UnicodeDecodeError`, or `ValueError` where it is too large to be read."""
    with path.open("rb") as stream:
        data = stream.read(limits.MAX_SOURCE_BYTES + 1)
    if len(data) > limits.MAX_SOURCE_BYTES:
        raise ValueError(f"it has more than {limits.MAX_SOURCE_BYTES} bytes")
    return data.decode("utf-8-sig").replace("\r\n", "\n").replace("\r", "\n")


@dataclass(frozen=True)
class _Files:
    """How used files are read, those that led here, and those read before: a file is read once, whoever uses it."""

    read: Callable[[Path], str]
    chain: tuple[Path, ...] = ()
    known: dict[Path, FileScope] = field(default_factory=dict)


def collect(
    tree: nodes.File,
    findings: Findings,
    read: Callable[[Path], str] = read_file,
    known: _Files | None = None,
) -> FileScope:
    """The constants and blocks of a parsed file, with those of the files it uses; mistakes go to `findings`."""
    file = FileScope(tree.source)
    here = Path(tree.source.name).resolve()
    files = _Files(read) if known is None else known
    for statement in tree.statements:
        match statement:
            case nodes.Let():
                _constant(statement, file, findings)
            case nodes.Block():
                _block(statement, file, findings)
            case nodes.Use():
                other = _used(statement, file, findings, replace(files, chain=(*files.chain, here)))
                if other is not None:
                    _bring_in(other, statement, file, findings)
    for name in file.constants:
        _settle(name, file, findings)
    return file


def _constant(let: nodes.Let, file: FileScope, findings: Findings) -> None:
    name = let.name.name
    if name in file.constants:
        note = Note("the first one", file.scope.where(name))
        findings.add(codes.DefinedTwice(span=let.name.span, what=f"the constant `{name}`", notes=(note,)))
        return
    file.constants.append(name)
    running = file.running

    def resolve() -> Value:
        if name in running:
            circle = " → ".join([*running[running.index(name) :], name])
            raise Refusal(codes.ConstantCycle(span=let.value.span, name=name, path=circle))
        running.append(name)
        try:
            return evaluate(let.value, file.scope)
        finally:
            running.pop()

    file.scope.bind_lazily(name, resolve, let.name.span)


def _settle(name: str, file: FileScope, findings: Findings) -> None:
    """Compute a constant; where that fails, report it once and let every use of it be silent."""
    try:
        file.scope.find(name)
    except Refusal as refusal:
        for diagnostic in refusal.diagnostics:
            findings.add(diagnostic)
    except Silent:
        pass
    else:
        return
    span = file.scope.where(name)
    file.scope.settle(name, Poison(), span)


def _block(block: nodes.Block, file: FileScope, findings: Findings) -> None:
    name = block.name.name
    if name in file.own:
        note = Note("the first one", file.own[name].block.name.span)
        findings.add(codes.DefinedTwice(span=block.name.span, what=f"the block `{name}`", notes=(note,)))
        return
    if name in BUILT_IN_BLOCKS:
        findings.add(
            codes.DefinedTwice(
                span=block.name.span, what=f"`{name}`", hint=f"`{name}` is built in; give this block another name"
            )
        )
        return
    definition = Definition(block, file)
    file.own[name] = file.blocks[name] = definition


def _used(use: nodes.Use, file: FileScope, findings: Findings, files: _Files) -> FileScope | None:
    """The file that a `use` names; None where it cannot be had, which is then in the findings."""
    path = Path(file.source.name).parent / use.path.value
    try:
        place = path.resolve()
    except (OSError, ValueError, RuntimeError) as error:
        findings.add(_unreadable(use.path.value, use.path.span, path, error))
        return None
    if place in files.chain:
        circle = " → ".join(step.name for step in (*files.chain[files.chain.index(place) :], path))
        findings.add(codes.UseCycle(span=use.path.span, path=circle))
        return None
    if place in files.known:
        return files.known[place]
    if len(files.known) >= limits.MAX_FILES:
        findings.add(codes.TooLarge(span=use.span, what="the number of files", limit=str(limits.MAX_FILES)))
        return None
    try:
        text = files.read(path)
    except (OSError, UnicodeDecodeError, ValueError) as error:
        findings.add(_unreadable(use.path.value, use.path.span, path, error))
        return None
    tree, mistakes = parse(Source(str(path), text))
    for mistake in mistakes:
        findings.add(mistake)
    for statement in tree.statements:
        if isinstance(statement, nodes.Model):
            hint = "a file for `use` has blocks and constants only"
            findings.add(codes.WrongPlace(span=statement.head, what="model", place="in a used file", hint=hint))
    files.known[place] = collect(tree, findings, known=files)
    return files.known[place]


def _bring_in(other: FileScope, use: nodes.Use, file: FileScope, findings: Findings) -> None:
    """Make the own blocks of a used file visible."""
    for name, definition in other.own.items():
        present = file.blocks.setdefault(name, definition)
        if present is not definition:
            note = Note("the other one", present.block.name.span)
            findings.add(codes.DefinedTwice(span=use.span, what=f"the block `{name}`", notes=(note,)))


def _unreadable(shown: str, span: Span | None, path: Path, error: Exception) -> Diagnostic:
    hint = ""
    if isinstance(error, UnicodeDecodeError):
        reason = "it is not UTF-8 text"
    elif isinstance(error, FileNotFoundError):
        reason = "there is no such file"
        if path.parent.is_dir():
            hint = suggestion(path.name, [item.name for item in path.parent.iterdir()])
    elif isinstance(error, IsADirectoryError):
        reason = "it is a folder"
    else:
        reason = str(getattr(error, "strerror", None) or error).lower()
    return codes.UnreadableFile(span=span, path=shown, reason=reason, hint=hint)


def read_spec(path: Path) -> Source:
    """The spec file as a source. Raises `Refusal` where it cannot be read."""
    try:
        return Source(str(path), read_file(path))
    except (OSError, UnicodeDecodeError, ValueError) as error:
        raise Refusal(_unreadable(str(path), None, path, error)) from error
