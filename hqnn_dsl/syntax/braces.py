"""Braces that do not balance: a guess, by indentation, at which one is missing or too many.

A brace left open would otherwise make every later statement wrong. Tokens come out with as many closing as opening
braces: missing ones are put in at the end of the block as its indentation shows it, and reported at the brace that was
left open; those too many become `STRAY` tokens, which the parser reports unless it found an opening brace missing.
"""

from __future__ import annotations

from dataclasses import dataclass

from hqnn_dsl.diagnostics.codes.letters import UnclosedBrace
from hqnn_dsl.diagnostics.diagnostic import Note
from hqnn_dsl.diagnostics.source import Source, Span
from hqnn_dsl.syntax.tokens import STRAY, Tokens


@dataclass
class _Opener:
    """An opening brace: its token, its line, that line's indentation, and whether its block is indented."""

    index: int
    line: int
    indent: int
    indented: bool


def balance(source: Source, tokens: Tokens) -> None:
    """Balance the braces of `tokens` in place."""
    _Balance(source, tokens).run()


class _Balance:
    """One pass over the tokens of a text whose braces do not balance."""

    def __init__(self, source: Source, tokens: Tokens) -> None:
        self.source = source
        self.tokens = tokens
        self.missing, self.surplus = self._count()
        self.stack: list[_Opener] = []
        self.insertions: list[int] = []
        self._indents: dict[int, int] = {}

    def _count(self) -> tuple[int, int]:
        """How many closing braces are missing and how many are too many, as a plain count says."""
        depth = surplus = 0
        for kind in self.tokens.kinds:
            if kind == "{":
                depth += 1
            elif kind == "}":
                if depth:
                    depth -= 1
                else:
                    surplus += 1
        return depth, surplus

    def _place(self, index: int) -> tuple[int, int, bool]:
        """Line, indentation of the line, and whether the token is the first in it."""
        offset = self.tokens.starts[index]
        line, column = self.source.position(offset)
        if line not in self._indents:
            text = self.source.line(line)
            self._indents[line] = len(text) - len(text.lstrip())
        indent = self._indents[line]
        return line, indent, indent == column - 1

    def run(self) -> None:
        """Walk over the tokens, keeping the braces that are open."""
        kinds = self.tokens.kinds
        last = len(kinds) - 1
        for index in range(last):
            kind = kinds[index]
            if kind == "SEP":
                continue
            line, indent, first = self._place(index)
            if first and self.missing:
                self._look_left(index, indent, closing=kind == "}")
            if kind == "{":
                following, next_indent, begins = self._place(index + 1 + (kinds[index + 1] == "SEP"))
                self.stack.append(_Opener(index, line, indent, begins and following > line and next_indent > indent))
            elif kind == "}":
                self._close(index, line, indent, first=first)
        while self.stack:
            self._forget(self.stack.pop(), last, None)
        self._insert()

    def _look_left(self, index: int, indent: int, *, closing: bool) -> None:
        """A line begins at `indent`: the blocks that are indented as far or farther had ended before it."""
        while self.stack and self.missing:
            top = self.stack[-1]
            if not top.indented or (top.indent <= indent if closing else top.indent < indent):
                return
            if closing and not any(opener.indent == indent for opener in self.stack[:-1]):
                return
            self.stack.pop()
            self.missing -= 1
            self._forget(top, index, index)

    def _forget(self, opener: _Opener, index: int, seen: int | None) -> None:
        """Put a closing brace before the token `index`, and report the one that was left open."""
        tokens = self.tokens
        self.insertions.append(index)
        notes: tuple[Note, ...] = ()
        if seen is not None:
            place = Span(self.source, tokens.starts[seen], tokens.ends[seen])
            notes = (Note("this stands no deeper than the line with the brace", place),)
        span = Span(self.source, tokens.starts[opener.index], tokens.ends[opener.index])
        tokens.reports.append(UnclosedBrace(span=span, notes=notes))

    def _close(self, index: int, line: int, indent: int, *, first: bool) -> None:
        if not self.stack:
            self.surplus -= 1
            self.tokens.kinds[index] = STRAY
            return
        top = self.stack[-1]
        fits = top.line == line or (first and (indent <= top.indent or not top.indented))
        if self.surplus and not fits:
            self.surplus -= 1
            self.tokens.kinds[index] = STRAY
            return
        self.stack.pop()

    def _insert(self) -> None:
        tokens = self.tokens
        kinds: list[str] = []
        starts: list[int] = []
        ends: list[int] = []
        done = 0
        for index in sorted(self.insertions):
            before = index - 1 if index and tokens.kinds[index - 1] == "SEP" else index
            if before > done:
                kinds += tokens.kinds[done:before]
                starts += tokens.starts[done:before]
                ends += tokens.ends[done:before]
                done = before
            where = ends[-1] if ends else 0
            kinds.append("}")
            starts.append(where)
            ends.append(where)
        tokens.kinds[:] = kinds + tokens.kinds[done:]
        tokens.starts[:] = starts + tokens.starts[done:]
        tokens.ends[:] = ends + tokens.ends[done:]
