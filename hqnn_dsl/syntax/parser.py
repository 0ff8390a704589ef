"""The parser: an LALR(1) automaton driven over the tokens, which goes on after a mistake.

`parse` never raises and never hangs, whatever the text: it answers the tree of what could be read, and the mistakes
found, ordered by place. The automaton is in `tables.json`; what nodes are made is in `tree.py`, and what is said and
done at a mistake in `recovery.py`.
"""

from __future__ import annotations

from typing import Any

from hqnn_dsl.report.diagnostic import Diagnostic, Findings
from hqnn_dsl.report.limits import MAX_SHOWN_MISTAKES, MAX_SOURCE_BYTES
from hqnn_dsl.report.source import Source, Span
from hqnn_dsl.syntax import nodes
from hqnn_dsl.syntax.lexer import END, Tokens, tokenize
from hqnn_dsl.syntax.tables import BUILD, PASS, Tables, load
from hqnn_dsl.syntax.tree import Builder


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
    return tree if isinstance(tree, nodes.File) else _nothing(source), _shown(source, reports)


def parse_value(source: Source) -> tuple[nodes.Argument, ...] | None:
    """What a setting's line takes after its name (`100`, `a, "b"`, `adamw(lr: 0.1)`), None where the text is no value."""
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
        self._words = frozenset(tables.words)

    def run(self) -> Any:
        """What the start rule makes of the tokens, None where the parser gave up."""
        tables, tokens, source = self.tables, self.tokens, self.source
        rows, gotos, words, end = tables.rows, tables.gotos, self._words, self.end
        rules = [
            (getattr(self.builder, f"on_{name}") if what == BUILD else None, origin, length, what)
            for name, origin, length, what in tables.rules
        ]
        states, values, firsts = self.states, self.values, self.firsts
        kinds, starts, ends = tokens.kinds, tokens.starts, tokens.ends
        index = last = 0
        kind = ""
        while True:
            if not kind:
                kind = kinds[index]
                if kind in words:
                    kind = kinds[index] = self._word(kind)
                elif kind in {"CALL_OPEN", "INDEX_OPEN"} and kinds[last] not in {"NAME", "PATH"}:
                    kind = kinds[index] = "(" if kind == "CALL_OPEN" else "["
            action = rows[states[-1]].get(kind)
            if action is None:
                resumed = self._mend(index)
                if resumed is None:
                    return None
                index = resumed
                kind = ""
                continue
            if action >= 0:
                states.append(action)
                values.append(index)
                firsts.append(index)
                last = index
                index += 1
                kind = ""
                continue
            build, origin, length, what = rules[-1 - action]
            if what == PASS:
                states[-1] = gotos[states[-2]][origin]
                continue
            if length:
                children = values[-length:]
                first = firsts[-length]
                del states[-length:], values[-length:], firsts[-length:]
            else:
                children, first = [], index
            if list in map(type, children):
                children = _flat(children)
            if build is not None:
                children = build(children, Span(source, starts[first], ends[last]))
            values.append(children)
            firsts.append(first)
            state = gotos[states[-1]][origin]
            states.append(state)
            if state == end and kind == END:
                return children

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
        for kind in kinds:
            while True:
                state = above[-1] if above else self.states[below - 1]
                action = rows[state].get(kind)
                if action is None:
                    return None
                if action >= 0:
                    above.append(action)
                    break
                _, origin, length, _ = rules[-1 - action]
                popped = min(length, len(above))
                if popped:
                    del above[-popped:]
                below -= length - popped
                above.append(gotos[above[-1] if above else self.states[below - 1]][origin])
                if kind == END and above[-1] == self.end:
                    return self.end
        return above[-1]

    def _mend(self, index: int) -> int | None:
        """Report the token `index`, which can't be read, mend what is wrong, and answer where to go on."""
        if not self.mends:
            return None
        if self._recovery is None:
            from hqnn_dsl.syntax.recovery import Recovery

            self._recovery = Recovery(self)
        return self._recovery.mend(index)

    _recovery: Any = None


def _flat(children: list[Any]) -> list[Any]:
    """The children with lists among them joined in; a list that comes first is extended, so long ones cost no copies."""
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
