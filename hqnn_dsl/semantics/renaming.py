"""Constants of several files in one text: each gets a name that means nothing else in the text of the others.

A resolved spec holds blocks of used files, whose constants may have the names of other files' constants, of loops'
variables or of arguments. Blocks, arguments, inputs and weights keep their names, since the paths of weights hold them.
"""

from __future__ import annotations

from dataclasses import fields, is_dataclass, replace
from typing import TYPE_CHECKING, Any

from hqnn_dsl.diagnostics.source import Span
from hqnn_dsl.semantics.entanglement import PATTERNS
from hqnn_dsl.syntax import nodes
from hqnn_dsl.syntax.walk import names_in

if TYPE_CHECKING:
    from collections.abc import Mapping

    from hqnn_dsl.semantics.definitions import FileScope

_MEANT_WITHOUT_A_DEFINITION = {"x", "none"}
"""Names that have a meaning if no constant has them: `on x[0..4]`, `clip none`."""

_Enumerations = dict[str, tuple[str, ...]]
Trees = tuple[tuple["FileScope", tuple[Any, ...]], ...]
"""Files with the nodes of each that are printed; the first is the spec itself."""


def names_for(trees: Trees) -> list[dict[str, str]]:
    """For each file the names of its constants in the common text, by their own names."""
    mentioned = [set(names_in(printed, given=True)) for _, printed in trees]
    final: list[dict[str, str]] = []
    taken: set[str] = set()
    for place, (file, _) in enumerate(trees):
        own = set(file.constants)
        wanted = file.constants if place == 0 else [name for name in file.constants if name in mentioned[place]]
        found = {}
        for name in wanted:
            others = (
                mentioned[other] - set(trees[other][0].constants) for other in range(len(trees)) if other != place
            )
            blocked = taken.union(*others, set() if place == 0 else _MEANT_WITHOUT_A_DEFINITION)
            found[name] = name if name not in blocked else _fresh(name, blocked.union(own, *mentioned))
            taken.add(found[name])
        final.append(found)
    return final


def _fresh(name: str, blocked: set[str]) -> str:
    number = 2
    while f"{name}_{number}" in blocked:
        number += 1
    return f"{name}_{number}"


def renamed(node: Any, names: Mapping[str, str], file: FileScope) -> Any:
    """The tree with the constants of its file renamed; members of enumerations are none."""
    changed = {old: new for old, new in names.items() if old != new}
    return _Renamer(changed, file).tree(node, {}) if changed else node


class _Renamer:
    """Renames in one file; `enumerations` are the members of the arguments around a node."""

    def __init__(self, names: Mapping[str, str], file: FileScope) -> None:
        self.names = names
        self.file = file

    def tree(self, node: Any, enumerations: _Enumerations) -> Any:
        """A copy of a node, a tuple of nodes or something else."""
        if isinstance(node, nodes.Name):
            return nodes.Name(node.span, self.names.get(node.name, node.name))
        if isinstance(node, tuple):
            return tuple(self.tree(item, enumerations) for item in node)
        if isinstance(node, Span) or not is_dataclass(node) or isinstance(node, type):
            return node
        return self._node(node, enumerations)

    def _node(self, node: Any, enumerations: _Enumerations) -> Any:
        match node:
            case nodes.Block():
                return self._block(node)
            case nodes.BlockUse(_, _, nodes.Call() as call, on):
                return replace(node, call=self._placement(call, enumerations), on=self.tree(on, enumerations))
            case nodes.BlockUse() | nodes.Gate(_, nodes.Name(), _):
                where = "on" if isinstance(node, nodes.BlockUse) else "targets"
                return replace(node, **{where: self.tree(getattr(node, where), enumerations)})
            case nodes.Binary(_, "==" | "!=", left, right):
                members = [enumerations.get(getattr(side, "name", ""), ()) for side in (right, left)]
                left, right = (
                    self._value(side, wins, enumerations) for side, wins in zip((left, right), members, strict=True)
                )
                return replace(node, left=left, right=right)
            case nodes.Call(_, nodes.Name(_, "groups"), (pattern, *rest)):
                first = replace(pattern, value=self._value(pattern.value, PATTERNS, enumerations))
                return replace(node, arguments=(first, *self.tree(tuple(rest), enumerations)))
        kept = ("name", "variable", "function", "what", "code", "path")
        names = [item.name for item in fields(node) if item.name not in kept]
        return replace(node, **{name: self.tree(getattr(node, name), enumerations) for name in names})

    def _block(self, block: nodes.Block) -> nodes.Block:
        around = {p.name.name: _members(p.type) for p in block.parameters}
        parameters = tuple(
            replace(p, default=self._value(p.default, _members(p.type), around)) for p in block.parameters
        )
        return replace(block, parameters=parameters, body=self.tree(block.body, around))

    def _placement(self, call: nodes.Call, enumerations: _Enumerations) -> nodes.Call:
        definition = self.file.find(call.function.name)
        parameters = definition.block.parameters if definition is not None else ()
        members = {p.name.name: _members(p.type) for p in parameters}
        arguments = tuple(
            replace(
                argument,
                value=self._value(
                    argument.value, members.get(argument.name.name, ()) if argument.name else (), enumerations
                ),
            )
            for argument in call.arguments
        )
        return replace(call, arguments=arguments)

    def _value(self, node: Any, members: tuple[str, ...], enumerations: _Enumerations) -> Any:
        """A value in which members of an enumeration win over other names."""
        if isinstance(node, nodes.Name) and node.name in members:
            return node
        return self.tree(node, enumerations)


def _members(written: tuple[nodes.Name, ...]) -> tuple[str, ...]:
    """The members of an enumeration; none if the type is one word."""
    return tuple(member.name for member in written) if len(written) > 1 else ()
