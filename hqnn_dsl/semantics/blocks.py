"""What can be told of a file's own blocks before one of them is placed."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hqnn_dsl.report.codes import meaning, warnings
from hqnn_dsl.report.diagnostic import Findings, Note, Refusal
from hqnn_dsl.semantics.definitions import library_names
from hqnn_dsl.semantics.placing import option_of

if TYPE_CHECKING:
    from hqnn_dsl.report.source import Span
    from hqnn_dsl.semantics.definitions import FileScope


def check_blocks(file: FileScope, findings: Findings) -> None:
    """What can be told of a block before it is placed: its parameters."""
    for definition in file.own.values():
        if findings.is_full:
            return
        seen: dict[str, Span] = {}
        for parameter in definition.block.parameters:
            name = parameter.name.name
            if name in seen:
                note = Note("the first one", seen[name])
                what = f"the argument `{name}`"
                findings.add(meaning.DefinedTwice(span=parameter.name.span, what=what, notes=(note,)))
            elif file.scope.has(name):
                where = file.scope.where(name)
                notes = (Note("it stands for this", where),) if where is not None else ()
                findings.add(meaning.Shadowed(span=parameter.name.span, name=name, notes=notes))
            seen[name] = parameter.name.span
            try:
                option_of(parameter)
            except Refusal as refusal:
                findings.add(refusal.diagnostics[0])
        if definition.name in library_names():
            findings.add(warnings.LibraryReplaced(span=definition.block.name.span, name=definition.name))
