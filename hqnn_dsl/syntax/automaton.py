"""The LALR(1) automaton, driven over tokens: states, and the values read with their first tokens.

The automaton is in `tables.json`; `tree.py` makes the nodes. At a token that cannot be read, the function `recover`
of the run decides.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Final

from hqnn_dsl.diagnostics.source import Source, Span
from hqnn_dsl.syntax.tables import BUILD, PASS, Tables
from hqnn_dsl.syntax.tokens import END, Tokens
from hqnn_dsl.syntax.tree import Builder

if TYPE_CHECKING:
    from hqnn_dsl.diagnostics.diagnostic import Diagnostic

_Build = Callable[[list[Any], Span], Any]
Recover = Callable[["Automaton"], Callable[[int], "int | None"]]
"""Called at the first mistake of a run; its result reports a token and returns where to go on, or None."""

_TOUCHING: Final = {"CALL_OPEN": "(", "INDEX_OPEN": "["}

_TOUCHED: Final = frozenset(("NAME", "PATH"))


class Automaton:
    """A run of the automaton over one text: a stack of states, each with its value and the value's first token."""

    def __init__(
        self, source: Source, tokens: Tokens, tables: Tables, start: str, recover: Recover | None = None
    ) -> None:
        self.source = source
        self.tokens = tokens
        self.tables = tables
        self.builder = Builder(source, tokens)
        self.reports: list[Diagnostic] = []
        self._recover = recover
        self._resume: Callable[[int], int | None] | None = None
        self.states = [tables.starts[start]]
        self.values: list[Any] = []
        self.firsts: list[int] = []
        self.end = tables.ends[start]
        self.last = 0  # the token read last
        self._words = frozenset(tables.words)
        self._rules: list[tuple[_Build | None, str, int, int]] = [
            (getattr(self.builder, f"on_{name}") if what == BUILD else None, origin, length, what)
            for name, origin, length, what in tables.rules
        ]

    def run(self) -> object:
        """Returns the node of the start rule, None if the parser gave up."""
        rows, rules, states = self.tables.rows, self._rules, self.states
        chains: dict[tuple[int, int, str], int] = {}
        index = 0
        kind = self._kind(index)
        while True:
            action = rows[states[-1]].get(kind)
            if action is None:
                resumed = self._resumed(index)
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
        """Returns the kind of a contextual keyword: itself if the grammar permits it here, else a name."""
        row = self.tables.rows[self.states[-1]]
        if word not in row or ("NAME" in row and not self.accepts(word)):
            return "NAME"
        return word

    def accepts(self, *kinds: str, depth: int | None = None) -> bool:
        """Whether tokens of these kinds could be read next, one after the other, with the lowest `depth` states."""
        return self.after(*kinds, depth=depth) is not None

    def after(self, *kinds: str, depth: int | None = None) -> int | None:
        """Returns the state after reading tokens of these kinds next, None if they cannot be read."""
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

    def _resumed(self, index: int) -> int | None:
        """Returns where to go on after the token `index`, which cannot be read; None to give up."""
        if self._recover is None:
            return None
        if self._resume is None:
            self._resume = self._recover(self)
        return self._resume(index)


def _flat(children: list[Any]) -> list[Any]:
    """Returns the children with the lists among them joined in; one that comes first is extended, without a copy."""
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
