"""From rules to nodes: each rule of the grammar makes one of the children that it covers.

A method `on_RULE` gets the rule's children and the span of its text. Children are nodes, and token numbers (`int`) for
terminals; rules that begin with `_` were joined into the list already, and text that could not be read is `None`. The
depth of expressions is bounded, so that later stages may walk the tree by recursion.
"""

from __future__ import annotations

import re
from functools import cached_property
from typing import TYPE_CHECKING, Any, Final, NamedTuple, TypeVar

from hqnn_dsl.diagnostics.source import Source, Span
from hqnn_dsl.limits import MAX_EXPRESSION_DEPTH, MAX_INTEGER
from hqnn_dsl.literals import unescaped
from hqnn_dsl.syntax import nodes
from hqnn_dsl.syntax.statements import NOT_IN_BODY

if TYPE_CHECKING:
    from hqnn_dsl.diagnostics.diagnostic import Diagnostic
    from hqnn_dsl.syntax.tokens import Tokens

VERSION: Final = 1
_QUOTES: Final = "\"'“”„‟‘’‚"
_BLANKS: Final = re.compile(r"[^\S\n]*")


_Deep = TypeVar("_Deep", bound=nodes.Expression | nodes.If)
"""What counts towards the depth of a tree."""


class _Version(NamedTuple):
    """`hqnn 1`; becomes `File.version`."""

    span: Span
    number: nodes.Number


class _Body(NamedTuple):
    """Statements in braces, and the token of the opening brace; becomes a field of the node that holds them."""

    statements: tuple[nodes.Statement, ...]
    brace: int


class Builder:
    """Makes the nodes of one text. `reports` are the mistakes that only the tree shows."""

    def __init__(self, source: Source, tokens: Tokens) -> None:
        self.source = source
        self.tokens = tokens
        self.reports: list[Diagnostic] = []
        self._depths: dict[int, tuple[int, Any]] = {}
        self._firsts: dict[int, int] = {}
        self._is_too_deep = False

    # ------------------------------------------------------------ tokens

    def _text(self, token: int) -> str:
        return self.source.text[self.tokens.starts[token] : self.tokens.ends[token]]

    def _span(self, token: int) -> Span:
        return Span(self.source, self.tokens.starts[token], self.tokens.ends[token])

    def _is(self, child: object, *kinds: str) -> bool:
        return isinstance(child, int) and self.tokens.kinds[child] in kinds

    def _name(self, token: int) -> nodes.Name:
        return nodes.Name(self._span(token), self._text(token))

    def _names(self, children: list[Any]) -> list[nodes.Name]:
        """The names among the tokens of a rule."""
        return [self._name(child) for child in children if self._is(child, "NAME")]

    def _string(self, token: int) -> nodes.String:
        text = self._text(token)
        if text[0] not in _QUOTES:
            return nodes.String(self._span(token), text)
        value = text[1:-1] if len(text) > 1 and text[-1] in _QUOTES else text[1:].rstrip("\r")
        if "\\" in value and text[0] == '"':
            value = unescaped(value)
        return nodes.String(self._span(token), value)

    def _head(self, span: Span, brace: int) -> Span:
        """The text from the start of a rule to the token before its opening brace."""
        return Span(self.source, span.start, self.tokens.ends[brace - 1])

    def _doc(self, span: Span) -> str:
        """The `##` lines right above the line that `span` begins, if it does begin one."""
        if not self._doc_lines:
            return ""
        line, _ = self.source.position(span.start)
        if line - 1 not in self._doc_lines or self._first_in(line) < span.start:
            return ""
        found = []
        while line - 1 in self._doc_lines:
            line -= 1
            found.append(self._doc_lines[line])
        return "\n".join(reversed(found))

    def _first_in(self, line: int) -> int:
        """Where the first letter of a line stands that is no blank."""
        if line not in self._firsts:
            found = _BLANKS.match(self.source.text, self.source.line_starts[line - 1])
            assert found is not None
            self._firsts[line] = found.end()
        return self._firsts[line]

    @cached_property
    def _doc_lines(self) -> dict[int, str]:
        """The lines that hold only a `##` comment, with its text."""
        found = {}
        for start, end in self.tokens.comments:
            if self.source.text.startswith("##", start):
                line, _ = self.source.position(start)
                if self._first_in(line) == start:
                    found[line] = self.source.text[start + 2 : end].removeprefix(" ").rstrip()
        return found

    def _deep(self, node: _Deep, *inside: object) -> _Deep | nodes.Number:
        """Returns `node`, or a zero in its place if it is too deep; reported once a text."""
        depth = 1 + max((self._depths[id(child)][0] for child in inside if id(child) in self._depths), default=0)
        if depth > MAX_EXPRESSION_DEPTH:
            if not self._is_too_deep:
                self._is_too_deep = True
                from hqnn_dsl.diagnostics.codes.letters import TooComplex

                self.reports.append(TooComplex(span=node.span, limit=MAX_EXPRESSION_DEPTH))
            return nodes.Number(node.span, 0)
        self._depths[id(node)] = (depth, node)
        return node

    # ------------------------------------------------------------ files

    def on_file(self, children: list[Any], _span: Span) -> nodes.File:
        text = self.source.text
        found = [child for child in children if child is not None and not isinstance(child, int)]
        version = self._check_version(found)
        statements = tuple(child for child in found if not isinstance(child, _Version))
        comments = tuple(nodes.Comment(Span(self.source, *where)) for where in self.tokens.comments)
        return nodes.File(Span(self.source, 0, len(text)), self.source, version, statements, comments)

    def _check_version(self, found: list[Any]) -> nodes.Number | None:
        first = found[0] if found else None
        late = [other for other in found[1:] if isinstance(other, _Version)]
        is_missing = not isinstance(first, _Version)
        if is_missing and not late and self._text(0).lower() != "hqnn":
            from hqnn_dsl.diagnostics.codes.syntax import MissingVersion

            self.reports.append(MissingVersion(span=self._span(0)))
        for number, other in enumerate(late):
            from hqnn_dsl.diagnostics.codes.syntax import MisplacedVersion

            hint = "move this line to the top of the file" if is_missing and number == 0 else ""
            self.reports.append(MisplacedVersion(span=other.span, hint=hint))
        if not isinstance(first, _Version):
            return None
        if type(first.number.value) is not int or first.number.value != VERSION:
            from hqnn_dsl.diagnostics.codes.syntax import UnknownVersion

            self.reports.append(UnknownVersion(span=first.number.span, version=first.number.span.text))
        return first.number

    def on_version(self, children: list[Any], span: Span) -> _Version:
        return _Version(span, self.on_number(children[1:], self._span(children[1])))

    def on_use(self, children: list[Any], span: Span) -> nodes.Use:
        return nodes.Use(span, self._string(children[1]))

    def on_let(self, children: list[Any], span: Span) -> nodes.Let:
        return nodes.Let(span, self._name(children[1]), children[3], self._doc(span))

    def on_block(self, children: list[Any], span: Span) -> nodes.Block:
        body = children[-1]
        parameters = tuple(child for child in children if isinstance(child, nodes.Parameter))
        return nodes.Block(
            span, self._head(span, body.brace), self._text(children[0]), self._name(children[1]), parameters,
            body.statements, self._doc(span),
        )  # fmt: skip

    def on_parameter(self, children: list[Any], span: Span) -> nodes.Parameter:
        name, *members = self._names(children)
        default = None if isinstance(children[-1], int) else children[-1]
        return nodes.Parameter(span, name, tuple(members), default, self._doc(span))

    def on_broken(self, _children: list[Any], _span: Span) -> None:
        """A statement whose head could not be read; its mistake is reported already."""

    # ------------------------------------------------------------ models

    def on_model(self, children: list[Any], span: Span) -> nodes.Model:
        return nodes.Model(
            span, self._head(span, children[2]), self._name(children[1]), self._held(children[2:]), self._doc(span)
        )

    def _held(self, children: list[Any]) -> tuple[Any, ...]:
        """Returns the nodes in braces, without line ends."""
        return tuple(child for child in children if child is not None and not isinstance(child, int))

    def on_settings(self, children: list[Any], span: Span) -> nodes.Settings:
        held = self._held(children)
        settings = tuple(child for child in held if isinstance(child, nodes.Setting))
        allows = tuple(child for child in held if isinstance(child, nodes.Allow))
        return nodes.Settings(span, self._name(children[0]), settings, allows)

    def _argument(self, child: nodes.Argument | nodes.Expression) -> nodes.Argument:
        return child if isinstance(child, nodes.Argument) else nodes.Argument(child.span, None, child)

    def on_setting(self, children: list[Any], span: Span) -> nodes.Setting:
        values = tuple(self._argument(child) for child in self._held(children))
        return nodes.Setting(span, self._name(children[0]), values)

    def on_pairs(self, children: list[Any], _span: Span) -> list[nodes.Setting]:
        """`a: 1, b: 2, 3` is the settings a and b; a value without a name belongs to the name before it."""
        pairs: list[tuple[nodes.Name, list[nodes.Argument]]] = [(self._name(children[0]), [])]
        for child in self._held(children):
            if isinstance(child, nodes.Argument) and child.name is not None:
                pairs.append((child.name, [nodes.Argument(child.value.span, None, child.value)]))
            else:
                pairs[-1][1].append(self._argument(child))
        return [nodes.Setting(name.span.to(values[-1].span), name, tuple(values)) for name, values in pairs]

    def on_columns(self, children: list[Any], span: Span) -> nodes.Setting:
        """Rules of columns as arguments that are named after them; values without a name make a list."""
        rules: list[nodes.Argument] = []
        for child in self._held(children):
            if child.name is not None:
                rules.append(child)
                continue
            *rules, last = rules
            items = last.value.items if isinstance(last.value, nodes.ListLiteral) else (last.value,)
            value = nodes.ListLiteral(last.value.span.to(child.span), (*items, child.value))
            rules.append(nodes.Argument(last.span.to(child.span), last.name, value))
        return nodes.Setting(span, self._name(children[0]), tuple(rules))

    def on_backend(self, children: list[Any], span: Span) -> nodes.Setting:
        return nodes.Setting(span, self._name(children[0]), self._held(children))

    def on_layers(self, children: list[Any], span: Span) -> nodes.Layers:
        held = self._held(children)
        lines = tuple(child for child in held if not isinstance(child, nodes.Allow))
        allows = tuple(child for child in held if isinstance(child, nodes.Allow))
        return nodes.Layers(span, self._name(children[0]), lines, allows)

    def on_circuit(self, children: list[Any], span: Span) -> nodes.Circuit:
        body = children[-1]
        name = self._name(children[1]) if self._is(children[1], "NAME") else None
        return nodes.Circuit(span, self._head(span, body.brace), name, children[-3], body.statements)

    def on_foreign_circuit(self, children: list[Any], span: Span) -> nodes.ForeignCircuit:
        name = self._name(children[1]) if self._is(children[1], "NAME") else None
        path = next(child for child in children if self._is(child, "STRING"))
        return nodes.ForeignCircuit(span, name, self._string(path), self._held(children))

    def on_foreign_inputs(self, children: list[Any], _span: Span) -> list[Any]:
        return list(self._held(children))

    def on_parts(self, children: list[Any], span: Span) -> nodes.Parts:
        return nodes.Parts(span, self._name(children[0]), self._held(children))

    def on_sweep(self, children: list[Any], span: Span) -> nodes.Sweep:
        return nodes.Sweep(span, self._held(children))

    def on_axis(self, children: list[Any], span: Span) -> nodes.SweepAxis:
        return nodes.SweepAxis(span, children[0], children[2])

    # ------------------------------------------------------------ statements

    def on_body(self, children: list[Any], _span: Span) -> _Body:
        return _Body(self._held(children), children[0])

    def on_for(self, children: list[Any], span: Span) -> nodes.For:
        return nodes.For(span, self._name(children[1]), children[3], children[4].statements)

    def on_if(self, children: list[Any], span: Span) -> nodes.If:
        return nodes.If(span, children[1], children[2].statements)

    def on_if_else(self, children: list[Any], span: Span) -> nodes.If | None:
        other = children[4]
        if isinstance(other, _Body):
            return nodes.If(span, children[1], children[2].statements, other.statements)
        chain = nodes.If(span, children[1], children[2].statements, () if other is None else (other,))
        kept = self._deep(chain, other)
        return chain if kept is chain else None

    def on_repeat(self, children: list[Any], span: Span) -> nodes.Repeat:
        return nodes.Repeat(span, children[1], children[2].statements)

    def on_inputs(self, children: list[Any], _span: Span) -> list[nodes.Input]:
        return list(self._held(children))

    def on_weights(self, children: list[Any], _span: Span) -> list[nodes.Weight]:
        return [
            child if isinstance(child, nodes.Weight) else nodes.Weight(child.span, child.name, child.shape)
            for child in self._held(children)
        ]

    def on_tensor(self, children: list[Any], span: Span) -> nodes.Input:
        return nodes.Input(span, self._name(children[0]), self._held(children))

    def on_weight(self, children: list[Any], span: Span) -> nodes.Weight:
        *shape, initial = self._held(children)
        return nodes.Weight(span, self._name(children[0]), tuple(shape), initial)

    def on_gate(self, children: list[Any], span: Span) -> nodes.Gate:
        call, *targets = self._held(children)
        self._check_gate(call)
        return nodes.Gate(span, call, tuple(targets))

    def _check_gate(self, call: nodes.Name | nodes.Call) -> None:
        """Report a statement of another place that happens to read as a gate: `use "blocks.hqnn"`."""
        name = call if isinstance(call, nodes.Name) else call.function
        if name.name in NOT_IN_BODY:
            from hqnn_dsl.diagnostics.codes.syntax import Misplaced
            from hqnn_dsl.syntax.statements import STANDS

            place = "in a circuit or a block"
            self.reports.append(Misplaced(span=name.span, word=name.name, place=place, proper=STANDS[name.name][1]))

    def on_block_use(self, children: list[Any], span: Span) -> nodes.BlockUse:
        call, *on = self._held(children)
        return nodes.BlockUse(span, self._text(children[0]), call, tuple(on))

    on_block_on = on_block_use

    def on_measure(self, children: list[Any], span: Span) -> nodes.Measure:
        return nodes.Measure(span, self._held(children))

    def on_initial(self, children: list[Any], span: Span) -> nodes.Initial:
        return nodes.Initial(span, children[1], children[2])

    def on_initial_from(self, children: list[Any], span: Span) -> nodes.Initial:
        run = self._string(children[3])
        word = self._name(children[2])
        how = nodes.Call(word.span.to(run.span), word, (nodes.Argument(run.span, None, run),))
        return nodes.Initial(span, children[1], how)

    def on_freeze(self, children: list[Any], span: Span) -> nodes.Freeze:
        return nodes.Freeze(span, children[1])

    def on_without(self, children: list[Any], span: Span) -> nodes.Without:
        return nodes.Without(span, self._name(children[1]))

    def on_shuffle(self, children: list[Any], span: Span) -> nodes.Shuffle:
        return nodes.Shuffle(span, self._name(children[1]))

    def on_allow(self, children: list[Any], span: Span) -> nodes.Allow:
        return nodes.Allow(span, self._name(children[1]), self._string(children[2]))

    # ------------------------------------------------------------ values

    def on_value_line(self, children: list[Any], _span: Span) -> tuple[nodes.Argument, ...]:
        return tuple(self._argument(child) for child in self._held(children))

    def on_argument(self, children: list[Any], span: Span) -> nodes.Argument:
        return nodes.Argument(span, None, children[0])

    def on_named(self, children: list[Any], span: Span) -> nodes.Argument:
        return nodes.Argument(span, self._name(children[0]), children[2])

    def on_labelled(self, children: list[Any], span: Span) -> nodes.Argument:
        """An argument whose name is that of a column or a class, as a text or a number."""
        token = children[0]
        text = self._string(token).value if self._is(token, "STRING") else self._text(token)
        return nodes.Argument(span, nodes.Name(self._span(token), text), children[2])

    def on_star(self, children: list[Any], span: Span) -> nodes.Star:
        return nodes.Star(span, self._held(children))

    def on_range(self, children: list[Any], span: Span) -> nodes.Range | nodes.Number:
        start, stop, *step = self._held(children)
        return self._deep(nodes.Range(span, start, stop, step[0] if step else None), start, stop, *step)

    def on_binary(self, children: list[Any], span: Span) -> nodes.Binary | nodes.Number:
        left, operator, right = children
        return self._deep(nodes.Binary(span, self.tokens.kinds[operator], left, right), left, right)

    def on_unary(self, children: list[Any], span: Span) -> nodes.Unary | nodes.Number:
        operator, operand = children
        return self._deep(nodes.Unary(span, self.tokens.kinds[operator], operand), operand)

    def on_group(self, children: list[Any], _span: Span) -> nodes.Expression:
        held: nodes.Expression = children[1]
        return held

    def on_number(self, children: list[Any], span: Span) -> nodes.Number:
        text = self._text(children[0])
        try:
            value: int | float = int(text[:40]) if text.isdigit() else float(text)
        except ValueError:
            value = 0
        return nodes.Number(span, value if abs(value) <= MAX_INTEGER or type(value) is float else 0)

    def on_string(self, children: list[Any], _span: Span) -> nodes.String:
        return self._string(children[0])

    def on_boolean(self, children: list[Any], span: Span) -> nodes.Boolean:
        return nodes.Boolean(span, self._text(children[0]) == "true")

    def on_name(self, children: list[Any], span: Span) -> nodes.Name:
        return nodes.Name(span, self._text(children[0]))

    on_word = on_name

    def on_call(self, children: list[Any], span: Span) -> nodes.Call | nodes.Number:
        arguments = self._held(children)
        call = nodes.Call(span, self._name(children[0]), arguments)
        return self._deep(call, *(argument.value for argument in arguments))

    def on_index(self, children: list[Any], span: Span) -> nodes.Index | nodes.Number:
        indices = self._held(children)
        return self._deep(nodes.Index(span, self._name(children[0]), indices), *indices)

    def on_list(self, children: list[Any], span: Span) -> nodes.ListLiteral | nodes.Number:
        items = self._held(children)
        return self._deep(nodes.ListLiteral(span, items), *items)

    def on_path(self, children: list[Any], span: Span) -> nodes.Path:
        return nodes.Path(span, self._text(children[0]))
