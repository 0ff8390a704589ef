"""The parser: an LALR(1) automaton driven over the tokens, which goes on after a mistake.

`parse` never raises and never hangs, whatever the text: it answers the tree of what could be read, and the mistakes
found, ordered by place. The automaton is in `tables.json`; what nodes are made is in `tree.py`, and what is said and
done at a mistake in `recovery.py`.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Final

from hqnn_dsl.report.diagnostic import Diagnostic, Findings
from hqnn_dsl.report.limits import MAX_SHOWN_MISTAKES, MAX_SOURCE_BYTES
from hqnn_dsl.report.source import Source, Span
from hqnn_dsl.syntax import nodes
from hqnn_dsl.syntax.lexer import END, Tokens, tokenize
from hqnn_dsl.syntax.tables import BUILD, PASS, Tables, load
from hqnn_dsl.syntax.tree import Builder

if TYPE_CHECKING:
    from hqnn_dsl.syntax.recovery import Recovery

_Build = Callable[[list[Any], Span], Any]
_TOUCHING: Final = {"CALL_OPEN": "(", "INDEX_OPEN": "["}
_TOUCHED: Final = frozenset(("NAME", "PATH"))


def parse(source: Source) -> tuple[nodes.File, tuple[Diagnostic, ...]]:
    """The tree of a text and every mistake in it, ordered by place; no mistakes mean that all of it was read.

    A statement that could not be read is left out of the tree. Of very many mistakes only the first are shown.
    """
    size = len(source.text) if source.text.isascii() else len(source.text.encode("utf-8", "replace"))
    if size > MAX_SOURCE_BYTES:
        from hqnn_dsl.report.codes.syntax import TooLong

        return _nothing(source), (TooLong(span=Span(source, 0, 0), size=size, limit=MAX_SOURCE_BYTES),)
    tables = load()
    tokens = tokenize(source, tables)
    if tokens.halted:
        return _nothing(source), _shown(source, tokens.reports)
    automaton = Automaton(source, tokens, tables, "file")
    tree = automaton.run()
    reports = [*tokens.reports, *automaton.reports, *automaton.builder.reports]
    if reports:
        from hqnn_dsl.syntax.shapes import foreign_file

        other = foreign_file(source)
        if other is not None:
            return _nothing(source), (other,)
    return tree if isinstance(tree, nodes.File) else _nothing(source), _shown(source, reports)


def parse_value(source: Source) -> tuple[nodes.Argument, ...] | None:
    """What a setting's line takes after its name: `100`, `a, "b"`, `adamw(lr: 0.1)`; None where that is no value."""
    if len(source.text) > MAX_SOURCE_BYTES:
        return None
    tables = load()
    tokens = tokenize(source, tables)
    if tokens.reports or tokens.comments:
        return None
    automaton = Automaton(source, tokens, tables, "value_line")
    automaton.mends = False
    tree = automaton.run()
    return None if automaton.builder.reports or not isinstance(tree, tuple) else tree


def _nothing(source: Source) -> nodes.File:
    """The tree of a text that is not read."""
    return nodes.File(Span(source, 0, len(source.text)), source, None, ())


def _shown(source: Source, reports: list[Diagnostic]) -> tuple[Diagnostic, ...]:
    """The reports by place, at most as many as are shown."""
    findings = Findings()
    for report in reports:
        findings.add(report)
    items = findings.items
    if len(items) <= MAX_SHOWN_MISTAKES:
        return items
    from hqnn_dsl.report.codes.syntax import MoreMistakes

    shown = items[:MAX_SHOWN_MISTAKES]
    return (*shown, MoreMistakes(span=Span(source, len(source.text), len(source.text)), count=len(items) - len(shown)))


class Automaton:
    """A run of the automaton over one text: a stack of states, and for each what was read and where it began."""

    def __init__(self, source: Source, tokens: Tokens, tables: Tables, start: str) -> None:
        self.source = source
        self.tokens = tokens
        self.tables = tables
        self.builder = Builder(source, tokens)
        self.reports: list[Diagnostic] = []
        self.mends = True
        self.states = [tables.starts[start]]
        self.values: list[Any] = []
        self.firsts: list[int] = []
        self.end = tables.ends[start]
        self.last = 0  # the token read last
        self._words = frozenset(tables.words)
        self._recovery: Recovery | None = None
        self._rules: list[tuple[_Build | None, str, int, int]] = [
            (getattr(self.builder, f"on_{name}") if what == BUILD else None, origin, length, what)
            for name, origin, length, what in tables.rules
        ]

    def run(self) -> object:
        """What the start rule makes of the tokens, None where the parser gave up."""
        rows, rules, states = self.tables.rows, self._rules, self.states
        chains: dict[tuple[int, int, str], int] = {}
        index = 0
        kind = self._kind(index)
        while True:
            action = rows[states[-1]].get(kind)
            if action is None:
                resumed = self._mend(index)
                if resumed is None:
                    return None
                index = resumed
                kind = self._kind(index)
            elif action >= 0:
                states.append(action)
                self.values.append(index)
                self.firsts.append(index)
                self.last = index
                index += 1
                kind = self._kind(index)
            elif rules[-1 - action][3] == PASS:
                place = (states[-2], states[-1], kind)
                if place not in chains:
                    chains[place] = self._passed(*place)
                states[-1] = chains[place]
            else:
                self._reduce(*rules[-1 - action][:3], index)
                if kind == END and states[-1] == self.end:
                    return self.values[-1]

    def _kind(self, index: int) -> str:
        """The kind of a token as it is read here: a word may be a keyword or a name, a bracket may touch a keyword."""
        kinds = self.tokens.kinds
        kind = kinds[index]
        if kind in self._words:
            kind = kinds[index] = self._word(kind)
        elif kind in _TOUCHING and kinds[self.last] not in _TOUCHED:
            kind = kinds[index] = _TOUCHING[kind]
        return kind

    def _reduce(self, build: _Build | None, origin: str, length: int, index: int) -> None:
        """Make one of the `length` topmost things on the stack, by `build` if it is a node."""
        made: Any = []
        first = index
        if length:
            made = self.values[-length:]
            first = self.firsts[-length]
            del self.states[-length:], self.values[-length:], self.firsts[-length:]
        if list in map(type, made):
            made = _flat(made)
        if build is not None:
            made = build(made, Span(self.source, self.tokens.starts[first], self.tokens.ends[self.last]))
        self.values.append(made)
        self.firsts.append(first)
        self.states.append(self.tables.gotos[self.states[-1]][origin])

    def _passed(self, below: int, state: int, kind: str) -> int:
        """The state that `state` becomes by all reductions that hand their only child on, ten a plain value."""
        rows, gotos, rules = self.tables.rows, self.tables.gotos, self.tables.rules
        while True:
            action = rows[state].get(kind, 0)
            if action >= 0 or rules[-1 - action][3] != PASS:
                return state
            state = gotos[below][rules[-1 - action][1]]

    def _word(self, word: str) -> str:
        """The kind of a contextual keyword: itself where the grammar has a place for it here, else a name."""
        row = self.tables.rows[self.states[-1]]
        if word not in row or ("NAME" in row and not self.accepts(word)):
            return "NAME"
        return word

    def accepts(self, *kinds: str, depth: int | None = None) -> bool:
        """Whether tokens of these kinds could be read next, one after the other, with the lowest `depth` states."""
        return self.after(*kinds, depth=depth) is not None

    def after(self, *kinds: str, depth: int | None = None) -> int | None:
        """The state after reading tokens of these kinds next, None where they can't be read."""
        rows, gotos, rules = self.tables.rows, self.tables.gotos, self.tables.rules
        below = len(self.states) if depth is None else depth
        above: list[int] = []
        state = self.states[below - 1]
        for kind in kinds:
            while True:
                state = above[-1] if above else self.states[below - 1]
                action = rows[state].get(kind)
                if action is None:
                    return None
                if action >= 0:
                    above.append(action)
                    break
                origin, length = rules[-1 - action][1:3]
                popped = min(length, len(above))
                if popped:
                    del above[-popped:]
                below -= length - popped
                above.append(gotos[above[-1] if above else self.states[below - 1]][origin])
                if kind == END and above[-1] == self.end:
                    return self.end
        return state if not above else above[-1]

    def _mend(self, index: int) -> int | None:
        """Report the token `index`, which can't be read, mend what is wrong, and answer where to go on."""
        if not self.mends:
            return None
        if self._recovery is None:
            from hqnn_dsl.syntax.recovery import Recovery

            self._recovery = Recovery(self)
        return self._recovery.mend(index)


def _flat(children: list[Any]) -> list[Any]:
    """The children with the lists among them joined in; one that comes first is extended, so that it costs no copy."""
    if type(children[0]) is list:
        joined: list[Any] = children[0]
        children = children[1:]
    else:
        joined = []
    for child in children:
        if type(child) is list:
            joined.extend(child)
        else:
            joined.append(child)
    return joined
